//! The smallest keys of all that were given, within bounds.

use std::collections::BTreeMap;

/// What a key costs of the bound in bytes. It MUST depend on the key alone.
pub(super) trait Cost {
    /// Its bytes.
    fn cost(&self) -> usize;
}

/// A map that keeps the smallest keys and gives up the others.
///
/// INVARIANT (prefix): what is kept are the first keys, in order, of all that were ever given, as many as the bounds
/// hold; so neither the order in which they came nor the way in which maps were joined makes a difference. Once a key
/// was given up, no key from there on is taken (`ceiling`).
pub(super) struct Smallest<K, V> {
    kept: BTreeMap<K, V>,
    ceiling: Option<K>,
    cost: usize,
    most: usize,
    most_bytes: usize,
}

impl<K: Ord + Clone + Cost, V> Smallest<K, V> {
    pub(super) const fn new(most: usize, most_bytes: usize) -> Self {
        Self {
            kept: BTreeMap::new(),
            ceiling: None,
            cost: 0,
            most,
            most_bytes,
        }
    }

    /// Adds a value to that of the key; gives up what the bounds do not hold.
    pub(super) fn join(
        &mut self,
        key: K,
        value: V,
        add: impl FnOnce(&mut V, V),
        mut give_up: impl FnMut(K, V),
    ) {
        if self.ceiling.as_ref().is_some_and(|ceiling| key >= *ceiling) {
            give_up(key, value);
            return;
        }
        if let Some(known) = self.kept.get_mut(&key) {
            add(known, value);
            return;
        }
        self.cost += key.cost();
        self.kept.insert(key, value);
        while self.kept.len() > self.most || self.cost > self.most_bytes {
            let Some((key, value)) = self.kept.pop_last() else {
                return;
            };
            self.cost = self.cost.saturating_sub(key.cost());
            self.ceiling = Some(key.clone());
            give_up(key, value);
        }
    }

    /// Gives up all keys from a ceiling on, now and later.
    pub(super) fn lower(&mut self, ceiling: Option<K>, mut give_up: impl FnMut(K, V)) {
        let Some(ceiling) = ceiling else { return };
        if self.ceiling.as_ref().is_some_and(|mine| *mine <= ceiling) {
            return;
        }
        for (key, value) in self.kept.split_off(&ceiling) {
            self.cost = self.cost.saturating_sub(key.cost());
            give_up(key, value);
        }
        self.ceiling = Some(ceiling);
    }

    /// What was kept, and from where on keys were given up.
    pub(super) fn into_parts(self) -> (BTreeMap<K, V>, Option<K>) {
        (self.kept, self.ceiling)
    }
}
