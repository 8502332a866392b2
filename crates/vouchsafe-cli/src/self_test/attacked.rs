//! Counts of attacks: how often each was tried, and how often it was detected.

use vouchsafe_evidence::selftest::Attacked;

/// Counts an attack.
pub(super) struct Count(Attacked);

impl Count {
    pub(super) fn of(attack: &str) -> Self {
        Self(Attacked {
            attack: attack.to_owned(),
            tried: 0,
            seen: 0,
        })
    }

    pub(super) fn add(&mut self, seen: bool) {
        self.0.tried += 1;
        self.0.seen += u64::from(seen);
    }

    pub(super) fn finish(self) -> Attacked {
        self.0
    }
}
