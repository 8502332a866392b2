//! What is open: a plan of action and milestones, without the milestones, which are not ours to set.

use serde_json::{Value, json};

use super::assessment::{deviations, named, observation, of_check};
use super::parts::{document, line, metadata, own, property};
use crate::finding::{CheckFinding, State};
use crate::report::Report;
use crate::report::tables::DEVIATIONS;
use crate::report::text::severity;
use crate::report::view::{ROWS, View};

/// Every deviation, excepted or not, and every check with gaps. None, when nothing is open.
pub(super) fn plan(view: &View<'_>) -> Option<Value> {
    let report = view.report;
    let (mut items, mut observations) = (Vec::new(), Vec::new());
    for check in &report.findings.checks {
        let of_it = items_of(report, check);
        if !of_it.is_empty() {
            items.extend(of_it);
            observations.push(observation(report, view, check));
            observations.extend(deviations(report, check));
        }
    }
    // The tool is no component of this document: where it says nothing, it is not named.
    for one in &mut observations {
        if let Some(object) = one.as_object_mut() {
            object.remove("origins");
        }
    }
    let content = json!({
        "uuid": own(report, &["poam"]),
        "metadata": metadata(report, "Plan of action and milestones"),
        "system-id": {
            "identifier-type": "https://ietf.org/rfc/rfc4122",
            "id": own(report, &["system"]),
        },
        "observations": observations,
        "poam-items": items,
    });
    let some = content.get("poam-items").and_then(Value::as_array);
    some.is_some_and(|items| !items.is_empty())
        .then(|| document("plan-of-action-and-milestones", content))
}

fn items_of(report: &Report<'_>, check: &CheckFinding) -> Vec<Value> {
    let mut items = Vec::new();
    for (place, exception, one) in named(check) {
        let mut props = vec![
            property("check", &check.check),
            property("severity", severity(one.severity)),
        ];
        props.extend(exception.map(|exception| property("exception", exception)));
        items.push(json!({
            "uuid": own(report, &["poam", &check.check, &place]),
            "title": line(&format!("{} {}", one.code, one.item)),
            "description": format!("{} {}", line(&one.text), line(&check.remedy)),
            "props": props,
            "related-observations": [{ "observation-uuid": own(report, &["observation", &check.check, &place]) }],
        }));
    }
    if let Some(more) = check
        .deviations
        .len()
        .checked_sub(ROWS)
        .filter(|more| *more > 0)
    {
        let title = format!("{more} more deviations of {}", line(&check.check));
        items.push(of_whole(
            report,
            check,
            "more",
            &title,
            &format!("They are in {DEVIATIONS} of the pack."),
        ));
    }
    if matches!(check.state, State::Gaps | State::NoEvidence) {
        let title = format!("{}: {}", line(&check.check), check.state.word());
        items.push(of_whole(
            report,
            check,
            "unseen",
            &title,
            &check.coverage.words(),
        ));
    }
    items
}

fn of_whole(
    report: &Report<'_>,
    check: &CheckFinding,
    place: &str,
    title: &str,
    what: &str,
) -> Value {
    json!({
        "uuid": own(report, &["poam", &check.check, place]),
        "title": title,
        "description": format!("{what} {}", line(&check.remedy)),
        "props": [property("check", &check.check), property("state", check.state.word())],
        "related-observations": [{ "observation-uuid": of_check(report, &check.check) }],
    })
}
