//! The parts of a report, from a tally and what the run was asked to do.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    Allowed, CONTROLS, Count, Document, Group, Outcome, Problem, Report, Run, SCHEMA, Tool,
};
use crate::baseline::{Baseline, Comparison, Known};
use crate::class::{Class, Confidence};
use crate::settings::Standing;
use crate::tally::{self, Gap, Groups, Key, Part, Tally};

pub(super) fn report(tally: Tally, run: &Run<'_>) -> Report {
    let name = |raw: &[u8]| shown(&(run.mask_name)(raw));
    let scanned = tally.amount();
    let not_read = tally.problems(Gap::NotRead);
    let passed_over = tally.problems(Gap::PassedOver);
    let counts = counts(&tally);
    let Groups {
        listed,
        more,
        problems,
    } = tally.into_groups();
    let mut documents = documents(listed, run, &name);
    let comparison = run
        .baseline
        .map(|baseline| compare(baseline, &mut documents, &more));
    let problem = |problem: tally::Problem| Problem {
        kind: match problem.gap {
            Gap::NotRead => "not-read",
            Gap::PassedOver => "passed-over",
        },
        document: name(&problem.document),
        tool_name: name(&(run.place_for_tools)(&problem.document)),
        reason: shown(&problem.reason),
    };
    let total = counts
        .iter()
        .fold(0_u64, |sum, count| sum.saturating_add(count.total));
    Report {
        schema: SCHEMA,
        tool: Tool {
            name: "vouchsafe-scan",
            version: env!("CARGO_PKG_VERSION"),
        },
        started: run.started,
        outcome: outcome(not_read, total, comparison.as_ref()),
        sources: run.sources.iter().map(|source| name(source)).collect(),
        scanned,
        excluded: run.excluded,
        settings_file: run.settings_file,
        looked_for: run.settings.classes(),
        minimum_confidence: run.settings.minimum_confidence,
        limits: run.limits.to_vec(),
        counts,
        documents,
        not_listed: more,
        problems: problems.into_iter().map(problem).collect(),
        not_read,
        passed_over,
        allowances: allowances(run, &name),
        baseline: comparison,
        controls: CONTROLS,
    }
}

fn documents(
    listed: BTreeMap<Key, tally::Group>,
    run: &Run<'_>,
    name: &dyn Fn(&[u8]) -> String,
) -> Vec<Document> {
    let mut documents: Vec<Document> = Vec::new();
    let mut last: Option<Arc<[u8]>> = None;
    for (key, group) in listed {
        let Key {
            document,
            part,
            class,
            confidence,
            field,
        } = key;
        if last.as_ref() != Some(&document) {
            finish(&mut documents);
            documents.push(Document {
                name: name(&document),
                baseline_name: name(&(run.place_in_baseline)(&document)),
                tool_name: name(&(run.place_for_tools)(&document)),
                findings: Vec::new(),
            });
            last = Some(document);
        }
        let part = part_name(&part, name);
        let group = Group {
            part,
            class,
            confidence,
            field,
            count: group.count,
            new: None,
            places: group.first,
        };
        if let Some(document) = documents.last_mut() {
            document.findings.push(group);
        }
    }
    finish(&mut documents);
    documents
}

/// Puts the findings of the last document in the order of their first places.
fn finish(documents: &mut [Document]) {
    if let Some(document) = documents.last_mut() {
        document
            .findings
            .sort_by(|a, b| (&a.part, a.places.first()).cmp(&(&b.part, b.places.first())));
    }
}

fn part_name(part: &Part, name: &dyn Fn(&[u8]) -> String) -> Option<String> {
    match part {
        Part::Name => Some("file name".to_owned()),
        Part::Text => None,
        Part::Cell { table, column } => Some(format!("{}.{}", name(table), name(column))),
    }
}

fn counts(tally: &Tally) -> Vec<Count> {
    let count = |class: Class| {
        let of = |confidence| tally.count(class, confidence);
        let (high, medium, low) = (
            of(Confidence::High),
            of(Confidence::Medium),
            of(Confidence::Low),
        );
        let total = high.saturating_add(medium).saturating_add(low);
        Count {
            class,
            title: class.title(),
            source: class.source(),
            high,
            medium,
            low,
            total,
        }
    };
    Class::ALL
        .into_iter()
        .map(count)
        .filter(|count| count.total > 0)
        .collect()
}

pub(super) fn baseline(documents: &[Document], more: &[(Class, u64)]) -> Baseline {
    let mut baseline = Baseline::default();
    for document in documents {
        for group in &document.findings {
            baseline.add(known(document, group), group.count);
        }
    }
    for (class, count) in more {
        baseline.add(
            Known {
                document: None,
                part: None,
                class: class.name(),
                field: None,
            },
            *count,
        );
    }
    baseline
}

fn known(document: &Document, group: &Group) -> Known {
    Known {
        document: Some(document.baseline_name.clone()),
        part: group.part.clone(),
        class: group.class.name(),
        field: group.field.map(str::to_owned),
    }
}

fn compare(before: &Baseline, documents: &mut [Document], more: &[(Class, u64)]) -> Comparison {
    let now = baseline(documents, more);
    for document in documents {
        let standing: Vec<bool> = document
            .findings
            .iter()
            .map(|group| known(document, group))
            .map(|place| now.count(&place) > before.count(&place))
            .collect();
        for (group, new) in document.findings.iter_mut().zip(standing) {
            group.new = Some(new);
        }
    }
    before.compare(&now)
}

fn outcome(not_read: u64, total: u64, comparison: Option<&Comparison>) -> Outcome {
    let new = comparison.map_or(total, |comparison| comparison.new);
    let (outcome, exit_code, meaning) = match (new > 0, not_read > 0, comparison) {
        (true, false, None) => ("found", 1, "Findings: each is to be looked at."),
        (true, false, Some(_)) => (
            "found",
            1,
            "Findings that the baseline does not have: each is to be looked at.",
        ),
        (true, true, _) => (
            "found",
            1,
            "Findings, and not everything could be read: there may be more.",
        ),
        (false, true, _) => (
            "incomplete",
            1,
            "Not everything could be read: this run does not show that nothing is there.",
        ),
        (false, false, Some(comparison)) if comparison.known > 0 => (
            "clean",
            0,
            "Everything was read. Nothing was found beyond the baseline.",
        ),
        (false, false, _) => ("clean", 0, "Everything was read. Nothing was found."),
    };
    Outcome {
        outcome,
        exit_code,
        meaning,
    }
}

fn allowances(run: &Run<'_>, name: &dyn Fn(&[u8]) -> String) -> Vec<Allowed> {
    let allowed = |(allowance, standing): (&crate::settings::Allowance, Standing)| {
        let (state, count) = match standing {
            Standing::Used(count) => ("used", count),
            Standing::Unused => ("unused", 0),
            Standing::Ended => ("ended", 0),
            Standing::WithoutKey => ("without-key", 0),
        };
        Allowed {
            line: allowance.line_in_settings(),
            reason: name(allowance.reason().as_bytes()),
            owner: name(allowance.owner().as_bytes()),
            until: allowance.until(),
            state,
            count,
        }
    };
    run.settings.allowances.standings().map(allowed).collect()
}

/// A text as it may stand in a report: nothing that steers a terminal or turns the direction of writing.
fn shown(text: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
    };
    text.chars()
        .map(|c| if steers(c) { '\u{FFFD}' } else { c })
        .collect()
}
