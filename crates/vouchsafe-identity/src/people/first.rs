//! The administrator of the first start, the only person who needs no approval.

use jiff::Timestamp;
use vouchsafe::ids::{PersonId, TenantId};
use vouchsafe_database::{query_as, reading};

use super::{Existing, NewPerson};
use crate::admin::{AdminError, Approval};
use crate::enrolment::Invitation;
use crate::event::Actor;
use crate::identity::Identity;
use crate::prepared::Prepared;

impl Identity {
    /// Prepares to add the very first person, on the console of the first start. Every row says `first-start`; there
    /// can be only one, ever.
    ///
    /// # Errors
    /// [`AdminError::NotFirstStart`] if there is any person.
    pub async fn add_first_administrator(
        &self,
        tenant: TenantId,
        new: &NewPerson,
        now: Timestamp,
    ) -> Result<Prepared<'_, Invitation>, AdminError> {
        let people: i64 = reading!(&self.database, on => query_as(
            "SELECT (SELECT COUNT(*) FROM people) + (SELECT COUNT(*) FROM first_start)",
        )
        .fetch_one(on))?;
        if people > 0 {
            return Err(AdminError::NotFirstStart);
        }
        let approval = Approval::by(Actor::FirstStart);
        let person = PersonId::random();
        self.prepare_person(tenant, person, new, &approval, Existing::Nobody, now)
            .await
    }
}
