//! Common parts of administration: approvals, and the reasons for refusals.

use jiff::Timestamp;
use uuid::Uuid;
use vouchsafe::ids::{PersonId, TenantId};
use vouchsafe::session::Principal;
use vouchsafe_database::{DatabaseError, query_as, reading};

use crate::event::Actor;
use crate::identity::Identity;
use crate::people::PersonState;

/// The requester and the approver of a change.
///
/// The caller must check beforehand that the approver has the right to approve. A rule that the two differ belongs to
/// grants, which come later. This crate checks that nobody approves their own right.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Approval {
    /// The requester.
    pub requested_by: Actor,
    /// The approver.
    pub approved_by: Actor,
}

impl Approval {
    /// A change that an actor both requests and approves.
    #[must_use]
    pub fn by(actor: Actor) -> Self {
        Self {
            requested_by: actor.clone(),
            approved_by: actor,
        }
    }
}

/// The reason why a change was refused, or could not be prepared.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AdminError {
    /// This tenant has no such person.
    #[error("there is no such person")]
    NoSuchPerson,
    /// This tenant has no such service.
    #[error("there is no such service")]
    NoSuchService,
    /// This tenant has no such right, or it has ended.
    #[error("there is no such right, or it has ended")]
    NoSuchRight,
    /// There is no such link, or it has ended.
    #[error("there is no such link, or it has ended")]
    NoSuchLink,
    /// The person or service is disabled.
    #[error("the person or service is disabled")]
    Disabled,
    /// Another person has that login.
    #[error("another person has this login already")]
    LoginTaken,
    /// A login is an e-mail address.
    #[error("a login is an e-mail address of at most 254 characters")]
    Login,
    /// A name has 1 to 200 characters.
    #[error("a name or purpose has 1 to 200 characters")]
    Name,
    /// A reason has 1 to 500 characters.
    #[error("a reason has 1 to 500 characters")]
    Reason,
    /// Nobody can give themselves a right, care or a way to sign in.
    #[error("a person cannot give this to themselves")]
    SelfGiven,
    /// The approver is not an active person of this tenant.
    #[error("the approver is not an active person of this tenant")]
    Approver,
    /// The period ends before it begins.
    #[error("the end is not after the start, or lies in the past")]
    Period,
    /// The period is longer than the maximum for such a right.
    #[error("the right lasts too long: at most 24 hours for integration, 366 days for others")]
    TooLong,
    /// The role `integration` is for services.
    #[error("the role integration is for services only")]
    ServicesOnly,
    /// There are people already.
    #[error("this is not the first start: the installation has people already")]
    NotFirstStart,
    /// The record is linked to a person.
    #[error("the record is linked to another person already")]
    Linked,
    /// The requester of the session is not the service's owner.
    #[error("the service belongs to somebody else")]
    NotOwner,
    /// No randomness is available.
    #[error("the operating system returns no random bytes")]
    Random,
    /// The database failed.
    #[error("database: {0}")]
    Database(#[from] DatabaseError),
}

/// A text of 1 to `most` characters without control characters, trimmed.
pub(crate) fn text(text: &str, most: usize, refused: AdminError) -> Result<String, AdminError> {
    let text = text.trim();
    let good = (1..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if good {
        Ok(text.to_owned())
    } else {
        Err(refused)
    }
}

pub(crate) fn name(name: &str) -> Result<String, AdminError> {
    text(name, 200, AdminError::Name)
}

pub(crate) fn reason(reason: &str) -> Result<String, AdminError> {
    text(reason, 500, AdminError::Reason)
}

/// The state of a principal who is to be given something.
pub(crate) struct Holder {
    /// The person who benefits: the person, or the person who owns the service.
    pub(crate) person: Option<PersonId>,
}

impl Identity {
    /// The state of a person in this tenant.
    pub(crate) async fn state_of(
        &self,
        tenant: TenantId,
        person: PersonId,
    ) -> Result<Option<PersonState>, DatabaseError> {
        let state: Option<String> = reading!(&self.database, on => query_as(
            "SELECT state FROM people WHERE id = $1 AND tenant = $2",
        )
        .bind(person.uuid())
        .bind(tenant.uuid())
        .fetch_optional(on))?;
        state.map(|state| PersonState::parse(&state)).transpose()
    }

    /// A principal of this tenant who is not disabled.
    pub(crate) async fn holder(
        &self,
        tenant: TenantId,
        principal: Principal,
        now: Timestamp,
    ) -> Result<Holder, AdminError> {
        match principal {
            Principal::Person(person) => match self.state_of(tenant, person).await? {
                None => Err(AdminError::NoSuchPerson),
                Some(PersonState::Disabled) => Err(AdminError::Disabled),
                Some(PersonState::Invited | PersonState::Active) => Ok(Holder {
                    person: Some(person),
                }),
            },
            Principal::Service(service) => {
                let row: Option<(Option<Uuid>, Option<i64>, i64)> = reading!(&self.database, on => query_as(
                        "SELECT owner_person, disabled_at, expires_at FROM services \
                         WHERE id = $1 AND tenant = $2",
                    )
                    .bind(service.uuid())
                    .bind(tenant.uuid())
                    .fetch_optional(on))?;
                let (owner, disabled_at, expires_at) = row.ok_or(AdminError::NoSuchService)?;
                if disabled_at.is_some() || expires_at <= now.as_microsecond() {
                    return Err(AdminError::Disabled);
                }
                Ok(Holder {
                    person: owner.map(PersonId::from_uuid),
                })
            }
        }
    }

    /// Refuses an actor who gives something to themselves, or who cannot give it.
    pub(crate) async fn may_give(
        &self,
        tenant: TenantId,
        giver: &Actor,
        holder: &Holder,
    ) -> Result<(), AdminError> {
        match giver {
            Actor::Principal(Principal::Person(giver)) => {
                if holder.person == Some(*giver) {
                    return Err(AdminError::SelfGiven);
                }
                match self.state_of(tenant, *giver).await? {
                    Some(PersonState::Active) => Ok(()),
                    Some(PersonState::Invited | PersonState::Disabled) | None => {
                        Err(AdminError::Approver)
                    }
                }
            }
            // A program approves nothing, and the first start has its own function.
            Actor::Principal(Principal::Service(_)) | Actor::FirstStart => {
                Err(AdminError::Approver)
            }
            Actor::OsUser(_) => Ok(()),
        }
    }
}
