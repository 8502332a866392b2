//! Bytes on their way through layers of packing.

use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

/// How many bytes a feed holds.
const HELD: usize = 32 << 10;

/// Bytes, one block after another.
///
/// A source that fails ends, and remembers why for the one that made it: layers above see an early end and have
/// nothing else to heed.
pub(super) trait Source {
    /// The bytes that follow; none at the end.
    fn pull(&mut self, into: &mut [u8]) -> usize;
}

impl Source for &[u8] {
    fn pull(&mut self, into: &mut [u8]) -> usize {
        // Reading from bytes cannot fail.
        self.read(into).unwrap_or_default()
    }
}

/// A source of which the front can be looked at, and of which is counted what was taken.
pub(super) struct Feed<'a> {
    source: &'a mut dyn Source,
    held: Box<[u8]>,
    start: usize,
    end: usize,
    taken: Rc<Cell<u64>>,
}

impl<'a> Feed<'a> {
    pub(super) fn new(source: &'a mut dyn Source) -> Self {
        Self {
            source,
            held: vec![0; HELD].into(),
            start: 0,
            end: 0,
            taken: Rc::default(),
        }
    }

    /// How many bytes were taken; it goes on counting.
    pub(super) fn taken(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.taken)
    }

    /// The next bytes, which stay: fewer than wanted only at the end.
    pub(super) fn peek(&mut self, wanted: usize) -> &[u8] {
        if self.end - self.start < wanted {
            self.held.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            while self.end < wanted {
                let free = self.held.get_mut(self.end..).unwrap_or_default();
                match self.source.pull(free) {
                    0 => break,
                    count => self.end += count,
                }
            }
        }
        let end = self.end.min(self.start + wanted);
        self.held.get(self.start..end).unwrap_or_default()
    }

    /// Whether nothing follows.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.peek(1).is_empty()
    }

    /// Passes over so many bytes; fewer only at the end. Returns how many there were.
    pub(super) fn skip(&mut self, count: u64) -> u64 {
        let mut left = count;
        while left > 0 {
            let held = self.peek(1).len().min(1);
            if held == 0 {
                break;
            }
            let step = usize::try_from(left).unwrap_or(usize::MAX);
            let step = step.min(self.end - self.start);
            self.consume(step);
            left -= step as u64;
        }
        count - left
    }

    /// Passes over zeros. Returns whether nothing follows them.
    pub(super) fn skip_zeros(&mut self) -> bool {
        loop {
            if self.is_at_end() {
                return true;
            }
            let held = self.held.get(self.start..self.end).unwrap_or_default();
            let zeros = held.iter().take_while(|byte| **byte == 0).count();
            if zeros == 0 {
                return false;
            }
            self.consume(zeros);
        }
    }
}

impl Source for Feed<'_> {
    fn pull(&mut self, into: &mut [u8]) -> usize {
        if self.start == self.end && into.len() >= HELD {
            let count = self.source.pull(into);
            self.taken.set(self.taken.get() + count as u64);
            return count;
        }
        let held = self.peek(1).len();
        if held == 0 {
            return 0;
        }
        let mut held = self.held.get(self.start..self.end).unwrap_or_default();
        let count = held.pull(into);
        self.consume(count);
        count
    }
}

impl Read for Feed<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        Ok(self.pull(into))
    }
}

impl BufRead for Feed<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.peek(1);
        Ok(self.held.get(self.start..self.end).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.taken.set(self.taken.get() + count as u64);
    }
}
