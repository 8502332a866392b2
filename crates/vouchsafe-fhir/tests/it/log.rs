//! A recorder in memory, with a key of its own.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_lc_rs::digest;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::Value;
use uuid::Uuid;
use vouchsafe::BoxFuture;
use vouchsafe::audit::{
    Acknowledgement, AppendError, AuditLog, EntryKind, Outgoing, Pending, RecorderKey, Source,
    Stored, leaf,
};
use vouchsafe::ids::IntentId;
use vouchsafe::trusted::{self, Port};

use crate::service::{CANARY, now};

const ORIGIN: &str = "log.example/phi";

pub(crate) struct MemoryLog {
    pair: Ed25519KeyPair,
    key: RecorderKey,
    source: Source,
    entries: Mutex<Vec<Vec<u8>>>,
    open: Mutex<Vec<IntentId>>,
    failing: AtomicBool,
}

impl MemoryLog {
    pub(crate) fn new() -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
        let public_key = pair.public_key().as_ref().try_into().unwrap();
        Self {
            pair,
            key: trusted::recorder(ORIGIN, public_key),
            source: Source {
                replica: Uuid::from_u128(1),
                boot: Uuid::from_u128(2),
            },
            entries: Mutex::default(),
            open: Mutex::default(),
            failing: AtomicBool::new(false),
        }
    }

    /// From now on nothing can be appended, or can again.
    pub(crate) fn fail(&self, failing: bool) {
        self.failing.store(failing, Ordering::SeqCst);
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.lock().unwrap().len()
    }

    /// The entries from that index on.
    pub(crate) fn since(&self, first: usize) -> Vec<Value> {
        let entries = self.entries.lock().unwrap();
        entries
            .iter()
            .skip(first)
            .map(|bytes| serde_json::from_slice(bytes).unwrap())
            .collect()
    }

    fn store(&self, sent: &[Outgoing]) -> Result<Vec<Stored>, AppendError> {
        if self.failing.load(Ordering::SeqCst) {
            return Err(AppendError::Unavailable);
        }
        let mut entries = self.entries.lock().unwrap();
        let first = entries.len() as u64;
        let mut leaves = Vec::new();
        for entry in sent {
            let counter = entries.len() as u64 + 1;
            let bytes = leaf(entry.bytes(), &self.source, counter, now());
            let mut hashed = vec![0];
            hashed.extend_from_slice(&bytes);
            let hash = digest::digest(&digest::SHA256, &hashed);
            leaves.push(hash.as_ref().try_into().unwrap());
            entries.push(entry.bytes().to_vec());
            let mut open = self.open.lock().unwrap();
            match entry.kind() {
                EntryKind::Event => {}
                EntryKind::Intent(id) => open.push(id),
                EntryKind::Outcome(id) => open.retain(|other| *other != id),
            }
        }
        let statement = Acknowledgement::statement(ORIGIN, first, now(), &leaves);
        let ack = Acknowledgement {
            origin: ORIGIN.to_owned(),
            first_index: first,
            recorded: now(),
            leaves,
            signature: self.pair.sign(&statement).as_ref().try_into().unwrap(),
        };
        let batch = self.key.verify(ack).map_err(|_| AppendError::Untrusted)?;
        let stored = (first + 1..)
            .zip(0..sent.len())
            .map(|(counter, position)| Stored {
                batch: std::sync::Arc::clone(&batch),
                position,
                source: self.source,
                counter,
            });
        Ok(stored.collect())
    }
}

impl Port for MemoryLog {}

impl AuditLog for MemoryLog {
    fn recorder(&self) -> &RecorderKey {
        &self.key
    }

    fn begin(&self, entries: Vec<Outgoing>) -> Pending {
        let stored = self.store(&entries);
        Box::pin(async { stored })
    }

    fn unsettled(&self) -> BoxFuture<'_, Result<Vec<IntentId>, AppendError>> {
        Box::pin(async move { Ok(self.open.lock().unwrap().clone()) })
    }
}

impl Drop for MemoryLog {
    /// No test leaves a canary in the log, nor an intent without outcome.
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for entry in self.entries.lock().unwrap().iter() {
            assert!(
                !String::from_utf8_lossy(entry).contains(CANARY),
                "a canary in the log"
            );
        }
        assert!(
            self.open.lock().unwrap().is_empty(),
            "an intent without outcome"
        );
    }
}
