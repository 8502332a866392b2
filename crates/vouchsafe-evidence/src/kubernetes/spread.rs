//! Spread over zones: the loss of one leaves pods in another.

use super::Cluster;
use super::selector;
use super::workloads::{Kind, Workload};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement};
use crate::yaml::Node;

const ZONE: &str = "topology.kubernetes.io/zone";

/// The check `k8s.multi-az`.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let cluster = Cluster::of(context)?;
    let mut deviations = Vec::new();
    for workload in cluster.production() {
        if workload.kind != Kind::Replicated || workload.among(&cluster.settings.single) {
            continue;
        }
        if let Some((code, text)) = one(workload)? {
            deviations
                .push(Deviation::new(code, workload.item(), text).at(workload.object.place()));
        }
    }
    Ok(cluster.verdict(deviations, Vec::new()))
}

fn one(workload: &Workload) -> Result<Option<(&'static str, String)>, String> {
    let pods = workload.fewest();
    if pods == 0 {
        return Ok(None);
    }
    if pods < 2 {
        let text = "it runs one pod; name it in `single` when it may be gone for a while";
        return Ok(Some(("ONE_REPLICA", text.to_owned())));
    }
    if pinned(&workload.pod) {
        let text = "its nodeSelector or node affinity allows one zone only";
        return Ok(Some(("ZONE_PINNED", text.to_owned())));
    }
    let constraints = workload.pod.list_at(&["topologySpreadConstraints"]);
    let mut nearest = None;
    for constraint in constraints {
        if constraint.text_at(&["topologyKey"]) != Some(ZONE) {
            continue;
        }
        match fault(constraint, workload)? {
            None => return Ok(None),
            Some(fault) => nearest = Some(fault),
        }
    }
    if apart(workload)? {
        return Ok(None);
    }
    Ok(Some(nearest.unwrap_or_else(|| {
        let text = format!("no topologySpreadConstraint over {ZONE}");
        ("ZONE_SPREAD_MISSING", text)
    })))
}

fn fault(constraint: &Node, workload: &Workload) -> Result<Option<(&'static str, String)>, String> {
    let selector = constraint.get("labelSelector");
    let ours = selector::selects(selector, &workload.labels)
        .map_err(|why| format!("{}: {why}", workload.object.place_of(constraint)))?;
    if !ours {
        let text = "the labelSelector of its zone constraint does not select its own pods";
        return Ok(Some(("ZONE_SPREAD_SELECTOR", text.to_owned())));
    }
    match constraint.text_at(&["whenUnsatisfiable"]) {
        // The default of Kubernetes.
        None | Some("DoNotSchedule") => {}
        Some(_) => {
            let text =
                "its zone constraint is a wish (ScheduleAnyway): all pods may end in one zone";
            return Ok(Some(("ZONE_SPREAD_SOFT", text.to_owned())));
        }
    }
    let skew = constraint.get("maxSkew").and_then(Node::int);
    if skew != Some(1) {
        let text = "the maxSkew of its zone constraint is not 1";
        return Ok(Some(("ZONE_SPREAD_SKEW", text.to_owned())));
    }
    Ok(None)
}

/// Whether its pods may not share a zone at all: a required anti-affinity with themselves.
fn apart(workload: &Workload) -> Result<bool, String> {
    let path = [
        "affinity",
        "podAntiAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
    ];
    for term in workload.pod.list_at(&path) {
        let elsewhere = term.get("namespaces").is_some() || term.get("namespaceSelector").is_some();
        if term.text_at(&["topologyKey"]) == Some(ZONE)
            && !elsewhere
            && selector::selects(term.get("labelSelector"), &workload.labels)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether its pods may only run in one zone.
fn pinned(pod: &Node) -> bool {
    let by_selector = pod
        .get("nodeSelector")
        .is_some_and(|selector| selector.get(ZONE).is_some());
    let path = [
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    ];
    let terms = pod.list_at(&path);
    // One of the terms has to hold, and in a term every expression.
    let zones: Vec<Option<Vec<&str>>> = terms.iter().map(zones).collect();
    let mut all: Vec<&str> = zones.iter().flatten().flatten().copied().collect();
    all.sort_unstable();
    all.dedup();
    by_selector || (!terms.is_empty() && zones.iter().all(Option::is_some) && all.len() == 1)
}

/// The zones that a term of a node affinity asks for, where it asks for any.
fn zones(term: &Node) -> Option<Vec<&str>> {
    let mut expressions = term.list_at(&["matchExpressions"]).iter();
    let about = expressions.find(|one| {
        one.text_at(&["key"]) == Some(ZONE) && one.text_at(&["operator"]) == Some("In")
    })?;
    Some(
        about
            .list_at(&["values"])
            .iter()
            .filter_map(Node::text)
            .collect(),
    )
}
