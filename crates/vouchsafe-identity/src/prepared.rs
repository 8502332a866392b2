//! What is about to happen, to be written down first.

use std::fmt;

use vouchsafe::BoxFuture;
use vouchsafe_database::DatabaseError;

use crate::event::Event;

/// Why a confirmed effect did not happen.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotDone {
    /// Somebody else was faster: what was checked is no longer so. Nothing was changed.
    #[error("another change came first; nothing was changed")]
    Overtaken,
    /// The database; whether anything was changed is unknown when it was lost at the commit.
    #[error("database: {0}")]
    Database(#[from] DatabaseError),
}

/// Something that was checked and is ready to happen, with the events that say so.
///
/// The caller MUST append the events durably before [`Self::confirm`], and MUST append the outcome
/// when confirming fails: the log may then say more than happened, never less.
#[must_use = "nothing happens before `confirm`"]
pub struct Prepared<'a, T> {
    events: Vec<Event>,
    effect: BoxFuture<'a, Result<T, NotDone>>,
}

impl<'a, T> Prepared<'a, T> {
    pub(crate) fn new(
        events: Vec<Event>,
        effect: impl Future<Output = Result<T, NotDone>> + Send + 'a,
    ) -> Self {
        Self {
            events,
            effect: Box::pin(effect),
        }
    }

    /// What to write down first.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Makes it happen.
    ///
    /// # Errors
    /// [`NotDone`].
    pub async fn confirm(self) -> Result<T, NotDone> {
        self.effect.await
    }
}

impl<T> fmt::Debug for Prepared<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared")
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}
