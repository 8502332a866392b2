//! Kubernetes: rendered manifests, judged across objects.

mod disruption;
mod images;
mod network;
mod objects;
mod probes;
mod scaling;
mod security;
mod selector;
mod spread;
mod workloads;

use serde::Deserialize;

use crate::area::{Area, EvidenceType, People};
use crate::collect::{Call, Collector, Sink};
use crate::files::{self, Wanted};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Unobservable};
use crate::project::Project;
use crate::store::WriteError;
use crate::yaml;
use objects::Objects;
use workloads::Workload;

/// The type of evidence that rendered manifests are.
pub(crate) const MANIFESTS: &str = "kubernetes.manifests/1";

pub(crate) const AREA: Area = Area {
    types: &[EvidenceType {
        name: MANIFESTS,
        title: "Rendered Kubernetes manifests, without the values of Secrets",
        // Images, addresses of networks and annotations with dates and addresses of pages.
        people: People::Workforce,
    }],
    collectors: &[&Manifests],
    checks: &[
        include_str!("../data/checks/k8s-hpa.toml"),
        include_str!("../data/checks/k8s-pdb.toml"),
        include_str!("../data/checks/k8s-multi-az.toml"),
        include_str!("../data/checks/k8s-net-policy.toml"),
        include_str!("../data/checks/k8s-image-digest-pinned.toml"),
        include_str!("../data/checks/k8s-security-context.toml"),
        include_str!("../data/checks/k8s-probes-and-limits.toml"),
    ],
    evaluators: &[
        ("k8s.hpa", scaling::judge),
        ("k8s.pdb", disruption::judge),
        ("k8s.multi-az", spread::judge),
        ("net.policy", network::judge),
        ("image.digest-pinned", images::judge),
        ("k8s.security-context", security::judge),
        ("k8s.probes-and-limits", probes::judge),
    ],
};

/// `[kubernetes]` of `evidence.toml`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// Files, folders and patterns of rendered manifests.
    pub(crate) manifests: Vec<String>,
    /// The namespace of objects that name none.
    pub(crate) namespace: Option<String>,
    /// The namespaces of production; all of them where none is named.
    pub(crate) production: Vec<String>,
    /// Workloads (`namespace/name`) of a fixed size: they need no autoscaler.
    pub(crate) fixed: Vec<String>,
    /// Workloads (`namespace/name`) that run once: they need no budget and no second zone.
    pub(crate) single: Vec<String>,
}

impl Settings {
    fn is_production(&self, namespace: &str) -> bool {
        self.production.is_empty() || self.production.iter().any(|one| one == namespace)
    }
}

/// Collects rendered manifests.
#[derive(Debug)]
struct Manifests;

impl Collector for Manifests {
    fn name(&self) -> &'static str {
        "manifests"
    }

    fn plan(&self, project: &Project) -> Vec<Call> {
        let patterns = &project.settings.kubernetes.manifests;
        let call = |pattern: &String| {
            Call::new(
                format!("read {pattern}; objects of kind Secret are replaced by their names"),
                "none",
            )
        };
        patterns.iter().map(call).collect()
    }

    fn collect(&self, project: &Project, sink: &mut Sink<'_>) -> Result<(), WriteError> {
        let wanted = Wanted {
            schema: MANIFESTS,
            patterns: &project.settings.kubernetes.manifests,
            endings: &[".yaml", ".yml", ".json"],
        };
        files::store(project, sink, &wanted, |_, content| {
            without_secrets(content)
        })
    }
}

/// Takes objects of kind Secret out: all else is the file as it was, byte by byte.
fn without_secrets(content: Vec<u8>) -> Result<Vec<u8>, String> {
    let documents = yaml::documents(&content)?;
    let is_secret = |node: &yaml::Node| {
        node.text_at(&["kind"]) == Some("Secret")
            && (node.get("data").is_some() || node.get("stringData").is_some())
    };
    let in_lists = documents.iter().any(|document| {
        let items = document.root.list_at(&["items"]).iter();
        items.chain(document.root.list()).any(is_secret)
    });
    if in_lists {
        return Err(
            "a list in it has an object of kind Secret with values: render that apart".to_owned(),
        );
    }
    let secrets: Vec<_> = documents
        .iter()
        .filter(|document| is_secret(&document.root))
        .collect();
    if secrets.is_empty() {
        return Ok(content);
    }
    let text = String::from_utf8(content).map_err(|_| "it is not UTF-8".to_owned())?;
    let mut out = String::with_capacity(text.len());
    for (line, number) in text.split_inclusive('\n').zip(1..) {
        let secret = secrets
            .iter()
            .find(|one| (one.lines.0..=one.lines.1).contains(&number));
        match secret {
            None => out.push_str(line),
            // The `---` before it stays; where it begins without one, nothing comes before.
            Some(secret) if number == secret.lines.0 => out.push_str(&stub(&secret.root)?),
            Some(_) => {}
        }
    }
    Ok(out.into_bytes())
}

fn stub(secret: &yaml::Node) -> Result<String, String> {
    let name = |keys: &[&str]| {
        let text = secret.text_at(keys).unwrap_or_default();
        serde_json::to_string(text).map_err(|error| error.to_string())
    };
    Ok(format!(
        "---\n# the values of this object are not stored\napiVersion: v1\nkind: Secret\nmetadata:\n  name: {}\n  namespace: {}\n",
        name(&["metadata", "name"])?,
        name(&["metadata", "namespace"])?,
    ))
}

/// What a check of workloads is given.
struct Cluster {
    objects: Objects,
    workloads: Vec<Workload>,
    settings: Settings,
}

impl Cluster {
    fn of(context: &Context<'_>) -> Result<Self, String> {
        let settings = match context.last(crate::project::SETTINGS) {
            Some(_) => context.settings()?.kubernetes.clone(),
            None => Settings::default(),
        };
        let objects = Objects::of(context, settings.namespace.as_deref())?;
        let workloads = workloads::all(&objects)?;
        Ok(Self {
            objects,
            workloads,
            settings,
        })
    }

    /// Workloads in production.
    fn production(&self) -> impl Iterator<Item = &Workload> {
        self.workloads
            .iter()
            .filter(|workload| self.settings.is_production(&workload.namespace))
    }

    /// A verdict on workloads: objects that hold pods and are of an unknown kind leave a gap.
    fn verdict(
        &self,
        deviations: Vec<Deviation>,
        mut unobservable: Vec<Unobservable>,
    ) -> Judgement {
        for object in &self.objects.podlike {
            unobservable.push(Unobservable {
                item: object.clone(),
                what: "this kind is not known here and seems to start pods; render what its controller makes".to_owned(),
            });
        }
        if self.workloads.is_empty() && self.objects.podlike.is_empty() {
            return Judgement::error("the manifests have no workload: render all of them");
        }
        let mut judgement = Judgement::of(deviations, unobservable).noting(format!(
            "{} workloads in {} objects",
            self.workloads.len(),
            self.objects.all.len()
        ));
        if !self.objects.unknown.is_empty() {
            let kinds: Vec<_> = self
                .objects
                .unknown
                .iter()
                .map(|(kind, count)| format!("{kind}: {count}"))
                .collect();
            judgement =
                judgement.noting(format!("kinds that are not judged: {}", kinds.join(", ")));
        }
        judgement
    }
}

#[cfg(test)]
mod tests;
