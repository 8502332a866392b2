//! The recorder's state of each source: its last counter, and its open intents.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use uuid::Uuid;
use vouchsafe::audit::{EntryKind, Source};
use vouchsafe::ids::IntentId;
use vouchsafe_tlog::Hash;

use crate::disk::{self, Disk};
use crate::error::{At, RecorderError};
use crate::octets::{self, Malformed, Octets};

const MAGIC: [u8; 4] = *b"VLB1";
const MAX_UNSETTLED: usize = 65_536;

/// The sources of a log at some size.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Sources {
    last: HashMap<Source, u64>,
    /// Open intents with their replicas, in the order of their ids, which is the order of time.
    open: BTreeMap<IntentId, Uuid>,
}

impl Sources {
    /// Applies one stored entry.
    pub(crate) fn apply(&mut self, source: &Source, counter: u64, kind: EntryKind) {
        self.last.insert(*source, counter);
        match kind {
            EntryKind::Event => {}
            EntryKind::Intent(id) => {
                self.open.insert(id, source.replica);
            }
            // Any source may settle an intent: the reconciler of another replica settles those of a lost replica.
            EntryKind::Outcome(id) => {
                self.open.remove(&id);
            }
        }
    }

    /// The last counter of this source; 0 before its first entry.
    pub(crate) fn last(&self, source: &Source) -> u64 {
        self.last.get(source).copied().unwrap_or(0)
    }

    /// The open intents of a replica, of all its boots, oldest first, as many as one answer holds: the reconciler asks
    /// again.
    pub(crate) fn unsettled(&self, replica: Uuid) -> Vec<IntentId> {
        let of_replica = self.open.iter().filter(|(_, owner)| **owner == replica);
        of_replica.map(|(id, _)| *id).take(MAX_UNSETTLED).collect()
    }

    /// Writes them beside the log, so that a start need not read the whole log.
    ///
    /// Durable after the folder was synced.
    pub(crate) fn save(
        &self,
        disk: &dyn Disk,
        path: &Path,
        size: u64,
        root: &Hash,
    ) -> Result<(), RecorderError> {
        let mut rest = Vec::with_capacity(64 + self.last.len() * 40 + self.open.len() * 32);
        rest.extend_from_slice(&size.to_le_bytes());
        rest.extend_from_slice(root.as_bytes());
        rest.extend_from_slice(&octets::length(self.last.len()));
        for (source, last) in &self.last {
            octets::put_source(&mut rest, source);
            rest.extend_from_slice(&last.to_le_bytes());
        }
        rest.extend_from_slice(&octets::length(self.open.len()));
        for (id, replica) in &self.open {
            rest.extend_from_slice(id.uuid().as_bytes());
            rest.extend_from_slice(replica.as_bytes());
        }
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&crc32c::crc32c(&rest).to_le_bytes());
        bytes.append(&mut rest);
        disk::replace(disk, path, &bytes).at("write", path)
    }

    /// Reads the output of [`Sources::save`]: the sources, and the size and the root of their log.
    pub(crate) fn load(bytes: &[u8]) -> Result<(Self, u64, Hash), Malformed> {
        let mut octets = Octets::new(bytes);
        let (magic, crc) = (octets.array()?, octets.u32()?);
        if magic != MAGIC || crc32c::crc32c(octets.rest()) != crc {
            return Err(Malformed);
        }
        let (size, root) = (octets.u64()?, Hash::from_bytes(octets.array()?));
        let mut sources = Self::default();
        for _ in 0..octets.length()? {
            let source = octets.source()?;
            sources.last.insert(source, octets.u64()?);
        }
        for _ in 0..octets.length()? {
            let id = IntentId::from_uuid(octets.uuid()?);
            sources.open.insert(id, octets.uuid()?);
        }
        octets.end()?;
        Ok((sources, size, root))
    }
}
