//! Conditions on opened documents, as searches make them.
//!
//! They are data: a walk over the tree, and what must be there. What a dialect calls a code or a name is made of
//! these; the core knows no dialect.

use std::fmt;

use super::{Document, Node, Span, words};

/// A condition: some value at some of the paths passes the test (or none, when negated).
pub struct Predicate {
    /// Member names from the root; arrays on the way are walked.
    pub paths: Vec<Vec<Box<str>>>,
    /// What a value must be.
    pub test: Test,
    /// Whether the condition is that no value passes.
    pub negate: bool,
}

impl fmt::Debug for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[PHI]")
    }
}

/// What a value must be.
pub enum Test {
    /// Anything but `null`.
    Present,
    /// A leaf with exactly this text.
    Equals(Box<str>),
    /// A leaf whose text begins so.
    Begins(Box<str>),
    /// A string, compared word by word.
    Text {
        /// What is looked for, as [`super::words()`] makes it.
        words: Vec<String>,
        /// How it is compared.
        how: TextMatch,
    },
    /// A span of time, compared with the one asked for.
    Span {
        /// Reads a value as a span.
        reads: ReadSpan,
        /// The span asked for.
        asked: Span,
        /// How the two are compared.
        op: SpanOp,
    },
    /// An object of which some value of this member passes; arrays are walked.
    Member(&'static str, Box<Self>),
    /// What passes, or has below it a value that does, reached through these members alone.
    Within(&'static [&'static str], Box<Self>),
    /// Whatever does not pass.
    Not(Box<Self>),
    /// Whatever passes all of these.
    All(Vec<Self>),
    /// Whatever passes one of these.
    Any(Vec<Self>),
}

impl fmt::Debug for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[PHI]")
    }
}

/// Reads a value as a span of time; how dates are written is the dialect's. It comes from [`crate::trusted::read_span`].
///
/// A plain function and no closure: it captures nothing that what it is shown could be kept in.
#[derive(Clone, Copy, Debug)]
pub struct ReadSpan(pub(crate) fn(&Node) -> Option<Span>);

/// How text is compared, after both sides were split into words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TextMatch {
    /// At one of its words the value goes on as what is looked for does; its last word may be the beginning of one.
    StartsWith,
    /// The value contains it, wherever.
    Contains,
}

/// How a span of time is compared with the one asked for.
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
    /// Begins when it is over, or later.
    Sa,
    /// Is over when it begins, or before.
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
