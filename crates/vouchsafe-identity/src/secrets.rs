//! Tokens: shown once to their holder, never printed or stored.

use std::fmt;

use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::{Zeroize as _, ZeroizeOnDrop};

/// An access token for its holder.
#[derive(ZeroizeOnDrop)]
pub struct AccessToken(String);

impl AccessToken {
    pub(crate) const fn new(token: String) -> Self {
        Self(token)
    }

    /// The token's text, for the response that delivers it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[token]")
    }
}

/// The token in a one-time enrolment link: 32 random bytes, base64url.
#[derive(ZeroizeOnDrop)]
pub struct EnrolmentToken(String);

impl EnrolmentToken {
    pub(crate) fn random() -> Result<Self, aws_lc_rs::error::Unspecified> {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes)?;
        let token = Self(URL_SAFE_NO_PAD.encode(bytes));
        bytes.zeroize();
        Ok(token)
    }

    /// The token from a link.
    #[must_use]
    pub fn from_link(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The token's text, for the link.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The stored digest: SHA-256; 256 random bits need no slow hash.
    pub(crate) fn digest(&self) -> [u8; 32] {
        sha256(&[self.0.as_bytes()])
    }
}

impl fmt::Debug for EnrolmentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[token]")
    }
}

/// SHA-256 over parts, each with its length before it.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut out = [0; 32];
    // The digest has 32 bytes.
    for (out, byte) in out.iter_mut().zip(context.finish().as_ref()) {
        *out = *byte;
    }
    out
}
