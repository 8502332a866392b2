//! Whether a document is what its type declares.

use vouchsafe::document::{Node, Object, Place};
use vouchsafe::ids::RecordType;

use super::places::{Holds, PlaceData, Places, UNKNOWN};

/// A fault of a document. Never a value of it, nor the name of an element that is not declared.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Issue {
    /// Where: `Type.name[0].part[1]`.
    pub path: String,
    /// What.
    pub code: IssueCode,
}

/// What is wrong with an element.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum IssueCode {
    /// It says that it is of another type.
    #[error("the record is of another type")]
    RecordType,
    /// It must be there.
    #[error("a required element is missing")]
    Required,
    /// It must be an array.
    #[error("the element repeats, so it must be an array")]
    NotAnArray,
    /// It must not be an array.
    #[error("the element does not repeat, so it must not be an array")]
    AnArray,
    /// An object, array, string or `null` that is empty.
    #[error("the element is empty")]
    Empty,
    /// Another kind of JSON value than the datatype's.
    #[error("not the kind of JSON value that the datatype is written as")]
    Kind,
    /// Not the syntax of the datatype.
    #[error("not the syntax of the datatype")]
    Syntax,
    /// Several alternatives of one choice.
    #[error("only one alternative of a choice may be there")]
    Choice,
    /// A record that is about nobody has it, and it is nothing that such a record may hold.
    #[error("a record about nobody may not hold this")]
    OfNobody,
    /// A rule of the dialect, in its own fixed words.
    #[error("{0}")]
    Rule(&'static str),
}

/// So many faults are told; whoever has more learns of the others when these are gone.
const MAX_ISSUES: usize = 50;

pub(super) struct Validator<'p> {
    places: &'p Places,
    issues: Vec<Issue>,
    path: Vec<String>,
}

impl<'p> Validator<'p> {
    pub(super) const fn new(places: &'p Places) -> Self {
        Self {
            places,
            issues: Vec::new(),
            path: Vec::new(),
        }
    }

    pub(super) fn record(mut self, node: &Node, at: Place, of: &RecordType) -> Vec<Issue> {
        self.path.push(of.as_str().to_owned());
        let named = self.places.record_type.as_deref();
        let says = |member| node.get(member).and_then(Node::as_str) == Some(of.as_str());
        if named.is_none_or(says) {
            self.element(node, at);
        } else {
            self.issue(IssueCode::RecordType);
        }
        self.issues
    }

    fn issue(&mut self, code: IssueCode) {
        if self.issues.len() < MAX_ISSUES {
            self.issues.push(Issue {
                path: self.path.concat(),
                code,
            });
        }
    }

    fn below(&mut self, step: String, check: impl FnOnce(&mut Self)) {
        if self.issues.len() < MAX_ISSUES {
            self.path.push(step);
            check(self);
            self.path.pop();
        }
    }

    fn element(&mut self, node: &Node, at: Place) {
        let Some(data) = self.places.get(at) else {
            return;
        };
        match data.holds {
            Holds::Anything => {}
            Holds::Primitive(primitive) => {
                if let Err(code) = (primitive.check)(node) {
                    self.issue(code);
                }
            }
            Holds::Object => match node.as_object() {
                Some(object) => self.object(object, data, at),
                None => self.issue(IssueCode::Kind),
            },
        }
    }

    fn object(&mut self, object: &Object, data: &PlaceData, at: Place) {
        if object.is_empty() {
            self.issue(IssueCode::Empty);
        }
        let places = self.places;
        let has = |name: &str| object.get(name).is_some() || places.beside(object, name).is_some();
        for names in &data.required {
            if !names.iter().any(|name| has(name)) {
                let name = names.first().map_or("", |name| name);
                self.below(format!(".{name}"), |this| this.issue(IssueCode::Required));
            }
        }
        for names in &data.choices {
            let mut there = names.iter().filter(|name| has(name));
            if let (Some(_), Some(second)) = (there.next(), there.next()) {
                self.below(format!(".{second}"), |this| this.issue(IssueCode::Choice));
            }
        }
        for (name, value) in object.iter() {
            let Some(member) = data.members.get(name) else {
                continue;
            };
            let place = self.places.member(at, object, name);
            let many = member.many;
            let beside = member.beside.and_then(|_| places.beside(object, name));
            self.below(format!(".{name}"), |this| match (many, value.as_array()) {
                (true, Some(items)) => this.items(items, place, beside),
                (true, None) => this.issue(IssueCode::NotAnArray),
                (false, Some(_)) => this.issue(IssueCode::AnArray),
                (false, None) => this.element(value, place),
            });
        }
    }

    fn items(&mut self, items: &[Node], at: Place, beside: Option<&Node>) {
        if items.is_empty() {
            self.issue(IssueCode::Empty);
        }
        for (number, item) in items.iter().enumerate() {
            let place = self.places.item(at, item);
            if place == UNKNOWN {
                continue;
            }
            // A `null` keeps the place of a value of which only the sibling says something.
            let extended = beside
                .and_then(Node::as_array)
                .and_then(|beside| beside.get(number));
            if item.is_null() && extended.is_some_and(|extended| !extended.is_null()) {
                continue;
            }
            self.below(format!("[{number}]"), |this| this.element(item, place));
        }
    }
}
