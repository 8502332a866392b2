//! A writer that masks the text of events.

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

use super::DETECTOR;
use super::pool::Pool;
use crate::detect::Detector;
use crate::mask::{Masker, Stream};

/// Masks each event before another writer gets it.
#[derive(Debug)]
pub struct MaskingWriter<M> {
    inner: M,
    detector: &'static Detector,
    streams: Arc<Pool<Stream<'static>>>,
}

impl<M> MaskingWriter<M> {
    /// Masks what goes to `inner`, such as [`std::io::stderr`].
    #[must_use]
    pub fn new(inner: M) -> Self {
        Self::with_detector(inner, &DETECTOR)
    }

    /// Masks what a detector of one's own finds.
    #[must_use]
    pub fn with_detector(inner: M, detector: &'static Detector) -> Self {
        Self {
            inner,
            detector,
            streams: Pool::new(),
        }
    }

    fn event<W: Write>(&self, inner: W) -> MaskedEvent<W> {
        let stream = self
            .streams
            .take(|| Stream::new(Masker::new(self.detector)));
        MaskedEvent {
            inner,
            stream: Some(stream),
            streams: Arc::clone(&self.streams),
            out: Vec::new(),
        }
    }
}

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for MaskingWriter<M> {
    type Writer = MaskedEvent<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        self.event(self.inner.make_writer())
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Self::Writer {
        self.event(self.inner.make_writer_for(meta))
    }
}

/// The writer of one event. Whole lines are masked and written at once, the rest when it is dropped.
pub struct MaskedEvent<W: Write> {
    inner: W,
    /// Taken when it is dropped.
    stream: Option<Stream<'static>>,
    streams: Arc<Pool<Stream<'static>>>,
    out: Vec<u8>,
}

impl<W: Write> fmt::Debug for MaskedEvent<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MaskedEvent")
    }
}

impl<W: Write> Write for MaskedEvent<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(stream) = &mut self.stream {
            let out = &mut self.out;
            stream.push(bytes, &mut |text, _| out.extend_from_slice(text));
        }
        if !self.out.is_empty() {
            self.inner.write_all(&self.out)?;
            self.out.clear();
        }
        Ok(bytes.len())
    }

    /// Flushes the whole lines. A line that has no end yet waits for it: its value may not be whole.
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<W: Write> Drop for MaskedEvent<W> {
    fn drop(&mut self) {
        let Some(mut stream) = self.stream.take() else {
            return;
        };
        let out = &mut self.out;
        stream.finish(&mut |text, _| out.extend_from_slice(text));
        stream.begin();
        self.streams.give_back(stream);
        // A logger has nobody to tell that it cannot write.
        drop(self.inner.write_all(&self.out));
    }
}
