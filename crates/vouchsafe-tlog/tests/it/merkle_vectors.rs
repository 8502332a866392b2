//! The proof vectors of transparency-dev/merkle, if their folder exists.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use vouchsafe_tlog::proof::{verify_consistency, verify_inclusion};
use vouchsafe_tlog::{Hash, hash_leaf};

fn vectors(kind: &str) -> Vec<(PathBuf, Value)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/merkle/testdata")
        .join(kind);
    if !root.is_dir() {
        println!("SKIPPED: no transparency-dev/merkle vectors at ../shared/data/merkle");
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            if path.is_dir() {
                folders.push(path);
            } else {
                let vector = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
                found.push((path, vector));
            }
        }
    }
    assert!(found.len() > 90, "only {} vectors of {kind}", found.len());
    found
}

fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap_or_default()).unwrap()
}

fn proof(vector: &Value, hash: impl Fn(&Value) -> Option<Hash>) -> Option<Vec<Hash>> {
    match vector["proof"].as_array() {
        Some(proof) => proof.iter().map(hash).collect(),
        None => Some(Vec::new()),
    }
}

#[test]
fn inclusion_vectors_come_out_as_they_say() {
    // A hash of another length than 32 bytes cannot even be represented.
    let hash = |value: &Value| Hash::from_slice(&bytes(value)).ok();
    for (path, vector) in vectors("inclusion") {
        let index = vector["leafIdx"].as_u64().unwrap();
        let size = vector["treeSize"].as_u64().unwrap();
        let holds = (|| {
            let (leaf, root) = (hash(&vector["leafHash"])?, hash(&vector["root"])?);
            verify_inclusion(index, size, &leaf, &proof(&vector, hash)?, &root).ok()
        })();
        assert_eq!(
            holds.is_none(),
            vector["wantErr"].as_bool().unwrap(),
            "{}",
            path.display()
        );
    }
}

#[test]
fn consistency_vectors_come_out_as_they_say() {
    // Some valid vectors have short texts for roots, equal or not. Our type cannot hold them; their replacements are
    // equal or not as well.
    let hash = |value: &Value| {
        let bytes = bytes(value);
        Hash::from_slice(&bytes).unwrap_or_else(|_| hash_leaf(&bytes))
    };
    for (path, vector) in vectors("consistency") {
        let (old, new) = (vector["size1"].as_u64(), vector["size2"].as_u64());
        let result = verify_consistency(
            old.unwrap(),
            &hash(&vector["root1"]),
            new.unwrap(),
            &hash(&vector["root2"]),
            &proof(&vector, |value| Some(hash(value))).unwrap(),
        );
        assert_eq!(
            result.is_err(),
            vector["wantErr"].as_bool().unwrap(),
            "{}",
            path.display()
        );
    }
}
