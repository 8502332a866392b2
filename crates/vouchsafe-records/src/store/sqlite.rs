//! Records in a SQLite file: statements, and how a batch is written.

mod find;
mod insert;
mod tags;

use uuid::Uuid;
use vouchsafe::ids::{RecordId, TenantId, Version};
use vouchsafe_database::{Connection, Statement, Work, query, query_as};

use super::batch::Batch;
use super::rows::{HeadRow, Of, One, SealedRow, VersionRow};
use super::{StoreError, bounded};

pub(super) use find::{candidates, in_care};

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

pub(super) fn intern(name: &str) -> Statement<'_> {
    query("INSERT INTO names (name) VALUES ($1) ON CONFLICT DO NOTHING").bind(name)
}

pub(super) fn version<'a>(of: One, version: Option<Version>) -> Statement<'a, VersionRow> {
    query_as(VERSION)
        .bind(of.tenant.uuid())
        .bind(of.record_type)
        .bind(of.id.uuid())
        .bind(version.map(|version| i64::from(version.number())))
}

pub(super) fn sealed<'a>(
    tenant: TenantId,
    record_type: i32,
    (ids, versions): (Vec<Uuid>, Vec<i64>),
) -> Statement<'a, SealedRow> {
    let count = ids.len();
    let ids: Vec<u8> = ids.iter().flat_map(|id| *id.as_bytes()).collect();
    let versions: String = versions
        .iter()
        .map(|version| format!("{version:010}"))
        .collect();
    query_as(SEALED)
        .bind(tenant.uuid())
        .bind(record_type)
        .bind(ids)
        .bind(bounded(count))
        .bind(versions)
}

pub(super) fn heads<'a>(of: Of<'_>) -> Statement<'a, HeadRow> {
    query_as(HEADS)
        .bind(of.tenant.uuid())
        .bind(of.record_type)
        .bind(packed(of.ids))
        .bind(bounded(of.ids.len()))
}

/// Inserts a batch, if what it relies on is still so.
impl Work for Batch {
    type Output = ();
    type Error = StoreError;

    async fn run(self, on: &mut Connection) -> Result<(), StoreError> {
        self.begun.in_time()?;
        insert::intent(on, &self).await?;
        for guard in &self.guards {
            let found = match self.sought(guard) {
                Some(sought) => find::ids(&sought).fetch_all(on).await?,
                None => Vec::new(),
            };
            Self::holds(&guard.found, &found)?;
        }
        insert::batch(on, &self).await
    }
}

/// Ids one after the other, as one value.
fn packed(ids: &[RecordId]) -> Vec<u8> {
    ids.iter().flat_map(|id| *id.uuid().as_bytes()).collect()
}
