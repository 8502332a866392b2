//! Sources: what stands between a path and the lines and values of a document.
//!
//! Files, folders and standard input are read as streams, unpacked where they are packed, and handed to a [`Sink`] line
//! by line, database files value by value. What cannot be read is a [`Problem`], never passed over. Memory does not
//! grow with the input: some 10 MiB for each worker, and for one worker at a time 40 more, where the packing of a file
//! demands them.

mod feed;
mod format;
mod glob;
mod memory;
mod meter;
mod name;
mod open;
mod problem;
mod progress;
mod reader;
mod runs;
mod sqlite;
mod tar;
mod text;
mod unpack;
mod utf16;
mod walk;
mod zstd;

use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

pub use self::format::Format;
pub use self::glob::{Glob, GlobError};
pub use self::name::DocumentName;
pub use self::problem::Problem;
pub use self::progress::{Progress, ProgressLine, Snapshot};

use self::memory::{Memory, Turn};
use self::reader::Reader;
use self::walk::{Found, Walk};

/// Takes what is read. Each worker has one.
///
/// Documents follow one another: [`begin`](Self::begin), lines and cells, [`end`](Self::end). A problem comes before,
/// within or after the document that it is about.
pub trait Sink {
    /// A document begins.
    fn begin(&mut self, document: &DocumentName);

    /// A line of it, or a piece of a long one.
    fn line(&mut self, line: Line<'_>);

    /// A value of a database, or a piece of a long one.
    fn cell(&mut self, cell: Cell<'_>);

    /// The document ends.
    fn end(&mut self);

    /// Something was not read as asked.
    fn problem(&mut self, document: &DocumentName, problem: Problem);
}

/// Where text stands in a document.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Place {
    /// A line of text, counted from 1. `\n`, `\r\n` and a lone `\r` end a line.
    Line(u64),
    /// A run of text in a binary file, by the offset of its first byte, counted from 0.
    Byte(u64),
}

/// A line of a document, without its line break, or a piece of it.
///
/// Its bytes are UTF-8 where the document is UTF-8 or UTF-16, and what they are where it is neither. Its `Debug` shows
/// no text.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Line<'l> {
    /// Where it stands.
    pub place: Place,
    /// How many bytes of the line come before this piece: 0 unless the line is longer than 1 MiB or holds zero bytes.
    pub offset: u64,
    /// The text.
    pub bytes: &'l [u8],
}

/// A value of a table, or a piece of it.
///
/// Its `Debug` shows no text.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Cell<'c> {
    /// The name of the table; empty when it is not known, as of rows that were deleted.
    pub table: &'c str,
    /// The name of the column; empty when it is not known.
    pub column: &'c str,
    /// The number of the row in the database, where it has one.
    pub row: Option<i64>,
    /// How many bytes of the value come before this piece: 0 unless it is longer than 1 MiB or holds zero bytes.
    pub offset: u64,
    /// The value: text as UTF-8, numbers in decimals, other values as they are.
    pub bytes: &'c [u8],
}

impl fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({:?}, {} bytes)", self.place, self.bytes.len())
    }
}

impl fmt::Debug for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cell(row {:?}, {} bytes)", self.row, self.bytes.len())
    }
}

/// What is read, and how far packed data may grow.
#[derive(Clone, Debug)]
pub struct Options {
    /// Files, folders and members of archives that are not read. They are counted. What is named as an argument is read
    /// all the same.
    pub exclude: Vec<Glob>,
    /// How many times packed data may be packed: 8.
    pub depth: u32,
    /// How many bytes a file may unpack to, whatever its size: 1 GiB.
    pub unpacked_free: u64,
    /// How many times its packed size a file may unpack to beyond that: 1100. No file that was packed with gzip once
    /// comes to it, blanks included.
    pub unpacked_ratio: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            exclude: Vec::new(),
            depth: 8,
            unpacked_free: 1 << 30,
            unpacked_ratio: 1100,
        }
    }
}

/// What was read.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Summary {
    /// Files that were opened, standard input included.
    pub files: u64,
    /// Documents: files and members of archives.
    pub documents: u64,
    /// Bytes that were read, before they were unpacked.
    pub bytes: u64,
    /// Files, folders and members that a pattern excluded.
    pub excluded: u64,
    /// Problems that mean that something was not looked at ([`Problem::is_incomplete`]).
    pub incomplete: u64,
    /// Other problems: sockets, links that lead nowhere.
    pub passed_over: u64,
}

impl Summary {
    fn add(&mut self, other: Self) {
        let Self {
            files,
            documents,
            bytes,
            excluded,
            incomplete,
            passed_over,
        } = other;
        self.files += files;
        self.documents += documents;
        self.bytes += bytes;
        self.excluded += excluded;
        self.incomplete += incomplete;
        self.passed_over += passed_over;
    }
}

/// Reads files, folders (all that is in them, in the order of names) and standard input (`-`), with one worker for each
/// sink.
///
/// A file is read once, however many names and links lead to it. Links to files are followed; links to folders are not,
/// since what the arguments cover is read without them, and what they do not is told.
pub fn read<S: Sink + Send>(
    paths: &[PathBuf],
    options: &Options,
    progress: &Progress,
    sinks: &mut [S],
) -> Summary {
    let walk = Mutex::new(Walk::new(paths, options));
    let turn = Arc::new(Turn::default());
    let over = AtomicBool::new(false);
    let next = || match progress.is_stopped() {
        true => None,
        false => walk.lock().unwrap_or_else(PoisonError::into_inner).next(),
    };
    let work = |sink: &mut S| {
        let memory = Memory::new(Arc::clone(&turn));
        let mut reader = Reader::new(sink, options, progress, &memory);
        while let Some(found) = next() {
            reader.found(found);
        }
        reader.finish()
    };
    let work = &work;
    thread::scope(|scope| {
        if progress.watched.load(Relaxed) {
            scope.spawn(|| count(paths, options, progress, &over));
        }
        let workers = sinks.iter_mut().map(|sink| scope.spawn(move || work(sink)));
        let workers: Vec<_> = workers.collect();
        let mut total = Summary::default();
        for worker in workers {
            match worker.join() {
                Ok(summary) => total.add(summary),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        over.store(true, Relaxed);
        total
    })
}

/// Reads one document from a reader, as [`read`] reads a file.
pub fn read_from<S: Sink>(
    name: &DocumentName,
    reader: impl Read,
    options: &Options,
    progress: &Progress,
    sink: &mut S,
) -> Summary {
    let memory = Memory::new(Arc::default());
    let mut worker = Reader::new(sink, options, progress, &memory);
    worker.stream(name, reader, None);
    worker.finish()
}

/// Counts what there is to read, beside the reading.
fn count(paths: &[PathBuf], options: &Options, progress: &Progress, over: &AtomicBool) {
    for found in Walk::new(paths, options) {
        if over.load(Relaxed) || progress.is_stopped() {
            return;
        }
        match found {
            Found::File(_, bytes, _) => {
                progress.bytes_total.fetch_add(bytes, Relaxed);
                progress.files_total.fetch_add(1, Relaxed);
            }
            // Nobody knows how much will come.
            Found::StandardInput => return,
            Found::Problem(..) | Found::Excluded => {}
        }
    }
    progress.counted.store(true, Relaxed);
}

#[cfg(test)]
mod tests;
