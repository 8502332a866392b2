//! Fields whose values are masked before they are formatted.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use tracing::field::{Field, Visit};
use tracing_subscriber::field::{MakeVisitor, VisitFmt, VisitOutput};
use tracing_subscriber::fmt::format::DefaultFields;

use super::DETECTOR;
use super::pool::Pool;
use crate::detect::Detector;
use crate::mask::Masker;

/// Formats fields as another formatter does, with their values masked: by the name of the field, and by what is in them.
///
/// For the layers of `tracing_subscriber::fmt` that write text; [`MaskedVisitor`] is for layers of one's own.
#[derive(Debug)]
pub struct MaskedFields<F = DefaultFields> {
    inner: F,
    detector: &'static Detector,
    maskers: Arc<Pool<Masker<'static>>>,
}

impl MaskedFields {
    /// Masks what `tracing_subscriber::fmt` formats by itself.
    #[must_use]
    pub fn new() -> Self {
        Self::of(DefaultFields::new())
    }
}

impl Default for MaskedFields {
    fn default() -> Self {
        Self::new()
    }
}

impl<F> MaskedFields<F> {
    /// Masks what another formatter of fields gets.
    #[must_use]
    pub fn of(inner: F) -> Self {
        Self {
            inner,
            detector: &DETECTOR,
            maskers: Pool::new(),
        }
    }

    /// Masks what a detector of one's own finds.
    #[must_use]
    pub fn with_detector(mut self, detector: &'static Detector) -> Self {
        self.detector = detector;
        self
    }
}

impl<T, F: MakeVisitor<T>> MakeVisitor<T> for MaskedFields<F> {
    type Visitor = MaskedVisitor<F::Visitor>;

    fn make_visitor(&self, target: T) -> Self::Visitor {
        let masker = self.maskers.take(|| Masker::new(self.detector));
        MaskedVisitor {
            inner: self.inner.make_visitor(target),
            masker: Borrowed {
                masker: Some(masker),
                maskers: Arc::clone(&self.maskers),
            },
        }
    }
}

/// Hands fields on to another visitor, with their values masked.
#[derive(Debug)]
pub struct MaskedVisitor<V> {
    inner: V,
    masker: Borrowed,
}

/// A masker that goes back when it is dropped.
#[derive(Debug)]
struct Borrowed {
    masker: Option<Masker<'static>>,
    maskers: Arc<Pool<Masker<'static>>>,
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if let Some(masker) = self.masker.take() {
            self.maskers.give_back(masker);
        }
    }
}

/// A text that is shown as it is, by `Debug` too.
struct Text(String);

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<V> MaskedVisitor<V> {
    /// Masks what `inner` gets.
    #[must_use]
    pub fn new(inner: V) -> Self {
        let masker = Some(Masker::new(&DETECTOR));
        Self {
            inner,
            masker: Borrowed {
                masker,
                maskers: Pool::new(),
            },
        }
    }

    /// The visitor that got the fields.
    #[must_use]
    pub fn into_inner(self) -> V {
        self.inner
    }

    /// The value without what was found in it; `None` when nothing was.
    fn masked(&mut self, field: &Field, value: &[u8]) -> Option<String> {
        let mut out = Vec::with_capacity(value.len());
        match &mut self.masker.masker {
            Some(masker) => masker.cell(field.name(), value, &mut out),
            None => out.extend_from_slice(crate::mask::WITHHELD),
        }
        (out != value).then(|| String::from_utf8_lossy(&out).into_owned())
    }
}

impl<V: Visit> MaskedVisitor<V> {
    fn number(&mut self, field: &Field, value: impl fmt::Display, record: impl FnOnce(&mut V)) {
        match self.masked(field, value.to_string().as_bytes()) {
            Some(masked) => self.inner.record_str(field, &masked),
            None => record(&mut self.inner),
        }
    }
}

impl<V: Visit> Visit for MaskedVisitor<V> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.number(field, value, |inner| inner.record_f64(field, value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field, value, |inner| inner.record_i64(field, value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field, value, |inner| inner.record_u64(field, value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.number(field, value, |inner| inner.record_i128(field, value));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.number(field, value, |inner| inner.record_u128(field, value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.number(field, value, |inner| inner.record_bool(field, value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match self.masked(field, value.as_bytes()) {
            Some(masked) => self.inner.record_str(field, &masked),
            None => self.inner.record_str(field, value),
        }
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        match self.masked(field, value) {
            Some(masked) => self.inner.record_str(field, &masked),
            None => self.inner.record_bytes(field, value),
        }
    }

    /// An error and its causes become one text.
    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        let masked = self.masked(field, text.as_bytes()).unwrap_or(text);
        self.inner.record_debug(field, &Text(masked));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match self.masked(field, format!("{value:?}").as_bytes()) {
            Some(masked) => self.inner.record_debug(field, &Text(masked)),
            None => self.inner.record_debug(field, value),
        }
    }
}

impl<V: VisitOutput<fmt::Result>> VisitOutput<fmt::Result> for MaskedVisitor<V> {
    fn finish(self) -> fmt::Result {
        self.inner.finish()
    }
}

impl<V: VisitFmt> VisitFmt for MaskedVisitor<V> {
    fn writer(&mut self) -> &mut dyn fmt::Write {
        self.inner.writer()
    }
}
