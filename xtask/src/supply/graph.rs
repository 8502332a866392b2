//! The resolved dependencies, from `cargo tree`: unlike `cargo metadata` it leaves out what no chosen feature turns on.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use anyhow::{Context as _, ensure};

/// A package in one version.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Package {
    /// Its name.
    pub(super) name: String,
    /// Its version.
    pub(super) version: String,
}

impl std::fmt::Display for Package {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// Which dependencies count.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scope {
    /// Those of tests too.
    Everything,
    /// What ends up in a product or builds it.
    Product,
}

/// Packages and their direct users.
#[derive(Debug, Default)]
pub(super) struct Graph {
    /// Each package with its licence expression.
    pub(super) packages: BTreeMap<Package, String>,
    /// Each package with the names of those that depend on it directly.
    pub(super) users: BTreeMap<Package, BTreeSet<String>>,
}

/// Asks Cargo for the graph of the workspace on all these targets together.
pub(super) fn resolve(targets: &[String], scope: Scope) -> anyhow::Result<Graph> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["tree", "--workspace", "--locked", "--prefix", "depth"]);
    command.args(["--format", " {p}\t{l}"]);
    command.args(match scope {
        Scope::Everything => ["--edges", "normal,build,dev"],
        Scope::Product => ["--edges", "normal,build"],
    });
    for target in targets {
        command.args(["--target", target]);
    }
    let output = command.output().context("cargo tree")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cargo tree: {complaint}");
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// Reads lines such as `2 axum-core v0.5.6\tMIT (*)`: depth, package, licence.
pub(super) fn parse(tree: &str) -> anyhow::Result<Graph> {
    let mut graph = Graph::default();
    let mut above: Vec<String> = Vec::new();
    for line in tree.lines().filter(|line| !line.trim().is_empty()) {
        let (depth, rest) = line.split_once(' ').with_context(|| line.to_owned())?;
        let depth: usize = depth.parse().with_context(|| line.to_owned())?;
        let (package, licence) = rest.split_once('\t').with_context(|| line.to_owned())?;
        let mut words = package.split_whitespace();
        let package = Package {
            name: words.next().context("a package has a name")?.to_owned(),
            version: words
                .next()
                .context("a package has a version")?
                .trim_start_matches('v')
                .to_owned(),
        };
        above.truncate(depth);
        if let Some(user) = above.last() {
            let users = graph.users.entry(package.clone()).or_default();
            users.insert(user.clone());
        }
        above.push(package.name.clone());
        let licence = licence.trim_end_matches("(*)").trim().to_owned();
        graph.packages.insert(package, licence);
    }
    Ok(graph)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_those_directly_above() {
        let graph = parse(
            "0 a v1.0.0 (/x)\tMIT\n1 b v2.0.0\tMIT OR Apache-2.0\n2 c v3.0.0\tMIT\n1 c v3.0.0\tMIT (*)\n",
        )
        .unwrap();
        let c = Package {
            name: "c".to_owned(),
            version: "3.0.0".to_owned(),
        };
        assert_eq!(graph.packages.len(), 3);
        assert_eq!(graph.users[&c], ["a", "b"].map(str::to_owned).into());
        assert_eq!(graph.packages[&c], "MIT");
    }
}
