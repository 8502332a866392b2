//! Where the scan is within nested objects: the name of each, and what its members say of one another.

use crate::vocabulary::{Meaning, Words};

/// One object or array that is open.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Frame {
    /// The bracket that opened it.
    pub(crate) open: u8,
    /// The name of the field that it is the value of.
    pub(crate) key: (usize, usize),
    /// What a member says of the value beside it: `{"name":"ssn","value":…}`.
    pub(crate) sibling: Option<&'static Meaning>,
}

/// Deeper than this, names of outer objects are forgotten.
const DEPTH: usize = 32;

/// The open objects and arrays.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    frames: [Frame; DEPTH],
    /// May be greater than [`DEPTH`]: what is deeper has no frame.
    depth: usize,
}

impl Frames {
    /// Forgets all of them.
    pub(crate) const fn clear(&mut self) {
        self.depth = 0;
    }

    pub(crate) fn push(&mut self, frame: Frame) {
        if let Some(slot) = self.frames.get_mut(self.depth) {
            *slot = frame;
        }
        self.depth += 1;
    }

    /// Closes the innermost one. What the parts of a `type` or `code` say, they say of the object around it.
    pub(crate) fn pop(&mut self, open: u8, carries: impl Fn((usize, usize)) -> bool) {
        let Some(inner) = self.depth.checked_sub(1) else {
            return;
        };
        let closed = self.frames.get(inner).copied();
        if closed.is_some_and(|closed| closed.open != open) {
            return;
        }
        self.depth = inner;
        if let (Some(closed), Some(outer)) = (closed, self.top_mut())
            && closed.sibling.is_some()
            && outer.sibling.is_none()
            && (closed.open == b'[' || carries(closed.key))
        {
            outer.sibling = closed.sibling;
        }
    }

    pub(crate) fn top(&self) -> Option<&Frame> {
        self.frames.get(self.depth.checked_sub(1)?)
    }

    pub(crate) fn top_mut(&mut self) -> Option<&mut Frame> {
        self.frames.get_mut(self.depth.checked_sub(1)?)
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.depth > 0
    }
}

/// Whether what the parts of an object of this name say, they say of the object around it: `"type":{"coding":[…]}`.
pub(crate) fn says_of_outer(name: &[u8]) -> bool {
    let words = Words::of(name);
    [b"type".as_slice(), b"code", b"coding", b"system"]
        .iter()
        .any(|word| words.has(word))
}
