//! Logs that cannot hold PHI: structured, and only of values that are safe by type.
//!
//! Events go through [`event`]: its fields take only [`LogSafe`] values, which no text that came
//! from a caller is. Bodies, URLs and foreign errors' texts are never logged; a request is logged by
//! its route's template.

use std::fmt;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// A value that may be logged: its text is of our own making.
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

/// Writes one line to the log: `event(Level::Warn, "listener failed", &[("kind", &kind)])`.
pub fn event(level: Level, message: &'static str, fields: &[(&'static str, &dyn LogSafe)]) {
    let detail = Fields(fields);
    match level {
        Level::Info => tracing::info!(target: "vouchsafe", %detail, "{message}"),
        Level::Warn => tracing::warn!(target: "vouchsafe", %detail, "{message}"),
        Level::Error => tracing::error!(target: "vouchsafe", %detail, "{message}"),
    }
}

/// How much a line matters.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Level {
    /// What happens anyway.
    Info,
    /// What somebody should look at.
    Warn,
    /// What somebody must look at.
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

/// Starts logging to standard error, as JSON lines. Only our own events pass: the libraries below
/// log what they please, and some of it is callers' data.
pub fn start() {
    let ours =
        tracing_subscriber::filter::Targets::new().with_target("vouchsafe", tracing::Level::INFO);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .with_writer(std::io::stderr);
    // A second start (tests) keeps the first.
    let _ = tracing_subscriber::registry()
        .with(ours)
        .with(lines)
        .try_init();
    std::panic::set_hook(Box::new(|info| {
        // The location only: a panic's message may quote what it choked on.
        let line = info.location().map_or(0, std::panic::Location::line);
        let file = info.location().map_or("", |place| place.file());
        tracing::error!(target: "vouchsafe", file, line, "panic");
    }));
}
