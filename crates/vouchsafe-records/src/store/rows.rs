//! Rows of both databases, to and from what a store's callers see.

use std::collections::HashMap;

use bytes::Bytes;
use jiff::Timestamp;
use uuid::Uuid;
use vouchsafe::class::{ClassSet, DataClass};
use vouchsafe::document::Slot;
use vouchsafe::ids::{RecordId, RecordKey, RecordType, SubjectId, TenantId, Version};
use vouchsafe::seal::{Blob, IndexTag, Manifest, Owner, SealedRecord};

use super::names::Names;
use super::{
    Head, Lookup, Query, RelationRow, Repeated, RowWrite, Settled, StoreError, StoredRecord,
};
use crate::pack::Reference;

/// Records of one type.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) tenant: TenantId,
    pub(super) record_type: i32,
    pub(super) ids: &'a [RecordId],
}

impl<'a> Of<'a> {
    /// None when nothing can be found.
    pub(super) fn new(
        tenant: TenantId,
        record_type: &RecordType,
        ids: &'a [RecordId],
        names: &Names,
    ) -> Option<Self> {
        let record_type = names
            .find(record_type.as_str())
            .filter(|_| !ids.is_empty())?;
        Some(Self {
            tenant,
            record_type,
            ids,
        })
    }

    pub(super) fn uuids(self) -> Vec<Uuid> {
        self.ids.iter().map(|id| id.uuid()).collect()
    }
}

/// Whose care is asked for.
#[derive(Clone, Copy)]
pub(super) struct Care<'a> {
    pub(super) tenant: TenantId,
    /// Type and id.
    pub(super) beneficiaries: &'a [(i32, Uuid)],
    /// Of these subjects, or of all.
    pub(super) subjects: Option<&'a [SubjectId]>,
    pub(super) now: Timestamp,
}

/// A version (`slot` is none, `bytes` the manifest) or one of its blobs.
#[derive(sqlx::FromRow)]
pub(super) struct Part {
    pub(super) id: Uuid,
    pub(super) slot: Option<i32>,
    /// The version, or the one that sealed the blob.
    pub(super) number: i64,
    pub(super) deleted: bool,
    pub(super) last_updated: i64,
    pub(super) subject: Option<Uuid>,
    pub(super) bytes: Vec<u8>,
}

/// A version without what it holds.
#[derive(sqlx::FromRow)]
pub(super) struct HeadRow {
    pub(super) id: Uuid,
    pub(super) version: i64,
    pub(super) subject: Option<Uuid>,
    pub(super) deleted: bool,
    pub(super) last_updated: i64,
}

/// What was done under an idempotency key.
#[derive(sqlx::FromRow)]
pub(super) struct RepeatedRow {
    pub(super) request: Vec<u8>,
    pub(super) result: Vec<u8>,
}

#[derive(sqlx::FromRow)]
pub(super) struct CareRow {
    pub(super) kind: i32,
    pub(super) beneficiary_type: i32,
    pub(super) beneficiary: Uuid,
    pub(super) from_at: i64,
    pub(super) until_at: i64,
}

/// The bits of classes in rows. Rows outlive releases: these numbers never change.
pub(super) const fn class_bit(class: DataClass) -> i16 {
    match class {
        DataClass::Operational => 1,
        DataClass::Scheduling => 2,
        DataClass::Demographic => 4,
        DataClass::Contact => 8,
        DataClass::Identifier => 16,
        DataClass::Financial => 32,
        DataClass::Clinical => 64,
        DataClass::Restricted => 128,
    }
}

pub(super) fn class_bits(classes: ClassSet) -> i16 {
    classes
        .iter()
        .fold(0, |bits, class| bits | class_bit(class))
}

pub(super) fn version(number: i64) -> Result<Version, StoreError> {
    u32::try_from(number)
        .ok()
        .and_then(Version::new)
        .ok_or(StoreError::Damaged)
}

pub(super) fn time(microseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(microseconds).map_err(|_| StoreError::Damaged)
}

fn head(record_type: &RecordType, row: &HeadRow) -> Result<Head, StoreError> {
    Ok(Head {
        record_type: record_type.clone(),
        id: RecordId::from_uuid(row.id),
        version: version(row.version)?,
        subject: row.subject.map(SubjectId::from_uuid),
        deleted: row.deleted,
        last_updated: time(row.last_updated)?,
    })
}

pub(super) fn heads(record_type: &RecordType, rows: &[HeadRow]) -> Result<Vec<Head>, StoreError> {
    rows.iter().map(|row| head(record_type, row)).collect()
}

pub(super) fn relations(rows: Vec<CareRow>, names: &Names) -> Result<Vec<RelationRow>, StoreError> {
    let name = |number| names.name(number).ok_or(StoreError::Damaged);
    rows.into_iter()
        .map(|row| {
            let record_type = name(row.beneficiary_type)?.parse();
            Ok(RelationRow {
                kind: name(row.kind)?.into(),
                beneficiary: Reference::Local {
                    record_type: record_type.map_err(|_| StoreError::Damaged)?,
                    id: RecordId::from_uuid(row.beneficiary),
                    version: None,
                },
                from: time(row.from_at)?,
                until: time(row.until_at)?,
            })
        })
        .collect()
}

/// Those of which the database knows the type: of the others it has no row.
pub(super) fn known(beneficiaries: &[Reference], names: &Names) -> Vec<(i32, Uuid)> {
    beneficiaries
        .iter()
        .filter_map(|beneficiary| match beneficiary {
            Reference::Local {
                record_type, id, ..
            } => Some((names.find(record_type.as_str())?, id.uuid())),
            _ => None,
        })
        .collect()
}

/// Bytes of one version in the result of a write: type, id, version, time, deletion.
const RESULT_LEN: usize = 4 + 16 + 4 + 8 + 1;

/// The versions that a write makes, as the row of its idempotency key has them.
pub(super) fn encode_results(
    writes: &[RowWrite],
    now: i64,
    names: &Names,
) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::with_capacity(writes.len() * RESULT_LEN);
    for write in writes {
        let key = &write.record.key;
        bytes.extend_from_slice(&names.number(key.record_type.as_str())?.to_be_bytes());
        bytes.extend_from_slice(key.id.uuid().as_bytes());
        bytes.extend_from_slice(&write.record.version.number().to_be_bytes());
        bytes.extend_from_slice(&now.to_be_bytes());
        bytes.push(u8::from(write.deleted));
    }
    Ok(bytes)
}

pub(super) fn repeated(row: &RepeatedRow, names: &Names) -> Result<Repeated, StoreError> {
    let results = row
        .result
        .chunks(RESULT_LEN)
        .map(|bytes| result(bytes, names));
    let request = row
        .request
        .as_slice()
        .try_into()
        .map_err(|_| StoreError::Damaged)?;
    Ok(Repeated {
        request: IndexTag(request),
        results: results.collect::<Option<_>>().ok_or(StoreError::Damaged)?,
    })
}

fn result(bytes: &[u8], names: &Names) -> Option<Head> {
    let (record_type, bytes) = bytes.split_first_chunk()?;
    let (id, bytes) = bytes.split_first_chunk()?;
    let (version, bytes) = bytes.split_first_chunk()?;
    let (time, bytes) = bytes.split_first_chunk()?;
    let [deleted] = bytes else { return None };
    Some(Head {
        record_type: names.name(i32::from_be_bytes(*record_type))?.parse().ok()?,
        id: RecordId::from_uuid(Uuid::from_bytes(*id)),
        version: Version::new(u32::from_be_bytes(*version))?,
        subject: None,
        deleted: *deleted != 0,
        last_updated: Timestamp::from_microsecond(i64::from_be_bytes(*time)).ok()?,
    })
}

/// Puts versions and blobs together, in the order of `ids`.
pub(super) fn assemble(
    tenant: TenantId,
    record_type: &RecordType,
    ids: &[RecordId],
    parts: Vec<Part>,
    names: &Names,
) -> Result<Vec<StoredRecord>, StoreError> {
    let mut versions: HashMap<Uuid, (Part, Vec<Part>)> = HashMap::with_capacity(ids.len());
    let (heads, blobs): (Vec<Part>, Vec<Part>) =
        parts.into_iter().partition(|part| part.slot.is_none());
    versions.extend(heads.into_iter().map(|head| (head.id, (head, Vec::new()))));
    for blob in blobs {
        if let Some((_, blobs)) = versions.get_mut(&blob.id) {
            blobs.push(blob);
        }
    }
    ids.iter()
        .filter_map(|id| versions.remove(&id.uuid()))
        .map(|(head, blobs)| stored(tenant, record_type, &head, blobs, names))
        .collect()
}

fn stored(
    tenant: TenantId,
    record_type: &RecordType,
    head: &Part,
    blobs: Vec<Part>,
    names: &Names,
) -> Result<StoredRecord, StoreError> {
    let manifest = Manifest::parse(&head.bytes).map_err(|_| StoreError::Damaged)?;
    let subject = head.subject.map(SubjectId::from_uuid);
    let mut kept = Vec::with_capacity(blobs.len());
    for part in blobs {
        let name = part
            .slot
            .and_then(|slot| names.name(slot))
            .ok_or(StoreError::Damaged)?;
        let slot: Slot = name.parse().map_err(|_| StoreError::Damaged)?;
        let sealed = version(part.number)?;
        // A slot that this version does not have any more: an older version's.
        if manifest.slots().any(|entry| entry == (&slot, sealed)) {
            let bytes = Bytes::from(part.bytes);
            kept.push(Blob::new(slot, sealed, bytes).map_err(|_| StoreError::Damaged)?);
        }
    }
    Ok(StoredRecord {
        record: SealedRecord {
            key: RecordKey {
                tenant,
                record_type: record_type.clone(),
                id: RecordId::from_uuid(head.id),
            },
            version: version(head.number)?,
            owner: subject.map_or(Owner::Tenant, Owner::Subject),
            manifest,
            blobs: kept,
        },
        subject,
        deleted: head.deleted,
        last_updated: time(head.last_updated)?,
    })
}

/// Heads of records of several types.
pub(super) struct Heads<'a> {
    records: &'a [(RecordType, RecordId)],
    numbers: HashMap<&'a RecordType, i32>,
    found: HashMap<(i32, Uuid), HeadRow>,
}

impl<'a> Heads<'a> {
    pub(super) fn new(records: &'a [(RecordType, RecordId)]) -> Self {
        Self {
            records,
            numbers: HashMap::new(),
            found: HashMap::new(),
        }
    }

    pub(super) fn by_type(&mut self, names: &Names) -> Vec<(i32, Vec<RecordId>)> {
        let mut by_type: HashMap<i32, Vec<RecordId>> = HashMap::new();
        for (record_type, id) in self.records {
            if let Some(number) = names.find(record_type.as_str()) {
                self.numbers.insert(record_type, number);
                by_type.entry(number).or_default().push(*id);
            }
        }
        by_type.into_iter().collect()
    }

    pub(super) fn add(&mut self, record_type: i32, rows: Vec<HeadRow>) {
        self.found
            .extend(rows.into_iter().map(|row| ((record_type, row.id), row)));
    }

    pub(super) fn in_order(self) -> Result<Vec<Option<Head>>, StoreError> {
        self.records
            .iter()
            .map(|(record_type, id)| {
                let row = self
                    .numbers
                    .get(record_type)
                    .and_then(|number| self.found.get(&(*number, id.uuid())));
                row.map(|row| head(record_type, row)).transpose()
            })
            .collect()
    }
}

/// A query whose names are known.
pub(super) struct Sought<'a> {
    pub(super) tenant: TenantId,
    pub(super) query: &'a Query,
    pub(super) record_type: i32,
    /// All of these.
    pub(super) lookups: Vec<TagsOf>,
}

/// Any of these tags.
pub(super) struct TagsOf {
    pub(super) index: i32,
    pub(super) index_version: i64,
    pub(super) any: Vec<Vec<u8>>,
}

impl<'a> Sought<'a> {
    /// None when nothing can be found: the database does not know a name, or a list is empty.
    pub(super) fn new(tenant: TenantId, query: &'a Query, names: &Names) -> Option<Self> {
        let record_type = names.find(query.record_type.as_str())?;
        let known = |lookup: &Lookup| {
            let index = names
                .find(&lookup.index)
                .filter(|_| !lookup.any.is_empty())?;
            let any = lookup.any.iter().map(trimmed).collect();
            Some(TagsOf {
                index,
                index_version: lookup.version.into(),
                any,
            })
        };
        let lookups = query.lookups.iter().map(known).collect::<Option<_>>()?;
        let nothing = query.ids.as_ref().is_some_and(Vec::is_empty)
            || query.subjects.as_ref().is_some_and(Vec::is_empty);
        (!nothing).then_some(Self {
            tenant,
            query,
            record_type,
            lookups,
        })
    }
}

/// A tag without the zero bytes at its end, which short tags have many of.
pub(super) fn trimmed(tag: &IndexTag) -> Vec<u8> {
    let IndexTag(tag) = tag;
    let end = tag
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    tag.iter().take(end).copied().collect()
}

/// How the row of an intent says that it ended.
pub(super) const fn settled(state: i16) -> Result<Settled, StoreError> {
    match state {
        1 => Ok(Settled::Committed),
        2 => Ok(Settled::Aborted),
        _ => Err(StoreError::Damaged),
    }
}
