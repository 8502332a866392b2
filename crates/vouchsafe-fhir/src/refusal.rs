//! Refusals that the engine never hears of: malformed requests. They stand in the log as well.

use vouchsafe::audit::{Event, Outcome, Stream};
use vouchsafe_records::engine::{Caller, Engine};

use crate::outcome::Problem;

/// Writes down that so many requests were refused, if the engine has not; only then it is told.
/// Yields what to tell.
pub(crate) async fn noted(
    engine: &Engine,
    caller: &Caller,
    operation: &'static str,
    problem: Problem,
    count: u64,
) -> Problem {
    if problem.logged {
        return problem;
    }
    let event = Event {
        reason: Some(problem.code),
        session: Some(&caller.session),
        count: (count > 1).then_some(count),
        ..Event::new(Stream::Phi, operation, Outcome::Refused, &caller.context)
    };
    match engine.append_events(vec![event]).await {
        Ok(()) => Problem {
            logged: true,
            ..problem
        },
        Err(unavailable) => Problem::from(&unavailable),
    }
}
