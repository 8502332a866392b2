//! A place in a text that holds a value.

use std::ops::Range;

use crate::class::{Class, Confidence};

/// A value that was found: its class and place. It holds no character of the value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// The kind of value.
    pub class: Class,
    /// How sure it is.
    pub confidence: Confidence,
    /// Where it stands in the line, in bytes.
    pub span: Range<usize>,
    /// The field that it stands in, in words of our own vocabulary; never text of the input.
    pub field: Option<&'static str>,
}
