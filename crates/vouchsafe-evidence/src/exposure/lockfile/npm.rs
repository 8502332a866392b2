//! `package-lock.json`, `npm-shrinkwrap.json`, `yarn.lock`, `pnpm-lock.yaml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Locked, Package};

const NOT_PUBLISHED: &str =
    "it is a folder, an archive or a git repository and not the package of the registry";
/// Deeper than npm itself nests.
const DEPTH: u32 = 64;

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    packages: Option<BTreeMap<String, Entry>>,
    #[serde(default)]
    dependencies: BTreeMap<String, Old>,
    #[serde(default, rename = "lockfileVersion")]
    version: Option<u32>,
}

#[derive(Deserialize)]
struct Entry {
    name: Option<String>,
    version: Option<String>,
    #[serde(default)]
    link: bool,
}

/// An entry of version 1 of the format, which nests.
#[derive(Deserialize)]
struct Old {
    version: Option<String>,
    #[serde(default)]
    dependencies: BTreeMap<String, Self>,
}

pub(super) fn read(text: &str) -> Result<Locked, String> {
    let file: File = serde_json::from_str(text)
        .map_err(|error| format!("it is no package-lock.json: line {}", error.line()))?;
    if file.version.is_none() && file.packages.is_none() && file.dependencies.is_empty() {
        return Err("it has neither a version of its format nor packages".to_owned());
    }
    let mut locked = Locked::default();
    match file.packages {
        Some(packages) => locked
            .packages
            .extend(packages.into_iter().filter_map(entry)),
        None => nested(&file.dependencies, &mut locked, DEPTH)?,
    }
    Ok(locked)
}

fn entry((path, entry): (String, Entry)) -> Option<Package> {
    // Without `node_modules` it is the project itself, or a folder of it.
    let (_, last) = path.rsplit_once("node_modules/")?;
    if entry.link {
        return None;
    }
    let name = entry.name.unwrap_or_else(|| last.to_owned());
    Some(match entry.version {
        Some(version) => Package::new(name, version),
        None => Package::unknown(name, NOT_PUBLISHED),
    })
}

fn nested(entries: &BTreeMap<String, Old>, locked: &mut Locked, depth: u32) -> Result<(), String> {
    let depth = depth.checked_sub(1).ok_or("it nests too deep")?;
    for (name, old) in entries {
        let version = old.version.as_deref().unwrap_or_default();
        locked.packages.push(versioned(name, version));
        nested(&old.dependencies, locked, depth)?;
    }
    Ok(())
}

/// A package by name and version, where the version may be `npm:NAME@VERSION`, an address or a folder.
fn versioned(name: &str, version: &str) -> Package {
    if let Some((alias, version)) = version.strip_prefix("npm:").and_then(split_at_version) {
        return Package::new(alias, version);
    }
    if version.starts_with(|c: char| c.is_ascii_digit()) {
        return Package::new(name, version);
    }
    Package::unknown(name, NOT_PUBLISHED)
}

/// `NAME@REST`; a scope begins with the same sign.
fn split_at_version(text: &str) -> Option<(&str, &str)> {
    let scope = usize::from(text.starts_with('@'));
    let at = text.get(scope..)?.find('@')? + scope;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// `yarn.lock`, of version 1 and of later ones.
pub(super) fn read_yarn(text: &str) -> Result<Locked, String> {
    let mut locked = Locked::default();
    let mut open: Option<String> = None;
    for (line, number) in text.lines().zip(1..) {
        let fault = || format!("line {number} of it is not as yarn writes it");
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if !line.starts_with(' ') {
            if open.is_some() {
                return Err(fault());
            }
            let key = trimmed.strip_suffix(':').ok_or_else(fault)?;
            open = (key != "__metadata").then(|| key.to_owned());
            continue;
        }
        let field = trimmed
            .strip_prefix("version")
            .filter(|_| !line.starts_with("   "));
        let value = field.map(|value| value.trim_start_matches([':', ' ']).trim_matches('"'));
        if let (Some(version), Some(key)) = (value, open.as_deref()) {
            locked
                .packages
                .extend(yarn_package(key, version).ok_or_else(fault)?);
            open = None;
        }
    }
    if open.is_some() {
        return Err("its last entry has no version".to_owned());
    }
    Ok(locked)
}

/// Nothing within, for folders of the project itself.
fn yarn_package(key: &str, version: &str) -> Option<Option<Package>> {
    let first = key.split(',').next()?.trim().trim_matches('"');
    let (name, range) = split_at_version(first)?;
    if range.starts_with("workspace:") {
        return Some(None);
    }
    let local = ["file:", "link:", "portal:", "git", "http", "patch:"];
    if local.iter().any(|how| range.starts_with(how)) {
        return Some(Some(Package::unknown(name, NOT_PUBLISHED)));
    }
    // `alias@npm:real@^1.0` is another package than its name says.
    let real = range.strip_prefix("npm:").and_then(split_at_version);
    let name = real.map_or(name, |(real, _)| real);
    Some(Some(versioned(name, version)))
}

/// `pnpm-lock.yaml`: the keys of `packages`.
pub(super) fn read_pnpm(text: &str) -> Result<Locked, String> {
    let mut locked = Locked::default();
    let mut within = false;
    let mut versioned_file = false;
    for (line, number) in text.lines().zip(1..) {
        if !line.starts_with(' ') && !line.trim().is_empty() {
            within = line.trim_end() == "packages:";
            versioned_file |= line.starts_with("lockfileVersion:");
            continue;
        }
        let key = line
            .strip_prefix("  ")
            .filter(|key| within && !key.starts_with(' '));
        let Some(key) = key.map(str::trim).filter(|key| !key.is_empty()) else {
            continue;
        };
        let fault = || format!("line {number} of it is not as pnpm writes it");
        let key = key.strip_suffix(':').ok_or_else(fault)?;
        locked.packages.push(pnpm_package(key).ok_or_else(fault)?);
    }
    if !versioned_file {
        return Err("it does not name the version of its format".to_owned());
    }
    Ok(locked)
}

/// `/name@1.0.0(peer)`, `/name/1.0.0_peer`, `'@scope/name@1.0.0'`.
fn pnpm_package(key: &str) -> Option<Package> {
    let key = key.trim_matches(['\'', '"']);
    let key = key.strip_prefix('/').unwrap_or(key);
    let key = key.split('(').next()?;
    // Before version 6 of the format the version is a part of the path, and peers follow it after `_`.
    let old = key.rsplit_once('/').and_then(|(name, rest)| {
        let version = rest.split('_').next()?;
        let digit = version.starts_with(|c: char| c.is_ascii_digit());
        (digit && !version.contains('@')).then_some((name, version))
    });
    let (name, version) = old.or_else(|| split_at_version(key))?;
    Some(versioned(name, version))
}
