//! SIGINT and SIGTERM: the first one asks for an orderly end, the second one ends at once. SIGHUP is the terminal's end, or
//! asks a service to look at its files.

use std::task::Poll;

pub(crate) use tokio::signal::unix::SignalKind as Kind;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The exit code of a shell for an interrupted program: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// A token that is cancelled by the first of these signals, which is told by `tell`.
///
/// # Errors
/// When the system gives no signals.
pub(crate) fn stop_on<const N: usize>(
    kinds: [Kind; N],
    tell: fn(),
) -> anyhow::Result<CancellationToken> {
    let mut signals = Vec::with_capacity(N);
    for kind in kinds {
        signals.push(signal(kind)?);
    }
    let stop = CancellationToken::new();
    let cancelled = stop.clone();
    tokio::spawn(async move {
        any(&mut signals).await;
        tell();
        cancelled.cancel();
        any(&mut signals).await;
        // What was acknowledged is durable; the recorder ends when its standard input closes.
        vouchsafe_installation::logging::flush();
        std::process::exit(INTERRUPTED);
    });
    Ok(stop)
}

/// SIGHUP, which from now on ends this process no more.
///
/// # Errors
/// When the system gives no signals.
pub(crate) fn hangups() -> anyhow::Result<Signal> {
    Ok(signal(SignalKind::hangup())?)
}

/// From now on, these signals end this process no more: it ends with whom it works for.
///
/// Service managers send them to every process of a service at once.
///
/// # Errors
/// If the system refuses to register the signals.
pub(crate) fn outlive_them() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let _guard = runtime.enter();
    for kind in [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
    ] {
        // As the library documents, a process that has registered a signal once keeps receiving it, with or without a
        // listener. That is intended here.
        drop(signal(kind)?);
    }
    Ok(())
}

async fn any(signals: &mut [Signal]) {
    std::future::poll_fn(|context| {
        let came = signals
            .iter_mut()
            .any(|signal| signal.poll_recv(context).is_ready());
        match came {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
}
