//! Signing in and out.

use jiff::Timestamp;
use vouchsafe::audit::Context;
use vouchsafe::session::Session;
use vouchsafe_identity::{Credentials, NotDone, SignInFailed, SignedIn};

use crate::change::ChangeError;
use crate::clock::now;
use crate::event::draft;
use crate::installation::Installation;
use crate::origin::{Origin, Throttled};

/// The reason why a sign-in failed.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Login, password or code is wrong; the caller does not learn which.
    #[error("login, password or code is wrong")]
    Wrong,
    /// There were too many attempts; the next one is allowed after this time.
    #[error("too many attempts; try again after {0:.0}")]
    Throttled(Timestamp),
    /// The factors could not be checked.
    #[error(transparent)]
    Unavailable(SignInFailed),
    /// The log or the database failed, so nobody is signed in.
    #[error(transparent)]
    NotDone(#[from] ChangeError),
}

/// Signs a person in. A refusal is in the audit log before it is returned; a refusal after too many attempts, only if
/// it comes from a terminal.
///
/// # Errors
/// [`SignInError`].
pub async fn sign_in(
    installation: &Installation,
    credentials: &Credentials,
    origin: &Origin,
) -> Result<SignedIn, SignInError> {
    let identity = installation.identity();
    let tried = identity.sign_in(credentials, origin.network, now()).await;
    let (event, retry_at) = match tried {
        Ok(prepared) => {
            return match installation.change(prepared, &origin.context).await {
                // The account was disabled meanwhile: it is refused as if it had been so before.
                Err(ChangeError::NotDone(NotDone::Overtaken)) => Err(SignInError::Wrong),
                changed => Ok(changed?),
            };
        }
        Err(SignInFailed::Refused { event, retry_at }) => (event, retry_at),
        Err(error @ (SignInFailed::Busy | SignInFailed::Damaged | SignInFailed::Database(_))) => {
            return Err(SignInError::Unavailable(error));
        }
    };
    if retry_at.is_none() || origin.throttled == Throttled::Written {
        let keys = installation.audit_keys().await.map_err(ChangeError::from)?;
        let refused = draft(&event, &keys, &origin.context, now());
        let written = installation.append(vec![refused]).await;
        written.map_err(ChangeError::from)?;
    }
    Err(retry_at.map_or(SignInError::Wrong, SignInError::Throttled))
}

/// Ends a session, at the request of its owner.
///
/// # Errors
/// [`ChangeError`].
pub async fn sign_out(
    installation: &Installation,
    session: &Session,
    context: &Context,
) -> Result<(), ChangeError> {
    let prepared = installation.identity().sign_out(session, now());
    installation.change(prepared, context).await
}
