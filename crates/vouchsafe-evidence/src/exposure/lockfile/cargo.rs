//! `Cargo.lock`.

use serde::Deserialize;

use super::{Locked, Package};

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    package: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    version: String,
    source: Option<String>,
}

/// Reads it. A package from git is judged by its version, as one from the registry is.
pub(super) fn read(text: &str) -> Result<Locked, String> {
    if let Some(packages) = as_cargo_writes(text) {
        return Ok(Locked {
            packages,
            hidden: None,
        });
    }
    let file: File = toml::from_str(text)
        .map_err(|error| format!("it is no Cargo.lock: {}", error.message()))?;
    let packages = file.package.into_iter();
    let packages =
        packages.map(|entry| package(&entry.name, entry.version, entry.source.is_some()));
    Ok(Locked {
        packages: packages.collect(),
        hidden: None,
    })
}

fn package(name: &str, version: String, from_registry: bool) -> Package {
    if from_registry {
        return Package::new(name, version);
    }
    Package::unknown(
        name,
        "it is a folder of the repository and not the package of the registry",
    )
}

/// A package whose lines are being read.
#[derive(Default)]
struct Open<'a> {
    name: Option<&'a str>,
    version: Option<&'a str>,
    source: Option<&'a str>,
    checksum: Option<&'a str>,
}

impl<'a> Open<'a> {
    /// Takes `KEY = VALUE`; nothing when it is another key or the key stands there already.
    fn take(&mut self, key: &str, value: &'a str) -> Option<()> {
        let place = match key {
            "name" => &mut self.name,
            "version" => &mut self.version,
            "source" => &mut self.source,
            "checksum" => &mut self.checksum,
            _ => return None,
        };
        place.replace(plain_string(value)?).is_none().then_some(())
    }

    fn close(self) -> Option<Package> {
        let version = self.version?.to_owned();
        Some(package(self.name?, version, self.source.is_some()))
    }
}

/// The file line by line, as cargo writes it; nothing when a line is otherwise. It is many times as fast as a parser of
/// all of TOML, and a history has thousands of revisions.
fn as_cargo_writes(text: &str) -> Option<Vec<Package>> {
    let mut packages = Vec::new();
    let mut lines = text.lines();
    let mut open: Option<Open<'_>> = None;
    while let Some(line) = lines.next() {
        if line == "[[package]]" {
            if let Some(open) = open.replace(Open::default()) {
                packages.push(open.close()?);
            }
        } else if line == "dependencies = [" {
            // One dependency a line, each a string.
            let dependency = |line: &str| line.starts_with(" \"") && line.ends_with("\",");
            while lines
                .next()
                .filter(|line| *line == "]" || dependency(line))?
                != "]"
            {}
        } else if !line.is_empty() && !line.starts_with('#') {
            let (key, value) = line.split_once(" = ")?;
            match &mut open {
                Some(open) => open.take(key, value)?,
                // The version of the format.
                None if key == "version" && value.parse::<u8>().is_ok() => {}
                None => return None,
            }
        }
    }
    if let Some(open) = open {
        packages.push(open.close()?);
    }
    Some(packages)
}

/// A string of TOML that has no escapes.
fn plain_string(value: &str) -> Option<&str> {
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains(['"', '\\'])).then_some(inner)
}
