//! The pages of a forge that a pack holds.

use std::sync::Arc;

use vouchsafe_tlog::NoteVerifier;

use super::archive::Archive;
use super::sample::opened;
use crate::change::PAGES;
use crate::inputs::Contents as _;

/// Every file of pages in the log of a pack, oldest first.
///
/// # Errors
/// In words: when the log, or a file of it, cannot be read.
pub(crate) fn pages(
    archive: Archive,
    key: Option<&NoteVerifier>,
) -> Result<Vec<Arc<[u8]>>, String> {
    let (_, log, index) = opened(archive, key)?;
    let stored = index.of_type(PAGES).iter();
    let stored = stored.filter(|known| known.evidence.failed.is_none());
    stored.map(|known| log.content(known)).collect()
}
