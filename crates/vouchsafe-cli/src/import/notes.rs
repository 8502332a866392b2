//! Progress and summary of an import.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::files::{Form, Found, Packing};
use super::target::Loaded;
use crate::{Ended, output};

/// Number of problems that are reported one by one; further ones are only counted.
const TOLD: u64 = 50;
/// Interval of progress lines without a terminal, in milliseconds.
const LINE_EVERY: u64 = 5_000;

/// Counts, and a progress bar on a terminal.
pub(super) struct Notes {
    bar: ProgressBar,
    started: Instant,
    bytes: u64,
    bytes_done: AtomicU64,
    line_at: AtomicU64,
    created: AtomicU64,
    matched: AtomicU64,
    failed: AtomicU64,
    files: AtomicU64,
    files_skipped: AtomicU64,
    files_same: AtomicU64,
    files_other: u64,
    files_failed: AtomicU64,
    troubles: AtomicU64,
    /// Digests of the files that were read.
    seen: Mutex<HashSet<ContentTag>>,
}

/// The identity of a file's content: its digest, and how it is read.
pub(super) type ContentTag = ([u8; 32], Form, Packing);

impl Notes {
    pub(super) fn new(found: &Found) -> Self {
        let bytes = found.sources.iter().map(|source| source.bytes).sum();
        let bar = ProgressBar::new(bytes);
        let style = ProgressStyle::with_template("{bar:30} {percent:>3}%  {msg}  {eta} left");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self {
            bar,
            started: Instant::now(),
            bytes,
            bytes_done: AtomicU64::new(0),
            line_at: AtomicU64::new(LINE_EVERY),
            created: AtomicU64::new(0),
            matched: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            files: AtomicU64::new(0),
            files_skipped: AtomicU64::new(0),
            files_same: AtomicU64::new(found.same),
            files_other: found.others,
            files_failed: AtomicU64::new(0),
            troubles: AtomicU64::new(0),
            seen: Mutex::default(),
        }
    }

    /// Counts a written chunk, for which this number of bytes of a file was read.
    pub(super) fn add(&self, loaded: &Loaded, bytes: u64) {
        self.created.fetch_add(loaded.created, Ordering::Relaxed);
        self.matched.fetch_add(loaded.matched, Ordering::Relaxed);
        self.failed.fetch_add(loaded.failed, Ordering::Relaxed);
        self.skip(bytes);
    }

    /// Counts bytes that need no work any more.
    pub(super) fn skip(&self, bytes: u64) {
        let done = self.bytes_done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let resources = self.resources();
        let elapsed = self.started.elapsed();
        let message = format!("{resources} resources, {:.0}/s", rate(resources, elapsed));
        self.bar.set_position(done);
        if !self.bar.is_hidden() {
            return self.bar.set_message(message);
        }
        let now = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let due = self.line_at.load(Ordering::Relaxed);
        let exchanged = self.line_at.compare_exchange(
            due,
            now + LINE_EVERY,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        if now >= due && exchanged.is_ok() {
            let percent = done.saturating_mul(100) / self.bytes.max(1);
            output::complain(&format!("{percent}%: {message}"));
        }
    }

    /// Reports a resource that could not be loaded: its place, never its content.
    pub(super) fn trouble(&self, line: &str) {
        let number = self.troubles.fetch_add(1, Ordering::Relaxed);
        match number.cmp(&TOLD) {
            std::cmp::Ordering::Less => self.tell(line),
            std::cmp::Ordering::Equal => {
                self.tell("... further messages of this kind are counted, not shown")
            }
            std::cmp::Ordering::Greater => {}
        }
    }

    fn tell(&self, line: &str) {
        self.bar.suspend(|| output::complain(line));
    }

    pub(super) fn file_done(&self) {
        self.files.fetch_add(1, Ordering::Relaxed);
    }

    /// Forgets a file of which parts were not loaded: a later copy, after the records that it refers to, may succeed.
    pub(super) fn forget(&self, content: &ContentTag) {
        self.seen().remove(content);
    }

    pub(super) fn file_failed(&self) {
        self.files_failed.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a file that was loaded before.
    pub(super) fn file_skipped(&self, bytes: u64) {
        self.files_skipped.fetch_add(1, Ordering::Relaxed);
        self.skip(bytes);
    }

    /// Whether no file with that content was read yet, or only ones that failed.
    pub(super) fn is_new(&self, content: ContentTag) -> bool {
        self.seen().insert(content)
    }

    fn seen(&self) -> MutexGuard<'_, HashSet<ContentTag>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a file with the same content as an earlier one.
    pub(super) fn file_same(&self, bytes: u64) {
        self.files_same.fetch_add(1, Ordering::Relaxed);
        self.skip(bytes);
    }

    pub(super) fn close(&self) {
        self.bar.finish_and_clear();
    }

    fn resources(&self) -> u64 {
        self.created.load(Ordering::Relaxed) + self.matched.load(Ordering::Relaxed)
    }

    pub(super) fn summary(&self, took: Duration, interrupted: bool) -> Summary {
        let resources = self.resources();
        Summary {
            resources,
            files: self.files.load(Ordering::Relaxed),
            seconds: took.as_secs_f64(),
            rate: rate(resources, took),
            created: self.created.load(Ordering::Relaxed),
            matched: self.matched.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            files_skipped: self.files_skipped.load(Ordering::Relaxed),
            files_same: self.files_same.load(Ordering::Relaxed),
            files_other: self.files_other,
            files_failed: self.files_failed.load(Ordering::Relaxed),
            interrupted,
        }
    }
}

/// Number per second.
fn rate(count: u64, took: Duration) -> f64 {
    let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    count / took.as_secs_f64().max(0.001)
}

/// The result of an import.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    /// Created and matched.
    resources: u64,
    /// Files that are loaded.
    files: u64,
    seconds: f64,
    /// Resources per second.
    rate: f64,
    created: u64,
    matched: u64,
    failed: u64,
    /// Files that were loaded before.
    files_skipped: u64,
    /// Files with the content of another one.
    files_same: u64,
    /// Other content of folders.
    files_other: u64,
    /// Files of which parts could not be loaded.
    files_failed: u64,
    interrupted: bool,
}

impl Summary {
    /// Prints the summary; a fault, if something is still to be loaded.
    pub(super) fn show(&self, json: bool) -> anyhow::Result<Ended> {
        match json {
            true => output::say_json(self)?,
            false => output::say(self)?,
        }
        let whole = self.failed == 0 && self.files_failed == 0 && !self.interrupted;
        Ok(if whole { Ended::Well } else { Ended::Badly })
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "imported {} resources from {} files in {:.1} s ({:.0}/s): {} created, {} matched, {} failed",
            self.resources,
            self.files,
            self.seconds,
            self.rate,
            self.created,
            self.matched,
            self.failed
        )?;
        if self.files_skipped > 0 {
            write!(
                f,
                "\n{} files were done before, and are passed over",
                self.files_skipped
            )?;
        }
        if self.files_same > 0 {
            write!(
                f,
                "\nskipped: {} files with the same content as another file",
                self.files_same
            )?;
        }
        if self.files_other > 0 {
            write!(
                f,
                "\nskipped: {} entries of folders that are not .json or .ndjson files; links to folders are not followed",
                self.files_other
            )?;
        }
        if self.files_failed > 0 {
            write!(
                f,
                "\n{} files are not wholly loaded, as said above; correct them and run this again",
                self.files_failed
            )?;
        }
        if self.interrupted {
            write!(f, "\ninterrupted: run the command again to continue")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_says_what_to_do() {
        let notes = Notes::new(&Found {
            sources: Vec::new(),
            same: 0,
            others: 3,
        });
        let loaded = Loaded {
            created: 6,
            matched: 2,
            failed: 1,
        };
        notes.add(&loaded, 0);
        notes.file_failed();
        notes.file_skipped(0);
        notes.file_same(0);
        let summary = notes.summary(Duration::from_secs(4), true);
        assert_eq!(
            summary.to_string(),
            "imported 8 resources from 0 files in 4.0 s (2/s): 6 created, 2 matched, 1 failed\n\
             1 files were done before, and are passed over\n\
             skipped: 1 files with the same content as another file\n\
             skipped: 3 entries of folders that are not .json or .ndjson files; links to folders are not followed\n\
             1 files are not wholly loaded, as said above; correct them and run this again\n\
             interrupted: run the command again to continue"
        );
    }
}
