//! The one place that writes to the terminal.

use std::io::{self, Write as _};
use std::path::Path;

use crate::detect::Detector;
use crate::mask::Masker;

/// Writes a line to standard error. When even that is closed, there is nobody to tell.
pub(super) fn complain(line: &str) {
    drop(writeln!(io::stderr().lock(), "{line}"));
}

/// Writes a line to standard output; one that nobody reads is no fault.
pub(super) fn say(line: &str) {
    drop(writeln!(io::stdout().lock(), "{line}"));
}

/// The name of a file, a table or a column, without what looks like a value.
pub(super) fn masked_name(detector: &Detector, name: &[u8]) -> String {
    let mut masked = Vec::new();
    let spaced = spaced(name);
    let mut masker = Masker::new(detector);
    // Underscores and dots part words for people, not for a scan of sentences: when that finds more, it is taken.
    masker.line(&spaced, &mut masked);
    if masker.counts().total() == 0 {
        masked.clear();
        masker.line(name, &mut masked);
    }
    String::from_utf8_lossy(&masked)
        .chars()
        .map(|character| match character.is_control() {
            true => '\u{fffd}',
            false => character,
        })
        .collect()
}

/// A name with blanks in the place of what joins words.
pub(super) fn spaced(name: &[u8]) -> Vec<u8> {
    name.iter()
        .enumerate()
        .map(|(place, byte)| {
            let last_dot =
                *byte == b'.' && !name.get(place + 1..).unwrap_or_default().contains(&b'.');
            match byte {
                b'_' | b'.' if !last_dot => b' ',
                byte => *byte,
            }
        })
        .collect()
}

/// A path that was given as an argument, for a message.
pub(super) fn shown(path: &Path) -> String {
    masked_name(&Detector::new(), path.as_os_str().as_encoded_bytes())
}
