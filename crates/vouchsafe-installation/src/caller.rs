//! Who the caller is: a session, with the rights and records that its principal has at this moment.

use jiff::Timestamp;
use vouchsafe::audit::Context;
use vouchsafe::session::{Principal, Session};
use vouchsafe_database::DatabaseError;
use vouchsafe_identity::{Activity, AuthenticationRefused};
use vouchsafe_records::engine::{Caller, Links};

use crate::clock::now;
use crate::installation::Installation;

/// The caller who holds this access token, for the usual purpose of their roles.
///
/// # Errors
/// [`AuthenticationRefused`] when the token is not accepted, or nobody can say.
pub async fn of_token(
    installation: &Installation,
    token: &str,
    activity: Activity,
    context: Context,
) -> Result<Caller, AuthenticationRefused> {
    let (identity, at) = (installation.identity(), now());
    let session = identity.authenticate(token, activity, at).await?;
    of_session(installation, session, context, at)
        .await
        .map_err(AuthenticationRefused::Unavailable)
}

/// The caller who acts in a session, for the usual purpose of their roles. That the session may still be used is the
/// caller of this function's to know.
///
/// # Errors
/// [`DatabaseError`].
pub async fn of_session(
    installation: &Installation,
    session: Session,
    context: Context,
    at: Timestamp,
) -> Result<Caller, DatabaseError> {
    let identity = installation.identity();
    let rights = identity.rights_of(session.principal(), at).await?;
    let links = match session.principal() {
        Principal::Person(person) => identity
            .links_of(person)
            .await?
            .iter()
            .map(|link| (link.record_type.clone(), link.id))
            .collect(),
        Principal::Service(_) => Links::default(),
    };
    Ok(Caller {
        purpose: installation.bundle().usual_purpose(&rights),
        session,
        rights,
        links,
        context,
        now: at,
    })
}
