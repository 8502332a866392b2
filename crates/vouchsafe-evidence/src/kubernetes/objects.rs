//! The objects of manifests.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::MANIFESTS;
use crate::files;
use crate::inputs::Context;
use crate::yaml::{self, Node};

/// Kinds that say nothing of workloads, and kinds that are judged. Others are counted.
const KNOWN: &[&str] = &[
    "APIService",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "ConfigMap",
    "ControllerRevision",
    "CronJob",
    "CSIDriver",
    "CustomResourceDefinition",
    "DaemonSet",
    "Deployment",
    "Endpoints",
    "EndpointSlice",
    "HorizontalPodAutoscaler",
    "Ingress",
    "IngressClass",
    "Job",
    "Lease",
    "LimitRange",
    "MutatingWebhookConfiguration",
    "Namespace",
    "NetworkPolicy",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Pod",
    "PodDisruptionBudget",
    "PodTemplate",
    "PriorityClass",
    "ReplicaSet",
    "ReplicationController",
    "ResourceQuota",
    "Role",
    "RoleBinding",
    "RuntimeClass",
    "Secret",
    "Service",
    "ServiceAccount",
    "StatefulSet",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
];

/// An object.
#[derive(Clone, Debug)]
pub(super) struct Object {
    file: Arc<str>,
    pub(super) version: String,
    pub(super) kind: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) body: Node,
}

impl Object {
    /// How findings name it.
    pub(super) fn item(&self) -> String {
        format!("{}/{}/{}", self.namespace, self.kind, self.name)
    }

    /// Its file and line.
    pub(super) fn place(&self) -> String {
        self.place_of(&self.body)
    }

    /// The file and line of a part of it.
    pub(super) fn place_of(&self, part: &Node) -> String {
        match part.line {
            0 => self.file.to_string(),
            line => format!("{}:{line}", self.file),
        }
    }
}

/// All objects, by what is known of them.
#[derive(Debug, Default)]
pub(super) struct Objects {
    pub(super) all: Vec<Object>,
    /// Kinds that are not judged, and how many objects there are of each.
    pub(super) unknown: BTreeMap<String, u64>,
    /// Objects of such kinds that seem to start pods.
    pub(super) podlike: Vec<String>,
}

impl Objects {
    /// Reads the manifests of the last collection.
    pub(super) fn of(context: &Context<'_>, namespace: Option<&str>) -> Result<Self, String> {
        let mut objects = Self::default();
        for known in files::collected(context, MANIFESTS)? {
            let file: Arc<str> = Arc::from(known.evidence.request.as_str());
            let documents = context.parsed(known, yaml::documents)?;
            for document in documents.iter() {
                objects.take(&file, &document.root, namespace.unwrap_or("default"))?;
            }
        }
        if objects.all.is_empty() {
            return Err("the manifests have no object: render them first".to_owned());
        }
        objects
            .all
            .sort_by_cached_key(|object| (object.item(), object.version.clone()));
        objects.unique()?;
        Ok(objects)
    }

    /// The objects of a kind.
    pub(super) fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Object> {
        self.all.iter().filter(move |object| object.kind == kind)
    }

    fn take(&mut self, file: &Arc<str>, node: &Node, namespace: &str) -> Result<(), String> {
        let line = node.line;
        let fault = |what: &str| format!("{file}:{line}: {what}");
        for item in node.list() {
            self.take(file, item, namespace)?;
        }
        if !node.is_map() {
            let lists = !node.list().is_empty();
            return if lists {
                Ok(())
            } else {
                Err(fault("it is no Kubernetes object"))
            };
        }
        let kind = node
            .text_at(&["kind"])
            .ok_or_else(|| fault("it has no kind"))?;
        let version = node
            .text_at(&["apiVersion"])
            .ok_or_else(|| fault("it has no apiVersion"))?;
        if kind.ends_with("List") && node.get("items").is_some() {
            for item in node.list_at(&["items"]) {
                self.take(file, item, namespace)?;
            }
            return Ok(());
        }
        let name = node
            .text_at(&["metadata", "name"])
            .or_else(|| node.text_at(&["metadata", "generateName"]))
            .ok_or_else(|| fault("it has no metadata.name"))?;
        let object = Object {
            file: Arc::clone(file),
            version: version.to_owned(),
            kind: kind.to_owned(),
            namespace: node
                .text_at(&["metadata", "namespace"])
                .filter(|given| !given.is_empty())
                .unwrap_or(namespace)
                .to_owned(),
            name: name.to_owned(),
            body: node.clone(),
        };
        if !(KNOWN.contains(&kind) && of_kubernetes(version)) {
            *self.unknown.entry(format!("{version} {kind}")).or_default() += 1;
            if holds_pods(node) {
                self.podlike.push(object.item());
            }
            // A kind of another API group that has the name of a known one is not that one.
            let object = Object {
                kind: format!("{kind}.{version}"),
                ..object
            };
            self.all.push(object);
            return Ok(());
        }
        self.all.push(object);
        Ok(())
    }

    fn unique(&self) -> Result<(), String> {
        let pairs = self.all.iter().zip(self.all.iter().skip(1));
        for (one, next) in pairs {
            if one.item() == next.item() && one.body.at(&["metadata", "name"]).is_some() {
                return Err(format!(
                    "{} stands in the manifests twice ({} and {}): render one environment at a time",
                    one.item(),
                    one.place(),
                    next.place()
                ));
            }
        }
        Ok(())
    }
}

/// Whether an API version is one of Kubernetes' own.
fn of_kubernetes(version: &str) -> bool {
    match version.split_once('/') {
        None => version == "v1",
        Some((group, _)) => {
            group.ends_with(".k8s.io")
                || matches!(
                    group,
                    "apps" | "batch" | "autoscaling" | "policy" | "extensions"
                )
        }
    }
}

/// Whether an object has a list of containers with images somewhere.
fn holds_pods(node: &Node) -> bool {
    let here = node
        .list_at(&["containers"])
        .iter()
        .any(|container| container.get("image").is_some());
    here || node.entries().iter().any(|(_, below)| holds_pods(below))
        || node.list().iter().any(holds_pods)
}
