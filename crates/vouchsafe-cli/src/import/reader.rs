//! The reader: a thread that hashes files, unpacks them and cuts them into chunks.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Seek as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest;
use bzip2::read::MultiBzDecoder;
use data_encoding::HEXLOWER;
use serde::Deserialize;
use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;
use vouchsafe::document::Document;
use zeroize::Zeroizing;

use super::chunk::{Chunk, Content, Line};
use super::files::{Form, Packing, Source};
use super::gunzip::Gunzip;
use super::journal::{Done, FileTag, Journal};
use super::notes::{ContentTag, Notes};
use super::target::Loaded;

/// Lines of NDJSON in one write.
const LINES: usize = 200;
/// Most bytes of text in such a write.
const LINES_BYTES: usize = 4 << 20;
/// Largest unpacked document in bytes: a small file can unpack without end. A few documents are in memory at once, each
/// several times while it is parsed.
const MAX_DOCUMENT: u64 = 64 << 20;
/// Longest line in bytes, as long as a request to a service may be.
const MAX_LINE: u64 = 16 << 20;

/// A chunk that will be written.
pub(super) struct Read {
    pub(super) chunk: Chunk,
    pub(super) file: Arc<InWork>,
    /// Bytes of the stored file that were read for it.
    pub(super) bytes: u64,
}

/// A file of which chunks are being written.
pub(super) struct InWork {
    pub(super) tag: Option<FileTag>,
    pub(super) content: ContentTag,
    /// Chunks to come: one more than the known ones, until the last one is read.
    open: AtomicU64,
    failed: AtomicU64,
    created: AtomicU64,
    matched: AtomicU64,
}

impl InWork {
    fn new(tag: Option<FileTag>, content: ContentTag) -> Self {
        Self {
            tag,
            content,
            open: AtomicU64::new(1),
            failed: AtomicU64::new(0),
            created: AtomicU64::new(0),
            matched: AtomicU64::new(0),
        }
    }

    /// Adds a chunk's result; returns the state of the file.
    pub(super) fn written(&self, loaded: &Loaded) -> Stand {
        self.failed.fetch_add(loaded.failed, Ordering::Relaxed);
        self.created.fetch_add(loaded.created, Ordering::Relaxed);
        self.matched.fetch_add(loaded.matched, Ordering::Relaxed);
        // The chunk that brings the count to zero sees the sums of all others, and is the only one that does.
        if self.open.fetch_sub(1, Ordering::AcqRel) != 1 {
            return Stand::Open;
        }
        match self.failed.load(Ordering::Relaxed) {
            0 => Stand::Done(Done {
                created: self.created.load(Ordering::Relaxed),
                matched: self.matched.load(Ordering::Relaxed),
            }),
            _ => Stand::Failed,
        }
    }
}

/// The state of a file.
pub(super) enum Stand {
    /// Not all of its chunks are written.
    Open,
    /// The whole file is loaded.
    Done(Done),
    /// Parts of the file could not be loaded.
    Failed,
}

/// Reads the files one after the other, until the import is to stop.
///
/// An unreadable file counts as failed, and the others continue.
pub(super) fn read_all(
    sources: Vec<Source>,
    journal: &Journal,
    notes: &Notes,
    stop: &CancellationToken,
    send: &Sender<Read>,
) -> anyhow::Result<()> {
    for source in sources {
        if stop.is_cancelled() {
            break;
        }
        let mut reading = match Reading::begin(&source, journal) {
            // A copy would get the same answer as the first file, and count twice.
            Ok(Begun::Read(reading)) if !notes.is_new(reading.in_work.content) => {
                notes.file_same(source.bytes);
                continue;
            }
            Ok(Begun::Read(reading)) => *reading,
            Ok(Begun::Done) => {
                notes.file_skipped(source.bytes);
                continue;
            }
            Err(error) => {
                notes.unreadable(&source.path, &error, source.bytes);
                continue;
            }
        };
        if let Err(error) = reading.chunks(send, stop) {
            notes.forget(&reading.in_work.content);
            notes.unreadable(&source.path, &error, 0);
        }
    }
    Ok(())
}

/// The next step for a file.
enum Begun<'s> {
    /// The file is read.
    Read(Box<Reading<'s>>),
    /// An earlier import loaded it.
    Done,
}

/// A file that is being read.
struct Reading<'s> {
    source: &'s Source,
    name: Arc<str>,
    digest: [u8; 32],
    input: Box<dyn BufRead>,
    in_work: Arc<InWork>,
    /// Bytes of the stored file that were read.
    position: Arc<AtomicU64>,
    told: u64,
}

impl<'s> Reading<'s> {
    /// Opens a file.
    fn begin(source: &'s Source, journal: &Journal) -> anyhow::Result<Begun<'s>> {
        let mut file = File::open(&source.path)?;
        let digest = hash(&mut file)?;
        let tag = journal.tag(&digest);
        if journal.has(tag.as_ref()) {
            return Ok(Begun::Done);
        }
        file.rewind()?;
        let position = Arc::new(AtomicU64::new(0));
        let raw = BufReader::with_capacity(1 << 16, Counted(file, Arc::clone(&position)));
        let input: Box<dyn BufRead> = match source.packing {
            Packing::Plain => Box::new(raw),
            Packing::Gzip => Box::new(BufReader::with_capacity(1 << 16, Gunzip::new(raw))),
            Packing::Bzip2 => Box::new(BufReader::with_capacity(1 << 16, MultiBzDecoder::new(raw))),
        };
        Ok(Begun::Read(Box::new(Self {
            source,
            name: source.path.display().to_string().into(),
            digest,
            input,
            in_work: Arc::new(InWork::new(tag, (digest, source.form, source.packing))),
            position,
            told: 0,
        })))
    }

    fn chunks(&mut self, send: &Sender<Read>, stop: &CancellationToken) -> anyhow::Result<()> {
        match self.source.form {
            Form::Json => self.document(send),
            Form::Ndjson => self.lines(send, stop),
        }
    }

    /// One document: a bundle as it is, or a resource.
    fn document(&mut self, send: &Sender<Read>) -> anyhow::Result<()> {
        let mut text = Zeroizing::new(Vec::new());
        let read = self
            .input
            .by_ref()
            .take(MAX_DOCUMENT + 1)
            .read_to_end(&mut text)?;
        if read as u64 > MAX_DOCUMENT {
            anyhow::bail!("it is larger than 64 MiB, unpacked; split the bundle, or use NDJSON");
        }
        without_mark(&mut text);
        let content = match head(&text) {
            // A document that is not a resource is refused, with its reason, when it is read for writing.
            Some(Head { resource_type }) if resource_type != "Bundle" => {
                Content::Resources(vec![Line::new(0, text, (None, 0))])
            }
            Some(_) | None => Content::Bundle(text),
        };
        self.send(content, send, Last::Yes);
        Ok(())
    }

    fn lines(&mut self, send: &Sender<Read>, stop: &CancellationToken) -> anyhow::Result<()> {
        let mut lines = Vec::new();
        let mut same = Same::default();
        let (mut number, mut bytes) = (0, 0);
        loop {
            let mut text = Zeroizing::new(Vec::new());
            let limit = MAX_LINE + 1;
            let read = self
                .input
                .by_ref()
                .take(limit)
                .read_until(b'\n', &mut text)?;
            if read as u64 == limit {
                anyhow::bail!("line {} is longer than 16 MiB", number + 1);
            }
            number += 1;
            if number == 1 {
                without_mark(&mut text);
            }
            let blank = text.iter().all(u8::is_ascii_whitespace);
            if !blank {
                bytes += text.len();
                // A document that is not JSON is reported when it is written.
                let read = Document::parse(&text).ok();
                let again = same.count(&text, read.as_ref());
                lines.push(Line::new(number, text, (read, again)));
            }
            if read == 0 {
                self.send(Content::Resources(lines), send, Last::Yes);
                return Ok(());
            }
            if lines.len() == LINES || bytes >= LINES_BYTES {
                let full = std::mem::take(&mut lines);
                bytes = 0;
                self.send(Content::Resources(full), send, Last::No);
                if stop.is_cancelled() {
                    return Ok(());
                }
            }
        }
    }

    fn send(&mut self, content: Content, send: &Sender<Read>, last: Last) {
        let from = match &content {
            Content::Bundle(_) => 0,
            Content::Resources(lines) => lines.first().map_or(0, |line| line.number),
        };
        if last == Last::No {
            self.in_work.open.fetch_add(1, Ordering::AcqRel);
        }
        let position = self.position.load(Ordering::Relaxed);
        let read = Read {
            chunk: Chunk {
                name: Arc::clone(&self.name),
                key: format!("{}-{from}", HEXLOWER.encode(&self.digest)),
                content,
            },
            file: Arc::clone(&self.in_work),
            bytes: position - self.told,
        };
        self.told = position;
        // If the receiver is gone, the import has ended.
        let _ = send.blocking_send(read);
    }
}

/// Counts of equal lines without an id in a file: each is a record of its own.
#[derive(Default)]
struct Same(HashMap<[u8; 32], u32>);

impl Same {
    /// How often this line occurred before, if it has no id.
    fn count(&mut self, text: &[u8], read: Option<&Document>) -> u32 {
        let id = |read: &Document| read.root().get("id").is_some_and(|id| !id.is_null());
        if read.is_none_or(id) {
            return 0;
        }
        let mut key = [0; 32];
        let text = text.trim_ascii();
        key.copy_from_slice(digest::digest(&digest::SHA256, text).as_ref());
        let times = self.0.entry(key).or_default();
        let before = *times;
        *times = times.saturating_add(1);
        before
    }
}

/// The part of a document that identifies a bundle.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "resourceType")]
    resource_type: String,
}

/// The head of a document, if the text is a JSON object with one.
fn head(text: &[u8]) -> Option<Head> {
    serde_json::from_slice(text).ok()
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Last {
    Yes,
    No,
}

/// Removes the byte order mark at the beginning of a text (RFC 8259, section 8.1, lets readers do so).
fn without_mark(text: &mut Vec<u8>) {
    if text.starts_with(b"\xef\xbb\xbf") {
        text.drain(..3);
    }
}

/// SHA-256 of the stored file.
fn hash(file: &mut File) -> io::Result<[u8; 32]> {
    let mut context = digest::Context::new(&digest::SHA256);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else {
            break;
        };
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    Ok(out)
}

/// Counts the bytes that are read of the packed file.
struct Counted(File, Arc<AtomicU64>);

impl io::Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        self.1.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl Notes {
    /// Reports an unreadable file with the reason, without any of its content.
    fn unreadable(&self, path: &Path, error: &anyhow::Error, bytes: u64) {
        let why = match error.downcast_ref::<io::Error>() {
            Some(error) => error.kind().to_string(),
            None => error.to_string(),
        };
        self.trouble(&format!("{}: cannot be read: {why}", path.display()));
        self.skip(bytes);
        self.file_failed();
    }
}
