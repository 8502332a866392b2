//! Settling the intents of writes that were cut off.

use jiff::{SignedDuration, Timestamp};
use vouchsafe::audit::{Context, Event, Outcome, Stream};
use vouchsafe::ids::IntentId;

use super::{Engine, Failure};
use crate::store::Settled;

impl Engine {
    /// Settles the intents of this replica that are older than `age` and whose outcome is not in
    /// the log; how many there were. None younger than a request may run MUST be settled while
    /// anything else writes.
    ///
    /// The database says how each ended. One that is not there is aborted by inserting its id
    /// first, so that a commit that comes late fails.
    ///
    /// # Errors
    /// [`Failure::Unavailable`]; what was settled stays so.
    pub async fn settle(&self, age: SignedDuration) -> Result<usize, Failure> {
        let mut open = self
            .gate
            .log()
            .unsettled()
            .await
            .map_err(|_| Failure::Unavailable)?;
        let before = self
            .now()
            .saturating_sub(age)
            .map_err(|_| Failure::Unavailable)?;
        open.retain(|intent| began(*intent) <= before);
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

/// When an intent was made: its id says (UUID version 7, RFC 9562, section 5.7).
fn began(intent: IntentId) -> Timestamp {
    let made = intent.uuid().get_timestamp().map(|at| at.to_unix());
    made.and_then(|(seconds, _)| Timestamp::from_second(i64::try_from(seconds).ok()?).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}
