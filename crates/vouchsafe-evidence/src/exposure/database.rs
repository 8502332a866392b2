//! Collects databases of advisories from folders: what concerns the packages of this project, and a manifest of all.

mod folder;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use vouchsafe_scan::detect::Detector;

use crate::collect::{Call, Collected, Collector, Sink, look_for_phi};
use crate::exposure::advisory::{Advisory, osv, rustsec};
use crate::exposure::history;
use crate::project::Project;
use crate::store::WriteError;

/// The type of evidence that a manifest is: how many advisories, which hash, of which date.
pub(crate) const MANIFEST: &str = "advisories.manifest/1";
/// The type of evidence that advisories of RustSec are.
pub(crate) const RUSTSEC: &str = "advisories.rustsec/1";
/// The type of evidence that advisories in the format of OSV are, Go's too.
pub(crate) const OSV: &str = "advisories.osv/1";

/// The layout of a database.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Layout {
    /// `crates/PACKAGE/RUSTSEC-….md`.
    Rustsec,
    /// `osv/GO-….json`, and `DATES.tsv` because the files have no dates of their own.
    Go,
    /// `*.json`, at any depth.
    Osv,
}

impl Layout {
    /// The type of evidence that its advisories are.
    pub(crate) const fn schema(self) -> &'static str {
        match self {
            Self::Rustsec => RUSTSEC,
            Self::Go | Self::Osv => OSV,
        }
    }
}

/// What is known of a whole database.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// Its layout.
    pub(crate) layout: Layout,
    /// Advisories by ecosystem; those of others are under `other`.
    pub(crate) advisories: BTreeMap<String, u64>,
    /// Its files.
    pub(crate) files: u64,
    /// SHA-256 over a line `SHA-256 PATH` for each file, in the order of paths.
    pub(crate) sha256: String,
    /// Its date.
    pub(crate) date: Timestamp,
    /// What says so.
    pub(crate) date_from: String,
}

impl Manifest {
    /// All advisories of it.
    pub(crate) fn total(&self) -> u64 {
        self.advisories.values().sum()
    }
}

/// Names of packages by ecosystem.
pub(crate) type Packages = BTreeMap<String, BTreeSet<String>>;

/// The first line of advisories: which database they are from, and for which packages they were taken out of it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scope {
    /// SHA-256 of the database.
    pub(crate) database: String,
    /// Names of packages by ecosystem.
    pub(crate) packages: Packages,
}

/// A line for each advisory that concerns one of the packages.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    /// The name of the file.
    file: String,
    /// SHA-256 of the whole file, prose included.
    sha256: String,
    /// When the database had it, in seconds of Unix, where the file does not say so itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    added: Option<i64>,
    /// The block of TOML of RustSec.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    front: Option<String>,
    /// The members of OSV but for prose.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    osv: Option<&'a RawValue>,
    /// Why it is not here: it looked like something that evidence must not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    /// The packages that a refused one is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    packages: Vec<String>,
}

/// What a piece of evidence of advisories holds.
#[derive(Debug, Default)]
pub(crate) struct Advisories {
    /// From which database, for which packages.
    pub(crate) scope: Scope,
    /// What they say.
    pub(crate) advisories: Vec<Advisory>,
    /// Packages about which an advisory could not be stored.
    pub(crate) refused: BTreeSet<String>,
}

impl Advisories {
    /// Reads evidence.
    ///
    /// # Errors
    /// In words, with the line.
    pub(crate) fn read(content: &[u8]) -> Result<Self, String> {
        let mut lines = content
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        let scope = lines.next().unwrap_or_default();
        let scope = serde_json::from_slice(scope).map_err(|_| "line 1 is no scope".to_owned())?;
        let mut read = Self {
            scope,
            ..Self::default()
        };
        for (line, number) in lines.zip(2_u64..) {
            read.line(line)
                .map_err(|why| format!("line {number}: {why}"))?;
        }
        Ok(read)
    }

    fn line(&mut self, line: &[u8]) -> Result<(), String> {
        let line: Line<'_> =
            serde_json::from_slice(line).map_err(|error| format!("column {}", error.column()))?;
        let added = line.added.map(Timestamp::from_second).transpose();
        let added = added.map_err(|_| "a date out of range".to_owned())?;
        match (&line.front, line.osv, &line.refused) {
            (Some(front), None, None) => self.advisories.push(rustsec::read(front)?),
            (None, Some(raw), None) => {
                let of_each = osv::read(raw.get().as_bytes(), added)?;
                self.advisories.extend(of_each);
            }
            (None, None, Some(_)) => self.refused.extend(line.packages),
            _ => return Err("it is neither an advisory nor a refusal".to_owned()),
        }
        Ok(())
    }
}

/// A database that the settings name.
struct Database {
    /// Its name in evidence: no path of a machine.
    name: String,
    layout: Layout,
    path: PathBuf,
}

/// The names in evidence of the databases that settings configure.
pub(crate) fn configured(settings: &crate::exposure::Settings) -> Vec<(String, Layout, &str)> {
    let mut all = Vec::new();
    let one = |name: &str, layout, path: &'_ Option<String>| {
        path.as_ref().map(|_| (name.to_owned(), layout))
    };
    let named = [
        (
            one("rustsec", Layout::Rustsec, &settings.rustsec),
            &settings.rustsec,
        ),
        (one("go", Layout::Go, &settings.go), &settings.go),
    ];
    for (database, path) in named {
        if let (Some((name, layout)), Some(path)) = (database, path) {
            all.push((format!("database:{name}"), layout, path.as_str()));
        }
    }
    for (path, number) in settings.osv.iter().zip(1..) {
        let last = Path::new(path).file_name().unwrap_or_default();
        let name = format!("database:osv:{number}:{}", last.to_string_lossy());
        all.push((name, Layout::Osv, path.as_str()));
    }
    all
}

fn databases(project: &Project) -> Vec<Database> {
    let configured = configured(&project.settings.vulnerabilities);
    let each = configured.into_iter().map(|(name, layout, path)| Database {
        name,
        layout,
        // An absolute path replaces the folder that it is joined to.
        path: project.root().join(path),
    });
    each.collect()
}

/// Collects advisories.
#[derive(Debug)]
pub(crate) struct Databases;

impl Collector for Databases {
    fn name(&self) -> &'static str {
        "advisories"
    }

    fn plan(&self, project: &Project) -> Vec<Call> {
        let each = databases(project).into_iter();
        each.map(|one| {
            Call::new(
                format!("read {} ({})", one.path.display(), one.name),
                "none",
            )
        })
        .collect()
    }

    fn collect(&self, project: &Project, sink: &mut Sink<'_>) -> Result<(), WriteError> {
        let packages = packages(project);
        for database in databases(project) {
            let taken = packages
                .as_ref()
                .map_err(Clone::clone)
                .and_then(|packages| take(&database, packages, project.now));
            match taken {
                Ok((manifest, content)) => {
                    let manifest = serde_json::to_vec(&manifest).unwrap_or_default();
                    put(sink, MANIFEST, &database.name, "manifest", &manifest)?;
                    let schema = database.layout.schema();
                    put(sink, schema, &database.name, "advisories", &content)?;
                }
                Err(why) => sink.failed(MANIFEST, &database.name, "manifest", why)?,
            }
        }
        Ok(())
    }
}

fn put(
    sink: &mut Sink<'_>,
    schema: &str,
    source: &str,
    request: &str,
    content: &[u8],
) -> Result<(), WriteError> {
    sink.put(&Collected {
        schema,
        source,
        request,
        collected_at: None,
        effective: None,
        content,
    })
}

/// The packages of all lock files, in all their revisions.
fn packages(project: &Project) -> Result<Packages, String> {
    let mut all = Packages::new();
    let mut names = history::packages_of_checkout(project)?;
    for branch in &project.settings.change.branches {
        names.append(&mut history::packages_of(&project.git, branch)?);
    }
    for (format, name) in names {
        let ecosystem = format.ecosystem().name().to_owned();
        all.entry(ecosystem).or_default().insert(name);
    }
    Ok(all)
}

/// Reads a whole database: its manifest, and what concerns the packages.
fn take(
    database: &Database,
    packages: &Packages,
    now: Timestamp,
) -> Result<(Manifest, Vec<u8>), String> {
    let read = folder::read(database.layout, &database.path, packages)?;
    let manifest = read.manifest(database.layout, &database.path)?;
    if manifest.date.duration_since(now).as_hours() > 24 {
        return Err(format!("its date is in the future: {}", manifest.date));
    }
    let scope = Scope {
        database: manifest.sha256.clone(),
        packages: packages.clone(),
    };
    let mut content = serde_json::to_vec(&scope).map_err(|error| error.to_string())?;
    content.push(b'\n');
    let detector = Detector::new();
    for file in read.files {
        content.extend_from_slice(&line(&file, &detector, database.layout)?);
        content.push(b'\n');
    }
    Ok((manifest, content))
}

/// The line of an advisory. One that looks like PHI is replaced by the reason, so that it hides no other.
fn line(file: &folder::File, detector: &Detector, layout: Layout) -> Result<Vec<u8>, String> {
    let fault = |error: serde_json::Error| error.to_string();
    let raw = match layout {
        Layout::Rustsec => None,
        _ => Some(serde_json::from_str::<&RawValue>(&file.kept).map_err(fault)?),
    };
    let mut line = Line {
        // Without its folder: the name of a package before the digits of an id looks like a number of a person.
        file: file.path.rsplit('/').next().unwrap_or_default().to_owned(),
        sha256: file.sha256.to_string(),
        added: file.added.map(Timestamp::as_second),
        front: (layout == Layout::Rustsec).then(|| file.kept.clone()),
        osv: raw,
        refused: None,
        packages: Vec::new(),
    };
    let bytes = serde_json::to_vec(&line).map_err(fault)?;
    if look_for_phi(detector, layout.schema(), &bytes).is_err() {
        line.front = None;
        line.osv = None;
        // Without the class: its name beside digits would be refused in turn.
        line.refused = Some("it looks like PHI or a secret".to_owned());
        line.packages = file
            .advisories
            .iter()
            .map(|one| one.package.clone())
            .collect();
        return serde_json::to_vec(&line).map_err(fault);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use tests::whole;
