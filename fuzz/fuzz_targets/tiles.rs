//! Tiles, bundles, paths, frontiers: one form each, and no damaged tile gives a false entry.
#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use vouchsafe_fuzz::{byte, edited, short};
use vouchsafe_tlog::tile::{
    SourceError, TileBuilder, TilePath, TileSource, TileTree, decode_entries, encode_entries,
};
use vouchsafe_tlog::{Frontier, Hash, hash_leaf};

/// The last one has tiles of three levels.
const SIZES: [u64; 6] = [1, 3, 256, 300, 1000, 66_000];

struct Log {
    size: u64,
    root: Hash,
    files: BTreeMap<String, Vec<u8>>,
}

static LOGS: LazyLock<[Log; 6]> = LazyLock::new(|| {
    SIZES.map(|size| {
        let mut builder = TileBuilder::new();
        for index in 0..size {
            builder.append(&entry(index)).unwrap();
        }
        let named = |file: vouchsafe_tlog::tile::TileFile| (file.path.to_string(), file.bytes);
        let files = builder.take_files().into_iter().map(named).collect();
        let root = builder.root();
        Log { size, root, files }
    })
});

fn entry(index: u64) -> Vec<u8> {
    index.to_string().into_bytes()
}

/// A log of which one file is not as it was written.
struct Damaged<'a> {
    log: &'a Log,
    path: &'a str,
    bytes: Vec<u8>,
}

impl TileSource for Damaged<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        if path == self.path {
            return Ok(self.bytes.clone());
        }
        self.log.files.read(path)
    }
}

fuzz_target!(|bytes: &[u8]| {
    one_form(bytes);
    let mut script = bytes;
    let log = &LOGS[usize::from(byte(&mut script)) % LOGS.len()];
    let file = usize::from(short(&mut script)) % log.files.len();
    let index = u64::from(short(&mut script)) % log.size;
    let (path, original) = log.files.iter().nth(file).unwrap();
    let source = Damaged {
        log,
        path,
        bytes: edited(original, script),
    };
    let whole = source.bytes == *original;
    let tree = match TileTree::open(source, log.size, log.root) {
        Ok(tree) => tree,
        Err(_) => return assert!(!whole),
    };
    assert_eq!(tree.frontier().root(), log.root);
    // What can be had is true, and all of it can be had when nothing is damaged.
    for index in [0, index, log.size - 1] {
        let leaf = tree.leaf(index);
        assert!(leaf == Ok(hash_leaf(&entry(index))) || leaf.is_err() && !whole);
        let found = tree.entry(index);
        assert!(found == Ok(entry(index)) || found.is_err() && !whole);
        let found = tree.bundle(index / 256);
        let first = index / 256 * 256;
        let all: Vec<_> = (first..log.size.min(first + 256)).map(entry).collect();
        assert!(found == Ok(all) || found.is_err() && !whole);
    }
    assert!(tree.entry(log.size).is_err() && tree.leaf(u64::MAX).is_err());
});

fn one_form(bytes: &[u8]) {
    if let Ok(entries) = decode_entries(bytes) {
        assert_eq!(encode_entries(entries).unwrap(), bytes);
    }
    if let Ok(mut frontier) = Frontier::from_bytes(bytes) {
        assert_eq!(frontier.to_bytes(), bytes);
        frontier.push(hash_leaf(b""));
        assert_eq!(
            frontier.roots().len(),
            frontier.size().count_ones() as usize
        );
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(path) = text.parse::<TilePath>() {
            assert_eq!(path.to_string(), text);
        }
        if let Ok(hash) = Hash::from_base64(text) {
            assert_eq!(hash.to_base64(), text);
        }
    }
}
