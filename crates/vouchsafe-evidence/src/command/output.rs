//! The one place that writes to the terminal.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether something that was said is lost: a full disk behind a redirection.
static LOST: AtomicBool = AtomicBool::new(false);

/// Writes a line to standard output. A reader that went away has seen enough.
pub(super) fn say(line: impl std::fmt::Display) {
    let written = writeln!(io::stdout().lock(), "{line}");
    if written.is_err_and(|error| error.kind() != io::ErrorKind::BrokenPipe) {
        LOST.store(true, Ordering::Relaxed);
    }
}

/// Whether a line could not be written.
pub(super) fn lost() -> bool {
    io::stdout().flush().is_err() || LOST.load(Ordering::Relaxed)
}

/// Writes a line to standard error.
pub(super) fn complain(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Tells of each step on standard error, on one line that is written over, where somebody looks.
pub(super) struct Progress {
    shown: bool,
    width: usize,
}

impl Progress {
    pub(super) fn new(quiet: bool) -> Self {
        Self {
            shown: !quiet && io::stderr().is_terminal(),
            width: 0,
        }
    }

    pub(super) fn step(&mut self, text: &str) {
        if self.shown {
            let width = text.chars().count();
            let rest = self.width.saturating_sub(width);
            let _ = write!(io::stderr().lock(), "\r{text}{}", " ".repeat(rest));
            self.width = width;
        }
    }

    pub(super) fn end(&mut self) {
        if self.shown && self.width > 0 {
            let _ = write!(io::stderr().lock(), "\r{}\r", " ".repeat(self.width));
            self.width = 0;
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

/// Pads the columns of rows to the same width; the last one is left as it is.
pub(super) fn table<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(at, (cell, width))| {
                let rest = if at + 1 == N {
                    0
                } else {
                    width.saturating_sub(cell.chars().count())
                };
                format!("{cell}{}", " ".repeat(rest))
            });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}
