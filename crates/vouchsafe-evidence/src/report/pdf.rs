//! The report on paper: A4 pages with one embedded font, text that can be selected and searched, bookmarks.
//!
//! It holds what the page holds, but for the proofs and the list of evidence. Characters that the font does not have
//! are written as `\u{738b}`, and the first page says how many there are.

mod document;
mod font;
mod paper;
mod sections;

use super::view::View;
use super::{Report, ReportError};
use paper::Paper;

/// The document.
///
/// # Errors
/// When the checkpoint or an entry that is to be proven cannot be read.
pub(super) fn pdf(report: &Report<'_>) -> Result<Vec<u8>, ReportError> {
    let view = View::of(report)?;
    let head = super::html::checkpoint(report)?;
    let mut body = Paper::new()?;
    sections::body(&mut body, &view);
    // The first page says what was found out while the others were written.
    let escaped = body.escaped();
    let mut cover = body.beside();
    sections::cover(&mut cover, &view, &head, escaped);
    Ok(document::write(cover.followed_by(body), report))
}
