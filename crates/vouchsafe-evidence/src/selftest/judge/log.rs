//! The audit log: whoever acts is named, and what was written stays.

use super::each;
use crate::inputs::Context;
use crate::judgement::{Judgement, Severity};
use crate::probe::postgres;
use crate::selftest::{Attacked, Report};

/// Attacks on a copy without which nothing is shown.
const ATTACKS: [&str; 3] = ["flipped-byte", "removed-entry", "cut-off"];

/// `audit.actor-present`: every entry about records names who did it.
pub(in super::super) fn actors(context: &Context<'_>) -> Result<Judgement, String> {
    each(context, |report, deviations, unobservable| {
        let Some(log) = &report.log else {
            unobservable.push(report.not_done("log"));
            return;
        };
        if !log.sound {
            unobservable
                .push(report.missing("actors: the log does not verify (`vouchsafe audit verify`)"));
        }
        if log.about_records == 0 {
            unobservable.push(report.missing("actors: no log entry is about a record yet"));
        }
        if log.without_actor > 0 {
            let text = format!(
                "{} of {} entries about records do not name one actor, at {:?}",
                log.without_actor, log.about_records, log.first_without
            );
            deviations.push(report.deviation("NO_ACTOR", Severity::High, text));
        }
    })
}

/// `audit.append-only`: tampering with a copy is seen, and the service may not write what it appended; a table of an audit
/// log takes no change from the role of the service.
pub(in super::super) fn append_only(context: &Context<'_>) -> Result<Judgement, String> {
    let of_log = each(context, |report, deviations, unobservable| {
        let Some(log) = &report.log else {
            unobservable.push(report.not_done("log"));
            return;
        };
        if !log.sound {
            let text = "the log does not verify (`vouchsafe audit verify`)";
            deviations.push(report.deviation("LOG_NOT_SOUND", Severity::Critical, text));
        }
        if log.writable_by_service {
            let text = "not separated: the user of the service may write the files of its log; only checkpoints kept elsewhere \
                        reveal a rewritten log";
            deviations.push(report.deviation("LOG_NOT_SEPARATED", Severity::Medium, text));
        }
        attacks(report, &log.attacks, deviations, unobservable, &ATTACKS);
    })?;
    postgres::append_only(context, of_log)
}

/// Deviations for attacks that were not seen, gaps for those that were not tried.
pub(super) fn attacks(
    report: &Report,
    done: &[Attacked],
    deviations: &mut Vec<crate::judgement::Deviation>,
    unobservable: &mut Vec<crate::judgement::Unobservable>,
    wanted: &[&str],
) {
    for name in wanted {
        if !done.iter().any(|one| one.attack == *name && one.tried > 0) {
            unobservable.push(report.missing(format!("{name} was not tried")));
        }
    }
    for one in done.iter().filter(|one| one.seen < one.tried) {
        let text = format!(
            "{}: tried {} times, detected {} times",
            one.attack, one.tried, one.seen
        );
        deviations.push(report.deviation("TAMPERING_NOT_SEEN", Severity::Critical, text));
    }
}
