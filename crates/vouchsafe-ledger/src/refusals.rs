//! Refusals before authentication, counted instead of logged one by one.
//!
//! A stranger can cause any number of refusals. One entry stands for all refusals of one network prefix and reason
//! within ten seconds. The table is bounded, and so is the number of entries per window: strangers cannot fill the log,
//! and their attempts are still recorded. Pure: time is an argument, the server drives it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use jiff::{SignedDuration, Timestamp};
use vouchsafe::audit::{Context, Draft, Event, Outcome, Stream};

/// The length of a window.
pub const WINDOW: SignedDuration = SignedDuration::from_secs(10);
/// Number of distinct pairs of prefix and reason within one window, and so of entries per window. One more entry for
/// each reason stands for all further prefixes.
pub const MAX_DISTINCT: usize = 256;

/// Refusals of one network prefix (or of all further ones) for one reason within one window.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Counted {
    /// Token of the network prefix; `None` for those beyond the bound.
    pub network: Option<String>,
    /// The reason: a fixed word.
    pub reason: &'static str,
    /// Their number.
    pub count: u64,
    /// The time of the first one.
    pub first: Timestamp,
    /// The time of the last one.
    pub last: Timestamp,
}

impl Counted {
    /// The entry that stands for them.
    pub fn draft(&self, now: Timestamp) -> Draft {
        let context = Context {
            request: None,
            network: self.network.clone(),
        };
        let mut event = Event::new(Stream::Identity, "authenticate", Outcome::Refused, &context);
        event.reason = Some(self.reason);
        event.count = Some(self.count);
        event.draft(now)
    }
}

/// Counts refusals.
#[derive(Debug, Default)]
pub struct Aggregator {
    began: Option<Timestamp>,
    table: HashMap<(Option<String>, &'static str), Counted>,
    distinct: usize,
}

impl Aggregator {
    /// An empty aggregator.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one refusal. `network` is the token of the caller's network prefix, `reason` a fixed word.
    pub fn count(&mut self, network: &str, reason: &'static str, now: Timestamp) {
        let network = Some(network.to_owned());
        self.add(
            Counted {
                network,
                reason,
                count: 1,
                first: now,
                last: now,
            },
            now,
        );
    }

    /// The time when [`Aggregator::take`] will return something; `None` if there is nothing.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        self.began.and_then(|began| began.checked_add(WINDOW).ok())
    }

    /// The counts of a finished window, in a fixed order; none before its end.
    ///
    /// They are removed: the caller MUST append them, and return them with [`Aggregator::put_back`] if the log refuses
    /// them.
    pub fn take(&mut self, now: Timestamp) -> Vec<Counted> {
        if self.due().is_some_and(|due| due <= now) {
            self.take_all()
        } else {
            Vec::new()
        }
    }

    /// The counts of an unfinished window as well, for the end of the process.
    pub fn take_all(&mut self) -> Vec<Counted> {
        self.began = None;
        self.distinct = 0;
        let mut all: Vec<Counted> = self.table.drain().map(|(_, counted)| counted).collect();
        all.sort_by(|a, b| (&a.network, a.reason).cmp(&(&b.network, b.reason)));
        all
    }

    /// Adds counts that could not be appended to the present window, within its limit.
    pub fn put_back(&mut self, counts: Vec<Counted>, now: Timestamp) {
        for counted in counts {
            self.add(counted, now);
        }
    }

    fn add(&mut self, mut counted: Counted, now: Timestamp) {
        self.began.get_or_insert(now);
        let known = self
            .table
            .contains_key(&(counted.network.clone(), counted.reason));
        if !known && counted.network.is_some() {
            if self.distinct < MAX_DISTINCT {
                self.distinct += 1;
            } else {
                counted.network = None;
            }
        }
        let key = (counted.network.clone(), counted.reason);
        match self.table.entry(key) {
            Entry::Vacant(place) => {
                place.insert(counted);
            }
            Entry::Occupied(mut place) => {
                let total = place.get_mut();
                total.count = total.count.saturating_add(counted.count);
                total.first = total.first.min(counted.first);
                total.last = total.last.max(counted.last);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    #[test]
    fn refusals_of_a_window_become_one_count_per_prefix_and_reason() {
        let mut refusals = Aggregator::new();
        for second in 0..5 {
            refusals.count("a", "no-token", at(second));
        }
        refusals.count("a", "expired", at(6));
        refusals.count("b", "no-token", at(7));
        assert_eq!(refusals.due(), Some(at(10)));
        assert!(refusals.take(at(9)).is_empty());
        let counts = refusals.take(at(10));
        let short: Vec<_> = counts
            .iter()
            .map(|c| (c.network.as_deref(), c.reason, c.count))
            .collect();
        assert_eq!(
            short,
            [
                (Some("a"), "expired", 1),
                (Some("a"), "no-token", 5),
                (Some("b"), "no-token", 1)
            ]
        );
        assert_eq!((counts[1].first, counts[1].last), (at(0), at(4)));
        assert!(refusals.take(at(100)).is_empty());
        assert_eq!(refusals.due(), None);
    }

    #[test]
    fn strangers_from_everywhere_make_a_bounded_number_of_entries_and_none_is_lost() {
        let mut refusals = Aggregator::new();
        for number in 0..100_000_u64 {
            let reason = if number % 2 == 0 {
                "no-token"
            } else {
                "malformed"
            };
            refusals.count(&format!("prefix {number}"), reason, at(1));
        }
        let counts = refusals.take(at(60));
        assert_eq!(counts.len(), MAX_DISTINCT + 2);
        assert_eq!(
            counts.iter().map(|counted| counted.count).sum::<u64>(),
            100_000
        );
    }

    #[test]
    fn counts_that_the_log_did_not_take_are_counted_again() {
        let mut refusals = Aggregator::new();
        refusals.count("a", "no-token", at(0));
        let counts = refusals.take(at(10));
        refusals.count("a", "no-token", at(11));
        refusals.put_back(counts, at(11));
        let counts = refusals.take(at(21));
        assert_eq!(
            (counts.len(), counts[0].count, counts[0].first),
            (1, 2, at(0))
        );
    }

    #[test]
    fn the_entry_tells_prefix_reason_and_count() {
        let mut refusals = Aggregator::new();
        refusals.count("token-of-prefix", "no-token", at(0));
        let draft = refusals.take_all()[0].draft(at(10));
        let text = String::from_utf8(draft.bytes().to_vec()).unwrap();
        for part in [
            r#""count":1"#,
            r#""network":"token-of-prefix""#,
            r#""reason":"no-token""#,
            r#""outcome":"refused""#,
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}
