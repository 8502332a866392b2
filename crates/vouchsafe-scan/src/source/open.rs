//! Files, opened and read.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::time::SystemTime;

use super::feed::Source;
use super::walk::Origin;
use super::{Problem, Progress};

/// Opens a file. What was listed as a file is opened without waiting and looked at again: it could have become a pipe
/// meanwhile, whose opening never ends.
pub(super) fn open(path: &Path, origin: Origin) -> Result<(File, Metadata), Problem> {
    let mut options = OpenOptions::new();
    options.read(true);
    if origin == Origin::Listed {
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.custom_flags(i32::try_from(flags.bits()).unwrap_or_default());
    }
    let opened = options.open(path).and_then(|file| {
        let metadata = file.metadata()?;
        Ok((file, metadata))
    });
    let (file, metadata) = opened.map_err(|error| Problem::of_error(&error))?;
    let kind = metadata.file_type();
    if origin == Origin::Listed && !kind.is_file() {
        return Err(if kind.is_fifo() {
            Problem::Pipe
        } else {
            Problem::Device
        });
    }
    Ok((file, metadata))
}

/// An open file, or standard input.
pub(super) struct Opened<'p, R> {
    reader: R,
    progress: &'p Progress,
    /// How much is read of a regular file: what it held when it was opened, so that a writer that never rests is not
    /// followed for ever. Pseudo files say that they hold nothing, and are read to their end.
    left: Option<u64>,
    read: u64,
    failure: Option<Problem>,
}

impl<'p, R: Read> Opened<'p, R> {
    /// Bytes up to the end, or up to a length.
    pub(super) const fn new(reader: R, left: Option<u64>, progress: &'p Progress) -> Self {
        Self {
            reader,
            progress,
            left,
            read: 0,
            failure: None,
        }
    }

    /// Why it ended early.
    pub(super) const fn failure(&self) -> Option<Problem> {
        self.failure
    }
}

impl<R: Read> Source for Opened<'_, R> {
    fn pull(&mut self, into: &mut [u8]) -> usize {
        let room = usize::try_from(self.left.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        let room = room.min(into.len());
        let into = into.get_mut(..room).unwrap_or_default();
        if into.is_empty() || self.failure.is_some() || self.progress.is_stopped() {
            return 0;
        }
        let count = loop {
            match self.reader.read(into) {
                Ok(count) => break count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failure = Some(Problem::of_error(&error));
                    return 0;
                }
            }
        };
        if let Some(left) = &mut self.left {
            if count == 0 {
                self.failure = Some(Problem::ChangedWhileRead);
            }
            *left -= count as u64;
        }
        self.read += count as u64;
        self.progress.bytes.fetch_add(count as u64, Relaxed);
        count
    }
}

/// Whether a regular file was shortened or written over since it was opened. One that grew was not: what a log held
/// when it was opened was read.
pub(super) fn changed(file: &File, opened: &Metadata) -> bool {
    let Ok(now) = file.metadata() else {
        return false;
    };
    let time = |metadata: &Metadata| metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    opened.is_file()
        && opened.len() > 0
        && (now.len() < opened.len() || now.len() == opened.len() && time(&now) != time(opened))
}
