//! Arrows point down only.
//!
//! cli -> server -> installation -> dialect -> adapter -> floor -> core -> tlog, never sideways between neighbours, and inside the core
//! gate -> {access, audit, seal} -> the rest. Nothing depends on a tool, and what a dialect stands on has no word of it. No
//! files of the installation or of the server import one another in a ring.

mod crates;
mod modules;
mod rings;
mod words;

use std::{io::Write as _, process::ExitCode};

use anyhow::Context as _;

use crate::sources;

/// Checks the workspace that the command runs in and prints what is wrong.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let faults = faults_of_workspace()?;
    let mut out = std::io::stdout().lock();
    for fault in &faults {
        writeln!(out, "layering: {fault}")?;
    }
    if faults.is_empty() {
        writeln!(out, "layering: every arrow points down")?;
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}

/// Everything that is wrong between the crates and inside the core.
fn faults_of_workspace() -> anyhow::Result<Vec<String>> {
    let metadata = cargo_metadata::MetadataCommand::new()
        .no_deps()
        .exec()
        .context("cargo metadata")?;
    let crates = crates::of_workspace(&metadata)?;
    let mut faults = crates::faults(&crates);
    for member in crates.iter().filter(|member| member.knows_no_dialect()) {
        faults.extend(words::faults(&member.name, &member.folder)?);
    }
    for member in crates.iter().filter(|member| member.is_pure()) {
        let sources = sources::read(&member.folder.join("src"))?;
        faults.extend(modules::impurities(&member.name, &sources));
        if member.is_core() {
            faults.extend(modules::faults(&sources));
        }
    }
    for member in crates.iter().filter(|member| member.has_no_rings()) {
        let sources = sources::read(&member.folder.join("src"))?;
        faults.extend(rings::faults(&member.name, &sources));
    }
    Ok(faults)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_arrow_of_this_workspace_points_down() {
        let faults = super::faults_of_workspace().unwrap();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
