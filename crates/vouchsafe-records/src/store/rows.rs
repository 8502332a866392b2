//! Rows of both databases, to and from what a store's callers see.

use std::collections::HashMap;

use bytes::Bytes;
use jiff::Timestamp;
use uuid::Uuid;
use vouchsafe::ids::{RecordId, RecordKey, RecordType, SubjectId, TenantId, Version};
use vouchsafe::seal::{Blob, IndexTag, Manifest, Owner, SealedRecord};
use vouchsafe_database::from_row;

use super::names::Names;
use super::{
    Head, Lookup, Query, RelationRow, Repeated, RowWrite, Settled, StoreError, StoredRecord,
};
use crate::pack::Reference;

/// A record.
#[derive(Clone, Copy)]
pub(super) struct One {
    pub(super) tenant: TenantId,
    pub(super) record_type: i32,
    pub(super) id: RecordId,
}

impl One {
    /// None when nothing can be found.
    pub(super) fn new(key: &RecordKey, names: &Names) -> Option<Self> {
        Some(Self {
            tenant: key.tenant,
            record_type: names.find(key.record_type.as_str())?,
            id: key.id,
        })
    }
}

/// Records of one type.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) tenant: TenantId,
    pub(super) record_type: i32,
    pub(super) ids: &'a [RecordId],
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

/// A version of a record.
pub(super) struct VersionRow {
    id: Uuid,
    version: i64,
    subject: Option<Uuid>,
    deleted: bool,
    last_updated: i64,
    manifest: Vec<u8>,
    sealed: Vec<u8>,
}

from_row!(VersionRow {
    id,
    version,
    subject,
    deleted,
    last_updated,
    manifest,
    sealed
});

/// What a version sealed.
pub(super) struct SealedRow {
    id: Uuid,
    version: i64,
    sealed: Vec<u8>,
}

from_row!(SealedRow {
    id,
    version,
    sealed
});

/// A version without what it holds.
pub(super) struct HeadRow {
    pub(super) id: Uuid,
    pub(super) version: i64,
    pub(super) subject: Option<Uuid>,
    pub(super) deleted: bool,
    pub(super) last_updated: i64,
}

from_row!(HeadRow {
    id,
    version,
    subject,
    deleted,
    last_updated
});

/// What was done under an idempotency key.
pub(super) struct RepeatedRow {
    pub(super) request: Vec<u8>,
    pub(super) result: Vec<u8>,
}

from_row!(RepeatedRow { request, result });

pub(super) struct CareRow {
    pub(super) kind: i32,
    pub(super) beneficiary_type: i32,
    pub(super) beneficiary: Uuid,
    pub(super) from_at: i64,
    pub(super) until_at: i64,
}

from_row!(CareRow {
    kind,
    beneficiary_type,
    beneficiary,
    from_at,
    until_at
});

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

/// The blobs that a version seals, as its row has them.
pub(super) fn pack(blobs: &[Blob], names: &Names) -> Result<Vec<u8>, StoreError> {
    let bytes = blobs.iter().map(|blob| blob.bytes.len() + 8).sum();
    let mut packed = Vec::with_capacity(bytes);
    for blob in blobs {
        let len = u32::try_from(blob.bytes.len()).map_err(|_| StoreError::Damaged)?;
        packed.extend_from_slice(&names.number(blob.slot.name())?.to_be_bytes());
        packed.extend_from_slice(&len.to_be_bytes());
        packed.extend_from_slice(&blob.bytes);
    }
    Ok(packed)
}

/// The slots' numbers and the envelopes of a row.
fn unpack(mut packed: Bytes) -> Result<Vec<(i32, Bytes)>, StoreError> {
    let mut blobs = Vec::new();
    while !packed.is_empty() {
        let (slot, rest) = packed.split_first_chunk().ok_or(StoreError::Damaged)?;
        let (len, rest) = rest.split_first_chunk().ok_or(StoreError::Damaged)?;
        let slot = i32::from_be_bytes(*slot);
        let len = usize::try_from(u32::from_be_bytes(*len)).map_err(|_| StoreError::Damaged)?;
        if rest.len() < len {
            return Err(StoreError::Damaged);
        }
        let mut blob = packed.split_off(packed.len() - rest.len());
        packed = blob.split_off(len);
        blobs.push((slot, blob));
    }
    Ok(blobs)
}

/// What the rows of a version and of those before it sealed.
type Sealed = HashMap<(Uuid, i64), Vec<(i32, Bytes)>>;

/// Versions as they come from the database, in that order, and what of them is still to be read.
pub(super) struct Versions {
    rows: Vec<(VersionRow, Manifest)>,
    sealed: Sealed,
}

impl Versions {
    pub(super) fn new(rows: Vec<VersionRow>) -> Result<Self, StoreError> {
        let mut sealed = Sealed::with_capacity(rows.len());
        let rows = rows.into_iter().map(|mut row| {
            let manifest = Manifest::parse(&row.manifest).map_err(|_| StoreError::Damaged)?;
            let blobs = unpack(Bytes::from(std::mem::take(&mut row.sealed)))?;
            sealed.insert((row.id, row.version), blobs);
            Ok((row, manifest))
        });
        let rows = rows.collect::<Result<_, StoreError>>()?;
        Ok(Self { rows, sealed })
    }

    /// The versions before that sealed blobs which these still have.
    pub(super) fn earlier(&self) -> (Vec<Uuid>, Vec<i64>) {
        let mut earlier: Vec<(Uuid, i64)> = self
            .rows
            .iter()
            .flat_map(|(row, manifest)| {
                let sealing = manifest.slots().map(|(_, sealing)| sealing.number().into());
                sealing.map(|sealing| (row.id, sealing))
            })
            .filter(|place| !self.sealed.contains_key(place))
            .collect();
        earlier.sort_unstable();
        earlier.dedup();
        earlier.into_iter().unzip()
    }

    pub(super) fn add(&mut self, rows: Vec<SealedRow>) -> Result<(), StoreError> {
        for row in rows {
            let blobs = unpack(Bytes::from(row.sealed))?;
            self.sealed.insert((row.id, row.version), blobs);
        }
        Ok(())
    }

    /// Whether all names are known: another process may have brought a newer pack.
    pub(super) fn known(&self, names: &Names) -> bool {
        let mut slots = self.sealed.values().flatten().map(|(slot, _)| *slot);
        slots.all(|slot| names.name(slot).is_some())
    }

    pub(super) fn assemble(
        self,
        tenant: TenantId,
        record_type: &RecordType,
        names: &Names,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        let Self { rows, sealed } = self;
        rows.into_iter()
            .map(|(row, manifest)| {
                let key = RecordKey {
                    tenant,
                    record_type: record_type.clone(),
                    id: RecordId::from_uuid(row.id),
                };
                stored(key, &row, manifest, &sealed, names)
            })
            .collect()
    }
}

fn stored(
    key: RecordKey,
    row: &VersionRow,
    manifest: Manifest,
    sealed: &Sealed,
    names: &Names,
) -> Result<StoredRecord, StoreError> {
    let subject = row.subject.map(SubjectId::from_uuid);
    let mut blobs = Vec::with_capacity(manifest.entries().len());
    for (slot, sealing) in manifest.slots() {
        let number = names.find(slot.name());
        // A blob that is not there is missed when the record is opened.
        let blob = sealed
            .get(&(row.id, sealing.number().into()))
            .and_then(|blobs| blobs.iter().find(|(slot, _)| Some(*slot) == number));
        if let Some((_, bytes)) = blob {
            let blob = Blob::new(slot.clone(), sealing, bytes.clone());
            blobs.push(blob.map_err(|_| StoreError::Damaged)?);
        }
    }
    Ok(StoredRecord {
        record: SealedRecord {
            key,
            version: version(row.version)?,
            owner: subject.map_or(Owner::Tenant, Owner::Subject),
            manifest,
            blobs,
        },
        subject,
        deleted: row.deleted,
        last_updated: time(row.last_updated)?,
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
