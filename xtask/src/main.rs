//! The project's own chores: layering test, supply chain, trusted code, load driver.

mod layering;
mod load;
mod pack;
mod sources;
mod supply;
mod tokens;
mod trusted;

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
    /// Checks that every file that names `vouchsafe::trusted` is in xtask/trusted.tsv.
    Trusted,
    /// Refreshes and checks the packs that declare record types.
    Pack(pack::Args),
    /// Drives a running server on this machine and reports throughput and latency.
    Load(Box<load::Args>),
}

fn main() -> anyhow::Result<ExitCode> {
    match Chore::parse() {
        Chore::Layering => layering::run(),
        Chore::Supply => supply::run(),
        Chore::Trusted => trusted::run(),
        Chore::Pack(args) => pack::run(&args),
        Chore::Load(args) => load::run(&args),
    }
}
