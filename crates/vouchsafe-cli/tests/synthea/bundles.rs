//! Loading the bundles, and reading every resource back.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use vouchsafe::document::{Document, Node};
use vouchsafe::ids::{RecordId, RecordType};

use super::installation::Installation;

/// A loaded resource: its place, and its expected content.
pub(crate) struct Loaded {
    pub(crate) record_type: RecordType,
    pub(crate) id: RecordId,
    /// The sent content, with resolved references, without the elements that the server sets.
    pub(crate) expected: Document,
    pub(crate) original: Value,
}

/// The folder, if it exists.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/synthea")
}

pub(crate) fn files() -> Option<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    // Hospitals and practitioners come first: their names begin with 0.
    files.sort();
    (!files.is_empty()).then_some(files)
}

/// The content of a file.
pub(crate) fn text(file: &Path) -> Vec<u8> {
    let mut text = Vec::new();
    let packed = std::fs::File::open(file).expect("a file");
    bzip2::read::MultiBzDecoder::new(packed)
        .read_to_end(&mut text)
        .expect("bzip2");
    text
}

#[expect(clippy::too_many_lines, reason = "one story, told in order")]
pub(crate) async fn load(installation: &Installation, files: &[PathBuf]) -> Vec<Loaded> {
    let mut loaded = Vec::new();
    let mut conditions: HashMap<String, String> = HashMap::new();
    for file in files {
        let text = text(file);
        let bundle = vouchsafe_fhir::parse_bundle(&text).expect("a bundle");
        let caller = installation.caller("integration", &[]);
        let outcomes =
            vouchsafe_fhir::execute(installation.service.engine(), &caller, bundle, None)
                .await
                .unwrap_or_else(|error| panic!("{}: {:?}", file.display(), error.failure()));
        let original: Value = serde_json::from_slice(&text).expect("JSON");
        let entries = original["entry"].as_array().expect("entries");
        assert_eq!(entries.len(), outcomes.len());
        let mut urls: HashMap<String, String> = HashMap::new();
        for (entry, outcome) in entries.iter().zip(&outcomes) {
            assert!(outcome.status.is_success(), "{:?}", outcome.failure());
            let (record_type, id, ..) = outcome.record.as_ref().expect("a record");
            let place = format!("{record_type}/{id}");
            urls.insert(
                entry["fullUrl"].as_str().expect("fullUrl").to_owned(),
                place.clone(),
            );
            for identifier in entry["resource"]["identifier"]
                .as_array()
                .into_iter()
                .flatten()
            {
                if let (Some(system), Some(value)) =
                    (identifier["system"].as_str(), identifier["value"].as_str())
                {
                    let key = format!("{record_type}?identifier={system}|{value}");
                    conditions.insert(key, place.clone());
                }
            }
        }
        // The tree with its number texts, beside serde's for look-ups.
        let tree = Document::parse(&text).expect("JSON");
        let nodes = tree
            .root()
            .get("entry")
            .and_then(Node::as_array)
            .expect("entries");
        for ((entry, node), outcome) in entries.iter().zip(nodes).zip(&outcomes) {
            let (record_type, id, ..) = outcome.record.as_ref().expect("a record");
            let resource = node.get("resource").expect("a resource").to_json();
            let mut expected = Document::parse(resource.as_bytes()).expect("an object");
            expected
                .root_mut()
                .as_object_mut()
                .expect("an object")
                .remove("id");
            resolve(expected.root_mut(), &urls, &conditions);
            loaded.push(Loaded {
                record_type: record_type.clone(),
                id: *id,
                expected,
                original: entry["resource"].clone(),
            });
        }
    }
    loaded
}

fn resolve(node: &mut Node, urls: &HashMap<String, String>, conditions: &HashMap<String, String>) {
    if let Some(items) = node.as_array_mut() {
        items
            .iter_mut()
            .for_each(|item| resolve(item, urls, conditions));
    }
    let Some(object) = node.as_object_mut() else {
        return;
    };
    for (name, value) in object.iter_mut() {
        let target = value
            .as_str()
            .filter(|_| name == "reference")
            .and_then(|text| urls.get(text).or_else(|| conditions.get(text)))
            .cloned();
        match target {
            Some(target) => *value = Node::string(&target),
            None => resolve(value, urls, conditions),
        }
    }
}

/// Every resource, read by a caller who may see all classes, equals the sent one.
pub(crate) async fn reread(installation: &Installation, loaded: &[Loaded]) {
    let caller = installation.caller("integration", &[]);
    for record in loaded {
        let released = installation
            .service
            .engine()
            .read(&caller, &record.record_type, record.id, None)
            .await
            .unwrap_or_else(|failure| panic!("{}: {failure}", record.record_type));
        assert!(!released.subsetted);
        assert!(
            released.document.root().same_as(record.expected.root()),
            "{}/{} is not what was sent:\n{}\n{}",
            record.record_type,
            record.id,
            released.document.to_json(),
            record.expected.to_json(),
        );
    }
}
