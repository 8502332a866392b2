//! The only module that writes to the terminal.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde::Serialize;

/// Writes a line to standard output.
///
/// # Errors
/// If nobody reads standard output any more; see [`is_closed`].
pub(crate) fn say(line: impl Display) -> anyhow::Result<()> {
    writeln!(io::stdout().lock(), "{line}")?;
    Ok(())
}

/// Writes a value to standard output, as JSON on one line.
///
/// # Errors
/// As [`say`].
pub(crate) fn say_json(value: &impl Serialize) -> anyhow::Result<()> {
    say(serde_json::to_string(value)?)
}

/// How long a line to standard error may take: a process must come to its end also when nobody reads it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Writes a line to standard error. When even that is closed, or nobody reads it, there is nobody to tell.
pub(crate) fn complain(line: &str) {
    let text = format!("{line}\n");
    let (written, wait) = mpsc::channel();
    let write = move || {
        let _ = io::stderr().lock().write_all(text.as_bytes());
        // Nobody may wait for it any more.
        let _ = written.send(());
    };
    if thread::Builder::new().spawn(write).is_ok() {
        let _ = wait.recv_timeout(PATIENCE);
    }
}

/// Asks for a line at the terminal. The question goes to standard error, so that piped output stays clean.
///
/// # Errors
/// When there is no more input.
pub(crate) fn ask(question: &str) -> anyhow::Result<String> {
    let mut err = io::stderr().lock();
    write!(err, "{question}")?;
    err.flush()?;
    let mut line = String::new();
    if io::stdin().read_line(&mut line)? == 0 {
        anyhow::bail!("no answer: standard input is at its end");
    }
    Ok(line.trim().to_owned())
}

/// Whether a command failed only because the reader of its output went away.
pub(crate) fn is_closed(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Pads the columns of rows to the same width, except the last column.
pub(crate) fn table<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(&widths);
            let padded: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            padded.join("  ").trim_end().to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a", "bcd", "e"], ["äöü", "f", "ghi"]].map(|row| row.map(str::to_owned));
        assert_eq!(table(&rows), ["a    bcd  e", "äöü  f    ghi"]);
    }
}
