//! Files of any format: each document begins and ends, its lines are lines, blocks of any size make the same ones, and
//! nothing grows beyond what is permitted.
#![no_main]

use std::io::Read;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use vouchsafe_fuzz::byte;
use vouchsafe_scan::source::{
    Cell, DocumentName, Line, Options, Place, Problem, Progress, Sink, read_from,
};

/// How much a file may unpack to here.
const FREE: u64 = 1 << 20;
const RATIO: u64 = 50;

/// Gives few bytes at a time.
struct Slow<'b>(&'b [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let few = into.len().min(self.1);
        self.0.read(&mut into[..few])
    }
}

/// All that was handed on.
#[derive(Default, Eq, PartialEq)]
struct Seen {
    text: Vec<u8>,
    lines: u64,
    open: bool,
    problems: u64,
    documents: u64,
}

impl Sink for Seen {
    fn begin(&mut self, document: &DocumentName) {
        assert!(!self.open);
        assert!(document.file() == b"x" && document.as_bytes().starts_with(b"x"));
        self.open = true;
        self.documents += 1;
        self.text.extend_from_slice(document.as_bytes());
    }

    fn line(&mut self, line: Line<'_>) {
        assert!(self.open && line.bytes.len() <= 3 << 20);
        assert!(!line.bytes.contains(&b'\n') && !line.bytes.contains(&b'\r'));
        let (Place::Line(place) | Place::Byte(place)) = line.place;
        self.text.extend_from_slice(&place.to_be_bytes());
        self.text.extend_from_slice(&line.offset.to_be_bytes());
        self.text.extend_from_slice(line.bytes);
        self.lines += 1;
    }

    fn cell(&mut self, cell: Cell<'_>) {
        assert!(self.open);
        self.text.extend_from_slice(cell.column.as_bytes());
        self.text.extend_from_slice(cell.bytes);
    }

    fn end(&mut self) {
        assert!(self.open);
        self.open = false;
    }

    fn problem(&mut self, _: &DocumentName, _: Problem) {
        self.problems += 1;
    }
}

fn seen(reader: impl Read) -> Seen {
    let options = Options {
        unpacked_free: FREE,
        unpacked_ratio: RATIO,
        ..Options::default()
    };
    let mut seen = Seen::default();
    let name = DocumentName::of_path(Path::new("x"));
    let summary = read_from(&name, reader, &options, &Progress::new(), &mut seen);
    assert!(!seen.open);
    assert_eq!(summary.incomplete + summary.passed_over, seen.problems);
    assert_eq!(summary.documents, seen.documents);
    seen
}

fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    let few = usize::from(byte(&mut rest)).max(1);
    let whole = seen(rest);
    let permitted = FREE.max(rest.len() as u64 * RATIO) + (1 << 18);
    // Zeros are words of no line, and each line has two numbers.
    let text = whole.text.len() as u64 - whole.lines * 16;
    assert!(text <= 4 * permitted);
    let slow = seen(Slow(rest, few));
    assert!(whole.problems > 0 || whole == slow);
});
