//! Autoscalers: each targets a workload that is there, and has room.

use super::Cluster;
use super::objects::{Object, Objects};
use super::workloads::{Kind, Workload};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity, Unobservable};
use crate::yaml::Node;

const HPA: &str = "HorizontalPodAutoscaler";

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
    let mut say = |code: &str, text: String| {
        deviations.push(Deviation::new(code, &item, text).at(hpa.place()));
    };
    let (least, most) = (
        minimum(hpa),
        hpa.body.at(&["spec", "maxReplicas"]).and_then(Node::int),
    );
    if least < 2 {
        say(
            "HPA_MIN_TOO_LOW",
            format!("it may go down to {least}; two pods are the fewest that survive one"),
        );
    }
    match most {
        None => say("HPA_NO_ROOM", "it has no maxReplicas".to_owned()),
        Some(most) if most <= least => {
            say(
                "HPA_NO_ROOM",
                format!("it cannot grow: from {least} to {most} pods"),
            );
        }
        Some(_) => {}
    }
    let Some(workload) = cluster
        .workloads
        .iter()
        .find(|workload| targets(hpa, workload))
    else {
        let target = |field| {
            hpa.body
                .text_at(&["spec", "scaleTargetRef", field])
                .unwrap_or("?")
        };
        let (kind, name) = (target("kind"), target("name"));
        if matches!(
            kind,
            "Deployment" | "StatefulSet" | "ReplicaSet" | "ReplicationController"
        ) {
            say(
                "HPA_TARGET_MISSING",
                format!("its target {kind} {name} is not in the manifests of this namespace"),
            );
        } else {
            unobservable.push(Unobservable {
                item,
                what: format!("its target is a {kind}, a kind that is not known here"),
            });
        }
        return;
    };
    if workload.kind != Kind::Replicated {
        say(
            "HPA_TARGET_MISSING",
            "its target cannot be scaled".to_owned(),
        );
    }
    for (resource, container) in utilisation(hpa) {
        let lacking = workload.containers().into_iter().filter(|one| one.stays);
        for one in lacking.filter(|one| container.is_none_or(|name| name == one.name)) {
            if !requests(one.node, resource) {
                say(
                    "HPA_NO_REQUESTS",
                    format!(
                        "the container {} requests no {resource}: there is nothing to measure a share of",
                        one.name
                    ),
                );
            }
        }
    }
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
