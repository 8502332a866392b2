//! Why a change of people or rights was not made.

use vouchsafe::audit::AppendError;
use vouchsafe::keys::KeyError;
use vouchsafe_identity::{AdminError, NotDone};

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// It was refused, or could not be prepared.
    #[error(transparent)]
    Refused(#[from] AdminError),
    /// It could not be written down, so it was not made.
    #[error("the audit log is not available, so nothing was changed: {0}")]
    NotLogged(#[from] AppendError),
    /// The keys of the log.
    #[error("keys: {0}")]
    Keys(#[from] KeyError),
    /// It was written down and did not happen.
    #[error(transparent)]
    NotDone(#[from] NotDone),
}
