//! The recorder as a child process: started, watched, restarted.
//!
//! The recorder ends when its standard input closes. So it outlives its service only for the commit of what it has
//! accepted, however the service ends. It isolates crashes, not privileges: it runs as the same user.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::process::{Child as Process, ChildStdin, Command};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A recorder that ran for this time is restarted at once.
const HEALTHY: Duration = Duration::from_secs(30);
/// Time to commit and publish, after it was asked to end.
const END_WITHIN: Duration = Duration::from_secs(10);

/// The program of the recorder, and its socket.
#[derive(Clone, Debug)]
pub struct ChildConfig {
    /// The program.
    pub program: PathBuf,
    /// Its arguments, such as `recorder --dir DIR --socket PATH`.
    pub args: Vec<OsString>,
    /// The socket that it listens on.
    pub socket: PathBuf,
    /// Time limit for the first start: it reads the write-ahead log, and if necessary the whole log once.
    pub ready_within: Duration,
}

/// The reason why the recorder could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// The program cannot be run.
    #[error("cannot run {program}: {kind}", program = program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// The error of the system.
        kind: std::io::ErrorKind,
    },
    /// It ended at once; its message on standard error says why.
    #[error(
        "the recorder ended as it started ({status}); its message above says why and what to do"
    )]
    Ended {
        /// Its exit status.
        status: ExitStatus,
    },
    /// It does not answer.
    #[error(
        "the recorder does not answer on its socket yet; give it more time, or look at its messages"
    )]
    NotReady,
}

/// A running recorder process.
pub struct Child {
    stop: Option<oneshot::Sender<()>>,
    watch: Option<JoinHandle<()>>,
    restarts: Arc<AtomicU64>,
    id: Arc<AtomicU32>,
}

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child")
            .field("restarts", &self.restarts())
            .finish_non_exhaustive()
    }
}

impl Child {
    /// Starts the recorder and waits until its socket answers.
    ///
    /// If it dies later it is restarted, with a growing pause between restarts.
    ///
    /// # Errors
    /// [`ChildError`] if the first start fails; then no process is left running.
    pub async fn start(config: ChildConfig) -> Result<Self, ChildError> {
        let mut running = spawn(&config)?;
        let deadline = Instant::now() + config.ready_within;
        while UnixStream::connect(&config.socket).await.is_err() {
            if let Ok(Some(status)) = running.process.try_wait() {
                return Err(ChildError::Ended { status });
            }
            if Instant::now() > deadline {
                end(running).await;
                return Err(ChildError::NotReady);
            }
            sleep(Duration::from_millis(5)).await;
        }
        let (stop, stopped) = oneshot::channel();
        let watched = Watched {
            restarts: Arc::new(AtomicU64::new(0)),
            id: Arc::new(AtomicU32::new(running.process.id().unwrap_or(0))),
        };
        let (restarts, id) = (Arc::clone(&watched.restarts), Arc::clone(&watched.id));
        let watch = Some(tokio::spawn(watched.watch(config, running, stopped)));
        let stop = Some(stop);
        Ok(Self {
            stop,
            watch,
            restarts,
            id,
        })
    }

    /// The process id, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        Some(self.id.load(Ordering::Relaxed)).filter(|id| *id != 0)
    }

    /// Number of restarts after a death.
    #[must_use]
    pub fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    /// Asks it to end and waits until it has committed and published its accepted entries.
    pub async fn shutdown(mut self) {
        // The watching task ends earlier only if the runtime does.
        drop(self.stop.take());
        if let Some(watch) = self.watch.take() {
            let _ = watch.await;
        }
    }
}

/// A started recorder. Its standard input is kept separately: waiting for a process would close it.
struct Running {
    process: Process,
    stdin: Option<ChildStdin>,
}

/// The state that the watching task reports.
struct Watched {
    restarts: Arc<AtomicU64>,
    id: Arc<AtomicU32>,
}

impl Watched {
    async fn watch(
        self,
        config: ChildConfig,
        mut running: Running,
        mut stopped: oneshot::Receiver<()>,
    ) {
        let mut pause = FIRST_PAUSE;
        loop {
            let started = Instant::now();
            tokio::select! {
                status = running.process.wait() => match status {
                    Ok(status) => tracing::error!(%status, "the recorder died; it is started again"),
                    Err(_) => tracing::error!("the recorder is lost; it is started again"),
                },
                _ = &mut stopped => return end(running).await,
            }
            self.id.store(0, Ordering::Relaxed);
            if started.elapsed() > HEALTHY {
                pause = FIRST_PAUSE;
            }
            running = loop {
                tokio::select! {
                    () = sleep(pause) => {}
                    _ = &mut stopped => return,
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
                match spawn(&config) {
                    Ok(running) => break running,
                    Err(error) => tracing::error!(%error, "the recorder cannot be started"),
                }
            };
            self.id
                .store(running.process.id().unwrap_or(0), Ordering::Relaxed);
            self.restarts.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn spawn(config: &ChildConfig) -> Result<Running, ChildError> {
    let mut command = Command::new(&config.program);
    command.args(&config.args);
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    // A Ctrl-C at the terminal is for the service, which ends the recorder after its last append.
    command.process_group(0);
    let mut process = command.spawn().map_err(|error| ChildError::Spawn {
        program: config.program.clone(),
        kind: error.kind(),
    })?;
    let stdin = process.stdin.take();
    Ok(Running { process, stdin })
}

/// Closes its standard input and waits; a process that hangs is killed, which loses nothing acknowledged.
async fn end(running: Running) {
    let Running { mut process, stdin } = running;
    drop(stdin);
    let ended = timeout(END_WITHIN, process.wait()).await;
    if ended.is_err() && process.kill().await.is_err() {
        tracing::warn!("the recorder does not end");
    }
}
