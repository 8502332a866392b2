//! The files of `vectors/tlog`: each input gives the stated outcome.

use serde_json::{Map, Value};
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use vouchsafe_tlog::proof::ProofFile;
use vouchsafe_tlog::tile::{TilePath, decode_entries};
use vouchsafe_tlog::{Checkpoint, NoteSigner, NoteVerifier, SignedNote, hash_leaf};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn path(of: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../vectors/tlog")
        .join(of)
}

fn log_key() -> NoteVerifier {
    fs::read_to_string(path("log.vkey"))
        .unwrap()
        .trim_end()
        .parse()
        .unwrap()
}

/// Runs all files of a folder, and checks that each has an outcome.
fn folder(name: &str, outcome: impl Fn(&[u8]) -> Outcome<String>) {
    let expected = fs::read(path(name).join("expected.json")).unwrap();
    let expected: Map<String, Value> = serde_json::from_slice(&expected).unwrap();
    let mut seen = 0;
    for entry in fs::read_dir(path(name)).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        if file == "expected.json" {
            continue;
        }
        let bytes = fs::read(path(name).join(&file)).unwrap();
        let outcome = outcome(&bytes).unwrap_or_else(|error| error.to_string());
        assert_eq!(
            Some(outcome.as_str()),
            expected.get(&file).and_then(Value::as_str),
            "{file}"
        );
        seen += 1;
    }
    assert_eq!(seen, expected.len());
}

fn lines(name: &str, outcome: impl Fn(&str) -> Outcome<()>) {
    let cases: Vec<Value> = serde_json::from_slice(&fs::read(path(name)).unwrap()).unwrap();
    assert!(cases.len() > 20);
    for case in cases {
        let (input, expected) = (case["input"].as_str().unwrap(), case["expected"].as_str());
        let outcome = outcome(input).map_or_else(|error| error.to_string(), |()| "ok".to_owned());
        assert_eq!(Some(outcome.as_str()), expected, "{input:?}");
    }
}

#[test]
fn notes() {
    folder("note", |bytes| {
        let note = SignedNote::parse(bytes)?;
        assert_eq!(note.to_string().as_bytes(), bytes);
        note.verify(&[&log_key()])?;
        Ok("verified".to_owned())
    });
}

#[test]
fn checkpoints() {
    folder("checkpoint", |bytes| {
        let checkpoint = Checkpoint::parse(std::str::from_utf8(bytes).unwrap())?;
        assert_eq!(checkpoint.to_string().as_bytes(), bytes);
        Ok("read".to_owned())
    });
}

#[test]
fn proofs() {
    folder("proof", |bytes| {
        let proof = ProofFile::parse(bytes)?;
        assert_eq!(proof.to_string().as_bytes(), bytes);
        let leaf = hash_leaf(b"entry 3");
        proof.verify(&leaf, "log.example/audit", &log_key(), &[])?;
        Ok("verified".to_owned())
    });
}

#[test]
fn bundles() {
    folder("bundle", |bytes| {
        let entries = decode_entries(bytes)?;
        Ok(format!("{} entries", entries.len()))
    });
}

#[test]
fn tile_paths() {
    lines("tile-paths.json", |input| {
        let path: TilePath = input.parse()?;
        assert_eq!(path.to_string(), input);
        Ok(())
    });
}

#[test]
fn keys() {
    lines("verifier-keys.json", |input| {
        let key: NoteVerifier = input.parse()?;
        assert_eq!(key.to_string(), input);
        Ok(())
    });
    lines("signing-keys.json", |input| {
        let key = NoteSigner::from_skey(input)?;
        assert_eq!(*key.to_skey(), input);
        Ok(())
    });
}
