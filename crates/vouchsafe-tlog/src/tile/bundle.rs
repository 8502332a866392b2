//! Entry bundles: each entry behind its length in two big-endian bytes.

use super::path::TILE_WIDTH;

/// The longest entry that a bundle can hold, in bytes.
pub const MAX_ENTRY_BYTES: usize = u16::MAX as usize;

/// An entry is too long for a bundle.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an entry of {found} bytes is too long: the limit is 65535")]
pub struct EntryTooLong {
    /// Its length in bytes.
    pub found: usize,
}

/// The reason why bytes are not an entry bundle.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BundleError {
    /// The bytes end inside a length or inside an entry.
    #[error("the bundle is cut short in entry {entry}")]
    Truncated {
        /// The entry of the bundle, from zero.
        entry: usize,
    },
    /// There are more than 256 entries.
    #[error("the bundle holds more than 256 entries")]
    TooMany,
}

/// Appends one entry to the bytes of a bundle.
pub(super) fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), EntryTooLong> {
    let found = entry.len();
    let length = u16::try_from(found).map_err(|_| EntryTooLong { found })?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

/// The bytes of a bundle with these entries. A bundle holds at most 256: the caller splits.
///
/// # Errors
/// [`EntryTooLong`] for an entry of more than 65535 bytes.
pub fn encode_entries<E: AsRef<[u8]>>(
    entries: impl IntoIterator<Item = E>,
) -> Result<Vec<u8>, EntryTooLong> {
    let mut bundle = Vec::new();
    for entry in entries {
        push_entry(&mut bundle, entry.as_ref())?;
    }
    Ok(bundle)
}

/// The entries of a bundle; none for an empty bundle.
///
/// # Errors
/// [`BundleError`] if the bytes are not whole entries, at most 256.
pub fn decode_entries(bundle: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let mut entries = Vec::new();
    let mut rest = bundle;
    while !rest.is_empty() {
        let entry = entries.len();
        if entry == usize::from(TILE_WIDTH) {
            return Err(BundleError::TooMany);
        }
        let truncated = BundleError::Truncated { entry };
        let (length, after) = rest.split_first_chunk().ok_or(truncated)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (bytes, after) = after.split_at_checked(length).ok_or(truncated)?;
        entries.push(bytes);
        rest = after;
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_read_back() {
        let longest = vec![7; MAX_ENTRY_BYTES];
        let entries: [&[u8]; 3] = [b"", b"one", &longest];
        let bundle = encode_entries(entries).unwrap();
        assert_eq!(decode_entries(&bundle).unwrap(), entries);
    }

    #[test]
    fn a_longer_entry_is_refused_with_its_length() {
        let error = encode_entries([vec![0; 65_536]]).unwrap_err();
        assert_eq!(error, EntryTooLong { found: 65_536 });
        assert_eq!(
            error.to_string(),
            "an entry of 65536 bytes is too long: the limit is 65535"
        );
    }

    #[test]
    fn a_cut_bundle_is_refused_at_the_entry() {
        let bundle = encode_entries([&b"one"[..], b"two"]).unwrap();
        for cut in (1..bundle.len()).filter(|cut| *cut != 5) {
            let entry = cut / 5;
            assert_eq!(
                decode_entries(&bundle[..cut]),
                Err(BundleError::Truncated { entry })
            );
        }
    }

    #[test]
    fn the_257th_entry_is_refused() {
        let bundle = encode_entries(vec![b"x"; 257]).unwrap();
        assert_eq!(decode_entries(&bundle), Err(BundleError::TooMany));
    }
}
