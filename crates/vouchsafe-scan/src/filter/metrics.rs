//! Counters of a filter, in the text format of Prometheus: for node_exporter's collector of text files.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::class::Class;
use crate::file;
use crate::mask::Stream;

/// How often they are written.
const EVERY: Duration = Duration::from_secs(5);

/// The counters of a filter, and the file that they go to.
pub(super) struct Meter<'p> {
    path: Option<&'p Path>,
    lines: AtomicU64,
    bytes: AtomicU64,
    longest: AtomicU64,
    withheld: AtomicU64,
    dropped: AtomicU64,
    masked: [AtomicU64; Class::ALL.len()],
    failures: AtomicU64,
    ended: Mutex<bool>,
    changed: Condvar,
}

impl<'p> Meter<'p> {
    /// Counters at zero. They are written once, so that a path that cannot be written is refused at the start.
    pub(super) fn new(path: Option<&'p Path>) -> Result<Self, io::ErrorKind> {
        let meter = Self {
            path,
            lines: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            longest: AtomicU64::new(0),
            withheld: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            masked: [const { AtomicU64::new(0) }; Class::ALL.len()],
            failures: AtomicU64::new(0),
            ended: Mutex::new(false),
            changed: Condvar::new(),
        };
        match path.map(|path| file::replace(path, meter.text().as_bytes())) {
            Some(Err(error)) => Err(error.kind()),
            _ => Ok(meter),
        }
    }

    /// Takes over the counters of a stream.
    pub(super) fn record(&self, stream: &Stream<'_>, dropped: u64) {
        let counts = stream.counts();
        self.lines.store(stream.lines(), Ordering::Relaxed);
        self.bytes.store(stream.bytes(), Ordering::Relaxed);
        self.longest.store(stream.longest(), Ordering::Relaxed);
        self.withheld.store(counts.withheld, Ordering::Relaxed);
        self.dropped.store(dropped, Ordering::Relaxed);
        for (class, masked) in Class::ALL.into_iter().zip(&self.masked) {
            masked.store(counts.masked(class), Ordering::Relaxed);
        }
    }

    /// Writes the counters every few seconds until [`Meter::end`], and then once more.
    pub(super) fn keep_writing(&self) {
        let Some(path) = self.path else { return };
        loop {
            let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
            let waited = self
                .changed
                .wait_timeout_while(ended, EVERY, |ended| !*ended);
            let ended = *waited.unwrap_or_else(PoisonError::into_inner).0;
            if file::replace(path, self.text().as_bytes()).is_err() {
                self.failures.fetch_add(1, Ordering::Relaxed);
            }
            if ended {
                return;
            }
        }
    }

    /// The filter has ended.
    pub(super) fn end(&self) {
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// How many lines were lost.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// How often the file could not be written.
    pub(super) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let mut metric = |name: &str, kind: &str, help: &str, values: &[(&str, &AtomicU64)]| {
            let name = format!("vouchsafe_scan_filter_{name}");
            let mut lines = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
            for (label, value) in values {
                let label = if label.is_empty() {
                    String::new()
                } else {
                    format!("{{class=\"{label}\"}}")
                };
                let value = value.load(Ordering::Relaxed);
                lines.push_str(&format!("{name}{label} {value}\n"));
            }
            text.push_str(&lines);
        };
        metric(
            "lines_total",
            "counter",
            "Lines that came.",
            &[("", &self.lines)],
        );
        metric(
            "bytes_total",
            "counter",
            "Bytes that came.",
            &[("", &self.bytes)],
        );
        let masked: Vec<_> = Class::ALL
            .into_iter()
            .map(Class::name)
            .zip(&self.masked)
            .collect();
        metric(
            "masked_total",
            "counter",
            "Values that were masked, by class.",
            &masked,
        );
        metric(
            "withheld_lines_total",
            "counter",
            "Lines that could not be scanned and were withheld.",
            &[("", &self.withheld)],
        );
        metric(
            "dropped_lines_total",
            "counter",
            "Lines that were lost while the reader did not read.",
            &[("", &self.dropped)],
        );
        metric(
            "longest_line_bytes",
            "gauge",
            "Bytes of the longest line.",
            &[("", &self.longest)],
        );
        text
    }
}
