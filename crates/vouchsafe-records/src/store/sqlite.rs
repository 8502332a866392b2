//! Records in a SQLite file.
//!
//! One connection writes, so that writes queue here instead of failing as busy, and are committed
//! together; some read beside it (WAL). A commit is on the disk before it returns
//! (`synchronous = FULL`), and what is deleted is overwritten (`secure_delete`).

mod find;
mod group;
mod insert;

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _, Transaction};
use uuid::Uuid;
use vouchsafe::ids::{IntentId, RecordId, SubjectId, TenantId, Version};
use vouchsafe::seal::IndexTag;

use super::batch::Batch;
use super::error::{translate, translate_migration, translate_open};
use super::lanes::Lanes;
use super::location::Create;
use super::rows::{
    CHECKPOINT, Care, CareRow, HeadRow, KEEP_CHECKPOINT, Of, One, RepeatedRow, SealedRow, Sought,
    VersionRow, settled,
};
use super::{OpenError, Settled, StoreCheck, StoreError, bounded};
use group::Group;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");

/// How long a statement waits for a lock of another process (a backup).
const BUSY: Duration = Duration::from_secs(5);
/// How long a request waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(10);
const READERS: u32 = 4;

/// `$1` tenant, `$2` type, `$3` ids, 16 bytes each, `$4` how many.
macro_rules! wanted {
    () => {
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $4), \
         w(id) AS MATERIALIZED (SELECT substr($3, i * 16 + 1, 16) FROM n) "
    };
}

const HEADS: &str = concat!(
    wanted!(),
    "SELECT r.id, r.version, r.subject, r.deleted, r.last_updated \
     FROM w CROSS JOIN records r ON r.tenant = $1 AND r.type = $2 AND r.id = w.id"
);

/// `$1` tenant, `$2` type, `$3` id, `$4` the version, or none for the current one.
const VERSION: &str = "SELECT v.id, v.version, v.subject, v.deleted, v.last_updated, v.manifest, \
        v.sealed FROM versions v WHERE v.tenant = $1 AND v.type = $2 AND v.id = $3 \
        AND v.version = COALESCE($4, (SELECT r.version FROM records r \
            WHERE r.tenant = $1 AND r.type = $2 AND r.id = $3))";

/// `$5` the version of each, as text of a fixed width.
const SEALED: &str = concat!(
    wanted!(),
    ", p(id, version) AS MATERIALIZED (SELECT substr($3, i * 16 + 1, 16), \
        CAST(substr($5, i * 10 + 1, 10) AS INTEGER) FROM n) \
     SELECT v.id, v.version, v.sealed FROM p CROSS JOIN versions v \
     ON v.tenant = $1 AND v.type = $2 AND v.id = p.id AND v.version = p.version"
);

/// A database of records in a file.
#[derive(Clone, Debug)]
pub(super) struct Sqlite {
    writer: SqlitePool,
    group: Group,
    readers: Arc<Lanes<sqlx::Sqlite>>,
}

impl Sqlite {
    pub(super) async fn open(path: &Path, create: Create) -> Result<Self, OpenError> {
        let missing = !path.exists();
        if missing && create == Create::Never {
            return Err(OpenError::Missing);
        }
        if missing {
            create_private(path).map_err(|_| OpenError::Access)?;
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("secure_delete", "ON")
            .pragma("cell_size_check", "ON")
            .pragma("trusted_schema", "OFF")
            .busy_timeout(BUSY)
            .statement_cache_capacity(256)
            .disable_statement_logging();
        let pool = |connections| {
            pool_options()
                .max_connections(connections)
                .acquire_timeout(ACQUIRE)
                .idle_timeout(None)
                .max_lifetime(None)
        };
        let writer = pool(1)
            .connect_with(options.clone())
            .await
            .map_err(translate_open)?;
        MIGRATIONS.run(&writer).await.map_err(translate_migration)?;
        let readers = pool(READERS)
            .connect_with(options.pragma("query_only", "ON"))
            .await;
        Ok(Self {
            writer,
            group: Group::default(),
            readers: Arc::new(Lanes::new(readers.map_err(translate_open)?)),
        })
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    pub(super) async fn check(&self) -> Result<StoreCheck, StoreError> {
        let mut writer = self.writer.acquire().await.map_err(translate)?;
        let text = |sql| sqlx::query_scalar::<_, String>(sql);
        let number = |sql| sqlx::query_scalar::<_, i64>(sql);
        let release = text("SELECT sqlite_version()")
            .fetch_one(&mut *writer)
            .await
            .map_err(translate)?;
        let journal = text("PRAGMA journal_mode").fetch_one(&mut *writer).await;
        let synchronous = number("PRAGMA synchronous").fetch_one(&mut *writer).await;
        let secure = number("PRAGMA secure_delete").fetch_one(&mut *writer).await;
        let schema = number("SELECT MAX(version) FROM _sqlx_migrations WHERE success")
            .fetch_one(&mut *writer)
            .await
            .map_err(translate)?;
        let newest = MIGRATIONS.iter().map(|migration| migration.version).max();
        // Takes the write lock and lets it go. Of a file that may only be read, SQLite begins a
        // transaction that reads and says nothing; a statement that writes, even no row, fails.
        let begun = sqlx::query("BEGIN IMMEDIATE")
            .execute(&mut *writer)
            .await
            .is_ok()
            && sqlx::query("DELETE FROM _sqlx_migrations WHERE 0")
                .execute(&mut *writer)
                .await
                .is_ok();
        let ended = sqlx::query("ROLLBACK").execute(&mut *writer).await.is_ok();
        Ok(StoreCheck {
            database: format!("SQLite {release}"),
            schema_current: newest == Some(schema),
            writable: begun && ended,
            durable: journal.is_ok_and(|mode| mode == "wal")
                && synchronous.is_ok_and(|level| level >= 2),
            tls: None,
            secure_delete: Some(secure.is_ok_and(|on| on == 1)),
        })
    }

    /// Adds names that are new; all there are.
    pub(super) async fn intern(&self, names: &[&str]) -> Result<Vec<(i32, String)>, StoreError> {
        let select = "SELECT no, name FROM names";
        let mut lane = self.readers.take().await?;
        let known = sqlx::query_as(select).fetch_all(&mut *lane).await;
        let known: Vec<(i32, String)> = lane.done(known.map_err(translate))?;
        if names
            .iter()
            .all(|name| known.iter().any(|(_, known)| known == name))
        {
            return Ok(known);
        }
        let mut transaction = self.begin().await?;
        for name in names {
            sqlx::query("INSERT INTO names (name) VALUES ($1) ON CONFLICT DO NOTHING")
                .bind(*name)
                .execute(&mut *transaction)
                .await
                .map_err(translate)?;
        }
        let known = sqlx::query_as(select)
            .fetch_all(&mut *transaction)
            .await
            .map_err(translate)?;
        transaction.commit().await.map_err(translate)?;
        Ok(known)
    }

    async fn begin(&self) -> Result<Transaction<'static, sqlx::Sqlite>, StoreError> {
        self.writer
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(translate)
    }

    pub(super) async fn version(
        &self,
        of: One,
        version: Option<Version>,
    ) -> Result<Vec<VersionRow>, StoreError> {
        let mut lane = self.readers.take().await?;
        let found = sqlx::query_as(VERSION)
            .bind(of.tenant.uuid())
            .bind(of.record_type)
            .bind(of.id.uuid())
            .bind(version.map(|version| i64::from(version.number())))
            .fetch_all(&mut *lane)
            .await
            .map_err(translate);
        lane.done(found)
    }

    pub(super) async fn sealed(
        &self,
        tenant: TenantId,
        record_type: i32,
        (ids, versions): (Vec<Uuid>, Vec<i64>),
    ) -> Result<Vec<SealedRow>, StoreError> {
        let count = ids.len();
        let ids: Vec<u8> = ids.iter().flat_map(|id| *id.as_bytes()).collect();
        let versions: String = versions
            .iter()
            .map(|version| format!("{version:010}"))
            .collect();
        let mut lane = self.readers.take().await?;
        let found = sqlx::query_as(SEALED)
            .bind(tenant.uuid())
            .bind(record_type)
            .bind(ids)
            .bind(bounded(count))
            .bind(versions)
            .fetch_all(&mut *lane)
            .await
            .map_err(translate);
        lane.done(found)
    }

    pub(super) async fn heads(&self, of: Of<'_>) -> Result<Vec<HeadRow>, StoreError> {
        let mut lane = self.readers.take().await?;
        let found = sqlx::query_as(HEADS)
            .bind(of.tenant.uuid())
            .bind(of.record_type)
            .bind(packed(of.ids))
            .bind(bounded(of.ids.len()))
            .fetch_all(&mut *lane)
            .await
            .map_err(translate);
        lane.done(found)
    }

    pub(super) async fn history(
        &self,
        of: One,
        before: Option<Version>,
        limit: i64,
    ) -> Result<Vec<HeadRow>, StoreError> {
        let mut lane = self.readers.take().await?;
        let found = sqlx::query_as(
            "SELECT id, version, subject, deleted, last_updated FROM versions \
             WHERE tenant = $1 AND type = $2 AND id = $3 AND version < COALESCE($4, 4294967296) \
             ORDER BY version DESC LIMIT $5",
        )
        .bind(of.tenant.uuid())
        .bind(of.record_type)
        .bind(of.id.uuid())
        .bind(before.map(|version| i64::from(version.number())))
        .bind(limit)
        .fetch_all(&mut *lane)
        .await
        .map_err(translate);
        lane.done(found)
    }

    pub(super) async fn candidates(
        &self,
        sought: &Sought<'_>,
    ) -> Result<Vec<VersionRow>, StoreError> {
        let mut lane = self.readers.take().await?;
        let found = find::candidates(&mut lane, sought).await;
        lane.done(found)
    }

    pub(super) async fn count(&self, sought: &Sought<'_>) -> Result<u64, StoreError> {
        let mut lane = self.readers.take().await?;
        let found = find::count(&mut lane, sought).await;
        lane.done(found)
    }

    pub(super) async fn in_care(&self, care: Care<'_>) -> Result<Vec<SubjectId>, StoreError> {
        if care.beneficiaries.is_empty() || care.subjects.is_some_and(<[_]>::is_empty) {
            return Ok(Vec::new());
        }
        let mut lane = self.readers.take().await?;
        let found = find::in_care(&mut lane, care).await;
        let found = lane.done(found)?;
        Ok(found.into_iter().map(SubjectId::from_uuid).collect())
    }

    pub(super) async fn relations(&self, of: One) -> Result<Vec<CareRow>, StoreError> {
        let mut lane = self.readers.take().await?;
        let found = sqlx::query_as(
            "SELECT kind, beneficiary_type, beneficiary, from_at, until_at FROM relations \
             WHERE tenant = $1 AND source_type = $2 AND source = $3 \
             ORDER BY beneficiary_type, beneficiary, kind, from_at",
        )
        .bind(of.tenant.uuid())
        .bind(of.record_type)
        .bind(of.id.uuid())
        .fetch_all(&mut *lane)
        .await
        .map_err(translate);
        lane.done(found)
    }

    pub(super) async fn repeated(
        &self,
        tenant: TenantId,
        key: IndexTag,
    ) -> Result<Option<RepeatedRow>, StoreError> {
        let mut lane = self.readers.take().await?;
        let found = sqlx::query_as(
            "SELECT request, result FROM idempotency WHERE tenant = $1 AND key = $2",
        )
        .bind(tenant.uuid())
        .bind(key.0.to_vec())
        .fetch_optional(&mut *lane)
        .await
        .map_err(translate);
        lane.done(found)
    }

    pub(super) async fn keep_checkpoint(
        &self,
        origin: &str,
        size: i64,
        note: &[u8],
    ) -> Result<(), StoreError> {
        sqlx::query(KEEP_CHECKPOINT)
            .bind(origin)
            .bind(size)
            .bind(note)
            .execute(&self.writer)
            .await
            .map(drop)
            .map_err(translate)
    }

    pub(super) async fn checkpoint(&self, origin: &str) -> Result<Option<Vec<u8>>, StoreError> {
        sqlx::query_scalar(CHECKPOINT)
            .bind(origin)
            .fetch_optional(&self.writer)
            .await
            .map_err(translate)
    }

    pub(super) async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        let deleted = sqlx::query("DELETE FROM idempotency WHERE at < $1")
            .bind(before.as_microsecond())
            .execute(&self.writer)
            .await;
        deleted.map(|done| done.rows_affected()).map_err(translate)
    }

    pub(super) async fn settle(
        &self,
        intent: IntentId,
        now: Timestamp,
    ) -> Result<Settled, StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query(
            "INSERT INTO intents (id, state, at) VALUES ($1, 2, $2) ON CONFLICT DO NOTHING",
        )
        .bind(intent.uuid())
        .bind(now.as_microsecond())
        .execute(&mut *transaction)
        .await
        .map_err(translate)?;
        let state = sqlx::query_scalar("SELECT state FROM intents WHERE id = $1")
            .bind(intent.uuid())
            .fetch_one(&mut *transaction)
            .await
            .map_err(translate)?;
        transaction.commit().await.map_err(translate)?;
        settled(state)
    }

    pub(super) async fn outcome_of(&self, intent: IntentId) -> Result<Option<Settled>, StoreError> {
        let mut lane = self.readers.take().await?;
        let found = sqlx::query_scalar("SELECT state FROM intents WHERE id = $1")
            .bind(intent.uuid())
            .fetch_optional(&mut *lane)
            .await
            .map_err(translate);
        let state: Option<i16> = lane.done(found)?;
        state.map(settled).transpose()
    }

    pub(super) async fn stage(
        &self,
        batch: &Batch<'_>,
    ) -> Result<Transaction<'static, sqlx::Sqlite>, StoreError> {
        let mut transaction = self.begin().await?;
        insert_guarded(&mut transaction, batch).await?;
        Ok(transaction)
    }

    /// Writes and commits, with others who write at the same time.
    pub(super) async fn write(&self, batch: &Batch<'_>) -> Result<(), StoreError> {
        self.group.write(&self.writer, batch).await
    }
}

/// A full disk makes SQLite roll back by itself; the driver does not learn of it, and would begin nothing any more on
/// that connection. So one that comes back within a transaction is closed, and the next is a new one.
fn pool_options() -> SqlitePoolOptions {
    SqlitePoolOptions::new().after_release(|connection, _| {
        let over = !connection.is_in_transaction();
        Box::pin(async move { Ok(over) })
    })
}

/// Inserts a batch, if what it relies on is still so.
async fn insert_guarded(
    connection: &mut SqliteConnection,
    batch: &Batch<'_>,
) -> Result<(), StoreError> {
    insert::intent(connection, batch).await?;
    for (sought, expected) in &batch.guards {
        let found = match sought {
            Some(sought) => find::ids(connection, sought).await?,
            None => Vec::new(),
        };
        Batch::holds(expected, &found)?;
    }
    insert::batch(connection, batch).await
}

/// Makes an empty file that only its owner may read; the files that SQLite puts beside it get the
/// same rights.
fn create_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Ids one after the other, as one value.
fn packed(ids: &[RecordId]) -> Vec<u8> {
    ids.iter().flat_map(|id| *id.uuid().as_bytes()).collect()
}
