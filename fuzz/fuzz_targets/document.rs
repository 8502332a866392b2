//! JSON documents: what is read is written back the same, and a second reader of JSON agrees.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use serde_json::from_str;
use serde_json::value::RawValue;
use vouchsafe::document::{Document, DocumentError, Node, normalise, words};

fuzz_target!(|bytes: &[u8]| {
    let text = std::str::from_utf8(bytes);
    match Document::parse(bytes) {
        Ok(document) => {
            let text = text.expect("a document is UTF-8");
            agree(document.root(), from_str(text).expect("a document is JSON"));
            let json = document.to_json();
            let again = Document::parse(json.as_bytes()).expect("what is written is read");
            assert!(document.root().same_as(again.root()));
            assert_eq!(json, again.to_json());
        }
        Err(DocumentError::Syntax { offset }) => {
            assert!(offset <= bytes.len());
            let text = text.expect("a fault of syntax is one of a text");
            assert!(from_str::<IgnoredAny>(text).is_err(), "refused, but JSON");
        }
        Err(DocumentError::NotUtf8 { .. }) => assert!(text.is_err()),
        Err(
            DocumentError::LoneSurrogate { offset }
            | DocumentError::DuplicateMember { offset }
            | DocumentError::TooDeep { offset }
            | DocumentError::LongNumber { offset }
            | DocumentError::TooMany { offset },
        ) => assert!(offset < bytes.len()),
        Err(DocumentError::NotAnObject) => {
            assert!(from_str::<BTreeMap<String, IgnoredAny>>(text.expect("it was read")).is_err());
        }
    }
    if let Ok(text) = text {
        let once = normalise(text);
        assert_eq!(normalise(&once), once, "normalising is idempotent");
        let parted = words(text);
        assert_eq!(
            words(&parted.join(" ")),
            parted,
            "words have no words in them"
        );
    }
});

/// Both readers found the same: strings as they are decoded, numbers as they are written.
fn agree(ours: &Node, theirs: &RawValue) {
    let text = theirs.get();
    match ours {
        Node::Null => assert_eq!(text, "null"),
        Node::Bool(value) => assert_eq!(text, value.to_string()),
        Node::Number(number) => assert_eq!(text, &**number),
        Node::String(string) => assert_eq!(from_str::<String>(text).unwrap(), **string),
        Node::Array(items) => {
            let theirs: Vec<&RawValue> = from_str(text).unwrap();
            assert_eq!(items.len(), theirs.len());
            items
                .iter()
                .zip(theirs)
                .for_each(|(ours, theirs)| agree(ours, theirs));
        }
        Node::Object(object) => {
            let theirs: BTreeMap<String, &RawValue> = from_str(text).unwrap();
            assert_eq!(object.len(), theirs.len());
            object
                .iter()
                .for_each(|(name, value)| agree(value, theirs[name]));
        }
    }
}
