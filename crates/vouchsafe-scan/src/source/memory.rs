//! Memory that the packing of a file demands.

use std::cell::Cell;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// What each worker may take at any time.
const LIGHT: u64 = 6 << 20;
/// What one worker at a time may take.
const HEAVY: u64 = 44 << 20;

/// The right to take much, which one worker at a time has.
#[derive(Default)]
pub(super) struct Turn {
    taken: Mutex<bool>,
    free: Condvar,
}

/// The memory of one worker.
///
/// INVARIANT (one-heavy): of all workers, one at most has more than `LIGHT`. It keeps its turn until it is done with its
/// file, and waits for no other meanwhile.
pub(super) struct Memory {
    turn: Arc<Turn>,
    has_turn: Cell<bool>,
    used: Cell<u64>,
}

/// Memory that was claimed, until it is dropped.
pub(super) struct Claim<'c> {
    used: &'c Cell<u64>,
    bytes: u64,
}

impl Memory {
    pub(super) const fn new(turn: Arc<Turn>) -> Self {
        Self {
            turn,
            has_turn: Cell::new(false),
            used: Cell::new(0),
        }
    }

    /// Claims memory, and waits for it where another worker has much. None when it is more than there can be.
    pub(super) fn claim(&self, bytes: u64) -> Option<Claim<'_>> {
        let used = self.used.get().saturating_add(bytes);
        if used > HEAVY {
            return None;
        }
        if used > LIGHT && !self.has_turn.replace(true) {
            let taken = self
                .turn
                .taken
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let taken = self.turn.free.wait_while(taken, |taken| *taken);
            *taken.unwrap_or_else(PoisonError::into_inner) = true;
        }
        self.used.set(used);
        let used = &self.used;
        Some(Claim { used, bytes })
    }

    /// A file is done with.
    pub(super) fn release(&self) {
        if self.has_turn.replace(false) {
            *self
                .turn
                .taken
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = false;
            self.turn.free.notify_one();
        }
    }
}

impl Drop for Memory {
    /// A worker that panics lets go, too: the others would wait for ever.
    fn drop(&mut self) {
        self.release();
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.used.set(self.used.get().saturating_sub(self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_worker_at_a_time_has_much() {
        let turn = Arc::new(Turn::default());
        let taken = || *turn.taken.lock().unwrap();
        let memory = Memory::new(Arc::clone(&turn));
        let little = memory.claim(LIGHT).unwrap();
        assert!(!taken());
        let much = memory.claim(HEAVY - LIGHT).unwrap();
        assert!(taken());
        assert!(memory.claim(1).is_none());
        drop((little, much));
        assert!(taken(), "until the file is done with");
        memory.release();
        assert!(!taken());
        let _much = memory.claim(HEAVY).unwrap();
        let other = Memory::new(Arc::clone(&turn));
        let waits = std::thread::spawn(move || other.claim(HEAVY).is_some());
        memory.release();
        assert!(waits.join().unwrap());
    }
}
