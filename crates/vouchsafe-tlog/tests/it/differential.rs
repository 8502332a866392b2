//! Two foreign implementations and the definitions of RFC 9162, for all sizes up to 5,000.

use crate::written::{entry, leaves, log, open};
use sha2::Sha256;
use std::cell::RefCell;
use vouchsafe_tlog::proof::{consistency, inclusion, verify_consistency, verify_inclusion};
use vouchsafe_tlog::{Frontier, Hash, hash_children, hash_leaf};

const SIZES: u64 = 5_000;

#[derive(Default)]
struct Stored(RefCell<Vec<tlog_tiles::Hash>>);

impl tlog_tiles::HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        let hashes = self.0.borrow();
        Ok(indexes
            .iter()
            .map(|index| hashes[usize::try_from(*index).unwrap()])
            .collect())
    }
}

impl Stored {
    fn push(&self, index: u64) {
        let new = tlog_tiles::stored_hashes(index, &entry(index), self).unwrap();
        self.0.borrow_mut().extend(new);
    }
}

/// MTH(D_n) as defined in RFC 9162 section 2.1.1.
fn merkle_tree_hash(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            hash_children(&merkle_tree_hash(left), &merkle_tree_hash(right))
        }
    }
}

fn foreign(proof: &[tlog_tiles::Hash]) -> Vec<Hash> {
    proof.iter().map(|hash| Hash::from_bytes(hash.0)).collect()
}

fn of_bytes(proof: &[u8]) -> Vec<Hash> {
    proof
        .as_chunks()
        .0
        .iter()
        .copied()
        .map(Hash::from_bytes)
        .collect()
}

#[test]
fn the_root_is_the_same_at_every_size() {
    let (mut frontier, stored) = (Frontier::new(), Stored::default());
    let mut in_memory = ct_merkle::mem_backed_tree::MemoryBackedTree::<Sha256, Vec<u8>>::new();
    let leaves = leaves(SIZES);
    for size in 0..=SIZES {
        let root = frontier.root();
        assert_eq!(
            root.as_bytes(),
            &tlog_tiles::tree_hash(size, &stored).unwrap().0
        );
        assert_eq!(root.as_ref(), &in_memory.root().as_bytes()[..]);
        if size % 97 == 0 || size < 300 {
            assert_eq!(
                root,
                merkle_tree_hash(&leaves[..usize::try_from(size).unwrap()])
            );
        }
        frontier.push(hash_leaf(&entry(size)));
        stored.push(size);
        in_memory.push(entry(size));
    }
}

#[test]
fn inclusion_proofs_are_the_same() {
    let (files, root) = log(SIZES);
    let tree = open(&files, SIZES, root);
    let stored = Stored::default();
    (0..SIZES).for_each(|index| stored.push(index));
    let sizes = (1..40).chain([
        255, 256, 257, 511, 512, 513, 1024, 3333, 4095, 4096, 4097, SIZES,
    ]);
    for size in sizes {
        let root = Hash::from_bytes(tlog_tiles::tree_hash(size, &stored).unwrap().0);
        for index in (0..size).filter(|index| size < 40 || index % 113 == 0 || index + 2 > size) {
            let proof = inclusion(&tree, index, size).unwrap();
            let theirs = tlog_tiles::prove_record(size, index, &stored).unwrap();
            assert_eq!(proof, foreign(&theirs), "{index} in {size}");
            let leaf = hash_leaf(&entry(index));
            assert_eq!(verify_inclusion(index, size, &leaf, &proof, &root), Ok(()));
        }
    }
}

#[test]
fn consistency_proofs_are_the_same() {
    let (files, root) = log(SIZES);
    let tree = open(&files, SIZES, root);
    let stored = Stored::default();
    (0..SIZES).for_each(|index| stored.push(index));
    let root_of = |size| Hash::from_bytes(tlog_tiles::tree_hash(size, &stored).unwrap().0);
    for new in (1..40).chain([255, 256, 257, 512, 1024, 3333, 4096, 4097, SIZES]) {
        for old in (1..=new).filter(|old| new < 40 || old % 113 == 0 || old.is_power_of_two()) {
            let proof = consistency(&tree, old, new).unwrap();
            let theirs = tlog_tiles::prove_tree(new, old, &stored).unwrap();
            assert_eq!(proof, foreign(&theirs), "{old} to {new}");
            assert_eq!(
                verify_consistency(old, &root_of(old), new, &root_of(new), &proof),
                Ok(())
            );
        }
    }
}

#[test]
fn proofs_are_those_of_a_third_implementation() {
    let mut in_memory = ct_merkle::mem_backed_tree::MemoryBackedTree::<Sha256, Vec<u8>>::new();
    for size in 1..=600u64 {
        in_memory.push(entry(size - 1));
        if size % 59 != 0 && size > 20 {
            continue;
        }
        let leaves = leaves(size);
        for at in (0..size).step_by(7) {
            let proof = inclusion(&leaves[..], at, size).unwrap();
            let theirs = in_memory.prove_inclusion(usize::try_from(at).unwrap());
            assert_eq!(proof, of_bytes(theirs.as_bytes()), "{at} in {size}");
            let added = usize::try_from(size - at - 1).unwrap();
            let proof = consistency(&leaves[..], at + 1, size).unwrap();
            let theirs = in_memory.prove_consistency(added);
            assert_eq!(proof, of_bytes(theirs.as_bytes()), "{} to {size}", at + 1);
        }
    }
}

#[test]
fn the_same_tiles_are_written() {
    let stored = Stored::default();
    (0..SIZES).for_each(|index| stored.push(index));
    for (old, new) in [
        (0, 1),
        (0, 256),
        (0, 257),
        (255, 256),
        (256, 300),
        (300, 1030),
        (0, SIZES),
    ] {
        let (mut files, mut builder) = (crate::written::Files::new(), Default::default());
        crate::written::grow(&mut files, &mut builder, old);
        files.clear();
        crate::written::grow(&mut files, &mut builder, new);
        files.retain(|path, _| !path.starts_with("tile/entries/"));
        let theirs = tlog_tiles::Tile::new_tiles(8, old, new);
        let theirs = theirs.iter().map(|tile| {
            // Their path includes the height, C2SP's does not.
            let path = tile.path().replacen("tile/8/", "tile/", 1);
            (path, tile.read_data(&stored).unwrap())
        });
        assert_eq!(files, theirs.collect(), "{old} to {new}");
    }
}
