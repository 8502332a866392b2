//! What a run came to.

use std::collections::BTreeSet;
use std::fmt;

/// So many lines of a kind are named; the rest is counted.
const NAMED: usize = 20;

/// What a run came to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Summary {
    /// Calls that were made.
    pub(crate) calls: u64,
    /// Pages that were saved.
    pub(crate) saved: u64,
    /// Pages of them that the forge said still stand.
    pub(crate) revalidated: u64,
    /// Pages of earlier runs that were not asked for again.
    pub(crate) settled: u64,
    /// Commits that were asked about.
    pub(crate) commits: u64,
    /// Files that were written.
    pub(crate) files: Vec<String>,
    /// What stays UNOBSERVABLE because the token may not see it.
    pub(crate) hidden: BTreeSet<String>,
    /// What stays UNOBSERVABLE because no whole answer came.
    pub(crate) missing: BTreeSet<String>,
    /// Pages whose shape is not as the recorded contract says.
    pub(crate) changed: BTreeSet<String>,
    /// What else the reader should know.
    pub(crate) told: BTreeSet<String>,
    /// Why the run ended before its end.
    pub(crate) stopped: Option<String>,
}

impl Summary {
    /// Whether all answers came that the token may see, in the shapes that checks know.
    pub(crate) fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.changed.is_empty() && self.stopped.is_none()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} commits, {} calls: {} pages saved ({} of them unchanged since an earlier start), {} settled earlier",
            self.commits, self.calls, self.saved, self.revalidated, self.settled
        )?;
        for file in &self.files {
            writeln!(f, "  {file}")?;
        }
        list(f, "Hidden from this token, so UNOBSERVABLE", &self.hidden)?;
        list(f, "No whole answer, so UNOBSERVABLE", &self.missing)?;
        list(f, "Another shape than the recorded contract", &self.changed)?;
        list(f, "Also", &self.told)?;
        match &self.stopped {
            Some(why) => writeln!(f, "Stopped: {why}"),
            None if self.is_whole() => writeln!(f, "Whole."),
            None => writeln!(f, "Not whole."),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, title: &str, lines: &BTreeSet<String>) -> fmt::Result {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(f, "{title}:")?;
    for line in lines.iter().take(NAMED) {
        writeln!(f, "  {line}")?;
    }
    if lines.len() > NAMED {
        writeln!(f, "  and {} more", lines.len() - NAMED)?;
    }
    Ok(())
}
