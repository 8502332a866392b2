//! Workloads: objects that start pods.

use super::objects::{Object, Objects};
use super::selector::{self, Labels};
use crate::yaml::Node;

/// An object that starts pods.
#[derive(Clone, Debug)]
pub(super) struct Workload {
    pub(super) object: Object,
    pub(super) kind: Kind,
    pub(super) namespace: String,
    /// The labels of its pods.
    pub(super) labels: Labels,
    /// The specification of its pods.
    pub(super) pod: Node,
    /// How many pods the manifest asks for.
    pub(super) replicas: i64,
    /// The fewest that an autoscaler leaves, where one targets it.
    pub(super) scaled: Option<i64>,
}

/// How a workload runs its pods.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// So many at a time, until told otherwise: Deployment, StatefulSet, ReplicaSet, ReplicationController.
    Replicated,
    /// One on each node.
    PerNode,
    /// Until they are done: Job, CronJob.
    ToTheEnd,
    /// A pod by itself.
    Bare,
}

/// A container and what it is for.
pub(super) struct Container<'a> {
    pub(super) node: &'a Node,
    pub(super) name: &'a str,
    /// Whether it runs as long as the pod does.
    pub(super) stays: bool,
    /// Whether it is for debugging: such a one has no probes and no resources.
    pub(super) ephemeral: bool,
}

impl Workload {
    /// How findings name it.
    pub(super) fn item(&self) -> String {
        self.object.item()
    }

    /// How settings name it.
    pub(super) fn short(&self) -> String {
        format!("{}/{}", self.namespace, self.object.name)
    }

    /// Whether settings name it.
    pub(super) fn among(&self, names: &[String]) -> bool {
        names.contains(&self.short())
    }

    /// The fewest pods that it runs.
    pub(super) fn fewest(&self) -> i64 {
        self.scaled.unwrap_or(self.replicas)
    }

    /// All its containers: those that prepare, those that run, those for debugging.
    pub(super) fn containers(&self) -> Vec<Container<'_>> {
        let lists = ["initContainers", "containers", "ephemeralContainers"];
        let mut all = Vec::new();
        for list in lists {
            for node in self.pod.list_at(&[list]) {
                let sidecar = node.text_at(&["restartPolicy"]) == Some("Always");
                all.push(Container {
                    node,
                    name: node.text_at(&["name"]).unwrap_or("(unnamed)"),
                    stays: list == "containers" || (list == "initContainers" && sidecar),
                    ephemeral: list == "ephemeralContainers",
                });
            }
        }
        all
    }
}

/// All workloads, in the order of their names.
pub(super) fn all(objects: &Objects) -> Result<Vec<Workload>, String> {
    let mut workloads = Vec::new();
    for object in &objects.all {
        let (kind, path): (_, &[&str]) = match object.kind.as_str() {
            "Deployment" | "StatefulSet" | "ReplicationController" => {
                (Kind::Replicated, &["spec", "template"])
            }
            // A ReplicaSet of a Deployment is the Deployment's.
            "ReplicaSet" if object.body.at(&["metadata", "ownerReferences"]).is_none() => {
                (Kind::Replicated, &["spec", "template"])
            }
            "DaemonSet" => (Kind::PerNode, &["spec", "template"]),
            "Job" if object.body.at(&["metadata", "ownerReferences"]).is_none() => {
                (Kind::ToTheEnd, &["spec", "template"])
            }
            "CronJob" => (Kind::ToTheEnd, &["spec", "jobTemplate", "spec", "template"]),
            "Pod" if object.body.at(&["metadata", "ownerReferences"]).is_none() => {
                (Kind::Bare, &[])
            }
            _ => continue,
        };
        workloads.push(read(object, kind, path)?);
    }
    super::scaling::mark(objects, &mut workloads);
    Ok(workloads)
}

fn read(object: &Object, kind: Kind, path: &[&str]) -> Result<Workload, String> {
    let fault = |what: &str| format!("{}: {} {what}", object.place(), object.item());
    let template = object
        .body
        .at(path)
        .ok_or_else(|| fault("has no pod template"))?;
    let pod = template
        .get("spec")
        .ok_or_else(|| fault("has no specification of its pods"))?;
    if pod.list_at(&["containers"]).is_empty() {
        return Err(fault("has no containers"));
    }
    let replicas = match object.body.at(&["spec", "replicas"]) {
        None => 1,
        Some(given) => given
            .int()
            .ok_or_else(|| fault("has replicas that are no number"))?,
    };
    Ok(Workload {
        object: object.clone(),
        kind,
        namespace: object.namespace.clone(),
        labels: selector::labels(template.at(&["metadata", "labels"])),
        pod: pod.clone(),
        replicas: if kind == Kind::Bare { 1 } else { replicas },
        scaled: None,
    })
}
