//! A document is printed only on purpose: with `to_json`.

use vouchsafe::document::Document;

fn case(document: &Document) -> String {
    document.to_string()
}

fn main() {}
