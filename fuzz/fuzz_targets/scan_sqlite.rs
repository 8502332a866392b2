//! Damaged SQLite files: pages that lead in circles, lengths that lie. What is read is not much more than what is there.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use vouchsafe_scan::source::{
    Cell, DocumentName, Line, Options, Problem, Progress, Sink, read_from,
};

const MAGIC: &[u8] = b"SQLite format 3\0";

#[derive(Default)]
struct Seen {
    open: bool,
    bytes: usize,
}

impl Sink for Seen {
    fn begin(&mut self, _: &DocumentName) {
        assert!(!std::mem::replace(&mut self.open, true));
    }

    fn line(&mut self, line: Line<'_>) {
        assert!(self.open);
        self.bytes += line.bytes.len();
    }

    fn cell(&mut self, cell: Cell<'_>) {
        assert!(self.open && !format!("{cell:?}").is_empty());
        self.bytes += cell.bytes.len();
    }

    fn end(&mut self) {
        assert!(std::mem::replace(&mut self.open, false));
    }

    fn problem(&mut self, _: &DocumentName, problem: Problem) {
        assert!(!problem.to_string().is_empty());
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = bytes.to_vec();
    // Past the magic number, and with small pages, so that there are some.
    for (to, from) in bytes.iter_mut().zip(MAGIC.iter().chain(&[2, 0])) {
        *to = *from;
    }
    let mut seen = Seen::default();
    let name = DocumentName::of_path(Path::new("x"));
    let options = Options {
        unpacked_free: 1024,
        unpacked_ratio: 2,
        ..Options::default()
    };
    read_from(&name, &bytes[..], &options, &Progress::new(), &mut seen);
    assert!(!seen.open);
    // One byte can stand for a number of 20 digits, a damaged row is read as bytes once more, and values are unpacked.
    assert!(seen.bytes <= 40 * bytes.len() + 4096);
});
