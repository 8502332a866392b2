//! Injective framing: lists of byte strings that no other list frames to.

/// A byte string made of length-prefixed fields: u32 big-endian length, then the field.
///
/// No two lists of fields give the same bytes, so what is bound by a MAC, an AAD or an HKDF info
/// cannot be read as anything else.
pub(super) struct Frame(Vec<u8>);

/// Room for what follows a label: ids, a slot and a header.
const ROOM: usize = 224;

impl Frame {
    /// A frame whose first field says what it is for.
    pub(super) fn new(label: &str) -> Self {
        let mut frame = Self(Vec::with_capacity(ROOM));
        frame.push(label.as_bytes());
        frame
    }

    /// Adds a field.
    pub(super) fn push(&mut self, field: &[u8]) {
        // A field of 4 GiB or more would have to be an envelope header or a name: neither grows.
        let len = u32::try_from(field.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&len.to_be_bytes());
        self.0.extend_from_slice(field);
    }

    /// Adds a field, and returns the frame.
    pub(super) fn with(mut self, field: &[u8]) -> Self {
        self.push(field);
        self
    }

    /// Drops the fields after the first `len` bytes.
    pub(super) fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// The length so far, in bytes.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Clone for Frame {
    /// With room for more fields: that is what frames are cloned for.
    fn clone(&self) -> Self {
        let mut bytes = Vec::with_capacity(self.0.len() + ROOM);
        bytes.extend_from_slice(&self.0);
        Self(bytes)
    }
}
