//! An action that is decided as a whole, and is in the audit log before it has any effect.

use vouchsafe::access::{Denied, Verb};
use vouchsafe::audit::{AppendError, Appended};
use vouchsafe::gate::Request;
use vouchsafe::ids::{RecordType, SubjectId};
use vouchsafe::keys::KeyError;
use vouchsafe::trusted;
use vouchsafe_records::engine::Caller;

use crate::installation::Installation;

/// The reason why an action may not continue.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// The policies refuse it; the refusal is in the log.
    #[error(transparent)]
    Denied(Denied),
    /// It could not be logged.
    #[error(transparent)]
    NotLogged(#[from] AppendError),
    /// The keys of the log are not available.
    #[error("keys: {0}")]
    Keys(#[from] KeyError),
    /// The log did not return the entry's position.
    #[error("the audit log did not return the position of the entry")]
    Nowhere,
}

/// Decides whether a caller may do this with records of a type, and logs the decision; returns its entry.
///
/// # Errors
/// [`ActionError`].
pub(crate) async fn admit(
    installation: &Installation,
    caller: &Caller,
    verb: Verb,
    (record_type, subject): (&RecordType, Option<SubjectId>),
) -> Result<Appended, ActionError> {
    let keys = installation.audit_keys().await?;
    let request = Request {
        session: &caller.session,
        purpose: caller.purpose,
        context: &caller.context,
        keys: &keys,
    };
    let facts = trusted::facts(caller.rights.clone(), false, false);
    let gate = installation.gate();
    match gate.admit(&request, verb, record_type, subject, &facts) {
        Ok(draft) => {
            let recorded = gate.record(vec![draft]).await?;
            let entry = recorded.entries().first().cloned();
            entry.ok_or(ActionError::Nowhere)
        }
        Err(refusal) => Err(ActionError::Denied(refusal.recorded().await?)),
    }
}
