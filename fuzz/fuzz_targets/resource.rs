//! FHIR resources against the pack: validated, classed and indexed without a word of what they say.
#![no_main]

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use vouchsafe::class::ClassSet;
use vouchsafe::document::{Document, Node};
use vouchsafe_fhir::{map_references, reference};
use vouchsafe_fuzz::{marked, no_echo};
use vouchsafe_records::pack::Pack;

static PACK: LazyLock<Arc<Pack>> = LazyLock::new(|| vouchsafe_fhir::pack().unwrap());

fuzz_target!(|bytes: &[u8]| {
    let bytes = marked(bytes);
    let Ok(mut document) = Document::parse(&bytes) else {
        return;
    };
    let name = document.root().get("resourceType").and_then(Node::as_str);
    let Some(decl) = name.and_then(|name| PACK.record_type(name)) else {
        return;
    };
    let issues = decl.validate(&document);
    assert!(issues.len() <= 50);
    for issue in &issues {
        assert!(issue.path.starts_with(decl.record_type().as_str()));
        no_echo(&format!("{issue:?} {}", issue.code));
    }
    let classes = decl.classes_of(&document);
    assert_ne!(classes, ClassSet::NONE);
    for term in decl.index_terms(&document) {
        let index = decl.indexes().iter().find(|index| index.name == term.index);
        assert_eq!(
            index.map(|index| (index.of.bits, index.class)),
            Some((term.bits, term.class))
        );
        assert!(
            classes.contains(term.class),
            "an index tells of a class that the record has not"
        );
        no_echo(&format!("{term:?}"));
    }
    let before = document.to_json();
    let mut all = Vec::new();
    map_references(&mut document, &mut |text| {
        all.push(reference(text));
        None
    });
    assert_eq!(document.to_json(), before);
    for subject in decl.subjects(&document) {
        assert!(all.contains(&subject));
    }
    for relation in decl.relations(&document, Timestamp::UNIX_EPOCH) {
        assert!(relation.from < relation.until);
        assert!(all.contains(&relation.beneficiary));
    }
    no_echo(&format!("{document:?} {all:?}"));
});
