//! The standing of a caller: whether their session is valid, their rights, and the records that represent them. All of
//! it is looked up by one statement, and cached as one value.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use vouchsafe::access::Right;
use vouchsafe::ids::{PersonId, RecordId, ServiceId, TenantId};
use vouchsafe::session::{Principal, Session, TokenRefused};
use vouchsafe_database::{DatabaseError, from_row, query_as, reading};

use crate::identity::{Identity, time};
use crate::people::RecordLink;
use crate::rights::right;

/// Idle time after which a person's session ends (45 CFR 164.312(a)(2)(iii)).
pub const IDLE_LIFE: SignedDuration = SignedDuration::from_mins(15);

/// The reason why a token was not accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AuthenticationRefused {
    /// The token itself is not valid.
    #[error(transparent)]
    Token(#[from] TokenRefused),
    /// The session has ended, or never existed.
    #[error("the session has ended")]
    Ended,
    /// The session was idle for [`IDLE_LIFE`].
    #[error("the session has ended: 15 minutes without activity")]
    Idle,
    /// The person or service was disabled, or the service has expired.
    #[error("the account is disabled")]
    Disabled,
    /// The database failed, so the answer is unknown.
    #[error("sessions cannot be checked now: {0}")]
    Unavailable(DatabaseError),
}

/// A valid session, and its principal's rights and records.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The session.
    pub session: Session,
    /// The rights that are valid now.
    pub rights: Arc<[Right]>,
    /// The records that represent a person; a service has none.
    pub links: Arc<[RecordLink]>,
}

/// The stored state of a session. Its times are not yet compared with a clock.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) live: Liveness,
    rights: Vec<Right>,
    pub(crate) links: Arc<[RecordLink]>,
}

impl Held {
    /// The rights that are valid at this time.
    pub(crate) fn rights_at(&self, now: Timestamp) -> Arc<[Right]> {
        let valid = self.rights.iter().filter(|right| right.is_valid(now));
        valid.cloned().collect()
    }
}

impl Identity {
    /// Looks up a session with its principal's rights and records; `None` if it does not exist, or belongs to another
    /// principal.
    pub(crate) async fn look_up(
        &self,
        session: &Session,
    ) -> Result<Option<Arc<Held>>, DatabaseError> {
        // One statement, so that all of it belongs to one moment: a row for each pair of a right and a link.
        let rows: Vec<Row> = reading!(&self.database, on => query_as(
            "SELECT s.tenant, s.person, s.service, s.active_at, s.expires_at, s.revoked_at, \
             p.state, v.disabled_at, v.expires_at AS until, r.id, r.role, r.from_at, r.until_at, \
             l.record_type, l.record FROM sessions s \
             LEFT JOIN people p ON p.id = s.person LEFT JOIN services v ON v.id = s.service \
             LEFT JOIN rights r ON (r.person = s.person OR r.service = s.service) AND r.ended_at IS NULL \
             LEFT JOIN record_links l ON l.person = s.person AND l.ended_at IS NULL \
             WHERE s.id = $1 ORDER BY r.created_at, r.id, l.created_at, l.id",
        )
        .bind(session.id().uuid())
        .fetch_all(on))?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let live = Liveness::try_from(first)?;
        // Rights and links are of the row's principal: they are nothing to another one's token.
        if live.principal != session.principal() {
            return Ok(None);
        }
        let of_first = rows.iter().filter(|row| row.right == first.right);
        let links: Result<Vec<RecordLink>, _> = of_first.filter_map(Row::link).collect();
        let mut of_rights = rows.iter().collect::<Vec<_>>();
        of_rights.dedup_by_key(|row| row.right);
        let rights: Result<Vec<Right>, _> = of_rights.into_iter().filter_map(Row::right).collect();
        Ok(Some(Arc::new(Held {
            live,
            rights: rights?,
            links: links?.into(),
        })))
    }
}

/// The stored state of a session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Liveness {
    tenant: TenantId,
    principal: Principal,
    pub(crate) active_at: Timestamp,
    expires_at: Timestamp,
    revoked: bool,
    disabled: bool,
    /// Expiry of a service.
    until: Option<Timestamp>,
}

struct Row {
    tenant: Uuid,
    person: Option<Uuid>,
    service: Option<Uuid>,
    active_at: i64,
    expires_at: i64,
    revoked_at: Option<i64>,
    state: Option<String>,
    disabled_at: Option<i64>,
    until: Option<i64>,
    right: Option<Uuid>,
    role: Option<String>,
    right_from: Option<i64>,
    right_until: Option<i64>,
    record_type: Option<String>,
    record: Option<Uuid>,
}

from_row!(Row {
    tenant,
    person,
    service,
    active_at,
    expires_at,
    revoked_at,
    state,
    disabled_at,
    until,
    right,
    role,
    right_from,
    right_until,
    record_type,
    record
});

impl Row {
    fn right(&self) -> Option<Result<Right, DatabaseError>> {
        let id = self.right?;
        let (role, from, until) = (self.role.as_deref(), self.right_from, self.right_until);
        Some(match (role, from, until) {
            (Some(role), Some(from), Some(until)) => right(id, role, from, until),
            _ => Err(DatabaseError::Schema),
        })
    }

    fn link(&self) -> Option<Result<RecordLink, DatabaseError>> {
        let id = self.record?;
        let record_type = self.record_type.as_deref().map(str::parse);
        Some(match record_type {
            Some(Ok(record_type)) => Ok(RecordLink {
                record_type,
                id: RecordId::from_uuid(id),
            }),
            _ => Err(DatabaseError::Schema),
        })
    }
}

impl TryFrom<&Row> for Liveness {
    type Error = DatabaseError;

    fn try_from(row: &Row) -> Result<Self, DatabaseError> {
        let (principal, disabled) = match (row.person, row.service) {
            (Some(id), None) => {
                let active = row.state.as_deref() == Some("active");
                (Principal::Person(PersonId::from_uuid(id)), !active)
            }
            (None, Some(id)) => (
                Principal::Service(ServiceId::from_uuid(id)),
                row.disabled_at.is_some(),
            ),
            _ => return Err(DatabaseError::Schema),
        };
        Ok(Self {
            tenant: TenantId::from_uuid(row.tenant),
            principal,
            active_at: time(row.active_at)?,
            expires_at: time(row.expires_at)?,
            revoked: row.revoked_at.is_some(),
            disabled,
            until: row.until.map(time).transpose()?,
        })
    }
}

impl Liveness {
    pub(crate) fn check(
        &self,
        session: &Session,
        now: Timestamp,
    ) -> Result<(), AuthenticationRefused> {
        // The claims of a token that we signed must agree with the session's row.
        let same = self.tenant == session.tenant() && self.principal == session.principal();
        if !same || self.revoked || now >= self.expires_at {
            return Err(AuthenticationRefused::Ended);
        }
        if self.disabled || self.until.is_some_and(|until| now >= until) {
            return Err(AuthenticationRefused::Disabled);
        }
        let idle_from = self
            .active_at
            .saturating_add(IDLE_LIFE)
            .unwrap_or(Timestamp::MAX);
        match self.principal {
            Principal::Person(_) if now >= idle_from => Err(AuthenticationRefused::Idle),
            Principal::Person(_) | Principal::Service(_) => Ok(()),
        }
    }
}
