//! Autoscalers: each targets a workload that is there, and has room.

use super::Cluster;
use super::objects::{Object, Objects};
use super::workloads::{Kind, Workload};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity, Unobservable};
use crate::yaml::Node;

const HPA: &str = "HorizontalPodAutoscaler";
/// Kinds of Kubernetes' own that can be scaled.
const SCALED: [&str; 4] = [
    "Deployment",
    "StatefulSet",
    "ReplicaSet",
    "ReplicationController",
];

type Fault = (&'static str, String);

/// Notes in each workload the fewest pods that its autoscaler leaves.
pub(super) fn mark(objects: &Objects, workloads: &mut [Workload]) {
    for workload in workloads {
        let ours = objects.of_kind(HPA).filter(|hpa| targets(hpa, workload));
        workload.scaled = ours.map(minimum).min();
    }
}

/// The check `k8s.hpa`.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let cluster = Cluster::of(context)?;
    let mut deviations = Vec::new();
    let mut unobservable = Vec::new();
    for hpa in cluster.objects.of_kind(HPA) {
        if cluster.settings.is_production(&hpa.namespace) {
            autoscaler(&cluster, hpa, &mut deviations, &mut unobservable);
        }
    }
    for workload in cluster.production() {
        let count = cluster
            .objects
            .of_kind(HPA)
            .filter(|hpa| targets(hpa, workload))
            .count();
        let text = match count {
            0 if workload.object.kind == "Deployment"
                && !workload.among(&cluster.settings.fixed) =>
            {
                (
                    "HPA_MISSING",
                    "no autoscaler targets it; name it in `fixed` when its size is meant to stay",
                )
            }
            0 | 1 => continue,
            _ => ("HPA_CONFLICT", "more than one autoscaler targets it"),
        };
        deviations
            .push(Deviation::new(text.0, workload.item(), text.1).at(workload.object.place()));
    }
    for name in &cluster.settings.fixed {
        if !cluster
            .workloads
            .iter()
            .any(|workload| &workload.short() == name)
        {
            deviations.push(
                Deviation::new(
                    "FIXED_UNKNOWN",
                    name,
                    "`fixed` names a workload that is not in the manifests",
                )
                .severity(Severity::Low),
            );
        }
    }
    Ok(cluster.verdict(deviations, unobservable))
}

fn autoscaler(
    cluster: &Cluster,
    hpa: &Object,
    deviations: &mut Vec<Deviation>,
    unobservable: &mut Vec<Unobservable>,
) {
    let item = hpa.item();
    let mut found = room(hpa);
    let target = |field| {
        hpa.body
            .text_at(&["spec", "scaleTargetRef", field])
            .unwrap_or("?")
    };
    let (kind, name) = (target("kind"), target("name"));
    match cluster
        .workloads
        .iter()
        .find(|workload| targets(hpa, workload))
    {
        Some(workload) if workload.kind == Kind::Replicated => {
            found.extend(unmeasured(hpa, workload))
        }
        Some(_) => found.push((
            "HPA_TARGET_MISSING",
            "its target cannot be scaled".to_owned(),
        )),
        None if SCALED.contains(&kind) => {
            let text =
                format!("its target {kind} {name} is not in the manifests of this namespace");
            found.push(("HPA_TARGET_MISSING", text));
        }
        None => unobservable.push(Unobservable {
            item: item.clone(),
            what: format!("its target is a {kind}, a kind that is not known here"),
        }),
    }
    let found = found.into_iter();
    deviations.extend(found.map(|(code, text)| Deviation::new(code, &item, text).at(hpa.place())));
}

/// Whether it can grow, and leaves enough.
fn room(hpa: &Object) -> Vec<Fault> {
    let mut found = Vec::new();
    let least = minimum(hpa);
    if least < 2 {
        let text = format!("it may go down to {least}; two pods are the fewest that survive one");
        found.push(("HPA_MIN_TOO_LOW", text));
    }
    let most = hpa.body.at(&["spec", "maxReplicas"]).and_then(Node::int);
    let policy = hpa
        .body
        .text_at(&["spec", "behavior", "scaleUp", "selectPolicy"]);
    let text = match most {
        None => "it has no maxReplicas".to_owned(),
        Some(most) if most <= least => format!("it cannot grow: from {least} to {most} pods"),
        Some(_) if policy == Some("Disabled") => {
            "growing is switched off (scaleUp: Disabled)".to_owned()
        }
        Some(_) => return found,
    };
    found.push(("HPA_NO_ROOM", text));
    found
}

/// Containers that request nothing of what the autoscaler measures a share of.
fn unmeasured(hpa: &Object, workload: &Workload) -> Vec<Fault> {
    let mut found = Vec::new();
    for (resource, container) in utilisation(hpa) {
        let staying = workload.containers().into_iter().filter(|one| one.stays);
        for one in staying.filter(|one| container.is_none_or(|name| name == one.name)) {
            if !requests(one.node, resource) {
                let name = one.name;
                let text = format!(
                    "the container {name} requests no {resource}: there is nothing to measure a share of"
                );
                found.push(("HPA_NO_REQUESTS", text));
            }
        }
    }
    found
}

/// The fewest pods that an autoscaler leaves; Kubernetes takes 1 where it does not say.
fn minimum(hpa: &Object) -> i64 {
    let given = hpa.body.at(&["spec", "minReplicas"]);
    given.and_then(Node::int).unwrap_or(1)
}

fn targets(hpa: &Object, workload: &Workload) -> bool {
    let target = |field| hpa.body.text_at(&["spec", "scaleTargetRef", field]);
    let group = |version: &str| {
        version
            .split_once('/')
            .map_or(String::new(), |(group, _)| group.to_owned())
    };
    hpa.namespace == workload.namespace
        && target("name") == Some(&workload.object.name)
        && target("kind") == Some(&workload.object.kind)
        && target("apiVersion")
            .is_none_or(|version| group(version) == group(&workload.object.version))
}

/// Resources of which an autoscaler measures the used share, and the container where it names one.
fn utilisation(hpa: &Object) -> Vec<(&str, Option<&str>)> {
    let metrics = hpa.body.list_at(&["spec", "metrics"]);
    if metrics.is_empty() {
        // Version 1 has only this, and version 2 takes 80 % of the CPU where it names no metric.
        return vec![("cpu", None)];
    }
    let share = |metric: &'static str| {
        move |node: &'_ Node| {
            let about = node.get(metric)?;
            let is_share = about.text_at(&["target", "type"]) == Some("Utilization")
                || about.get("targetAverageUtilization").is_some();
            is_share.then_some(())
        }
    };
    let mut found = Vec::new();
    for metric in metrics {
        if share("resource")(metric).is_some() {
            found.push((metric.text_at(&["resource", "name"]).unwrap_or("cpu"), None));
        }
        if share("containerResource")(metric).is_some() {
            let name = metric
                .text_at(&["containerResource", "name"])
                .unwrap_or("cpu");
            found.push((name, metric.text_at(&["containerResource", "container"])));
        }
    }
    found
}

/// Whether a container requests a resource; a limit without a request is one.
pub(super) fn requests(container: &Node, resource: &str) -> bool {
    let of = |what| {
        container
            .at(&["resources", what, resource])
            .and_then(Node::text)
    };
    of("requests")
        .or_else(|| of("limits"))
        .is_some_and(|amount| !amount.trim_start_matches('0').is_empty())
}
