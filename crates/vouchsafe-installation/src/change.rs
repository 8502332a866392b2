//! Errors of changes to people or rights.

use vouchsafe::audit::AppendError;
use vouchsafe::keys::KeyError;
use vouchsafe_identity::{AdminError, NotDone};

/// The reason why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// It was refused, or could not be prepared.
    #[error(transparent)]
    Refused(#[from] AdminError),
    /// It could not be logged, so it was not made.
    #[error("the audit log is not available, so nothing was changed: {0}")]
    NotLogged(#[from] AppendError),
    /// The keys of the log are not available.
    #[error("keys: {0}")]
    Keys(#[from] KeyError),
    /// It was logged but did not happen.
    #[error(transparent)]
    NotDone(#[from] NotDone),
}
