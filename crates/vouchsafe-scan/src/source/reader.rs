//! A worker: from a file to lines and cells, through all layers.

use std::fs::{File, Metadata};
use std::io::{self, BufRead, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;

use super::feed::{Feed, Source};
use super::format::{Format, SAMPLE};
use super::memory::Memory;
use super::meter::Meter;
use super::open::{Opened, changed, open};
use super::text::{Kind, Window};
use super::unpack::{Bzip2, Gzip, Part, Unpacked};
use super::utf16::Utf16;
use super::walk::{Found, Origin};
use super::zstd::Zstd;
use super::{DocumentName, Options, Problem, Progress, Sink, Summary, runs, sqlite, tar, text};

/// How many bytes decide whether a document is text.
const LOOK: usize = 16 << 10;
/// So many zeros at the front of a document are a hole, as rotation leaves them in logs.
const HOLE: usize = 64;

/// The largest database that is read in memory.
const SMALL: usize = 16 << 20;

/// Where a document stands among the layers.
#[derive(Clone, Copy)]
pub(super) struct Layer<'l> {
    pub(super) name: &'l DocumentName,
    /// How many times it is packed.
    pub(super) depth: u32,
    pub(super) meter: &'l Meter<'l>,
}

/// A worker with its sink.
pub(super) struct Reader<'r, S> {
    pub(super) sink: &'r mut S,
    pub(super) options: &'r Options,
    pub(super) progress: &'r Progress,
    pub(super) memory: &'r Memory,
    pub(super) window: Window,
    pub(super) summary: Summary,
}

impl<'r, S: Sink> Reader<'r, S> {
    pub(super) fn new(
        sink: &'r mut S,
        options: &'r Options,
        progress: &'r Progress,
        memory: &'r Memory,
    ) -> Self {
        Self {
            sink,
            options,
            progress,
            memory,
            window: Window::new(),
            summary: Summary::default(),
        }
    }

    pub(super) fn finish(self) -> Summary {
        self.summary
    }

    /// Reads what a walk came upon.
    pub(super) fn found(&mut self, found: Found) {
        match found {
            Found::StandardInput => {
                let name = DocumentName::standard_input();
                self.stream(&name, io::stdin().lock(), None);
            }
            Found::File(path, _, origin) => self.path(&path, origin),
            Found::Problem(name, problem) => self.problem(&name, problem),
            Found::Excluded => self.summary.excluded += 1,
        }
    }

    fn path(&mut self, path: &Path, origin: Origin) {
        let name = DocumentName::of_path(path);
        match open(path, origin) {
            Ok((file, metadata)) => self.file(&name, &file, &metadata),
            Err(problem) => self.problem(&name, problem),
        }
    }

    fn file(&mut self, name: &DocumentName, file: &File, metadata: &Metadata) {
        let mut front = [0; 16];
        if metadata.is_file() && file.read_at(&mut front, 0).is_ok_and(|count| count == 16) {
            let bytes = sqlite::Opened(file, metadata.len());
            let is_database = Format::of(&front) == Some(Format::Sqlite);
            if is_database && sqlite::database(self, &bytes, name) {
                self.done(metadata.len());
                if changed(file, metadata) {
                    self.problem(name, Problem::ChangedWhileRead);
                }
                return;
            }
        }
        let left = (metadata.is_file() && metadata.len() > 0).then_some(metadata.len());
        let failed = self.stream(name, file, left);
        if !failed && changed(file, metadata) {
            self.problem(name, Problem::ChangedWhileRead);
        }
    }

    /// Reads bytes in order. Returns whether that failed.
    pub(super) fn stream(
        &mut self,
        name: &DocumentName,
        reader: impl Read,
        left: Option<u64>,
    ) -> bool {
        let mut opened = Opened::new(reader, left, self.progress);
        let mut feed = Feed::new(&mut opened);
        let taken = feed.taken();
        let meter = Meter::new(feed.taken(), self.options);
        let layer = Layer {
            name,
            depth: 0,
            meter: &meter,
        };
        self.content(&mut feed, layer);
        self.done(taken.get());
        let failure = opened.failure();
        if let Some(problem) = failure {
            self.problem(name, problem);
        }
        failure.is_some()
    }

    /// A file of so many bytes is done with.
    pub(super) fn done(&mut self, bytes: u64) {
        self.memory.release();
        self.summary.files += 1;
        self.summary.bytes += bytes;
        self.progress.files.fetch_add(1, Relaxed);
    }

    /// Reads bytes of whatever format they are.
    pub(super) fn content(&mut self, feed: &mut Feed<'_>, layer: Layer<'_>) {
        let Some(format) = Format::of(feed.peek(SAMPLE)) else {
            return self.document(feed, layer.name);
        };
        let problem = match format {
            Format::Gzip | Format::Bzip2 | Format::Zstd | Format::Tar
                if layer.depth >= self.options.depth =>
            {
                Problem::TooDeep(format)
            }
            Format::Gzip => return self.unpack::<Gzip<'_, '_, '_>>(feed, layer),
            Format::Bzip2 => return self.unpack::<Bzip2<'_, '_, '_>>(feed, layer),
            Format::Zstd => return self.unpack::<Zstd<'_, '_, '_>>(feed, layer),
            Format::Tar => return tar::members(self, feed, layer),
            Format::Sqlite => return self.small_database(feed, layer),
            Format::SqliteLog => return sqlite::log(self, feed, layer),
            _ => Problem::NotUnpacked(format),
        };
        self.problem(layer.name, problem);
        self.document(feed, layer.name);
    }

    /// Reads a database that cannot be read at any place: in memory where it is small, else as bytes.
    fn small_database(&mut self, feed: &mut Feed<'_>, layer: Layer<'_>) {
        let Some(_claim) = self.memory.claim(SMALL as u64) else {
            self.problem(layer.name, Problem::NotSeekable(Format::Sqlite));
            return self.document(feed, layer.name);
        };
        let mut bytes = Vec::with_capacity(SMALL);
        // Reading from a feed cannot fail.
        let _ = feed.by_ref().take(SMALL as u64).read_to_end(&mut bytes);
        let small = feed.is_at_end();
        if small && sqlite::database(self, &bytes.as_slice(), layer.name) {
            return;
        }
        if !small {
            self.problem(layer.name, Problem::NotSeekable(Format::Sqlite));
        }
        let mut all = Chain(&bytes, feed);
        self.document(&mut Feed::new(&mut all), layer.name);
    }

    /// Reads what packed bytes hold, and what follows them.
    fn unpack<'u, 'f, P: Part<'u, 'f, 'u>>(&mut self, feed: &'u mut Feed<'f>, layer: Layer<'_>)
    where
        'r: 'u,
    {
        let meter = layer.meter.within(feed.taken());
        let memory = self.memory;
        let mut unpacked = Unpacked::<P>::new(feed, &meter, memory);
        let mut inside = Feed::new(&mut unpacked);
        let within = Layer {
            depth: layer.depth + 1,
            meter: &meter,
            ..layer
        };
        self.content(&mut inside, within);
        match unpacked.finish() {
            Err(problem) => self.problem(layer.name, problem),
            Ok(Some(rest)) => self.rest(rest, layer, Problem::BytesFollow(P::FORMAT)),
            Ok(None) => {}
        }
    }

    /// Reads bytes that no longer belong to the document, unless they are zeros.
    pub(super) fn rest(&mut self, feed: &mut Feed<'_>, layer: Layer<'_>, problem: Problem) {
        if feed.skip_zeros() {
            return;
        }
        self.problem(layer.name, problem);
        let name = layer.name.joined(b"rest");
        let rest = Layer {
            name: &name,
            depth: layer.depth + 1,
            ..layer
        };
        self.content(feed, rest);
    }

    /// Reads bytes that are packed no more.
    pub(super) fn document(&mut self, feed: &mut Feed<'_>, name: &DocumentName) {
        self.summary.documents += 1;
        self.sink.begin(name);
        plain(&mut self.window, feed, self.sink);
        self.sink.end();
    }

    /// Whether a pattern excludes a member of an archive.
    pub(super) fn excludes(&self, name: &DocumentName) -> bool {
        let name = name.as_bytes();
        self.options.exclude.iter().any(|glob| glob.matches(name))
    }

    /// Tells a problem. What a scan that was stopped does not reach is none.
    pub(super) fn problem(&mut self, name: &DocumentName, problem: Problem) {
        if self.progress.is_stopped() {
            return;
        }
        match problem.is_incomplete() {
            true => self.summary.incomplete += 1,
            false => self.summary.passed_over += 1,
        }
        self.sink.problem(name, problem);
    }
}

/// Reads text of any encoding, or the text among other bytes.
pub(super) fn plain(window: &mut Window, feed: &mut Feed<'_>, sink: &mut impl Sink) {
    let offset = skip_hole(feed);
    match Kind::of(feed.peek(LOOK)) {
        Kind::Text => {
            if feed.peek(3) == b"\xef\xbb\xbf" {
                feed.consume(3);
            }
            text::lines(window, feed, sink);
        }
        Kind::Utf16(order, mark) => {
            feed.consume(mark);
            text::lines(window, &mut Utf16::new(feed, order), sink);
        }
        Kind::Binary => runs::binary(window, offset, feed, sink),
    }
}

/// Bytes, and then those of a source.
pub(super) struct Chain<'c>(pub(super) &'c [u8], pub(super) &'c mut dyn Source);

impl Source for Chain<'_> {
    fn pull(&mut self, into: &mut [u8]) -> usize {
        match self.0.pull(into) {
            0 => self.1.pull(into),
            count => count,
        }
    }
}

/// Passes over a hole at the front. Returns its length.
fn skip_hole(feed: &mut Feed<'_>) -> u64 {
    let mut skipped = 0;
    loop {
        let zeros = feed
            .peek(LOOK)
            .iter()
            .take_while(|byte| **byte == 0)
            .count();
        // A whole number of characters, in any encoding.
        let zeros = zeros & !3;
        if zeros < HOLE {
            return skipped;
        }
        feed.consume(zeros);
        skipped += zeros as u64;
    }
}
