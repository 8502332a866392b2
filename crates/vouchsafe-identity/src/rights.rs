//! Rights: a role granted to a principal: by whom, for which reason, from when, until when. Their history stays.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use vouchsafe::access::{Right, RoleName};
use vouchsafe::ids::{PersonId, RightId, ServiceId, TenantId};
use vouchsafe::session::Principal;
use vouchsafe_database::{DatabaseError, from_row, query, query_as, reading, writing};

use crate::admin::{AdminError, Approval, reason};
use crate::event::{Actor, Event, Occurrence};
use crate::identity::{Identity, maybe_time, time};
use crate::prepared::{NotDone, Prepared};

/// The longest right; a longer one must be granted again.
pub const MAX_RIGHT: SignedDuration = SignedDuration::from_hours(366 * 24);
/// The longest right to `integration`, which sees everything.
pub const MAX_INTEGRATION_RIGHT: SignedDuration = SignedDuration::from_hours(24);
const INTEGRATION: &str = "integration";

/// Whether a role is for services only.
pub(crate) fn is_for_services(role: &RoleName) -> bool {
    role.as_str() == INTEGRATION
}

/// A right to grant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RightSpec {
    /// The role.
    pub role: RoleName,
    /// Start; a past time means now.
    pub from: Timestamp,
    /// End (exclusive).
    pub until: Timestamp,
    /// The reason.
    pub reason: String,
}

/// A right's row.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RightRow {
    /// The right itself.
    pub right: Right,
    /// The holder.
    pub holder: Principal,
    /// The requester.
    pub requested_by: String,
    /// The approver.
    pub approved_by: String,
    /// The reason.
    pub reason: String,
    /// When it was granted.
    pub created_at: Timestamp,
    /// When it was revoked, if it was.
    pub ended_at: Option<Timestamp>,
    /// The actor who revoked it.
    pub ended_by: Option<String>,
    /// The reason for the revocation.
    pub end_reason: Option<String>,
}

/// A checked right to write.
pub(crate) struct NewRight {
    pub(crate) right: Right,
    pub(crate) tenant: TenantId,
    pub(crate) holder: Principal,
    pub(crate) requested_by: String,
    pub(crate) approved_by: String,
    pub(crate) reason: String,
    pub(crate) created_at: Timestamp,
}

impl NewRight {
    /// Checks times and reason; that giver and holder differ is checked before.
    pub(crate) fn checked(
        tenant: TenantId,
        holder: Principal,
        spec: &RightSpec,
        approval: &Approval,
        now: Timestamp,
    ) -> Result<Self, AdminError> {
        let from = spec.from.max(now);
        if spec.until <= from {
            return Err(AdminError::Period);
        }
        let most = if is_for_services(&spec.role) {
            MAX_INTEGRATION_RIGHT
        } else {
            MAX_RIGHT
        };
        if spec.until.duration_since(from) > most {
            return Err(AdminError::TooLong);
        }
        Ok(Self {
            right: Right {
                id: RightId::random(),
                role: spec.role.clone(),
                from,
                until: spec.until,
            },
            tenant,
            holder,
            requested_by: approval.requested_by.label(),
            approved_by: approval.approved_by.label(),
            reason: reason(&spec.reason)?,
            created_at: now,
        })
    }

    pub(crate) fn occurrence(&self, requested_by: &Actor) -> Occurrence {
        Occurrence::RightGiven {
            right: self.right.id,
            holder: self.holder,
            role: self.right.role.clone(),
            from: self.right.from,
            until: self.right.until,
            requested_by: requested_by.clone(),
            reason: self.reason.clone(),
        }
    }
}

/// The two columns of a holder.
pub(crate) fn columns(holder: Principal) -> (Option<Uuid>, Option<Uuid>) {
    match holder {
        Principal::Person(id) => (Some(id.uuid()), None),
        Principal::Service(id) => (None, Some(id.uuid())),
    }
}

/// Writes a [`NewRight`] in a transaction.
macro_rules! insert_right {
    ($on:ident, $new:expr) => {{
        let (person, service) = $crate::rights::columns($new.holder);
        query(
            "INSERT INTO rights (id, tenant, person, service, role, requested_by, approved_by, \
             reason, created_at, from_at, until_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind($new.right.id.uuid())
        .bind($new.tenant.uuid())
        .bind(person)
        .bind(service)
        .bind($new.right.role.as_str())
        .bind(&$new.requested_by)
        .bind(&$new.approved_by)
        .bind(&$new.reason)
        .bind($new.created_at.as_microsecond())
        .bind($new.right.from.as_microsecond())
        .bind($new.right.until.as_microsecond())
        .execute(&mut *$on)
        .await?;
    }};
}
pub(crate) use insert_right;

impl Identity {
    /// Prepares to grant a right.
    ///
    /// # Errors
    /// [`AdminError`]: the approver is the holder or the owner of the holding service; the time is too long;
    /// `integration` for a person.
    pub async fn give_right(
        &self,
        tenant: TenantId,
        holder: Principal,
        spec: &RightSpec,
        approval: &Approval,
        now: Timestamp,
    ) -> Result<Prepared<'_, RightId>, AdminError> {
        let known = self.holder(tenant, holder, now).await?;
        self.may_give(tenant, &approval.approved_by, &known).await?;
        if is_for_services(&spec.role) && matches!(holder, Principal::Person(_)) {
            return Err(AdminError::ServicesOnly);
        }
        let new = NewRight::checked(tenant, holder, spec, approval, now)?;
        let what = new.occurrence(&approval.requested_by);
        let event = Event::by(tenant, approval.approved_by.clone(), now, what);
        Ok(Prepared::new(vec![event], async move {
            writing!(&self.database, on => {
                insert_right!(on, new);
            });
            self.standing.forget_all();
            Ok::<RightId, NotDone>(new.right.id)
        }))
    }

    /// Prepares to revoke a right. Everybody may give up their own.
    ///
    /// # Errors
    /// [`AdminError::NoSuchRight`].
    pub async fn end_right(
        &self,
        tenant: TenantId,
        right: RightId,
        why: &str,
        by: Actor,
        now: Timestamp,
    ) -> Result<Prepared<'_, ()>, AdminError> {
        let why = reason(why)?;
        let live: i64 = reading!(&self.database, on => query_as(
            "SELECT COUNT(*) FROM rights WHERE id = $1 AND tenant = $2 AND ended_at IS NULL",
        )
        .bind(right.uuid())
        .bind(tenant.uuid())
        .fetch_one(on))?;
        if live == 0 {
            return Err(AdminError::NoSuchRight);
        }
        let label = by.label();
        let event = Event::by(tenant, by, now, Occurrence::RightEnded(right, why.clone()));
        Ok(Prepared::new(vec![event], async move {
            let ended = writing!(&self.database, on => {
                query(
                    "UPDATE rights SET ended_at = $2, ended_by = $3, end_reason = $4 \
                     WHERE id = $1 AND ended_at IS NULL",
                )
                .bind(right.uuid()).bind(now.as_microsecond()).bind(&label).bind(&why)
                .execute(&mut *on)
                .await?

            });
            self.standing.forget_all();
            if ended == 1 {
                Ok(())
            } else {
                Err(NotDone::Overtaken)
            }
        }))
    }

    /// All past and present rights of a principal, oldest first.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn all_rights(
        &self,
        tenant: TenantId,
        principal: Principal,
    ) -> Result<Vec<RightRow>, DatabaseError> {
        let (person, service) = columns(principal);
        let rows: Vec<Row> = reading!(&self.database, on => query_as(
            "SELECT id, person, service, role, requested_by, approved_by, reason, created_at, \
             from_at, until_at, ended_at, ended_by, end_reason FROM rights \
             WHERE tenant = $1 AND (person = $2 OR service = $3) ORDER BY created_at, id",
        )
        .bind(tenant.uuid())
        .bind(person)
        .bind(service)
        .fetch_all(on))?;
        rows.into_iter().map(RightRow::try_from).collect()
    }
}

/// A right that nobody has ended, of its columns.
pub(crate) fn right(id: Uuid, role: &str, from: i64, until: i64) -> Result<Right, DatabaseError> {
    Ok(Right {
        id: RightId::from_uuid(id),
        role: role.parse().map_err(|_| DatabaseError::Schema)?,
        from: time(from)?,
        until: time(until)?,
    })
}

struct Row {
    id: Uuid,
    person: Option<Uuid>,
    service: Option<Uuid>,
    role: String,
    requested_by: String,
    approved_by: String,
    reason: String,
    created_at: i64,
    from_at: i64,
    until_at: i64,
    ended_at: Option<i64>,
    ended_by: Option<String>,
    end_reason: Option<String>,
}

from_row!(Row {
    id,
    person,
    service,
    role,
    requested_by,
    approved_by,
    reason,
    created_at,
    from_at,
    until_at,
    ended_at,
    ended_by,
    end_reason
});

impl TryFrom<Row> for RightRow {
    type Error = DatabaseError;

    fn try_from(row: Row) -> Result<Self, DatabaseError> {
        let holder = match (row.person, row.service) {
            (Some(id), None) => Principal::Person(PersonId::from_uuid(id)),
            (None, Some(id)) => Principal::Service(ServiceId::from_uuid(id)),
            _ => return Err(DatabaseError::Schema),
        };
        Ok(Self {
            right: right(row.id, &row.role, row.from_at, row.until_at)?,
            holder,
            requested_by: row.requested_by,
            approved_by: row.approved_by,
            reason: row.reason,
            created_at: time(row.created_at)?,
            ended_at: maybe_time(row.ended_at)?,
            ended_by: row.ended_by,
            end_reason: row.end_reason,
        })
    }
}
