//! Where values go; and those that are packed, as many programs put them into their columns.

use memchr::memchr;

use super::super::feed::{Feed, Source};
use super::super::format::Format;
use super::super::memory::Memory;
use super::super::meter::Meter;
use super::super::reader::plain;
use super::super::text::Window;
use super::super::unpack::{Bzip2, Gzip, Part, Unpacked};
use super::super::zstd::Zstd;
use super::super::{Cell, DocumentName, Line, Problem, Sink, runs};

/// The shortest run of text in a value that holds zeros.
const RUN: usize = 3;

/// The packing of a value that begins with these bytes.
pub(super) fn packed(front: &[u8]) -> Option<Format> {
    let format = Format::of(front.get(..16).unwrap_or_default());
    format.filter(|format| matches!(format, Format::Gzip | Format::Bzip2 | Format::Zstd))
}

/// Unpacks values, for one file.
pub(super) struct Unpacking<'u> {
    memory: &'u Memory,
    meter: Meter<'u>,
    window: Option<Window>,
    /// What was wrong with the first value that could not be unpacked.
    pub(super) problem: Option<Problem>,
}

impl<'u> Unpacking<'u> {
    pub(super) const fn new(memory: &'u Memory, meter: Meter<'u>) -> Self {
        Self {
            memory,
            meter,
            window: None,
            problem: None,
        }
    }

    /// Hands on what a value holds.
    pub(super) fn unpack<S: Sink>(
        &mut self,
        format: Format,
        value: &mut dyn Source,
        out: &mut Out<'_, S>,
    ) {
        let mut feed = Feed::new(value);
        let problem = match format {
            Format::Bzip2 => self.part::<Bzip2<'_, '_, '_>, S>(&mut feed, out),
            Format::Zstd => self.part::<Zstd<'_, '_, '_>, S>(&mut feed, out),
            _ => self.part::<Gzip<'_, '_, '_>, S>(&mut feed, out),
        };
        self.problem = self.problem.or(problem);
    }

    fn part<'p, 'f, P: Part<'p, 'f, 'p>, S: Sink>(
        &mut self,
        feed: &'p mut Feed<'f>,
        out: &mut Out<'_, S>,
    ) -> Option<Problem>
    where
        'u: 'p,
    {
        let meter = self.meter.within(feed.taken());
        let mut unpacked = Unpacked::<P>::new(feed, &meter, self.memory);
        let mut inside = Feed::new(&mut unpacked);
        let again = Format::of(inside.peek(16));
        let window = self.window.get_or_insert_with(Window::new);
        plain(window, &mut inside, &mut Inside { out, offset: 0 });
        let problem = unpacked.finish().err();
        problem.or(again.map(Problem::NotUnpacked))
    }
}

/// Takes the lines of a value.
struct Inside<'i, 'o, S> {
    out: &'i mut Out<'o, S>,
    offset: u64,
}

impl<S: Sink> Sink for Inside<'_, '_, S> {
    fn begin(&mut self, _: &DocumentName) {}

    fn line(&mut self, line: Line<'_>) {
        self.out.piece(self.offset, line.bytes);
        self.offset += line.bytes.len() as u64 + 1;
    }

    fn cell(&mut self, _: Cell<'_>) {}

    fn end(&mut self) {}

    fn problem(&mut self, _: &DocumentName, _: Problem) {}
}

/// Where a value stands.
pub(super) struct Out<'o, S> {
    sink: &'o mut S,
    table: &'o str,
    pub(super) column: &'o str,
    pub(super) row: Option<i64>,
}

impl<'o, S: Sink> Out<'o, S> {
    /// Values of a table, whose column and row are told next.
    pub(super) const fn new(sink: &'o mut S, table: &'o str) -> Self {
        Self {
            sink,
            table,
            column: "",
            row: None,
        }
    }

    /// Hands on a piece of a value. Of one that holds zeros, the runs of text.
    pub(super) fn piece(&mut self, offset: u64, bytes: &[u8]) {
        let mut cell = |offset, bytes: &[u8]| {
            self.sink.cell(Cell {
                table: self.table,
                column: self.column,
                row: self.row,
                offset,
                bytes,
            });
        };
        if memchr(0, bytes).is_none() {
            cell(offset, bytes);
        } else {
            runs::runs(bytes, RUN, true, &mut |at, bytes| {
                cell(offset + at as u64, bytes)
            });
        }
    }
}
