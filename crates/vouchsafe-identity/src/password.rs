//! Passwords: the rules (NIST SP 800-63B), and argon2id in a bounded pool.

mod rules;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;
use vouchsafe::seal::Secret;
use zeroize::Zeroizing;

pub use rules::PasswordRefused;

/// A typed password, in one spelling (NFKC). Zeroed when dropped, never printed.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// The typed text.
    #[must_use]
    pub fn new(typed: &str) -> Self {
        Self(Zeroizing::new(typed.nfkc().collect()))
    }

    /// Checks whether it is an acceptable password for a person with this name and login.
    ///
    /// # Errors
    /// [`PasswordRefused`].
    pub fn check(&self, name: &str, login: &str) -> Result<(), PasswordRefused> {
        rules::check(&self.0, &[name, login])
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[password]")
    }
}

/// The reason why a password was not hashed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum HashFailed {
    /// Too many callers wait.
    Busy,
    /// The stored hash is invalid, or the system gave no memory.
    Damaged,
}

/// OWASP's first choice at 19 MiB: two passes, one lane (Password Storage Cheat Sheet).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// Concurrent hashes: more would only take memory and processor time from others.
const AT_ONCE: usize = 4;
const PATIENCE: Duration = Duration::from_secs(5);

/// Hashes and verifies, a few at a time, off the runtime's threads.
pub(crate) struct Hasher {
    places: Arc<Semaphore>,
    argon2: Argon2<'static>,
    /// The hash of a random password, for unknown logins.
    dummy: String,
}

impl Hasher {
    pub(crate) async fn new() -> Result<Self, HashFailed> {
        let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|_| HashFailed::Damaged)?;
        let mut hasher = Self {
            places: Arc::new(Semaphore::new(AT_ONCE)),
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            dummy: String::new(),
        };
        let unknown = Secret::random();
        let unknown: String = unknown
            .expose()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        hasher.dummy = hasher.hash(&Password::new(&unknown)).await?;
        Ok(hasher)
    }

    /// The PHC string of a password, with a fresh salt.
    pub(crate) async fn hash(&self, password: &Password) -> Result<String, HashFailed> {
        let (argon2, password) = (self.argon2.clone(), password.clone());
        self.run(move || {
            let hash: PasswordHash = argon2
                .hash_password(password.0.as_bytes())
                .map_err(|_| HashFailed::Damaged)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether the password belongs to this hash. Without a hash it takes the same time and returns false.
    pub(crate) async fn verify(
        &self,
        password: &Password,
        phc: Option<String>,
    ) -> Result<bool, HashFailed> {
        let (argon2, password) = (self.argon2.clone(), password.clone());
        let known = phc.is_some();
        let phc = phc.unwrap_or_else(|| self.dummy.clone());
        let same = self
            .run(move || {
                let hash = PasswordHash::new(&phc).map_err(|_| HashFailed::Damaged)?;
                Ok(argon2.verify_password(password.0.as_bytes(), &hash).is_ok())
            })
            .await?;
        Ok(known && same)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashFailed> + Send + 'static,
    ) -> Result<T, HashFailed> {
        let place = tokio::time::timeout(PATIENCE, Arc::clone(&self.places).acquire_owned())
            .await
            .map_err(|_| HashFailed::Busy)?
            .map_err(|_| HashFailed::Busy)?;
        tokio::task::spawn_blocking(move || {
            let done = work();
            // Held by the thread: a caller who leaves does not free the place early.
            drop(place);
            done
        })
        .await
        .map_err(|_| HashFailed::Damaged)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_verifies_its_password_and_no_other() {
        let hasher = Hasher::new().await.unwrap();
        let password = Password::new("a fairly long and odd sentence");
        let phc = hasher.hash(&password).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert_ne!(phc, hasher.hash(&password).await.unwrap());
        assert_eq!(hasher.verify(&password, Some(phc.clone())).await, Ok(true));
        let other = Password::new("A fairly long and odd sentence");
        assert_eq!(hasher.verify(&other, Some(phc)).await, Ok(false));
        assert_eq!(hasher.verify(&password, None).await, Ok(false));
        let damaged = hasher
            .verify(&password, Some("$argon2id$".to_owned()))
            .await;
        assert_eq!(damaged, Err(HashFailed::Damaged));
    }

    #[test]
    fn one_password_has_one_spelling() {
        let (composed, decomposed) = (Password::new("Zoë"), Password::new("Zoe\u{308}"));
        assert_eq!(*composed.0, *decomposed.0);
        assert_eq!(format!("{composed:?}"), "[password]");
    }
}
