//! Search parameters as a plan that sealed data can serve.
//!
//! Records are found by id, by subject, or by blind index; what else is asked is tested after
//! they were opened. What none of these can serve is refused by name: there is no full scan.
//! Without any of them a search of a type that has subjects is one of the subjects in the caller's care.

mod planner;
mod window;

use std::fmt;

use vouchsafe::class::{ClassSet, DataClass};
use vouchsafe::document::Predicate;
use vouchsafe::ids::RecordId;

use crate::pack::{RecordTypeDecl, Reference, SubjectKind};
use crate::values::Entry;
use planner::Planner;
pub use window::Window;

/// A search parameter, decoded.
///
/// Parameters that say how the result is given are the dialect's, and no filters.
#[derive(Clone, Copy)]
pub struct Parameter<'a> {
    /// Its name.
    pub name: &'a str,
    /// What follows the name after a colon.
    pub modifier: Option<&'a str>,
    /// Its value, as the dialect writes it.
    pub value: &'a str,
}

impl fmt::Debug for Parameter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=[PHI]", self.name)
    }
}

/// How a search is done.
#[derive(Debug)]
pub struct Plan {
    /// What bounds the records that are opened.
    pub scope: Scope,
    /// Any of these ids.
    pub ids: Option<Vec<RecordId>>,
    /// Of any of these subjects, as the query names them.
    pub subjects: Option<Vec<Reference>>,
    /// Found by all of these.
    pub lookups: Vec<Lookup>,
    /// Last written then.
    pub updated: Window,
    /// The first parameter that has an index which cannot narrow the search, and why.
    pub unserved: Option<Unsupported>,
    /// What all must hold after opening.
    pub predicates: Vec<Predicate>,
    /// The classes of what the parameters look at: the caller must be allowed to see these.
    pub classes: ClassSet,
    /// In which order.
    pub order: Order,
}

/// What bounds the records that a search opens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scope {
    /// The ids given.
    Ids,
    /// The subjects given.
    Subjects,
    /// A blind index.
    Index,
    /// Nothing is given: the subjects that are in the caller's care.
    Care,
    /// All records of a type that has no subject.
    Type,
}

/// A lookup in a blind index: any of the values.
#[derive(Clone)]
pub struct Lookup {
    /// The name of the tags.
    pub index: Box<str>,
    /// The index whose values they are made of.
    pub of: Box<str>,
    /// Entries. PHI.
    pub any: Vec<Entry>,
    /// Bits of each step of a tag.
    pub bits: u16,
    /// The class of what the index is made from.
    pub class: DataClass,
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lookup({}: {} of [PHI])", self.index, self.any.len())
    }
}

/// The order of the records of a search.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Order {
    /// By id: none that means anything, but the same for every page.
    #[default]
    Id,
    /// The one that was not written for the longest time first.
    LastUpdated,
    /// The one that was written last first.
    LastUpdatedDescending,
}

/// A search that cannot be served. It names the parameter, never its value.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the search parameter {parameter} can not be served: {why}")]
pub struct Unsupported {
    /// The parameter's name, if the type knows it, else `?`.
    pub parameter: String,
    /// Why.
    pub why: Why,
}

/// Why a search parameter cannot be served.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Why {
    /// The type has no such parameter.
    #[error("the type has no such parameter")]
    Unknown,
    /// The modifier does not go with it.
    #[error("it does not take this modifier")]
    Modifier,
    /// The value is not one of its kind.
    #[error("the value is malformed")]
    Value,
    /// What is asked is well formed, and not supported.
    #[error("this form of value is not supported")]
    Form,
    /// An index finds values, and not what is asked of them.
    #[error("no index serves this comparison")]
    Comparison,
    /// An index finds the beginnings of words, and this one is too short.
    #[error("the beginning of a word has too few letters for an index")]
    Short,
    /// More values than are looked up one by one.
    #[error("the stretch of time is too long for an index, or has no end")]
    Wide,
}

/// Plans a search.
///
/// # Errors
/// [`Unsupported`] names the first parameter that cannot be served.
pub fn plan(decl: &RecordTypeDecl, parameters: &[Parameter<'_>]) -> Result<Plan, Unsupported> {
    let mut planner = Planner::new(decl);
    for parameter in parameters {
        planner.add(parameter).map_err(|why| Unsupported {
            parameter: shown(decl, parameter.name),
            why,
        })?;
    }
    let mut plan = planner.finish();
    plan.scope = if plan.ids.is_some() {
        Scope::Ids
    } else if plan.subjects.is_some() {
        Scope::Subjects
    } else if !plan.lookups.is_empty() {
        Scope::Index
    } else if decl.subject_kind() == SubjectKind::None {
        Scope::Type
    } else {
        Scope::Care
    };
    Ok(plan)
}

/// The name, if it is one that we wrote: a caller's mistake may have put a value in its place.
fn shown(decl: &RecordTypeDecl, name: &str) -> String {
    // What follows a dot asks something of what the parameter refers to.
    let name = name.split('.').next().unwrap_or_default();
    let ours = decl.takes(name) || decl.values().is_parameter(name);
    if ours { name } else { "?" }.to_owned()
}
