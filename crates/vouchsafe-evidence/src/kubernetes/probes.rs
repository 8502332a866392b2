//! Probes and limits: traffic goes to what is ready, and one container does not starve a node.

use super::Cluster;
use super::scaling::requests;
use super::workloads::Kind;
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity};
use crate::yaml::Node;

/// The check `k8s.probes-and-limits`.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let cluster = Cluster::of(context)?;
    let mut deviations = Vec::new();
    for workload in cluster.production() {
        for one in workload.containers().iter().filter(|one| !one.ephemeral) {
            let item = format!("{}/{}", workload.item(), one.name);
            let place = workload.object.place_of(one.node);
            let mut say = |code: &str, severity, text: &str| {
                deviations.push(
                    Deviation::new(code, &item, text)
                        .severity(severity)
                        .at(&place),
                );
            };
            if workload.kind == Kind::Replicated
                && one.stays
                && one.node.get("readinessProbe").is_none()
            {
                say(
                    "NO_READINESS",
                    Severity::Medium,
                    "it has no readinessProbe: traffic comes before it can answer",
                );
            }
            if one
                .node
                .at(&["resources", "limits", "memory"])
                .and_then(Node::text)
                .is_none()
            {
                say(
                    "NO_MEMORY_LIMIT",
                    Severity::Medium,
                    "it has no limit of memory",
                );
            }
            if !requests(one.node, "cpu") || !requests(one.node, "memory") {
                say(
                    "NO_REQUESTS",
                    Severity::Low,
                    "it does not request cpu and memory",
                );
            }
        }
    }
    Ok(cluster.verdict(deviations, Vec::new()))
}
