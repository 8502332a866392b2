//! Network policies: each namespace denies by default, and leads to no unnamed place.

use std::collections::BTreeSet;

use super::Cluster;
use super::objects::Object;
use super::selector;
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity, Unobservable};
use crate::yaml::Node;

/// Policies of other network plug-ins, which may deny where Kubernetes' own do not.
const FOREIGN: [&str; 6] = [
    "CiliumNetworkPolicy.",
    "CiliumClusterwideNetworkPolicy.",
    "GlobalNetworkPolicy.",
    "NetworkPolicy.",
    "AdminNetworkPolicy.",
    "BaselineAdminNetworkPolicy.",
];

#[derive(Clone, Copy, Eq, PartialEq)]
enum Direction {
    Ingress,
    Egress,
}

impl Direction {
    const fn name(self) -> &'static str {
        match self {
            Self::Ingress => "Ingress",
            Self::Egress => "Egress",
        }
    }

    /// The field of rules, and that of the peers in a rule.
    const fn fields(self) -> (&'static str, &'static str) {
        match self {
            Self::Ingress => ("ingress", "from"),
            Self::Egress => ("egress", "to"),
        }
    }
}

/// The check `net.policy`.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let cluster = Cluster::of(context)?;
    let mut deviations = Vec::new();
    let mut unobservable = Vec::new();
    let namespaces: BTreeSet<&str> = cluster
        .production()
        .map(|workload| workload.namespace.as_str())
        .collect();
    let policies: Vec<&Object> = cluster.objects.of_kind("NetworkPolicy").collect();
    let foreign = cluster
        .objects
        .all
        .iter()
        .any(|object| FOREIGN.iter().any(|kind| object.kind.starts_with(kind)));
    for namespace in namespaces {
        let here: Vec<_> = policies
            .iter()
            .filter(|policy| policy.namespace == namespace)
            .collect();
        for direction in [Direction::Ingress, Direction::Egress] {
            let denied = here.iter().any(|policy| isolates_all(policy, direction));
            let item = format!("{namespace}/{}", direction.name());
            if denied {
                continue;
            }
            if foreign {
                let what = "policies of a network plug-in are there, which are not read here; add a NetworkPolicy that denies by default";
                unobservable.push(Unobservable {
                    item,
                    what: what.to_owned(),
                });
                continue;
            }
            let (code, text) = match direction {
                Direction::Ingress => (
                    "NO_DEFAULT_DENY_INGRESS",
                    "no policy with an empty podSelector denies what comes in",
                ),
                Direction::Egress => (
                    "NO_DEFAULT_DENY_EGRESS",
                    "no policy with an empty podSelector denies what goes out",
                ),
            };
            deviations.push(Deviation::new(code, item, text));
        }
    }
    for policy in policies {
        if cluster.settings.is_production(&policy.namespace) {
            check_selector(policy)?;
            rules(policy, &mut deviations)?;
        }
    }
    Ok(cluster.verdict(deviations, unobservable))
}

fn check_selector(policy: &Object) -> Result<(), String> {
    let selector = policy.body.at(&["spec", "podSelector"]);
    selector::selects(selector, &selector::Labels::new())
        .map(|_| ())
        .map_err(|why| format!("{}: {why}", policy.place()))
}

/// Whether a policy is of a direction; egress only where it says so or has rules for it.
fn is_of(policy: &Object, direction: Direction) -> bool {
    let types = policy.body.list_at(&["spec", "policyTypes"]);
    if types.is_empty() {
        return direction == Direction::Ingress || policy.body.at(&["spec", "egress"]).is_some();
    }
    types.iter().any(|one| one.text() == Some(direction.name()))
}

/// Whether all pods of the namespace are cut off in a direction, but for what rules let through.
fn isolates_all(policy: &Object, direction: Direction) -> bool {
    let selector = policy.body.at(&["spec", "podSelector"]);
    let all = selector.is_none_or(|selector| {
        selector
            .entries()
            .iter()
            .all(|(_, below)| below.entries().is_empty() && below.list().is_empty())
    });
    let (field, peers) = direction.fields();
    let open = policy
        .body
        .list_at(&["spec", field])
        .iter()
        .any(|rule| rule.list_at(&[peers]).is_empty() && rule.list_at(&["ports"]).is_empty());
    all && !open && is_of(policy, direction)
}

fn rules(policy: &Object, deviations: &mut Vec<Deviation>) -> Result<(), String> {
    let mut say = |code: &str, node: &Node, text: String, severity| {
        let found = Deviation::new(code, policy.item(), text).severity(severity);
        deviations.push(found.at(policy.place_of(node)));
    };
    if is_of(policy, Direction::Egress) {
        for rule in policy.body.list_at(&["spec", "egress"]) {
            let peers = rule.list_at(&["to"]);
            if peers.is_empty() {
                let text = "a rule lets traffic out to every address";
                say("EGRESS_TO_ANYWHERE", rule, text.to_owned(), Severity::High);
            }
            for peer in peers {
                let Some(cidr) = peer.text_at(&["ipBlock", "cidr"]) else {
                    continue;
                };
                let wide = prefix(cidr)
                    .ok_or_else(|| format!("{}: {cidr} is no CIDR", policy.place_of(peer)))?;
                if wide < 8 {
                    let text = format!("a rule lets traffic out to {cidr}");
                    say("EGRESS_TO_ANYWHERE", peer, text, Severity::High);
                }
            }
        }
    }
    if is_of(policy, Direction::Ingress) {
        for rule in policy.body.list_at(&["spec", "ingress"]) {
            if rule.list_at(&["from"]).is_empty() && rule.list_at(&["ports"]).is_empty() {
                let text = "a rule lets traffic in from everywhere to every port";
                say(
                    "INGRESS_FROM_ANYWHERE",
                    rule,
                    text.to_owned(),
                    Severity::Medium,
                );
            }
        }
    }
    Ok(())
}

/// The length of the prefix of a CIDR.
fn prefix(cidr: &str) -> Option<u8> {
    let (address, length) = cidr.split_once('/')?;
    let address: std::net::IpAddr = address.parse().ok()?;
    let length: u8 = length.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    (length <= most).then_some(length)
}
