//! `poetry.lock`, `uv.lock`, `pdm.lock`, `Pipfile.lock`, `requirements*.txt`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Locked, Package};
use crate::exposure::version::Ecosystem;

const NOT_PINNED: &str = "the file does not pin it to one version by ==";
const NOT_PUBLISHED: &str =
    "it is a folder, an archive or a git repository and not the package of the index";

#[derive(Deserialize)]
struct Toml {
    #[serde(default)]
    package: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    version: Option<String>,
    source: Option<toml::Value>,
}

fn name(name: &str) -> String {
    Ecosystem::PyPi.canonical(name)
}

pub(super) fn read_toml(text: &str) -> Result<Locked, String> {
    let file: Toml =
        toml::from_str(text).map_err(|error| format!("it is no lock file: {}", error.message()))?;
    let mut locked = Locked::default();
    for entry in file.package {
        let of_project = entry.source.as_ref().is_some_and(|source| {
            let folders = ["editable", "virtual", "workspace"];
            folders.iter().any(|folder| source.get(folder).is_some())
        });
        let elsewhere = entry.source.as_ref().is_some_and(|source| {
            let places = ["git", "path", "directory"];
            places.iter().any(|place| source.get(place).is_some())
        });
        match entry.version {
            _ if of_project => {}
            Some(version) if !elsewhere => {
                locked
                    .packages
                    .push(Package::new(name(&entry.name), version));
            }
            _ => locked
                .packages
                .push(Package::unknown(name(&entry.name), NOT_PUBLISHED)),
        }
    }
    Ok(locked)
}

#[derive(Deserialize)]
struct Pipfile {
    default: BTreeMap<String, Pinned>,
    #[serde(default)]
    develop: BTreeMap<String, Pinned>,
}

#[derive(Deserialize)]
struct Pinned {
    version: Option<String>,
}

pub(super) fn read_pipfile(text: &str) -> Result<Locked, String> {
    let file: Pipfile = serde_json::from_str(text)
        .map_err(|error| format!("it is no Pipfile.lock: line {}", error.line()))?;
    let entries = file.default.iter().chain(&file.develop);
    let packages = entries.map(|(package, pinned)| {
        let version = pinned.version.as_deref();
        match version.and_then(|version| version.strip_prefix("==")) {
            Some(version) => Package::new(name(package), version),
            None => Package::unknown(name(package), NOT_PUBLISHED),
        }
    });
    Ok(Locked {
        packages: packages.collect(),
        hidden: None,
    })
}

pub(super) fn read_requirements(text: &str) -> Result<Locked, String> {
    let mut locked = Locked::default();
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    for line in joined.lines() {
        let line = line.split(" #").next().unwrap_or_default().trim();
        if line.is_empty() || line.starts_with(['#', '-']) {
            continue;
        }
        locked.packages.push(requirement(line)?);
    }
    Ok(locked)
}

/// `NAME[extras]==VERSION; marker --hash=...`.
fn requirement(line: &str) -> Result<Package, String> {
    let line = line.split(';').next().unwrap_or_default();
    let line = line.split(" --").next().unwrap_or_default().trim();
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let end = line.find(|c| !part(c)).unwrap_or(line.len());
    let (package, rest) = line.split_at_checked(end).unwrap_or_default();
    let local = line.starts_with(['.', '/']);
    if package.is_empty() || local {
        let local = local || line.contains("://");
        return if local {
            Ok(Package::unknown("(a folder or an address)", NOT_PUBLISHED))
        } else {
            Err("it has a line that is no requirement".to_owned())
        };
    }
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']').map_or("", |(_, rest)| rest),
        None => rest,
    };
    let pinned = rest.trim_start().strip_prefix("==");
    let pinned = pinned.map(|version| version.trim_start_matches('=').trim());
    Ok(match pinned {
        Some(version) if !version.contains(['*', ',', '<', '>', '!']) => {
            Package::new(name(package), version)
        }
        _ => Package::unknown(name(package), NOT_PINNED),
    })
}
