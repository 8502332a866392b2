//! Security contexts: what a container may do that it need not.

use super::Cluster;
use super::workloads::{Container, Workload};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity};
use crate::yaml::Node;

type Fault = (&'static str, Severity, String);

/// The check `k8s.security-context`.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let cluster = Cluster::of(context)?;
    let mut deviations = Vec::new();
    for workload in cluster.production() {
        let place = workload.object.place_of(&workload.pod);
        for (code, severity, text) in pod(workload) {
            deviations.push(
                Deviation::new(code, workload.item(), text)
                    .severity(severity)
                    .at(&place),
            );
        }
        for one in workload.containers() {
            let item = format!("{}/{}", workload.item(), one.name);
            for (code, severity, text) in container(workload, &one) {
                let found = Deviation::new(code, &item, text).severity(severity);
                deviations.push(found.at(workload.object.place_of(one.node)));
            }
        }
    }
    Ok(cluster.verdict(deviations, Vec::new()))
}

fn pod(workload: &Workload) -> Vec<Fault> {
    let mut faults = Vec::new();
    let fields = [
        (
            "hostNetwork",
            "HOST_NETWORK",
            "it shares the network of its node, and no network policy holds for it",
        ),
        ("hostPID", "HOST_PID", "it sees the processes of its node"),
        ("hostIPC", "HOST_IPC", "it shares memory with its node"),
    ];
    for (field, code, text) in fields {
        if set(workload.pod.get(field)) != Some(false) && workload.pod.get(field).is_some() {
            faults.push((code, Severity::High, text.to_owned()));
        }
    }
    for volume in workload.pod.list_at(&["volumes"]) {
        if volume.get("hostPath").is_some() {
            let name = volume.text_at(&["name"]).unwrap_or("(unnamed)");
            faults.push((
                "HOST_PATH",
                Severity::High,
                format!("the volume {name} is a folder of its node"),
            ));
        }
    }
    faults
}

fn container(workload: &Workload, one: &Container<'_>) -> Vec<Fault> {
    let own = |field| one.node.at(&["securityContext", field]);
    let inherited = |field| own(field).or_else(|| workload.pod.at(&["securityContext", field]));
    let mut faults = Vec::new();
    let mut say = |code, severity, text: &str| faults.push((code, severity, text.to_owned()));
    if set(inherited("runAsNonRoot")) != Some(true) {
        say("RUN_AS_ROOT", Severity::Medium, "runAsNonRoot is not true");
    } else if inherited("runAsUser").and_then(Node::int) == Some(0) {
        say("RUN_AS_ROOT", Severity::Medium, "runAsUser is 0");
    }
    if set(own("readOnlyRootFilesystem")) != Some(true) {
        say(
            "ROOT_WRITABLE",
            Severity::Medium,
            "readOnlyRootFilesystem is not true",
        );
    }
    if set(own("allowPrivilegeEscalation")) != Some(false) {
        say(
            "PRIVILEGE_ESCALATION",
            Severity::Medium,
            "allowPrivilegeEscalation is not false",
        );
    }
    if own("privileged").is_some() && set(own("privileged")) != Some(false) {
        say(
            "PRIVILEGED",
            Severity::Critical,
            "it is privileged: it is root on its node",
        );
    }
    let seccomp = inherited("seccompProfile").and_then(|profile| profile.text_at(&["type"]));
    if !matches!(seccomp, Some("RuntimeDefault" | "Localhost")) {
        say(
            "SECCOMP_OFF",
            Severity::Medium,
            "seccompProfile is not RuntimeDefault",
        );
    }
    faults.extend(capabilities(one.node));
    faults
}

/// Capabilities, and ports of the node.
fn capabilities(container: &Node) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut say = |code, severity, text: &str| faults.push((code, severity, text.to_owned()));
    let listed = |list| container.list_at(&["securityContext", "capabilities", list]);
    if !listed("drop").iter().any(|one| {
        one.text()
            .is_some_and(|name| name.eq_ignore_ascii_case("ALL"))
    }) {
        say(
            "CAPABILITIES_KEPT",
            Severity::Medium,
            "capabilities do not drop ALL",
        );
    }
    for added in listed("add").iter().filter_map(Node::text) {
        if !added.eq_ignore_ascii_case("NET_BIND_SERVICE") {
            say(
                "CAPABILITY_ADDED",
                Severity::High,
                &format!("it has the capability {added}"),
            );
        }
    }
    let ports = container.list_at(&["ports"]);
    if ports.iter().any(|port| {
        port.get("hostPort")
            .and_then(Node::int)
            .is_some_and(|port| port != 0)
    }) {
        say("HOST_PORT", Severity::Medium, "it takes a port of its node");
    }
    faults
}

fn set(node: Option<&Node>) -> Option<bool> {
    node.and_then(Node::bool)
}
