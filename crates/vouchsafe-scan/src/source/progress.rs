//! How far a scan has come.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How often the line is written anew: four times a second.
const EVERY: Duration = Duration::from_millis(250);

/// How far a scan has come, for all workers; and the switch that stops them.
#[derive(Debug)]
pub struct Progress {
    started: Instant,
    pub(super) bytes: AtomicU64,
    pub(super) files: AtomicU64,
    pub(super) bytes_total: AtomicU64,
    pub(super) files_total: AtomicU64,
    /// Whether the totals are final.
    pub(super) counted: AtomicBool,
    /// Whether somebody looks at the totals.
    pub(super) watched: AtomicBool,
    stopped: AtomicBool,
}

/// A scan at one moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Snapshot {
    /// Bytes read: of packed files, packed bytes.
    pub bytes: u64,
    /// Files done.
    pub files: u64,
    /// Bytes and files in all, once they have been counted.
    pub total: Option<(u64, u64)>,
    /// The time since the start.
    pub elapsed: Duration,
}

impl Progress {
    /// Of a scan that starts now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            bytes: AtomicU64::new(0),
            files: AtomicU64::new(0),
            bytes_total: AtomicU64::new(0),
            files_total: AtomicU64::new(0),
            counted: AtomicBool::new(false),
            watched: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
        }
    }

    /// Ends the scan as soon as each worker has come to the end of its block.
    pub fn stop(&self) {
        self.stopped.store(true, Relaxed);
    }

    /// Whether the scan was stopped.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Relaxed)
    }

    /// How far it has come.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let counted = self.counted.load(Relaxed);
        let total = || {
            (
                self.bytes_total.load(Relaxed),
                self.files_total.load(Relaxed),
            )
        };
        Snapshot {
            bytes: self.bytes.load(Relaxed),
            files: self.files.load(Relaxed),
            total: counted.then(total),
            elapsed: self.started.elapsed(),
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Snapshot {
    /// Bytes a second, since the start.
    #[must_use]
    pub fn bytes_per_second(&self) -> u64 {
        let milliseconds = self.elapsed.as_millis().max(1);
        u64::try_from(u128::from(self.bytes) * 1000 / milliseconds).unwrap_or(u64::MAX)
    }

    /// The time that the rest takes at the same rate.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        let (bytes, _) = self.total?;
        let rate = self.bytes_per_second();
        (rate > 0).then(|| Duration::from_secs(bytes.saturating_sub(self.bytes) / rate))
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = |bytes: u64| bytes / 1_000_000;
        write!(f, "{} files", self.files)?;
        if let Some((_, files)) = self.total {
            write!(f, " of {files}")?;
        }
        write!(f, ", {} MB", megabytes(self.bytes))?;
        if let Some((bytes, _)) = self.total {
            write!(f, " of {}", megabytes(bytes))?;
        }
        write!(f, ", {} MB/s", megabytes(self.bytes_per_second()))?;
        match self.remaining() {
            Some(rest) => write!(
                f,
                ", {}:{:02} left",
                rest.as_secs() / 60,
                rest.as_secs() % 60
            ),
            None => Ok(()),
        }
    }
}

/// A line on a terminal that shows how far a scan has come, and erases itself.
#[derive(Debug)]
pub struct ProgressLine<W> {
    to: Option<W>,
}

impl ProgressLine<io::Stderr> {
    /// A line on standard error, if that is a terminal; else nothing is written.
    #[must_use]
    pub fn on_standard_error() -> Self {
        let stderr = io::stderr();
        Self {
            to: stderr.is_terminal().then_some(stderr),
        }
    }
}

impl<W: Write + Send> ProgressLine<W> {
    /// A line on a terminal.
    pub const fn on(terminal: W) -> Self {
        Self { to: Some(terminal) }
    }

    /// Does the work and shows its progress meanwhile.
    pub fn beside<T>(self, progress: &Progress, work: impl FnOnce() -> T) -> T {
        let Some(mut to) = self.to else {
            return work();
        };
        progress.watched.store(true, Relaxed);
        let (done, changed) = (Mutex::new(false), Condvar::new());
        thread::scope(|scope| {
            scope.spawn(|| show(&mut to, progress, &done, &changed));
            // Set also when the work panics: the line must not outlive it.
            let _end = End(&done, &changed);
            work()
        })
    }
}

/// Ends the line when it is dropped.
struct End<'a>(&'a Mutex<bool>, &'a Condvar);

impl Drop for End<'_> {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.1.notify_all();
    }
}

/// Writes the line until the work is done. What the terminal does not take is no loss.
fn show(to: &mut impl Write, progress: &Progress, done: &Mutex<bool>, changed: &Condvar) {
    let mut ended = done.lock().unwrap_or_else(PoisonError::into_inner);
    while !*ended {
        let waited = changed.wait_timeout_while(ended, EVERY, |ended| !*ended);
        (ended, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if !*ended {
            let _ = write!(to, "\r\x1b[K{}", progress.snapshot()).and_then(|()| to.flush());
        }
    }
    let _ = to.write_all(b"\r\x1b[K").and_then(|()| to.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_has_rate_and_rest() {
        let snapshot = Snapshot {
            bytes: 50_000_000,
            files: 3,
            total: Some((150_000_000, 9)),
            elapsed: Duration::from_secs(1),
        };
        assert_eq!(
            snapshot.to_string(),
            "3 files of 9, 50 MB of 150, 50 MB/s, 0:02 left"
        );
    }

    #[test]
    fn the_line_erases_itself_and_is_written_four_times_a_second() {
        let mut terminal = Vec::new();
        let progress = Progress::new();
        let line = ProgressLine::on(&mut terminal);
        line.beside(&progress, || thread::sleep(Duration::from_millis(600)));
        let text = String::from_utf8(terminal).unwrap();
        assert!(text.ends_with("\r\x1b[K"));
        let written = text.matches("files").count();
        assert!((1..=2).contains(&written), "{written} times");
    }

    #[test]
    fn no_terminal_means_no_line() {
        let line = ProgressLine::<Vec<u8>> { to: None };
        assert_eq!(line.beside(&Progress::new(), || 7), 7);
    }
}
