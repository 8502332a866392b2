//! Records in PostgreSQL (15 or newer): statements, and how a batch is written.

mod find;
mod insert;

use uuid::Uuid;
use vouchsafe::ids::{TenantId, Version};
use vouchsafe_database::{Isolation, PgPools, PgTransaction, Statement, query, query_as};

use super::StoreError;
use super::batch::Batch;
use super::rows::{HeadRow, Of, One, SealedRow, VersionRow};
use insert::Step;

pub(super) use find::{candidates, in_care};

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

pub(super) fn intern(names: Vec<&str>) -> Statement<'_> {
    query("INSERT INTO names (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING")
        .bind_array(names)
}

pub(super) fn version<'a>(of: One, version: Option<Version>) -> Statement<'a, VersionRow> {
    let statement = query_as(match version {
        None => CURRENT,
        Some(_) => VERSION,
    });
    let statement = statement
        .bind(of.tenant.uuid())
        .bind(of.record_type)
        .bind(of.id.uuid());
    match version {
        None => statement,
        Some(version) => statement.bind(i64::from(version.number())),
    }
}

pub(super) fn sealed<'a>(
    tenant: TenantId,
    record_type: i32,
    (ids, versions): (Vec<Uuid>, Vec<i64>),
) -> Statement<'a, SealedRow> {
    query_as(SEALED)
        .bind(tenant.uuid())
        .bind(record_type)
        .bind_array(ids)
        .bind_array(versions)
}

pub(super) fn heads<'a>(of: Of<'_>) -> Statement<'a, HeadRow> {
    query_as(HEADS)
        .bind(of.tenant.uuid())
        .bind(of.record_type)
        .bind_array(of.ids.iter().map(|id| id.uuid()).collect::<Vec<Uuid>>())
}

/// Runs all of a write but its commit: when the transaction has begun, its statements at once.
pub(super) async fn stage(pools: &PgPools, batch: &Batch) -> Result<PgTransaction, StoreError> {
    let (statements, ends): (Vec<_>, Vec<_>) = insert::steps(batch)
        .into_iter()
        .map(|Step { statement, end }| (statement, end))
        .unzip();
    // A statement that is sent before that answer would be committed alone if there is no transaction.
    let mut transaction = match batch.guards.as_slice() {
        [] => pools.begin_with(Isolation::ReadCommitted).await?,
        _ => guarded(pools, batch).await?,
    };
    let changed = transaction.all(&statements).await.map_err(|(at, error)| {
        let error = StoreError::from(error);
        ends.get(at).map_or(error, |end| end.of_error(error))
    })?;
    for (changed, end) in changed.into_iter().zip(ends) {
        end.of_rows(changed)?;
    }
    Ok(transaction)
}

/// Begins a transaction in which what a batch relies on is still so, and stays so until its commit, or that fails.
async fn guarded(pools: &PgPools, batch: &Batch) -> Result<PgTransaction, StoreError> {
    let mut transaction = pools.begin_with(Isolation::Serializable).await?;
    for guard in &batch.guards {
        let found = match batch.sought(guard) {
            Some(sought) => find::ids(&sought).fetch_all(&mut transaction).await?,
            None => Vec::new(),
        };
        Batch::holds(&guard.found, &found)?;
    }
    Ok(transaction)
}
