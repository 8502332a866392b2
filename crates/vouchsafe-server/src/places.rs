//! Places for work, of which each holder has a share at most.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use vouchsafe::session::Principal;
use vouchsafe_identity::NetworkPrefix;
use vouchsafe_installation::settings::Settings;

/// Requests of strangers that run at once, and those of one network: each may cost a password's hash.
const STRANGERS: (usize, usize) = (64, 32);
/// Bodies of strangers that are waited for at once, and those of one network.
const STRANGERS_BODIES: (usize, usize) = (256, 64);
/// Longest body of a stranger, in bytes.
const STRANGERS_LIMIT: usize = 16 * 1024;
/// How long a stranger's body may take.
const STRANGERS_TIME: Duration = Duration::from_secs(5);
/// The part of all callers' places that one caller may have.
const CALLERS_SHARE: usize = 4;

/// A bounded number of places.
#[derive(Debug)]
pub(crate) struct Places<K> {
    total: usize,
    share: usize,
    held: Mutex<Held<K>>,
}

#[derive(Debug)]
struct Held<K> {
    all: usize,
    /// Holders without a place are not in it, so it is never larger than `all`.
    of: HashMap<K, usize>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place<K: Clone + Eq + Hash> {
    places: Arc<Places<K>>,
    holder: K,
}

impl<K: Clone + Eq + Hash> Places<K> {
    /// So many places in all, and for one holder; one at least.
    pub(crate) fn new(total: usize, share: usize) -> Arc<Self> {
        let held = Held {
            all: 0,
            of: HashMap::new(),
        };
        Arc::new(Self {
            total: total.max(1),
            share: share.max(1),
            held: Mutex::new(held),
        })
    }

    /// A place for the holder; `None` when all are taken, or all of the holder's share.
    pub(crate) fn take(self: &Arc<Self>, holder: K) -> Option<Place<K>> {
        let mut held = self.held();
        let of_holder = held.of.get(&holder).copied().unwrap_or_default();
        if held.all >= self.total || of_holder >= self.share {
            return None;
        }
        held.all += 1;
        held.of.insert(holder.clone(), of_holder + 1);
        drop(held);
        Some(Place {
            places: Arc::clone(self),
            holder,
        })
    }

    fn held(&self) -> MutexGuard<'_, Held<K>> {
        // Counting cannot leave it half changed.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        let mut held = self.places.held();
        held.all = held.all.saturating_sub(1);
        if let Some(of_holder) = held.of.get_mut(&self.holder) {
            *of_holder = of_holder.saturating_sub(1);
            if *of_holder == 0 {
                held.of.remove(&self.holder);
            }
        }
    }
}

/// What one kind of client may take at once.
#[derive(Debug)]
pub(crate) struct Room<K> {
    pub(crate) bodies: Arc<Places<K>>,
    pub(crate) places: Arc<Places<K>>,
    /// Longest body, in bytes.
    pub(crate) limit: usize,
    /// How long a body may take.
    pub(crate) time: Duration,
}

impl Room<NetworkPrefix> {
    /// For clients that are not authenticated.
    pub(crate) fn of_strangers() -> Self {
        Self {
            bodies: Places::new(STRANGERS_BODIES.0, STRANGERS_BODIES.1),
            places: Places::new(STRANGERS.0, STRANGERS.1),
            limit: STRANGERS_LIMIT,
            time: STRANGERS_TIME,
        }
    }
}

impl Room<Principal> {
    /// For callers.
    pub(crate) fn of_callers(settings: &Settings) -> Self {
        let (total, share) = (
            settings.concurrency_limit,
            settings.concurrency_limit.div_ceil(CALLERS_SHARE),
        );
        Self {
            bodies: Places::new(total, share),
            places: Places::new(total, share),
            limit: settings.body_limit_bytes,
            time: Duration::from_secs(settings.request_timeout_seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_has_its_share_and_leaves_the_rest_to_others() {
        let places = Places::new(3, 2);
        let first = places.take("a");
        let second = places.take("a");
        assert!(first.is_some() && second.is_some());
        assert!(places.take("a").is_none(), "the share is taken");
        let third = places.take("b");
        assert!(third.is_some());
        assert!(places.take("c").is_none(), "all are taken");
        drop(first);
        assert!(places.take("c").is_some());
        assert!(places.take("a").is_some(), "the place before was dropped");
    }

    #[test]
    fn nothing_is_kept_of_holders_who_have_left() {
        let places = Places::new(10, 10);
        for holder in 0..1000 {
            drop(places.take(holder));
        }
        let held = places.held();
        assert_eq!((held.all, held.of.len()), (0, 0));
    }

    #[test]
    fn there_is_always_a_place() {
        assert!(Places::new(0, 0).take(()).is_some());
    }
}
