//! The tiles of a run in one object: what is found when the run was killed before it put each.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};

use vouchsafe_tlog::tile::TilePath;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{DateTime, ZipArchive, ZipWriter};

/// No run stages more than this: a bundle of 256 entries has less than 17 MB, and a run of a million entries has 4000.
const BYTES: u64 = 1 << 30;

/// Packs tiles. The same tiles make the same bytes.
pub(crate) fn pack(tiles: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, ZipError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().last_modified_time(DateTime::default());
    for (path, bytes) in tiles {
        zip.start_file(path, options)?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// Unpacks tiles; nothing when it is not what [`pack`] makes. They are not to be believed before they hash up to a
/// checkpoint.
pub(crate) fn unpack(bytes: &[u8]) -> Option<BTreeMap<String, Vec<u8>>> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut tiles = BTreeMap::new();
    let mut left = BYTES;
    for place in 0..zip.len() {
        let file = zip.by_index(place).ok()?;
        let path: TilePath = file.name().parse().ok()?;
        let mut content = Vec::new();
        let read = file.take(left + 1).read_to_end(&mut content).ok()?;
        left = left.checked_sub(read as u64)?;
        tiles.insert(path.to_string(), content);
    }
    Some(tiles)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_come_out_as_they_went_in_and_nothing_else_comes_out() {
        let tiles = BTreeMap::from([
            ("tile/0/000.p/5".to_owned(), vec![1; 160]),
            ("tile/entries/000.p/5".to_owned(), b"x".to_vec()),
        ]);
        let packed = pack(&tiles).unwrap();
        assert_eq!(unpack(&packed), Some(tiles.clone()));
        assert_eq!(pack(&tiles).unwrap(), packed);
        for cut in [0, 1, packed.len() / 2, packed.len() - 1] {
            assert_eq!(unpack(&packed[..cut]), None);
        }
        for wrong in ["checkpoint", "../tile/0/000", "tile/0/000.p/256"] {
            let foreign = BTreeMap::from([(wrong.to_owned(), b"x".to_vec())]);
            assert_eq!(unpack(&pack(&foreign).unwrap()), None, "{wrong}");
        }
    }
}
