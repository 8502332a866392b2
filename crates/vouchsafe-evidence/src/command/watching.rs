//! `watch`: keeps collecting, each check by its own cadence.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;

use super::open::{Appended, Opened};
use super::output::say;
use super::{Ended, Stopped};
use crate::check::Check;
use crate::engine;
use crate::inputs::Index;
use crate::judgement::Outcome;
use crate::key;
use crate::own;

const EXAMPLES: &str = "\
Examples:
  vouchsafe-evidence watch --metrics /var/lib/node_exporter/evidence.prom
  vouchsafe-evidence watch --once                   for cron and timers: what is due, then the end

A watch keeps no state of its own: after a restart it goes on from the log. The metrics are in the text format of
Prometheus; alert on vouchsafe_evidence_late_seconds > 0 and on vouchsafe_evidence_last_run_seconds.";

/// Collects and judges each time that a check is due, until it is stopped
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Watch {
    /// Do what is due now, and end; exit code 1 when a check is late
    #[arg(long)]
    once: bool,
    /// Keep metrics in this file
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// Seconds between two looks at what is due
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,
    /// The signing key [default: the variable VOUCHSAFE_EVIDENCE_KEY, else the file that init wrote]
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

pub(super) fn run(watch: &Watch, folder: &Path) -> Result<Ended, Stopped> {
    loop {
        let late = match look(watch, folder) {
            Ok(late) => late,
            // What failed now may work in a minute: a watch that ended would alert nobody.
            Err(Stopped(why)) if !watch.once => {
                say(format!("{}  error: {why}", Timestamp::now()));
                true
            }
            Err(stopped) => return Err(stopped),
        };
        if watch.once {
            return Ok(if late { Ended::Badly } else { Ended::Well });
        }
        thread::sleep(Duration::from_secs(watch.every));
    }
}

/// Does what is due; says whether something was late before.
fn look(watch: &Watch, folder: &Path) -> Result<bool, Stopped> {
    let mut opened = Opened::at(folder)?;
    let checks = own::all_of(opened.project.root())?;
    let now = opened.project.now;
    let index = Index::of(&opened.log()?)?;
    let late = lateness(&checks, &index, now);
    for (check, seconds) in late.iter().filter(|(_, seconds)| **seconds > 0) {
        say(format!(
            "{now}  late: {check}, by {}",
            crate::window::length(*seconds)
        ));
    }
    let due: Vec<Check> = checks
        .iter()
        .filter(|check| is_due(check, &index, now))
        .cloned()
        .collect();
    if !due.is_empty() {
        // It is opened again, and held by one at a time.
        drop(opened);
        let (again, appended) = Opened::publishing(folder, |opened, heads| {
            let key_file = watch.key_file.as_deref();
            let signer = key::load(key_file, &opened.key, opened.project.root())?;
            let mut writer = opened.place.writer(signer)?;
            let (project, key) = (&opened.project, &opened.key);
            let ran = engine::run(project, &mut writer, &due, key, heads, |_| {})?;
            Ok(Appended {
                writer,
                message: format!("Evidence of {now}"),
                what: ran,
            })
        })?;
        opened = again;
        let ran = appended.what;
        let failed = ran
            .outcomes
            .iter()
            .filter(|(_, outcome)| *outcome == Outcome::Fail);
        say(format!(
            "{now}  {} checks, {} deviate; {} entries of evidence, {} that could not be collected",
            due.len(),
            failed.count(),
            ran.collected,
            ran.failed
        ));
    }
    if let Some(path) = &watch.metrics {
        let index = Index::of(&opened.log()?)?;
        metrics(path, &checks, &index, now, &late)?;
    }
    Ok(late.values().any(|seconds| *seconds > 0))
}

/// Whether a check was never judged, or its cadence has passed since it was.
fn is_due(check: &Check, index: &Index, now: Timestamp) -> bool {
    let last = index.observations(&check.id).last();
    let cadence = i64::from(check.cadence_hours) * 3600;
    last.is_none_or(|last| now.as_second() - last.at.as_second() >= cadence)
}

/// Seconds by which each check is late; a check that was never judged is not.
fn lateness<'c>(checks: &'c [Check], index: &Index, now: Timestamp) -> BTreeMap<&'c str, i64> {
    let late = checks.iter().map(|check| {
        let last = index.observations(&check.id).last();
        let since = last.map_or(0, |last| now.as_second() - last.at.as_second());
        (check.id.as_str(), (since - check.patience_seconds()).max(0))
    });
    late.collect()
}

fn metrics(
    path: &Path,
    checks: &[Check],
    index: &Index,
    now: Timestamp,
    late: &BTreeMap<&str, i64>,
) -> Result<(), Stopped> {
    let mut out = String::new();
    let mut family = |name: &str, help: &str, lines: Vec<(String, i64)>| {
        out.push_str(&format!("# HELP {name} {help}\n# TYPE {name} gauge\n"));
        for (labels, value) in lines {
            out.push_str(&format!("{name}{labels} {value}\n"));
        }
    };
    let last = index.runs.last().map_or(0, |run| run.at.as_second());
    family(
        "vouchsafe_evidence_last_run_seconds",
        "Unix time of the last run.",
        vec![(String::new(), last)],
    );
    family(
        "vouchsafe_evidence_looked_seconds",
        "Unix time of the last look at what is due.",
        vec![(String::new(), now.as_second())],
    );
    let label = |check: &str| format!("{{check=\"{check}\"}}");
    let late = late
        .iter()
        .map(|(check, seconds)| (label(check), *seconds))
        .collect();
    family(
        "vouchsafe_evidence_late_seconds",
        "Seconds by which a check was late at the last look.",
        late,
    );
    let observed = |value: &dyn Fn(&crate::entry::Observation) -> i64| -> Vec<(String, i64)> {
        let last = |check: &Check| {
            Some((
                label(&check.id),
                value(&index.observations(&check.id).last()?.what),
            ))
        };
        checks.iter().filter_map(last).collect()
    };
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    family(
        "vouchsafe_evidence_deviations",
        "Deviations that no exception covers.",
        observed(&|one| count(one.deviations)),
    );
    family(
        "vouchsafe_evidence_unobservable",
        "Items that could not be judged.",
        observed(&|one| count(one.unobservable)),
    );
    family(
        "vouchsafe_evidence_gap",
        "1 when the last judgement was an error.",
        observed(&|one| i64::from(one.outcome == Outcome::Error)),
    );
    let fault = |error: std::io::Error| Stopped(format!("{}: {error}", path.display()));
    let partial = path.with_extension("prom.new");
    fs::write(&partial, out).map_err(fault)?;
    fs::rename(&partial, path).map_err(fault)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::entry::{Entry, Kind, Observation};

    fn hour(hour: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + hour * 3600).unwrap()
    }

    fn judged(check: &Check, at: Timestamp) -> Index {
        let kind = Kind::Observation(Observation {
            check: check.id.clone(),
            definition: check.definition,
            outcome: Outcome::Error,
            deviations: 0,
            excepted: 0,
            unobservable: 3,
            items: None,
        });
        let mut index = Index::default();
        let content = Digest::of(b"");
        index.take(
            0,
            Entry {
                v: 1,
                at,
                kind,
                content,
                size: 0,
            },
        );
        index
    }

    #[test]
    fn a_check_is_due_by_its_cadence_and_late_after_its_grace() {
        let mut check = Check::all().unwrap().remove(0);
        (check.cadence_hours, check.grace_hours) = (24, 6);
        let index = judged(&check, hour(0));
        let checks = [check];
        assert!(is_due(&checks[0], &Index::default(), hour(0)));
        assert!(!is_due(&checks[0], &index, hour(23)));
        assert!(is_due(&checks[0], &index, hour(24)));
        let late = |at| lateness(&checks, &index, at)[checks[0].id.as_str()];
        assert_eq!((late(hour(30)), late(hour(32))), (0, 7200));
        // Never judged is due, and not late: there is nothing that it could be late after.
        assert_eq!(
            lateness(&checks, &Index::default(), hour(32))[checks[0].id.as_str()],
            0
        );
    }

    #[test]
    fn metrics_name_lateness_gaps_and_what_could_not_be_judged() {
        let check = Check::all().unwrap().remove(0);
        let index = judged(&check, hour(0));
        let checks = [check];
        let late = lateness(&checks, &index, hour(9000));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("evidence.prom");
        metrics(&path, &checks, &index, hour(9000), &late).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let label = format!("{{check=\"{}\"}}", checks[0].id);
        assert!(text.contains(&format!("vouchsafe_evidence_unobservable{label} 3\n")));
        assert!(text.contains(&format!("vouchsafe_evidence_gap{label} 1\n")));
        let value = text
            .lines()
            .find(|line| line.starts_with("vouchsafe_evidence_late_seconds{"));
        assert!(!value.unwrap().ends_with(" 0"));
    }
}
