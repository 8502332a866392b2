//! The list of keys and their ages, for the examination of an installation. No key is read.

use jiff::Timestamp;
use uuid::Uuid;
use vouchsafe::ids::TenantId;
use vouchsafe_database::{DatabaseError, query_as, reading};

use super::KeyStore;

/// A key that wraps or indexes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyAge {
    /// Purpose: `root`, `branch`, `index`, `audit`, `records`.
    pub purpose: &'static str,
    /// Its version.
    pub version: u32,
    /// `active`, `decrypt-only`, `disabled`, `destroyed`.
    pub state: String,
    /// Time of creation; for a root, of its first use here.
    pub created_at: Timestamp,
}

/// The tables of a tenant's keys, each with the purpose of its keys.
const TABLES: [(&str, &str); 4] = [
    (
        "branch",
        "SELECT version, state, created_at FROM branch_keys WHERE tenant = $1 ORDER BY version",
    ),
    (
        "index",
        "SELECT version, state, created_at FROM index_keys WHERE tenant = $1 ORDER BY version",
    ),
    (
        "audit",
        "SELECT version, state, created_at FROM audit_keys WHERE tenant = $1 ORDER BY version",
    ),
    (
        "records",
        "SELECT version, state, created_at FROM tenant_keys WHERE tenant = $1 ORDER BY version",
    ),
];

impl KeyStore {
    /// The roots, and a tenant's keys except those of subjects.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn ages(&self, tenant: TenantId) -> Result<Vec<KeyAge>, DatabaseError> {
        let roots: Vec<(i32, i64)> = reading!(&self.database, on => query_as(
            "SELECT number, created_at FROM roots ORDER BY number",
        )
        .fetch_all(on))?;
        let newest = roots.last().map(|(number, _)| *number);
        let mut ages = Vec::new();
        for (number, created_at) in roots {
            let state = if Some(number) == newest {
                "active"
            } else {
                "retired"
            };
            ages.push(age("root", number, state, created_at)?);
        }
        for (purpose, statement) in TABLES {
            ages.extend(self.of(purpose, statement, tenant.uuid()).await?);
        }
        Ok(ages)
    }

    async fn of(
        &self,
        purpose: &'static str,
        statement: &'static str,
        tenant: Uuid,
    ) -> Result<Vec<KeyAge>, DatabaseError> {
        let rows: Vec<(i32, String, i64)> =
            reading!(&self.database, on => query_as(statement).bind(tenant).fetch_all(on))?;
        let ages = rows
            .iter()
            .map(|(version, state, made)| age(purpose, *version, state, *made));
        ages.collect()
    }
}

fn age(
    purpose: &'static str,
    version: i32,
    state: &str,
    created_at: i64,
) -> Result<KeyAge, DatabaseError> {
    Ok(KeyAge {
        purpose,
        version: u32::try_from(version).map_err(|_| DatabaseError::Schema)?,
        state: state.to_owned(),
        created_at: Timestamp::from_microsecond(created_at).map_err(|_| DatabaseError::Schema)?,
    })
}
