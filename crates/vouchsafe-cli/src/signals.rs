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

async fn either(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
