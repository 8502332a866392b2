//! Storage of sealed records on SQLite and PostgreSQL.
//!
//! A store is given sealed records, keyed tags and ids, and gives back the same; it holds no key
//! and sees no plaintext. Both databases behave alike: one suite of tests runs on both.
//!
//! INVARIANT (intent-row): every transaction that changes records inserts its intent's id, a
//! primary key. Whether a write happened is whether that row is there; to abort a write that may
//! still be on its way the reconciler inserts the row first, so that the late commit fails.

mod batch;
mod care;
mod error;
mod names;
mod postgres;
mod query;
mod record;
mod rows;
mod sqlite;
mod staged;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use sqlx::migrate::Migrator;
use vouchsafe::ids::{IntentId, RecordId, RecordKey, RecordType, SubjectId, TenantId, Version};
use vouchsafe_database::{Check, Create, Database, DatabaseError, Location, Schema, look_up};

pub use care::{ASSIGNMENT, Assignment, RelationRow};
pub use error::StoreError;
pub use query::{After, Guard, Lookup, Query};
pub use record::{Head, IndexRow, RowWrite, StoredRecord};
pub use staged::{Idempotency, Repeated, Settled, Staged};

use crate::pack::{Pack, Reference};
use batch::Batch;
use names::Names;
use postgres::Postgres;
use rows::{Care, Of, One, Sought, VersionRow, Versions};
use sqlite::Sqlite;
use staged::Transaction;

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");
const SCHEMA: Schema = Schema {
    sqlite: &SQLITE,
    postgres: &POSTGRES,
    tables: &[
        "names",
        "records",
        "versions",
        "index_tags",
        "relations",
        "intents",
        "idempotency",
        "checkpoints",
    ],
    session: postgres::SESSION,
};

/// A database of sealed records.
#[derive(Clone)]
pub struct Store {
    database: Database,
    backend: Backend,
    names: Arc<RwLock<Arc<Names>>>,
}

#[derive(Clone)]
enum Backend {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// Runs one method of either backend, in time.
macro_rules! each {
    ($self:expr, $backend:ident => $call:expr) => {
        match &$self.backend {
            Backend::Sqlite($backend) => look_up($call).await,
            Backend::Postgres($backend) => look_up($call).await,
        }
    };
}

impl Store {
    /// Opens a database and brings its schema up to date.
    ///
    /// # Errors
    /// [`DatabaseError`] says what to do. With [`Create::Never`] a missing file, and a database without tables, are errors.
    pub async fn open(
        location: &Location,
        create: Create,
        pack: &Pack,
    ) -> Result<Self, DatabaseError> {
        let database = Database::open(location, create, &SCHEMA).await?;
        let backend = match &database {
            Database::Sqlite(file) => Backend::Sqlite(Sqlite(file.clone())),
            Database::Postgres(pools) => Backend::Postgres(Postgres(pools.clone())),
        };
        let store = Self {
            database,
            backend,
            names: Arc::default(),
        };
        let wanted: Vec<&str> = pack
            .names()
            .iter()
            .map(|name| &**name)
            .chain([ASSIGNMENT])
            .collect();
        let known = each!(store, backend => backend.intern(&wanted));
        store.learn(Names::new(known?));
        Ok(store)
    }

    /// Closes all connections, when the transactions under way have ended.
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// The state of the database: tables, durability, TLS.
    ///
    /// # Errors
    /// [`DatabaseError`] when it does not answer.
    pub async fn check(&self) -> Result<Check, DatabaseError> {
        self.database.check(&SCHEMA).await
    }

    fn names(&self) -> Arc<Names> {
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&names)
    }

    fn learn(&self, names: Names) {
        *self.names.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(names);
    }

    /// The current version of a record, or the one named.
    ///
    /// # Errors
    /// [`StoreError`]; absence is none.
    pub async fn read(
        &self,
        key: &RecordKey,
        version: Option<Version>,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let Some(of) = One::new(key, &self.names()) else {
            return Ok(None);
        };
        let rows = each!(self, backend => backend.version(of, version))?;
        let number = of.record_type;
        let read = self.complete(key.tenant, (&key.record_type, number), rows);
        Ok(read.await?.pop())
    }

    /// Reads what versions before have sealed, and puts all of it together.
    async fn complete(
        &self,
        tenant: TenantId,
        (record_type, number): (&RecordType, i32),
        rows: Vec<VersionRow>,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        let mut versions = Versions::new(rows)?;
        let earlier = versions.earlier();
        if !earlier.0.is_empty() {
            versions.add(each!(self, backend => backend.sealed(tenant, number, earlier))?)?;
        }
        let mut names = self.names();
        if !versions.known(&names) {
            // Another process may have brought a newer pack.
            let known = each!(self, backend => backend.intern(&[]));
            self.learn(Names::new(known?));
            names = self.names();
        }
        versions.assemble(tenant, record_type, &names)
    }

    /// The head of a record's current version.
    ///
    /// # Errors
    /// [`StoreError`]; absence is none.
    pub async fn head(
        &self,
        tenant: TenantId,
        record_type: &RecordType,
        id: RecordId,
    ) -> Result<Option<Head>, StoreError> {
        let records = [(record_type.clone(), id)];
        Ok(self.heads(tenant, &records).await?.pop().flatten())
    }

    /// The heads of records' current versions, in the same order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn heads(
        &self,
        tenant: TenantId,
        records: &[(RecordType, RecordId)],
    ) -> Result<Vec<Option<Head>>, StoreError> {
        let names = self.names();
        let mut heads = rows::Heads::new(records);
        for (record_type, ids) in heads.by_type(&names) {
            let of = Of {
                tenant,
                record_type,
                ids: &ids,
            };
            heads.add(record_type, each!(self, backend => backend.heads(of))?);
        }
        heads.in_order()
    }

    /// The versions of a record, newest first, below `before`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn history(
        &self,
        key: &RecordKey,
        before: Option<Version>,
        limit: usize,
    ) -> Result<Vec<Head>, StoreError> {
        match One::new(key, &self.names()) {
            Some(of) => {
                let found = each!(self, backend => backend.history(of, before, bounded(limit)))?;
                rows::heads(&key.record_type, &found)
            }
            None => Ok(Vec::new()),
        }
    }

    /// The records that a query finds, in its order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn candidates(
        &self,
        tenant: TenantId,
        query: &Query,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        let Some(sought) = Sought::new(tenant, query, &self.names()) else {
            return Ok(Vec::new());
        };
        let rows = each!(self, backend => backend.candidates(&sought))?;
        self.complete(tenant, (&query.record_type, sought.record_type), rows)
            .await
    }

    /// How many records a query finds, its `after` and `limit` aside.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count(&self, tenant: TenantId, query: &Query) -> Result<u64, StoreError> {
        let Some(sought) = Sought::new(tenant, query, &self.names()) else {
            return Ok(0);
        };
        each!(self, backend => backend.count(&sought))
    }

    /// The subjects of whom any of these has care now, in the order of their ids.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn subjects_in_care(
        &self,
        tenant: TenantId,
        beneficiaries: &[Reference],
        now: Timestamp,
    ) -> Result<Vec<SubjectId>, StoreError> {
        let known = rows::known(beneficiaries, &self.names());
        let care = Care {
            tenant,
            beneficiaries: &known,
            subjects: None,
            now,
        };
        each!(self, backend => backend.in_care(care))
    }

    /// Of whom any of these has care now, in the order of `subjects`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn in_care_many(
        &self,
        tenant: TenantId,
        beneficiaries: &[Reference],
        subjects: &[SubjectId],
        now: Timestamp,
    ) -> Result<Vec<bool>, StoreError> {
        let known = rows::known(beneficiaries, &self.names());
        let care = Care {
            tenant,
            beneficiaries: &known,
            subjects: Some(subjects),
            now,
        };
        let found = each!(self, backend => backend.in_care(care))?;
        Ok(subjects
            .iter()
            .map(|subject| found.binary_search(subject).is_ok())
            .collect())
    }

    /// The relations that a record tells, or an assignment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn relations_by(&self, key: &RecordKey) -> Result<Vec<RelationRow>, StoreError> {
        let names = self.names();
        match One::new(key, &names) {
            Some(of) => {
                let found = each!(self, backend => backend.relations(of))?;
                rows::relations(found, &names)
            }
            None => Ok(Vec::new()),
        }
    }

    /// What an earlier write under the same key did.
    ///
    /// # Errors
    /// [`StoreError`]; that there was none is no error.
    pub async fn repeated(
        &self,
        tenant: TenantId,
        wanted: &Idempotency,
    ) -> Result<Option<Repeated>, StoreError> {
        let found = each!(self, backend => backend.repeated(tenant, wanted.key))?;
        found
            .map(|row| rows::repeated(&row, &self.names()))
            .transpose()
    }

    /// Forgets what was done under idempotency keys before a time; gives back how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        // However many there are: it has all the time that it takes.
        match &self.backend {
            Backend::Sqlite(backend) => backend.forget(before).await,
            Backend::Postgres(backend) => backend.forget(before).await,
        }
    }

    /// Remembers a checkpoint of the audit log of that origin, unless a larger one is remembered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_checkpoint(
        &self,
        origin: &str,
        size: u64,
        note: &[u8],
    ) -> Result<(), StoreError> {
        let size = i64::try_from(size).map_err(|_| StoreError::Damaged)?;
        each!(self, backend => backend.keep_checkpoint(origin, size, note))
    }

    /// The checkpoint that is remembered of the audit log of that origin.
    ///
    /// # Errors
    /// [`StoreError`]; absence is none.
    pub async fn checkpoint(&self, origin: &str) -> Result<Option<Vec<u8>>, StoreError> {
        each!(self, backend => backend.checkpoint(origin))
    }

    /// Whether a write was committed. If it was not, it never will be: a commit that comes later
    /// fails. Waits for a transaction of it that is under way.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settle(&self, intent: IntentId, now: Timestamp) -> Result<Settled, StoreError> {
        each!(self, backend => backend.settle(intent, now))
    }

    /// How a write ended, as far as it has.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn outcome_of(&self, intent: IntentId) -> Result<Option<Settled>, StoreError> {
        each!(self, backend => backend.outcome_of(intent))
    }

    /// Runs all of a write but its commit.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when a record does not have the version expected,
    /// [`StoreError::Duplicate`] when the intent was settled or the idempotency key used before.
    pub async fn stage(
        &self,
        tenant: TenantId,
        intent: IntentId,
        now: Timestamp,
        rows: Vec<RowWrite>,
        idempotency: Option<Idempotency>,
    ) -> Result<Staged, StoreError> {
        self.stage_guarded(tenant, intent, now, rows, idempotency, &[])
            .await
    }

    /// As [`Self::stage`], for a write that relies on what queries found.
    ///
    /// # Errors
    /// As for [`Self::stage`]; [`StoreError::Serialization`] when a query finds something else by
    /// now, then or at the commit.
    pub async fn stage_guarded(
        &self,
        tenant: TenantId,
        intent: IntentId,
        now: Timestamp,
        rows: Vec<RowWrite>,
        idempotency: Option<Idempotency>,
        guards: &[Guard],
    ) -> Result<Staged, StoreError> {
        let batch = self.batch((tenant, intent, now), (rows, idempotency), guards)?;
        self.stage_batch(&batch).await
    }

    fn batch<'g>(
        &self,
        (tenant, intent, now): (TenantId, IntentId, Timestamp),
        (rows, idempotency): (Vec<RowWrite>, Option<Idempotency>),
        guards: &'g [Guard],
    ) -> Result<Batch<'g>, StoreError> {
        let names = self.names();
        let mut batch = Batch::new(tenant, intent, now);
        batch.add(rows, idempotency, &names)?;
        for guard in guards {
            batch.guard(guard, &names);
        }
        Ok(batch)
    }

    /// Stages and commits, once something else is done that must come before a commit.
    ///
    /// On PostgreSQL `before` is awaited while the statements run. SQLite has one writer, which is not kept from others
    /// meanwhile: there it comes first, and those who write at the same time are committed together.
    ///
    /// # Errors
    /// The outer one is that of `before`; then nothing is committed. The inner one is as for [`Self::stage_guarded`] and
    /// [`Staged::commit`].
    pub async fn write_after<T, E>(
        &self,
        before: impl Future<Output = Result<T, E>>,
        write: (TenantId, IntentId, Timestamp),
        what: (Vec<RowWrite>, Option<Idempotency>),
        guards: &[Guard],
    ) -> Result<(T, Result<(), StoreError>), E> {
        let batch = self.batch(write, what, guards);
        match &self.backend {
            Backend::Sqlite(backend) => {
                let done = before.await?;
                let committed = match &batch {
                    Ok(batch) => backend.write(batch).await,
                    Err(error) => Err(*error),
                };
                Ok((done, committed))
            }
            Backend::Postgres(_) => {
                let stage = async { self.stage_batch(&batch?).await };
                // What was staged rolls back when the other fails.
                let (done, staged) = tokio::join!(before, stage);
                let done = done?;
                let committed = match staged {
                    Ok(staged) => staged.commit().await,
                    Err(error) => Err(error),
                };
                Ok((done, committed))
            }
        }
    }

    /// Gives somebody care of a subject, all but the commit.
    ///
    /// # Errors
    /// As for [`Self::stage`].
    pub async fn stage_assignment(
        &self,
        tenant: TenantId,
        intent: IntentId,
        now: Timestamp,
        assignment: &Assignment,
    ) -> Result<Staged, StoreError> {
        let mut batch = Batch::new(tenant, intent, now);
        batch.assign(assignment, &self.names())?;
        self.stage_batch(&batch).await
    }

    /// Ends care that was given explicitly, all but the commit.
    ///
    /// # Errors
    /// As for [`Self::stage`]; [`StoreError::NotFound`] when there is no such assignment, or it
    /// has ended.
    pub async fn stage_end_of_assignment(
        &self,
        tenant: TenantId,
        intent: IntentId,
        now: Timestamp,
        assignment: RecordId,
    ) -> Result<Staged, StoreError> {
        let mut batch = Batch::new(tenant, intent, now);
        batch.end_assignment(assignment, &self.names())?;
        self.stage_batch(&batch).await
    }

    async fn stage_batch(&self, batch: &Batch<'_>) -> Result<Staged, StoreError> {
        Ok(Staged(match &self.backend {
            Backend::Sqlite(backend) => Transaction::Sqlite(backend.stage(batch).await?),
            Backend::Postgres(backend) => Transaction::Postgres(backend.stage(batch).await?),
        }))
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.backend {
            Backend::Sqlite(_) => "Store(SQLite)",
            Backend::Postgres(_) => "Store(PostgreSQL)",
        })
    }
}

/// A limit as databases take it.
fn bounded(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
