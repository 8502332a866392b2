//! What was found: a minimal plan, and the results.

use serde_json::{Value, json};

use super::parts::{document, line, metadata, method, objective_id, own, property, put, tool};
use crate::finding::{CheckFinding, Finding, State};
use crate::judgement::Deviation;
use crate::report::Report;
use crate::report::tables::DEVIATIONS;
use crate::report::text::{moment, severity};
use crate::report::view::{ROWS, View, by_severity, population, tally};

/// The plan that results must name: every control of the catalogue, by its checks.
pub(super) fn plan(report: &Report<'_>) -> Value {
    let resource = own(report, &["system"]);
    document(
        "assessment-plan",
        json!({
            "uuid": own(report, &["assessment-plan"]),
            "metadata": metadata(report, "Assessment plan"),
            "import-ssp": {
                "href": format!("#{resource}"),
                "remarks": "There is no system security plan: the reference leads to a description of the project.",
            },
            "reviewed-controls": reviewed(),
            "back-matter": { "resources": [{
                "uuid": resource,
                "title": line(report.project),
                "description": format!("The project whose evidence is in the log {}.", line(report.origin)),
            }] },
        }),
    )
}

fn reviewed() -> Value {
    json!({ "control-selections": [{ "include-all": {} }] })
}

pub(super) fn results(view: &View<'_>) -> Value {
    let report = view.report;
    let findings = report.findings;
    let mut result = json!({
        "uuid": own(report, &["result"]),
        "title": format!("Window {}", findings.window),
        "description": "What the observations of the window come to, for each control of the catalogue.",
        "start": findings.window.from.to_string(),
        "end": findings.window.to.min(findings.as_of).max(findings.window.from).to_string(),
        "props": [
            property("log-origin", report.origin),
            property("log-key", &report.key),
            property("entries-before", &findings.before.to_string()),
        ],
        "local-definitions": { "components": [{
            "uuid": tool(report),
            "type": "software",
            "title": line(report.program),
            "description": "Collects evidence, judges it by checks, and keeps both in a log.",
            "status": { "state": "operational" },
        }] },
        "reviewed-controls": reviewed(),
        "remarks": remarks(findings.controls.iter()),
    });
    let mut observations = Vec::new();
    for check in &findings.checks {
        observations.push(observation(report, view, check));
        observations.extend(deviations(report, check));
    }
    put(&mut result, "observations", observations);
    let controls = findings.controls.iter();
    let controls = controls.filter(|one| one.state != State::NotApplicable);
    put(
        &mut result,
        "findings",
        controls.map(|one| finding(view, one)).collect(),
    );
    document(
        "assessment-results",
        json!({
            "uuid": own(report, &["assessment-results"]),
            "metadata": metadata(report, "Assessment results"),
            "import-ap": { "href": "assessment-plan.json" },
            "results": [result],
        }),
    )
}

fn remarks<'a>(controls: impl Iterator<Item = &'a Finding>) -> String {
    let left = controls.filter(|one| one.state == State::NotApplicable);
    let left: Vec<_> = left.map(|one| line(&one.control)).collect();
    let mut text = "OSCAL knows two states. The property \"state\" of a finding says which of ours it is; whatever is neither held \
         nor examined is not satisfied here."
        .to_owned();
    if !left.is_empty() {
        text.push_str(&format!(
            " Not applicable, and therefore without a finding: {}.",
            left.join(", ")
        ));
    }
    text
}

/// The id of the observation of a check.
pub(super) fn of_check(report: &Report<'_>, check: &str) -> String {
    own(report, &["observation", check])
}

/// What was observed of a check.
pub(super) fn observation(report: &Report<'_>, view: &View<'_>, check: &CheckFinding) -> Value {
    let mut props = vec![
        property("check", &check.check),
        property("state", check.state.word()),
        property("coverage", &check.coverage.words()),
        property("observations", &check.observations.to_string()),
        property("deviations", &check.deviations.len().to_string()),
        property("excepted", &check.excepted.len().to_string()),
        property("definition-sha256", &check.definition.to_string()),
    ];
    if let Some(words) = population(check) {
        props.push(property("population", &words));
    }
    if let Some(index) = view.proven.get(&check.check) {
        props.push(property("log-entry", &index.to_string()));
    }
    let unobservable = check.unobservable.iter().take(ROWS);
    let mut words: Vec<_> = unobservable
        .map(|(what, count)| format!("Unobservable, {count} items: {}", line(what)))
        .collect();
    words.extend(check.notes.iter().take(ROWS).map(|note| line(note)));
    if let Some(more) = check
        .deviations
        .len()
        .checked_sub(ROWS)
        .filter(|more| *more > 0)
    {
        words.push(format!("{more} more deviations in {DEVIATIONS}"));
    }
    let mut value = json!({
        "uuid": of_check(report, &check.check),
        "title": line(&check.check),
        "description": format!("{}: {}", line(&check.title), tally(check)),
        "props": props,
        "methods": [method(check.kind)],
        "types": ["control-objective"],
        "origins": origins(report),
        "relevant-evidence": [{ "href": "../findings.json", "description": "The finding, with what it rests on." }],
        "collected": check.last_at.unwrap_or(report.findings.as_of).to_string(),
    });
    if let (Some(object), false) = (value.as_object_mut(), words.is_empty()) {
        object.insert("remarks".to_owned(), Value::String(words.join("\n\n")));
    }
    value
}

fn origins(report: &Report<'_>) -> Value {
    json!([{ "actors": [{ "type": "tool", "actor-uuid": tool(report) }] }])
}

/// The first deviations of a check and the first that an exception covers: each with its place, its exception, and
/// whether it is excepted.
pub(super) fn named(check: &CheckFinding) -> Vec<(String, Option<&str>, &Deviation)> {
    let open = by_severity(&check.deviations)
        .into_iter()
        .take(ROWS)
        .enumerate();
    let open = open.map(|(place, one)| (format!("deviation {place}"), None, one));
    let excepted = check.excepted.iter().take(ROWS).enumerate();
    let excepted = excepted.map(|(place, one)| {
        let exception = Some(one.exception.as_str());
        (format!("excepted {place}"), exception, &one.deviation)
    });
    open.chain(excepted).collect()
}

pub(super) fn deviations(report: &Report<'_>, check: &CheckFinding) -> Vec<Value> {
    let named = named(check).into_iter();
    named
        .map(|(place, exception, one)| deviation(report, check, &place, exception, one))
        .collect()
}

fn deviation(
    report: &Report<'_>,
    check: &CheckFinding,
    place: &str,
    exception: Option<&str>,
    one: &Deviation,
) -> Value {
    let mut props = vec![
        property("check", &check.check),
        property("code", &one.code),
        property("severity", severity(one.severity)),
        property("item", &one.item),
    ];
    let dates = [("since", one.since), ("until", one.until)];
    props.extend(
        dates
            .into_iter()
            .filter_map(|(name, at)| Some(property(name, &moment(at?)))),
    );
    props.extend(one.place.as_deref().map(|place| property("place", place)));
    props.extend(exception.map(|exception| property("exception", exception)));
    json!({
        "uuid": own(report, &["observation", &check.check, place]),
        "title": line(&format!("{} {}", one.code, one.item)),
        "description": line(&one.text),
        "props": props,
        "methods": [method(check.kind)],
        "types": ["finding"],
        "origins": origins(report),
        "collected": check.last_at.unwrap_or(report.findings.as_of).to_string(),
    })
}

fn finding(view: &View<'_>, control: &Finding) -> Value {
    let report = view.report;
    let satisfied = matches!(control.state, State::Held | State::Examined);
    let mut value = json!({
        "uuid": own(report, &["finding", &control.control]),
        "title": line(&format!("{}: {}", control.control, control.title)),
        "description": format!("{}: {}", line(&control.title), control.state.word()),
        "props": [property("state", control.state.word())],
        "target": {
            "type": "objective-id",
            "target-id": objective_id(control.framework, &control.control),
            "status": {
                "state": if satisfied { "satisfied" } else { "not-satisfied" },
                "reason": match control.state {
                    State::Held => "pass",
                    State::Deviations => "fail",
                    State::Examined | State::Excepted | State::Gaps | State::NoEvidence | State::NotApplicable => "other",
                },
                "remarks": format!("In our words: {}.", control.state.word()),
            },
        },
    });
    let checks = control
        .checks
        .iter()
        .filter(|id| view.checks.contains_key(id.as_str()));
    let related = checks.map(|id| json!({ "observation-uuid": of_check(report, id) }));
    put(&mut value, "related-observations", related.collect());
    value
}
