//! The observations that findings are made of, read once and in the order of the log.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::Scope;
use crate::check::{Check, CheckKind};
use crate::entry::Observation;
use crate::inputs::{Index, Noted};
use crate::judgement::{Judgement, Record};
use crate::parallel;
use crate::store::{Log, LogError};

/// Records that are read before their judgements are compared: what the same check said again is kept once.
const AT_ONCE: usize = 8_192;

/// An observation with its judgement.
pub(super) struct Seen {
    pub(super) index: u64,
    pub(super) at: Timestamp,
    pub(super) judgement: Arc<Judgement>,
}

/// The observations of a check up to an entry: those that count, and how many lie in the window.
fn used<'i>(index: &'i Index, check: &Check, scope: Scope) -> (&'i [Noted<Observation>], u64) {
    let all = index.observations(&check.id);
    let all = all
        .get(..all.partition_point(|noted| noted.index < scope.before))
        .unwrap_or_default();
    // The last one before the window holds into it; later ones than the window speak of it when they cover a population.
    let first = all.partition_point(|noted| noted.at < scope.window.from);
    let end = all.partition_point(|noted| noted.at < scope.window.to);
    let (from, to) = match check.kind {
        CheckKind::Population => (all.len().saturating_sub(1), all.len()),
        CheckKind::State | CheckKind::Register | CheckKind::SelfTest => {
            (first.saturating_sub(1), end)
        }
    };
    let used = all.get(from..to).unwrap_or_default();
    (used, end.saturating_sub(first) as u64)
}

/// For each check, the observations that count, in their order, and how many lie in the window.
pub(super) fn of_all(
    log: &Log,
    index: &Index,
    checks: &[Check],
    scope: Scope,
) -> Result<Vec<(Vec<Seen>, u64)>, LogError> {
    let mut all: Vec<(Vec<Seen>, u64)> = Vec::new();
    let mut wanted = BTreeMap::new();
    for (place, check) in checks.iter().enumerate() {
        let (used, in_window) = used(index, check, scope);
        wanted.extend(used.iter().map(|noted| (noted.index, (place, noted))));
        all.push((Vec::with_capacity(used.len()), in_window));
    }
    let wanted: Vec<_> = wanted.into_values().collect();
    for part in wanted.chunks(AT_ONCE) {
        let read = parallel::map(part, |(_, noted)| judgement(log, noted));
        for ((place, noted), judgement) in part.iter().zip(read) {
            let Some((seen, _)) = all.get_mut(*place) else {
                continue;
            };
            let judgement = judgement?;
            let judgement = match seen.last() {
                Some(last) if *last.judgement == judgement => Arc::clone(&last.judgement),
                _ => Arc::new(judgement),
            };
            seen.push(Seen {
                index: noted.index,
                at: noted.at,
                judgement,
            });
        }
    }
    Ok(all)
}

fn judgement(log: &Log, noted: &Noted<Observation>) -> Result<Judgement, LogError> {
    let content = log.content_at(noted.index)?;
    let record: Record = serde_json::from_slice(&content).map_err(|_| LogError::Object {
        content: noted.content,
        problem: "is not the record of an observation",
    })?;
    Ok(record.judgement)
}
