//! The supply chain against `deny.toml`: licences, second versions, who may use which crate, sources, and
//! dependencies that nothing uses.
//!
//! A reading of the parts of cargo-deny's configuration that the project uses, so that they are checked on machines
//! that lack cargo-deny too. Advisories need a database and are left to cargo-deny.

mod graph;
mod license;
mod rules;
mod unused;

use std::{io::Write as _, path::Path, process::ExitCode};

use anyhow::Context as _;

/// Checks the workspace that the command runs in and prints what is wrong.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let metadata = cargo_metadata::MetadataCommand::new()
        .no_deps()
        .exec()
        .context("cargo metadata")?;
    let root = metadata.workspace_root.as_std_path();
    let rules = rules::Rules::parse(&read(&root.join("deny.toml"))?)?;
    let lock: toml::Table = toml::from_str(&read(&root.join("Cargo.lock"))?)?;
    let manifest: toml::Table = toml::from_str(&read(&root.join("Cargo.toml"))?)?;
    let whole = graph::resolve(&rules.graph.targets, graph::Scope::Everything)?;
    let product = graph::resolve(&rules.graph.targets, graph::Scope::Product)?;

    let mut faults = rules.licence_faults(&whole);
    faults.extend(rules.ban_faults(&product));
    faults.extend(rules.duplicate_faults(&product));
    faults.extend(rules.source_faults(&lock));
    faults.extend(unused::faults(&metadata, &manifest)?);

    let mut out = std::io::stdout().lock();
    for fault in &faults {
        writeln!(out, "supply: {fault}")?;
    }
    if !faults.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    let count = whole.packages.len();
    writeln!(
        out,
        "supply: {count} packages, all within deny.toml (advisories not looked at)"
    )?;
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}
