//! Named people: added with a one-time link, listed, disabled, linked to records.

mod first;
mod links;
mod list;

use jiff::Timestamp;
use vouchsafe::ids::{PersonId, TenantId};
use vouchsafe_database::{Database, DatabaseError, query, query_as, reading, writing};

use crate::admin::{AdminError, Approval, name, reason};
use crate::enrolment::{Invitation, Link, insert_link};
use crate::event::{Actor, Event, Occurrence};
use crate::identity::Identity;
use crate::prepared::{NotDone, Prepared};
use crate::rights::{NewRight, RightSpec, insert_right, is_for_services};

pub use links::{LinkRow, RecordLink};
pub use list::{PersonDetail, PersonSummary};

/// The state of a person.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PersonState {
    /// Has a link and no factors yet.
    Invited,
    /// May sign in.
    Active,
    /// May not sign in.
    Disabled,
}

impl PersonState {
    /// The name, in rows and output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, DatabaseError> {
        [Self::Invited, Self::Active, Self::Disabled]
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or(DatabaseError::Schema)
    }
}

/// A person to add.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub login: String,
    /// Their first rights.
    pub rights: Vec<RightSpec>,
}

/// The normal spelling of a login.
pub(crate) fn normal_login(login: &str) -> String {
    login.trim().to_lowercase()
}

fn checked_login(login: &str) -> Result<String, AdminError> {
    let login = normal_login(login);
    let parts = login.split_once('@');
    let good = login.len() <= 254
        && parts.is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@')
        })
        && !login.chars().any(|c| c.is_whitespace() || c.is_control());
    if good {
        Ok(login)
    } else {
        Err(AdminError::Login)
    }
}

impl Identity {
    /// Prepares to add a person with their first rights; confirming returns their one-time link.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn add_person(
        &self,
        tenant: TenantId,
        new: &NewPerson,
        approval: &Approval,
        now: Timestamp,
    ) -> Result<Prepared<'_, Invitation>, AdminError> {
        let person = PersonId::random();
        let holder = crate::admin::Holder {
            person: Some(person),
        };
        self.may_give(tenant, &approval.approved_by, &holder)
            .await?;
        self.prepare_person(tenant, person, new, approval, Existing::Any, now)
            .await
    }

    async fn prepare_person(
        &self,
        tenant: TenantId,
        person: PersonId,
        new: &NewPerson,
        approval: &Approval,
        existing: Existing,
        now: Timestamp,
    ) -> Result<Prepared<'_, Invitation>, AdminError> {
        let row = PersonRow {
            person,
            tenant,
            name: name(&new.name)?,
            login: checked_login(&new.login)?,
            created_by: approval.approved_by.label(),
        };
        if login_taken(&self.database, &row.login).await? {
            return Err(AdminError::LoginTaken);
        }
        if new.rights.iter().any(|right| is_for_services(&right.role)) {
            return Err(AdminError::ServicesOnly);
        }
        let by = |what| Event::by(tenant, approval.approved_by.clone(), now, what);
        let mut events = vec![by(Occurrence::PersonAdded(person))];
        let mut rights = Vec::with_capacity(new.rights.len());
        for spec in &new.rights {
            let right = NewRight::checked(tenant, row.principal(), spec, approval, now)?;
            events.push(by(right.occurrence(&approval.requested_by)));
            rights.push(right);
        }
        let link = Link::new(&self.seal, person, &row.created_by, now)?;
        Ok(Prepared::new(events, async move {
            insert_person(&self.database, &row, &rights, &link, existing, now).await?;
            Ok(link.invitation())
        }))
    }

    /// Prepares to disable a person: their sessions and links end at once.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn disable_person(
        &self,
        tenant: TenantId,
        person: PersonId,
        why: &str,
        by: Actor,
        now: Timestamp,
    ) -> Result<Prepared<'_, ()>, AdminError> {
        let why = reason(why)?;
        match self.state_of(tenant, person).await? {
            None => return Err(AdminError::NoSuchPerson),
            Some(PersonState::Disabled) => return Err(AdminError::Disabled),
            Some(PersonState::Invited | PersonState::Active) => {}
        }
        let label = by.label();
        let event = Event::by(tenant, by, now, Occurrence::PersonDisabled(person, why));
        Ok(Prepared::new(vec![event], async move {
            disable(&self.database, person, &label, now).await?;
            self.standing.forget_all();
            Ok(())
        }))
    }
}

/// The condition on existing people when a person is added.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Existing {
    Any,
    /// Nobody: the person is the administrator of the first start.
    Nobody,
}

struct PersonRow {
    person: PersonId,
    tenant: TenantId,
    name: String,
    login: String,
    created_by: String,
}

impl PersonRow {
    const fn principal(&self) -> vouchsafe::session::Principal {
        vouchsafe::session::Principal::Person(self.person)
    }
}

async fn login_taken(database: &Database, login: &str) -> Result<bool, DatabaseError> {
    let count: i64 = reading!(database, on => query_as(
        "SELECT COUNT(*) FROM people WHERE login = $1",
    )
    .bind(login)
    .fetch_one(on))?;
    Ok(count > 0)
}

async fn insert_person(
    database: &Database,
    row: &PersonRow,
    rights: &[NewRight],
    link: &Link,
    existing: Existing,
    now: Timestamp,
) -> Result<(), NotDone> {
    let micros = now.as_microsecond();
    writing!(database, on => {
        if existing == Existing::Nobody {
            // The primary key admits one first start, whatever others try at the same moment.
            let first = query(
                "INSERT INTO first_start (one, person, at) \
                 SELECT 1, $1, $2 WHERE NOT EXISTS (SELECT 1 FROM people) ON CONFLICT DO NOTHING",
            )
            .bind(row.person.uuid()).bind(micros)
            .execute(&mut *on)
            .await?;
            if first != 1 {
                return Err(NotDone::Overtaken);
            }
        }
        let added = query(
            "INSERT INTO people (id, tenant, name, login, state, created_at, created_by) \
             VALUES ($1, $2, $3, $4, 'invited', $5, $6) ON CONFLICT DO NOTHING",
        )
        .bind(row.person.uuid()).bind(row.tenant.uuid()).bind(&row.name).bind(&row.login)
        .bind(micros).bind(&row.created_by)
        .execute(&mut *on)
        .await?;
        if added != 1 {
            return Err(NotDone::Overtaken);
        }
        for right in rights {
            insert_right!(on, right);
        }
        insert_link!(on, link);
    });
    Ok(())
}

async fn disable(
    database: &Database,
    person: PersonId,
    by: &str,
    now: Timestamp,
) -> Result<(), NotDone> {
    let micros = now.as_microsecond();
    writing!(database, on => {
        let disabled = query(
            "UPDATE people SET state = 'disabled', disabled_at = $2, disabled_by = $3 \
             WHERE id = $1 AND state <> 'disabled'",
        )
        .bind(person.uuid()).bind(micros).bind(by)
        .execute(&mut *on)
        .await?;
        if disabled != 1 {
            return Err(NotDone::Overtaken);
        }
        query(
            "UPDATE sessions SET revoked_at = $2, revoked_by = $3 \
             WHERE person = $1 AND revoked_at IS NULL",
        )
        .bind(person.uuid()).bind(micros).bind(by)
        .execute(&mut *on)
        .await?;
        query(
            "UPDATE enrolments SET withdrawn_at = $2 \
             WHERE person = $1 AND used_at IS NULL AND withdrawn_at IS NULL",
        )
        .bind(person.uuid()).bind(micros)
        .execute(&mut *on)
        .await?;
    });
    Ok(())
}
