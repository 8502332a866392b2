//! Permissions of the workflow's token: said, and no more than needed.

use std::collections::BTreeMap;

use super::workflows::{Workflow, Workflows};
use crate::inputs::Context;
use crate::judgement::{Deviation, Item, Judgement, Population, Severity};
use crate::yaml::Node;

/// The check `pipeline.permissions`.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let workflows = Workflows::of(context)?;
    let mut deviations = Vec::new();
    let mut items = Vec::new();
    for workflow in workflows
        .0
        .values()
        .filter(|workflow| !workflow.is_action())
    {
        one(workflow, &mut deviations, &mut items)?;
    }
    items.sort_by(|a, b| a.id.cmp(&b.id));
    let population = Population {
        completeness: "every scope that a workflow or job may write to, in the collected files"
            .to_owned(),
        items,
    };
    Ok(workflows.verdict(deviations, Vec::new()).over(population))
}

fn one(
    workflow: &Workflow,
    deviations: &mut Vec<Deviation>,
    items: &mut Vec<Item>,
) -> Result<(), String> {
    let file = workflow.file.as_str();
    let jobs = workflow.jobs();
    let top = workflow.root.get("permissions");
    // A workflow that only others call has the permissions that they give.
    let called = workflow
        .events()
        .iter()
        .all(|event| *event == "workflow_call");
    if top.is_none() && !called {
        for job in jobs
            .iter()
            .filter(|job| job.node.get("permissions").is_none())
        {
            let text = "neither the workflow nor the job says permissions: the token has what the repository gives by default";
            deviations.push(
                Deviation::new("PERMISSIONS_ABSENT", job.item(), text).at(workflow.place(job.node)),
            );
        }
    }
    let own = jobs
        .iter()
        .filter_map(|job| Some((job.item(), job.node.get("permissions")?, false)));
    let all = top
        .map(|node| (file.to_owned(), node, true))
        .into_iter()
        .chain(own);
    for (item, node, is_top) in all {
        let place = workflow.place(node);
        let scopes = written(node).map_err(|why| format!("{place}: {why}"))?;
        if scopes.contains(&"*") {
            let text = "write-all: the token may do everything";
            deviations.push(
                Deviation::new("PERMISSIONS_WRITE_ALL", &item, text)
                    .severity(Severity::High)
                    .at(&place),
            );
        } else if is_top && !scopes.is_empty() && jobs.len() > 1 {
            let text = format!(
                "every job may write to {}: say it at the job that needs it",
                scopes.join(", ")
            );
            deviations.push(Deviation::new("PERMISSION_WRITE_TOP", &item, text).at(&place));
        }
        for scope in scopes {
            let columns = [("scope", scope), ("workflow", file)];
            items.push(Item {
                id: format!("{item} {scope}"),
                at: None,
                until: None,
                columns: columns
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value.to_owned()))
                    .collect::<BTreeMap<_, _>>(),
            });
        }
    }
    Ok(())
}

/// The scopes that may be written to; `*` for all.
fn written(permissions: &Node) -> Result<Vec<&str>, String> {
    match permissions.text() {
        Some("write-all") => return Ok(vec!["*"]),
        Some("read-all") => return Ok(Vec::new()),
        Some(_) => return Err("permissions are neither write-all, read-all nor a map".to_owned()),
        None if !permissions.is_map() => return Err("permissions are no map".to_owned()),
        None => {}
    }
    let mut scopes = Vec::new();
    for (scope, level) in permissions.entries() {
        match level.text() {
            Some("write") => scopes.push(scope.as_str()),
            Some("read" | "none") => {}
            _ => {
                return Err(format!(
                    "the permission {scope} is neither read, write nor none"
                ));
            }
        }
    }
    Ok(scopes)
}
