//! Who may name `vouchsafe::trusted`: a file in `xtask/trusted.tsv`, with what it is trusted with.
//!
//! Tests, benches and fuzz targets stand outside: they choose their own gates and logs, and serve nobody.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

const LIST: &str = "xtask/trusted.tsv";

/// Compares the list with the sources and prints what is wrong.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let faults = faults(Path::new("."))?;
    let mut out = std::io::stdout().lock();
    for fault in &faults {
        writeln!(out, "trusted: {fault}")?;
    }
    if faults.is_empty() {
        writeln!(out, "trusted: every file that names it is in {LIST}")?;
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}

fn faults(root: &Path) -> anyhow::Result<Vec<String>> {
    let text = std::fs::read_to_string(root.join(LIST)).context(LIST)?;
    let listed = listed(&text)?;
    let mut named = Vec::new();
    for folder in folders(root)? {
        naming(root, &folder, &mut named)?;
    }
    let mut faults: Vec<String> = named
        .iter()
        .filter(|path| !listed.contains_key(path.as_str()))
        .map(|path| {
            format!("{path} names vouchsafe::trusted and is not in {LIST}: say there what it is trusted with")
        })
        .collect();
    let gone = listed.keys().filter(|path| !named.contains(*path));
    faults.extend(
        gone.map(|path| format!("{LIST}: {path} does not name vouchsafe::trusted any more")),
    );
    Ok(faults)
}

/// The list: a path and what it is trusted with, apart by a tab.
fn listed(text: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let mut listed = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (path, what) = line
            .split_once('\t')
            .filter(|(_, what)| !what.trim().is_empty())
            .with_context(|| format!("{LIST}: {line:?} is not a path, a tab and a text"))?;
        listed.insert(path.to_owned(), what.to_owned());
    }
    Ok(listed)
}

/// The sources of the product: those of the core itself are what the name stands for.
fn folders(root: &Path) -> anyhow::Result<Vec<std::path::PathBuf>> {
    let mut folders = vec![root.join("bare/src")];
    for entry in std::fs::read_dir(root.join("crates"))? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name != "vouchsafe") {
            folders.push(path.join("src"));
        }
    }
    Ok(folders)
}

fn naming(root: &Path, folder: &Path, named: &mut Vec<String>) -> anyhow::Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "tests") {
                naming(root, &path, named)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && path.file_name().is_some_and(|name| name != "tests.rs")
        {
            let text = std::fs::read_to_string(&path)?;
            // Clippy refuses items behind the tests of a file.
            let text = text
                .split("#[cfg(test)]\nmod tests {")
                .next()
                .unwrap_or_default();
            // Nobody passes it on under another name.
            let passed_on = |line: &str| line.contains("pub use") && line.contains("trusted");
            anyhow::ensure!(
                !text.lines().any(passed_on),
                "{} passes vouchsafe::trusted on",
                path.display()
            );
            if text.lines().any(names_it) {
                let path = path.strip_prefix(root)?;
                named.push(path.to_string_lossy().into_owned());
            }
        }
    }
    named.sort_unstable();
    Ok(())
}

/// Whether a line of code names the module, or takes in everything that stands beside it.
fn names_it(line: &str) -> bool {
    let code = match line.trim_start().starts_with("//") {
        true => "",
        false => line,
    };
    let whole = |at: usize| {
        let before = code.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(|char| !char.is_alphanumeric() && char != '_')
    };
    ["trusted::", "trusted as "]
        .iter()
        .any(|name| code.match_indices(name).any(|(at, _)| whole(at)))
        || code.contains("vouchsafe::trusted")
        || code.contains("use vouchsafe::*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_this_workspace_that_names_it_is_listed() {
        let faults = faults(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    #[test]
    fn a_file_that_is_not_listed_and_one_that_is_gone_are_faults() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        at(
            LIST,
            "# list\ncrates/a/src/lib.rs\topens it\ncrates/a/src/old.rs\twas one\n",
        );
        at("crates/a/src/lib.rs", "use vouchsafe::trusted;");
        at("crates/a/src/old.rs", "// vouchsafe::trusted is for others");
        at(
            "crates/a/src/deep/new.rs",
            "use vouchsafe::{gate, trusted::facts};",
        );
        at("crates/a/src/tests.rs", "use vouchsafe::trusted;");
        at("crates/vouchsafe/src/trusted.rs", "trusted::x");
        let faults = faults(folder.path()).unwrap();
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].starts_with("crates/a/src/deep/new.rs"));
        assert!(faults[1].contains("crates/a/src/old.rs"));
    }
}
