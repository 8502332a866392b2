//! A run: collect, judge, append, sign.

use std::collections::BTreeMap;

use jiff::Timestamp;
use vouchsafe_scan::detect::Detector;

use crate::area::AREAS;
use crate::catalogue;
use crate::check::Check;
use crate::collect::{Call, Collected, PROGRAM, Sink};
use crate::entry::{Kind, Observation, RunEntry};
use crate::inputs::{Cache, Index};
use crate::judgement::{Outcome, Record};
use crate::project::{CATALOGUE, DEFINITION, Project};
use crate::store::{Log, LogError, WriteError, Writer};
use crate::witness::{self, Heads};

/// Why a run ended early. The log is as before.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("the result of a check cannot be written: {0}")]
    Record(#[from] serde_json::Error),
}

/// What a run did.
#[derive(Debug, Default)]
pub(crate) struct Ran {
    /// Entries of evidence, and those that say that something could not be collected.
    pub(crate) collected: u64,
    pub(crate) failed: u64,
    /// Each check and what came out.
    pub(crate) outcomes: Vec<(String, Outcome)>,
    /// Size of the log afterwards.
    pub(crate) size: u64,
}

/// What all collectors will read and call.
pub(crate) fn plan(project: &Project) -> Vec<(&'static str, Vec<Call>)> {
    let collectors = AREAS.iter().flat_map(|area| area.collectors);
    collectors
        .map(|collector| (collector.name(), collector.plan(project)))
        .filter(|(_, calls)| !calls.is_empty())
        .collect()
}

/// Collects, judges and appends, then signs the log. `say` is told of each step.
pub(crate) fn run(
    project: &Project,
    writer: &mut Writer,
    checks: &[Check],
    key: &vouchsafe_tlog::NoteVerifier,
    heads: &Heads,
    say: impl FnMut(&str),
) -> Result<Ran, RunError> {
    let mut index = Index::of(&Log::open(writer.files(), key, &[])?)?;
    run_after(project, &mut index, writer, checks, key, heads, say)
}

/// A run on a log whose entries are known.
pub(crate) fn run_after(
    project: &Project,
    index: &mut Index,
    writer: &mut Writer,
    checks: &[Check],
    key: &vouchsafe_tlog::NoteVerifier,
    heads: &Heads,
    mut say: impl FnMut(&str),
) -> Result<Ran, RunError> {
    let first = writer.size();
    let mut ran = Ran::default();
    let detector = Detector::new();
    let allowed = allowed(checks);
    let mut sink = Sink::new(writer, index, &detector, "witness", project.now);
    witness::record(heads, first, &mut sink)?;
    for collector in AREAS.iter().flat_map(|area| area.collectors) {
        if collector.plan(project).is_empty() {
            continue;
        }
        say(&format!("collecting: {}", collector.name()));
        let mut sink = Sink::new(writer, index, &detector, collector.name(), project.now)
            .marking_late(&allowed);
        collector.collect(project, &mut sink)?;
        ran.collected += sink.counts.0;
        ran.failed += sink.counts.1;
    }
    definitions(project, checks, writer, index, &detector)?;
    // The evidence is in the log before anything is judged: a check reads what everybody can read.
    writer.commit()?;
    let log = Log::open(writer.files(), key, &[])?;
    let cache = Cache::default();
    for check in checks {
        say(&format!("judging: {}", check.id));
        let (observation, record) = observe(check, project.now, index, &log, &cache);
        ran.outcomes.push((check.id.clone(), observation.outcome));
        let content = serde_json::to_vec(&record)?;
        writer.append(project.now, Kind::Observation(observation), &content)?;
    }
    let program = PROGRAM.to_owned();
    writer.append(project.now, Kind::Run(RunEntry { program, first }), b"")?;
    writer.commit()?;
    ran.size = writer.size();
    Ok(ran)
}

/// Seconds within which evidence of a type must come again, by the most impatient check that needs it.
fn allowed(checks: &[Check]) -> BTreeMap<String, i64> {
    let mut allowed: BTreeMap<String, i64> = BTreeMap::new();
    for check in checks {
        let seconds = check.patience_seconds();
        for schema in check.needs() {
            let known = allowed.entry(schema.to_owned()).or_insert(seconds);
            *known = seconds.min(*known);
        }
    }
    allowed
}

/// Definitions and catalogue stand in the log, so that whoever verifies it has those that were used.
fn definitions(
    project: &Project,
    checks: &[Check],
    writer: &mut Writer,
    index: &mut Index,
    detector: &Detector,
) -> Result<(), WriteError> {
    let mut sink = Sink::new(writer, index, detector, "definitions", project.now);
    let mut put = |schema, source: &str, content: &[u8]| {
        sink.put_if_new(&Collected {
            schema,
            source,
            request: "the text that this program has",
            collected_at: None,
            effective: None,
            content,
        })
    };
    put(CATALOGUE, "catalogue", catalogue::TEXT.as_bytes())?;
    for check in checks {
        put(DEFINITION, &check.id, check.text.as_bytes())?;
    }
    Ok(())
}

/// Judges what stands in a log.
pub(crate) fn observe(
    check: &Check,
    at: Timestamp,
    index: &Index,
    log: &Log,
    cache: &Cache,
) -> (Observation, Record) {
    let before = log.size();
    perform(check, at, before, index, log, cache)
}

/// Judges what stood in a log before an entry: what a run did, and what whoever verifies it does again.
pub(crate) fn perform(
    check: &Check,
    at: Timestamp,
    before: u64,
    index: &Index,
    log: &Log,
    cache: &Cache,
) -> (Observation, Record) {
    let inputs = index.select(check, before);
    let judgement = check.judge(at, &inputs, log, cache);
    let observation = Observation {
        check: check.id.clone(),
        definition: check.definition,
        outcome: judgement.outcome,
        deviations: judgement.deviations.len() as u64,
        excepted: judgement.excepted.len() as u64,
        unobservable: judgement.unobservable.len() as u64,
        items: judgement
            .population
            .as_ref()
            .map(|population| population.items.len() as u64),
    };
    let record = Record {
        check: check.id.clone(),
        at,
        before,
        inputs: inputs.count(),
        inputs_digest: inputs.digest(),
        judgement,
    };
    (observation, record)
}
