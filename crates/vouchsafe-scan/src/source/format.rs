//! Formats, told by the first bytes and never by the name.

use std::fmt;

use super::tar;

/// How many bytes decide: a header of tar.
pub(super) const SAMPLE: usize = 512;

/// A format of packed or structured bytes.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Format {
    /// gzip, of one or more members.
    Gzip,
    /// bzip2, of one or more streams.
    Bzip2,
    /// Zstandard, of one or more frames.
    Zstd,
    /// tar: v7, ustar, GNU, pax.
    Tar,
    /// A database file of SQLite 3.
    Sqlite,
    /// The write-ahead log beside a SQLite database.
    SqliteLog,
    /// A PostgreSQL archive (`pg_dump -Fc`), whose tables are packed.
    PgDump,
    /// zip, and what is built on it: office documents, jar.
    Zip,
    /// xz.
    Xz,
    /// 7-Zip.
    SevenZip,
    /// RAR.
    Rar,
    /// LZ4.
    Lz4,
    /// compress (`.Z`).
    Compress,
    /// PDF, whose text is packed.
    Pdf,
    /// UTF-32 text.
    Utf32,
}

/// First bytes of formats.
const MAGIC: [(&[u8], Format); 15] = [
    (b"\x1f\x8b\x08", Format::Gzip),
    (b"\x28\xb5\x2f\xfd", Format::Zstd),
    (b"SQLite format 3\0", Format::Sqlite),
    (b"\x37\x7f\x06\x82", Format::SqliteLog),
    (b"\x37\x7f\x06\x83", Format::SqliteLog),
    (b"PGDMP", Format::PgDump),
    (b"PK\x03\x04", Format::Zip),
    (b"\xfd7zXZ\0", Format::Xz),
    (b"7z\xbc\xaf\x27\x1c", Format::SevenZip),
    (b"Rar!\x1a\x07", Format::Rar),
    (b"\x04\x22\x4d\x18", Format::Lz4),
    (b"\x1f\x9d", Format::Compress),
    (b"%PDF-", Format::Pdf),
    (b"\xff\xfe\0\0", Format::Utf32),
    (b"\0\0\xfe\xff", Format::Utf32),
];

impl Format {
    /// The format of bytes that begin with these.
    pub(super) fn of(front: &[u8]) -> Option<Self> {
        let known = MAGIC.iter().find(|(magic, _)| front.starts_with(magic));
        if let Some((_, format)) = known {
            return Some(*format);
        }
        if is_bzip2(front) {
            return Some(Self::Bzip2);
        }
        if is_skippable(front) {
            return Some(Self::Zstd);
        }
        tar::is_header(front).then_some(Self::Tar)
    }

    /// The name of the format in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Zstd => "zstd",
            Self::Tar => "tar",
            Self::Sqlite => "SQLite database",
            Self::SqliteLog => "SQLite write-ahead log",
            Self::PgDump => "PostgreSQL archive",
            Self::Zip => "zip",
            Self::Xz => "xz",
            Self::SevenZip => "7-Zip",
            Self::Rar => "RAR",
            Self::Lz4 => "LZ4",
            Self::Compress => "compress",
            Self::Pdf => "PDF",
            Self::Utf32 => "UTF-32 text",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `BZh`, the size of a block, and then the magic number of a block or of the end of an empty stream.
pub(super) fn is_bzip2(front: &[u8]) -> bool {
    let size = front.get(3);
    let block = front.get(4..10);
    front.starts_with(b"BZh")
        && size.is_some_and(|size| (b'1'..=b'9').contains(size))
        && (block == Some(b"\x31\x41\x59\x26\x53\x59")
            || block == Some(b"\x17\x72\x45\x38\x50\x90"))
}

/// A frame of zstd that holds no data but what some tool notes there.
pub(super) fn is_skippable(front: &[u8]) -> bool {
    matches!(front, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}
