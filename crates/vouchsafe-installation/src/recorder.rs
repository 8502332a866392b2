//! The recorder of this process: our child, or the child of another process that we joined.

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

/// How long to wait for a previous recorder to exit, and the polling interval.
const TAKE_OVER: Duration = Duration::from_secs(30);
/// The same for a recorder that was started with other policies.
const OTHER_POLICIES: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(20);
/// Interval at which the watch tests whether a joined recorder still runs.
const WATCH: Duration = Duration::from_millis(100);

/// The recorder of an open installation.
#[derive(Debug)]
pub(crate) enum Recorder {
    /// Our own child: it ends with us.
    Own(Child),
    /// The child of another process. When it ends, we start our own.
    Joined {
        /// Ends the watch.
        stop: CancellationToken,
        /// The watch; it returns the recorder that it had to start.
        watch: JoinHandle<Option<Child>>,
    },
}

impl Recorder {
    /// Joins the recorder on the folder's socket, or starts one.
    ///
    /// # Errors
    /// [`ChildError`] if it does not start.
    async fn start(
        opening: &Opening,
        folder: &Folder,
        bundle: BundleHash,
    ) -> Result<Self, ChildError> {
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
        let config = ChildConfig {
            program: opening.program.clone(),
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

    /// Stops the recorder if it is ours, once it has committed and published its accepted entries.
    pub(crate) async fn shutdown(self) {
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

/// Starts the recorder, or joins the running one of this folder, and checks that it is the one of the first start.
pub(crate) async fn start(
    opening: &Opening,
    folder: &Folder,
    (pinned, first): (&mut Pinned, bool),
    bundle: BundleHash,
) -> Result<(Recorder, RecorderClient), OpenError> {
    if first {
        // If called again, it completes an interrupted first start.
        let origin = format!("vouchsafe.local/{}", pinned.tenant);
        match recorder::init(&folder.audit(), &origin) {
            Ok(_) | Err(RecorderError::AlreadyInitialised { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let identity = recorder::identity(&folder.audit())?;
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
    let recorder = Recorder::start(opening, folder, bundle).await?;
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

/// Waits until the joined recorder is gone, and starts our own in its place.
async fn watch(config: ChildConfig, stop: CancellationToken) -> Option<Child> {
    loop {
        tokio::select! {
            () = stop.cancelled() => return None,
            () = tokio::time::sleep(WATCH) => {}
        }
        if UnixStream::connect(&config.socket).await.is_ok() {
            continue;
        }
        // The other may not have released the log yet, or a third may be faster: then try again.
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
