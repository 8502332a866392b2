//! What waits to be written while the reader does not read: bounded, and counted when it is too much.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::mask::Ends;

/// Texts are joined to blocks of this size.
const BLOCK: usize = 1 << 16;

/// Masked lines on their way to the writing thread.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    most: usize,
}

#[derive(Default)]
struct State {
    blocks: VecDeque<Vec<u8>>,
    /// The bytes of all blocks, and of the one that is being written.
    bytes: usize,
    ended: bool,
    closed: bool,
}

impl Queue {
    pub(super) fn new(most: usize) -> Self {
        Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            most,
        }
    }

    /// No more comes.
    pub(super) fn end(&self) {
        self.state().ended = true;
        self.changed.notify_one();
    }

    /// Whether nothing can be written any more.
    pub(super) fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// Writes what comes, until its end.
    pub(super) fn write_to(&self, mut output: impl Write) -> Result<(), io::ErrorKind> {
        while let Some(block) = self.next() {
            let written = output.write_all(&block).and_then(|()| output.flush());
            let mut state = self.state();
            state.bytes = state.bytes.saturating_sub(block.len());
            if let Err(error) = written {
                *state = State {
                    closed: true,
                    ..State::default()
                };
                return Err(error.kind());
            }
        }
        Ok(())
    }

    fn next(&self) -> Option<Vec<u8>> {
        let state = self.state();
        let waiting = self
            .changed
            .wait_while(state, |state| state.blocks.is_empty() && !state.ended);
        waiting
            .unwrap_or_else(PoisonError::into_inner)
            .blocks
            .pop_front()
    }

    /// Takes texts if there is room for all of them.
    fn take(&self, texts: [&[u8]; 2]) -> bool {
        let bytes: usize = texts.iter().map(|text| text.len()).sum();
        let mut state = self.state();
        if state.bytes > 0 && state.bytes.saturating_add(bytes) > self.most {
            return false;
        }
        Self::put(&mut state, texts);
        drop(state);
        self.changed.notify_one();
        true
    }

    fn put(state: &mut State, texts: [&[u8]; 2]) {
        if state.closed {
            return;
        }
        for text in texts {
            state.bytes += text.len();
            match state.blocks.back_mut() {
                Some(block) if block.len() + text.len() <= BLOCK => block.extend_from_slice(text),
                _ => state.blocks.push_back(text.to_vec()),
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sending side: drops whole lines when there is no room, and says so when there is again.
pub(super) struct Sender<'q> {
    queue: &'q Queue,
    /// Lines that were lost and not told yet.
    untold: u64,
    dropped: u64,
    /// The lines that are lost are JSON.
    json: bool,
    /// A part of the line at hand was sent.
    begun: bool,
    /// The rest of the line at hand is lost.
    losing: bool,
    /// The line before was cut and needs its line break.
    cut: bool,
}

impl<'q> Sender<'q> {
    pub(super) const fn new(queue: &'q Queue) -> Self {
        Self {
            queue,
            untold: 0,
            dropped: 0,
            json: false,
            begun: false,
            losing: false,
            cut: false,
        }
    }

    /// How many lines were lost.
    pub(super) const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Sends a line, or a part of one.
    pub(super) fn send(&mut self, text: &[u8], ends: Ends) {
        let more = ends == Ends::GoesOn;
        if self.losing {
            self.losing = more;
            return;
        }
        if self.queue.take([&self.notice(), text]) {
            self.untold = 0;
            self.cut = false;
            self.begun = more;
            return;
        }
        self.json = text.trim_ascii_start().starts_with(b"{");
        self.untold = self.untold.saturating_add(1);
        self.dropped = self.dropped.saturating_add(1);
        self.cut = self.cut || self.begun;
        self.begun = false;
        self.losing = more;
    }

    /// Sends what was not told yet, whether there is room or not.
    pub(super) fn finish(&mut self) {
        Queue::put(&mut self.queue.state(), [&self.notice(), b""]);
        self.untold = 0;
    }

    fn notice(&self) -> Vec<u8> {
        let lines = self.untold;
        let line_break = if self.cut { "\n" } else { "" };
        match (lines, self.json) {
            (0, _) => Vec::new(),
            (_, true) => {
                format!("{line_break}{{\"vouchsafe-scan\":\"lines dropped\",\"lines\":{lines}}}\n")
                    .into_bytes()
            }
            (_, false) => {
                format!("{line_break}[vouchsafe-scan: {lines} lines dropped]\n").into_bytes()
            }
        }
    }
}
