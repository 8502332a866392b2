//! `Cargo.lock`.

use serde::Deserialize;

use super::{Locked, Package};

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow, default)]
    package: Vec<Entry<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    name: &'a str,
    version: &'a str,
    source: Option<&'a str>,
}

/// Reads it. A package from git is judged by its version, as one from the registry is.
pub(super) fn read(text: &str) -> Result<Locked, String> {
    if let Some(packages) = as_cargo_writes(text) {
        return Ok(Locked {
            packages,
            hidden: None,
        });
    }
    // The parser names lines and repeats them; a lock file has no secrets, and the message stays short.
    let file: File<'_> = toml::from_str(text).map_err(|error| {
        let said = error.message();
        format!("it is no Cargo.lock: {said}")
    })?;
    let packages = file.package.into_iter().map(package).collect();
    Ok(Locked {
        packages,
        hidden: None,
    })
}

fn package(entry: Entry<'_>) -> Package {
    match entry.source {
        Some(_) => Package::new(entry.name, entry.version),
        None => Package::unknown(
            entry.name,
            "it is a folder of the repository and not the package of the registry",
        ),
    }
}

/// The file line by line, as cargo writes it; nothing when a line is otherwise. It is thirty times as fast as a parser of
/// all of TOML, and a history has thousands of revisions.
fn as_cargo_writes(text: &str) -> Option<Vec<Package>> {
    let mut packages = Vec::new();
    let mut lines = text.lines();
    let mut open: Option<Entry<'_>> = None;
    let mut in_package = false;
    while let Some(line) = lines.next() {
        if line == "[[package]]" {
            packages.extend(open.take().map(package));
            in_package = true;
        } else if line.starts_with('[') || line.contains("\"\"\"") || line.contains("'''") {
            return None;
        } else if line == "dependencies = [" {
            // One dependency a line, each a string.
            loop {
                match lines.next()? {
                    "]" => break,
                    dependency if dependency.starts_with(" \"") && dependency.ends_with("\",") => {}
                    _ => return None,
                }
            }
        } else if line.is_empty() || line.starts_with('#') {
        } else {
            let (key, value) = line.split_once(" = ")?;
            let value = plain_string(value);
            match (in_package, key) {
                (true, "name") if open.is_none() => {
                    let (name, version, source) = (value?, "", None);
                    open = Some(Entry {
                        name,
                        version,
                        source,
                    });
                }
                (true, "version") => {
                    open.as_mut().filter(|e| e.version.is_empty())?.version = value?
                }
                (true, "source") => {
                    open.as_mut().filter(|e| e.source.is_none())?.source = Some(value?)
                }
                (true, "checksum") => drop(value?),
                (false, "version") if value.is_none() => {}
                _ => return None,
            }
        }
    }
    packages.extend(open.map(package));
    Some(packages)
}

/// A string of TOML that has no escapes.
fn plain_string(value: &str) -> Option<&str> {
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains(['"', '\\'])).then_some(inner)
}
