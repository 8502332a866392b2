//! The leak test: no value of a patient in clear, anywhere that anything was written to.

use std::collections::BTreeSet;
use std::path::Path;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::bundles::Loaded;
use super::installation::Remains;

/// Shorter texts occur by chance in megabytes of ciphertext.
const SHORTEST: usize = 5;

/// Names, identifier values, birth dates, streets, phones and note texts of the patients.
pub(crate) fn needles(loaded: &[Loaded]) -> BTreeSet<String> {
    let mut needles = BTreeSet::new();
    for record in loaded {
        let resource = &record.original;
        match record.record_type.as_str() {
            "Patient" => {
                for name in array(resource, "name") {
                    texts(&name["family"], &mut needles);
                    texts(&name["given"], &mut needles);
                }
                for identifier in array(resource, "identifier") {
                    texts(&identifier["value"], &mut needles);
                }
                for address in array(resource, "address") {
                    texts(&address["line"], &mut needles);
                }
                for telecom in array(resource, "telecom") {
                    texts(&telecom["value"], &mut needles);
                }
                texts(&resource["birthDate"], &mut needles);
                for extension in array(resource, "extension") {
                    let url = extension["url"].as_str().unwrap_or_default();
                    if url.ends_with("mothersMaidenName") {
                        texts(&extension["valueString"], &mut needles);
                    }
                }
            }
            "DocumentReference" => {
                for content in array(resource, "content") {
                    note(&content["attachment"]["data"], &mut needles);
                }
            }
            "DiagnosticReport" => {
                for form in array(resource, "presentedForm") {
                    note(&form["data"], &mut needles);
                }
            }
            _ => {}
        }
    }
    assert!(needles.len() > 100, "there is something to look for");
    needles
}

fn array<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().into_iter().flatten()
}

fn texts(value: &Value, needles: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.len() >= SHORTEST => {
            needles.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, needles)),
        _ => {}
    }
}

/// A note as it was sent (base64), and a line from its inside.
fn note(value: &Value, needles: &mut BTreeSet<String>) {
    let Some(text) = value.as_str() else { return };
    needles.insert(text.chars().take(60).collect());
    if let Ok(plain) = STANDARD.decode(text)
        && let Ok(plain) = String::from_utf8(plain)
        && let Some(line) = plain.lines().find(|line| line.len() > 20)
    {
        needles.insert(line.chars().take(40).collect());
    }
}

/// In clear, in hex and in base64 at each of its three phases.
fn forms(needle: &str) -> Vec<Vec<u8>> {
    let bytes = needle.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![
        bytes.to_vec(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
    ];
    for phase in 0..3 {
        let padded: Vec<u8> = std::iter::repeat_n(b' ', phase)
            .chain(bytes.iter().copied())
            .collect();
        let text = STANDARD.encode(padded);
        // Without the characters that depend on what stands before and after.
        let from = [0, 2, 3][phase];
        let until = text.trim_end_matches('=').len().saturating_sub(2);
        if let Some(core) = text.get(from..until).filter(|core| core.len() >= 8) {
            forms.push(core.as_bytes().to_vec());
        }
    }
    forms
}

/// While it runs: the write-ahead logs of databases and recorder are there.
pub(crate) async fn scan_live(folder: &Path, needles: &BTreeSet<String>) {
    scan_all(folder, &[], &[], needles);
}

/// When it has stopped.
pub(crate) async fn scan(remains: &Remains, needles: &BTreeSet<String>) {
    scan_all(
        remains.folder.path(),
        &remains.dumps,
        &remains.errors,
        needles,
    );
}

fn scan_all(folder: &Path, dumps: &[Vec<u8>], errors: &[String], needles: &BTreeSet<String>) {
    let mut patterns = Vec::new();
    let mut of = Vec::new();
    for needle in needles {
        for form in forms(needle) {
            patterns.push(form);
            of.push(needle);
        }
    }
    let searcher = AhoCorasick::new(&patterns).expect("patterns");
    let mut scanned = 0;
    let mut look = |place: &str, bytes: &[u8]| {
        scanned += bytes.len();
        if let Some(found) = searcher.find(bytes) {
            panic!("{place} has {:?} in clear", of[found.pattern().as_usize()]);
        }
    };
    // The scan must be able to find: a planted needle is found in each form.
    for pattern in &patterns {
        assert!(searcher.is_match(pattern));
    }
    let mut files = 0;
    walk(folder, &mut |path, bytes| {
        files += 1;
        look(&path.display().to_string(), bytes);
    });
    for dump in dumps {
        look("pg_dump", dump);
    }
    for error in errors {
        look("an error", error.as_bytes());
    }
    eprintln!(
        "scanned {files} files, {} dumps, {scanned} bytes for {} needles in {} forms",
        dumps.len(),
        needles.len(),
        patterns.len()
    );
    assert!(
        scanned > 5_000_000,
        "the databases and the log were there to be scanned"
    );
}

fn walk(folder: &Path, found: &mut dyn FnMut(&Path, &[u8])) {
    // While the recorder runs, files and folders of partial tiles come and go.
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => walk(&path, found),
            Ok(kind) if kind.is_file() => {
                if let Ok(bytes) = std::fs::read(&path) {
                    found(&path, &bytes);
                }
            }
            _ => {}
        }
    }
}
