//! FHIR bundles: read or refused, and no refusal repeats what was submitted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vouchsafe::document::{Document, Node};
use vouchsafe_fhir::{MAX_ENTRIES, parse_bundle};
use vouchsafe_fuzz::{marked, no_echo};

fuzz_target!(|bytes: &[u8]| {
    let bytes = marked(bytes);
    match parse_bundle(&bytes) {
        Ok(bundle) => {
            let document = Document::parse(&bytes).expect("a bundle is a document");
            let root = document.root();
            assert_eq!(
                root.get("resourceType").and_then(Node::as_str),
                Some("Bundle")
            );
            let entries = root
                .get("entry")
                .and_then(Node::as_array)
                .unwrap_or_default();
            assert_eq!(bundle.len(), entries.len());
            assert!(bundle.len() <= MAX_ENTRIES);
        }
        Err(refused) => {
            let (code, text, path) = refused.failure();
            assert!(!code.is_empty() && !text.is_empty());
            no_echo(text);
            no_echo(path.unwrap_or_default());
            no_echo(&format!("{refused:?}"));
            let again = parse_bundle(&bytes).expect_err("the same is refused again");
            assert_eq!(again.failure(), (code, text, path));
            assert_eq!(again.entry, refused.entry);
        }
    }
});
