//! The recorder: the process that owns an audit log.
//!
//! `vouchsafe recorder --dir DIR --socket PATH` is [`run`]: it serves the verbs `append` and `unsettled` on a Unix
//! socket, and ends when its standard input closes, after committing the accepted entries. No verb reads, changes or
//! deletes. It uses threads and no asynchronous runtime: one thread commits, one publishes, two serve each connection.

mod server;

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use vouchsafe::access::BundleHash;
use vouchsafe::audit::RecorderKey;
use vouchsafe::trusted;
use vouchsafe_tlog::NoteVerifier;

use crate::disk::{Disk, RealDisk};
use crate::engine::{self, Engine, Gap, Options};
use crate::error::{At, RecorderError};
use crate::integrator::Pace;
use crate::keys;
use crate::layout::Layout;
use crate::wal::MIN_SEGMENT;

/// The configuration of a recorder.
#[derive(Clone, Debug)]
pub struct RecorderConfig {
    /// The log's folder, made by [`init`].
    pub dir: PathBuf,
    /// The path of the socket. Its folder is created if it is missing, and MUST be private to its owner.
    pub socket: PathBuf,
    /// Length of a segment of the write-ahead log, in bytes: 8 MiB to 1 GiB.
    pub segment_bytes: u64,
    /// Interval of checkpoints while there are new entries.
    pub checkpoint_every: Duration,
    /// Interval of checkpoints without new entries.
    pub heartbeat_every: Duration,
    /// Whether the clock may be far ahead of the last entry.
    pub gap: Gap,
    /// The policy bundles that entries may name: entries that name another are refused.
    pub bundles: Vec<BundleHash>,
}

impl RecorderConfig {
    /// The defaults: no policy bundle, segments of 32 MiB, a checkpoint each second with news, and each minute without.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>, socket: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            socket: socket.into(),
            segment_bytes: DEFAULT_SEGMENT,
            checkpoint_every: Duration::from_secs(1),
            heartbeat_every: Duration::from_secs(60),
            gap: Gap::Refused,
            bundles: Vec::new(),
        }
    }

    fn options(&self) -> Result<Options, RecorderError> {
        if !(MIN_SEGMENT..=1 << 30).contains(&self.segment_bytes) {
            return Err(RecorderError::Setting {
                setting: "segment_bytes",
                limits: "8 MiB to 1 GiB",
            });
        }
        if self.checkpoint_every.is_zero() || self.heartbeat_every < self.checkpoint_every {
            let limits = "above zero, and heartbeat_every not below it";
            return Err(RecorderError::Setting {
                setting: "checkpoint_every",
                limits,
            });
        }
        let pace = Pace {
            news: self.checkpoint_every,
            heartbeat: self.heartbeat_every,
        };
        Ok(Options {
            segment_bytes: self.segment_bytes,
            pace,
            clock: Timestamp::now,
            gap: self.gap,
        })
    }
}

const DEFAULT_SEGMENT: u64 = 32 << 20;
const LOCK_WITHIN: Duration = Duration::from_secs(3);

/// The public side of a log, which a client pins and a verifier trusts.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Verifies the log's checkpoints; its name is the log's origin.
    pub log: NoteVerifier,
    /// Verifies the recorder's acknowledgements.
    pub recorder: RecorderKey,
}

/// Creates an empty log, with new keys, in a folder that is missing or empty.
///
/// The origin is the log's permanent name: a URL without scheme, such as `log.example.org/phi`.
///
/// # Errors
/// [`RecorderError::AlreadyInitialised`] if there is a log; otherwise the error of the disk.
pub fn init(dir: &Path, origin: &str) -> Result<Identity, RecorderError> {
    private_folder(dir)?;
    let layout = Layout::new(dir);
    let _lock = lock(&layout)?;
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    engine::create(&disk, &layout, origin, DEFAULT_SEGMENT)?;
    identity(dir)
}

/// The public side of the log in a folder, unverified.
///
/// # Errors
/// [`RecorderError::NotInitialised`] if there is no log.
pub fn identity(dir: &Path) -> Result<Identity, RecorderError> {
    let layout = Layout::new(dir);
    if !layout.checkpoint().exists() {
        return Err(RecorderError::NotInitialised {
            path: dir.to_owned(),
        });
    }
    let public = keys::read_public(&RealDisk, &layout)?;
    let recorder = trusted::recorder(public.log.name().as_str(), public.acknowledgement);
    Ok(Identity {
        log: public.log,
        recorder,
    })
}

/// The reason why [`run`] woke up.
enum Wake {
    /// The parent process has gone, or asks it to end.
    Asked,
    /// The committer ended.
    Committer,
    /// The integrator ended.
    Integrator,
}

/// Runs the recorder until `until` ends, which is the standard input of the process.
///
/// # Errors
/// [`RecorderError`] if it cannot start (then nothing was changed), or if it had to stop because the disk failed or a
/// file was tampered with. The process MUST end then: the page cache cannot be trusted any more.
pub fn run(
    config: &RecorderConfig,
    until: impl Read + Send + 'static,
) -> Result<(), RecorderError> {
    let options = config.options()?;
    let layout = Layout::new(&config.dir);
    for path in [
        layout.root().to_owned(),
        layout.keys(),
        layout.log_key(),
        layout.acknowledgement_key(),
    ] {
        check_private(&path)?;
    }
    let _lock = lock(&layout)?;
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let Engine {
        shared,
        committer,
        mut integrator,
    } = engine::open(&disk, &layout, options)?;
    // Publishes the entries that a crash left unpublished: a log that cannot be published accepts nothing.
    integrator.publish(committer.wal.position())?;
    tracing::info!(entries = committer.wal.size(), "the log is open");

    let (waker, wake) = mpsc::channel();
    let (committing, publishing) = (
        Ended::new(&waker, Wake::Committer),
        Ended::new(&waker, Wake::Integrator),
    );
    let committer = spawn("commit", move || {
        let _ended = committing;
        committer.run()
    })?;
    let integrator = spawn("publish", move || {
        let _ended = publishing;
        integrator.run()
    })?;
    let server = server::Server::start(&config.socket, &shared, &config.bundles)?;
    spawn("stdin", move || {
        wait_for_end(until);
        // The recorder may have ended before: then nobody listens, and nothing is lost.
        let _ = waker.send(Wake::Asked);
    })?;

    let first = wake.recv().map_err(|_| RecorderError::Internal)?;
    server.close();
    match first {
        Wake::Asked => shared.stop(),
        Wake::Committer | Wake::Integrator => shared.abandon(),
    }
    let outcomes = [committer.join(), integrator.join()];
    server.stop();
    for outcome in outcomes {
        outcome.map_err(|_| RecorderError::Internal)??;
    }
    tracing::info!("the log is closed");
    Ok(())
}

/// Reports the end of a thread, also after a panic.
struct Ended(Sender<Wake>, Option<Wake>);

impl Ended {
    fn new(waker: &Sender<Wake>, wake: Wake) -> Self {
        Self(waker.clone(), Some(wake))
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        if let Some(wake) = self.1.take() {
            // Nobody listens if the recorder is ending already.
            let _ = self.0.send(wake);
        }
    }
}

fn spawn<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<thread::JoinHandle<T>, RecorderError> {
    let spawned = thread::Builder::new().name(name.to_owned()).spawn(body);
    spawned.at("start a thread for", Path::new(name))
}

fn wait_for_end(mut until: impl Read) {
    let mut buffer = [0; 64];
    loop {
        match until.read(&mut buffer) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// Takes the lock, since a log has one recorder.
///
/// It waits a little: if a service is restarted at once, the previous recorder is still publishing.
fn lock(layout: &Layout) -> Result<File, RecorderError> {
    let path = layout.lock();
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).mode(0o600);
    let file = options.open(&path).at("open", &path)?;
    let deadline = Instant::now() + LOCK_WITHIN;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => {
                let path = layout.root().to_owned();
                return Err(RecorderError::Locked { path });
            }
            Err(TryLockError::Error(error)) => return Err(error).at("lock", &path),
        }
    }
}

/// Creates a folder with mode 0700; an existing one must be private.
fn private_folder(path: &Path) -> Result<(), RecorderError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .at("make", path)?;
    check_private(path)
}

fn check_private(path: &Path) -> Result<(), RecorderError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.permissions().mode() & 0o077 == 0 => Ok(()),
        Ok(_) => Err(RecorderError::NotPrivate {
            path: path.to_owned(),
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(RecorderError::NotInitialised {
                path: path.to_owned(),
            })
        }
        Err(error) => Err(error).at("look at", path),
    }
}
