//! `--filter`: masks standard input line by line.

use std::io;
use std::sync::{Mutex, PoisonError};

use super::scanning::{detector_of, known_of, settings_of};
use super::{Failed, Scan};
use crate::detect::settle;
use crate::filter::{self, Options, WhenBlocked};
use crate::finding::Finding;
use crate::known::KnownValues;
use crate::mask::Masker;

/// Runs until the input ends, or its reader goes away.
pub(super) fn run(scan: &Scan) -> Result<u8, Failed> {
    let (mut settings, _) = settings_of(scan)?;
    let known = known_of(&mut settings)?;
    let detector = detector_of(&settings);
    // One thread scans: nobody waits for the lock.
    let finder = known.as_ref().map(KnownValues::finder).map(Mutex::new);
    let review = |line: &[u8], found: &mut Vec<Finding>| {
        if let Some(finder) = &finder {
            let mut finder = finder.lock().unwrap_or_else(PoisonError::into_inner);
            finder.find(line, found);
        }
        settings.patterns.find(line, found);
        settle(found, 0, settings.minimum_confidence);
        // An allowance for a path never applies: a stream has none.
        found.retain(|finding| {
            settings.reports(finding) && !settings.allowances.cover(b"", line, finding)
        });
    };
    filter::drain_on_interrupt().map_err(|error| {
        Failed::Argument(format!("signals cannot be awaited: {}", error.kind()))
    })?;
    let options = Options {
        when_blocked: match scan.drop {
            true => WhenBlocked::DROP,
            false => WhenBlocked::Wait,
        },
        metrics: scan.metrics.as_deref(),
    };
    let masker = Masker::new(&detector).reviewed_by(&review);
    filter::run(io::stdin(), io::stdout(), masker, &options).map_err(Failed::Filter)?;
    Ok(0)
}
