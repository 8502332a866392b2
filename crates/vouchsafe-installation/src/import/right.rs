//! The right of an import: `integration`, for a day at most, ended when the import ends.

use jiff::{SignedDuration, Timestamp};
use vouchsafe::access::RoleName;
use vouchsafe::audit::Context;
use vouchsafe::ids::{RightId, ServiceId};
use vouchsafe::session::{Principal, Session};
use vouchsafe_identity::{
    Actor, AdminError, Approval, LocalSession, MAX_INTEGRATION_RIGHT, NewService, OsUser, Prepared,
    RightSpec, ServiceOwner,
};

use crate::change::ChangeError;
use crate::clock::now;
use crate::installation::Installation;

/// The name of the service that imports act as; each user of the host has a service of their own.
const NAME: &str = "import";
/// A right that ends within this time is replaced.
const RENEW_RIGHT: SignedDuration = SignedDuration::from_mins(30);
/// A service that ends within this time is replaced.
const SERVICE_LEFT: SignedDuration = SignedDuration::from_hours(48);
const SERVICE_LIFE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// A service with the right to import, and its session.
#[derive(Debug)]
pub(super) struct Integration {
    user: OsUser,
    id: ServiceId,
    right: RightId,
    until: Timestamp,
    session: Session,
}

impl Integration {
    /// Grants the right to the import's service, and begins its session. Rights that an interrupted import left are
    /// ended first; the caller ensures that none runs.
    pub(super) async fn begin(
        installation: &Installation,
        user: OsUser,
    ) -> Result<Self, ChangeError> {
        let id = importer(installation, &user).await?;
        end_leftovers(installation, id, &user).await?;
        let (right, until) = give(installation, id, &user).await?;
        let session = match local_session(installation, id, &user).await {
            Ok(local) => local.session,
            Err(error) => {
                // If this fails too, the right ends at its time, or with the next import.
                let _ = end(installation, right, "the import did not begin", &user).await;
                return Err(error);
            }
        };
        Ok(Self {
            user,
            id,
            right,
            until,
            session,
        })
    }

    /// The session, renewed before it expires, together with the right.
    pub(super) async fn session(
        &mut self,
        installation: &Installation,
    ) -> Result<Session, ChangeError> {
        let now = now();
        if self.until.duration_since(now) < RENEW_RIGHT {
            let old = self.right;
            (self.right, self.until) = give(installation, self.id, &self.user).await?;
            let why = "replaced: the import goes on";
            end(installation, old, why, &self.user).await?;
        }
        let life = self
            .session
            .expires_at()
            .duration_since(self.session.issued_at());
        if self.session.expires_at().duration_since(now) < life / 4 {
            let old = self.session.clone();
            self.session = local_session(installation, self.id, &self.user)
                .await?
                .session;
            sign_out(installation, &old).await?;
        }
        Ok(self.session.clone())
    }

    /// Ends the right and the session.
    pub(super) async fn end(self, installation: &Installation) -> Result<(), ChangeError> {
        let why = "the import has ended";
        let ended = end(installation, self.right, why, &self.user).await;
        // Independent: if one fails, the other is still ended.
        ended.and(sign_out(installation, &self.session).await)
    }
}

/// The service of this user's imports.
///
/// It stays the same: idempotency keys belong to it, so a repeated write is recognised.
async fn importer(installation: &Installation, user: &OsUser) -> Result<ServiceId, ChangeError> {
    let (tenant, now) = (installation.tenant(), now());
    let owner = ServiceOwner::OsUser(user.clone());
    let label = format!("os-user/{}", user.name());
    let services = installation.identity().services(tenant).await;
    let services = services.map_err(AdminError::from)?;
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
    let approval = Approval::by(Actor::OsUser(user.clone()));
    let prepared = installation
        .identity()
        .add_service(tenant, &new, &approval, now)
        .await;
    change(installation, prepared).await
}

async fn end_leftovers(
    installation: &Installation,
    id: ServiceId,
    user: &OsUser,
) -> Result<(), ChangeError> {
    let holder = Principal::Service(id);
    let identity = installation.identity();
    let rights = identity.all_rights(installation.tenant(), holder).await;
    for row in rights.map_err(AdminError::from)? {
        if row.ended_at.is_none() && row.right.until > now() {
            let why = "left over from an import that was cut off";
            end(installation, row.right.id, why, user).await?;
        }
    }
    Ok(())
}

async fn give(
    installation: &Installation,
    id: ServiceId,
    user: &OsUser,
) -> Result<(RightId, Timestamp), ChangeError> {
    let now = now();
    let role: RoleName = "integration".parse().map_err(|_| AdminError::Name)?;
    let spec = RightSpec {
        role,
        from: now,
        until: after(now, MAX_INTEGRATION_RIGHT),
        reason: "vouchsafe import".to_owned(),
    };
    let holder = Principal::Service(id);
    let approval = Approval::by(Actor::OsUser(user.clone()));
    let prepared = installation
        .identity()
        .give_right(installation.tenant(), holder, &spec, &approval, now)
        .await;
    Ok((change(installation, prepared).await?, spec.until))
}

async fn end(
    installation: &Installation,
    right: RightId,
    why: &str,
    user: &OsUser,
) -> Result<(), ChangeError> {
    let by = Actor::OsUser(user.clone());
    let prepared = installation
        .identity()
        .end_right(installation.tenant(), right, why, by, now())
        .await;
    change(installation, prepared).await
}

/// A session of a service on this host, for the user who owns it.
///
/// # Errors
/// [`ChangeError`].
pub async fn local_session(
    installation: &Installation,
    id: ServiceId,
    user: &OsUser,
) -> Result<LocalSession, ChangeError> {
    let prepared = installation
        .identity()
        .local_session(installation.tenant(), id, user, now())
        .await;
    change(installation, prepared).await
}

async fn sign_out(installation: &Installation, session: &Session) -> Result<(), ChangeError> {
    crate::sign_in::sign_out(installation, session, &Context::default()).await
}

async fn change<T>(
    installation: &Installation,
    prepared: Result<Prepared<'_, T>, AdminError>,
) -> Result<T, ChangeError> {
    installation.change(prepared?, &Context::default()).await
}

fn after(now: Timestamp, time: SignedDuration) -> Timestamp {
    now.saturating_add(time).unwrap_or(Timestamp::MAX)
}
