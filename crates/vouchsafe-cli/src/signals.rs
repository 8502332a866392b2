//! SIGINT and SIGTERM: the first one asks for an orderly end, the second one ends at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The exit code of a shell for an interrupted program: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// A token that the first signal cancels; `tell` then tells the user.
///
/// # Errors
/// If the system refuses to register the signals.
pub(crate) fn stop_on_signal(tell: fn()) -> anyhow::Result<CancellationToken> {
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let stop = CancellationToken::new();
    let cancelled = stop.clone();
    tokio::spawn(async move {
        either(&mut interrupt, &mut terminate).await;
        tell();
        cancelled.cancel();
        either(&mut interrupt, &mut terminate).await;
        // Acknowledged entries are durable; the recorder ends when its standard input closes.
        std::process::exit(INTERRUPTED);
    });
    Ok(stop)
}

/// Ignores these signals from now on: the recorder ends with its service.
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

async fn either(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
