//! Why a recorder does not start, or stops.

use std::io;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

/// How far the clock may be ahead of the last entry at a start, and run ahead of the time that passed since.
pub(crate) const MAX_GAP: SignedDuration = SignedDuration::from_hours(31 * 24);

/// Why the recorder cannot be made, started or kept running.
///
/// Texts name files, offsets and what to do; never a byte of an entry. When a start is refused, nothing on
/// the disk has been changed.
#[derive(Debug, thiserror::Error)]
pub enum RecorderError {
    /// The operating system refused something.
    #[error("cannot {doing} {path}: {error}", path = path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// The system's answer; it knows nothing of contents.
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
    /// There is no log here yet.
    #[error("there is no log in {path}: make one with `vouchsafe serve` on an empty folder", path = path.display())]
    NotInitialised {
        /// The folder.
        path: PathBuf,
    },
    /// There is a log here already.
    #[error("there is a log in {path} already; it is never overwritten", path = path.display())]
    AlreadyInitialised {
        /// The folder.
        path: PathBuf,
    },
    /// Others than the owner could reach a folder or file that must be private.
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
        /// What is wrong with it.
        what: &'static str,
    },
    /// A file of the log is not what was written.
    #[error(
        "{path} is damaged at byte {offset}: {what}. Nothing was changed. Keep a copy of the folder as evidence, \
         check the disk, and restore the file from a backup or a mirror of the log", path = path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where in it, as near as is known.
        offset: u64,
        /// What does not hold.
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
        /// Why it should be there.
        what: &'static str,
    },
    /// A file that the running recorder writes was deleted, replaced, cut or linked elsewhere.
    #[error("{path} was deleted or replaced while the recorder was writing to it", path = path.display())]
    Replaced {
        /// The file.
        path: PathBuf,
    },
    /// The clock is behind what the log has recorded.
    #[error(
        "the clock says {now:.0}, but the log already has entries of {last:.0}: set the clock right, then start again. If it \
         is right, and the entries were recorded under a false one, start once with `vouchsafe serve --clock-is-right`"
    )]
    ClockBehind {
        /// What the clock says.
        now: Timestamp,
        /// When the last batch was recorded.
        last: Timestamp,
    },
    /// The clock is far ahead of what the log has recorded, and nobody said that it is right.
    ///
    /// One entry under a clock that is ahead by years would refuse every start under the right one.
    #[error(
        "the clock says {now:.0}, but the last entry of the log is of {last:.0}, more than {days} days before: set the \
         clock right. If it is right, and nothing was recorded for so long, start once with \
         `vouchsafe serve --clock-is-right`", days = MAX_GAP.as_hours() / 24
    )]
    ClockAhead {
        /// What the clock says.
        now: Timestamp,
        /// When the last batch was recorded.
        last: Timestamp,
    },
    /// The roots of the two code paths differ: what was committed is not what is in the file.
    #[error(
        "the entries in {path} from byte {offset} on do not hash to the root they were committed with; nothing was \
         signed. Check memory and disk of this machine", path = path.display()
    )]
    Mismatch {
        /// The segment.
        path: PathBuf,
        /// Where the batches begin of which one is to blame.
        offset: u64,
    },
    /// A setting is outside its limits.
    #[error("{setting} is outside its limits: {limits}")]
    Setting {
        /// Which one.
        setting: &'static str,
        /// What is allowed.
        limits: &'static str,
    },
    /// A thread of the recorder panicked: a defect of this program.
    #[error("the recorder had an internal error")]
    Internal,
}

/// Gives an error of the operating system its place.
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
