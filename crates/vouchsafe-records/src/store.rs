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
mod ended;
mod error;
mod names;
mod postgres;
mod query;
mod record;
mod rows;
mod shared;
mod sqlite;

use std::cmp::Ordering;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use vouchsafe::ids::{IntentId, RecordId, RecordKey, RecordType, SubjectId, TenantId, Version};
use vouchsafe_database::{
    Check, Connection, Create, Database, DatabaseError, Location, Schema, Transaction, Work,
    look_up, migrations, reading, writing,
};

pub use care::RelationRow;
pub use ended::{Idempotency, Repeated, Settled};
pub use error::StoreError;
pub use query::{After, Guard, Lookup, Query};
pub use record::{Head, IndexRow, RowWrite, Rows, StoredRecord};

use crate::pack::{Pack, Reference};
use batch::Batch;
use names::Names;
use rows::{Care, Of, One, Sought, VersionRow, Versions};

const SCHEMA: Schema = Schema {
    sqlite: migrations![
        1 "records" "../migrations/sqlite/0001_records.sql",
        2 "checkpoint" "../migrations/sqlite/0002_checkpoint.sql",
        3 "tags" "../migrations/sqlite/0003_tags.sql",
        4 "idempotency_at" "../migrations/sqlite/0004_idempotency_at.sql",
    ],
    postgres: migrations![
        1 "records" "../migrations/postgres/0001_records.sql",
        2 "checkpoint" "../migrations/postgres/0002_checkpoint.sql",
        3 "idempotency_at" "../migrations/postgres/0003_idempotency_at.sql",
    ],
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
    names: Arc<RwLock<Arc<Names>>>,
}

/// A statement that each database has its own text for.
macro_rules! statement {
    ($self:expr, $statement:ident($($value:expr),*)) => {
        match &$self.database {
            Database::Sqlite(_) => sqlite::$statement($($value),*),
            Database::Postgres(_) => postgres::$statement($($value),*),
        }
    };
}

/// The rows of a look-up by key.
macro_rules! found {
    ($self:expr, $($statement:tt)*) => {{
        let statement = statement!($self, $($statement)*);
        reading!($self.database, on => statement.fetch_all(on))
    }};
}

/// The rows of a statement that may look at many.
macro_rules! searched {
    ($self:expr, $($statement:tt)*) => {{
        let statement = statement!($self, $($statement)*);
        $self.database.search(statement).await
    }};
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
        let store = Self {
            database,
            names: Arc::default(),
        };
        let named = store.name(pack).await;
        if named.is_err() {
            store.close().await;
        }
        named.map(|()| store)
    }

    /// Learns the names of the database, and adds those of the pack, if what it has indexed is what the pack looks for.
    async fn name(&self, pack: &Pack) -> Result<(), DatabaseError> {
        let known = reading!(self.database, on => shared::names().fetch_all(on))?;
        fits(&known, pack.indexes())?;
        let marker = marker(pack.indexes());
        let mut wanted: Vec<&str> = pack.names().iter().map(|name| &**name).collect();
        wanted.push(&marker);
        let known = look_up(intern(&self.database, &wanted)).await?;
        self.learn(Names::new(known));
        Ok(())
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

    /// Whether the database answers and takes writes, as far as it says: [`Database::pulse`].
    ///
    /// # Errors
    /// [`DatabaseError`]. The caller MUST give up in time.
    pub async fn pulse(&self) -> Result<(), DatabaseError> {
        self.database.pulse().await
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
        let rows = found!(self, version(of, version))?;
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
            versions.add(found!(self, sealed(tenant, number, earlier))?)?;
        }
        let mut names = self.names();
        if !versions.known(&names) {
            // Another process may have brought a newer pack.
            let known = reading!(self.database, on => shared::names().fetch_all(on))?;
            self.learn(Names::new(known));
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
            heads.add(record_type, found!(self, heads(of))?);
        }
        heads.in_order()
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
        let rows = searched!(self, candidates(&sought))?;
        self.complete(tenant, (&query.record_type, sought.record_type), rows)
            .await
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
        self.in_care(care).await
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
        let found = self.in_care(care).await?;
        Ok(subjects
            .iter()
            .map(|subject| found.binary_search(subject).is_ok())
            .collect())
    }

    /// The relations that a record tells.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn relations_by(&self, key: &RecordKey) -> Result<Vec<RelationRow>, StoreError> {
        let names = self.names();
        match One::new(key, &names) {
            Some(of) => {
                let relations = shared::relations(of);
                let found = reading!(self.database, on => relations.fetch_all(on))?;
                rows::relations(found, &names)
            }
            None => Ok(Vec::new()),
        }
    }

    /// When the latest write was, by its own stamp; none if there was none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn latest_write(&self) -> Result<Option<Timestamp>, StoreError> {
        let latest = shared::latest_write();
        let found: Option<i64> = reading!(self.database, on => latest.fetch_optional(on))?;
        let time = found.map(Timestamp::from_microsecond).transpose();
        time.map_err(|_| StoreError::Damaged)
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
        let repeated = shared::repeated(tenant, wanted.key);
        let found = reading!(self.database, on => repeated.fetch_optional(on))?;
        found
            .map(|row| rows::repeated(&row, &self.names()))
            .transpose()
    }

    /// Forgets what was done under idempotency keys before a time; gives back how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            // A batch at a time: others write between.
            let deleted = match &self.database {
                Database::Sqlite(file) => file.write(Forget(before)).await?,
                Database::Postgres(pools) => {
                    let mut lane = pools.writer().await?;
                    let deleted = shared::forget(before).execute(&mut lane).await;
                    lane.done(deleted)?
                }
            };
            forgotten += deleted;
            if deleted < shared::FORGOTTEN_AT_ONCE {
                return Ok(forgotten);
            }
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
        look_up(async {
            writing!(self.database, on => {
                shared::keep_checkpoint(origin, size, note).execute(on).await?;
            });
            Ok(())
        })
        .await
    }

    /// The checkpoint that is remembered of the audit log of that origin.
    ///
    /// # Errors
    /// [`StoreError`]; absence is none.
    pub async fn checkpoint(&self, origin: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let kept = shared::checkpoint(origin);
        Ok(reading!(self.database, on => kept.fetch_optional(on))?)
    }

    /// Whether the database has a write as committed. Of one that is under way, nothing is said.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_committed(&self, intent: IntentId) -> Result<bool, StoreError> {
        let state = shared::state(intent);
        let found = reading!(self.database, on => state.fetch_optional(on))?;
        found.map_or(Ok(false), |state| {
            Ok(rows::settled(state)? == Settled::Committed)
        })
    }

    /// Whether a write was committed. If it was not, it never will be: a commit that comes later
    /// fails. Waits for a transaction of it that is under way.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settle(&self, intent: IntentId, now: Timestamp) -> Result<Settled, StoreError> {
        look_up(async {
            let state = writing!(self.database, on => {
                shared::abort(intent, now).execute(on).await?;
                shared::state(intent).fetch_one(on).await?
            });
            rows::settled(state)
        })
        .await
    }

    fn batch(
        &self,
        (tenant, intent): (TenantId, IntentId),
        rows: Rows,
        guards: &[Guard],
    ) -> Result<Batch, StoreError> {
        let mut batch = Batch::new(tenant, intent, rows.now, self.names());
        batch.add(rows.rows, rows.idempotency)?;
        batch.guards = guards.to_vec();
        Ok(batch)
    }

    /// Writes and commits what `prepared` makes, once something else is done that must come before a commit.
    ///
    /// `before` is awaited while the rows are made and, on PostgreSQL, while the statements run. SQLite has one writer, which
    /// is not kept from others meanwhile: there it comes before the statements, and those who write at the same time are
    /// committed together.
    ///
    /// # Errors
    /// The first part is what `before` came to; if it failed, nothing is committed. The second one is that of `prepared`; in
    /// it stands how the write ended: with [`StoreError::Conflict`] when a record does not have the version expected,
    /// [`StoreError::Duplicate`] when the intent was settled or the idempotency key used before,
    /// [`StoreError::Serialization`] when a guard's query finds something else by now. After [`StoreError::InDoubt`] it may
    /// have been committed or not: [`Self::settle`] says.
    pub async fn write_after<T, P, E>(
        &self,
        before: impl Future<Output = Result<T, E>>,
        prepared: impl Future<Output = Result<(Rows, P), E>>,
        write: (TenantId, IntentId),
        guards: &[Guard],
    ) -> (Result<T, E>, Result<(P, Result<(), StoreError>), E>) {
        let batched = async {
            let (rows, kept) = prepared.await?;
            Ok((kept, self.batch(write, rows, guards)))
        };
        match &self.database {
            Database::Sqlite(file) => {
                let (done, batched) = tokio::join!(before, batched);
                let written = match batched {
                    Ok((kept, Ok(batch))) if done.is_ok() => Ok((kept, file.write(batch).await)),
                    Ok((kept, Ok(_))) => Ok((kept, Err(StoreError::Unavailable))),
                    Ok((kept, Err(error))) => Ok((kept, Err(error))),
                    Err(failed) => Err(failed),
                };
                (done, written)
            }
            Database::Postgres(pools) => {
                let stage = async {
                    let (kept, batch) = batched.await?;
                    let staged = async {
                        let batch = batch?;
                        let staged = postgres::stage(pools, &batch).await?;
                        Ok::<_, StoreError>((Transaction::from(staged), batch.begun))
                    };
                    Ok((kept, staged.await))
                };
                let (done, staged) = tokio::join!(before, stage);
                let written = match staged {
                    Ok((kept, Ok((staged, begun)))) if done.is_ok() => {
                        let committed = match begun.in_time() {
                            Ok(()) => staged.commit().await.map_err(StoreError::from),
                            Err(late) => Err(late),
                        };
                        Ok((kept, committed))
                    }
                    // What was staged rolls back.
                    Ok((kept, Ok(_))) => Ok((kept, Err(StoreError::Unavailable))),
                    Ok((kept, Err(error))) => Ok((kept, Err(error))),
                    Err(failed) => Err(failed),
                };
                (done, written)
            }
        }
    }

    async fn in_care(&self, care: Care<'_>) -> Result<Vec<SubjectId>, StoreError> {
        if care.beneficiaries.is_empty() || care.subjects.is_some_and(<[_]>::is_empty) {
            return Ok(Vec::new());
        }
        let found = searched!(self, in_care(care))?;
        Ok(found.into_iter().map(SubjectId::from_uuid).collect())
    }
}

/// Forgets a batch of what was done under idempotency keys before a time.
struct Forget(Timestamp);

impl Work for Forget {
    type Output = u64;
    type Error = DatabaseError;

    async fn run(self, on: &mut Connection) -> Result<u64, DatabaseError> {
        shared::forget(self.0).execute(on).await
    }
}

/// The name that says of what version the indexes of a database are.
fn marker(indexes: u32) -> String {
    format!("{MARKER}{indexes}")
}

const MARKER: &str = "indexes/";

/// Whether records are found by what this program looks for: a tag of another version is found by nobody, and is missed by
/// nobody either.
fn fits(known: &[(i32, String)], indexes: u32) -> Result<(), DatabaseError> {
    if known.is_empty() {
        return Ok(());
    }
    let versions = known
        .iter()
        .filter_map(|(_, name)| name.strip_prefix(MARKER)?.parse().ok());
    // The first version left no name.
    let found: u32 = versions.max().unwrap_or(1);
    match found.cmp(&indexes) {
        Ordering::Less => Err(DatabaseError::Older),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(DatabaseError::Newer),
    }
}

/// Adds names that are new; all there are.
async fn intern(database: &Database, names: &[&str]) -> Result<Vec<(i32, String)>, DatabaseError> {
    let known: Vec<(i32, String)> = reading!(database, on => shared::names().fetch_all(on))?;
    let new: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| !known.iter().any(|(_, known)| known == name))
        .collect();
    if new.is_empty() {
        return Ok(known);
    }
    Ok(writing!(database, on => {
        match database {
            Database::Sqlite(_) => {
                for name in new {
                    sqlite::intern(name).execute(on).await?;
                }
            }
            Database::Postgres(_) => {
                postgres::intern(new).execute(on).await?;
            }
        }
        shared::names().fetch_all(on).await?
    }))
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.database {
            Database::Sqlite(_) => "Store(SQLite)",
            Database::Postgres(_) => "Store(PostgreSQL)",
        })
    }
}

/// A limit as databases take it.
fn bounded(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
