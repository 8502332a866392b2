//! Disruption budgets: each selects exactly its workload and lets a node drain.

use super::Cluster;
use super::objects::Object;
use super::selector;
use super::workloads::{Kind, Workload};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement};
use crate::yaml::Node;

const PDB: &str = "PodDisruptionBudget";

/// The check `k8s.pdb`.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let cluster = Cluster::of(context)?;
    let mut deviations = Vec::new();
    let mut of_workload: Vec<(&Workload, usize)> = cluster
        .production()
        .filter(|workload| matches!(workload.kind, Kind::Replicated | Kind::Bare))
        .map(|workload| (workload, 0))
        .collect();
    for budget in cluster.objects.of_kind(PDB) {
        if !cluster.settings.is_production(&budget.namespace) {
            continue;
        }
        let mut selected = Vec::new();
        for (workload, count) in &mut of_workload {
            if selects(budget, workload)? {
                *count = count.saturating_add(1);
                selected.push(*workload);
            }
        }
        if selected.is_empty() {
            let others = others(&cluster, budget)?;
            if others {
                continue;
            }
        }
        deviations.extend(one(budget, &selected));
    }
    for (workload, count) in of_workload {
        let (code, text) = match count {
            0 if workload.fewest() >= 2 && workload.kind == Kind::Replicated => (
                "PDB_MISSING",
                "no budget selects its pods: a drain may take all of them at once",
            ),
            0 | 1 => continue,
            _ => (
                "PDB_OVERLAP",
                "more than one budget selects its pods: Kubernetes then refuses every eviction",
            ),
        };
        deviations.push(Deviation::new(code, workload.item(), text).at(workload.object.place()));
    }
    Ok(cluster.verdict(deviations, Vec::new()))
}

fn one(budget: &Object, selected: &[&Workload]) -> Vec<Deviation> {
    let item = budget.item();
    let say = |code: &str, text: String| Deviation::new(code, &item, text).at(budget.place());
    let [workload] = selected else {
        return vec![if selected.is_empty() {
            say(
                "PDB_SELECTS_NOTHING",
                "its selector selects the pods of no workload".to_owned(),
            )
        } else {
            let names: Vec<_> = selected.iter().map(|workload| workload.item()).collect();
            say(
                "PDB_SELECTS_OTHERS",
                format!("it selects more than one workload: {}", names.join(", ")),
            )
        }];
    };
    let spec = |field| budget.body.at(&["spec", field]);
    let pods = workload.fewest();
    let left = match (spec("minAvailable"), spec("maxUnavailable")) {
        (Some(_), Some(_)) | (None, None) => {
            return vec![say(
                "PDB_INVALID",
                "it needs one of minAvailable and maxUnavailable".to_owned(),
            )];
        }
        (Some(least), None) => amount(least, pods).map(|least| pods.saturating_sub(least)),
        (None, Some(most)) => amount(most, pods),
    };
    match left {
        None => vec![say(
            "PDB_INVALID",
            "its amount is neither a number nor a percentage".to_owned(),
        )],
        Some(left) if left < 1 => vec![say(
            "PDB_BLOCKS_DRAIN",
            format!("of {pods} pods none may go: a node cannot be drained"),
        )],
        Some(left) if left >= pods && pods >= 2 => vec![say(
            "PDB_ALLOWS_ALL",
            format!("of {pods} pods all may go at once"),
        )],
        Some(_) => Vec::new(),
    }
}

fn selects(budget: &Object, workload: &Workload) -> Result<bool, String> {
    if budget.namespace != workload.namespace {
        return Ok(false);
    }
    let selector = budget.body.at(&["spec", "selector"]);
    let empty = selector.is_some_and(|selector| {
        selector
            .entries()
            .iter()
            .all(|(_, below)| below.entries().is_empty() && below.list().is_empty())
    });
    if empty && budget.version == "policy/v1beta1" {
        return Ok(false);
    }
    selector::selects(selector, &workload.labels)
        .map_err(|why| format!("{}: {why}", budget.place()))
}

/// Whether a budget selects pods that it does not matter for, which is no fault: those of jobs and of each node.
fn others(cluster: &Cluster, budget: &Object) -> Result<bool, String> {
    for workload in &cluster.workloads {
        if selects(budget, workload)? {
            return Ok(true);
        }
    }
    Ok(!cluster.objects.podlike.is_empty())
}

/// A number, or a percentage of the pods; Kubernetes rounds both budgets up.
fn amount(given: &Node, pods: i64) -> Option<i64> {
    if let Some(number) = given.int() {
        return (number >= 0).then_some(number);
    }
    let percent: i64 = given.text()?.strip_suffix('%')?.parse().ok()?;
    if percent < 0 {
        return None;
    }
    let hundredths = percent.checked_mul(pods)?;
    Some(hundredths.saturating_add(99).div_euclid(100))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    #[test]
    fn percentages_are_rounded_up_as_kubernetes_does() {
        for (given, pods, expected) in [
            ("1", 3, Some(1)),
            ("50%", 3, Some(2)),
            ("51%", 2, Some(2)),
            ("1%", 2, Some(1)),
            ("0%", 2, Some(0)),
            ("100%", 7, Some(7)),
            ("-1", 7, None),
            ("half", 7, None),
            ("'1'", 7, None),
        ] {
            let node = yaml::document(given.as_bytes()).unwrap();
            assert_eq!(amount(&node, pods), expected, "{given} of {pods}");
        }
    }
}
