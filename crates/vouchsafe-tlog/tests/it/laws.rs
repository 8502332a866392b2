//! Round trips, and bytes of any kind at every parser.

use crate::written::{Files, signer};
use proptest::collection::vec;
use proptest::prelude::*;
use vouchsafe_tlog::proof::{
    ProofFile, consistency, inclusion, verify_consistency, verify_inclusion,
};
use vouchsafe_tlog::tile::{
    TileBuilder, TileKind, TilePath, TileTree, decode_entries, encode_entries,
};
use vouchsafe_tlog::{
    Checkpoint, Frontier, Hash, KeyName, MAX_TREE_SIZE, NoteSignature, NoteSigner, NoteVerifier,
    SignedNote, hash_leaf,
};

fn hash() -> impl Strategy<Value = Hash> {
    any::<[u8; 32]>().prop_map(Hash::from_bytes)
}

fn checkpoint() -> impl Strategy<Value = Checkpoint> {
    let lines = vec("[^\\x00-\\x1f]{1,20}", 0..3);
    ("[^\\x00-\\x1f]{1,30}", 0..=MAX_TREE_SIZE, hash(), lines).prop_map(
        |(origin, size, root, extensions)| Checkpoint {
            origin,
            size,
            root,
            extensions,
        },
    )
}

/// Anything: bytes, and text that looks like a format.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let like = "(c2sp.org/tlog-proof@v1\n|extra |index |[0-9]{1,21}\n|AAA=\n|\n|— |a\\+b |[a-z.]{1,9} |\
                [A-Za-z0-9+/]{43}=\n|tile/|x[0-9]{3}/|[0-9]{3}|\\.p/|entries/|PRIVATE\\+KEY\\+|\r){0,14}";
    prop_oneof![vec(any::<u8>(), 0..300), like.prop_map(String::into_bytes)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_a_parser_panic_and_what_parses_has_one_form(bytes in hostile()) {
        if let Ok(note) = SignedNote::parse(&bytes) {
            prop_assert_eq!(note.to_string().into_bytes(), &bytes[..]);
        }
        if let Ok(proof) = ProofFile::parse(&bytes) {
            prop_assert_eq!(proof.to_string().into_bytes(), &bytes[..]);
        }
        if let Ok(frontier) = Frontier::from_bytes(&bytes) {
            prop_assert_eq!(frontier.to_bytes(), &bytes[..]);
        }
        if let Ok(entries) = decode_entries(&bytes) {
            prop_assert_eq!(encode_entries(entries).unwrap(), &bytes[..]);
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(checkpoint) = Checkpoint::parse(&text) {
            prop_assert_eq!(checkpoint.to_string(), text.as_ref());
        }
        if let Ok(path) = text.parse::<TilePath>() {
            prop_assert_eq!(path.to_string(), text.as_ref());
        }
        if let Ok(verifier) = text.parse::<NoteVerifier>() {
            prop_assert_eq!(verifier.to_string(), text.as_ref());
        }
        if let Ok(signature) = NoteSignature::parse(&text) {
            prop_assert_eq!(signature.to_string(), text.as_ref());
        }
        let _ = NoteSigner::from_skey(&text);
        let _ = KeyName::new(text);
    }

    #[test]
    fn a_damaged_note_is_refused_or_has_one_form(checkpoint in checkpoint(), at: prop::sample::Index, to: u8) {
        let note = checkpoint.sign(&signer()).unwrap().to_string();
        let mut bytes = note.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Ok(parsed) = SignedNote::parse(&bytes) {
            prop_assert_eq!(parsed.to_string().into_bytes(), &bytes[..]);
            let verified = parsed.verify(&[signer().verifier()]).is_ok();
            prop_assert_eq!(verified, bytes == note.as_bytes());
        }
    }

    #[test]
    fn a_signed_checkpoint_reads_back(checkpoint in checkpoint()) {
        let note = checkpoint.sign(&signer()).unwrap().to_string();
        let log = signer();
        let opened =
            Checkpoint::open(note.as_bytes(), &checkpoint.origin, log.verifier(), &[]).unwrap();
        prop_assert_eq!(opened.checkpoint, checkpoint);
    }

    #[test]
    fn a_tile_path_reads_back(level in 0..=63u8, entries: bool, index: u64, width in 1..=256u16) {
        let kind = if entries { TileKind::Entries } else { TileKind::Hashes(level) };
        let path = TilePath::new(kind, index, width).unwrap();
        prop_assert_eq!(path.to_string().parse(), Ok(path));
    }

    #[test]
    fn a_bundle_reads_back(entries in vec(vec(any::<u8>(), 0..300), 0..=256)) {
        let bundle = encode_entries(&entries).unwrap();
        prop_assert_eq!(decode_entries(&bundle).unwrap(), entries);
    }

    #[test]
    fn batches_of_any_size_make_the_same_log(batches in vec(0..400u64, 1..8), probe: prop::sample::Index) {
        let (mut files, mut builder, mut frontier) = (Files::new(), TileBuilder::new(), Frontier::new());
        let mut roots = vec![];
        for batch in batches {
            for _ in 0..batch {
                let entry = builder.size().to_be_bytes();
                frontier.push(builder.append(&entry).unwrap());
            }
            for file in builder.take_files() {
                files.insert(file.path.to_string(), file.bytes);
            }
            prop_assert_eq!(builder.root(), frontier.root());
            roots.push((builder.size(), builder.root()));
        }
        let (size, root) = (frontier.size(), frontier.root());
        let tree = TileTree::open(&files, size, root).unwrap();
        prop_assert_eq!(tree.frontier(), frontier);
        for (old, old_root) in roots.into_iter().filter(|(old, _)| *old > 0) {
            let proof = consistency(&tree, old, size).unwrap();
            prop_assert_eq!(verify_consistency(old, &old_root, size, &root, &proof), Ok(()));
        }
        if size > 0 {
            let index = probe.index(usize::try_from(size).unwrap()) as u64;
            let proof = inclusion(&tree, index, size).unwrap();
            let leaf = hash_leaf(&index.to_be_bytes());
            prop_assert_eq!(verify_inclusion(index, size, &leaf, &proof, &root), Ok(()));
        }
    }
}
