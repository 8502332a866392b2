//! Jobs that deploy: each names an environment, which may ask for a person's word.

use super::Settings;
use super::workflows::{Job, Workflows};
use crate::inputs::Context;
use crate::judgement::{Deviation, Unobservable};
use crate::yaml::Node;

/// Jobs that deploy without an environment.
pub(super) fn judge(
    context: &Context<'_>,
    workflows: &Workflows,
    settings: &Settings,
) -> Result<(Vec<Deviation>, Vec<Unobservable>), String> {
    let words: Vec<String> = context.check.parameter("deploy_words")?;
    let (mut deviations, mut unobservable) = (Vec::new(), Vec::new());
    for named in &settings.deploys {
        if !workflows.jobs().any(|job| &job.item() == named) {
            let text = "`deploys` names a job that is not in the workflows";
            deviations.push(Deviation::new("DEPLOY_UNKNOWN", named, text));
        }
    }
    for job in workflows.jobs().filter(|job| !job.id.is_empty()) {
        if !deploys(&job, &words, settings) || has_environment(&job) {
            continue;
        }
        match job.node.text_at(&["uses"]) {
            // The job that calls cannot name one; the jobs that are called do.
            Some(called) => match workflows.local(called) {
                Some(callee) if callee.jobs().iter().any(has_environment) => {}
                Some(_) => deviations.push(without(&job)),
                None => unobservable.push(Unobservable {
                    item: job.item(),
                    what: format!("it calls {called}, whose jobs are not in this repository"),
                }),
            },
            None => deviations.push(without(&job)),
        }
    }
    Ok((deviations, unobservable))
}

fn without(job: &Job<'_>) -> Deviation {
    let text =
        "it deploys and names no environment: nobody is asked, and its secrets are every job's";
    Deviation::new("DEPLOY_WITHOUT_ENVIRONMENT", job.item(), text).at(job.workflow.place(job.node))
}

fn has_environment(job: &Job<'_>) -> bool {
    let environment = job.node.get("environment");
    environment.is_some_and(|node| node.text().or_else(|| node.text_at(&["name"])).is_some())
}

fn deploys(job: &Job<'_>, words: &[String], settings: &Settings) -> bool {
    let said = |text: &str| {
        let lower = text.to_ascii_lowercase();
        let mut parts = lower.split(|char: char| !char.is_ascii_alphanumeric());
        parts.any(|part| words.iter().any(|word| word == part))
    };
    settings.deploys.contains(&job.item())
        || said(job.id)
        || job.node.get("name").and_then(Node::text).is_some_and(said)
}
