//! No logger or response helper can serialise a document by accident.

use vouchsafe::document::Document;

fn case(document: &Document) {
    let _ = serde_json::to_string(document);
}

fn main() {}
