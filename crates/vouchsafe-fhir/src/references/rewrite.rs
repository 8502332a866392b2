//! Walking a resource for its links.

use vouchsafe::document::{Layout as _, Node, Place};
use vouchsafe_records::pack::RecordTypeDecl;

use crate::outcome::Problem;
use crate::values;

/// A text that may lead to another resource.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Link {
    /// `Reference.reference`.
    Reference,
    /// An address: of a datatype that holds one, or in narrative.
    Address,
}

/// What becomes of a link; none if it stays.
pub(super) type Replace<'r> = dyn FnMut(Link, &str) -> Result<Option<String>, Problem> + 'r;

pub(super) const REFERENCE: &str = "reference";
/// Members that hold an address where the pack knows of nothing: in extensions and elements that it does not list.
const ADDRESSES: [&str; 6] = [
    "url",
    "uri",
    "valueUri",
    "valueUrl",
    "valueUuid",
    "valueOid",
];
/// Names that a path may have though no table has them: FHIR's own.
const OF_ANY: [&str; 4] = [
    "extension",
    "modifierExtension",
    "valueReference",
    REFERENCE,
];
const NARRATIVE: &str = "div";

/// Replaces the links of a resource of that type; the fault of one is told with its element.
pub(super) fn rewrite(
    root: &mut Node,
    declared: Option<&RecordTypeDecl>,
    replace: &mut Replace<'_>,
) -> Result<(), Problem> {
    let at = declared.map(|declared| (declared, declared.root(root)));
    let name = declared.map_or("", |declared| declared.record_type().as_str());
    walk(root, at, replace).map_err(|fault| match name {
        "" => fault.problem,
        name => fault.problem.at(format!("{name}{}", fault.below)),
    })
}

/// What is wrong with a link, and where below the node that was walked.
struct Fault {
    problem: Problem,
    below: String,
}

impl Fault {
    fn under(mut self, step: &str) -> Self {
        self.below.insert_str(0, step);
        self
    }
}

type At<'d> = Option<(&'d RecordTypeDecl, Place)>;

fn walk(node: &mut Node, at: At<'_>, replace: &mut Replace<'_>) -> Result<(), Fault> {
    match node {
        Node::Array(items) => {
            for (number, item) in items.iter_mut().enumerate() {
                let at = at.map(|(declared, place)| (declared, declared.item(place, item)));
                let walked = walk(item, at, replace);
                walked.map_err(|fault| fault.under(&format!("[{number}]")))?;
            }
        }
        Node::Object(object) => {
            let places: Vec<At<'_>> = object
                .iter()
                .map(|(name, _)| {
                    let (declared, place) = at?;
                    Some((declared, declared.member(place, object, name)))
                })
                .collect();
            for ((name, value), below) in object.iter_mut().zip(places) {
                let done = match value {
                    Node::String(text) => leaf(name, text, below, replace),
                    other => walk(other, below, replace),
                };
                if let Err(fault) = done {
                    let known = at.is_some_and(|(declared, place)| declared.knows(place, name));
                    return Err(match known || OF_ANY.contains(&name) {
                        true => fault.under(&format!(".{name}")),
                        // Its name is the caller's, and so is all below.
                        false => Fault {
                            below: String::new(),
                            ..fault
                        },
                    });
                }
            }
        }
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => {}
    }
    Ok(())
}

fn leaf(
    name: &str,
    text: &mut Box<str>,
    at: At<'_>,
    replace: &mut Replace<'_>,
) -> Result<(), Fault> {
    let fault = |problem| Fault {
        problem,
        below: String::new(),
    };
    let primitive = at.and_then(|(declared, place)| declared.primitive(place));
    let (narrative, address) = match primitive {
        Some(primitive) => (values::is_narrative(primitive), values::is_link(primitive)),
        None => (name == NARRATIVE, ADDRESSES.contains(&name)),
    };
    let other = if narrative {
        let mut wrong = None;
        let other = values::links(text, &mut |link| {
            replace(Link::Address, link).unwrap_or_else(|problem| {
                wrong.get_or_insert(problem);
                None
            })
        });
        wrong.map_or(Ok(other), Err).map_err(fault)?
    } else if name == REFERENCE {
        replace(Link::Reference, text).map_err(fault)?
    } else if address {
        replace(Link::Address, text).map_err(fault)?
    } else {
        None
    };
    if let Some(other) = other {
        *text = other.into();
    }
    Ok(())
}
