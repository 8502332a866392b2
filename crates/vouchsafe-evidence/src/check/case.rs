//! Cases of a check: evidence, and what must come out.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;

use super::Check;
use crate::digest::Digest;
use crate::entry::{Entry, Evidence, Kind};
use crate::inputs::{Cache, Contents, Index, Known};
use crate::judgement::Outcome;

/// A case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    name: String,
    at: Timestamp,
    expect: Outcome,
    /// The codes of all deviations, sorted.
    #[serde(default)]
    deviations: Vec<String>,
    #[serde(default)]
    evidence: Vec<Given>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    #[serde(rename = "type")]
    schema: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    request: String,
    #[serde(default)]
    collected_at: Option<Timestamp>,
    /// When it was appended to the log; at the moment that is judged, without it.
    #[serde(default)]
    appended_at: Option<Timestamp>,
    #[serde(default)]
    failed: Option<String>,
    #[serde(default)]
    text: String,
}

/// Contents of the evidence of a case, by index.
struct InMemory(Vec<Arc<[u8]>>);

impl Contents for InMemory {
    fn content(&self, known: &Known) -> Result<Arc<[u8]>, String> {
        let place = usize::try_from(known.index).ok();
        let content = place.and_then(|place| self.0.get(place));
        content
            .cloned()
            .ok_or_else(|| "no such evidence".to_owned())
    }
}

impl Case {
    pub(super) fn must_fail(&self) -> bool {
        self.expect == Outcome::Fail && !self.deviations.is_empty()
    }

    /// Runs the case.
    pub(super) fn run(&self, check: &Check) -> Result<(), String> {
        let mut index = Index::default();
        let mut contents = Vec::new();
        for (place, given) in (0..).zip(&self.evidence) {
            let content: Arc<[u8]> = Arc::from(given.text.as_bytes());
            index.take(place, self.entry(given, &content));
            contents.push(content);
        }
        let inputs = index.select(check, u64::MAX);
        let judgement = check.judge(self.at, &inputs, &InMemory(contents), &Cache::default());
        let mut codes: Vec<_> = judgement
            .deviations
            .iter()
            .map(|one| one.code.as_str())
            .collect();
        codes.sort_unstable();
        if judgement.outcome == self.expect && codes == self.deviations {
            return Ok(());
        }
        Err(format!(
            "the case \"{}\" came out as {:?} {codes:?}, not as {:?} {:?} ({}; {:?}; {:?})",
            self.name,
            judgement.outcome,
            self.expect,
            self.deviations,
            judgement.notes.join("; "),
            judgement.unobservable,
            judgement.deviations,
        ))
    }

    fn entry(&self, given: &Given, content: &[u8]) -> Entry {
        Entry {
            v: 1,
            at: given.appended_at.unwrap_or(self.at),
            kind: Kind::Evidence(Evidence {
                schema: given.schema.clone(),
                source: given.source.clone(),
                request: given.request.clone(),
                collector: "case".to_owned(),
                collected_at: given.collected_at.unwrap_or(self.at),
                effective: None,
                late: false,
                failed: given.failed.clone(),
            }),
            content: Digest::of(content),
            size: content.len() as u64,
        }
    }
}
