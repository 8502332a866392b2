//! The most recent batches, so that a request that is sent again gets its first answer.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use vouchsafe::audit::{EntryKind, Source};
use vouchsafe_tlog::Hash;

/// Number of remembered entries: far more than all connections may have in flight.
pub(crate) const REMEMBERED: usize = 131_072;

/// A committed batch with everything needed to answer for it again.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) first_index: u64,
    pub(crate) recorded: Timestamp,
    pub(crate) hashes: Vec<Hash>,
    pub(crate) entries: Vec<Known>,
}

/// One entry of a batch, except its leaf hash.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Known {
    pub(crate) source: Source,
    pub(crate) counter: u64,
    pub(crate) kind: EntryKind,
}

/// Consecutive entries of one source in one batch.
#[derive(Debug)]
struct Run {
    first_counter: u64,
    length: u64,
    batch: Arc<Batch>,
    position: usize,
}

/// The bounded memory.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    batches: VecDeque<Arc<Batch>>,
    runs: HashMap<Source, VecDeque<Run>>,
    entries: usize,
}

impl Recent {
    /// Remembers a batch and forgets the oldest beyond the limit.
    pub(crate) fn remember(&mut self, batch: Arc<Batch>) {
        for run in runs(&batch) {
            let source = batch.entries.get(run.position).map(|known| known.source);
            if let Some(source) = source {
                self.runs.entry(source).or_default().push_back(run);
            }
        }
        self.entries += batch.entries.len();
        self.batches.push_back(batch);
        while self.entries > REMEMBERED {
            self.forget_oldest();
        }
    }

    /// The batch that holds this entry of this source, and its position in it; the entries after it follow.
    pub(crate) fn find(&self, source: &Source, counter: u64) -> Option<(&Arc<Batch>, usize)> {
        let runs = self.runs.get(source)?;
        let after = runs.partition_point(|run| run.first_counter <= counter);
        let run = runs.get(after.checked_sub(1)?)?;
        let within = counter
            .checked_sub(run.first_counter)
            .filter(|within| *within < run.length)?;
        Some((&run.batch, run.position + usize::try_from(within).ok()?))
    }

    fn forget_oldest(&mut self) {
        let Some(batch) = self.batches.pop_front() else {
            return;
        };
        self.entries -= batch.entries.len();
        for known in &batch.entries {
            let source = &known.source;
            let Some(runs) = self.runs.get_mut(source) else {
                continue;
            };
            while runs
                .front()
                .is_some_and(|run| Arc::ptr_eq(&run.batch, &batch))
            {
                runs.pop_front();
            }
            if runs.is_empty() {
                self.runs.remove(source);
            }
        }
    }
}

fn runs(batch: &Arc<Batch>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut before: Option<&Known> = None;
    for (position, known) in batch.entries.iter().enumerate() {
        let follows =
            before.is_some_and(|b| b.source == known.source && b.counter + 1 == known.counter);
        match runs.last_mut() {
            Some(run) if follows => run.length += 1,
            _ => runs.push(Run {
                first_counter: known.counter,
                length: 1,
                batch: Arc::clone(batch),
                position,
            }),
        }
        before = Some(known);
    }
    runs
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn source(number: u128) -> Source {
        Source {
            replica: Uuid::from_u128(1),
            boot: Uuid::from_u128(number),
        }
    }

    fn batch(first_index: u64, entries: &[(u128, u64)]) -> Arc<Batch> {
        let known = |(boot, counter): &(u128, u64)| Known {
            source: source(*boot),
            counter: *counter,
            kind: EntryKind::Event,
        };
        let (recorded, entries) = (Timestamp::UNIX_EPOCH, entries.iter().map(known).collect());
        Arc::new(Batch {
            first_index,
            recorded,
            hashes: Vec::new(),
            entries,
        })
    }

    fn found(recent: &Recent, boot: u128, counter: u64) -> Option<(u64, usize)> {
        let (batch, position) = recent.find(&source(boot), counter)?;
        Some((batch.first_index, position))
    }

    #[test]
    fn an_entry_is_found_in_its_batch_at_its_position() {
        let mut recent = Recent::default();
        recent.remember(batch(0, &[(1, 1), (1, 2), (2, 1), (1, 3)]));
        recent.remember(batch(4, &[(2, 2), (2, 3), (1, 4)]));
        assert_eq!(found(&recent, 1, 2), Some((0, 1)));
        assert_eq!(found(&recent, 1, 3), Some((0, 3)));
        assert_eq!(found(&recent, 2, 1), Some((0, 2)));
        assert_eq!(found(&recent, 2, 3), Some((4, 1)));
        assert_eq!(found(&recent, 1, 4), Some((4, 2)));
        assert_eq!(found(&recent, 1, 5), None);
        assert_eq!(found(&recent, 1, 0), None);
        assert_eq!(found(&recent, 3, 1), None);
    }

    #[test]
    fn the_oldest_are_forgotten_and_the_bound_holds() {
        let mut recent = Recent::default();
        for number in 0..300u64 {
            let entries: Vec<_> = (1..=1000).map(|n| (1, number * 1000 + n)).collect();
            recent.remember(batch(number * 1000, &entries));
        }
        assert!(recent.entries <= REMEMBERED);
        assert_eq!(found(&recent, 1, 1), None);
        assert_eq!(found(&recent, 1, 300_000), Some((299_000, 999)));
        assert_eq!(recent.runs.len(), 1);
        assert!(recent.runs.values().all(|runs| runs.len() <= 131));
    }
}
