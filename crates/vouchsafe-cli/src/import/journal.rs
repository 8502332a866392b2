//! The journal of loaded files, in the data folder.
//!
//! Files are named by a keyed tag of their digest. So a reader of the journal learns neither their names, which often
//! contain patients' names, nor whether a known file was loaded.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use vouchsafe::ids::RecordType;
use vouchsafe::seal::IndexKey;
use vouchsafe_installation::now;

use super::local::Local;

/// A file's name in the journal.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct FileTag(String);

/// The result of a loaded file.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Done {
    pub(super) created: u64,
    pub(super) matched: u64,
}

/// One line.
#[derive(Deserialize, Serialize)]
struct Row {
    file: String,
    at: String,
    created: u64,
    matched: u64,
}

/// The journal; an import into a remote service has none.
pub(super) struct Journal(Option<Kept>);

struct Kept {
    key: Arc<IndexKey>,
    kind: RecordType,
    done: HashSet<FileTag>,
    file: Mutex<File>,
}

impl Journal {
    /// No journal: the service's idempotency keys detect repeated writes.
    pub(super) const fn none() -> Self {
        Self(None)
    }

    /// The journal of an installation; created if it does not exist.
    pub(super) async fn open(local: &Local) -> anyhow::Result<Self> {
        let key = local.index_key().await?;
        Self::open_at(&local.folder().join("journal.jsonl"), key)
    }

    fn open_at(path: &Path, key: Arc<IndexKey>) -> anyhow::Result<Self> {
        let kind = "Import".parse().map_err(|error| crate::told(&error))?;
        let damaged = || format!("cannot use the journal {}", path.display());
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .with_context(damaged)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).with_context(damaged)?;
        // A truncated line is ignored: its file is loaded again, which is safe.
        let rows = text.split(|byte| *byte == b'\n');
        let rows = rows.filter_map(|line| serde_json::from_slice::<Row>(line).ok());
        let done = rows.map(|row| FileTag(row.file)).collect();
        if text.last().is_some_and(|last| *last != b'\n') {
            writeln!(file).with_context(damaged)?;
        }
        Ok(Self(Some(Kept {
            key,
            kind,
            done,
            file: Mutex::new(file),
        })))
    }

    /// The name of a file with this digest.
    pub(super) fn tag(&self, digest: &[u8; 32]) -> Option<FileTag> {
        let kept = self.0.as_ref()?;
        let tag = kept.key.tag(&kept.kind, "file", digest, 128);
        Some(FileTag(HEXLOWER.encode(&tag.0)))
    }

    /// Whether a file was loaded before the import began.
    pub(super) fn has(&self, tag: Option<&FileTag>) -> bool {
        match (&self.0, tag) {
            (Some(kept), Some(tag)) => kept.done.contains(tag),
            _ => false,
        }
    }

    /// Records that a file is loaded; durable when it returns.
    pub(super) fn finish(&self, tag: Option<&FileTag>, done: &Done) -> anyhow::Result<()> {
        let (Some(kept), Some(tag)) = (&self.0, tag) else {
            return Ok(());
        };
        let row = Row {
            file: tag.0.clone(),
            at: now().to_string(),
            created: done.created,
            matched: done.matched,
        };
        let mut line = serde_json::to_vec(&row)?;
        line.push(b'\n');
        let mut file = kept.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&line)
            .and_then(|()| file.sync_data())
            .context("cannot write the journal of imports")
    }
}

#[cfg(test)]
mod tests {
    use vouchsafe::ids::TenantId;
    use vouchsafe::seal::Secret;

    use super::*;

    fn key(secret: u8) -> Arc<IndexKey> {
        Arc::new(vouchsafe::trusted::index_key(
            Secret::from_bytes([secret; 32]),
            TenantId::random(),
            1,
        ))
    }

    fn with(path: &Path, key: &Arc<IndexKey>) -> Journal {
        Journal::open_at(path, Arc::clone(key)).unwrap()
    }

    #[test]
    fn a_file_that_is_done_is_known_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let key = key(7);
        let journal = with(&path, &key);
        let (one, two) = (journal.tag(&[1; 32]), journal.tag(&[2; 32]));
        assert_ne!(one, two);
        assert!(!journal.has(one.as_ref()));
        journal.finish(one.as_ref(), &Done::default()).unwrap();
        let again = with(&path, &key);
        assert!(again.has(one.as_ref()));
        assert!(!again.has(two.as_ref()));
    }

    #[test]
    fn a_line_that_was_cut_off_counts_for_nothing_and_harms_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let key = key(7);
        let journal = with(&path, &key);
        let (one, two) = (journal.tag(&[1; 32]), journal.tag(&[2; 32]));
        journal.finish(one.as_ref(), &Done::default()).unwrap();
        let text = std::fs::read(&path).unwrap();
        for cut in 0..text.len() {
            std::fs::write(&path, &text[..cut]).unwrap();
            let journal = with(&path, &key);
            // Only the end of its line may be missing.
            assert_eq!(journal.has(one.as_ref()), cut == text.len() - 1, "{cut}");
            journal.finish(two.as_ref(), &Done::default()).unwrap();
            assert!(with(&path, &key).has(two.as_ref()), "{cut}");
        }
    }

    #[test]
    fn without_the_key_nobody_knows_which_file_it_was() {
        let (a, b) = (key(7), key(8));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let tag = with(&path, &a).tag(&[1; 32]);
        assert_ne!(tag, with(&path, &b).tag(&[1; 32]));
        with(&path, &a)
            .finish(tag.as_ref(), &Done::default())
            .unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains(&HEXLOWER.encode(&[1; 32])));
    }

    #[test]
    fn a_journal_that_is_none_knows_nothing() {
        let journal = Journal::none();
        assert_eq!(journal.tag(&[1; 32]), None);
        assert!(!journal.has(None));
        journal.finish(None, &Done::default()).unwrap();
    }
}
