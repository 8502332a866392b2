//! Sealing and keys: what is altered does not open, keys are young, storage and files hold no PHI in clear.

use std::collections::BTreeSet;

use super::log::attacks;
use super::{days, each};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity};

/// Attacks on a sealed record without which nothing is shown.
const ATTACKS: [&str; 4] = ["flipped-bit", "swapped", "moved", "missing"];

/// `integrity.aead`: what was altered or moved does not open.
pub(in super::super) fn aead(context: &Context<'_>) -> Result<Judgement, String> {
    each(context, |report, deviations, unobservable| {
        let Some(seal) = &report.seal else {
            unobservable.push(report.not_done("seal"));
            return;
        };
        if !seal.opens {
            // What opens never is refused always: it shows nothing.
            unobservable.push(report.missing(
                "sealing: the unaltered record did not open either, so refusals prove nothing",
            ));
            return;
        }
        attacks(report, &seal.attacks, deviations, unobservable, &ATTACKS);
    })
}

/// `crypto.keys`: every key has an age, and none is older than allowed.
pub(in super::super) fn keys(context: &Context<'_>) -> Result<Judgement, String> {
    let longest: i64 = context.check.parameter("max_days")?;
    let signing: i64 = context.check.parameter("signing_max_days")?;
    let needed: Vec<String> = context.check.parameter("purposes")?;
    each(context, |report, deviations, unobservable| {
        let known: BTreeSet<&str> = report.keys.iter().map(|key| key.purpose.as_str()).collect();
        for purpose in needed
            .iter()
            .filter(|purpose| !known.contains(purpose.as_str()))
        {
            unobservable.push(report.missing(format!("age of the {purpose} key: not listed")));
        }
        for key in report.keys.iter().filter(|key| key.state == "active") {
            let allowed = if key.purpose == "token-signing" {
                signing
            } else {
                longest
            };
            let age = days(key.made, report.at);
            if age > allowed {
                let item = format!("{} {} {}", report.item(), key.purpose, key.version);
                let text = format!("the key is {age} days old, more than {allowed}");
                deviations
                    .push(Deviation::new("KEY_TOO_OLD", item, text).severity(Severity::Medium));
            }
        }
    })
}

/// `crypto.at-rest`: values of a record that was read over the service are nowhere in raw storage.
pub(in super::super) fn at_rest(context: &Context<'_>) -> Result<Judgement, String> {
    each(context, |report, deviations, unobservable| {
        let Some(storage) = &report.storage else {
            unobservable.push(report.not_done("storage"));
            return;
        };
        if storage.values == 0 || storage.bytes == 0 {
            unobservable.push(report.missing("storage: no value, or no file to search"));
        }
        if !storage.control {
            unobservable.push(report.missing(
                "storage: the search did not find the id of the record, which is in clear text, so it proves nothing",
            ));
        }
        if let Some(elsewhere) = &storage.elsewhere {
            unobservable.push(report.missing(format!("storage, not searched: {elsewhere}")));
        }
        for (file, hits) in &storage.hits {
            let text = format!("{hits} values of the record in clear text");
            let found = Deviation::new(
                "PLAINTEXT_AT_REST",
                format!("{} {file}", report.item()),
                text,
            );
            deviations.push(found.severity(Severity::Critical));
        }
    })
}

/// `phi.leak-scan`: files that must hold no PHI hold none.
pub(in super::super) fn leaks(context: &Context<'_>) -> Result<Judgement, String> {
    each(context, |report, deviations, unobservable| {
        let Some(leaks) = &report.leaks else {
            unobservable.push(report.not_done("leaks"));
            return;
        };
        if !leaks.control || leaks.lines == 0 {
            unobservable.push(
                report.missing(
                    "leaks: the scan did not find a planted number, or had no line to read",
                ),
            );
        }
        for (why, count) in &leaks.unread {
            let what = format!("leaks: {count} files or parts of files not read ({why})");
            unobservable.push(report.missing(what));
        }
        for (class, count) in leaks.found.iter().filter(|(_, count)| **count > 0) {
            let text = format!("{count} values look like {class} (`vouchsafe scan` shows where)");
            let item = format!("{} {class}", report.item());
            deviations.push(Deviation::new("LEAK", item, text).severity(Severity::High));
        }
    })
}
