//! The pack on real data: bundles of synthetic patients.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::PathBuf;

use vouchsafe::class::{ClassSet, DataClass};
use vouchsafe::document::{Document, Layout, Node, Place};
use vouchsafe_fhir::reference;
use vouchsafe_records::pack::{RecordTypeDecl, Reference, SubjectKind};

/// The bundles: beside the repository, or where `VOUCHSAFE_SYNTHEA` says.
fn folder() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/synthea");
    let folder = std::env::var_os("VOUCHSAFE_SYNTHEA").map_or_else(|| beside.into(), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no Synthea bundles (VOUCHSAFE_SYNTHEA)");
    None
}

/// Calls `each` with the type and the document of every resource.
fn each_resource(each: &mut dyn FnMut(&str, &Document)) -> usize {
    let mut count = 0;
    let Some(folder) = folder() else { return 0 };
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "bz2") {
            continue;
        }
        let mut text = Vec::new();
        bzip2::read::BzDecoder::new(std::fs::File::open(&path).unwrap())
            .read_to_end(&mut text)
            .unwrap();
        let bundle = Document::parse(&text).unwrap();
        for entry in bundle.root().get("entry").and_then(Node::as_array).unwrap() {
            let resource = entry.get("resource").unwrap().to_json();
            let document = Document::parse(resource.as_bytes()).unwrap();
            let name = document
                .root()
                .get("resourceType")
                .and_then(Node::as_str)
                .unwrap()
                .to_owned();
            each(&name, &document);
            count += 1;
        }
    }
    count
}

#[test]
fn every_resource_is_valid_and_known() {
    let pack = vouchsafe_fhir::pack().unwrap();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut unknown: BTreeMap<String, usize> = BTreeMap::new();
    let count = each_resource(&mut |name, document| {
        *seen.entry(name.to_owned()).or_default() += 1;
        let decl = pack
            .record_type(name)
            .unwrap_or_else(|| panic!("{name} is no type"));
        assert_eq!(decl.validate(document), [], "{name}");
        restricted(
            decl,
            decl.root(document.root()),
            document.root(),
            name,
            &mut unknown,
        );
        if decl.subject_kind() == SubjectKind::None {
            let classes = decl.classes_of(document);
            assert!(
                ClassSet::of(DataClass::Operational).includes(classes),
                "{name} {classes:?}"
            );
        }
    });
    eprintln!("{count} resources of {} types: {seen:?}", seen.len());
    assert_eq!(unknown, BTreeMap::new());
    assert!(count == 0 || count == 7_223);
}

/// The paths of leaves that nobody declared.
fn restricted(
    decl: &RecordTypeDecl,
    at: Place,
    node: &Node,
    path: &str,
    found: &mut BTreeMap<String, usize>,
) {
    match node {
        Node::Object(object) => {
            for (name, value) in object.iter() {
                let below = decl.member(at, object, name);
                restricted(decl, below, value, &format!("{path}.{name}"), found);
            }
        }
        Node::Array(items) => {
            for item in items {
                restricted(decl, decl.item(at, item), item, path, found);
            }
        }
        _ if decl.slot(at).class() == DataClass::Restricted => {
            *found.entry(path.to_owned()).or_default() += 1;
        }
        _ => {}
    }
}

#[test]
fn names_and_numbers_are_where_they_belong() {
    let pack = vouchsafe_fhir::pack().unwrap();
    let decl = pack.record_type("Patient").unwrap();
    let mut patients = 0;
    let count = each_resource(&mut |name, document| {
        if name != "Patient" {
            return;
        }
        patients += 1;
        let root = decl.root(document.root());
        let object = document.root().as_object().unwrap();
        let at = decl.member(root, object, "identifier");
        let ssn = object
            .get("identifier")
            .and_then(Node::as_array)
            .unwrap()
            .iter()
            .find(|item| {
                item.get("system").and_then(Node::as_str) == Some("http://hl7.org/fhir/sid/us-ssn")
            });
        let ssn = ssn.unwrap();
        let item = decl.item(at, ssn);
        let value = decl.member(item, ssn.as_object().unwrap(), "value");
        assert_eq!(decl.slot(value).name(), "identifier+ssn");
        assert!(decl.index_terms(document).len() > 6);
    });
    assert!(count == 0 || patients == 10, "{patients} patients");
}

#[test]
fn subjects_and_care_are_found() {
    let pack = vouchsafe_fhir::pack().unwrap();
    let now = "2026-11-24T00:00:00Z".parse().unwrap();
    let mut care: BTreeMap<String, usize> = BTreeMap::new();
    let mut conditional = 0;
    each_resource(&mut |name, document| {
        let decl = pack.record_type(name).unwrap();
        let subjects = decl.subjects(document);
        match decl.subject_kind() {
            SubjectKind::Path => assert!(!subjects.is_empty() || name == "Device", "{name}"),
            SubjectKind::Through => assert!(!subjects.is_empty()),
            SubjectKind::Itself | SubjectKind::None => assert!(subjects.is_empty()),
        }
        *care.entry(name.to_owned()).or_default() += decl.relations(document, now).len();
        let mut document = Document::parse(document.to_json().as_bytes()).unwrap();
        vouchsafe_fhir::map_references(&mut document, &mut |text| {
            conditional += usize::from(matches!(reference(text), Reference::Conditional { .. }));
            None
        });
    });
    care.retain(|_, count| *count > 0);
    eprintln!("care told by {care:?}; {conditional} conditional references");
}
