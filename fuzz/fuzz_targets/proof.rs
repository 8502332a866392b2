//! Proofs: files have one spelling, and nothing but the proof of what is in the tree holds.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use vouchsafe_fuzz::{byte, edited};
use vouchsafe_tlog::proof::{
    ProofFile, Subtrees as _, consistency, inclusion, verify_consistency, verify_inclusion,
};
use vouchsafe_tlog::{Checkpoint, Frontier, Hash, KeyName, NoteSigner, hash_leaf};

const ORIGIN: &str = "log.example/fuzz";
const SIZE: u8 = 100;

struct Tree {
    leaves: Vec<Hash>,
    /// Of each size from 0 on.
    roots: Vec<Hash>,
    /// All that a proof could be made of.
    nodes: Vec<Hash>,
    signer: NoteSigner,
}

static TREE: LazyLock<Tree> = LazyLock::new(|| {
    let leaves: Vec<Hash> = (0..SIZE).map(|index| hash_leaf(&[index])).collect();
    let mut frontier = Frontier::new();
    let mut roots = vec![frontier.root()];
    for leaf in &leaves {
        frontier.push(*leaf);
        roots.push(frontier.root());
    }
    let mut nodes = roots.clone();
    for level in 0..8 {
        let at_level = (0..).map_while(|index| leaves[..].subtree(level, index).ok());
        nodes.extend(at_level);
    }
    Tree {
        leaves,
        roots,
        nodes,
        signer: NoteSigner::from_seed(KeyName::new(ORIGIN).unwrap(), &[77; 32]).unwrap(),
    }
});

// Two sizes or an index and a size, a leaf, and the nodes of a proof; or else what is done to a good file.
fuzz_target!(|bytes: &[u8]| {
    if let Ok(file) = ProofFile::parse(bytes) {
        assert_eq!(file.to_string().as_bytes(), bytes);
        let known = TREE.signer.verifier();
        assert!(file.verify(&TREE.leaves[0], ORIGIN, known, &[]).is_err());
    }
    let mut rest = bytes;
    let (first, second) = (byte(&mut rest) % (SIZE + 1), byte(&mut rest) % (SIZE + 1));
    let leaf = TREE.leaves[usize::from(byte(&mut rest) % SIZE)];
    changed_file(first, second, rest);
    let node =
        |pair: &[u8; 2]| TREE.nodes[usize::from(u16::from_be_bytes(*pair)) % TREE.nodes.len()];
    let path: Vec<Hash> = rest.as_chunks().0.iter().map(node).collect();
    let (small, large) = (u64::from(first), u64::from(second));
    let (old, new) = (
        &TREE.roots[usize::from(first)],
        &TREE.roots[usize::from(second)],
    );
    if verify_inclusion(small, large, &leaf, &path, new).is_ok() {
        assert_eq!(leaf, TREE.leaves[usize::from(first)]);
        assert_eq!(Ok(path.clone()), inclusion(&TREE.leaves[..], small, large));
    }
    if verify_consistency(small, old, large, new, &path).is_ok() {
        assert_eq!(Ok(path), consistency(&TREE.leaves[..], small, large));
    }
});

fn changed_file(index: u8, size: u8, script: &[u8]) {
    let Ok(path) = inclusion(&TREE.leaves[..], index.into(), size.into()) else {
        return;
    };
    let root = TREE.roots[usize::from(size)];
    let checkpoint = Checkpoint::new(ORIGIN, size.into(), root).unwrap();
    let note = checkpoint.sign(&TREE.signer).unwrap();
    let file = ProofFile::new(index.into(), path, note).unwrap();
    let bytes = file.to_string().into_bytes();
    let changed = edited(&bytes, script);
    let leaf = &TREE.leaves[usize::from(index)];
    let verified = ProofFile::parse(&changed).map(|file| {
        let shown = file.verify(leaf, ORIGIN, TREE.signer.verifier(), &[]);
        shown.map(|opened| (file.index(), opened.checkpoint))
    });
    match verified {
        Ok(Ok(shown)) => assert_eq!(shown, (index.into(), checkpoint)),
        _ => assert_ne!(changed, bytes),
    }
}
