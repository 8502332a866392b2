//! What threads take and give back, so that it is not made anew for each event.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// What is kept, at most.
const MOST: usize = 64;

pub(super) struct Pool<T> {
    free: Mutex<Vec<T>>,
}

impl<T> Pool<T> {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            free: Mutex::new(Vec::new()),
        })
    }

    /// One that is free, or a new one.
    pub(super) fn take(&self, make: impl FnOnce() -> T) -> T {
        let free = self
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        free.unwrap_or_else(make)
    }

    pub(super) fn give_back(&self, one: T) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < MOST {
            free.push(one);
        }
    }
}

impl<T> fmt::Debug for Pool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}
