//! The one place that writes to the terminal.

use std::io::{self, Write as _};
use std::path::Path;

use super::names::Names;

/// Writes a line to standard error. When even that is closed, there is nobody to tell.
pub(super) fn complain(line: &str) {
    drop(writeln!(io::stderr().lock(), "{line}"));
}

/// Writes a line to standard output; one that nobody reads is no fault.
pub(super) fn say(line: &str) {
    drop(writeln!(io::stdout().lock(), "{line}"));
}

/// A path that was given as an argument, for a message.
pub(super) fn shown(path: &Path) -> String {
    Names::default().mask(path.as_os_str().as_encoded_bytes())
}
