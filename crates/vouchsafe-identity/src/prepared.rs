//! Prepared changes, which are logged before they take effect.

use std::fmt;

use vouchsafe::BoxFuture;
use vouchsafe_database::DatabaseError;

use crate::event::Event;

/// The reason why a confirmed change did not happen.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotDone {
    /// Another transaction changed the checked state. Nothing was changed.
    #[error("another change came first; nothing was changed")]
    Overtaken,
    /// The database failed. If that happened at the commit, the outcome is unknown.
    #[error("database: {0}")]
    Database(#[from] DatabaseError),
}

/// A checked change that is ready, with its events.
///
/// The caller MUST append the events durably before [`Self::confirm`], and MUST append the outcome if confirming fails:
/// the log may then claim more than happened, never less.
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

    /// The events to log first.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Makes the change.
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
