//! The write-ahead log beside a database: pages as they were written, most of which the database has by now, and some
//! that it never had or has no more.

use std::io::Read;

use super::super::feed::Feed;
use super::super::reader::{Layer, Reader};
use super::super::{Problem, Sink, format::Format};
use super::number::long;
use super::pages::{Pages, Shape};
use super::rows::Rows;

const HEADER: u64 = 32;
const FRAME: u64 = 24;

/// Reads the pages of a log.
pub(in crate::source) fn log<S: Sink>(
    reader: &mut Reader<'_, S>,
    feed: &mut Feed<'_>,
    layer: Layer<'_>,
) {
    let size = long(feed.peek(12), 8).unwrap_or_default();
    let shape = usize::try_from(size).ok().and_then(Shape::of_pages);
    let Some(shape) = shape else {
        reader.problem(layer.name, Problem::Damaged(Format::SqliteLog));
        return reader.document(feed, layer.name);
    };
    reader.summary.documents += 1;
    reader.sink.begin(layer.name);
    let size = shape.page as u64;
    let nothing: &[u8] = &[];
    let pages = Pages::new(&nothing, shape, 0, reader.progress);
    let mut rows = Rows::new(pages, reader);
    let mut page = Vec::new();
    let mut at = feed.skip(HEADER);
    loop {
        let number = long(feed.peek(4), 0).unwrap_or_default();
        at += feed.skip(FRAME);
        page.clear();
        // Reading from a feed cannot fail.
        let _ = feed.by_ref().take(size).read_to_end(&mut page);
        if page.is_empty() {
            break;
        }
        rows.lost(number, &page, at);
        at += page.len() as u64;
    }
    let problem = rows.unpacking.problem;
    reader.sink.end();
    if let Some(problem) = problem {
        reader.problem(layer.name, problem);
    }
}
