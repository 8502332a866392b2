//! Services: programs that act on their own behalf, each with an owner, a purpose and an end.
//!
//! Keys of their own come later. For now a service can act only on the host itself (imports), vouched for by the
//! operating system: for any user who opens this database with its system key.

use jiff::Timestamp;
use uuid::Uuid;
use vouchsafe::ids::{PersonId, ServiceId, SessionId, TenantId};
use vouchsafe::session::{Assurance, NewSession, Principal, Session};
use vouchsafe::trusted;
use vouchsafe_database::{DatabaseError, from_row, query, query_as, reading, writing};

use crate::admin::{AdminError, Approval, Holder, name, reason};
use crate::event::{Actor, Event, Occurrence, OsUser};
use crate::identity::{Identity, maybe_time, time};
use crate::prepared::{NotDone, Prepared};
use crate::secrets::AccessToken;

/// The owner, who is responsible for a service.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ServiceOwner {
    /// A named person.
    Person(PersonId),
    /// The user who runs our command on the host.
    OsUser(OsUser),
}

/// A service to add.
#[derive(Clone, Debug)]
pub struct NewService {
    /// Its name.
    pub name: String,
    /// Its owner.
    pub owner: ServiceOwner,
    /// Its purpose.
    pub purpose: String,
    /// When it ends; at most 366 days from now.
    pub expires_at: Timestamp,
}

/// A service, in a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServiceSummary {
    /// The id.
    pub id: ServiceId,
    /// The name.
    pub name: String,
    /// The owner, as `person/...` or `os-user/...`.
    pub owner: String,
    /// Its purpose.
    pub purpose: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was disabled.
    pub disabled_at: Option<Timestamp>,
}

/// A session of a service on this host.
#[derive(Debug)]
pub struct LocalSession {
    /// The session, as the verifier made it from the token.
    pub session: Session,
    /// Its token, for use over HTTP.
    pub token: AccessToken,
}

impl Identity {
    /// Prepares to add a service. It has no right of its own.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn add_service(
        &self,
        tenant: TenantId,
        new: &NewService,
        approval: &Approval,
        now: Timestamp,
    ) -> Result<Prepared<'_, ServiceId>, AdminError> {
        // Owning a service is a duty and grants nothing: people may add a service of their own.
        self.may_give(tenant, &approval.approved_by, &Holder { person: None })
            .await?;
        let (name, purpose) = (name(&new.name)?, name(&new.purpose)?);
        let life = new.expires_at.duration_since(now);
        if !life.is_positive() {
            return Err(AdminError::Period);
        }
        if life > crate::rights::MAX_RIGHT {
            return Err(AdminError::TooLong);
        }
        let (person, os_user) = match &new.owner {
            ServiceOwner::Person(person) => {
                self.holder(tenant, Principal::Person(*person), now).await?;
                (Some(person.uuid()), None)
            }
            ServiceOwner::OsUser(user) => (None, Some(user.name().to_owned())),
        };
        let id = ServiceId::random();
        let (by, expires_at) = (
            approval.approved_by.label(),
            new.expires_at.as_microsecond(),
        );
        let what = Occurrence::ServiceAdded(id);
        let event = Event::by(tenant, approval.approved_by.clone(), now, what);
        Ok(Prepared::new(vec![event], async move {
            writing!(&self.database, on => {
                query(
                    "INSERT INTO services (id, tenant, name, owner_person, owner_os_user, purpose, \
                     created_at, created_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                )
                .bind(id.uuid()).bind(tenant.uuid()).bind(&name).bind(person).bind(os_user)
                .bind(&purpose).bind(now.as_microsecond()).bind(&by).bind(expires_at)
                .execute(&mut *on)
                .await?;
            });
            Ok::<ServiceId, NotDone>(id)
        }))
    }

    /// Prepares to disable a service: its sessions end at once.
    ///
    /// # Errors
    /// [`AdminError`].
    pub async fn disable_service(
        &self,
        tenant: TenantId,
        service: ServiceId,
        why: &str,
        by: Actor,
        now: Timestamp,
    ) -> Result<Prepared<'_, ()>, AdminError> {
        let why = reason(why)?;
        let services = self.services(tenant).await?;
        let found = services.iter().find(|found| found.id == service);
        if found
            .ok_or(AdminError::NoSuchService)?
            .disabled_at
            .is_some()
        {
            return Err(AdminError::Disabled);
        }
        let label = by.label();
        let event = Event::by(tenant, by, now, Occurrence::ServiceDisabled(service, why));
        Ok(Prepared::new(vec![event], async move {
            writing!(&self.database, on => {
                let disabled = query(
                    "UPDATE services SET disabled_at = $2, disabled_by = $3 \
                     WHERE id = $1 AND disabled_at IS NULL",
                )
                .bind(service.uuid()).bind(now.as_microsecond()).bind(&label)
                .execute(&mut *on)
                .await?;
                if disabled != 1 {
                    return Err(NotDone::Overtaken);
                }
                query(
                    "UPDATE sessions SET revoked_at = $2, revoked_by = $3 \
                     WHERE service = $1 AND revoked_at IS NULL",
                )
                .bind(service.uuid()).bind(now.as_microsecond()).bind(&label)
                .execute(&mut *on)
                .await?;
            });
            self.standing.forget_all();
            Ok(())
        }))
    }

    /// The services of a tenant, by name.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn services(&self, tenant: TenantId) -> Result<Vec<ServiceSummary>, DatabaseError> {
        let rows: Vec<Row> = reading!(&self.database, on => query_as(
            "SELECT id, name, owner_person, owner_os_user, purpose, created_at, expires_at, \
             disabled_at FROM services WHERE tenant = $1 ORDER BY name, created_at",
        )
        .bind(tenant.uuid())
        .fetch_all(on))?;
        rows.into_iter().map(ServiceSummary::try_from).collect()
    }

    /// Prepares a session of a service for a program on this host, run by this user.
    ///
    /// # Errors
    /// [`AdminError`]: there is no such service, it has expired, or it belongs to another user of the host. Any user
    /// who runs our command may use a service that a person owns.
    pub async fn local_session(
        &self,
        tenant: TenantId,
        service: ServiceId,
        user: &OsUser,
        now: Timestamp,
    ) -> Result<Prepared<'_, LocalSession>, AdminError> {
        let principal = Principal::Service(service);
        self.holder(tenant, principal, now).await?;
        let owner: Option<String> = reading!(&self.database, on => query_as(
            "SELECT owner_os_user FROM services WHERE id = $1",
        )
        .bind(service.uuid())
        .fetch_one(on))?;
        if owner.is_some_and(|owner| owner != user.name()) {
            return Err(AdminError::NotOwner);
        }
        let new = NewSession {
            id: SessionId::random(),
            tenant,
            principal,
            assurance: Assurance::Local,
        };
        let what = Occurrence::SignedIn {
            principal: new.principal,
            assurance: new.assurance,
        };
        let actor = Actor::OsUser(user.clone());
        let event = Event {
            session: Some(new.id),
            ..Event::by(tenant, actor, now, what)
        };
        Ok(Prepared::new(vec![event], async move {
            self.insert_session(&new, None, now).await?;
            let (token, _) = self.issue(&new, now);
            let verifier = &self.signing.current().verifier;
            let verified = trusted::session(verifier, token.expose(), now);
            // The token was just signed with these keys.
            let session = verified.map_err(|_| NotDone::Database(DatabaseError::Schema))?;
            Ok(LocalSession { session, token })
        }))
    }
}

struct Row {
    id: Uuid,
    name: String,
    owner_person: Option<Uuid>,
    owner_os_user: Option<String>,
    purpose: String,
    created_at: i64,
    expires_at: i64,
    disabled_at: Option<i64>,
}

from_row!(Row {
    id,
    name,
    owner_person,
    owner_os_user,
    purpose,
    created_at,
    expires_at,
    disabled_at
});

impl TryFrom<Row> for ServiceSummary {
    type Error = DatabaseError;

    fn try_from(row: Row) -> Result<Self, DatabaseError> {
        let owner = match (row.owner_person, row.owner_os_user) {
            (Some(person), None) => format!("person/{person}"),
            (None, Some(user)) => format!("os-user/{user}"),
            _ => return Err(DatabaseError::Schema),
        };
        Ok(Self {
            id: ServiceId::from_uuid(row.id),
            name: row.name,
            owner,
            purpose: row.purpose,
            created_at: time(row.created_at)?,
            expires_at: time(row.expires_at)?,
            disabled_at: maybe_time(row.disabled_at)?,
        })
    }
}
