//! Layers of crates, from `[package.metadata.vouchsafe]` and the dependencies that Cargo reports.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::Context as _;
use cargo_metadata::{Metadata, Package};

/// Where a crate stands. The order of the variants is the order of the layers, lowest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Layer {
    /// Finds PHI in text. It stands beside the core and knows nothing of the rest.
    Scan,
    /// Formats of the transparency log; verifies anywhere.
    Tlog,
    /// The safeguards as types.
    Core,
    /// How one outside server is reached.
    Connector,
    /// What several adapters stand on: the databases.
    Floor,
    /// One outside technology each.
    Adapter,
    /// A language spoken to callers or auditors.
    Dialect,
    /// Everything opened in order, and what is done with it; any front end stands on it.
    Installation,
    /// HTTP.
    Server,
    /// The command.
    Cli,
    /// Unpublished chores, which nothing depends on.
    Tool,
}

impl Layer {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "scan" => Self::Scan,
            "tlog" => Self::Tlog,
            "core" => Self::Core,
            "connector" => Self::Connector,
            "floor" => Self::Floor,
            "adapter" => Self::Adapter,
            "dialect" => Self::Dialect,
            "installation" => Self::Installation,
            "server" => Self::Server,
            "cli" => Self::Cli,
            "tool" => Self::Tool,
            _ => return None,
        })
    }

    fn may_use(self, other: Self) -> bool {
        // The core and its adapters hold PHI as types; what looks for it in text is for those above them.
        let scans = self >= Self::Dialect || other != Self::Scan;
        other != Self::Tool && scans && (self == Self::Tool || other < self)
    }
}

/// A member of the workspace, as far as layering goes.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// Package name.
    pub(super) name: String,
    /// The value of `package.metadata.vouchsafe.layer`, if it is there.
    pub(super) layer: Option<String>,
    /// Whether the manifest has `[lints] workspace = true`.
    pub(super) has_workspace_lints: bool,
    /// Names of direct dependencies of every kind.
    pub(super) dependencies: Vec<String>,
    /// The folder of the manifest.
    pub(super) folder: PathBuf,
}

impl Member {
    fn parsed_layer(&self) -> Option<Layer> {
        Layer::parse(self.layer.as_deref()?)
    }

    /// Whether the crate takes values and returns values: no files, network, environment, clock.
    pub(super) fn is_pure(&self) -> bool {
        matches!(self.parsed_layer(), Some(Layer::Core | Layer::Tlog))
    }

    /// Whether dialects stand on it.
    pub(super) fn knows_no_dialect(&self) -> bool {
        let below = |layer| Layer::Scan < layer && layer < Layer::Dialect;
        self.parsed_layer().is_some_and(below)
    }

    /// Whether its files may not import one another in a ring.
    pub(super) fn has_no_rings(&self) -> bool {
        matches!(
            self.parsed_layer(),
            Some(Layer::Installation | Layer::Server)
        )
    }

    /// Whether it is the core.
    pub(super) fn is_core(&self) -> bool {
        self.parsed_layer() == Some(Layer::Core)
    }
}

/// Technologies that a pure crate cannot name as a dependency of its product code.
const IMPURE: [&str; 13] = [
    "tokio",
    "tokio-util",
    "rusqlite",
    "vouchsafe-postgres",
    "axum",
    "hyper",
    "hyper-util",
    "tower",
    "reqwest",
    "rustls",
    "rustix",
    "tracing",
    "metrics",
];

/// The members of the workspace that `metadata` describes.
pub(super) fn of_workspace(metadata: &Metadata) -> anyhow::Result<Vec<Member>> {
    metadata
        .workspace_packages()
        .into_iter()
        .map(member)
        .collect()
}

fn member(package: &Package) -> anyhow::Result<Member> {
    let manifest = std::fs::read_to_string(&package.manifest_path)
        .with_context(|| format!("manifest of {}", package.name))?;
    let manifest: toml::Table =
        toml::from_str(&manifest).with_context(|| format!("manifest of {}", package.name))?;
    let has_workspace_lints = manifest
        .get("lints")
        .and_then(|lints| lints.get("workspace"))
        .and_then(toml::Value::as_bool)
        .unwrap_or(false);
    let layer = package
        .metadata
        .pointer("/vouchsafe/layer")
        .and_then(|layer| layer.as_str())
        .map(str::to_owned);
    Ok(Member {
        name: package.name.to_string(),
        layer,
        has_workspace_lints,
        dependencies: product_dependencies(package),
        folder: package
            .manifest_path
            .parent()
            .context("a manifest has a folder")?
            .into(),
    })
}

// Dependencies of tests stay out: a test may compare neighbours, or drive the core from a runtime.
fn product_dependencies(package: &Package) -> Vec<String> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != cargo_metadata::DependencyKind::Development)
        .map(|dependency| dependency.name.clone())
        .collect()
}

/// What is wrong between these crates, one sentence each.
pub(super) fn faults(members: &[Member]) -> Vec<String> {
    let layers: BTreeMap<&str, Layer> = members
        .iter()
        .filter_map(|member| Some((member.name.as_str(), member.parsed_layer()?)))
        .collect();
    members
        .iter()
        .flat_map(|member| faults_of(member, &layers))
        .collect()
}

fn faults_of(member: &Member, layers: &BTreeMap<&str, Layer>) -> Vec<String> {
    let name = &member.name;
    let mut faults = Vec::new();
    if !member.has_workspace_lints {
        faults.push(format!("{name} lacks `[lints] workspace = true`"));
    }
    let Some(own) = member.parsed_layer() else {
        faults.push(match &member.layer {
            None => format!("{name} names no layer in [package.metadata.vouchsafe]"),
            Some(layer) => format!("{name} names the unknown layer {layer:?}"),
        });
        return faults;
    };
    for dependency in &member.dependencies {
        if let Some(&other) = layers.get(dependency.as_str())
            && !own.may_use(other)
        {
            faults.push(format!(
                "{name} ({own:?}) must not depend on {dependency} ({other:?})"
            ));
        }
        if member.is_pure() && IMPURE.contains(&dependency.as_str()) {
            faults.push(format!(
                "{name} is pure and must not depend on {dependency}"
            ));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, layer: &str, dependencies: &[&str]) -> Member {
        Member {
            name: name.to_owned(),
            layer: Some(layer.to_owned()),
            has_workspace_lints: true,
            dependencies: dependencies.iter().map(|&name| name.to_owned()).collect(),
            folder: PathBuf::new(),
        }
    }

    fn workspace() -> Vec<Member> {
        vec![
            member("scan", "scan", &["regex"]),
            member("tlog", "tlog", &["base64"]),
            member("core", "core", &["tlog", "serde"]),
            member("postgres", "connector", &["tokio"]),
            member("database", "floor", &["rusqlite", "postgres"]),
            member("records", "adapter", &["core", "database"]),
            member("keys", "adapter", &["core", "database"]),
            member("fhir", "dialect", &["core", "records"]),
            member("server", "server", &["fhir", "keys", "core", "tlog"]),
            member("cli", "cli", &["server", "core", "scan"]),
            member("xtask", "tool", &["anyhow", "core"]),
        ]
    }

    fn faults_with(change: Member) -> Vec<String> {
        let mut members = workspace();
        members.retain(|member| member.name != change.name);
        members.push(change);
        faults(&members)
    }

    #[test]
    fn arrows_that_point_down_are_accepted_over_several_layers() {
        assert_eq!(faults(&workspace()), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_that_points_up_is_refused() {
        assert_eq!(
            faults_with(member("core", "core", &["records"])),
            ["core (Core) must not depend on records (Adapter)"]
        );
    }

    #[test]
    fn a_floor_knows_nothing_of_the_adapters_and_the_core_not_of_it() {
        assert_eq!(
            faults_with(member("database", "floor", &["records"])),
            ["database (Floor) must not depend on records (Adapter)"]
        );
        assert_eq!(
            faults_with(member("postgres", "connector", &["database"])),
            ["postgres (Connector) must not depend on database (Floor)"]
        );
        assert_eq!(
            faults_with(member("core", "core", &["database"])),
            ["core (Core) must not depend on database (Floor)"]
        );
    }

    #[test]
    fn an_arrow_between_neighbours_is_refused() {
        assert_eq!(
            faults_with(member("records", "adapter", &["core", "keys"])),
            ["records (Adapter) must not depend on keys (Adapter)"]
        );
    }

    #[test]
    fn the_core_and_its_adapters_do_not_use_the_scan_and_it_uses_none_of_them() {
        assert_eq!(
            faults_with(member("keys", "adapter", &["core", "scan"])),
            ["keys (Adapter) must not depend on scan (Scan)"]
        );
        assert_eq!(
            faults_with(member("scan", "scan", &["core"])),
            ["scan (Scan) must not depend on core (Core)"]
        );
    }

    #[test]
    fn nobody_depends_on_a_tool_not_even_a_tool() {
        assert_eq!(
            faults_with(member("cli", "cli", &["xtask"])),
            ["cli (Cli) must not depend on xtask (Tool)"]
        );
        assert_eq!(
            faults_with(member("bare", "tool", &["xtask"])),
            ["bare (Tool) must not depend on xtask (Tool)"]
        );
    }

    #[test]
    fn a_missing_or_unknown_layer_and_missing_lints_are_faults() {
        let mut bare = member("bare", "tool", &[]);
        bare.layer = None;
        bare.has_workspace_lints = false;
        assert_eq!(
            faults_with(bare),
            [
                "bare lacks `[lints] workspace = true`",
                "bare names no layer in [package.metadata.vouchsafe]"
            ]
        );
        assert_eq!(
            faults_with(member("bare", "basement", &[])),
            ["bare names the unknown layer \"basement\""]
        );
    }

    #[test]
    fn a_pure_crate_has_no_runtime_and_no_database() {
        assert_eq!(
            faults_with(member("core", "core", &["tlog", "tokio"])),
            ["core is pure and must not depend on tokio"]
        );
    }
}
