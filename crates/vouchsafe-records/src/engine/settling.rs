//! Settling the intents of writes that were cut off.

use vouchsafe::audit::{Context, Event, Outcome, Stream};

use super::{Engine, Failure};
use crate::store::Settled;

impl Engine {
    /// Settles every intent of this replica whose outcome is not in the log; how many there were.
    ///
    /// The database says how each ended. One that is not there is aborted by inserting its id
    /// first, so that a commit that comes late fails.
    ///
    /// # Errors
    /// [`Failure::Unavailable`]; what was settled stays so.
    pub async fn settle(&self) -> Result<usize, Failure> {
        let open = self.log.unsettled().await.map_err(|_| Failure::Unavailable)?;
        let context = Context::default();
        for intent in &open {
            let outcome = match self.store.settle(*intent, self.now()).await? {
                Settled::Committed => Outcome::Committed,
                Settled::Aborted => Outcome::Aborted,
            };
            let event = Event {
                settles: Some(*intent),
                ..Event::new(Stream::System, "settle", outcome, &context)
            };
            self.note(event.draft(self.now())).await?;
        }
        Ok(open.len())
    }
}
