//! Whether the recorder can be reached, and how often it could not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use vouchsafe::audit::AppendError;

/// The state of the connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(super) enum State {
    Connected = 0,
    Disconnected = 1,
    /// It is not the recorder that was pinned, or it lost what it had acknowledged.
    Untrusted = 2,
}

/// The state, and a count that grows with each sign that the log does not work.
#[derive(Debug)]
pub(super) struct Standing {
    state: AtomicU8,
    signs: AtomicU64,
}

impl Standing {
    /// Of a connection that was just made.
    pub(super) fn connected() -> Arc<Self> {
        Arc::new(Self {
            state: AtomicU8::new(State::Connected as u8),
            signs: AtomicU64::new(0),
        })
    }

    pub(super) fn set(&self, state: State) {
        self.state.store(state as u8, Ordering::Release);
        if state != State::Connected {
            self.sign();
        }
    }

    /// An entry was not appended, or the connection was lost.
    pub(super) fn sign(&self) {
        self.signs.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn signs(&self) -> u64 {
        self.signs.load(Ordering::Acquire)
    }

    /// Why nothing can be appended now.
    pub(super) fn look(&self) -> Result<(), AppendError> {
        match self.state.load(Ordering::Acquire) {
            0 => Ok(()),
            2 => Err(AppendError::Untrusted),
            _ => Err(AppendError::Unavailable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_connection_is_a_sign_and_a_new_one_is_none() {
        let standing = Standing::connected();
        assert_eq!((standing.look(), standing.signs()), (Ok(()), 0));
        standing.set(State::Disconnected);
        let unavailable = Err(AppendError::Unavailable);
        assert_eq!((standing.look(), standing.signs()), (unavailable, 1));
        standing.set(State::Connected);
        assert_eq!((standing.look(), standing.signs()), (Ok(()), 1));
        standing.set(State::Untrusted);
        let untrusted = Err(AppendError::Untrusted);
        assert_eq!((standing.look(), standing.signs()), (untrusted, 2));
    }
}
