//! Proof files, and proofs that were tampered with.

use crate::written::{entry, leaves, log, open, signer};
use vouchsafe_tlog::proof::{
    ProofError, ProofFile, ProofFileError, ProofRejected, ProveError, consistency, inclusion,
    verify_consistency, verify_inclusion,
};
use vouchsafe_tlog::{Checkpoint, MAX_TREE_SIZE, OpenError, hash_leaf};

const ORIGIN: &str = "log.example/audit";

fn proof_file(index: u64, size: u64) -> ProofFile {
    let (files, root) = log(size);
    let path = inclusion(&open(&files, size, root), index, size).unwrap();
    let checkpoint = Checkpoint::new(ORIGIN, size, root).unwrap();
    ProofFile::new(index, path, checkpoint.sign(&signer()).unwrap()).unwrap()
}

#[test]
fn a_proof_file_is_checked_without_the_log() {
    for (index, size) in [(0, 1), (5, 8), (299, 300), (256, 300), (0, 300)] {
        let file = proof_file(index, size)
            .with_extra(b"context".to_vec())
            .unwrap();
        let file = ProofFile::parse(file.to_string().as_bytes()).unwrap();
        assert_eq!(file.extra(), Some(&b"context"[..]));
        let (log, leaf) = (signer(), hash_leaf(&entry(index)));
        let opened = file.verify(&leaf, ORIGIN, log.verifier(), &[]).unwrap();
        assert_eq!(opened.checkpoint.size, size);
        assert_eq!(
            file.verify(&hash_leaf(b"other"), ORIGIN, log.verifier(), &[]),
            Err(ProofRejected::Path(ProofError::Root))
        );
        assert_eq!(
            file.verify(&leaf, "other", log.verifier(), &[]),
            Err(ProofRejected::Checkpoint(OpenError::Origin))
        );
    }
}

#[test]
fn a_changed_character_in_a_proof_file_is_caught() {
    let file = proof_file(3, 6).to_string();
    let (log, leaf) = (signer(), hash_leaf(&entry(3)));
    for at in 0..file.len() {
        let mut changed = file.clone().into_bytes();
        changed[at] ^= 1;
        let holds = ProofFile::parse(&changed)
            .is_ok_and(|file| file.verify(&leaf, ORIGIN, log.verifier(), &[]).is_ok());
        assert!(!holds, "byte {at}");
    }
}

#[test]
fn an_empty_extra_is_none() {
    let file = proof_file(0, 2).with_extra(Vec::new()).unwrap();
    assert_eq!(file.extra(), None);
    assert_eq!(file, proof_file(0, 2));
    assert_eq!(
        file.with_extra(vec![0; 600_000]),
        Err(ProofFileError::NotText)
    );
}

#[test]
fn proofs_of_what_is_not_there_are_not_made() {
    let leaves = leaves(10);
    assert_eq!(
        inclusion(&leaves[..], 10, 10),
        Err(ProveError::IndexOutsideTree)
    );
    assert_eq!(
        inclusion(&leaves[..], 0, 0),
        Err(ProveError::IndexOutsideTree)
    );
    assert!(matches!(
        inclusion(&leaves[..], 0, 11),
        Err(ProveError::Tree(_))
    ));
    assert_eq!(
        inclusion(&leaves[..], 0, MAX_TREE_SIZE + 1),
        Err(ProveError::TooLarge)
    );
    assert_eq!(consistency(&leaves[..], 0, 10), Err(ProveError::OldSize));
    assert_eq!(consistency(&leaves[..], 11, 10), Err(ProveError::OldSize));
    assert_eq!(consistency(&leaves[..], 10, 10), Ok(vec![]));
    assert!(matches!(
        consistency(&leaves[..], 3, u64::MAX / 2),
        Err(ProveError::Tree(_))
    ));
}

#[test]
fn every_other_claim_about_a_proof_is_refused() {
    let leaves = leaves(24);
    let root = |size: u64| {
        let mut frontier = vouchsafe_tlog::Frontier::new();
        leaves
            .iter()
            .take(usize::try_from(size).unwrap())
            .for_each(|leaf| frontier.push(*leaf));
        frontier.root()
    };
    for size in 1..=24u64 {
        for index in 0..size {
            let leaf = &leaves[usize::try_from(index).unwrap()];
            let path = inclusion(&leaves[..], index, size).unwrap();
            for wrong in (0..30).filter(|wrong| *wrong != index) {
                verify_inclusion(wrong, size, leaf, &path, &root(size)).unwrap_err();
            }
            let longer = [&path[..], &[*leaf]].concat();
            verify_inclusion(index, size, leaf, &longer, &root(size)).unwrap_err();
            if let Some((_, shorter)) = path.split_last() {
                verify_inclusion(index, size, leaf, shorter, &root(size)).unwrap_err();
            }
        }
        for old in 1..size {
            let path = consistency(&leaves[..], old, size).unwrap();
            for wrong in (1..size).filter(|wrong| *wrong != old) {
                verify_consistency(wrong, &root(wrong), size, &root(size), &path).unwrap_err();
            }
            let result = verify_consistency(old, &root(old), size, &leaves[0], &path);
            assert_eq!(result, Err(ProofError::NewRoot));
        }
    }
}

#[test]
fn the_largest_sizes_do_not_overflow() {
    let leaf = hash_leaf(b"x");
    for size in [u64::MAX, 1 << 63, MAX_TREE_SIZE] {
        for path in [&[][..], &[leaf; 63], &[leaf; 64], &[leaf; 200]] {
            verify_inclusion(size - 1, size, &leaf, path, &leaf).unwrap_err();
            verify_inclusion(0, size, &leaf, path, &leaf).unwrap_err();
            verify_consistency(size - 1, &leaf, size, &leaf, path).unwrap_err();
            verify_consistency(1, &leaf, size, &leaf, path).unwrap_err();
        }
    }
}
