//! Names of documents.

use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Stands between an archive and its member.
const INSIDE: &[u8] = b"!/";

/// The name of a document: the path as it was given or found, and the way to it inside archives, as in
/// `dump.tar.gz!/var/log/app.log`.
///
/// A name can hold PHI, and bytes of any kind. It has no `Display`, and its `Debug` shows its length.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DocumentName {
    bytes: Vec<u8>,
    /// The length of the path of the file.
    file: usize,
}

impl DocumentName {
    /// The name of a file.
    #[must_use]
    pub fn of_path(path: &Path) -> Self {
        let bytes = path.as_os_str().as_bytes().to_vec();
        let file = bytes.len();
        Self { bytes, file }
    }

    /// The name of standard input.
    #[must_use]
    pub fn standard_input() -> Self {
        Self::of_path(Path::new("-"))
    }

    /// All of the name.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The path of the file.
    #[must_use]
    pub fn file(&self) -> &[u8] {
        self.bytes.get(..self.file).unwrap_or_default()
    }

    /// The way to the document inside the file; archives in archives are set apart by `!/`.
    #[must_use]
    pub fn member(&self) -> Option<&[u8]> {
        let inside = self.bytes.get(self.file..)?;
        inside.strip_prefix(INSIDE)
    }

    /// The name of a member of this archive.
    pub(super) fn joined(&self, member: &[u8]) -> Self {
        let mut member = member;
        while let Some(rest) = member
            .strip_prefix(b"/")
            .or_else(|| member.strip_prefix(b"./"))
        {
            member = rest;
        }
        Self {
            bytes: [&self.bytes, INSIDE, member].concat(),
            file: self.file,
        }
    }
}

impl fmt::Debug for DocumentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DocumentName([{} bytes])", self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_named_below_its_archive() {
        let archive = DocumentName::of_path(Path::new("logs/a.tar"));
        assert_eq!(archive.member(), None);
        let member = archive.joined(b"./var/b.tar").joined(b"/c.log");
        assert_eq!(member.as_bytes(), b"logs/a.tar!/var/b.tar!/c.log");
        assert_eq!(member.file(), b"logs/a.tar");
        assert_eq!(member.member(), Some(&b"var/b.tar!/c.log"[..]));
    }

    #[test]
    fn debug_shows_no_name() {
        let name = DocumentName::of_path(Path::new("jane-doe.pdf"));
        assert_eq!(format!("{name:?}"), "DocumentName([12 bytes])");
    }
}
