//! Looking people up.

use jiff::Timestamp;
use uuid::Uuid;
use vouchsafe::ids::{PersonId, TenantId};
use vouchsafe::session::Principal;
use vouchsafe_database::{DatabaseError, from_row, query_as, reading};

use super::{LinkRow, PersonState, links, normal_login};
use crate::identity::{Identity, maybe_time, time};
use crate::rights::RightRow;

/// A person, in a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PersonSummary {
    /// The id.
    pub id: PersonId,
    /// The tenant.
    pub tenant: TenantId,
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub login: String,
    /// The state.
    pub state: PersonState,
    /// When they were added.
    pub created_at: Timestamp,
    /// The actor who added them.
    pub created_by: String,
    /// When they first enrolled.
    pub enrolled_at: Option<Timestamp>,
    /// When they were disabled.
    pub disabled_at: Option<Timestamp>,
    /// The actor who disabled them.
    pub disabled_by: Option<String>,
}

/// A person with all their past and present rights and links.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PersonDetail {
    /// The person.
    pub person: PersonSummary,
    /// Their rights, including ended ones, oldest first.
    pub rights: Vec<RightRow>,
    /// Their records, including unlinked ones, oldest first.
    pub links: Vec<LinkRow>,
}

struct Row {
    id: Uuid,
    tenant: Uuid,
    name: String,
    login: String,
    state: String,
    created_at: i64,
    created_by: String,
    enrolled_at: Option<i64>,
    disabled_at: Option<i64>,
    disabled_by: Option<String>,
}

from_row!(Row {
    id,
    tenant,
    name,
    login,
    state,
    created_at,
    created_by,
    enrolled_at,
    disabled_at,
    disabled_by
});

impl TryFrom<Row> for PersonSummary {
    type Error = DatabaseError;

    fn try_from(row: Row) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: PersonId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant),
            name: row.name,
            login: row.login,
            state: PersonState::parse(&row.state)?,
            created_at: time(row.created_at)?,
            created_by: row.created_by,
            enrolled_at: maybe_time(row.enrolled_at)?,
            disabled_at: maybe_time(row.disabled_at)?,
            disabled_by: row.disabled_by,
        })
    }
}

impl Identity {
    /// The people of a tenant, by login.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn people(&self, tenant: TenantId) -> Result<Vec<PersonSummary>, DatabaseError> {
        let rows: Vec<Row> = reading!(&self.database, on => query_as(
            "SELECT id, tenant, name, login, state, created_at, created_by, enrolled_at, \
             disabled_at, disabled_by FROM people WHERE tenant = $1 ORDER BY login",
        )
        .bind(tenant.uuid())
        .fetch_all(on))?;
        rows.into_iter().map(PersonSummary::try_from).collect()
    }

    /// A person of a tenant, with rights and links.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn person(
        &self,
        tenant: TenantId,
        person: PersonId,
    ) -> Result<Option<PersonDetail>, DatabaseError> {
        let row: Option<Row> = reading!(&self.database, on => query_as(
            "SELECT id, tenant, name, login, state, created_at, created_by, enrolled_at, \
             disabled_at, disabled_by FROM people WHERE tenant = $1 AND id = $2",
        )
        .bind(tenant.uuid())
        .bind(person.uuid())
        .fetch_optional(on))?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(PersonDetail {
            person: row.try_into()?,
            rights: self.all_rights(tenant, Principal::Person(person)).await?,
            links: links::rows(&self.database, person).await?,
        }))
    }

    /// The person with this login in a tenant.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn find_person(
        &self,
        tenant: TenantId,
        login: &str,
    ) -> Result<Option<PersonId>, DatabaseError> {
        let id: Option<Uuid> = reading!(&self.database, on => query_as(
            "SELECT id FROM people WHERE tenant = $1 AND login = $2",
        )
        .bind(tenant.uuid())
        .bind(normal_login(login))
        .fetch_optional(on))?;
        Ok(id.map(PersonId::from_uuid))
    }
}
