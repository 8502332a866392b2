//! Input of strangers: their code under our token, and their words in our scripts.

use std::collections::BTreeSet;

use super::expressions::{is_untrusted, names, of};
use super::workflows::{Job, Workflows};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity};
use crate::yaml::Node;

/// Events that run with the token and the secrets of the repository, on what a stranger brings.
const PRIVILEGED: [&str; 3] = ["pull_request_target", "workflow_run", "issue_comment"];

/// The check `pipeline.untrusted-input`.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let workflows = Workflows::of(context)?;
    let mut deviations = Vec::new();
    for job in workflows.jobs() {
        let privileged = job
            .workflow
            .events()
            .iter()
            .any(|event| PRIVILEGED.contains(event));
        let outer = tainted(
            [job.workflow.root.get("env"), job.node.get("env")]
                .into_iter()
                .flatten(),
        );
        for step in job.steps {
            let mut names_of_step = outer.clone();
            names_of_step.extend(tainted(step.get("env").into_iter()));
            if let Some(script) = script(step)
                && injected(script, &names_of_step)
            {
                let text = "an expression puts what a stranger wrote into a script: pass it by `env` and quote the variable";
                deviations.push(found("SCRIPT_INJECTION", &job, script, text));
            }
            if privileged && takes_head(step) {
                let text = "code of a pull request is checked out where the token and secrets of the repository are";
                deviations.push(
                    found("UNTRUSTED_CHECKOUT", &job, step, text).severity(Severity::Critical),
                );
            }
        }
    }
    Ok(workflows.verdict(deviations, Vec::new()))
}

fn found(code: &str, job: &Job<'_>, node: &Node, text: &str) -> Deviation {
    Deviation::new(code, job.item(), text)
        .severity(Severity::High)
        .at(job.workflow.place(node))
}

/// What a step runs as a program.
fn script(step: &Node) -> Option<&Node> {
    let of_action = step
        .text_at(&["uses"])
        .filter(|action| {
            action
                .to_ascii_lowercase()
                .starts_with("actions/github-script@")
        })
        .and_then(|_| step.at(&["with", "script"]));
    step.get("run").or(of_action)
}

/// Variables whose values strangers decide.
fn tainted<'a>(environments: impl Iterator<Item = &'a Node>) -> BTreeSet<String> {
    let mut names_of = BTreeSet::new();
    for environment in environments {
        for (name, value) in environment.entries() {
            if value.text().is_some_and(untrusted) {
                names_of.insert(name.to_ascii_lowercase());
            }
        }
    }
    names_of
}

fn untrusted(text: &str) -> bool {
    of(text)
        .iter()
        .any(|expression| names(expression).any(|name| is_untrusted(&name)))
}

fn injected(script: &Node, variables: &BTreeSet<String>) -> bool {
    let Some(text) = script.text() else {
        return false;
    };
    let through = |expression: &String| {
        names(expression)
            .any(|name| matches!(name.as_slice(), ["env", one] if variables.contains(*one)))
    };
    untrusted(text) || of(text).iter().any(through)
}

/// Whether a step brings the code of a pull request.
fn takes_head(step: &Node) -> bool {
    let mut of_head = false;
    let checkout = step
        .text_at(&["uses"])
        .is_some_and(|action| action.to_ascii_lowercase().starts_with("actions/checkout@"));
    if checkout && let Some(with) = step.get("with") {
        with.each_text("", &mut |key, node| {
            if matches!(key, "ref" | "repository") {
                let text = node.text().unwrap_or_default();
                of_head |= text.contains("refs/pull/");
                of_head |= of(text).iter().any(|one| {
                    one.contains("github.event.pull_request.head")
                        || one.contains("github.event.pull_request.merge_commit_sha")
                        || one.contains("github.event.workflow_run.head")
                        || one.contains("github.head_ref")
                        || one.contains("github.event.number")
                        || one.contains("github.event.issue.number")
                });
            }
        });
    }
    if let Some(run) = step.text_at(&["run"]) {
        let words: Vec<&str> = run.split_whitespace().collect();
        let gh = words
            .windows(3)
            .any(|three| three == ["gh", "pr", "checkout"]);
        let fetch =
            run.contains("git fetch") || run.contains("git pull") || run.contains("git checkout");
        of_head |= gh
            || (fetch && (run.contains("pull/") || run.contains("github.event.pull_request.head")));
    }
    of_head
}
