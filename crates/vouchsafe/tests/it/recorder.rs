//! A recorder in memory. When it is dropped, it scans everything that it got for canaries.

use std::sync::{Arc, Mutex};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use jiff::Timestamp;
use uuid::Uuid;
use vouchsafe::BoxFuture;
use vouchsafe::audit::{
    Acknowledged, Acknowledgement, AppendError, AuditLog, Draft, EntryKind, Outgoing, Pending,
    Recorded, RecorderKey, Source, Stored, leaf,
};
use vouchsafe::ids::IntentId;
use vouchsafe::trusted::{self, Port};
use vouchsafe_tlog::hash_leaf;

use crate::canary;
use crate::clinic::now;

pub(crate) const ORIGIN: &str = "log.example/phi/2026";

pub(crate) struct MemoryLog {
    pair: Ed25519KeyPair,
    key: RecorderKey,
    source: Source,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    leaves: Vec<Vec<u8>>,
    entries: Vec<Vec<u8>>,
    open: Vec<IntentId>,
    failing: Option<AppendError>,
    /// Number of entries that were begun, including failed ones.
    begun: usize,
    /// The time at which the last entry was sent.
    time: Timestamp,
}

impl MemoryLog {
    pub(crate) fn new() -> Self {
        Self::of(ORIGIN, &[21; 32])
    }

    pub(crate) fn of(origin: &str, seed: &[u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).unwrap();
        let public_key = pair.public_key().as_ref().try_into().unwrap();
        Self {
            pair,
            key: trusted::recorder(origin, public_key),
            source: Source {
                replica: Uuid::from_u128(1),
                boot: Uuid::from_u128(2),
            },
            state: Mutex::default(),
        }
    }

    /// From now on every append fails.
    pub(crate) fn fail(&self, error: AppendError) {
        self.state.lock().unwrap().failing = Some(error);
    }

    /// Appends at once: nothing here ever waits.
    pub(crate) fn record(&self, drafts: Vec<Draft>) -> Recorded {
        ready(self.append(drafts)).unwrap()
    }

    /// The time at which the last entry was sent.
    pub(crate) fn last_time(&self) -> Timestamp {
        self.state.lock().unwrap().time
    }

    /// Number of entries that were begun.
    pub(crate) fn begun(&self) -> usize {
        self.state.lock().unwrap().begun
    }

    /// The leaves of the log.
    pub(crate) fn leaves(&self) -> Vec<Vec<u8>> {
        self.state.lock().unwrap().leaves.clone()
    }

    /// The last entry of the log.
    pub(crate) fn last_entry(&self) -> serde_json::Value {
        self.entries().pop().unwrap()
    }

    /// The entries of the log.
    pub(crate) fn entries(&self) -> Vec<serde_json::Value> {
        let entries = self.entry_bytes();
        entries
            .iter()
            .map(|bytes| serde_json::from_slice(bytes).unwrap())
            .collect()
    }

    /// The entries of the log, as they came.
    pub(crate) fn entry_bytes(&self) -> Vec<Vec<u8>> {
        self.state.lock().unwrap().entries.clone()
    }

    /// Signs any statement.
    pub(crate) fn sign(
        &self,
        origin: &str,
        first_index: u64,
        recorded: Timestamp,
        leaves: Vec<[u8; 32]>,
    ) -> Acknowledgement {
        let statement = Acknowledgement::statement(origin, first_index, recorded, &leaves);
        let signature = self.pair.sign(&statement);
        Acknowledgement {
            origin: origin.to_owned(),
            first_index,
            recorded,
            leaves,
            signature: signature.as_ref().try_into().unwrap(),
        }
    }

    /// An acknowledgement of drafts that are in no log, by this recorder's key.
    pub(crate) fn acknowledge(&self, drafts: &[Draft]) -> Vec<Stored> {
        let leaves: Vec<[u8; 32]> = (1..)
            .zip(drafts)
            .map(|(counter, draft)| hash(&leaf(draft.bytes(), &self.source, counter, now())))
            .collect();
        let ack = self.sign(self.key.origin(), 0, now(), leaves);
        self.stored(&self.key.verify(ack).unwrap(), 1, drafts.len())
    }

    fn stored(&self, batch: &Arc<Acknowledged>, counter: u64, count: usize) -> Vec<Stored> {
        (counter..)
            .zip(0..count)
            .map(|(counter, position)| Stored {
                batch: Arc::clone(batch),
                position,
                source: self.source,
                counter,
            })
            .collect()
    }
}

impl MemoryLog {
    fn store(&self, entries: &[Outgoing]) -> Result<Vec<Stored>, AppendError> {
        let mut state = self.state.lock().unwrap();
        state.begun += entries.len();
        if let Some(error) = state.failing {
            return Err(error);
        }
        let first_index = state.leaves.len() as u64;
        let mut hashes = Vec::new();
        for entry in entries {
            let counter = state.leaves.len() as u64 + 1;
            let bytes = leaf(entry.bytes(), &self.source, counter, now());
            hashes.push(hash(&bytes));
            state.leaves.push(bytes);
            state.entries.push(entry.bytes().to_vec());
            state.time = entry.time();
            match entry.kind() {
                EntryKind::Event => {}
                EntryKind::Intent(id) => state.open.push(id),
                EntryKind::Outcome(id) => state.open.retain(|open| *open != id),
            }
        }
        let ack = self.sign(self.key.origin(), first_index, now(), hashes);
        let batch = self.key.verify(ack).map_err(|_| AppendError::Untrusted)?;
        Ok(self.stored(&batch, first_index + 1, entries.len()))
    }
}

impl Port for MemoryLog {}

impl AuditLog for MemoryLog {
    fn recorder(&self) -> &RecorderKey {
        &self.key
    }

    fn begin(&self, entries: Vec<Outgoing>) -> Pending {
        let stored = self.store(&entries);
        Box::pin(async move { stored })
    }

    fn unsettled(&self) -> BoxFuture<'_, Result<Vec<IntentId>, AppendError>> {
        Box::pin(async move { Ok(self.state.lock().unwrap().open.clone()) })
    }
}

impl Drop for MemoryLog {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            for bytes in self.leaves() {
                canary::assert_none("a leaf", &bytes);
            }
        }
    }
}

pub(crate) fn hash(leaf: &[u8]) -> [u8; 32] {
    *hash_leaf(leaf).as_bytes()
}

/// The result of a future that never waits.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("the future waits"),
    }
}
