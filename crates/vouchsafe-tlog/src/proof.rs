//! Inclusion and consistency proofs (RFC 9162 sections 2.1.3 and 2.1.4).

mod file;
mod prove;
mod verify;

pub use file::{ProofFile, ProofFileError, ProofRejected};
pub use prove::{MissingNode, ProveError, Subtrees, consistency, inclusion};
pub use verify::{ProofError, verify_consistency, verify_inclusion};
