//! The filter: a stream in, the same stream out, masked, for services of any language.
//!
//! `service 2>&1 | vouchsafe-scan --filter`. What to expect of it:
//!
//! - A complete line of up to 1 MiB is out as soon as it was read and masked; nothing waits for a timer. A line without
//!   line break (a prompt) waits for it, or for the end of the input. A longer line is masked as a stream, in parts.
//! - A blocked reader blocks the service, as any pipe does ([`WhenBlocked::Wait`]). With [`WhenBlocked::Drop`] lines are
//!   lost instead once so many bytes wait; their number stands in the stream where they would have been, and in the
//!   metrics. Memory is bounded either way.
//! - A reader that goes away ends the filter, without an error; the service then gets the signal for a broken pipe, as
//!   with any other command. When lines are dropped, this shows with the first line after it.
//! - A line that cannot be scanned (a fault of ours, UTF-16) is replaced by a notice and counted; none passes as it is.
//! - Interrupts (`SIGINT`, `SIGTERM`, `SIGHUP`) of the whole group of processes are for the service: the filter goes on
//!   until its input ends, so that the last words of the service are not lost ([`drain_on_interrupt`]).

mod metrics;
mod queue;

use std::io::{self, IsTerminal as _, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use crate::mask::{Counts, Ends, Masker, Stream};
use metrics::Meter;
use queue::{Queue, Sender};

/// The bytes of one read.
const READ: usize = 1 << 16;

/// What happens while the reader of the output does not read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WhenBlocked {
    /// The filter does not read either, and the service blocks.
    Wait,
    /// Lines are lost, and counted.
    Drop {
        /// The bytes that wait before lines are lost.
        held_bytes: usize,
    },
}

impl WhenBlocked {
    /// Lines are lost once 8 MiB wait.
    pub const DROP: Self = Self::Drop {
        held_bytes: 8 << 20,
    };
}

/// How a filter runs.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// What happens while the reader does not read.
    pub when_blocked: WhenBlocked,
    /// Where counters go, in the text format of Prometheus: written anew every five seconds and at the end.
    pub metrics: Option<&'a Path>,
}

/// What a filter did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Filtered {
    /// Lines that came.
    pub lines: u64,
    /// Bytes that came.
    pub bytes: u64,
    /// What was masked, and what was withheld.
    pub counts: Counts,
    /// Lines that were lost.
    pub dropped: u64,
    /// The bytes of the longest line.
    pub longest: u64,
    /// Why it ended.
    pub end: End,
    /// How often the metrics could not be written.
    pub metrics_failures: u64,
}

/// Why a filter ended without an error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// The input did.
    Input,
    /// The reader of the output went away.
    Reader,
}

/// Why a filter cannot go on.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FilterError {
    /// The input cannot be read.
    #[error("the input cannot be read: {0}")]
    Read(io::ErrorKind),
    /// The output cannot be written.
    #[error("the output cannot be written: {0}; what came since is lost")]
    Write(io::ErrorKind),
    /// The file for the metrics cannot be written; nothing was filtered.
    #[error("the file for the metrics cannot be written: {0}; its folder must exist and allow it")]
    Metrics(io::ErrorKind),
    /// No thread could be started.
    #[error("no thread can be started: {0}")]
    Thread(io::ErrorKind),
}

/// Masks a stream until it ends.
///
/// # Errors
/// When reading or writing fails other than by a reader that went away.
pub fn run(
    mut input: impl Read,
    output: impl Write + Send,
    masker: Masker<'_>,
    options: &Options<'_>,
) -> Result<Filtered, FilterError> {
    let meter = Meter::new(options.metrics).map_err(FilterError::Metrics)?;
    let mut stream = Stream::new(masker);
    let end = thread::scope(|scope| {
        let _end = AtEnd(|| meter.end());
        let metering = thread::Builder::new().spawn_scoped(scope, || meter.keep_writing());
        metering.map_err(|error| FilterError::Thread(error.kind()))?;
        match options.when_blocked {
            WhenBlocked::Wait => wait(&mut input, output, &mut stream, &meter),
            WhenBlocked::Drop { held_bytes } => {
                let queue = Queue::new(held_bytes);
                write_beside(&queue, output, || {
                    drop_lines(&mut input, &queue, &mut stream, &meter)
                })
            }
        }
    })?;
    Ok(Filtered {
        lines: stream.lines(),
        bytes: stream.bytes(),
        counts: stream.counts(),
        dropped: meter.dropped(),
        longest: stream.longest(),
        end,
        metrics_failures: meter.failures(),
    })
}

/// Does what it was given when it is dropped, so that threads end whatever happens.
struct AtEnd<F: FnMut()>(F);

impl<F: FnMut()> Drop for AtEnd<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Writes what is in a queue while `read` fills it.
fn write_beside(
    queue: &Queue,
    output: impl Write + Send,
    read: impl FnOnce() -> Result<End, FilterError>,
) -> Result<End, FilterError> {
    thread::scope(|scope| {
        let writing = thread::Builder::new().spawn_scoped(scope, || queue.write_to(output));
        let writing = writing.map_err(|error| FilterError::Thread(error.kind()))?;
        let read = {
            let _end = AtEnd(|| queue.end());
            read()
        };
        let written = writing.join().unwrap_or(Err(io::ErrorKind::Other));
        read.and_then(|end| written.map_or_else(end_of_writing, |()| Ok(end)))
    })
}

/// Reads on; `None` at the end of the input.
fn read<'b>(input: &mut impl Read, buffer: &'b mut [u8]) -> Result<Option<&'b [u8]>, FilterError> {
    loop {
        match input.read(buffer) {
            Ok(0) => return Ok(None),
            Ok(length) => return Ok(buffer.get(..length)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(FilterError::Read(error.kind())),
        }
    }
}

/// What the end of writing means.
fn end_of_writing(kind: io::ErrorKind) -> Result<End, FilterError> {
    match kind {
        io::ErrorKind::BrokenPipe => Ok(End::Reader),
        kind => Err(FilterError::Write(kind)),
    }
}

/// Writes what was read before it reads on.
fn wait(
    input: &mut impl Read,
    mut output: impl Write,
    stream: &mut Stream<'_>,
    meter: &Meter<'_>,
) -> Result<End, FilterError> {
    let mut buffer = vec![0; READ];
    let mut out = Vec::new();
    loop {
        let bytes = read(input, &mut buffer)?;
        let mut each = |text: &[u8], _| out.extend_from_slice(text);
        match bytes {
            Some(bytes) => stream.push(bytes, &mut each),
            None => stream.finish(&mut each),
        }
        meter.record(stream, 0);
        if let Err(error) = output.write_all(&out).and_then(|()| output.flush()) {
            return end_of_writing(error.kind());
        }
        if bytes.is_none() {
            return Ok(End::Input);
        }
        out.clear();
        out.shrink_to(READ * 2);
    }
}

/// Leaves writing to another thread, and what it does not get written in time to nobody.
fn drop_lines(
    input: &mut impl Read,
    queue: &Queue,
    stream: &mut Stream<'_>,
    meter: &Meter<'_>,
) -> Result<End, FilterError> {
    let mut buffer = vec![0; READ];
    let mut sender = Sender::new(queue);
    loop {
        let bytes = read(input, &mut buffer)?;
        let mut each = |text: &[u8], ends: Ends| sender.send(text, ends);
        match bytes {
            Some(bytes) => stream.push(bytes, &mut each),
            None => stream.finish(&mut each),
        }
        meter.record(stream, sender.dropped());
        if queue.is_closed() {
            return Ok(End::Reader);
        }
        if bytes.is_none() {
            sender.finish();
            return Ok(End::Input);
        }
    }
}

/// Makes interrupts pass this process by, so that it drains its input; unless its input is a terminal, where nobody
/// else would end it.
///
/// # Errors
/// When the system does not allow it.
pub fn drain_on_interrupt() -> io::Result<()> {
    if io::stdin().is_terminal() {
        return Ok(());
    }
    for signal in [
        signal_hook::consts::SIGINT,
        signal_hook::consts::SIGTERM,
        signal_hook::consts::SIGHUP,
    ] {
        signal_hook::flag::register(signal, Arc::new(AtomicBool::new(false)))?;
    }
    Ok(())
}

/// Makes a panic of this process say its place and nothing else: a message could hold what was read.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let (file, line) = panic
            .location()
            .map_or(("?", 0), |place| (place.file(), place.line()));
        drop(writeln!(
            io::stderr(),
            "vouchsafe-scan: fault at {file}:{line}; the line at hand is withheld"
        ));
    }));
}

#[cfg(test)]
mod tests;
