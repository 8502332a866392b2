//! Conditions on opened documents, for searches.
//!
//! They are data: a walk over the tree, and a test of the values. Dialects build the tests for their codes and names
//! from these; the core knows no dialect.

use std::fmt;

use super::{Document, Node, Span, words};

/// A condition: some value at some of the paths passes the test (or none, if negated).
pub struct Predicate {
    /// Member names from the root; arrays on the way are walked.
    pub paths: Vec<Vec<Box<str>>>,
    /// The test of a value.
    pub test: Test,
    /// Whether the condition is that no value passes.
    pub negate: bool,
}

impl fmt::Debug for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[PHI]")
    }
}

/// A test of a value.
pub enum Test {
    /// Anything but `null`.
    Present,
    /// A leaf with exactly this text.
    Equals(Box<str>),
    /// A leaf whose text begins with this text.
    Begins(Box<str>),
    /// A string, compared word by word.
    Text {
        /// The wanted text, split by [`super::words()`].
        words: Vec<String>,
        /// The kind of comparison.
        how: TextMatch,
    },
    /// A span of time, compared with the wanted one.
    Span {
        /// Reads a value as a span.
        reads: ReadSpan,
        /// The wanted span.
        asked: Span,
        /// The kind of comparison.
        op: SpanOp,
    },
    /// An object of which some value of this member passes; arrays are walked.
    Member(&'static str, Box<Self>),
    /// A value that passes, or that has one below it, reached through these members alone.
    Within(&'static [&'static str], Box<Self>),
    /// Every value that does not pass.
    Not(Box<Self>),
    /// Every value that passes all of these.
    All(Vec<Self>),
    /// Every value that passes one of these.
    Any(Vec<Self>),
}

impl fmt::Debug for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[PHI]")
    }
}

/// Reads a value as a span of time, in the dialect's syntax of dates. It comes from [`crate::trusted::read_span`].
///
/// A plain function and not a closure: it captures nothing that could keep the values it sees.
#[derive(Clone, Copy, Debug)]
pub struct ReadSpan(pub(crate) fn(&Node) -> Option<Span>);

/// The comparison of text, after both sides were split into words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TextMatch {
    /// The wanted words follow one another in the value; the last one may be the beginning of a word.
    StartsWith,
    /// The value contains the wanted text anywhere.
    Contains,
}

/// The comparison of a span of time with the wanted one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SpanOp {
    /// Within it.
    Eq,
    /// Not within it.
    Ne,
    /// Begins before it.
    Lt,
    /// Ends after it.
    Gt,
    /// `Lt` or `Eq`.
    Le,
    /// `Gt` or `Eq`.
    Ge,
    /// Begins at its end, or later.
    Sa,
    /// Ends at its begin, or earlier.
    Eb,
}

impl Predicate {
    /// Whether a document meets the condition.
    #[must_use]
    pub fn holds(&self, document: &Document) -> bool {
        let met = self
            .paths
            .iter()
            .any(|path| any_value(document.root(), path, &|value| self.test.passes(value)));
        met != self.negate
    }
}

/// Whether any value at a path passes; arrays on the way and at the end are walked.
fn any_value(node: &Node, path: &[Box<str>], passes: &dyn Fn(&Node) -> bool) -> bool {
    match (node, path.split_first()) {
        (Node::Array(items), _) => items.iter().any(|item| any_value(item, path, passes)),
        (node, None) => passes(node),
        (node, Some((name, rest))) => node
            .get(name)
            .is_some_and(|value| any_value(value, rest, passes)),
    }
}

impl Test {
    fn passes(&self, value: &Node) -> bool {
        match self {
            Self::Present => !value.is_null(),
            Self::Equals(text) => leaf(value).is_some_and(|leaf| *leaf == **text),
            Self::Begins(text) => leaf(value).is_some_and(|leaf| leaf.starts_with(&**text)),
            Self::Text { words: wanted, how } => value
                .as_str()
                .is_some_and(|text| how.holds(&words(text), wanted)),
            Self::Span { reads, asked, op } => {
                reads.0(value).is_some_and(|value| op.holds(*asked, value))
            }
            Self::Member(name, test) => value
                .get(name)
                .is_some_and(|value| any_value(value, &[], &|value| test.passes(value))),
            Self::Within(members, test) => test.passes_within(members, value),
            Self::Not(test) => !test.passes(value),
            Self::All(tests) => tests.iter().all(|test| test.passes(value)),
            Self::Any(tests) => tests.iter().any(|test| test.passes(value)),
        }
    }

    fn passes_within(&self, members: &[&str], value: &Node) -> bool {
        match value {
            Node::Array(items) => items.iter().any(|item| self.passes_within(members, item)),
            Node::Object(object) => {
                self.passes(value)
                    || object
                        .iter()
                        .filter(|(name, _)| members.contains(name))
                        .any(|(_, below)| self.passes_within(members, below))
            }
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => self.passes(value),
        }
    }
}

/// The text of a scalar.
fn leaf(value: &Node) -> Option<&str> {
    match value {
        Node::Bool(true) => Some("true"),
        Node::Bool(false) => Some("false"),
        Node::Number(text) | Node::String(text) => Some(text),
        Node::Null | Node::Array(_) | Node::Object(_) => None,
    }
}

impl TextMatch {
    fn holds(self, text: &[String], wanted: &[String]) -> bool {
        // An empty needle is in everything: it must find nothing instead.
        let Some((last, whole)) = wanted.split_last() else {
            return false;
        };
        match self {
            Self::StartsWith => text.windows(wanted.len()).any(|here| {
                here.split_last()
                    .is_some_and(|(end, before)| before == whole && end.starts_with(last.as_str()))
            }),
            Self::Contains => text.join(" ").contains(&wanted.join(" ")),
        }
    }
}

impl SpanOp {
    fn holds(self, (from, until): Span, (begin, end): Span) -> bool {
        let within = begin.order(from).is_ge() && end.order(until).is_le();
        match self {
            Self::Eq => within,
            Self::Ne => !within,
            Self::Lt => begin.order(from).is_lt(),
            Self::Gt => end.order(until).is_gt(),
            Self::Le => begin.order(from).is_lt() || within,
            Self::Ge => end.order(until).is_gt() || within,
            Self::Sa => begin.order(until).is_ge(),
            Self::Eb => end.order(from).is_le(),
        }
    }
}

#[cfg(test)]
mod tests;
