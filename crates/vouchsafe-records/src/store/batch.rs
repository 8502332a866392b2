//! A write as rows, before any of them is written.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;
use vouchsafe::ids::{IntentId, RecordId, SubjectId, TenantId};
use vouchsafe::seal::SealedRecord;

use super::names::Names;
use super::rows::{Sought, encode_results, pack, trimmed};
use super::{Guard, Idempotency, IndexRow, RelationRow, RowWrite, StoreError};
use crate::pack::Reference;

/// The age of rows at which they are not committed any more.
///
/// Rows have the time at which they were made. A client that asks for the writes since the latest time that it knows finds
/// them if it goes back this far, as the page of its dialect says.
const MAX_AGE: Duration = Duration::from_secs(30);

/// When the rows of a batch were made.
#[derive(Clone, Copy)]
pub(super) struct Begun(Instant);

impl Begun {
    /// Refuses what is too late to be committed.
    pub(super) fn in_time(self) -> Result<(), StoreError> {
        if self.0.elapsed() < MAX_AGE {
            Ok(())
        } else {
            Err(StoreError::Unavailable)
        }
    }
}

/// The rows of one transaction.
pub(super) struct Batch {
    pub(super) tenant: TenantId,
    pub(super) intent: IntentId,
    pub(super) now: i64,
    pub(super) begun: Begun,
    /// What it relies on.
    pub(super) guards: Vec<Guard>,
    names: Arc<Names>,
    pub(super) idempotency: Option<(Idempotency, Vec<u8>)>,
    pub(super) created: Vec<RecordLine>,
    pub(super) updated: Vec<RecordLine>,
    pub(super) versions: Vec<VersionLine>,
    pub(super) cleared_tags: Vec<ClearedTags>,
    pub(super) tags: Vec<TagLine>,
    pub(super) cleared_relations: Vec<RecordNo>,
    pub(super) relations: Vec<RelationLine>,
}

/// A record within its tenant.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct RecordNo {
    pub(super) record_type: i32,
    pub(super) id: Uuid,
}

pub(super) struct RecordLine {
    pub(super) record: RecordNo,
    pub(super) version: i64,
    /// Of updates only.
    pub(super) expects: i64,
    pub(super) subject: Option<Uuid>,
    pub(super) deleted: bool,
}

pub(super) struct VersionLine {
    pub(super) record: RecordNo,
    pub(super) version: i64,
    pub(super) subject: Option<Uuid>,
    pub(super) deleted: bool,
    /// The lowest version of a key that it needs.
    pub(super) key_version: i64,
    /// Bit 0 for suite 1.
    pub(super) suites: i16,
    pub(super) manifest: Vec<u8>,
    /// The blobs that are new in it.
    pub(super) sealed: Vec<u8>,
}

impl VersionLine {
    fn new(
        place: RecordNo,
        record: &SealedRecord,
        subject: Option<Uuid>,
        deleted: bool,
        names: &Names,
    ) -> Result<Self, StoreError> {
        let SealedRecord {
            manifest, blobs, ..
        } = record;
        let keys = blobs.iter().map(|blob| blob.key_version.number());
        let key_version = keys.fold(manifest.key_version().number(), u32::min);
        let suites = blobs.iter().fold(0, |suites, blob| {
            suites | 1_i16.unbounded_shl(u32::from(blob.suite.number()).saturating_sub(1))
        });
        Ok(Self {
            record: place,
            version: record.version.number().into(),
            subject,
            deleted,
            key_version: key_version.into(),
            suites,
            manifest: manifest.to_bytes(),
            sealed: pack(blobs, names)?,
        })
    }
}

pub(super) struct ClearedTags {
    pub(super) record: RecordNo,
    pub(super) index: i32,
}

pub(super) struct TagLine {
    pub(super) record: RecordNo,
    pub(super) index: i32,
    pub(super) index_version: i64,
    pub(super) tag: Vec<u8>,
}

pub(super) struct RelationLine {
    pub(super) beneficiary: RecordNo,
    pub(super) subject: Uuid,
    pub(super) source: RecordNo,
    pub(super) kind: i32,
    pub(super) from: i64,
    pub(super) until: i64,
}

impl RelationLine {
    /// The primary key, within the tenant.
    const fn key(&self) -> (i32, Uuid, Uuid, i32, Uuid, i32, i64) {
        let Self {
            beneficiary,
            subject,
            source,
            kind,
            from,
            ..
        } = self;
        (
            beneficiary.record_type,
            beneficiary.id,
            *subject,
            source.record_type,
            source.id,
            *kind,
            *from,
        )
    }
}

impl Batch {
    pub(super) fn new(
        tenant: TenantId,
        intent: IntentId,
        now: Timestamp,
        names: Arc<Names>,
    ) -> Self {
        Self {
            tenant,
            intent,
            now: now.as_microsecond(),
            begun: Begun(Instant::now()),
            guards: Vec::new(),
            names,
            idempotency: None,
            created: Vec::new(),
            updated: Vec::new(),
            versions: Vec::new(),
            cleared_tags: Vec::new(),
            tags: Vec::new(),
            cleared_relations: Vec::new(),
            relations: Vec::new(),
        }
    }

    /// The query of a guard; none when it can find nothing.
    pub(super) fn sought<'g>(&self, guard: &'g Guard) -> Option<Sought<'g>> {
        Sought::new(self.tenant, &guard.query, &self.names)
    }

    pub(super) fn add(
        &mut self,
        writes: Vec<RowWrite>,
        idempotency: Option<Idempotency>,
    ) -> Result<(), StoreError> {
        let names = &*Arc::clone(&self.names);
        if let Some(idempotency) = idempotency {
            let results = encode_results(&writes, self.now, names)?;
            self.idempotency = Some((idempotency, results));
        }
        writes
            .into_iter()
            .try_for_each(|write| self.add_one(write, names))?;
        // Told twice by one record, with one begin: the later end holds.
        self.relations
            .sort_unstable_by_key(|line| (line.key(), std::cmp::Reverse(line.until)));
        self.relations.dedup_by_key(|line| line.key());
        Ok(())
    }

    fn add_one(&mut self, write: RowWrite, names: &Names) -> Result<(), StoreError> {
        let RowWrite {
            record,
            subject,
            expects,
            deleted,
            tags,
            replaced_indexes,
            relations,
        } = write;
        if record.key.tenant != self.tenant {
            return Err(StoreError::Damaged);
        }
        let place = RecordNo {
            record_type: names.number(record.key.record_type.as_str())?,
            id: record.key.id.uuid(),
        };
        let subject = subject.map(SubjectId::uuid);
        let line = RecordLine {
            record: place,
            version: record.version.number().into(),
            expects: expects.map_or(0, |expected| expected.number().into()),
            subject,
            deleted,
        };
        if expects.is_none() {
            self.created.push(line);
        } else {
            self.updated.push(line);
            self.clear(place, &replaced_indexes, relations.is_some(), names)?;
        }
        let version = VersionLine::new(place, &record, subject, deleted, names)?;
        self.versions.push(version);
        self.add_tags(place, &tags, names)?;
        // A record about nobody gives nobody care.
        match (relations, subject) {
            (Some(relations), Some(subject)) => relations
                .iter()
                .try_for_each(|row| self.relate(row, subject, place, names)),
            _ => Ok(()),
        }
    }

    /// What a new version replaces.
    fn clear(
        &mut self,
        record: RecordNo,
        indexes: &[Box<str>],
        relations: bool,
        names: &Names,
    ) -> Result<(), StoreError> {
        for index in indexes {
            let index = names.number(index)?;
            self.cleared_tags.push(ClearedTags { record, index });
        }
        if relations {
            self.cleared_relations.push(record);
        }
        Ok(())
    }

    fn add_tags(
        &mut self,
        record: RecordNo,
        tags: &[IndexRow],
        names: &Names,
    ) -> Result<(), StoreError> {
        for row in tags {
            self.tags.push(TagLine {
                record,
                index: names.number(&row.index)?,
                index_version: row.version.into(),
                tag: trimmed(&row.tag),
            });
        }
        Ok(())
    }

    fn relate(
        &mut self,
        row: &RelationRow,
        subject: Uuid,
        source: RecordNo,
        names: &Names,
    ) -> Result<(), StoreError> {
        if let Reference::Local {
            record_type, id, ..
        } = &row.beneficiary
        {
            self.relations.push(RelationLine {
                beneficiary: RecordNo {
                    record_type: names.number(record_type.as_str())?,
                    id: id.uuid(),
                },
                subject,
                source,
                kind: names.number(&row.kind)?,
                from: row.from.as_microsecond(),
                until: row.until.as_microsecond(),
            });
        }
        Ok(())
    }

    /// Whether what a guard relies on is what is found.
    pub(super) fn holds(expected: &[RecordId], found: &[Uuid]) -> Result<(), StoreError> {
        let same =
            expected.len() == found.len() && expected.iter().all(|id| found.contains(&id.uuid()));
        if same {
            Ok(())
        } else {
            Err(StoreError::Serialization)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_waited_too_long_are_not_committed() {
        let before = |age: Duration| Begun(Instant::now().checked_sub(age).unwrap());
        assert_eq!(before(Duration::ZERO).in_time(), Ok(()));
        assert_eq!(before(MAX_AGE - Duration::from_secs(5)).in_time(), Ok(()));
        assert_eq!(before(MAX_AGE).in_time(), Err(StoreError::Unavailable));
    }
}
