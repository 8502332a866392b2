//! The marker of a port's implementation.

/// The marker of implementations that the log and the keys come through. An implementation is trusted with both, and
/// declares it by implementing this trait.
pub trait Port: Send + Sync {}
