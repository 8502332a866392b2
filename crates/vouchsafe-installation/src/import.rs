//! An import: decided by the policies, under its own right, which ends with it.

mod right;

use tokio::sync::Mutex;
use vouchsafe::access::{Denied, Purpose, Verb};
use vouchsafe::ids::{InvalidId, RecordType};
use vouchsafe_identity::{AuthenticationRefused, OsUser};
use vouchsafe_records::engine::Caller;

use crate::action::{ActionError, admit};
use crate::caller;
use crate::change::ChangeError;
use crate::installation::Installation;
use right::Integration;

pub use right::local_session;

/// The reason why an import does not begin or continue.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Its right could not be granted.
    #[error(transparent)]
    Right(#[from] ChangeError),
    /// Its session has ended, or the rights of its service could not be looked up.
    #[error("the import's session: {0}; run the command again to continue")]
    Session(#[from] AuthenticationRefused),
    /// The policies refuse it.
    #[error("the policies refuse the import: {0}")]
    Denied(Denied),
    /// Its beginning could not be logged.
    #[error(transparent)]
    NotLogged(ActionError),
    /// The record type of the imported records is not valid.
    #[error(transparent)]
    Type(#[from] InvalidId),
}

/// A running import.
#[derive(Debug)]
pub struct Import(Mutex<Integration>);

impl Import {
    /// Begins an import of this user of the host. It is decided like every access, and its beginning is in the log. The
    /// caller MUST ensure that no other import runs: this one ends the rights that an earlier one left.
    ///
    /// # Errors
    /// [`ImportError`].
    pub async fn begin(installation: &Installation, user: OsUser) -> Result<Self, ImportError> {
        let import = Self(Mutex::new(Integration::begin(installation, user).await?));
        if let Err(error) = import.admit(installation).await {
            // If this fails too, the right ends at its time, or with the next import.
            let _ = import.end(installation).await;
            return Err(error);
        }
        Ok(import)
    }

    async fn admit(&self, installation: &Installation) -> Result<(), ImportError> {
        let caller = self.caller(installation).await?;
        let bundle: RecordType = "Bundle".parse()?;
        let admitted = admit(installation, &caller, Verb::Import, (&bundle, None)).await;
        admitted.map(drop).map_err(|error| match error {
            ActionError::Denied(denied) => ImportError::Denied(denied),
            error => ImportError::NotLogged(error),
        })
    }

    /// The caller that the import writes as; its session and its right are renewed before they end.
    ///
    /// # Errors
    /// [`ImportError`].
    pub async fn caller(&self, installation: &Installation) -> Result<Caller, ImportError> {
        // Held until the session is looked up, so that no other task renews it, and ends the old one, in between.
        let mut integration = self.0.lock().await;
        let session = integration.session(installation).await?;
        let caller = caller::of_session(installation, session).await?;
        drop(integration);
        // Importing is part of running the organisation, whatever else the role may do.
        Ok(Caller {
            purpose: Purpose::Operations,
            ..caller
        })
    }

    /// Ends the right and the session.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn end(self, installation: &Installation) -> Result<(), ChangeError> {
        self.0.into_inner().end(installation).await
    }
}
