//! One service's connection, as the recorder's threads share it: bytes in flight, and waiting answers.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use vouchsafe::audit::Source;

/// Maximum bytes of unanswered requests of one connection. At the limit the recorder stops reading from it: a service
/// that sends too fast, or reads no answers, waits at its own socket.
pub(crate) const MAX_IN_FLIGHT: usize = 8 << 20;

/// Maximum bytes of answers that wait for a service; beyond that its connection ends.
///
/// An acknowledgement can be much longer than its request: it has the hashes of the whole batch.
const MAX_UNSENT: usize = 32 << 20;

/// A connection, shared by the threads that read from it, commit for it and write to it.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Unique within this run.
    pub(crate) id: u64,
    /// The source; set by its `hello`.
    pub(crate) source: OnceLock<Source>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    in_flight: usize,
    replies: VecDeque<Outgoing>,
    unsent: usize,
    closed: bool,
    /// The thread that writes has ended.
    ended: bool,
}

/// An answer, and the number of bytes in flight that it settles.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) bytes: Vec<u8>,
    pub(crate) settles: usize,
}

impl Connection {
    pub(crate) fn new(id: u64) -> Self {
        Self {
            id,
            source: OnceLock::new(),
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Whether a request of this size would be accepted without waiting.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        let state = self.lock();
        state.in_flight == 0 || state.in_flight + bytes <= MAX_IN_FLIGHT
    }

    /// Accepts a request of this size, as soon as the limit allows; `false` if the connection was closed.
    pub(crate) fn admit(&self, bytes: usize) -> bool {
        let mut state = self.lock();
        while !state.closed && state.in_flight > 0 && state.in_flight + bytes > MAX_IN_FLIGHT {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.in_flight += bytes;
        !state.closed
    }

    /// Passes an answer to the thread that writes.
    pub(crate) fn reply(&self, bytes: Vec<u8>, settles: usize) {
        let mut state = self.lock();
        state.unsent += bytes.len();
        if state.unsent > MAX_UNSENT {
            state.closed = true;
            state.replies.clear();
        } else {
            state.replies.push_back(Outgoing { bytes, settles });
        }
        drop(state);
        self.changed.notify_all();
    }

    /// All waiting answers, as soon as there is one; none after the connection was closed.
    pub(crate) fn outgoing(&self) -> VecDeque<Outgoing> {
        let mut state = self.lock();
        while state.replies.is_empty() && !state.closed {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.unsent = 0;
        std::mem::take(&mut state.replies)
    }

    /// The answers to this number of request bytes were sent.
    pub(crate) fn settled(&self, bytes: usize) {
        let mut state = self.lock();
        state.in_flight = state.in_flight.saturating_sub(bytes);
        drop(state);
        self.changed.notify_all();
    }

    /// Closes it for all threads; waiting answers are still returned.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// The writing thread reports that it sends nothing more.
    pub(crate) fn ended(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }

    /// Waits, with a time limit, until the answers of a closed connection were sent.
    pub(crate) fn drained(&self, patience: Duration) {
        let state = self.lock();
        let waiting = self
            .changed
            .wait_timeout_while(state, patience, |state| !state.ended);
        drop(waiting.unwrap_or_else(PoisonError::into_inner));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    #[test]
    fn requests_wait_at_the_bound_until_answers_leave() {
        let connection = Arc::new(Connection::new(1));
        assert!(connection.admit(MAX_IN_FLIGHT));
        let other = Arc::clone(&connection);
        let waiting = thread::spawn(move || other.admit(1));
        connection.reply(vec![1], MAX_IN_FLIGHT);
        assert!(!waiting.is_finished());
        let outgoing = connection.outgoing();
        connection.settled(outgoing.iter().map(|reply| reply.settles).sum());
        assert!(waiting.join().unwrap());
    }

    #[test]
    fn a_service_that_reads_no_answers_is_let_go() {
        let connection = Connection::new(1);
        for _ in 0..32 {
            assert!(connection.admit(1));
            connection.reply(vec![0; 1 << 20], 1);
        }
        assert!(connection.admit(1));
        connection.reply(vec![0; 1 << 20], 1);
        assert!(!connection.admit(1));
        assert!(connection.outgoing().is_empty());
    }

    #[test]
    fn closing_frees_all_who_wait() {
        let connection = Arc::new(Connection::new(1));
        assert!(connection.admit(MAX_IN_FLIGHT));
        let threads = [connection.clone(), connection.clone()]
            .map(|other| thread::spawn(move || other.admit(1)));
        connection.close();
        assert!(threads.into_iter().all(|thread| !thread.join().unwrap()));
        assert!(connection.outgoing().is_empty());
    }
}
