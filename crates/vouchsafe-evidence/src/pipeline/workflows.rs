//! Workflows, their jobs and steps.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::WORKFLOWS;
use crate::files;
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Unobservable};
use crate::yaml::{self, Node};

/// A workflow, or an action of the repository itself.
#[derive(Clone, Debug)]
pub(super) struct Workflow {
    pub(super) file: String,
    pub(super) root: Arc<Node>,
}

/// A job of a workflow, or the steps of an action.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job<'a> {
    pub(super) workflow: &'a Workflow,
    pub(super) id: &'a str,
    pub(super) node: &'a Node,
    pub(super) steps: &'a [Node],
}

/// All workflows, by file.
#[derive(Debug)]
pub(super) struct Workflows(pub(super) BTreeMap<String, Workflow>);

impl Workflow {
    /// Whether it is an action and no workflow.
    pub(super) fn is_action(&self) -> bool {
        self.root.get("runs").is_some() && self.root.get("jobs").is_none()
    }

    /// Its jobs; an action has one, without an id.
    pub(super) fn jobs(&self) -> Vec<Job<'_>> {
        if self.is_action() {
            let Some(runs) = self.root.get("runs") else {
                return Vec::new();
            };
            return vec![Job {
                workflow: self,
                id: "",
                node: runs,
                steps: runs.list_at(&["steps"]),
            }];
        }
        let jobs = self.root.get("jobs").map_or(&[][..], Node::entries);
        jobs.iter()
            .map(|(id, node)| Job {
                workflow: self,
                id,
                node,
                steps: node.list_at(&["steps"]),
            })
            .collect()
    }

    /// The events that start it.
    pub(super) fn events(&self) -> Vec<&str> {
        let Some(on) = self.root.get("on") else {
            return Vec::new();
        };
        let keys = on.entries().iter().map(|(event, _)| event.as_str());
        let listed = on.list().iter().filter_map(Node::text);
        keys.chain(listed).chain(on.text()).collect()
    }

    /// The place of a part of it.
    pub(super) fn place(&self, part: &Node) -> String {
        match part.line {
            0 => self.file.clone(),
            line => format!("{}:{line}", self.file),
        }
    }
}

impl Job<'_> {
    /// How findings name it.
    pub(super) fn item(&self) -> String {
        if self.id.is_empty() {
            return self.workflow.file.clone();
        }
        format!("{}:{}", self.workflow.file, self.id)
    }
}

impl Workflows {
    /// Reads the workflows of the last collection.
    pub(super) fn of(context: &Context<'_>) -> Result<Self, String> {
        let mut all = BTreeMap::new();
        for known in files::collected(context, WORKFLOWS)? {
            let file = known.evidence.request.clone();
            let root = context.parsed(known, yaml::document)?;
            let workflow = Workflow {
                file: file.clone(),
                root,
            };
            let jobs = workflow.root.get("jobs").is_some_and(Node::is_map);
            if !workflow.is_action() && !jobs {
                return Err(format!(
                    "{file} is no workflow and no action: it has no jobs and no runs"
                ));
            }
            all.insert(file, workflow);
        }
        Ok(Self(all))
    }

    /// All jobs of all files, in order.
    pub(super) fn jobs(&self) -> impl Iterator<Item = Job<'_>> {
        self.0.values().flat_map(Workflow::jobs)
    }

    /// The file that a reference such as `./.github/actions/x` stands for.
    pub(super) fn local(&self, reference: &str) -> Option<&Workflow> {
        let path = reference.strip_prefix("./")?.trim_end_matches('/');
        let ways = [
            path.to_owned(),
            format!("{path}/action.yml"),
            format!("{path}/action.yaml"),
        ];
        ways.iter().find_map(|way| self.0.get(way))
    }

    /// A verdict, with the number of files.
    pub(super) fn verdict(
        &self,
        deviations: Vec<Deviation>,
        unobservable: Vec<Unobservable>,
    ) -> Judgement {
        let jobs = self.jobs().count();
        Judgement::of(deviations, unobservable)
            .noting(format!("{} files, {jobs} jobs", self.0.len()))
    }
}
