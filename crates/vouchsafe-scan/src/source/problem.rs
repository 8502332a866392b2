//! What kept a document, or a part of it, from being read.

use std::io;

use super::format::Format;

/// Why a document, or a part of it, was not read as asked.
///
/// No text of the input is in it: it names kinds and numbers only.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The path does not exist, or was removed before it was read.
    #[error("not found")]
    NotFound,
    /// The system refused to open or to read it.
    #[error("cannot be read: {0}")]
    Unreadable(io::ErrorKind),
    /// A regular file that shrank or was written over while it was read.
    #[error("changed while it was read; scan it again")]
    ChangedWhileRead,
    /// The end is missing. What came before it was scanned.
    #[error("{0}: the end is missing")]
    Truncated(Format),
    /// The bytes break the rules of their format. What could be read was scanned.
    #[error("{0}: damaged, and not all of it could be read")]
    Damaged(Format),
    /// Bytes after the end of packed data. They were scanned as a document of their own.
    #[error("{0}: other bytes follow its end")]
    BytesFollow(Format),
    /// Archives in archives beyond [`Options::depth`](super::Options::depth). The bytes were scanned as they are.
    #[error("{0}: packed too many times; unpack it first")]
    TooDeep(Format),
    /// It unpacks to more than [`Options::unpacked_free`](super::Options::unpacked_free) and
    /// [`Options::unpacked_ratio`](super::Options::unpacked_ratio) permit.
    #[error("{0}: unpacks to more than is permitted; the rest was not read")]
    TooLarge(Format),
    /// Reading asks for more memory than is permitted. Packed bytes were not scanned; a database was, as bytes.
    #[error("{0}: needs {1} MiB of memory to be read")]
    NeedsMemory(Format, u32),
    /// The data can only be unpacked with a dictionary that is elsewhere.
    #[error("{0}: needs a dictionary that is not in the file; unpack it first")]
    NeedsDictionary(Format),
    /// A format that is not unpacked. Its bytes were scanned as they are.
    #[error("{0}: not unpacked; unpack it first")]
    NotUnpacked(Format),
    /// A database inside an archive or on standard input that is too large to be read there. Its bytes were scanned.
    #[error(
        "{0}: too large to be read as a database inside an archive or from a pipe; scan it as a file"
    )]
    NotSeekable(Format),
    /// The name of a member is longer than is permitted. Its front was used.
    #[error("{0}: the name of a member is too long")]
    LongName(Format),
    /// Values that cannot be tied to a table. They were scanned as bytes.
    #[error("{0}: a table cannot be read as one; its bytes were scanned")]
    UnknownTable(Format),
    /// A symbolic link that leads back to a folder above it, or to itself.
    #[error("a symbolic link in a loop")]
    LinkLoop,
    /// A symbolic link that leads nowhere.
    #[error("a symbolic link that leads nowhere")]
    DanglingLink,
    /// A symbolic link to a folder that no argument covers. It was not followed.
    #[error("a symbolic link to a folder elsewhere, not followed; name it to scan it")]
    LinkElsewhere,
    /// Found in a folder, and not a file: nothing was read from it.
    #[error("a socket")]
    Socket,
    /// See [`Socket`](Self::Socket).
    #[error("a named pipe; name it to read from it")]
    Pipe,
    /// See [`Socket`](Self::Socket).
    #[error("a device; name it to read from it")]
    Device,
}

impl Problem {
    /// Whether something that could hold PHI was not looked at as it should have been, so that no scan may report
    /// success.
    ///
    /// The others hold nothing (a link that leads nowhere) or are no files (a socket in a folder).
    #[must_use]
    pub const fn is_incomplete(self) -> bool {
        match self {
            Self::NotFound
            | Self::Unreadable(_)
            | Self::ChangedWhileRead
            | Self::Truncated(_)
            | Self::Damaged(_)
            | Self::TooDeep(_)
            | Self::TooLarge(_)
            | Self::NeedsMemory(..)
            | Self::NeedsDictionary(_)
            | Self::NotUnpacked(_)
            | Self::NotSeekable(_)
            | Self::LongName(_)
            | Self::LinkElsewhere => true,
            Self::BytesFollow(_)
            | Self::UnknownTable(_)
            | Self::LinkLoop
            | Self::DanglingLink
            | Self::Socket
            | Self::Pipe
            | Self::Device => false,
        }
    }

    /// The problem that an error of the system is.
    pub(super) fn of_error(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            kind => Self::Unreadable(kind),
        }
    }
}
