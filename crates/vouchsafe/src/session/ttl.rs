//! The lifetime of an access token, limited by type.

use jiff::SignedDuration;

/// The lifetime of an access token: 1 second to 30 minutes, 15 minutes by default.
///
/// The type cannot hold more, so no configuration can ask for more (45 CFR 164.312(a)(2)(iii)).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AccessTtl(u16);

/// A lifetime of zero or over 30 minutes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an access token lives 1 to 1800 seconds")]
pub struct TtlOutOfBounds;

impl AccessTtl {
    /// The longest lifetime, in seconds.
    pub const MAX_SECONDS: u16 = 30 * 60;

    /// A lifetime of this number of seconds.
    ///
    /// # Errors
    /// [`TtlOutOfBounds`] if it is 0 or over [`Self::MAX_SECONDS`].
    pub const fn from_seconds(seconds: u32) -> Result<Self, TtlOutOfBounds> {
        if seconds == 0 || seconds > Self::MAX_SECONDS as u32 {
            return Err(TtlOutOfBounds);
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "at most 1800, checked above"
        )]
        Ok(Self(seconds as u16))
    }

    /// The lifetime in seconds.
    #[must_use]
    pub const fn seconds(self) -> u16 {
        self.0
    }

    /// The lifetime as a duration.
    #[must_use]
    pub fn duration(self) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.0))
    }
}

impl Default for AccessTtl {
    fn default() -> Self {
        Self(15 * 60)
    }
}
