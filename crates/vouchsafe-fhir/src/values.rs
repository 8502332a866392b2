//! What FHIR's values mean: their syntax, what an index has of them, when they pass a search (R4, 2.24 and 3.1.1).
//!
//! One place for both sides: what a record is found by and what it is tested by after it was opened are made by the same
//! readings of the same values.

mod asked;
mod date;
mod index;
mod narrative;
mod primitive;
mod reference;

use vouchsafe::document::{Node, Span};
use vouchsafe::ids::RecordId;
use vouchsafe_records::pack::{Reference, SearchKind, SearchParam};
use vouchsafe_records::search::{Why, Window};
use vouchsafe_records::values::{Asked, IndexOf, Primitive, Values};

use crate::outcome::words::is_parameter;

pub(crate) use narrative::links;
pub(crate) use primitive::{is_link, is_narrative};
pub use reference::reference;

/// The values of FHIR R4.
#[derive(Clone, Copy, Debug)]
pub struct R4;

/// The members of Coding, CodeableConcept, Identifier, ContactPoint and Quantity that a token is compared with.
const TOKEN_MEMBERS: &[&str] = &["coding", "system", "code", "value", "use"];
/// The members of HumanName, Address, Coding and CodeableConcept that are text.
const TEXT_MEMBERS: &[&str] = &[
    "text",
    "family",
    "given",
    "prefix",
    "suffix",
    "line",
    "city",
    "district",
    "state",
    "postalCode",
    "country",
    "display",
    "coding",
    "value",
];

impl Values for R4 {
    fn primitive(&self, name: &str) -> Option<Primitive> {
        primitive::named(name)
    }

    fn index(&self, of: &str) -> Option<IndexOf> {
        index::named(of)
    }

    fn looks_at(&self, kind: SearchKind) -> &'static [&'static str] {
        match kind {
            SearchKind::Token => TOKEN_MEMBERS,
            SearchKind::Reference => &["reference", "type"],
            SearchKind::Date => &["start", "end"],
            SearchKind::String => TEXT_MEMBERS,
        }
    }

    fn reference(&self, value: &Node) -> Option<Reference> {
        let text = value.get("reference").and_then(Node::as_str);
        text.map(reference)
    }

    fn span(&self, text: &str) -> Option<Span> {
        date::Date::parse(text).map(date::Date::span)
    }

    fn ids(&self, value: &str) -> Result<Vec<RecordId>, Why> {
        asked::ids(value)
    }

    fn window(&self, value: &str) -> Result<Window, Why> {
        asked::window(value)
    }

    fn is_parameter(&self, name: &str) -> bool {
        is_parameter(name)
    }

    fn asked(
        &self,
        param: &SearchParam,
        modifier: Option<&str>,
        value: &str,
    ) -> Result<Asked, Why> {
        asked::asked(param, modifier, value)
    }
}
