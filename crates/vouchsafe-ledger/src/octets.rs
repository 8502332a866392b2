//! Little-endian integers and byte strings, for the recorder's files and its protocol.

use uuid::Uuid;
use vouchsafe::audit::{EntryKind, Source};
use vouchsafe::ids::IntentId;

/// The bytes end too early or have an impossible value.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("malformed bytes")]
pub(crate) struct Malformed;

/// Reads values from the front of a byte string.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Octets<'a>(&'a [u8]);

impl<'a> Octets<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The remaining bytes.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (front, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(front)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, Malformed> {
        self.array().map(i64::from_le_bytes)
    }

    /// A count or length: 32 bits.
    pub(crate) fn length(&mut self) -> Result<usize, Malformed> {
        usize::try_from(self.u32()?).map_err(|_| Malformed)
    }

    /// Bytes after their 32-bit length.
    pub(crate) fn counted(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.length()?;
        self.take(length)
    }

    pub(crate) fn uuid(&mut self) -> Result<Uuid, Malformed> {
        self.array().map(Uuid::from_bytes)
    }

    pub(crate) fn source(&mut self) -> Result<Source, Malformed> {
        Ok(Source {
            replica: self.uuid()?,
            boot: self.uuid()?,
        })
    }

    pub(crate) fn kind(&mut self) -> Result<EntryKind, Malformed> {
        match self.u8()? {
            0 => Ok(EntryKind::Event),
            1 => Ok(EntryKind::Intent(IntentId::from_uuid(self.uuid()?))),
            2 => Ok(EntryKind::Outcome(IntentId::from_uuid(self.uuid()?))),
            _ => Err(Malformed),
        }
    }

    /// Fails if bytes are left.
    pub(crate) fn end(&self) -> Result<(), Malformed> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Malformed)
        }
    }
}

/// A count or length as 32 bits; a larger one is not valid anywhere and is written as a value that no file has.
pub(crate) fn length(count: usize) -> [u8; 4] {
    u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes()
}

pub(crate) fn put_counted(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&length(bytes.len()));
    out.extend_from_slice(bytes);
}

pub(crate) fn put_source(out: &mut Vec<u8>, source: &Source) {
    out.extend_from_slice(source.replica.as_bytes());
    out.extend_from_slice(source.boot.as_bytes());
}

pub(crate) fn put_kind(out: &mut Vec<u8>, kind: EntryKind) {
    match kind {
        EntryKind::Event => out.push(0),
        EntryKind::Intent(id) => {
            out.push(1);
            out.extend_from_slice(id.uuid().as_bytes());
        }
        EntryKind::Outcome(id) => {
            out.push(2);
            out.extend_from_slice(id.uuid().as_bytes());
        }
    }
}
