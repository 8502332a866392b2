//! What the store tests work with: a fresh database of either kind, and records that look sealed.

use std::convert::Infallible;
use std::path::PathBuf;

use bytes::Bytes;
use jiff::Timestamp;
use tempfile::TempDir;
use vouchsafe::document::Slot;
use vouchsafe::ids::{IntentId, RecordId, RecordKey, RecordType, SubjectId, TenantId, Version};
use vouchsafe::seal::{Blob, IndexTag, Manifest, Owner, SealedRecord};
use vouchsafe_database::testing::{administer, variable};
use vouchsafe_database::{Create, Location};
use vouchsafe_records::pack::Reference;
use vouchsafe_records::search::{Order, Window};
use vouchsafe_records::store::{
    Guard, IndexRow, Lookup, Query, RelationRow, RowWrite, Rows, Store, StoreError,
};

/// Runs each case on a fresh SQLite file and in a fresh PostgreSQL database.
macro_rules! on_both {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let bench = crate::bench::Bench::sqlite().await;
                super::$case(&bench).await;
                bench.end().await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let Some(bench) = crate::bench::Bench::postgres().await else { return };
                super::$case(&bench).await;
                bench.end().await;
            })*
        }
    };
}
pub(crate) use on_both;

/// A fresh database.
pub(crate) struct Bench {
    pub(crate) store: Store,
    pub(crate) tenant: TenantId,
    pub(crate) location: Location,
    folder: TempDir,
    database: Option<String>,
}

pub(crate) fn ca() -> Option<PathBuf> {
    variable("VOUCHSAFE_TEST_PG_CA").map(PathBuf::from)
}

/// The same server and role, another database.
fn with_database(url: &str, database: &str) -> String {
    let (server, _) = url.rsplit_once('/').unwrap();
    format!("{server}/{database}")
}

impl Bench {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite {
            path: folder.path().join("records.db"),
        };
        Self::at(location, folder, None).await
    }

    pub(crate) async fn postgres() -> Option<Self> {
        let url = variable("VOUCHSAFE_TEST_PG_ADMIN")?;
        let ca = ca()?;
        let database = format!("records_{}", RecordId::random().uuid().simple());
        administer(format!("CREATE DATABASE {database}"))
            .await
            .unwrap();
        let location = Location::postgres(with_database(&url, &database), ca);
        Some(Self::at(location, tempfile::tempdir().unwrap(), Some(database)).await)
    }

    async fn at(location: Location, folder: TempDir, database: Option<String>) -> Self {
        let pack = crate::bank::pack();
        let store = Store::open(&location, Create::IfMissing, &pack)
            .await
            .unwrap();
        Self {
            store,
            tenant: TenantId::random(),
            location,
            folder,
            database,
        }
    }

    pub(crate) async fn end(self) {
        self.store.close().await;
        if let Some(database) = self.database {
            administer(format!("DROP DATABASE {database} WITH (FORCE)"))
                .await
                .unwrap();
        }
        drop(self.folder);
    }

    pub(crate) fn key(&self, name: &str, id: RecordId) -> RecordKey {
        RecordKey {
            tenant: self.tenant,
            record_type: record_type(name),
            id,
        }
    }

    /// Writes rows in one transaction.
    pub(crate) async fn write(&self, rows: Vec<RowWrite>) -> Result<(), StoreError> {
        self.write_at(rows, now()).await
    }

    pub(crate) async fn write_at(
        &self,
        rows: Vec<RowWrite>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let write = (self.tenant, IntentId::new_ordered(now));
        let rows = Rows {
            now,
            rows,
            idempotency: None,
        };
        written(&self.store, write, rows, &[], async {}).await
    }

    /// A record's first version, with one financial blob.
    pub(crate) fn new_record(
        &self,
        name: &str,
        id: RecordId,
        subject: Option<SubjectId>,
    ) -> RowWrite {
        self.version(name, id, subject, 1, &[("financial", 1, Some("x"))])
    }

    /// A version of a record: its slots, the versions that sealed them, and the text of new blobs.
    pub(crate) fn version(
        &self,
        name: &str,
        id: RecordId,
        subject: Option<SubjectId>,
        number: u32,
        slots: &[(&str, u32, Option<&str>)],
    ) -> RowWrite {
        let version = Version::new(number).unwrap();
        let blobs = slots.iter().filter_map(|(slot, sealed, text)| {
            Some(blob(slot, Version::new(*sealed).unwrap(), (*text)?))
        });
        RowWrite {
            record: SealedRecord {
                key: self.key(name, id),
                version,
                owner: subject.map_or(Owner::Tenant, Owner::Subject),
                manifest: manifest(slots, false),
                blobs: blobs.collect(),
            },
            subject,
            expects: Version::new(number - 1),
            deleted: false,
            tags: Vec::new(),
            replaced_indexes: Vec::new(),
            relations: None,
        }
    }

    /// The version that ends a record.
    pub(crate) fn tombstone(
        &self,
        name: &str,
        id: RecordId,
        subject: Option<SubjectId>,
        number: u32,
    ) -> RowWrite {
        let mut row = self.version(name, id, subject, number, &[]);
        row.record.manifest = manifest(&[], true);
        row.deleted = true;
        row
    }

    pub(crate) fn query(&self, name: &str) -> Query {
        Query {
            record_type: record_type(name),
            ids: None,
            subjects: None,
            lookups: Vec::new(),
            updated: Window::default(),
            order: Order::Id,
            after: None,
            limit: 1_000,
        }
    }

    pub(crate) async fn found(&self, query: &Query) -> Vec<RecordId> {
        let found = self.store.candidates(self.tenant, query).await.unwrap();
        found
            .into_iter()
            .map(|stored| stored.record.key.id)
            .collect()
    }
}

/// Writes as the engine does, when something else has been done that comes before the commit.
pub(crate) async fn written(
    store: &Store,
    write: (TenantId, IntentId),
    rows: Rows,
    guards: &[Guard],
    before: impl Future<Output = ()>,
) -> Result<(), StoreError> {
    let before = async {
        before.await;
        Ok::<_, Infallible>(())
    };
    let prepared = async { Ok((rows, ())) };
    let (_, Ok(((), committed))) = store.write_after(before, prepared, write, guards).await;
    committed
}

/// One record, written now.
pub(crate) fn only(row: RowWrite) -> Rows {
    Rows {
        now: now(),
        rows: vec![row],
        idempotency: None,
    }
}

pub(crate) fn record_type(name: &str) -> RecordType {
    name.parse().unwrap()
}

pub(crate) fn now() -> Timestamp {
    "2026-11-24T12:00:00.000001Z".parse().unwrap()
}

/// Some seconds later.
pub(crate) fn later(seconds: i64) -> Timestamp {
    now() + jiff::SignedDuration::from_secs(seconds)
}

/// An envelope's form around a text, sealed by nobody.
pub(crate) fn blob(slot: &str, sealed: Version, text: &str) -> Blob {
    let slot: Slot = slot.parse().unwrap();
    let mut bytes = b"VS\x01\x01\x00\x00\x00\x00\x01".to_vec();
    bytes.extend_from_slice(&[7; 32 + 12]);
    bytes.extend_from_slice(text.as_bytes());
    bytes.extend_from_slice(&[9; 16]);
    Blob::new(slot, sealed, Bytes::from(bytes)).unwrap()
}

/// What [`blob`] was made around.
pub(crate) fn text(blob: &Blob) -> &str {
    let bytes = &blob.bytes;
    std::str::from_utf8(&bytes[9 + 32 + 12..bytes.len() - 16]).unwrap()
}

/// A manifest's form, authenticated by nobody.
pub(crate) fn manifest(slots: &[(&str, u32, Option<&str>)], deleted: bool) -> Manifest {
    let mut slots = slots.to_vec();
    slots.sort_unstable();
    let mut bytes = b"VM\x01".to_vec();
    bytes.push(u8::from(deleted));
    bytes.extend_from_slice(&1_u32.to_be_bytes());
    bytes.extend_from_slice(&u16::try_from(slots.len()).unwrap().to_be_bytes());
    for (name, sealed, _) in slots {
        bytes.push(u8::try_from(name.len()).unwrap());
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(&sealed.to_be_bytes());
        bytes.extend_from_slice(&[3; 32]);
    }
    bytes.extend_from_slice(&[5; 32]);
    Manifest::parse(&bytes).unwrap()
}

pub(crate) fn tag(byte: u8) -> IndexTag {
    let mut tag = [0; 16];
    tag[0] = byte;
    IndexTag(tag)
}

pub(crate) fn entry(index: &str, byte: u8) -> IndexRow {
    IndexRow {
        index: index.into(),
        version: 1,
        tag: tag(byte),
    }
}

pub(crate) fn lookup(index: &str, bytes: &[u8]) -> Lookup {
    let any = bytes.iter().map(|byte| tag(*byte)).collect();
    Lookup {
        index: index.into(),
        version: 1,
        any,
    }
}

pub(crate) fn adviser(id: RecordId) -> Reference {
    Reference::Local {
        record_type: record_type("Adviser"),
        id,
        version: None,
    }
}

pub(crate) fn relation(beneficiary: &Reference, from: Timestamp, until: Timestamp) -> RelationRow {
    RelationRow {
        kind: "mandate".into(),
        beneficiary: beneficiary.clone(),
        from,
        until,
    }
}
