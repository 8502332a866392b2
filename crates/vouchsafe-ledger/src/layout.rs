//! The files in a log's folder.
//!
//! ```text
//! lock                     held by the one recorder
//! keys/log.key             signs checkpoints              (0600)
//! keys/acknowledgement.key signs acknowledgements         (0600)
//! wal/                     entries, durable first; private to the recorder
//! sources                  last counters and open intents, at some size; made again when missing
//! log/                     the log in the format of C2SP tlog-tiles; may be copied and published within the
//!                          organisation as it is: checkpoint, tile/..., vkey, acknowledgement.pub
//! ```

use std::path::{Path, PathBuf};

/// A log's folder.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Layout(PathBuf);

impl Layout {
    pub(crate) fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    pub(crate) fn root(&self) -> &Path {
        &self.0
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }

    pub(crate) fn log_key(&self) -> PathBuf {
        self.keys().join("log.key")
    }

    pub(crate) fn acknowledgement_key(&self) -> PathBuf {
        self.keys().join("acknowledgement.key")
    }

    pub(crate) fn wal(&self) -> PathBuf {
        self.0.join("wal")
    }

    pub(crate) fn sources(&self) -> PathBuf {
        self.0.join("sources")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.0.join("log")
    }

    pub(crate) fn checkpoint(&self) -> PathBuf {
        self.log().join("checkpoint")
    }

    pub(crate) fn vkey(&self) -> PathBuf {
        self.log().join("vkey")
    }

    pub(crate) fn acknowledgement_public(&self) -> PathBuf {
        self.log().join("acknowledgement.pub")
    }
}
