//! Written logs are read back, and changed ones are refused.

use crate::written::{Files, entry, grow, leaves, log, open};
use vouchsafe_tlog::proof::{inclusion, verify_inclusion};
use vouchsafe_tlog::tile::{
    SourceError, TileBuilder, TileError, TileKind, TilePath, TileTree, edge_paths,
};
use vouchsafe_tlog::{Frontier, Hash, MAX_TREE_SIZE, hash_leaf};

fn frontier(size: u64) -> Frontier {
    let mut frontier = Frontier::new();
    leaves(size)
        .into_iter()
        .for_each(|leaf| frontier.push(leaf));
    frontier
}

#[test]
fn a_log_written_in_batches_opens_at_each_of_its_sizes() {
    let (mut files, mut builder) = (Files::new(), TileBuilder::new());
    let sizes = [
        0, 1, 2, 3, 255, 256, 257, 258, 511, 512, 513, 600, 1024, 1500, 2049,
    ];
    for size in sizes {
        grow(&mut files, &mut builder, size);
        assert_eq!(builder.root(), frontier(size).root());
        let tree = open(&files, size, builder.root());
        assert_eq!(tree.frontier(), frontier(size));
    }
    // Older checkpoints stay provable from the same folder.
    for size in sizes {
        let tree = open(&files, size, frontier(size).root());
        for bundle in 0..tree.bundles() {
            let expected = (bundle * 256..size.min(bundle * 256 + 256)).map(entry);
            assert_eq!(tree.bundle(bundle).unwrap(), expected.collect::<Vec<_>>());
        }
    }
}

#[test]
fn nothing_new_means_nothing_to_write() {
    let (mut files, mut builder) = (Files::new(), TileBuilder::new());
    grow(&mut files, &mut builder, 300);
    assert_eq!(builder.take_files(), []);
    grow(&mut files, &mut builder, 301);
    builder.append(b"one more").unwrap();
    let paths = builder
        .take_files()
        .into_iter()
        .map(|file| file.path.to_string());
    // Level 1 has the same one hash as before.
    assert_eq!(
        paths.collect::<Vec<_>>(),
        ["tile/entries/001.p/46", "tile/0/001.p/46"]
    );
}

#[test]
fn a_large_log_has_the_tiles_of_the_specification() {
    let (files, root) = log(70_000);
    let count = |prefix: &str| files.keys().filter(|path| path.starts_with(prefix)).count();
    assert_eq!(count("tile/0/"), 274);
    assert_eq!(count("tile/1/"), 2);
    assert_eq!(count("tile/entries/"), 274);
    for path in [
        "tile/0/273.p/112",
        "tile/1/000",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
    ] {
        assert!(files.contains_key(path), "{path}");
    }
    assert_eq!(root, frontier(70_000).root());
    let tree = open(&files, 70_000, root);
    for index in [0, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999] {
        assert_eq!(tree.entry(index).unwrap(), entry(index));
        let proof = inclusion(&tree, index, 70_000).unwrap();
        assert_eq!(
            verify_inclusion(index, 70_000, &hash_leaf(&entry(index)), &proof, &root),
            Ok(())
        );
    }
    assert_eq!(tree.entry(70_000), Err(TileError::OutsideTree));
}

#[test]
fn a_resumed_builder_goes_on_as_the_first_would_have() {
    let (mut expected, mut first) = (Files::new(), TileBuilder::new());
    let mut files = Files::new();
    for size in [0, 5, 256, 300, 513, 1024, 1111, 2048] {
        grow(&mut expected, &mut first, size);
        let at = files_size(&files);
        let mut resumed = TileBuilder::resume(&files, at, frontier(at).root()).unwrap();
        grow(&mut files, &mut resumed, size);
        assert_eq!(files, expected, "at {size}");
    }
}

/// The size of the log in these files: entries of the widest bundles.
fn files_size(files: &Files) -> u64 {
    let paths = files
        .keys()
        .filter_map(|path| path.parse::<TilePath>().ok());
    let bundles = paths.filter(|path| path.kind() == TileKind::Entries);
    bundles
        .map(|path| path.index() * 256 + u64::from(path.width()))
        .max()
        .unwrap_or(0)
}

#[test]
fn partial_tiles_may_go_once_the_full_one_is_there() {
    let (mut files, mut builder) = (Files::new(), TileBuilder::new());
    grow(&mut files, &mut builder, 300);
    grow(&mut files, &mut builder, 700);
    let gone: Vec<String> = edge_paths(300)
        .filter(|path| files.contains_key(&path.full().to_string()))
        .map(|path| path.to_string())
        .collect();
    files.retain(|path, _| !gone.contains(path));
    assert_eq!(gone.len(), 2);
    let tree = open(&files, 300, frontier(300).root());
    assert_eq!(tree.entry(299).unwrap(), entry(299));
    assert_eq!(tree.bundle(1).unwrap().len(), 44);
}

#[test]
fn a_flipped_bit_anywhere_is_caught() {
    let (files, root) = log(1_111);
    for (path, bytes) in &files {
        for at in [0, 1, bytes.len() / 2, bytes.len() - 1] {
            let mut changed = files.clone();
            changed.get_mut(path).unwrap()[at] ^= 0x10;
            assert!(
                read_all(&changed, 1_111, root).is_err(),
                "byte {at} of {path}"
            );
        }
    }
    read_all(&files, 1_111, root).unwrap();
}

#[test]
fn a_cut_or_longer_or_missing_file_is_caught() {
    let (files, root) = log(600);
    for path in files.keys() {
        let mut changed = files.clone();
        changed.get_mut(path).unwrap().pop();
        assert!(read_all(&changed, 600, root).is_err(), "{path} cut");
        let mut changed = files.clone();
        changed.get_mut(path).unwrap().extend([0, 0]);
        assert!(read_all(&changed, 600, root).is_err(), "{path} longer");
        let mut changed = files.clone();
        changed.remove(path);
        assert!(
            matches!(
                read_all(&changed, 600, root),
                Err(TileError::Source {
                    error: SourceError::Missing,
                    ..
                })
            ),
            "{path} missing"
        );
    }
}

#[test]
fn another_root_or_size_does_not_open() {
    let (files, root) = log(600);
    let open = |size, root| TileTree::open(&files, size, root).err();
    assert_eq!(
        open(600, hash_leaf(b"other")),
        Some(TileError::RootMismatch)
    );
    assert!(matches!(open(599, root), Some(TileError::Source { .. })));
    assert_eq!(open(MAX_TREE_SIZE + 1, root), Some(TileError::OutsideTree));
    assert_eq!(open(0, root), Some(TileError::RootMismatch));
    assert_eq!(open(0, Hash::empty_root()), None);
}

#[test]
fn a_swapped_full_tile_is_named() {
    let (mut files, root) = log(600);
    let other = files["tile/0/001"].clone();
    files.insert("tile/0/000".to_owned(), other);
    let tree = open(&files, 600, root);
    let path = "tile/0/000".parse().unwrap();
    assert_eq!(tree.leaf(3), Err(TileError::NotAuthentic { path }));
    assert_eq!(tree.leaf(300), Ok(hash_leaf(&entry(300))));
}

#[test]
fn a_tree_may_be_asked_from_many_threads() {
    let (files, root) = log(600);
    let tree = open(&files, 600, root);
    std::thread::scope(|scope| {
        for start in 0..4 {
            let tree = &tree;
            scope.spawn(move || {
                for index in (start..600).step_by(4) {
                    assert_eq!(tree.leaf(index), Ok(hash_leaf(&entry(index))));
                }
            });
        }
    });
}

fn read_all(files: &Files, size: u64, root: Hash) -> Result<(), TileError> {
    let tree = TileTree::open(files, size, root)?;
    (0..tree.bundles()).try_for_each(|bundle| tree.bundle(bundle).map(drop))
}
