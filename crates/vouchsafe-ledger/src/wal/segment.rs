//! The files of the write-ahead log: preallocated, filled with zeros, numbered, recycled.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use vouchsafe_tlog::Hash;

use super::Place;
use super::frame::SECTOR;
use crate::disk::{Disk, DiskFile, Identity};
use crate::error::{At, RecorderError};
use crate::octets::{Malformed, Octets};
use crate::wire::timestamp;

const MAGIC: [u8; 4] = *b"VLS1";
const HEAD: usize = 104;
/// Zeros are written in pieces of this size, so that a commit never waits for a whole segment.
const PIECE: usize = 1 << 20;
/// A segment that is ready for use: zeros only, synced.
const SPARE: &str = "spare";
/// A segment that is being prepared.
const PREPARING: &str = "preparing";
/// A segment that is about to get its number. Only the committer touches it; only the integrator touches the two above.
const TAKEN: &str = "taken";

/// The content of a segment's first sector.
///
/// ```text
/// magic "VLS1" | crc32c of what follows (u32) | number (u64) | length of the file (u64)
/// index of its first entry (u64) | last time recorded before it, microseconds (i64)
/// root before its first entry (32) | SHA-256 of the log's origin (32)
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct SegmentHead {
    pub(crate) number: u64,
    pub(crate) length: u64,
    pub(crate) first_index: u64,
    pub(crate) recorded: Timestamp,
    pub(crate) root: Hash,
    pub(crate) origin: [u8; 32],
}

impl SegmentHead {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let Self {
            number,
            length,
            first_index,
            recorded,
            root,
            origin,
        } = self;
        let mut rest = Vec::with_capacity(SECTOR);
        rest.extend_from_slice(&number.to_le_bytes());
        rest.extend_from_slice(&length.to_le_bytes());
        rest.extend_from_slice(&first_index.to_le_bytes());
        rest.extend_from_slice(&recorded.as_microsecond().to_le_bytes());
        rest.extend_from_slice(root.as_bytes());
        rest.extend_from_slice(origin);
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&crc32c::crc32c(&rest).to_le_bytes());
        out.append(&mut rest);
        out.resize(SECTOR, 0);
        out
    }

    pub(crate) fn decode(sector: &[u8]) -> Result<Self, Malformed> {
        let mut octets = Octets::new(sector.get(..HEAD).ok_or(Malformed)?);
        let (magic, crc) = (octets.array()?, octets.u32()?);
        if magic != MAGIC || crc32c::crc32c(octets.rest()) != crc {
            return Err(Malformed);
        }
        Ok(Self {
            number: octets.u64()?,
            length: octets.u64()?,
            first_index: octets.u64()?,
            recorded: timestamp(octets.i64()?)?,
            root: Hash::from_bytes(octets.array()?),
            origin: octets.array()?,
        })
    }
}

/// The file name of a segment.
pub(crate) fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:020}.wal"))
}

/// The numbers of the segments in a folder, ascending.
pub(crate) fn numbers(disk: &dyn Disk, folder: &Path) -> Result<Vec<u64>, RecorderError> {
    let names = disk.list(folder).at("list", folder)?;
    let number = |name: &String| {
        name.strip_suffix(".wal")
            .and_then(|digits| digits.parse().ok())
    };
    Ok(names.iter().filter_map(number).collect())
}

/// The index at which the oldest segment begins; if none can be read, an index beyond any log.
pub(crate) fn first_index(place: &Place) -> Result<u64, RecorderError> {
    let Some(oldest) = numbers(place.disk(), &place.folder)?.first().copied() else {
        return Ok(u64::MAX);
    };
    let path = place.path(oldest);
    let bytes = place.disk().read(&path).at("read", &path)?;
    Ok(SegmentHead::decode(&bytes).map_or(u64::MAX, |head| head.first_index))
}

/// An open segment and its identity when it was opened.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) number: u64,
    pub(crate) path: PathBuf,
    pub(crate) file: Box<dyn DiskFile>,
    identity: Identity,
}

impl Segment {
    /// Opens an existing one.
    pub(crate) fn open(disk: &dyn Disk, folder: &Path, number: u64) -> Result<Self, RecorderError> {
        let path = path(folder, number);
        let file = disk.open(&path).at("open", &path)?;
        let identity = file.identity().at("look at", &path)?;
        Ok(Self {
            number,
            path,
            file,
            identity,
        })
    }

    /// Creates the next one: from the spare segment if there is one, else as a new file.
    ///
    /// When it returns, the segment is on the disk under its own name, with its first sector.
    pub(crate) fn create(
        disk: &dyn Disk,
        folder: &Path,
        head: &SegmentHead,
    ) -> Result<Self, RecorderError> {
        let (taken, target) = (folder.join(TAKEN), path(folder, head.number));
        match disk.rename(&folder.join(SPARE), &taken) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).at("rename", &taken),
        }
        if length(disk, &taken)? != Some(head.length) {
            fill(disk, &taken, head.length)?;
        }
        let file = disk.open(&taken).at("open", &taken)?;
        file.write_at(&head.encode(), 0).at("write", &taken)?;
        file.sync().at("sync", &taken)?;
        disk.rename(&taken, &target).at("rename", &taken)?;
        disk.sync_dir(folder).at("sync", folder)?;
        Self::open(disk, folder, head.number)
    }

    /// Its length in bytes, as created.
    pub(crate) const fn length(&self) -> u64 {
        self.identity.length
    }

    /// Checks that the name still refers to this file, that no other name does, and that it has its length.
    ///
    /// A program can write to a deleted log file for months without an error.
    pub(crate) fn check(&self, disk: &dyn Disk) -> Result<(), RecorderError> {
        match disk.identity(&self.path) {
            Ok(now) if now == self.identity && now.links == 1 => Ok(()),
            Ok(_) => Err(RecorderError::Replaced {
                path: self.path.clone(),
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(RecorderError::Replaced {
                path: self.path.clone(),
            }),
            Err(error) => Err(error).at("look at", &self.path),
        }
    }
}

fn length(disk: &dyn Disk, path: &Path) -> Result<Option<u64>, RecorderError> {
    match disk.identity(path) {
        Ok(identity) => Ok(Some(identity.length)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).at("look at", path),
    }
}

/// Prepares a spare segment ahead of time, from an old one that is no longer needed if there is one.
///
/// MUST be called with `old` only when its entries are in synced tiles under a synced checkpoint.
pub(crate) fn prepare_spare(
    disk: &dyn Disk,
    folder: &Path,
    bytes: u64,
    old: Option<u64>,
) -> Result<(), RecorderError> {
    let (spare, preparing) = (folder.join(SPARE), folder.join(PREPARING));
    let needed = length(disk, &spare)? != Some(bytes);
    if let Some(number) = old {
        let old = path(folder, number);
        if needed {
            disk.rename(&old, &preparing).at("rename", &old)?;
        } else {
            disk.remove(&old).at("remove", &old)?;
        }
        // Its content may be erased only after its name is durably gone.
        disk.sync_dir(folder).at("sync", folder)?;
    }
    if needed {
        fill(disk, &preparing, bytes)?;
        disk.rename(&preparing, &spare).at("rename", &preparing)?;
    }
    Ok(())
}

/// Removes a half-prepared segment of a crash; a spare segment stays only if it holds nothing but zeros.
pub(crate) fn clean(disk: &dyn Disk, folder: &Path) -> Result<(), RecorderError> {
    for name in disk.list(folder).at("list", folder)? {
        let path = folder.join(&name);
        let zeros = |bytes: Vec<u8>| bytes.iter().all(|byte| *byte == 0);
        let bad_spare = name == SPARE && !zeros(disk.read(&path).at("read", &path)?);
        if bad_spare || name == PREPARING || name == TAKEN {
            disk.remove(&path).at("remove", &path)?;
        }
    }
    Ok(())
}

/// Fills a new or an old file with zeros: later commits then change no metadata and need no journal.
fn fill(disk: &dyn Disk, path: &Path, bytes: u64) -> Result<(), RecorderError> {
    let file = match length(disk, path)? {
        Some(length) if length == bytes => disk.open(path).at("open", path)?,
        there => {
            if there.is_some() {
                disk.remove(path).at("remove", path)?;
            }
            disk.create(path).at("create", path)?
        }
    };
    let zeros = vec![0; usize::try_from(bytes).unwrap_or(PIECE).min(PIECE)];
    let mut offset = 0;
    while offset < bytes {
        let piece = usize::try_from(bytes - offset).unwrap_or(PIECE).min(PIECE);
        let zeros = zeros.get(..piece).unwrap_or(&zeros);
        file.write_at(zeros, offset).at("write", path)?;
        file.sync().at("sync", path)?;
        offset += piece as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_reads_back_and_a_changed_one_does_not() {
        let head = SegmentHead {
            number: 7,
            length: 1 << 24,
            first_index: 99,
            recorded: Timestamp::UNIX_EPOCH,
            root: Hash::empty_root(),
            origin: [3; 32],
        };
        let bytes = head.encode();
        assert_eq!(SegmentHead::decode(&bytes), Ok(head));
        for at in 0..HEAD {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(SegmentHead::decode(&changed), Err(Malformed), "byte {at}");
        }
    }
}
