//! What marks an implementation of a port.

/// What the log and the keys come through. An implementation is trusted with both: it says so by implementing
/// this trait.
pub trait Port: Send + Sync {}
