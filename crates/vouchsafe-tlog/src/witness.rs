//! The protocol between a log and a witness (C2SP tlog-witness): the call `add-checkpoint` and its answers.
//!
//! A witness keeps for each log the last size and root that it saw, and cosigns a checkpoint only with a proof that the
//! new tree begins with that one. Sending and receiving the bytes is the caller's task.

use std::fmt;

use crate::encoding::from_decimal;
use crate::proof::{ProveError, Subtrees, consistency};
use crate::{Hash, MAX_NOTE_BYTES, MAX_SIGNATURES, NoteError, NoteSignature, SignedNote};

/// A call: the checkpoint, and the proof that it continues what the witness saw last.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AddCheckpoint {
    old_size: u64,
    proof: Vec<Hash>,
    checkpoint: SignedNote,
}

impl AddCheckpoint {
    /// The call for a checkpoint of `size`, to a witness that saw `old_size` entries of its tree; zero if it saw none.
    ///
    /// # Errors
    /// [`ProveError`] if the tree has fewer entries, or one of its hashes is not available.
    pub fn new<T: Subtrees + ?Sized>(
        tree: &T,
        old_size: u64,
        size: u64,
        checkpoint: SignedNote,
    ) -> Result<Self, ProveError<T::Error>> {
        // Every tree begins with the empty one: there is nothing to prove.
        let proof = match old_size {
            0 => Vec::new(),
            _ => consistency(tree, old_size, size)?,
        };
        Ok(Self {
            old_size,
            proof,
            checkpoint,
        })
    }
}

/// The body of the call.
impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        for hash in &self.proof {
            writeln!(f, "{hash}")?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

/// Parses the body of a good answer (status 200): cosignatures, one per line. They are not verified.
///
/// # Errors
/// [`NoteError`] if it is empty, truncated, or holds anything else.
pub fn cosignatures(body: &[u8]) -> Result<Vec<NoteSignature>, NoteError> {
    if body.len() > MAX_NOTE_BYTES {
        return Err(NoteError::TooLong);
    }
    let text = std::str::from_utf8(body).map_err(|_| NoteError::NotText)?;
    let lines = text.strip_suffix('\n').ok_or(NoteError::SignatureLine)?;
    let mut signatures = Vec::new();
    for line in lines.split('\n') {
        if signatures.len() == MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        signatures.push(NoteSignature::parse(line)?);
    }
    Ok(signatures)
}

/// Parses the body of a conflict (status 409): the size that the witness saw last.
#[must_use]
pub fn size_seen(body: &[u8]) -> Option<u64> {
    from_decimal(std::str::from_utf8(body).ok()?.strip_suffix('\n')?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Checkpoint, Cosigner, Frontier, KeyName, NoteSigner, PosixSeconds, hash_leaf};

    fn leaves(size: u64) -> Vec<Hash> {
        (0..size).map(|n| hash_leaf(&n.to_be_bytes())).collect()
    }

    fn signed(size: u64) -> SignedNote {
        let mut tree = Frontier::new();
        leaves(size).into_iter().for_each(|leaf| tree.push(leaf));
        let key = KeyName::new("example.org/log").unwrap();
        let signer = NoteSigner::from_seed(key, &[1; 32]).unwrap();
        let checkpoint = Checkpoint::new("example.org/log", size, tree.root()).unwrap();
        checkpoint.sign(&signer).unwrap()
    }

    #[test]
    fn a_call_has_the_old_size_the_proof_an_empty_line_and_the_note() {
        let tree = leaves(7);
        let call = AddCheckpoint::new(&tree[..], 3, 7, signed(7))
            .unwrap()
            .to_string();
        let proof = consistency(&tree[..], 3, 7).unwrap();
        let lines: Vec<String> = proof.iter().map(Hash::to_string).collect();
        assert_eq!(
            call,
            format!("old 3\n{}\n\n{}", lines.join("\n"), signed(7))
        );
        let first = AddCheckpoint::new(&tree[..], 0, 7, signed(7)).unwrap();
        assert_eq!(first.to_string(), format!("old 0\n\n{}", signed(7)));
        assert!(AddCheckpoint::new(&tree[..], 8, 7, signed(7)).is_err());
    }

    #[test]
    fn an_answer_is_whole_lines_of_cosignatures_or_none() {
        let name = KeyName::new("witness.example").unwrap();
        let witness = Cosigner::from_seed(name, &[2; 32]).unwrap();
        let note = signed(3);
        let at = PosixSeconds::new(1_780_000_000).unwrap();
        let line = witness.cosign(note.text(), at).unwrap();
        let body = format!("{line}\n{line}\n");
        assert_eq!(cosignatures(body.as_bytes()).unwrap().len(), 2);
        for wrong in [body.trim_end(), "", "\n", "<html>\n", "old 3\n"] {
            assert!(cosignatures(wrong.as_bytes()).is_err(), "{wrong:?}");
        }
        assert_eq!(size_seen(b"41\n"), Some(41));
        for wrong in ["41", "", "\n", "-1\n", "041\n", "41\n\n", "x\n"] {
            assert_eq!(size_seen(wrong.as_bytes()), None, "{wrong:?}");
        }
    }
}
