//! What is asked: the catalogue, the profile that takes all of it, and the checks as a component.

use serde_json::{Value, json};

use super::parts::{
    control_id, document, line, metadata, objective_id, own, property, put, tool, uuid,
};
use crate::catalogue::{Control, Framework};
use crate::report::Report;
use crate::report::text::{framework, rule};

const FRAMEWORKS: [(Framework, &str); 2] = [(Framework::Hipaa, "hipaa"), (Framework::Soc2, "soc2")];

pub(super) fn catalog(report: &Report<'_>, catalogue: &[Control]) -> Value {
    let mut groups = Vec::new();
    for (of, id) in FRAMEWORKS {
        let controls: Vec<_> = catalogue
            .iter()
            .filter(|one| one.framework == of)
            .map(control)
            .collect();
        if !controls.is_empty() {
            groups.push(json!({ "id": id, "title": framework(of), "controls": controls }));
        }
    }
    let mut content = json!({
        "uuid": own(report, &["catalog"]),
        "metadata": metadata(report, "Catalogue of controls"),
    });
    put(&mut content, "groups", groups);
    document("catalog", content)
}

fn control(control: &Control) -> Value {
    let id = control_id(control.framework, &control.id);
    json!({
        "id": id,
        "title": line(&control.title),
        "props": [
            { "name": "label", "value": line(&control.id) },
            property("rule", rule(control.rule)),
        ],
        "parts": [
            { "id": format!("{id}_smt"), "name": "statement", "prose": asks(control) },
            {
                "id": objective_id(control.framework, &control.id),
                "name": "assessment-objective",
                "prose": format!("Determine whether, over the whole window: {}.", line(&control.title)),
            },
        ],
    })
}

/// What a control asks; of an older catalogue, its title.
fn asks(control: &Control) -> String {
    if control.asks.is_empty() {
        line(&control.title)
    } else {
        line(&control.asks)
    }
}

pub(super) fn profile(report: &Report<'_>, catalogue: &[Control]) -> Value {
    let ids: Vec<_> = catalogue
        .iter()
        .map(|one| control_id(one.framework, &one.id))
        .collect();
    let import = if ids.is_empty() {
        json!({ "href": "catalog.json", "include-all": {} })
    } else {
        json!({ "href": "catalog.json", "include-controls": [{ "with-ids": ids }] })
    };
    document(
        "profile",
        json!({
            "uuid": own(report, &["profile"]),
            "metadata": metadata(report, "Profile"),
            "imports": [import],
            "merge": { "as-is": true },
        }),
    )
}

pub(super) fn component(report: &Report<'_>, catalogue: &[Control]) -> Value {
    let with_checks = catalogue.iter().filter(|one| !one.checks.is_empty());
    let requirements: Vec<_> = with_checks.map(|one| requirement(report, one)).collect();
    let mut component = json!({
        "uuid": tool(report),
        "type": "software",
        "title": line(report.program),
        "description": "Collects evidence, judges it by checks, and keeps both in a log.",
    });
    if !requirements.is_empty() {
        let implementation = json!({
            "uuid": own(report, &["implementation"]),
            "source": "profile.json",
            "description": "Which checks look at which controls.",
            "implemented-requirements": requirements,
        });
        put(
            &mut component,
            "control-implementations",
            vec![implementation],
        );
    }
    document(
        "component-definition",
        json!({
            "uuid": own(report, &["component-definition"]),
            "metadata": metadata(report, "Checks"),
            "components": [component],
        }),
    )
}

fn requirement(report: &Report<'_>, control: &Control) -> Value {
    let checks = control.checks.iter().map(|check| property("check", check));
    json!({
        "uuid": uuid(&["requirement", report.origin, &control.id]),
        "control-id": control_id(control.framework, &control.id),
        "description": line(&control.title),
        "props": checks.collect::<Vec<_>>(),
    })
}
