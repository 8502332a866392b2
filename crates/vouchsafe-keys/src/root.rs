//! The root key, in a file or in a key service on a network.

use std::fmt;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};
use vouchsafe::BoxFuture;
use vouchsafe::seal::Secret;
use vouchsafe::trusted::Port;

/// A root key. It wraps and unwraps 32-byte secrets and reveals nothing else.
///
/// An implementation for a key service calls that service once and reports the result: [`crate::KeyStore`] stores,
/// caches and retries. Each call is cancelled after [`PATIENCE`].
pub trait RootKey: Port + fmt::Debug {
    /// The key's id: the same for ever, and not secret. The store keeps it, and refuses another key.
    fn id(&self) -> BoxFuture<'_, Result<String, RootRefused>>;

    /// Wraps a secret. `context` MUST be authenticated with it (an AAD, or an encryption context).
    fn wrap<'a>(
        &'a self,
        context: &'a [u8],
        secret: &'a Secret,
    ) -> BoxFuture<'a, Result<Vec<u8>, RootRefused>>;

    /// Unwraps a secret that [`Self::wrap`] wrapped with this context.
    fn unwrap<'a>(
        &'a self,
        context: &'a [u8],
        wrapped: &'a [u8],
    ) -> BoxFuture<'a, Result<Secret, RootRefused>>;
}

/// The reason why a root key did not wrap or unwrap.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RootRefused {
    /// It cannot be reached, or is throttled: a retry may succeed.
    #[error("the root key cannot be reached")]
    Unavailable,
    /// The key is disabled or its use is forbidden: an operator must change that.
    #[error("the use of the root key is refused")]
    Forbidden,
    /// The bytes were not wrapped by this key with this context.
    #[error("the root key does not unwrap this")]
    Damaged,
}

/// Time limit of one operation, including retries.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// The first pause between attempts; each is twice the previous one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Retries an operation while the root key is unavailable, within the time limit.
pub(crate) async fn patiently<T, F>(mut attempt: impl FnMut() -> F) -> Result<T, RootRefused>
where
    F: Future<Output = Result<T, RootRefused>>,
{
    let deadline = Instant::now() + PATIENCE;
    let mut pause = FIRST_PAUSE;
    loop {
        match timeout_at(deadline, attempt()).await {
            Ok(Err(RootRefused::Unavailable)) if Instant::now() + pause < deadline => {
                sleep(pause).await;
                pause *= 2;
            }
            Ok(outcome) => return outcome,
            Err(_) => return Err(RootRefused::Unavailable),
        }
    }
}
