//! How far packed data may grow.

use std::cell::Cell;
use std::rc::Rc;

use super::Options;

/// Counts what goes into a layer of packing and what comes out of it and of the layers within.
///
/// INVARIANT (growth): what comes out is at most `free` bytes or `ratio` times what went in, whichever is more. Each
/// layer obeys it, and the file as a whole, so a bomb in a large archive is held to its own size.
pub(super) struct Meter<'m> {
    taken: Rc<Cell<u64>>,
    before: u64,
    unpacked: Cell<u64>,
    free: u64,
    ratio: u64,
    outside: Option<&'m Self>,
}

impl<'m> Meter<'m> {
    /// The meter of a file.
    pub(super) fn new(taken: Rc<Cell<u64>>, options: &Options) -> Self {
        Self {
            before: taken.get(),
            taken,
            unpacked: Cell::new(0),
            free: options.unpacked_free,
            ratio: options.unpacked_ratio,
            outside: None,
        }
    }

    /// The meter of a layer within.
    pub(super) fn within(&'m self, taken: Rc<Cell<u64>>) -> Self {
        Self {
            before: taken.get(),
            taken,
            unpacked: Cell::new(0),
            free: self.free,
            ratio: self.ratio,
            outside: Some(self),
        }
    }

    /// Counts bytes that came out. Returns whether that is still permitted, here and outside.
    pub(super) fn permits(&self, count: usize) -> bool {
        let unpacked = self.unpacked.get().saturating_add(count as u64);
        self.unpacked.set(unpacked);
        let packed = self.taken.get().saturating_sub(self.before);
        let here = unpacked <= self.free.max(packed.saturating_mul(self.ratio));
        // Counted outside in any case.
        let outside = self.outside.is_none_or(|meter| meter.permits(count));
        here && outside
    }
}
