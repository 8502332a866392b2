//! Injective framing: two different lists of byte strings never have the same frame.

/// A byte string made of length-prefixed fields: u32 big-endian length, then the field.
///
/// So the input of a MAC, an AAD or an HKDF info has only one reading.
pub(super) struct Frame(Vec<u8>);

/// Room for the fields after a label: ids, a slot and a header.
const ROOM: usize = 224;

impl Frame {
    /// A frame whose first field names its purpose.
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
    /// With room for more fields: that is the purpose of a clone.
    fn clone(&self) -> Self {
        let mut bytes = Vec::with_capacity(self.0.len() + ROOM);
        bytes.extend_from_slice(&self.0);
        Self(bytes)
    }
}
