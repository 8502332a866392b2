//! A document prints where somebody means it to: by `to_json`.

use vouchsafe::document::Document;

fn case(document: &Document) -> String {
    document.to_string()
}

fn main() {}
