//! The project's own chores: layering test, supply chain, load driver.

mod layering;
mod load;
mod pack;
mod sources;
mod supply;
mod tokens;

use std::process::ExitCode;

use clap::Parser;

/// The project's own chores.
#[derive(Debug, Parser)]
#[command(name = "xtask", version)]
enum Chore {
    /// Checks that arrows between crates, and between the core's modules, point down only.
    Layering,
    /// Checks licences, versions, users and sources of dependencies against deny.toml, and that all are used.
    Supply,
    /// Refreshes and checks the packs that declare record types.
    Pack(pack::Args),
    /// Drives a running server on this machine and reports throughput and latency.
    Load(Box<load::Args>),
}

fn main() -> anyhow::Result<ExitCode> {
    match Chore::parse() {
        Chore::Layering => layering::run(),
        Chore::Supply => supply::run(),
        Chore::Pack(args) => pack::run(&args),
        Chore::Load(args) => load::run(&args),
    }
}
