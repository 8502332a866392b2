//! Enrolling: a one-time link is exchanged for a password and one-time codes.

use vouchsafe::ids::PersonId;
use vouchsafe_identity::{Enrolment, EnrolmentRefused, EnrolmentToken, NotDone, Password};

use crate::change::ChangeError;
use crate::clock::now;
use crate::installation::Installation;
use crate::origin::Origin;

/// The reason why an enrolment failed.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The link, the password or the code was refused.
    #[error(transparent)]
    Refused(#[from] EnrolmentRefused),
    /// The log or the database failed, so nothing has changed.
    #[error(transparent)]
    NotDone(#[from] ChangeError),
}

/// The content of the page behind an enrolment link: the person, and the secret of their one-time codes.
///
/// # Errors
/// [`EnrolmentRefused`] if the link is not valid.
pub async fn enrolment(
    installation: &Installation,
    token: &EnrolmentToken,
) -> Result<Enrolment, EnrolmentRefused> {
    installation.identity().enrolment(token, now()).await
}

/// Uses an enrolment link.
///
/// # Errors
/// [`EnrolError`].
pub async fn enrol(
    installation: &Installation,
    token: &EnrolmentToken,
    (password, code): (&Password, &str),
    origin: &Origin,
) -> Result<PersonId, EnrolError> {
    let identity = installation.identity();
    let prepared = identity
        .enrol(token, password, code, origin.network, now())
        .await?;
    match installation.change(prepared, &origin.context).await {
        // Somebody was faster: the link is used.
        Err(ChangeError::NotDone(NotDone::Overtaken)) => Err(EnrolmentRefused::Link.into()),
        changed => Ok(changed?),
    }
}
