//! The list of people, their factors, and the ages of signing keys, for the examination of an installation. No secret
//! is read.

use jiff::Timestamp;
use uuid::Uuid;
use vouchsafe::ids::{PersonId, TenantId};
use vouchsafe_database::{DatabaseError, from_row, query_as, reading};

use crate::identity::{Identity, maybe_time, time};

/// A person and their factors.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PersonFactors {
    /// The id.
    pub id: PersonId,
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub login: String,
    /// When they were added.
    pub created_at: Timestamp,
    /// Whether they have enrolled.
    pub enrolled: bool,
    /// Whether they have a password.
    pub password: bool,
    /// Whether they have one-time codes.
    pub totp: bool,
    /// The roles that they have now.
    pub roles: Vec<String>,
}

/// A key that signs access tokens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SigningKeyAge {
    /// Its number.
    pub number: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stopped signing, if it did.
    pub retired_at: Option<Timestamp>,
}

struct Row {
    id: Uuid,
    name: String,
    login: String,
    state: String,
    created_at: i64,
    passwords: i64,
    totps: i64,
}

from_row!(Row {
    id,
    name,
    login,
    state,
    created_at,
    passwords,
    totps
});

impl Identity {
    /// All people of a tenant who are not disabled, by login.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn factors(
        &self,
        tenant: TenantId,
        now: Timestamp,
    ) -> Result<Vec<PersonFactors>, DatabaseError> {
        let rows: Vec<Row> = reading!(&self.database, on => query_as(
            "SELECT p.id, p.name, p.login, p.state, p.created_at, \
             (SELECT COUNT(*) FROM passwords f WHERE f.person = p.id) AS passwords, \
             (SELECT COUNT(*) FROM totp f WHERE f.person = p.id) AS totps \
             FROM people p WHERE p.tenant = $1 AND p.state <> 'disabled' ORDER BY p.login",
        )
        .bind(tenant.uuid())
        .fetch_all(on))?;
        let rights: Vec<(Uuid, String)> = reading!(&self.database, on => query_as(
            "SELECT person, role FROM rights WHERE tenant = $1 AND person IS NOT NULL \
             AND ended_at IS NULL AND from_at <= $2 AND until_at > $2 ORDER BY role",
        )
        .bind(tenant.uuid())
        .bind(now.as_microsecond())
        .fetch_all(on))?;
        let person = |row: Row| {
            let held = rights.iter().filter(|(person, _)| *person == row.id);
            let mut roles: Vec<String> = held.map(|(_, role)| role.clone()).collect();
            roles.dedup();
            Ok(PersonFactors {
                id: PersonId::from_uuid(row.id),
                name: row.name,
                login: row.login,
                created_at: time(row.created_at)?,
                enrolled: row.state == "active",
                password: row.passwords > 0,
                totp: row.totps > 0,
                roles,
            })
        };
        rows.into_iter().map(person).collect()
    }

    /// Number of unexpired services whose owner is disabled.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn services_without_owner(
        &self,
        tenant: TenantId,
        now: Timestamp,
    ) -> Result<u64, DatabaseError> {
        let count: i64 = reading!(&self.database, on => query_as(
            "SELECT COUNT(*) FROM services s JOIN people p ON p.id = s.owner_person \
             WHERE s.tenant = $1 AND s.disabled_at IS NULL AND s.expires_at > $2 AND p.state = 'disabled'",
        )
        .bind(tenant.uuid())
        .bind(now.as_microsecond())
        .fetch_one(on))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// The keys that sign tokens, or did, oldest first.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn signing_key_ages(&self) -> Result<Vec<SigningKeyAge>, DatabaseError> {
        let rows: Vec<(i64, i64, Option<i64>)> = reading!(&self.database, on => query_as(
            "SELECT number, created_at, retired_at FROM signing_keys ORDER BY number",
        )
        .fetch_all(on))?;
        let age = |(number, created_at, retired_at)| {
            Ok(SigningKeyAge {
                number: u32::try_from(number).map_err(|_| DatabaseError::Schema)?,
                created_at: time(created_at)?,
                retired_at: maybe_time(retired_at)?,
            })
        };
        rows.into_iter().map(age).collect()
    }
}
