//! Verification of a whole log, in constant memory except one counter per source and one id per open intent.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use vouchsafe::audit::{EntryKind, Source};
use vouchsafe::ids::IntentId;
use vouchsafe_tlog::tile::TILE_WIDTH;
use vouchsafe_tlog::{Frontier, Hash, hash_leaf};

use super::{Log, ReadError};
use crate::leaf::{self, Leaf};

/// Maximum number of kept findings. Further ones are only counted: an entirely different log has one per entry.
const MAX_FINDINGS: usize = 1000;

/// A failed check of a log.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Finding {
    /// The files do not lead to the checkpoint.
    #[error("{what}")]
    Tiles {
        /// The file and its fault.
        what: String,
    },
    /// An entry is not in the format of the recorder.
    #[error("entry {index}: it is not in the format of the recorder")]
    Entry {
        /// Its index.
        index: u64,
    },
    /// Entries of a source are missing or duplicate.
    #[error("entry {index}: source {source_id} has counter {found} where {expected} should follow")]
    Counter {
        /// The entry's index.
        index: u64,
        /// The source.
        source_id: Source,
        /// The counter after the last one.
        expected: u64,
        /// The counter that was found.
        found: u64,
    },
    /// An entry was recorded before the previous one.
    #[error("entry {index}: it was recorded before the entry in front of it")]
    Time {
        /// Its index.
        index: u64,
    },
    /// The hash of all entries is not the root of the checkpoint.
    #[error("the entries do not hash to the root of the checkpoint")]
    Root,
}

/// An act by which the installation went on after a loss (`recover-clock`, `recover-log`, `recover-database`). It is no
/// fault, and is shown for ever.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Recovered {
    /// The entry that records it.
    pub index: u64,
    /// When that was recorded.
    pub recorded: Timestamp,
    /// What was done.
    pub operation: String,
    /// By whom.
    pub actor: String,
}

/// What verification found.
#[derive(Clone, Debug)]
pub struct Report {
    /// The log's name.
    pub origin: String,
    /// The key that signed the checkpoint, as a `vkey`. It was checked when the log was opened.
    pub vkey: String,
    /// Entries under the checkpoint.
    pub entries: u64,
    /// Root of the checkpoint.
    pub root: Hash,
    /// Number of sources: each boot of each replica is one.
    pub sources: u64,
    /// Intents without an outcome. Not a fault in itself: the newest may be in progress.
    pub unsettled: Vec<IntentId>,
    /// The times of the first and the last entry.
    pub recorded: Option<(Timestamp, Timestamp)>,
    /// Acts after a loss, at most a thousand of them.
    pub recovered: Vec<Recovered>,
    /// What does not hold, at most a thousand of them.
    pub findings: Vec<Finding>,
    /// Findings beyond those.
    pub more_findings: u64,
    /// Duration of the verification.
    pub took: Duration,
}

impl Report {
    /// Whether every check passed.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    /// Verified entries per second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        let seconds = self.took.as_secs_f64().max(f64::EPSILON);
        f64::from(u32::try_from(self.entries).unwrap_or(u32::MAX)) / seconds
    }

    fn find(&mut self, finding: Finding) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        } else {
            self.more_findings += 1;
        }
    }
}

/// The state after the entries so far.
#[derive(Debug, Default)]
struct State {
    last: HashMap<Source, u64>,
    open: BTreeSet<IntentId>,
    first_recorded: Option<Timestamp>,
    recorded: Option<Timestamp>,
}

pub(super) fn verify(log: &Log) -> Report {
    let start = Instant::now();
    let mut report = Report {
        origin: log.origin().to_owned(),
        vkey: log.verifier().to_string(),
        entries: log.size(),
        root: log.root(),
        sources: 0,
        unsettled: Vec::new(),
        recorded: None,
        recovered: Vec::new(),
        findings: Vec::new(),
        more_findings: 0,
        took: Duration::ZERO,
    };
    let mut state = State::default();
    if let Err(error) = walk(log, &mut state, &mut report) {
        report.find(Finding::Tiles {
            what: error.to_string(),
        });
    }
    report.sources = state.last.len() as u64;
    report.unsettled = state.open.into_iter().collect();
    report.recorded = state.first_recorded.zip(state.recorded);
    report.took = start.elapsed();
    report
}

/// Compares every bundle with its tile, and hashes all entries a second time without the tiles.
fn walk(log: &Log, state: &mut State, report: &mut Report) -> Result<(), ReadError> {
    let tree = log.entries(0)?.tree;
    let mut frontier = Frontier::new();
    let mut whole = true;
    for bundle in 0..tree.bundles() {
        let entries = match tree.bundle(bundle) {
            Ok(entries) => entries,
            // The other bundles are still checked, to report all of the damage.
            Err(error) => {
                report.find(Finding::Tiles {
                    what: log.tile(error).to_string(),
                });
                whole = false;
                state.last.clear();
                continue;
            }
        };
        for (index, leaf) in (bundle * u64::from(TILE_WIDTH)..).zip(entries) {
            frontier.push(hash_leaf(&leaf));
            state.entry(index, &leaf, whole, report);
        }
    }
    if whole && frontier.root() != log.root() {
        report.find(Finding::Root);
    }
    Ok(())
}

impl State {
    /// Counters are compared only while no bundle was lost: after a lost one, every source has a gap.
    fn entry(&mut self, index: u64, bytes: &[u8], whole: bool, report: &mut Report) {
        let Ok(leaf) = Leaf::read(bytes) else {
            return report.find(Finding::Entry { index });
        };
        let expected = self
            .last
            .get(&leaf.source)
            .copied()
            .map_or(1, |last| last + 1);
        if whole && leaf.counter != expected {
            let (source_id, found) = (leaf.source, leaf.counter);
            report.find(Finding::Counter {
                index,
                source_id,
                expected,
                found,
            });
        }
        self.last.insert(leaf.source, leaf.counter);
        let act = leaf::act(leaf.entry);
        let corrects = act.as_ref().is_some_and(leaf::Act::corrects_clock);
        if let Some(act) = act.filter(|_| report.recovered.len() < MAX_FINDINGS) {
            report.recovered.push(Recovered {
                index,
                recorded: leaf.recorded,
                operation: act.operation.into_owned(),
                actor: act.actor.into_owned(),
            });
        }
        if self.recorded.is_some_and(|before| leaf.recorded < before) && !corrects {
            report.find(Finding::Time { index });
        }
        self.first_recorded.get_or_insert(leaf.recorded);
        self.recorded = Some(leaf.recorded);
        match leaf.kind {
            EntryKind::Event => {}
            EntryKind::Intent(id) => {
                self.open.insert(id);
            }
            EntryKind::Outcome(id) => {
                self.open.remove(&id);
            }
        }
    }
}
