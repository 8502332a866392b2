//! Logs in memory, for the other tests.

use std::collections::BTreeMap;
use vouchsafe_tlog::tile::{TileBuilder, TileTree};
use vouchsafe_tlog::{Hash, KeyName, NoteSigner, hash_leaf};

pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// The entry at an index: of varying length, some of them empty.
pub(crate) fn entry(index: u64) -> Vec<u8> {
    let length = usize::try_from(index * 7 % 40).unwrap();
    index
        .to_string()
        .into_bytes()
        .into_iter()
        .cycle()
        .take(length)
        .collect()
}

pub(crate) fn leaves(size: u64) -> Vec<Hash> {
    (0..size).map(|index| hash_leaf(&entry(index))).collect()
}

/// Grows the log to `size` and stores what changed.
pub(crate) fn grow(files: &mut Files, builder: &mut TileBuilder, size: u64) {
    for index in builder.size()..size {
        assert_eq!(
            builder.append(&entry(index)).unwrap(),
            hash_leaf(&entry(index))
        );
    }
    for file in builder.take_files() {
        files.insert(file.path.to_string(), file.bytes);
    }
}

/// The files and the root of a log that was written at once.
pub(crate) fn log(size: u64) -> (Files, Hash) {
    let (mut files, mut builder) = (Files::new(), TileBuilder::new());
    grow(&mut files, &mut builder, size);
    (files, builder.root())
}

pub(crate) fn open(files: &Files, size: u64, root: Hash) -> TileTree<&Files> {
    TileTree::open(files, size, root).unwrap()
}

pub(crate) fn name(text: &str) -> KeyName {
    KeyName::new(text).unwrap()
}

/// The key of the log in all tests and in `vectors/tlog`: its seed is 32 times 1.
pub(crate) fn signer() -> NoteSigner {
    NoteSigner::from_seed(name("log.example/audit"), &[1; 32]).unwrap()
}
