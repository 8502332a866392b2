//! The leak test: no value of a patient is in clear in any written file.

use std::collections::BTreeSet;
use std::path::Path;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::installation::Remains;

/// Shorter texts occur by chance in megabytes of ciphertext.
const SHORTEST: usize = 5;

/// Names, identifier values, birth dates, streets, phones and note texts of the patients.
pub(crate) fn needles<'r>(resources: impl Iterator<Item = &'r Value>) -> BTreeSet<String> {
    let mut needles = BTreeSet::new();
    for resource in resources {
        match resource["resourceType"].as_str().unwrap_or_default() {
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
    needles
}

pub(crate) fn array<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
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

/// In clear (also as in URLs, and normalised), in hex, and in base64 at each of its three phases.
fn forms(needle: &str) -> Vec<Vec<u8>> {
    let bytes = needle.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![
        bytes.to_vec(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
    ];
    let plain = [
        needle.to_lowercase(),
        needle.to_uppercase(),
        needle.replace(' ', "%20"),
        needle.replace(' ', "+"),
    ];
    let longer = plain
        .into_iter()
        .filter(|form| form.len() > SHORTEST && form != needle);
    forms.extend(longer.map(String::into_bytes));
    for phase in 0..3 {
        let padded: Vec<u8> = std::iter::repeat_n(b' ', phase)
            .chain(bytes.iter().copied())
            .collect();
        let text = STANDARD.encode(padded);
        // Without the characters that depend on the neighbouring bytes.
        let from = [0, 2, 3][phase];
        let until = text.trim_end_matches('=').len().saturating_sub(2);
        if let Some(core) = text.get(from..until).filter(|core| core.len() >= 8) {
            forms.push(core.as_bytes().to_vec());
        }
    }
    forms
}

/// Searches for all needles in all their forms.
pub(crate) struct Scanner {
    searcher: AhoCorasick,
    /// The needle of each pattern.
    of: Vec<String>,
    files: usize,
    bytes: usize,
}

impl Scanner {
    pub(crate) fn new(needles: &BTreeSet<String>) -> Self {
        assert!(needles.len() > 100, "there is something to look for");
        let (mut patterns, mut of) = (Vec::new(), Vec::new());
        for needle in needles {
            for form in forms(needle) {
                patterns.push(form);
                of.push(needle.clone());
            }
        }
        let searcher = AhoCorasick::new(&patterns).expect("patterns");
        // The scan must be able to find: a planted needle is found in each form.
        for pattern in &patterns {
            assert!(searcher.is_match(pattern));
        }
        Self {
            searcher,
            of,
            files: 0,
            bytes: 0,
        }
    }

    /// Whether any needle is there.
    pub(crate) fn finds(&self, bytes: &[u8]) -> bool {
        self.searcher.is_match(bytes)
    }

    pub(crate) fn look(&mut self, place: &str, bytes: &[u8]) {
        self.bytes += bytes.len();
        if let Some(found) = self.searcher.find(bytes) {
            let from = found.start().saturating_sub(40);
            let until = bytes.len().min(found.end() + 40);
            panic!(
                "{place} has {:?} in clear: {:?}",
                self.of[found.pattern().as_usize()],
                String::from_utf8_lossy(&bytes[from..until])
            );
        }
    }

    /// Everything below a folder.
    pub(crate) fn look_below(&mut self, folder: &Path) {
        walk(folder, &mut |path, bytes| {
            self.files += 1;
            self.look(&path.display().to_string(), bytes);
        });
    }

    /// Reports how much was scanned, which must be at least this number of bytes.
    pub(crate) fn end(self, least: usize) {
        eprintln!(
            "scanned {} files, {} bytes for {} patterns",
            self.files,
            self.bytes,
            self.of.len()
        );
        assert!(self.bytes > least, "{} bytes were scanned", self.bytes);
    }
}

/// During the run, when the write-ahead logs of databases and recorder exist.
pub(crate) fn scan_live(folder: &Path, needles: &BTreeSet<String>) {
    let mut scanner = Scanner::new(needles);
    scanner.look_below(folder);
    scanner.end(5_000_000);
}

/// After the stop.
pub(crate) fn scan(remains: &Remains, needles: &BTreeSet<String>) {
    let mut scanner = Scanner::new(needles);
    scanner.look_below(remains.folder.path());
    for dump in &remains.dumps {
        scanner.look("pg_dump", dump);
    }
    for error in &remains.errors {
        scanner.look("an error", error.as_bytes());
    }
    scanner.end(5_000_000);
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
