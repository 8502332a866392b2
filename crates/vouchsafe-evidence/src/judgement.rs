//! What a check says of the evidence.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// What came out of one run of a check.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// The control held.
    Pass,
    /// It deviated, and live exceptions cover every deviation. Never shown as a pass.
    Excepted,
    /// It deviated.
    Fail,
    /// Neither: evidence is missing, stale or unreadable. A gap opens.
    Error,
    /// There is nothing that the check could apply to.
    NotApplicable,
}

/// How much a deviation matters.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Severity {
    /// Worth knowing.
    Low,
    /// To be mended in time.
    #[default]
    Medium,
    /// To be mended soon.
    High,
    /// To be mended now.
    Critical,
}

/// A deviation from what a control asks.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) struct Deviation {
    /// Which item: a commit, an advisory and package, an entry of a register.
    pub(crate) item: String,
    /// What kind: `NO_APPROVAL`. Upper case, stable.
    pub(crate) code: String,
    /// In words, without anything but names of the trade.
    pub(crate) text: String,
    /// How much it matters.
    pub(crate) severity: Severity,
    /// When it began, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<Timestamp>,
    /// When it ended, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Timestamp>,
    /// Where to look: `evidence/vendors.toml:12`, `deploy/api.yaml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<String>,
}

impl Deviation {
    /// A deviation of medium severity without dates.
    #[must_use]
    pub(crate) fn new(code: &str, item: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            item: item.into(),
            code: code.to_owned(),
            text: text.into(),
            severity: Severity::Medium,
            since: None,
            until: None,
            place: None,
        }
    }

    /// The same, of another severity.
    #[must_use]
    pub(crate) const fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// The same, with the time in which it lasted.
    #[must_use]
    pub(crate) const fn lasting(
        mut self,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Self {
        self.since = since;
        self.until = until;
        self
    }

    /// The same, at a place.
    #[must_use]
    pub(crate) fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }
}

/// Something that could not be judged: no verdict, and a gap.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) struct Unobservable {
    /// Which item.
    pub(crate) item: String,
    /// What cannot be seen, and what would show it.
    pub(crate) what: String,
}

/// An item of a population.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Item {
    /// Its id: a commit, an advisory and package.
    pub(crate) id: String,
    /// When it happened or began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<Timestamp>,
    /// When it ended, for items that last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Timestamp>,
    /// What else is known of it, by column.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) columns: BTreeMap<String, String>,
}

/// Every item that a check looked at, in an order that does not depend on the run.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Population {
    /// What shows that none is missing, in words.
    pub(crate) completeness: String,
    /// The items.
    pub(crate) items: Vec<Item>,
}

/// What an evaluator says of the evidence that it was given.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Judgement {
    /// What came out.
    pub(crate) outcome: Outcome,
    /// Why there is no verdict, or what there was to apply to; one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<String>,
    /// Deviations, sorted by item and code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) deviations: Vec<Deviation>,
    /// Deviations that a live exception covers, with the id of the exception.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) excepted: Vec<Excepted>,
    /// What could not be judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) unobservable: Vec<Unobservable>,
    /// What was looked at, for checks of populations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) population: Option<Population>,
    /// The moment from which a population was looked at: the first day of the settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) speaks_from: Option<Timestamp>,
    /// The moment until which the evidence speaks, where that is before the moment that was judged for: after it, a
    /// gap opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) speaks_until: Option<Timestamp>,
}

/// A deviation that an exception covers.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Excepted {
    /// The id of the exception.
    pub(crate) exception: String,
    /// The deviation.
    pub(crate) deviation: Deviation,
}

/// Text of strangers on one line: names of files, branches and facts may hold line feeds and what terminals and CI take for
/// commands.
fn plain(text: &str) -> String {
    if !text.contains(|c: char| c.is_control()) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

impl Judgement {
    /// Neither pass nor fail, with the reason and the remedy.
    #[must_use]
    pub(crate) fn error(note: impl Into<String>) -> Self {
        Self::bare(Outcome::Error, note)
    }

    /// There is nothing that the check could apply to.
    #[must_use]
    pub(crate) fn not_applicable(note: impl Into<String>) -> Self {
        Self::bare(Outcome::NotApplicable, note)
    }

    fn bare(outcome: Outcome, note: impl Into<String>) -> Self {
        Self {
            outcome,
            notes: vec![plain(&note.into())],
            deviations: Vec::new(),
            excepted: Vec::new(),
            unobservable: Vec::new(),
            population: None,
            speaks_from: None,
            speaks_until: None,
        }
    }

    /// A verdict: fail when there is a deviation; else an error when something could not be judged; else a pass.
    #[must_use]
    pub(crate) fn of(mut deviations: Vec<Deviation>, mut unobservable: Vec<Unobservable>) -> Self {
        for one in &mut deviations {
            one.item = plain(&one.item);
            one.text = plain(&one.text);
            one.place = one.place.as_deref().map(plain);
        }
        for one in &mut unobservable {
            one.item = plain(&one.item);
            one.what = plain(&one.what);
        }
        deviations.sort();
        deviations.dedup();
        unobservable.sort();
        unobservable.dedup();
        let outcome = match (deviations.is_empty(), unobservable.is_empty()) {
            (false, _) => Outcome::Fail,
            (true, false) => Outcome::Error,
            (true, true) => Outcome::Pass,
        };
        Self {
            outcome,
            notes: Vec::new(),
            deviations,
            excepted: Vec::new(),
            unobservable,
            population: None,
            speaks_from: None,
            speaks_until: None,
        }
    }

    /// The same, on evidence that says nothing about the time between a moment and the one that is judged for. That is
    /// never a pass.
    #[must_use]
    pub(crate) fn speaking_until(mut self, moment: Timestamp) -> Self {
        self.speaks_until = Some(moment);
        if self.outcome == Outcome::Pass {
            self.outcome = Outcome::Error;
        }
        self
    }

    /// The same, over a population.
    #[must_use]
    pub(crate) fn over(mut self, mut population: Population) -> Self {
        for item in &mut population.items {
            item.id = plain(&item.id);
        }
        self.population = Some(population);
        self
    }

    /// The same, with a note.
    #[must_use]
    pub(crate) fn noting(mut self, note: impl Into<String>) -> Self {
        self.notes.push(plain(&note.into()));
        self
    }
}

/// The content of an observation: what was judged, on what, with which result.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Record {
    /// The id of the check.
    pub(crate) check: String,
    /// The moment that it was judged for.
    pub(crate) at: Timestamp,
    /// Index of the entry before which the evidence stands that was judged.
    pub(crate) before: u64,
    /// Number of entries of evidence.
    pub(crate) inputs: u64,
    /// SHA-256 over the indices and digests of that evidence.
    pub(crate) inputs_digest: Digest,
    /// What came out.
    pub(crate) judgement: Judgement,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_strangers_is_one_line_and_no_command() {
        let one = Deviation {
            item: "x\n::error file=a::forged\u{1b}[2K".to_owned(),
            code: "A".to_owned(),
            text: "a\rb".to_owned(),
            severity: Severity::Low,
            since: None,
            until: None,
            place: Some("x\n:1".to_owned()),
        };
        let judgement = Judgement::of(vec![one], Vec::new()).noting("a\nb");
        let text = serde_json::to_string(&judgement).unwrap();
        let back: Judgement = serde_json::from_str(&text).unwrap();
        assert_eq!(
            back.deviations[0].item,
            "x\\n::error file=a::forged\\u{1b}[2K"
        );
        assert_eq!(back.deviations[0].text, "a\\rb");
        assert_eq!(back.notes, ["a\\nb"]);
    }
}
