//! No logger or response helper serialises a document in passing.

use vouchsafe::document::Document;

fn case(document: &Document) {
    let _ = serde_json::to_string(document);
}

fn main() {}
