//! What values mean: the part of a dialect that storing and searching need.
//!
//! The engine walks documents and knows no dialect. How a date is written, what a reference looks like, which words an
//! index has of a name and when a value passes a search is said by the dialect that a pack is compiled with.

use std::fmt;

use vouchsafe::class::ClassSet;
use vouchsafe::document::{Node, Span, Test};
use vouchsafe::ids::RecordId;

use crate::pack::{IssueCode, Reference, SearchKind, SearchParam};
use crate::search::{Why, Window};

/// A dialect's values.
///
/// What it makes of a value for an index and what passes a search MUST agree: a record that passes and has not the entry
/// is not found. So both belong in one place.
pub trait Values: Send + Sync {
    /// The primitive datatype of that name.
    fn primitive(&self, name: &str) -> Option<Primitive>;

    /// What an index is made of, by the name that `of` has in `pack.toml`.
    fn index(&self, of: &str) -> Option<IndexOf>;

    /// The members at and below a value that a parameter of this kind looks at. Whoever uses the parameter must be allowed
    /// to see their classes, so none MUST be left out.
    fn looks_at(&self, kind: SearchKind) -> &'static [&'static str];

    /// What a value refers to, if it is a reference.
    fn reference(&self, value: &Node) -> Option<Reference>;

    /// The span of time that a text stands for; none if it cannot be read.
    fn span(&self, text: &str) -> Option<Span>;

    /// The ids that a value names; those that are not ours are left out.
    ///
    /// # Errors
    /// [`Why`] it cannot be served.
    fn ids(&self, value: &str) -> Result<Vec<RecordId>, Why>;

    /// The time that a moment must be in to pass.
    ///
    /// # Errors
    /// [`Why`] it cannot be served.
    fn window(&self, value: &str) -> Result<Window, Why>;

    /// Whether the dialect has a search parameter of that name, of whatever type: a fixed word that may be told.
    fn is_parameter(&self, name: &str) -> bool {
        let _ = name;
        false
    }

    /// What a parameter's value asks for.
    ///
    /// # Errors
    /// [`Why`] it cannot be served.
    fn asked(&self, param: &SearchParam, modifier: Option<&str>, value: &str)
    -> Result<Asked, Why>;
}

/// A primitive datatype.
#[derive(Clone, Copy, Debug)]
pub struct Primitive {
    /// Its number in the dialect: two of one number are the same.
    pub number: u8,
    /// Checks a value.
    pub check: fn(&Node) -> Result<(), IssueCode>,
}

/// An entry of an index: the steps that lead to it, from the first on. PHI.
///
/// Most have one step. Of a word it may be its first two letters, its first four, and so on: such a record is found by as
/// many steps as a query knows.
pub type Entry = Vec<Vec<u8>>;

/// What an index makes of a value.
#[derive(Clone, Copy, Debug)]
pub struct IndexOf {
    /// Bits of each step of a tag: enough that a lookup finds few strangers, few enough that a tag stands for many values.
    ///
    /// With X distinct values, sqrt(X) < 2^bits < X/2 for the bits of all steps together. Where tags decide whether a record
    /// exists, they are whole.
    pub bits: u16,
    /// The steps that an entry has, each by what the name of its own tags ends with.
    pub steps: &'static [&'static str],
    /// Hands over the entries that a value makes, each with all its steps.
    pub entries: fn(&Node, &mut dyn FnMut(Entry)),
    /// The entries of all values that reach into a window.
    ///
    /// # Errors
    /// [`Why`] they are not looked up one by one.
    pub within: fn(Window) -> Result<Vec<Entry>, Why>,
}

/// What a parameter's value asks for.
#[derive(Debug)]
pub enum Asked {
    /// Records of any of these ids.
    Ids(Vec<RecordId>),
    /// Records of any of these subjects.
    Subjects(Vec<Reference>),
    /// Records of which something is tested after they were opened.
    Documents(Tested),
}

/// A test of opened records, and what narrows the search before.
pub struct Tested {
    /// What a value at the parameter's paths must be.
    pub test: Test,
    /// Whether no value may pass instead.
    pub negate: bool,
    /// The member at the paths that is tested instead of what has it.
    pub member: Option<&'static str>,
    /// Classes that are looked at beside the parameter's own.
    pub classes: ClassSet,
    /// What a record that passes has in the parameter's index; or why the index cannot narrow the search.
    pub indexed: Result<Indexed, Why>,
}

impl fmt::Debug for Tested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[PHI]")
    }
}

/// What a record that passes a test has in an index.
pub enum Indexed {
    /// Any of these entries, each with as many steps as are known. PHI.
    Any(Vec<Entry>),
    /// An entry of a value that reaches into this window.
    Within(Window),
}

impl fmt::Debug for Indexed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[PHI]")
    }
}
