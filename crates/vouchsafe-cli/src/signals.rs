//! SIGINT and SIGTERM: the first one asks for an orderly end, the second one ends at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What a shell reports of a program that was interrupted: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// A token that is cancelled by the first signal, which is told by `tell`.
///
/// # Errors
/// When the system gives no signals.
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
        // What was acknowledged is durable; the recorder ends when its standard input closes.
        std::process::exit(INTERRUPTED);
    });
    Ok(stop)
}

/// From now on, these signals end this process no more: it ends with whom it works for.
///
/// Service managers send them to every process of a service at once.
///
/// # Errors
/// When the system gives no signals.
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
        // Who has asked for a signal once gets it for as long as the process lives, listener or not: that is documented
        // of the library, and what is wanted here.
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
