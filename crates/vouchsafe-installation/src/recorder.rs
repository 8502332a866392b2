//! The recorder beside this process: our child, or another process's child that we joined.
//!
//! One process has the supervision of a folder, and starts its recorder; when it ends, one of those who joined takes over.

mod supervision;

use std::path::Path;
use std::time::Duration;

use data_encoding::HEXLOWER;
use tokio::net::UnixStream;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vouchsafe::access::BundleHash;
use vouchsafe::audit::{AppendError, AuditLog as _, RecorderKey};
use vouchsafe::trusted;
use vouchsafe_ledger::client::{Child, ChildConfig, ChildError, ConnectError, RecorderClient};
use vouchsafe_ledger::{Gap, RecorderError, recorder};

use crate::folder::{Folder, Pinned};
use crate::logging::{Level, event};
use crate::opening::{OpenError, Opening};
use crate::policies::from_hex;
pub(crate) use supervision::Supervision;

/// How long to wait for a previous recorder to exit, and the polling interval.
const TAKE_OVER: Duration = Duration::from_secs(30);
/// The same for a recorder that was started with other policies.
const OTHER_POLICIES: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(20);
/// How long the recorder of a process that was killed may take to end.
const ORPHAN: Duration = Duration::from_secs(10);
/// How often it is looked whether a recorder that we joined is still there.
const WATCH: Duration = Duration::from_millis(100);
/// The longest pause between two starts of a recorder that does not start.
const LONGEST: Duration = Duration::from_secs(5);

/// The recorder of an open installation.
#[derive(Debug)]
pub(crate) enum Recorder {
    /// Ours: it ends with us.
    Own(Own),
    /// Another process's. When that ends, we start one of our own.
    Joined {
        /// Ends the watch.
        stop: CancellationToken,
        /// The watch; it yields the recorder that we had to start.
        watch: JoinHandle<Option<Own>>,
    },
}

/// A recorder that we started, and the right to start it again.
#[derive(Debug)]
pub(crate) struct Own {
    child: Child,
    supervision: Supervision,
}

impl Own {
    async fn shutdown(self) {
        self.child.shutdown().await;
        // Only now may others start one.
        drop(self.supervision);
    }
}

impl Recorder {
    /// Starts a recorder, or joins the one that is there, when others have the supervision.
    async fn start(
        config: ChildConfig,
        folder: &Folder,
        mut supervision: Option<Supervision>,
    ) -> Result<Self, OpenError> {
        let (mut orphan, deadline) = (Instant::now() + ORPHAN, Instant::now() + TAKE_OVER);
        loop {
            let answers = answers(&config.socket).await;
            if let Some(supervision) = supervision.take_if(|_| !answers) {
                let child = Child::start(config).await?;
                return Ok(Self::Own(Own { child, supervision }));
            }
            // With the supervision, whoever answers is about to end, or was started by hand.
            if answers && (supervision.is_none() || Instant::now() > orphan) {
                let stop = CancellationToken::new();
                let watch = tokio::spawn(watch(config, folder.clone(), stop.clone()));
                return Ok(Self::Joined { stop, watch });
            }
            if Instant::now() > deadline {
                return Err(ChildError::NotReady.into());
            }
            if supervision.is_none() {
                supervision = Supervision::take(folder)?;
                orphan = Instant::now() + ORPHAN;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Stops the recorder if it is ours, once it has committed and published its accepted entries.
    pub(crate) async fn shutdown(self) {
        match self {
            Self::Own(own) => own.shutdown().await,
            Self::Joined { stop, watch } => {
                stop.cancel();
                if let Ok(Some(own)) = watch.await {
                    own.shutdown().await;
                }
            }
        }
    }
}

async fn answers(socket: &Path) -> bool {
    UnixStream::connect(socket).await.is_ok()
}

/// How the recorder of this folder is run.
fn config(opening: &Opening, folder: &Folder, bundle: BundleHash) -> ChildConfig {
    let mut args = vec![
        "recorder".into(),
        "--dir".into(),
        folder.audit().into(),
        "--socket".into(),
        folder.socket().into(),
        "--log-level".into(),
        opening.settings.log_level.name().into(),
        "--bundle".into(),
        bundle.to_string().into(),
    ];
    if opening.gap == Gap::Confirmed {
        args.push("--clock-is-right".into());
    }
    ChildConfig {
        program: opening.program.clone(),
        args,
        socket: folder.socket(),
        ready_within: Duration::from_secs(60),
    }
}

/// Starts the recorder, or joins the one that runs on this folder, and checks that it is the
/// one of the first start.
pub(crate) async fn start(
    opening: &Opening,
    folder: &Folder,
    (pinned, first): (&mut Pinned, bool),
    (bundle, supervision): (BundleHash, Option<Supervision>),
) -> Result<(Recorder, RecorderClient), OpenError> {
    if first {
        // If called again, it completes an interrupted first start.
        let origin = format!("vouchsafe.local/{}", pinned.tenant);
        match recorder::init(&folder.audit(), &origin) {
            Ok(_) | Err(RecorderError::AlreadyInitialised { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let identity = match recorder::identity(&folder.audit()) {
        Err(RecorderError::NotInitialised { path }) => return Err(OpenError::NoLog(path)),
        found => found?,
    };
    let (log, key) = (
        identity.log.to_string(),
        HEXLOWER.encode(identity.recorder.public_key()),
    );
    if first {
        pinned.log = Some(log);
        pinned.recorder = Some(key);
        folder.keep(pinned)?;
    } else if pinned.log.as_ref() != Some(&log) || pinned.recorder.as_ref() != Some(&key) {
        return Err(OpenError::OtherLog);
    }
    let believed = believed(folder, pinned)?;
    let config = config(opening, folder, bundle);
    let recorder = Recorder::start(config, folder, supervision).await?;
    let client = answering(folder, &believed, pinned.replica, bundle).await?;
    Ok((recorder, client))
}

/// A connection to the recorder, which must answer before any code relies on it.
///
/// After a crash, the running recorder may belong to the killed process and be about to end: then ours replaces it, and
/// answers in a moment.
async fn answering(
    folder: &Folder,
    believed: &RecorderKey,
    replica: Uuid,
    bundle: BundleHash,
) -> Result<RecorderClient, OpenError> {
    let (deadline, other) = (Instant::now() + TAKE_OVER, Instant::now() + OTHER_POLICIES);
    loop {
        let answered = async {
            let (socket, believed) = (folder.socket(), believed.clone());
            let client = RecorderClient::connect(socket, believed, replica, Some(bundle)).await?;
            client.unsettled().await?;
            Ok(client)
        };
        match answered.await {
            Err(
                OpenError::Connect(ConnectError::Unreachable { .. })
                | OpenError::Append(AppendError::Unavailable),
            ) if Instant::now() < deadline => tokio::time::sleep(LOOK).await,
            // That recorder may be about to end, too.
            Err(OpenError::Connect(ConnectError::Bundle)) if Instant::now() < other => {
                tokio::time::sleep(LOOK).await;
            }
            answered => return answered,
        }
    }
}

/// The recorder's key as it was pinned at the first start.
fn believed(folder: &Folder, pinned: &Pinned) -> Result<RecorderKey, OpenError> {
    let origin = recorder::identity(&folder.audit())?
        .recorder
        .origin()
        .to_owned();
    let key = pinned.recorder.as_deref().and_then(from_hex);
    let key = key.ok_or(OpenError::OtherLog)?;
    Ok(trusted::recorder(&origin, key))
}

/// Waits until the recorder that we joined is gone, and starts our own in its place, unless others do.
async fn watch(config: ChildConfig, folder: Folder, stop: CancellationToken) -> Option<Own> {
    let mut pause = WATCH;
    loop {
        tokio::select! {
            () = stop.cancelled() => return None,
            () = tokio::time::sleep(pause) => {}
        }
        if answers(&config.socket).await {
            pause = WATCH;
            continue;
        }
        let Ok(Some(supervision)) = Supervision::take(&folder) else {
            continue;
        };
        // The other may not have let go of the log yet: then again.
        match Child::start(config.clone()).await {
            Ok(child) => {
                event(
                    Level::Info,
                    "the recorder that was joined has ended; ours has taken over",
                    &[],
                );
                stop.cancelled().await;
                return Some(Own { child, supervision });
            }
            Err(_) => pause = (pause * 2).min(LONGEST),
        }
    }
}
