//! Records in a SQLite file.

mod find;
mod insert;

use jiff::Timestamp;
use sqlx::Transaction;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;
use vouchsafe::ids::{IntentId, RecordId, SubjectId, TenantId, Version};
use vouchsafe::seal::IndexTag;
use vouchsafe_database::{DatabaseError, File, Work};

use super::batch::Batch;
use super::error::translate;
use super::rows::{
    CHECKPOINT, Care, CareRow, HeadRow, KEEP_CHECKPOINT, Of, One, RepeatedRow, SealedRow, Sought,
    VersionRow, settled,
};
use super::{Settled, StoreError, bounded};

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
pub(super) struct Sqlite(pub(super) File);

impl Sqlite {
    /// Adds names that are new; all there are.
    pub(super) async fn intern(&self, names: &[&str]) -> Result<Vec<(i32, String)>, DatabaseError> {
        let select = "SELECT no, name FROM names";
        let mut lane = self.0.readers().take().await?;
        let known = sqlx::query_as(select).fetch_all(&mut *lane).await;
        let known: Vec<(i32, String)> = lane.done(known)?;
        if names
            .iter()
            .all(|name| known.iter().any(|(_, known)| known == name))
        {
            return Ok(known);
        }
        let mut transaction = self.0.begin().await?;
        for name in names {
            sqlx::query("INSERT INTO names (name) VALUES ($1) ON CONFLICT DO NOTHING")
                .bind(*name)
                .execute(&mut *transaction)
                .await?;
        }
        let known = sqlx::query_as(select).fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(known)
    }

    pub(super) async fn version(
        &self,
        of: One,
        version: Option<Version>,
    ) -> Result<Vec<VersionRow>, StoreError> {
        let mut lane = self.0.readers().take().await?;
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
        let mut lane = self.0.readers().take().await?;
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
        let mut lane = self.0.readers().take().await?;
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
        let mut lane = self.0.readers().take().await?;
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
        let mut lane = self.0.readers().take().await?;
        let found = find::candidates(&mut lane, sought).await;
        lane.done(found)
    }

    pub(super) async fn count(&self, sought: &Sought<'_>) -> Result<u64, StoreError> {
        let mut lane = self.0.readers().take().await?;
        let found = find::count(&mut lane, sought).await;
        lane.done(found)
    }

    pub(super) async fn in_care(&self, care: Care<'_>) -> Result<Vec<SubjectId>, StoreError> {
        if care.beneficiaries.is_empty() || care.subjects.is_some_and(<[_]>::is_empty) {
            return Ok(Vec::new());
        }
        let mut lane = self.0.readers().take().await?;
        let found = find::in_care(&mut lane, care).await;
        let found = lane.done(found)?;
        Ok(found.into_iter().map(SubjectId::from_uuid).collect())
    }

    pub(super) async fn relations(&self, of: One) -> Result<Vec<CareRow>, StoreError> {
        let mut lane = self.0.readers().take().await?;
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
        let mut lane = self.0.readers().take().await?;
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
            .execute(self.0.writer())
            .await
            .map(drop)
            .map_err(translate)
    }

    pub(super) async fn checkpoint(&self, origin: &str) -> Result<Option<Vec<u8>>, StoreError> {
        sqlx::query_scalar(CHECKPOINT)
            .bind(origin)
            .fetch_optional(self.0.writer())
            .await
            .map_err(translate)
    }

    pub(super) async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        let deleted = sqlx::query("DELETE FROM idempotency WHERE at < $1")
            .bind(before.as_microsecond())
            .execute(self.0.writer())
            .await;
        deleted.map(|done| done.rows_affected()).map_err(translate)
    }

    pub(super) async fn settle(
        &self,
        intent: IntentId,
        now: Timestamp,
    ) -> Result<Settled, StoreError> {
        let mut transaction = self.0.begin().await?;
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
        let mut lane = self.0.readers().take().await?;
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
        let mut transaction = self.0.begin().await?;
        insert_guarded(&mut transaction, batch).await?;
        Ok(transaction)
    }

    /// Writes and commits, with others who write at the same time.
    pub(super) async fn write(&self, batch: &Batch<'_>) -> Result<(), StoreError> {
        self.0.write(batch).await
    }
}

impl Work for &Batch<'_> {
    type Output = ();
    type Error = StoreError;

    async fn run(self, on: &mut SqliteConnection) -> Result<(), StoreError> {
        insert_guarded(on, self).await
    }
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

/// Ids one after the other, as one value.
fn packed(ids: &[RecordId]) -> Vec<u8> {
    ids.iter().flat_map(|id| *id.uuid().as_bytes()).collect()
}
