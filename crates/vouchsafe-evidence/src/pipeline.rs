//! The pipeline: GitHub Actions workflows, as files of the repository.

mod deploys;
mod expressions;
mod permissions;
mod pinned;
mod secrets;
mod untrusted;
mod workflows;

use serde::Deserialize;

use crate::area::{Area, EvidenceType, People};
use crate::collect::{Call, Collector, Sink};
use crate::files::{self, Wanted};
use crate::inputs::Context;
use crate::judgement::Judgement;
use crate::project::Project;
use crate::store::WriteError;
use crate::yaml;

/// The type of evidence that workflows and the repository's own actions are.
pub(crate) const WORKFLOWS: &str = "pipeline.workflows/1";
/// The register of credentials, which others collect and judge.
const CREDENTIALS: &str = "register.credentials/1";
/// Where GitHub looks for workflows, and where repositories keep actions of their own.
const FOLDERS: [&str; 2] = [".github/workflows", ".github/actions"];

pub(crate) const AREA: Area = Area {
    types: &[
        EvidenceType {
            name: WORKFLOWS,
            title: "GitHub Actions workflows and the repository's own actions",
            people: People::Workforce,
        },
        EvidenceType {
            name: CREDENTIALS,
            title: "evidence/credentials.toml: credentials, their owners and ends",
            people: People::Workforce,
        },
    ],
    collectors: &[&Workflows],
    checks: &[
        include_str!("../data/checks/pipeline-pinned.toml"),
        include_str!("../data/checks/pipeline-permissions.toml"),
        include_str!("../data/checks/pipeline-untrusted-input.toml"),
        include_str!("../data/checks/pipeline-environments.toml"),
    ],
    evaluators: &[
        ("pipeline.pinned", pinned::judge),
        ("pipeline.permissions", permissions::judge),
        ("pipeline.untrusted-input", untrusted::judge),
        ("pipeline.environments", environments),
    ],
};

/// `[pipeline]` of `evidence.toml`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// Files, folders and patterns; those of GitHub where none is named.
    pub(crate) workflows: Vec<String>,
    /// Jobs that deploy (`FILE:JOB`), beside those whose names say so.
    pub(crate) deploys: Vec<String>,
}

/// Collects workflows.
#[derive(Debug)]
struct Workflows;

impl Workflows {
    fn patterns(project: &Project) -> Vec<String> {
        let named = &project.settings.pipeline.workflows;
        if !named.is_empty() {
            return named.clone();
        }
        let there = |folder: &&str| project.root().join(folder).is_dir();
        FOLDERS
            .iter()
            .filter(|folder| there(folder))
            .map(|folder| (*folder).to_owned())
            .collect()
    }
}

impl Collector for Workflows {
    fn name(&self) -> &'static str {
        "workflows"
    }

    fn plan(&self, project: &Project) -> Vec<Call> {
        let patterns = Self::patterns(project);
        let call = |pattern: &String| Call::new(format!("read {pattern}"), "none");
        patterns.iter().map(call).collect()
    }

    fn collect(&self, project: &Project, sink: &mut Sink<'_>) -> Result<(), WriteError> {
        let patterns = Self::patterns(project);
        let wanted = Wanted {
            schema: WORKFLOWS,
            patterns: &patterns,
            endings: &[".yml", ".yaml"],
        };
        files::store(project, sink, &wanted, |_, content| {
            yaml::document(&content).map(|_| content)
        })
    }
}

/// The check `pipeline.environments`: jobs that deploy, and secrets.
fn environments(context: &Context<'_>) -> Result<Judgement, String> {
    let workflows = workflows::Workflows::of(context)?;
    let settings = match context.last(crate::project::SETTINGS) {
        Some(_) => context.settings()?.pipeline.clone(),
        None => Settings::default(),
    };
    let (mut deviations, mut unobservable) = deploys::judge(context, &workflows, &settings)?;
    let (more, unseen) = secrets::judge(context, &workflows)?;
    deviations.extend(more);
    unobservable.extend(unseen);
    Ok(workflows.verdict(deviations, unobservable))
}

#[cfg(test)]
mod tests;
