//! The caller: a session, with the current rights and records of its principal.

use jiff::Timestamp;
use vouchsafe::audit::Context;
use vouchsafe::session::Session;
use vouchsafe_identity::{Activity, AuthenticationRefused, Standing};
use vouchsafe_records::engine::{Caller, Links};

use crate::clock::now;
use crate::installation::Installation;

/// The caller with this access token, for the usual purpose of their roles.
///
/// # Errors
/// [`AuthenticationRefused`] if the token is not accepted, or the database fails.
pub async fn of_token(
    installation: &Installation,
    token: &str,
    activity: Activity,
    context: Context,
) -> Result<Caller, AuthenticationRefused> {
    let at = now();
    let standing = installation.identity().authenticate(token, activity, at);
    Ok(caller(installation, standing.await?, context, at))
}

/// The caller in a session on this host, for the usual purpose of their roles.
///
/// # Errors
/// [`AuthenticationRefused`] if the session is no longer valid, or the database fails.
pub async fn of_session(
    installation: &Installation,
    session: Session,
) -> Result<Caller, AuthenticationRefused> {
    let (identity, at) = (installation.identity(), now());
    let standing = identity.standing(session, Activity::Background, at);
    Ok(caller(
        installation,
        standing.await?,
        Context::default(),
        at,
    ))
}

fn caller(
    installation: &Installation,
    Standing {
        session,
        rights,
        links,
    }: Standing,
    context: Context,
    now: Timestamp,
) -> Caller {
    let links = links.iter().map(|link| (link.record_type.clone(), link.id));
    Caller {
        purpose: installation.bundle().usual_purpose(&rights),
        session,
        rights,
        links: Links::new(installation.engine().pack(), links),
        context,
        now,
    }
}
