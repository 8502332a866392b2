//! Secrets, and the identifiers of keys and algorithms.

use std::fmt;
use std::ops::Deref;

use aws_lc_rs::rand;
use zeroize::{Zeroize as _, ZeroizeOnDrop};

/// A key of 32 secret bytes. Zeroed when dropped; never printed, copied or serialised.
#[derive(ZeroizeOnDrop)]
pub struct Secret(Box<[u8; 32]>);

impl Secret {
    /// 32 random bytes.
    #[must_use]
    pub fn random() -> Self {
        let mut secret = Self(Box::new([0; 32]));
        fill_random(&mut secret.0[..]);
        secret
    }

    /// A secret of these bytes; the passed copy is zeroed.
    #[must_use]
    pub fn from_bytes(mut bytes: [u8; 32]) -> Self {
        let secret = Self(Box::new(bytes));
        bytes.zeroize();
        secret
    }

    /// The bytes, for wrapping or deriving.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

/// Opened bytes. Zeroed when dropped; never printed, copied or serialised.
pub struct Plaintext(Vec<u8>);

impl Plaintext {
    /// A buffer of this number of zero bytes.
    pub(super) fn zeroed(len: usize) -> Self {
        Self(vec![0; len])
    }

    /// The bytes, for writing.
    pub(super) const fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    /// The bytes.
    #[must_use]
    pub const fn as_slice(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl Deref for Plaintext {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Plaintext {
    fn drop(&mut self) {
        // The content at once, then the spare capacity: a vector's own zeroing goes byte by byte.
        self.0.as_mut_slice().zeroize();
        self.0.clear();
        self.0.zeroize();
    }
}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[plaintext]")
    }
}

/// Fills a buffer with random bytes (SP 800-90A, the provider's generator).
#[expect(
    clippy::expect_used,
    reason = "aws-lc aborts rather than report failure; and without randomness nothing may go on"
)]
pub(super) fn fill_random(out: &mut [u8]) {
    rand::fill(out).expect("the provider's random generator does not fail");
}

/// The version of a key: identifies which of its successive keys sealed something.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct KeyVersion(u32);

impl KeyVersion {
    /// The first version of a key.
    pub const FIRST: Self = Self(1);

    /// The version with this number.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for KeyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The algorithms of an envelope; the number determines every parameter, for ever.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Suite {
    /// AES-256-GCM (SP 800-38D) with a random 96-bit nonce: for keys of one subject, which never come near 2^32
    /// messages.
    Aes256Gcm = 1,
    /// XAES-256-GCM (C2SP) with a random 192-bit nonce: for keys without a limit on the number of seals.
    Xaes256Gcm = 2,
}

impl Suite {
    /// The suite with that number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Aes256Gcm),
            2 => Some(Self::Xaes256Gcm),
            _ => None,
        }
    }

    /// The number, as in the envelope.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The nonce's length in bytes.
    pub(super) const fn nonce_len(self) -> usize {
        match self {
            Self::Aes256Gcm => 12,
            Self::Xaes256Gcm => 24,
        }
    }
}
