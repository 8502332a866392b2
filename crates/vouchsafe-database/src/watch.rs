//! Whether the file that is open is still the file of its name.
//!
//! A file that somebody moves, deletes or replaces while it is open goes on to take writes, and with its last connection
//! everything that was written to it is gone. So device and inode are compared before and after each commit, and before
//! anything is opened by the name again. The first difference ends all writing, and what the open file holds is saved
//! beside its old place: no other process can reach it any more.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;

use crate::DatabaseError;
use crate::embedded::{Embedded, Use};

/// How many files of earlier rescues may be there.
const RESCUES: u32 = 100;

/// A file and its log, as they were when they were opened.
pub(crate) struct Watch {
    path: PathBuf,
    opened: OnceLock<[(PathBuf, Id); 2]>,
    replaced: AtomicBool,
    /// Holds file and log open, so that the log keeps its inode as long as the file is open. It reads what is to be rescued.
    anchor: Mutex<Option<Embedded>>,
    rescue: Mutex<Option<JoinHandle<()>>>,
}

/// Device and inode.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Id(u64, u64);

impl Id {
    fn of(path: &Path) -> Option<Self> {
        let found = std::fs::metadata(path).ok()?;
        Some(Self(found.dev(), found.ino()))
    }
}

impl Watch {
    /// Of a file that is about to be opened: until [`Self::begin`], nothing is compared.
    pub(crate) fn new(path: &Path) -> Arc<Self> {
        Arc::new(Self {
            path: path.to_owned(),
            opened: OnceLock::new(),
            replaced: AtomicBool::new(false),
            anchor: Mutex::new(None),
            rescue: Mutex::new(None),
        })
    }

    /// Remembers file and log as they are. The tables MUST be there: a file without has no log yet.
    pub(crate) fn begin(&self) -> Result<(), DatabaseError> {
        let anchor = Embedded::open(&self.path, Use::Read)?;
        // Whoever has read has the log open.
        anchor.rows::<i64>("SELECT COUNT(*) FROM sqlite_schema", &[], 1)?;
        *lock(&self.anchor) = Some(anchor);
        let log = with_end(&self.path, "-wal");
        let id = |path: &Path| Id::of(path).ok_or(DatabaseError::Replaced);
        let (file_id, log_id) = (id(&self.path)?, id(&log)?);
        // It was begun before: then that is what counts.
        let _ = self
            .opened
            .set([(self.path.clone(), file_id), (log, log_id)]);
        Ok(())
    }

    /// Whether file and log are those that were opened.
    ///
    /// # Errors
    /// [`DatabaseError::Replaced`], for ever after the first time.
    pub(crate) fn same(self: &Arc<Self>) -> Result<(), DatabaseError> {
        if self.replaced.load(Ordering::Acquire) {
            return Err(DatabaseError::Replaced);
        }
        let Some(opened) = self.opened.get() else {
            return Ok(());
        };
        if opened.iter().all(|(path, id)| Id::of(path) == Some(*id)) {
            return Ok(());
        }
        if !self.replaced.swap(true, Ordering::AcqRel) {
            self.begin_rescue();
        }
        Err(DatabaseError::Replaced)
    }

    /// Ends the watch, when what is to be rescued is; the anchor goes before the writer, which closes the file last.
    pub(crate) fn end(&self) {
        let rescue = lock(&self.rescue).take();
        // A rescue that broke down has nothing more to tell.
        let _ = rescue.map(JoinHandle::join);
        drop(lock(&self.anchor).take());
    }

    fn begin_rescue(&self) {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.into_owned();
        tracing::error!(target: "vouchsafe", file = name, "a database file was moved, deleted or replaced while it was open: nothing more is written");
        let (anchor, path) = (lock(&self.anchor).take(), self.path.clone());
        let rescue = move || match anchor
            .ok_or(DatabaseError::Failed)
            .and_then(|anchor| rescue(&anchor, &path))
        {
            Ok(number) => {
                tracing::error!(target: "vouchsafe", file = name, number, "all that it held is in the file of that name and number that ends in .rescued: see docs/recovery.md")
            }
            Err(error) => {
                tracing::error!(target: "vouchsafe", file = name, %error, "what it held could not be rescued: do not stop the service before you have made room for a copy")
            }
        };
        let thread = std::thread::Builder::new().name("sqlite-rescue".to_owned());
        *lock(&self.rescue) = thread.spawn(rescue).ok();
    }
}

/// Writes all that a connection sees to a new file beside the old place; its number.
fn rescue(from: &Embedded, path: &Path) -> Result<u32, DatabaseError> {
    let (number, to) = (1..=RESCUES)
        .map(|number| (number, with_end(path, &format!(".{number}.rescued"))))
        .find(|(_, to)| !to.exists())
        .ok_or(DatabaseError::Full)?;
    // For its owner alone: SQLite takes a file that is there and empty.
    let mut options = OpenOptions::new();
    let made = options.write(true).create_new(true).mode(0o600).open(&to);
    made.map_err(|_| DatabaseError::NotWritable)?;
    from.allow(None);
    from.batch("PRAGMA query_only = OFF")?;
    let name = to.to_str().ok_or(DatabaseError::NotWritable)?;
    from.execute("VACUUM INTO $1", &[name.into()])?;
    let synced = File::open(&to).and_then(|file| file.sync_all());
    synced.map_err(|_| DatabaseError::NotWritable)?;
    Ok(number)
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}
