//! Errors that prevent a recorder from starting, or stop it.

use std::io;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

/// Maximum distance of the clock ahead of the last entry at a start, and ahead of the time that has passed since.
pub(crate) const MAX_GAP: SignedDuration = SignedDuration::from_hours(31 * 24);

/// The reason why the recorder cannot be created, started or kept running.
///
/// Texts name files, offsets and what to do, and never contain a byte of an entry. If a start is refused, nothing on
/// the disk was changed.
#[derive(Debug, thiserror::Error)]
pub enum RecorderError {
    /// The operating system reported an error.
    #[error("cannot {doing} {path}: {error}", path = path.display())]
    Io {
        /// The operation.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's error; it contains no file content.
        error: io::Error,
    },
    /// Another recorder runs on this folder.
    #[error(
        "another recorder is running on {path}: one log has one writer; stop the other one, or give this one \
         another folder", path = path.display()
    )]
    Locked {
        /// The log folder.
        path: PathBuf,
    },
    /// There is no log in the folder yet.
    #[error("there is no log in {path}: make one with `vouchsafe serve` on an empty folder", path = path.display())]
    NotInitialised {
        /// The folder.
        path: PathBuf,
    },
    /// There is a log in the folder already.
    #[error("there is a log in {path} already; it is never overwritten", path = path.display())]
    AlreadyInitialised {
        /// The folder.
        path: PathBuf,
    },
    /// Other users can access a folder or file that must be private.
    #[error("{path} must belong to its owner alone: run `chmod go-rwx {path}`", path = path.display())]
    NotPrivate {
        /// The folder or file.
        path: PathBuf,
    },
    /// The name of the log cannot be used.
    #[error(
        "the origin of a log is a schema-less URL without spaces or plus signs, such as log.example.org/phi"
    )]
    Origin,
    /// A key file does not hold a key, or not the one that the log was signed with.
    #[error("{path} does not hold the key of this log ({what}); restore it from your backup", path = path.display())]
    Key {
        /// The key's file.
        path: PathBuf,
        /// The fault.
        what: &'static str,
    },
    /// A file of the log differs from what was written.
    #[error(
        "{path} is damaged at byte {offset}: {what}. Nothing was changed. Keep a copy of the folder as evidence, \
         check the disk, and restore the file from a backup or a mirror of the log", path = path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The offset, as near as is known.
        offset: u64,
        /// The failed check.
        what: &'static str,
    },
    /// A file of the log is missing.
    #[error(
        "{path} is missing: {what}. Nothing was changed. Restore it from a backup or a mirror of the log",
        path = path.display()
    )]
    Missing {
        /// The file.
        path: PathBuf,
        /// The reason why it should exist.
        what: &'static str,
    },
    /// A file that the running recorder writes was deleted, replaced, truncated or linked elsewhere.
    #[error("{path} was deleted or replaced while the recorder was writing to it", path = path.display())]
    Replaced {
        /// The file.
        path: PathBuf,
    },
    /// The clock is behind the last recorded time.
    #[error(
        "the clock says {now:.0}, but the log already has entries of {last:.0}: set the clock right, then start again. If it \
         is right, and the entries were recorded under a false one, start once with `vouchsafe serve --clock-is-right`"
    )]
    ClockBehind {
        /// The time of the clock.
        now: Timestamp,
        /// The time of the last batch.
        last: Timestamp,
    },
    /// The clock is far ahead of the last recorded time, and nobody confirmed it.
    ///
    /// One entry with a time that is years ahead would refuse every start with the right clock.
    #[error(
        "the clock says {now:.0}, but the last entry of the log is of {last:.0}, more than {days} days before: set the \
         clock right. If it is right, and nothing was recorded for so long, start once with \
         `vouchsafe serve --clock-is-right`", days = MAX_GAP.as_hours() / 24
    )]
    ClockAhead {
        /// The time of the clock.
        now: Timestamp,
        /// The time of the last batch.
        last: Timestamp,
    },
    /// The roots of the two code paths differ: the file holds other entries than were committed.
    #[error(
        "the entries in {path} from byte {offset} on do not hash to the root they were committed with; nothing was \
         signed. Check memory and disk of this machine", path = path.display()
    )]
    Mismatch {
        /// The segment.
        path: PathBuf,
        /// The offset of the batches of which one is at fault.
        offset: u64,
    },
    /// A setting is outside its limits.
    #[error("{setting} is outside its limits: {limits}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// The allowed values.
        limits: &'static str,
    },
    /// A thread of the recorder panicked: a bug in this program.
    #[error("the recorder had an internal error")]
    Internal,
}

/// Adds the place to an error of the operating system.
pub(crate) trait At<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, RecorderError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, RecorderError> {
        self.map_err(|error| RecorderError::Io {
            doing,
            path: path.to_owned(),
            error,
        })
    }
}

/// A damaged file, short to write.
pub(crate) fn damaged(path: &Path, offset: u64, what: &'static str) -> RecorderError {
    RecorderError::Damaged {
        path: path.to_owned(),
        offset,
        what,
    }
}
