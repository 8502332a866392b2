//! A principal that does not exist: a session under the self-test's own key, which no service accepts.

use anyhow::anyhow;
use aws_lc_rs::rand;
use jiff::{SignedDuration, Timestamp};
use vouchsafe::access::Right;
use vouchsafe::ids::{PersonId, RightId, ServiceId, SessionId, TenantId};
use vouchsafe::session::{
    AccessTtl, Assurance, Issuer, NewSession, Principal, Session, VerifyingKeys,
};
use vouchsafe::trusted;

const URL: &str = "https://self-test.invalid";

/// A person or a program.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Person,
    Program,
}

/// A seed of a key that signs tokens.
pub(super) fn seed() -> anyhow::Result<[u8; 32]> {
    let mut seed = [0; 32];
    rand::fill(&mut seed).map_err(|_| anyhow!("no random numbers"))?;
    Ok(seed)
}

/// A new session of such a principal in a tenant.
pub(super) fn session(tenant: TenantId, kind: Kind, now: Timestamp) -> anyhow::Result<Session> {
    let issuer = Issuer::new(&seed()?, URL, URL, AccessTtl::default())?;
    let (principal, assurance) = match kind {
        Kind::Person => (Principal::Person(PersonId::random()), Assurance::TwoFactor),
        Kind::Program => (
            Principal::Service(ServiceId::random()),
            Assurance::ServiceKey,
        ),
    };
    let new = NewSession {
        id: SessionId::random(),
        tenant,
        principal,
        assurance,
    };
    let verifier = trusted::verifier(VerifyingKeys::new([issuer.public_key()]), URL, URL);
    Ok(trusted::session(&verifier, &issuer.issue(&new, now), now)?)
}

/// A right to a role, valid from an hour ago.
pub(super) fn right(role: &str, now: Timestamp, lasting: SignedDuration) -> anyhow::Result<Right> {
    Ok(Right {
        id: RightId::random(),
        role: role.parse().map_err(|_| anyhow!("no role has that name"))?,
        from: now.saturating_sub(SignedDuration::from_hours(1))?,
        until: now.saturating_add(lasting)?,
    })
}
