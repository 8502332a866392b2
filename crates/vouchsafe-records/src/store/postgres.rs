//! Records in PostgreSQL (15 or newer), over TLS that is always verified.

mod find;
mod insert;

use jiff::Timestamp;
use uuid::Uuid;
use vouchsafe::ids::{IntentId, SubjectId, TenantId, Version};
use vouchsafe::seal::IndexTag;
use vouchsafe_database::{DatabaseError, PgPools, PgTransaction};

use super::batch::Batch;
use super::error::translate;
use super::rows::{
    CHECKPOINT, Care, CareRow, HeadRow, KEEP_CHECKPOINT, Of, One, RepeatedRow, SealedRow, Sought,
    VersionRow, settled,
};
use super::{Settled, StoreError};

/// Settings of the sessions of a record database. All statements have an index, and a plan that was made while tables were
/// small must not read them whole when they are large.
pub(super) const SESSION: &[(&str, &str)] = &[("enable_seqscan", "off"), ("jit", "off")];

/// `$1` tenant, `$2` type, `$3` ids.
///
/// What is looked up for each id is fenced off (`LATERAL ... OFFSET 0`): a planner without
/// statistics would rather read all of a tenant's records.
const HEADS: &str = "SELECT r.* FROM unnest($3::uuid[]) w(id) CROSS JOIN LATERAL ( \
        SELECT r.id, r.version, r.subject, r.deleted, r.last_updated FROM records r \
        WHERE r.tenant = $1 AND r.type = $2 AND r.id = w.id OFFSET 0) r";

/// `$1` tenant, `$2` type, `$3` id.
const CURRENT: &str = "SELECT v.id, v.version, v.subject, v.deleted, v.last_updated, v.manifest, \
        v.sealed FROM records r CROSS JOIN LATERAL (SELECT v.* FROM versions v \
            WHERE v.tenant = $1 AND v.type = $2 AND v.id = $3 AND v.version = r.version OFFSET 0) v \
        WHERE r.tenant = $1 AND r.type = $2 AND r.id = $3";

/// As [`CURRENT`]; `$4` the version.
const VERSION: &str = "SELECT v.id, v.version, v.subject, v.deleted, v.last_updated, v.manifest, \
        v.sealed FROM versions v \
        WHERE v.tenant = $1 AND v.type = $2 AND v.id = $3 AND v.version = $4";

/// `$1` tenant, `$2` type, `$3` ids, `$4` the version of each.
const SEALED: &str = "SELECT v.* FROM unnest($3::uuid[], $4::bigint[]) w(id, version) \
        CROSS JOIN LATERAL (SELECT v.id, v.version, v.sealed FROM versions v WHERE v.tenant = $1 \
        AND v.type = $2 AND v.id = w.id AND v.version = w.version OFFSET 0) v";

const STATE: &str = "SELECT state FROM intents WHERE id = $1";

/// A database of records on a server.
#[derive(Clone, Debug)]
pub(super) struct Postgres(pub(super) PgPools);

impl Postgres {
    /// Adds names that are new; all there are.
    pub(super) async fn intern(&self, names: &[&str]) -> Result<Vec<(i32, String)>, DatabaseError> {
        let select = "SELECT no, name FROM names";
        let mut lane = self.0.writers().take().await?;
        let found = sqlx::query_as(select).fetch_all(&mut *lane).await;
        let known: Vec<(i32, String)> = lane.done(found)?;
        let new: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| !known.iter().any(|(_, known)| known == name))
            .collect();
        if new.is_empty() {
            return Ok(known);
        }
        let mut lane = self.0.writers().take().await?;
        sqlx::query("INSERT INTO names (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING")
            .bind(new)
            .execute(&mut *lane)
            .await?;
        let found = sqlx::query_as(select).fetch_all(&mut *lane).await;
        Ok(lane.done(found)?)
    }

    pub(super) async fn version(
        &self,
        of: One,
        version: Option<Version>,
    ) -> Result<Vec<VersionRow>, StoreError> {
        let query = sqlx::query_as(match version {
            None => CURRENT,
            Some(_) => VERSION,
        });
        let query = query
            .bind(of.tenant.uuid())
            .bind(of.record_type)
            .bind(of.id.uuid());
        let query = match version {
            None => query,
            Some(version) => query.bind(i64::from(version.number())),
        };
        let mut lane = self.0.readers().take().await?;
        let found = query.fetch_all(&mut *lane).await.map_err(translate);
        lane.done(found)
    }

    pub(super) async fn sealed(
        &self,
        tenant: TenantId,
        record_type: i32,
        (ids, versions): (Vec<Uuid>, Vec<i64>),
    ) -> Result<Vec<SealedRow>, StoreError> {
        let mut lane = self.0.readers().take().await?;
        let found = sqlx::query_as(SEALED)
            .bind(tenant.uuid())
            .bind(record_type)
            .bind(ids)
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
            .bind(of.ids.iter().map(|id| id.uuid()).collect::<Vec<Uuid>>())
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
             WHERE tenant = $1 AND type = $2 AND id = $3 \
             AND version < COALESCE($4, 4294967296) ORDER BY version DESC LIMIT $5",
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
        let mut lane = self.0.writers().take().await?;
        let kept = sqlx::query(KEEP_CHECKPOINT)
            .bind(origin)
            .bind(size)
            .bind(note)
            .execute(&mut *lane)
            .await;
        lane.done(kept.map(drop).map_err(translate))
    }

    pub(super) async fn checkpoint(&self, origin: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut lane = self.0.readers().take().await?;
        let found = sqlx::query_scalar(CHECKPOINT)
            .bind(origin)
            .fetch_optional(&mut *lane)
            .await;
        lane.done(found.map_err(translate))
    }

    pub(super) async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut lane = self.0.writers().take().await?;
        let deleted = sqlx::query("DELETE FROM idempotency WHERE at < $1")
            .bind(before.as_microsecond())
            .execute(&mut *lane)
            .await;
        lane.done(deleted.map(|done| done.rows_affected()).map_err(translate))
    }

    /// The insert waits for a transaction that has the same id; then it is there, or it is not.
    pub(super) async fn settle(
        &self,
        intent: IntentId,
        now: Timestamp,
    ) -> Result<Settled, StoreError> {
        let mut lane = self.0.writers().take().await?;
        sqlx::query(
            "INSERT INTO intents (id, state, at) VALUES ($1, 2, $2) ON CONFLICT DO NOTHING",
        )
        .bind(intent.uuid())
        .bind(now.as_microsecond())
        .execute(&mut *lane)
        .await
        .map_err(translate)?;
        // By the same connection: another one may be to a server that is behind.
        let found = sqlx::query_scalar(STATE)
            .bind(intent.uuid())
            .fetch_optional(&mut *lane)
            .await;
        let state: Option<i16> = lane.done(found.map_err(translate))?;
        settled(state.ok_or(StoreError::Damaged)?)
    }

    pub(super) async fn outcome_of(&self, intent: IntentId) -> Result<Option<Settled>, StoreError> {
        let mut lane = self.0.readers().take().await?;
        let found = sqlx::query_scalar(STATE)
            .bind(intent.uuid())
            .fetch_optional(&mut *lane)
            .await
            .map_err(translate);
        let state: Option<i16> = lane.done(found)?;
        state.map(settled).transpose()
    }

    pub(super) async fn stage(&self, batch: &Batch<'_>) -> Result<PgTransaction, StoreError> {
        let begin = if batch.guards.is_empty() {
            "BEGIN ISOLATION LEVEL READ COMMITTED"
        } else {
            "BEGIN ISOLATION LEVEL SERIALIZABLE"
        };
        let mut transaction = self.0.begin_with(begin).await?;
        insert::intent(&mut transaction, batch).await?;
        for (sought, expected) in &batch.guards {
            let found = match sought {
                Some(sought) => find::ids(&mut transaction, sought).await?,
                None => Vec::new(),
            };
            Batch::holds(expected, &found)?;
        }
        insert::batch(&mut transaction, batch).await?;
        Ok(transaction)
    }
}
