//! Transparency log tiles, checkpoints, notes and proofs in the C2SP formats.
//!
//! A log is a list of entries that only grows. Its Merkle tree (RFC 6962 section 2.1, RFC 9162 section 2.1) has one
//! root hash per size. To the holder of a signed root it can be proven that an entry is in the log, and that a later
//! log still begins with the earlier one. The formats are public, so that foreign tools can verify our log:
//!
//! | what | where | specification |
//! |---|---|---|
//! | hashing, compact range | [`struct@Hash`], [`hash_leaf`], [`hash_children`], [`Frontier`] | RFC 9162 section 2.1.1 |
//! | tiles, entry bundles | [`tile`] | <https://c2sp.org/tlog-tiles> |
//! | inclusion and consistency | [`proof`] | RFC 9162 sections 2.1.3 and 2.1.4 |
//! | proof files | [`proof::ProofFile`] | <https://c2sp.org/tlog-proof> |
//! | signed notes and their keys | [`SignedNote`], [`NoteSigner`], [`NoteVerifier`] | <https://c2sp.org/signed-note> |
//! | checkpoints | [`Checkpoint`] | <https://c2sp.org/tlog-checkpoint> |
//! | cosignatures | [`Cosigner`] | <https://c2sp.org/tlog-cosignature> |
//! | calls to a witness | [`witness`] | <https://c2sp.org/tlog-witness> |
//!
//! The crate is pure: bytes in, bytes out; no files, network or clock, and randomness only in [`NoteSigner::generate`]
//! and [`Cosigner::generate`]. Parsers accept one spelling of a value and nothing else, and never panic; a parsed value
//! serialises to the original bytes.

mod checkpoint;
mod encoding;
mod frontier;
mod hash;
mod note;
pub mod proof;
pub mod tile;
pub mod witness;

pub use checkpoint::{Checkpoint, CheckpointError, Cosigned, OpenError, OpenedCheckpoint};
pub use frontier::{Frontier, FrontierError};
pub use hash::{Hash, HashError, hash_children, hash_leaf};
pub use note::{
    Cosigner, KeyError, KeyId, KeyName, MAX_NOTE_BYTES, MAX_SIGNATURES, NoteError, NoteSignature,
    NoteSigner, NoteVerifier, PosixSeconds, SignatureKind, SignedNote, VerifiedSignature,
    VerifyError,
};

/// The largest accepted tree size: 2^63 - 1.
///
/// Go's `sumdb/tlog` counts entries in an `int64`, and a log must stay verifiable with it.
pub const MAX_TREE_SIZE: u64 = i64::MAX as u64;
