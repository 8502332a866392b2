//! The recorder beside this process: our child, or another process's child that we joined.

use std::path::PathBuf;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use vouchsafe_ledger::Gap;
use vouchsafe_ledger::client::{Child, ChildConfig, ChildError};

use crate::folder::Folder;
use crate::logging::{Level, event};
use crate::settings::LogLevel;

/// How often it is looked whether a recorder that we joined is still there.
const LOOK: Duration = Duration::from_millis(100);

/// The recorder of an open installation.
#[derive(Debug)]
pub enum Recorder {
    /// Ours: it ends with us.
    Own(Child),
    /// Another process's. When that ends, we start one of our own.
    Joined {
        /// Ends the watch.
        stop: CancellationToken,
        /// The watch; it yields the recorder that we had to start.
        watch: JoinHandle<Option<Child>>,
    },
}

impl Recorder {
    /// Joins the recorder that listens on the folder's socket, or starts one.
    ///
    /// # Errors
    /// [`ChildError`] when it does not start.
    pub(super) async fn start(
        folder: &Folder,
        program: PathBuf,
        level: LogLevel,
        gap: Gap,
    ) -> Result<Self, ChildError> {
        let mut args = vec![
            "recorder".into(),
            "--dir".into(),
            folder.audit().into(),
            "--socket".into(),
            folder.socket().into(),
            "--log-level".into(),
            level.name().into(),
        ];
        if gap == Gap::Confirmed {
            args.push("--clock-is-right".into());
        }
        let config = ChildConfig {
            program,
            args,
            socket: folder.socket(),
            ready_within: Duration::from_secs(60),
        };
        if UnixStream::connect(&config.socket).await.is_err() {
            return Child::start(config).await.map(Self::Own);
        }
        let stop = CancellationToken::new();
        let watch = tokio::spawn(watch(config, stop.clone()));
        Ok(Self::Joined { stop, watch })
    }

    /// Ends the recorder if it is ours, once it has committed and published what it took in.
    pub(super) async fn shutdown(self) {
        match self {
            Self::Own(child) => child.shutdown().await,
            Self::Joined { stop, watch } => {
                stop.cancel();
                if let Ok(Some(child)) = watch.await {
                    child.shutdown().await;
                }
            }
        }
    }
}

/// Waits until the recorder that we joined is gone, and starts our own in its place.
async fn watch(config: ChildConfig, stop: CancellationToken) -> Option<Child> {
    loop {
        tokio::select! {
            () = stop.cancelled() => return None,
            () = tokio::time::sleep(LOOK) => {}
        }
        if UnixStream::connect(&config.socket).await.is_ok() {
            continue;
        }
        // The other may not have let go of the log yet, or a third may be faster: then again.
        if let Ok(child) = Child::start(config.clone()).await {
            event(
                Level::Info,
                "the recorder that was joined has ended; ours has taken over",
                &[],
            );
            stop.cancelled().await;
            return Some(child);
        }
    }
}
