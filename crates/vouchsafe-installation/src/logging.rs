//! Logs that cannot hold PHI: structured, with values of safe types only.
//!
//! Events go through [`event`]: its fields take only [`LogSafe`] values, which no text that came
//! from a caller is. Bodies, URLs and foreign errors' texts are never logged; a request is logged by
//! its route's template. Libraries' events stay out at every level, whatever the environment says.
//! What is written still passes the detectors of `vouchsafe-scan`, as a second line.
//!
//! Whoever logs never waits for standard error: lines wait in memory, and are lost and counted when nobody reads them
//! ([`lines_lost`]).

mod queue;

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use vouchsafe_scan::layer::MaskingWriter;

use crate::settings::LogLevel;
use queue::Queue;

/// How long the last lines may take at the end of a process.
const LAST: Duration = Duration::from_secs(1);

/// A value that may be logged: its text is our own.
pub trait LogSafe: fmt::Display {}

impl LogSafe for &'static str {}
impl LogSafe for u16 {}
impl LogSafe for u32 {}
impl LogSafe for u64 {}
impl LogSafe for usize {}
impl LogSafe for vouchsafe::ids::RequestId {}
impl LogSafe for vouchsafe::audit::AppendError {}
impl LogSafe for vouchsafe::keys::KeyError {}
impl LogSafe for std::io::ErrorKind {}
impl LogSafe for vouchsafe_database::DatabaseError {}

/// Writes one line to the log: `event(Level::Warn, "listener failed", &[("kind", &kind)])`.
pub fn event(level: Level, message: &'static str, fields: &[(&'static str, &dyn LogSafe)]) {
    let detail = Fields(fields);
    match level {
        Level::Debug => tracing::debug!(target: "vouchsafe", %detail, "{message}"),
        Level::Info => tracing::info!(target: "vouchsafe", %detail, "{message}"),
        Level::Warn => tracing::warn!(target: "vouchsafe", %detail, "{message}"),
        Level::Error => tracing::error!(target: "vouchsafe", %detail, "{message}"),
    }
}

/// The level of a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Level {
    /// Every request.
    Debug,
    /// Ordinary events.
    Info,
    /// Events that an operator should look at.
    Warn,
    /// Events that an operator must look at.
    Error,
}

struct Fields<'a>(&'a [(&'static str, &'a dyn LogSafe)]);

impl fmt::Display for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (name, value)) in self.0.iter().enumerate() {
            let gap = if place == 0 { "" } else { " " };
            write!(f, "{gap}{name}={value}")?;
        }
        Ok(())
    }
}

/// Where lines wait for standard error, from the first start on.
static QUEUE: OnceLock<Queue> = OnceLock::new();

/// The queue of this process, with the thread that empties it.
fn queue() -> Queue {
    let started = || {
        let queue = Queue::default();
        // Without that thread, lines are lost and counted.
        let _ = queue.start(std::io::stderr());
        queue
    };
    QUEUE.get_or_init(started).clone()
}

/// How many lines of the log were lost because nobody read standard error.
#[must_use]
pub fn lines_lost() -> u64 {
    QUEUE.get().map_or(0, Queue::lost)
}

/// Waits until what was logged is written, a second at most: for the end of a process.
pub fn flush() {
    if let Some(queue) = QUEUE.get() {
        queue.flush(LAST);
    }
}

/// Starts logging to standard error, as JSON lines.
pub fn start(level: LogLevel) {
    // A second start (tests) keeps the first.
    let _ = lines(filter(level), queue()).try_init();
    std::panic::set_hook(Box::new(|info| {
        // Only the location: a panic's message may quote the input that caused it.
        let line = info.location().map_or(0, std::panic::Location::line);
        let file = info.location().map_or("", |place| place.file());
        tracing::error!(target: "vouchsafe", file, line, "panic");
        flush();
    }));
}

/// Starts the logging of a recorder, for a service with this level. Every command on an installation may have started
/// it, so ordinary events are logged only at the `debug` level.
pub fn start_recorder(level: LogLevel) {
    let level = match level {
        LogLevel::Error => LogLevel::Error,
        LogLevel::Warn | LogLevel::Info => LogLevel::Warn,
        LogLevel::Debug => LogLevel::Debug,
    };
    let _ = lines(filter(level), queue()).try_init();
}

const fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    }
}

/// Accepts only events of our own crates: libraries may log anything, including callers' data. Spans, which only
/// libraries use, are not written either.
fn lines<W>(level: LevelFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .with_current_span(false)
        .with_span_list(false)
        .with_writer(MaskingWriter::new(writer));
    tracing_subscriber::registry()
        .with(Targets::new().with_target("vouchsafe", level))
        .with(lines)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Held(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Held {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("whole").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines written at a level while this runs.
    fn written(level: LogLevel, run: impl FnOnce()) -> String {
        let held = Held::default();
        let writer = held.clone();
        let lines = lines(filter(level), move || writer.clone());
        tracing::subscriber::with_default(lines, run);
        String::from_utf8(held.0.lock().expect("whole").clone()).expect("UTF-8")
    }

    #[test]
    fn what_looks_like_an_identifier_is_masked_even_if_its_type_let_it_pass() {
        // No caller's text is `&'static str`, but a mistake in our code could put PHI there.
        let lines = written(LogLevel::Info, || {
            event(
                Level::Info,
                "patient ssn=219-09-9999",
                &[("mrn", &"MRN-00123456")],
            );
        });
        assert!(
            !lines.contains("219-09") && !lines.contains("00123456"),
            "{lines}"
        );
        assert!(
            lines.contains("[SSN]") && lines.contains("[MRN]"),
            "{lines}"
        );
    }

    #[test]
    fn a_level_lets_pass_what_matters_as_much() {
        let all = || {
            event(Level::Debug, "first", &[]);
            event(Level::Info, "second", &[]);
            event(Level::Warn, "third", &[]);
            event(Level::Error, "fourth", &[("status", &503_u16)]);
        };
        for (level, count) in LogLevel::ALL.into_iter().zip(1..) {
            let text = written(level, all);
            assert_eq!(text.lines().count(), count, "{level:?}: {text}");
            assert!(text.contains("\"detail\":\"status=503\""), "{text}");
        }
    }

    #[test]
    fn other_crates_events_and_spans_stay_out() {
        let text = written(LogLevel::Debug, || {
            let span = tracing::info_span!(target: "h2", "connection", who = "Quackenbush");
            let _inside = span.enter();
            tracing::error!(target: "sqlx::query", statement = "Quackenbush", "failed");
            tracing::error!(target: "hyper::proto", "Quackenbush");
            event(Level::Debug, "ours", &[]);
        });
        let ours = text
            .lines()
            .filter(|line| line.contains("\"ours\""))
            .count();
        assert_eq!(ours, 1, "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(!text.contains("Quackenbush"), "{text}");
    }
}
