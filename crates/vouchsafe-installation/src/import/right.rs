//! The right under which an import writes: `integration`, for a day at most, ended when it ends.

use jiff::{SignedDuration, Timestamp};
use vouchsafe::access::RoleName;
use vouchsafe::audit::Context;
use vouchsafe::ids::{RightId, ServiceId};
use vouchsafe::session::{Principal, Session};
use vouchsafe_identity::{
    AdminError, Approval, LocalSession, MAX_INTEGRATION_RIGHT, NewService, OsUser, Prepared,
    RightSpec, ServiceOwner,
};
use vouchsafe_server::service::{Service, now};

use crate::principal::{actor, os_user};
use crate::told;

/// The name of the service that imports act as; each user of the host has one of their own.
const NAME: &str = "import";
/// A right that ends within this time is replaced.
const RENEW_RIGHT: SignedDuration = SignedDuration::from_mins(30);
/// A service that ends within this time is left, and a new one made.
const SERVICE_LEFT: SignedDuration = SignedDuration::from_hours(48);
const SERVICE_LIFE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// A service with the right to import, and its session.
pub(crate) struct Integration {
    id: ServiceId,
    right: RightId,
    until: Timestamp,
    session: Session,
}

impl Integration {
    /// Gives the import's service its right, and begins its session. What an import before left,
    /// because it was cut off, is taken back first; the caller sees to it that none runs.
    pub(crate) async fn begin(service: &Service) -> anyhow::Result<Self> {
        let user = os_user();
        let id = importer(service, &user).await?;
        end_leftovers(service, id).await?;
        let (right, until) = give(service, id).await?;
        let session = local_session(service, id, &user).await?.session;
        Ok(Self {
            id,
            right,
            until,
            session,
        })
    }

    /// The session, renewed when its time runs out; and the right with it.
    pub(crate) async fn session(&mut self, service: &Service) -> anyhow::Result<Session> {
        let now = now();
        if self.until.duration_since(now) < RENEW_RIGHT {
            let old = self.right;
            (self.right, self.until) = give(service, self.id).await?;
            end(service, old, "replaced: the import goes on").await?;
        }
        let life = self
            .session
            .expires_at()
            .duration_since(self.session.issued_at());
        if self.session.expires_at().duration_since(now) < life / 4 {
            let old = self.session.clone();
            self.session = local_session(service, self.id, &os_user()).await?.session;
            sign_out(service, &old).await?;
        }
        Ok(self.session.clone())
    }

    /// Ends the right and the session.
    pub(crate) async fn end(self, service: &Service) -> anyhow::Result<()> {
        end(service, self.right, "the import has ended").await?;
        sign_out(service, &self.session).await
    }
}

/// The service that stands for this user's imports.
///
/// It stays the same: idempotency keys are its own, so a repeated write is known as such.
async fn importer(service: &Service, user: &OsUser) -> anyhow::Result<ServiceId> {
    let (tenant, now) = (service.tenant(), now());
    let owner = ServiceOwner::OsUser(user.clone());
    let label = format!("os-user/{}", user.name());
    let services = service
        .identity
        .services(tenant)
        .await
        .map_err(|error| told(&error))?;
    let usable = services.into_iter().find(|found| {
        found.name == NAME
            && found.owner == label
            && found.disabled_at.is_none()
            && found.expires_at.duration_since(now) > SERVICE_LEFT
    });
    if let Some(usable) = usable {
        return Ok(usable.id);
    }
    let new = NewService {
        name: NAME.to_owned(),
        owner,
        purpose: "vouchsafe import".to_owned(),
        expires_at: after(now, SERVICE_LIFE),
    };
    let approval = Approval::by(actor());
    let prepared = service
        .identity
        .add_service(tenant, &new, &approval, now)
        .await;
    change(service, prepared).await
}

async fn end_leftovers(service: &Service, id: ServiceId) -> anyhow::Result<()> {
    let holder = Principal::Service(id);
    let rights = service.identity.all_rights(service.tenant(), holder).await;
    for row in rights.map_err(|error| told(&error))? {
        if row.ended_at.is_none() && row.right.until > now() {
            end(
                service,
                row.right.id,
                "left over from an import that was cut off",
            )
            .await?;
        }
    }
    Ok(())
}

async fn give(service: &Service, id: ServiceId) -> anyhow::Result<(RightId, Timestamp)> {
    let now = now();
    let role: RoleName = "integration".parse().map_err(|error| told(&error))?;
    let spec = RightSpec {
        role,
        from: now,
        until: after(now, MAX_INTEGRATION_RIGHT),
        reason: "vouchsafe import".to_owned(),
    };
    let (holder, approval) = (Principal::Service(id), Approval::by(actor()));
    let identity = &service.identity;
    let prepared = identity
        .give_right(service.tenant(), holder, &spec, &approval, now)
        .await;
    Ok((change(service, prepared).await?, spec.until))
}

async fn end(service: &Service, right: RightId, why: &str) -> anyhow::Result<()> {
    let identity = &service.identity;
    let prepared = identity
        .end_right(service.tenant(), right, why, actor(), now())
        .await;
    change(service, prepared).await
}

/// A session of a service on this host.
pub(crate) async fn local_session(
    service: &Service,
    id: ServiceId,
    user: &OsUser,
) -> anyhow::Result<LocalSession> {
    let identity = &service.identity;
    let prepared = identity
        .local_session(service.tenant(), id, user, now())
        .await;
    change(service, prepared).await
}

async fn sign_out(service: &Service, session: &Session) -> anyhow::Result<()> {
    let prepared = service.identity.sign_out(session, now());
    change(service, Ok(prepared)).await
}

async fn change<T>(
    service: &Service,
    prepared: Result<Prepared<'_, T>, AdminError>,
) -> anyhow::Result<T> {
    let prepared = prepared.map_err(|error| told(&error))?;
    let changed = service.change(prepared, &Context::default()).await;
    changed.map_err(|error| told(&error))
}

fn after(now: Timestamp, time: SignedDuration) -> Timestamp {
    now.saturating_add(time).unwrap_or(Timestamp::MAX)
}
