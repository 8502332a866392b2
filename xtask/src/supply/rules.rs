//! The rules of `deny.toml`, in cargo-deny's words, and what breaks them.

use std::collections::BTreeMap;

use anyhow::Context as _;
use cargo_metadata::semver::{Version, VersionReq};
use serde::Deserialize;

use super::{
    graph::{Graph, Package},
    license,
};

/// The parts of `deny.toml` that are checked here.
#[derive(Debug, Deserialize)]
pub(super) struct Rules {
    /// What is looked at.
    pub(super) graph: GraphRules,
    licenses: LicenseRules,
    bans: BanRules,
    sources: SourceRules,
}

/// What is looked at.
#[derive(Debug, Deserialize)]
pub(super) struct GraphRules {
    /// Target triples.
    pub(super) targets: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct LicenseRules {
    allow: Vec<String>,
    exceptions: Vec<LicenseException>,
}

#[derive(Debug, Deserialize)]
struct LicenseException {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct BanRules {
    deny: Vec<Ban>,
    skip: Vec<Skip>,
}

#[derive(Debug, Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    #[serde(default)]
    wrappers: Vec<String>,
    reason: String,
}

#[derive(Debug, Deserialize)]
struct Skip {
    #[serde(rename = "crate")]
    spec: String,
}

impl Skip {
    fn covers(&self, package: &Package) -> bool {
        let Some((name, requirement)) = self.spec.split_once(':') else {
            return self.spec == package.name;
        };
        let covers = || -> Option<bool> {
            let requirement = VersionReq::parse(requirement).ok()?;
            Some(requirement.matches(&Version::parse(&package.version).ok()?))
        };
        name == package.name && covers().unwrap_or(false)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct SourceRules {
    allow_registry: Vec<String>,
    allow_git: Vec<String>,
}

impl Rules {
    /// Reads the text of `deny.toml`.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        toml::from_str(text).context("deny.toml")
    }

    /// Packages whose licence is not allowed.
    pub(super) fn licence_faults(&self, graph: &Graph) -> Vec<String> {
        graph
            .packages
            .iter()
            .filter(|(package, expression)| {
                !license::is_met(expression, |licence| self.allows(package, licence))
            })
            .map(|(package, expression)| format!("{package}: licence {expression:?}"))
            .collect()
    }

    fn allows(&self, package: &Package, licence: &str) -> bool {
        let named = |list: &[String]| list.iter().any(|allowed| allowed == licence);
        let excepted = |exception: &LicenseException| {
            exception.name == package.name && named(&exception.allow)
        };
        named(&self.licenses.allow) || self.licenses.exceptions.iter().any(excepted)
    }

    /// Banned packages, and packages used directly by others than their wrappers.
    pub(super) fn ban_faults(&self, graph: &Graph) -> Vec<String> {
        let mut faults = Vec::new();
        for ban in &self.bans.deny {
            for package in graph.packages.keys().filter(|one| one.name == ban.name) {
                for user in graph.users.get(package).into_iter().flatten() {
                    if !ban.wrappers.contains(user) {
                        faults.push(format!("{user} must not use {package}: {}", ban.reason));
                    }
                }
            }
        }
        faults
    }

    /// Packages in several versions of which more than one is not excused, and excuses that nothing needs.
    pub(super) fn duplicate_faults(&self, graph: &Graph) -> Vec<String> {
        let mut versions: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
        for package in graph.packages.keys() {
            versions.entry(&package.name).or_default().push(package);
        }
        let mut faults = Vec::new();
        for packages in versions.values() {
            let kept = packages
                .iter()
                .filter(|package| !self.bans.skip.iter().any(|skip| skip.covers(package)));
            let kept: Vec<String> = kept.map(|package| package.to_string()).collect();
            if kept.len() > 1 {
                faults.push(format!("more than one version: {}", kept.join(", ")));
            }
        }
        for skip in &self.bans.skip {
            if !graph.packages.keys().any(|package| skip.covers(package)) {
                faults.push(format!("skip of {} is needed no more", skip.spec));
            }
        }
        faults
    }

    /// Packages of the lock file that come from somewhere else than allowed.
    pub(super) fn source_faults(&self, lock: &toml::Table) -> Vec<String> {
        let packages = lock.get("package").and_then(toml::Value::as_array);
        packages
            .into_iter()
            .flatten()
            .filter_map(|package| {
                let source = package.get("source")?.as_str()?;
                let name = package.get("name")?.as_str()?;
                (!self.allows_source(source)).then(|| format!("{name}: comes from {source}"))
            })
            .collect()
    }

    fn allows_source(&self, source: &str) -> bool {
        let listed = |list: &[String], address: &str| list.iter().any(|one| one == address);
        match source.split_once('+') {
            Some(("registry", address)) => listed(&self.sources.allow_registry, address),
            Some(("git", address)) => {
                let address = address.split(['?', '#']).next().unwrap_or(address);
                listed(&self.sources.allow_git, address)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::supply::graph;

    const RULES: &str = r#"
        [graph]
        targets = []
        [licenses]
        allow = ["MIT"]
        exceptions = [{ crate = "odd", allow = ["ODD"] }]
        [bans]
        deny = [{ crate = "ring", reason = "one provider" }, { crate = "db", wrappers = ["records"], reason = "adapters" }]
        skip = [{ crate = "twice:^1", reason = "others" }]
        [sources]
        allow-registry = ["https://good.example"]
        allow-git = []
    "#;

    fn rules() -> Rules {
        Rules::parse(RULES).unwrap()
    }

    #[test]
    fn a_licence_that_is_not_allowed_is_a_fault_and_an_exception_is_for_its_crate() {
        let graph =
            graph::parse("0 a v1.0.0\tMIT\n0 odd v1.0.0\tODD\n0 b v1.0.0\tODD\n0 c v1.0.0\t\n")
                .unwrap();
        assert_eq!(
            rules().licence_faults(&graph),
            ["b 1.0.0: licence \"ODD\"", "c 1.0.0: licence \"\""]
        );
    }

    #[test]
    fn only_wrappers_use_what_is_theirs() {
        let tree = "0 records v1.0.0\tMIT\n1 db v1.0.0\tMIT\n0 fhir v1.0.0\tMIT\n1 db v1.0.0\tMIT\n1 ring v1.0.0\tMIT\n";
        let graph = graph::parse(tree).unwrap();
        assert_eq!(
            rules().ban_faults(&graph),
            [
                "fhir must not use ring 1.0.0: one provider",
                "fhir must not use db 1.0.0: adapters"
            ]
        );
    }

    #[test]
    fn a_second_version_needs_an_excuse_and_an_excuse_a_second_version() {
        let excused = graph::parse("0 twice v1.2.0\tMIT\n0 twice v2.0.0\tMIT\n").unwrap();
        assert_eq!(rules().duplicate_faults(&excused), Vec::<String>::new());
        let more = graph::parse("0 twice v2.0.0\tMIT\n0 twice v3.0.0\tMIT\n").unwrap();
        assert_eq!(
            rules().duplicate_faults(&more),
            [
                "more than one version: twice 2.0.0, twice 3.0.0",
                "skip of twice:^1 is needed no more"
            ]
        );
    }

    #[test]
    fn a_foreign_source_is_a_fault() {
        let lock = r#"
            [[package]]
            name = "own"
            [[package]]
            name = "good"
            source = "registry+https://good.example"
            [[package]]
            name = "bad"
            source = "git+https://bad.example/x?rev=1#2"
        "#;
        assert_eq!(
            rules().source_faults(&toml::from_str(lock).unwrap()),
            ["bad: comes from git+https://bad.example/x?rev=1#2"]
        );
    }
}
