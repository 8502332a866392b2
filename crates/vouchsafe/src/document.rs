//! Documents: JSON trees that are split by data class to be sealed, and merged when opened.
//!
//! Numbers keep the text that was sent (`1.50` stays `1.50`), and arrays their order; the order of object members may
//! change. No value here can be printed: `Debug` writes `[PHI]`.

mod items;
mod layout;
mod merge;
mod moment;
mod normalise;
mod parse;
mod predicate;
mod split;
mod write;

use std::fmt;

pub use layout::{InvalidSlot, Layout, Place, Slot};
pub use moment::{Moment, Span};
pub use normalise::{NORMALISER, normalise, words};
pub use predicate::{Predicate, ReadSpan, SpanOp, Test, TextMatch};

pub(crate) use merge::{MalformedPart, Tree};
pub(crate) use split::split;

use crate::class::ClassSet;

/// Maximum nesting of a document, including the root.
pub const MAX_DEPTH: usize = 64;

/// Limits of a caller's document.
const LIMITS: parse::Limits = parse::Limits {
    depth: MAX_DEPTH,
    members: 1_000,
    values: 1_000_000,
    number: 128,
    power: 3,
};

/// The reason why a text is not a document. Offsets are in bytes; no variant holds a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DocumentError {
    /// Not UTF-8 (RFC 8259, section 8.1).
    #[error("not UTF-8 at byte {offset}")]
    NotUtf8 {
        /// The first invalid byte.
        offset: usize,
    },
    /// Not JSON (RFC 8259).
    #[error("not JSON at byte {offset}")]
    Syntax {
        /// The offset of the syntax error.
        offset: usize,
    },
    /// An escape that names half a character (RFC 8259, section 8.2).
    #[error("a lone surrogate at byte {offset}")]
    LoneSurrogate {
        /// The offset of the escape.
        offset: usize,
    },
    /// An object has two members with the same name.
    #[error("a member occurs twice in the object at byte {offset}")]
    DuplicateMember {
        /// The offset of the object.
        offset: usize,
    },
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("nested too deeply at byte {offset}")]
    TooDeep {
        /// The first bracket that is too deep.
        offset: usize,
    },
    /// A number of more than 128 characters, or of a power of ten of more than three digits.
    #[error("a number is too long at byte {offset}")]
    LongNumber {
        /// The number.
        offset: usize,
    },
    /// An object of more than 1,000 members, or more than 1,000,000 values in all.
    #[error("too many members or values at byte {offset}")]
    TooMany {
        /// The first too many.
        offset: usize,
    },
    /// The root is not an object.
    #[error("the document is not an object")]
    NotAnObject,
}

/// A JSON object with all its content.
pub struct Document(Node);

impl Document {
    /// Parses a document strictly by RFC 8259: one object, no duplicate member, no lone surrogates.
    ///
    /// # Errors
    /// [`DocumentError`], with the offset of the first fault.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        Self::from_node(parse::parse(bytes, LIMITS)?)
    }

    /// The document with this root.
    ///
    /// # Errors
    /// [`DocumentError::NotAnObject`].
    pub fn from_node(root: Node) -> Result<Self, DocumentError> {
        match root {
            Node::Object(_) => Ok(Self(root)),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) | Node::Array(_) => {
                Err(DocumentError::NotAnObject)
            }
        }
    }

    /// The document with this object as its root.
    #[must_use]
    pub const fn from_object(root: Object) -> Self {
        Self(Node::Object(root))
    }

    /// The root.
    pub const fn root_mut(&mut self) -> &mut Node {
        &mut self.0
    }

    /// The root: an object, unless a caller replaced it through [`Self::root_mut`].
    #[must_use]
    pub const fn root(&self) -> &Node {
        &self.0
    }

    /// The classes of the document's elements, by a layout.
    #[must_use]
    pub fn classes(&self, layout: &dyn Layout) -> ClassSet {
        split::classes(&self.0, layout)
    }

    /// Compact JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.0.to_json()
    }

    /// Appends the compact JSON text.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        write::node(&self.0, out);
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[PHI]")
    }
}

/// A JSON value.
pub enum Node {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as its original text.
    Number(Box<str>),
    /// A string, decoded.
    String(Box<str>),
    /// An array.
    Array(Vec<Self>),
    /// An object.
    Object(Object),
}

impl Node {
    /// A string.
    #[must_use]
    pub fn string(text: &str) -> Self {
        Self::String(text.into())
    }

    /// The object, if it is one.
    pub const fn as_object_mut(&mut self) -> Option<&mut Object> {
        match self {
            Self::Object(object) => Some(object),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::Array(_) => None,
        }
    }

    /// The items, if it is an array.
    pub const fn as_array_mut(&mut self) -> Option<&mut Vec<Self>> {
        match self {
            Self::Array(items) => Some(items),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::Object(_) => {
                None
            }
        }
    }

    /// The text, if it is a string.
    #[must_use]
    pub const fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Array(_) | Self::Object(_) => None,
        }
    }

    /// The boolean, if it is one.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            Self::Null | Self::Number(_) | Self::String(_) | Self::Array(_) | Self::Object(_) => {
                None
            }
        }
    }

    /// The number's text, if it is a number.
    #[must_use]
    pub const fn as_number(&self) -> Option<&str> {
        match self {
            Self::Number(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::String(_) | Self::Array(_) | Self::Object(_) => None,
        }
    }

    /// The items, if it is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::Object(_) => {
                None
            }
        }
    }

    /// The object, if it is one.
    #[must_use]
    pub const fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::Array(_) => None,
        }
    }

    /// The member with that name, if it is an object that has one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_object()?.get(name)
    }

    /// Whether it is `null`.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether both are equal: number text and array order count, member order does not.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) | (Self::String(a), Self::String(b)) => a == b,
            (Self::Array(a), Self::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same_as(b))
            }
            (Self::Object(Object(a)), Self::Object(Object(b))) => {
                items::same_members(a, b, Self::same_as)
            }
            _ => false,
        }
    }

    /// Compact JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = Vec::new();
        write::node(self, &mut out);
        // The text consists of `str` and ASCII only.
        String::from_utf8(out).unwrap_or_default()
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[PHI]")
    }
}

impl From<Object> for Node {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

/// The members of a JSON object, in order, without duplicate names.
#[derive(Default)]
pub struct Object(Vec<(Box<str>, Node)>);

impl Object {
    /// An object without members.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Sets a member: replaces the one with that name, or adds one at the end.
    pub fn insert(&mut self, name: &str, value: Node) -> Option<Node> {
        if let Some(slot) = self.get_mut(name) {
            return Some(std::mem::replace(slot, value));
        }
        self.0.push((name.into(), value));
        None
    }

    /// Removes a member.
    pub fn remove(&mut self, name: &str) -> Option<Node> {
        let at = self.0.iter().position(|(member, _)| **member == *name)?;
        Some(self.0.remove(at).1)
    }

    /// The value of a member.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Node> {
        self.iter_mut()
            .find(|(member, _)| *member == name)
            .map(|(_, value)| value)
    }

    /// The members.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Node)> {
        self.0.iter_mut().map(|(name, value)| (&**name, value))
    }

    /// The value of a member.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.iter()
            .find(|(member, _)| *member == name)
            .map(|(_, value)| value)
    }

    /// The members.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Node)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// The number of members.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no members.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[PHI]")
    }
}

impl<'a> FromIterator<(&'a str, Node)> for Object {
    /// The last of two members with the same name wins.
    fn from_iter<I: IntoIterator<Item = (&'a str, Node)>>(members: I) -> Self {
        let mut object = Self::new();
        for (name, value) in members {
            object.insert(name, value);
        }
        object
    }
}

#[cfg(test)]
pub(crate) mod test_layout;
#[cfg(test)]
mod tests;
