//! Libraries that ship data away: logging, error tracking, monitoring, analytics.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::egress::{Destination, Egress};
use super::given::{deviation, optional};
use super::locks::{Ecosystem, Package, python_name, reader};
use super::reading::{Named as _, Row};
use super::value::Text;
use super::vendors::Vendors;
use crate::collect::{Call, Collected, Collector, Sink};
use crate::digest::Digest;
use crate::git::{Git, GitError};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Unobservable};
use crate::project::Project;
use crate::store::WriteError;

/// The type of evidence that names the lock files at the commit.
pub(crate) const FILES: &str = "deps.files/1";
/// The type of evidence that a lock file is.
pub(crate) const PRESENT: &str = "deps.present/1";

/// The list that this program brings.
const LIST: &str = include_str!("../../data/phi-egress.toml");

/// `deps.files/1`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct LockFiles {
    pub(crate) commit: String,
    pub(crate) files: Vec<LockFile>,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct LockFile {
    pub(crate) path: String,
    /// SHA-256 of the file at the commit.
    pub(crate) original: Digest,
    /// SHA-256 of what is stored of it; none when it could not be read.
    pub(crate) packages: Option<Digest>,
}

/// Collects lock files at the commit.
#[derive(Debug)]
pub(crate) struct Locks;

impl Collector for Locks {
    fn name(&self) -> &'static str {
        "lock-files"
    }

    fn plan(&self, _: &Project) -> Vec<Call> {
        vec![Call::new(
            "run git ls-tree and git cat-file for Cargo.lock, go.mod, package-lock.json, yarn.lock, pnpm-lock.yaml, poetry.lock, uv.lock, Pipfile.lock and requirements*.txt at HEAD",
            "none",
        )]
    }

    fn collect(&self, project: &Project, sink: &mut Sink<'_>) -> Result<(), WriteError> {
        let (commit, paths) = match listed(&project.git) {
            Ok(listed) => listed,
            Err(error) => return sink.failed(FILES, SOURCE, "HEAD", error.to_string()),
        };
        let mut files = Vec::new();
        for path in paths {
            let blob = format!("{commit}:{path}");
            let content = match project.git.run(["cat-file", "blob", &blob]) {
                Ok(content) => content,
                Err(error) => return sink.failed(FILES, SOURCE, "HEAD", error.to_string()),
            };
            let original = Digest::of(&content);
            // A file that cannot be read is named all the same: what was not read is no answer.
            let packages = match extract(&path, &content) {
                Ok(stored) => {
                    put(sink, PRESENT, &path, &stored)?;
                    Some(Digest::of(&stored))
                }
                Err(why) => {
                    sink.failed(PRESENT, SOURCE, &path, why)?;
                    None
                }
            };
            files.push(LockFile {
                path,
                original,
                packages,
            });
        }
        match serde_json::to_vec(&LockFiles { commit, files }) {
            Ok(content) => put(sink, FILES, "HEAD", &content),
            Err(error) => sink.failed(FILES, SOURCE, "HEAD", error.to_string()),
        }
    }
}

const SOURCE: &str = "git";

/// The commit, and the lock files in it.
fn listed(git: &Git) -> Result<(String, Vec<String>), GitError> {
    let commit = git.text(["rev-parse", "--verify", "HEAD"])?;
    let listing = git.run(["ls-tree", "-r", "-z", "--name-only", "--full-tree", &commit])?;
    let paths = listing
        .split(|byte| *byte == 0)
        .filter_map(|path| std::str::from_utf8(path).ok());
    let paths = paths
        .filter(|path| reader(path).is_some())
        .map(ToOwned::to_owned);
    Ok((commit, paths.collect()))
}

fn put(sink: &mut Sink<'_>, schema: &str, request: &str, content: &[u8]) -> Result<(), WriteError> {
    sink.put(&Collected {
        schema,
        source: SOURCE,
        request,
        collected_at: None,
        effective: None,
        content,
    })
}

/// What is stored of a lock file: its packages, one a line, as JSON. Lock files themselves are not stored: addresses of
/// registries in them may hold credentials, and names of packages beside versions look like secrets.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn extract(path: &str, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let reader = reader(path).ok_or("it is no lock file")?;
    let mut packages = reader(text)?;
    packages.sort();
    packages.dedup();
    let mut lines = Vec::new();
    for package in packages {
        serde_json::to_writer(&mut lines, &package.without_credentials())
            .map_err(|error| error.to_string())?;
        lines.push(b'\n');
    }
    Ok(lines)
}

fn packages_in(bytes: &[u8]) -> Result<Vec<Package>, String> {
    let lines = serde_json::Deserializer::from_slice(bytes).into_iter();
    lines
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())
}

/// The list of libraries.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    /// The day on which somebody last went through it.
    date: Date,
    library: Vec<Library>,
}

/// A library that ships data away.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Library {
    ecosystem: Ecosystem,
    /// The name of the package; with `*` at its end, all names that begin so.
    name: String,
    /// Names of the vendor, any of which an egress entry may use; none when the library sends wherever it is told to.
    vendors: Vec<String>,
    sends: String,
}

impl Library {
    fn is(&self, package: &Package) -> bool {
        if self.ecosystem != package.ecosystem {
            return false;
        }
        match self.name.strip_suffix('*') {
            Some(head) => package.name.starts_with(head),
            // Major versions and packages of Go are below the name.
            None if self.ecosystem == Ecosystem::Go => package
                .name
                .strip_prefix(&self.name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
            None => package.name == self.name,
        }
    }
}

fn list() -> Result<&'static List, String> {
    static READ: OnceLock<Result<List, String>> = OnceLock::new();
    let read = READ.get_or_init(|| toml::from_str(LIST).map_err(|error| error.to_string()));
    read.as_ref()
        .map_err(|error| format!("the list of libraries: {error}"))
}

/// A lock file, and its packages.
pub(crate) type InFile = (String, Arc<Vec<Package>>);

/// The packages of all lock files at the commit, and files that could not be read.
pub(crate) fn packages(context: &Context<'_>) -> Result<(Vec<InFile>, Vec<Unobservable>), String> {
    let known = context.latest(FILES)?;
    let files: Arc<LockFiles> = context.parsed(known, |bytes| {
        serde_json::from_slice(bytes).map_err(|error| error.to_string())
    })?;
    let contents: BTreeMap<_, _> = context
        .latest_each(PRESENT)
        .into_iter()
        .map(|known| (known.evidence.request.as_str(), known))
        .collect();
    let mut found = Vec::new();
    let mut unobservable = Vec::new();
    for file in &files.files {
        let read = match contents.get(file.path.as_str()) {
            None => Err("it was not collected".to_owned()),
            Some(known) => match &known.evidence.failed {
                Some(why) => Err(why.clone()),
                None if Some(known.content) != file.packages => {
                    Err("what was collected is another state of it".to_owned())
                }
                None => context.parsed(known, packages_in),
            },
        };
        match read {
            Ok(packages) => found.push((file.path.clone(), packages)),
            Err(what) => unobservable.push(Unobservable {
                item: file.path.clone(),
                what,
            }),
        }
    }
    Ok((found, unobservable))
}

/// Each library that ships data away has an egress entry that names its vendor.
pub(crate) fn phi_egress(context: &Context<'_>) -> Result<Judgement, String> {
    let list = list()?;
    let (files, unobservable) = packages(context)?;
    let egress = optional::<Egress>(context)?;
    let vendors = optional::<Vendors>(context)?;
    if files.is_empty() && unobservable.is_empty() {
        return Ok(Judgement::not_applicable(
            "there is no lock file of Cargo, Go, npm or Python at the commit",
        ));
    }
    let entries = egress.as_ref().map_or(&[][..], |egress| &egress.entries);
    let mut found: BTreeMap<String, Deviation> = BTreeMap::new();
    let mut hits = 0_usize;
    let mut looked_at = 0_usize;
    for (path, packages) in &files {
        looked_at += packages.len();
        for package in packages.iter() {
            let Some(library) = list.library.iter().find(|library| library.is(package)) else {
                continue;
            };
            hits += 1;
            if entries
                .iter()
                .any(|entry| names(entry, library, package, vendors.as_deref()))
            {
                continue;
            }
            let item = format!("{}/{}", package.ecosystem.name(), package.name);
            found.entry(item.clone()).or_insert_with(|| {
                let text = format!(
                    "it can send {} to {}, and no entry of {} names it",
                    library.sends,
                    destination(library),
                    Egress::FILE
                );
                deviation(context, "LIBRARY_WITHOUT_EGRESS", item, text).at(path.clone())
            });
        }
    }
    let note = format!(
        "{looked_at} packages in {} lock files, {hits} of them on the list of {}",
        files.len(),
        list.date
    );
    Ok(Judgement::of(found.into_values().collect(), unobservable).noting(note))
}

fn destination(library: &Library) -> String {
    match library.vendors.first() {
        Some(vendor) => vendor.clone(),
        None => "wherever it is told to".to_owned(),
    }
}

/// Whether an entry is about a library: it names the library itself, or its vendor.
fn names(
    entry: &Row<Destination>,
    library: &Library,
    package: &Package,
    vendors: Option<&Vendors>,
) -> bool {
    let own = |known: &Text| {
        let (ecosystem, name) = known.split_once('/').unwrap_or(("", known));
        let name = if package.ecosystem == Ecosystem::Python {
            python_name(name)
        } else {
            name.to_owned()
        };
        ecosystem == package.ecosystem.name() && (name == package.name || name == library.name)
    };
    let title = vendors
        .and_then(|vendors| vendors.vendor(&entry.vendor))
        .map(|vendor| &vendor.name);
    let same = |vendor: &String| {
        entry.vendor.eq_ignore_ascii_case(vendor)
            || title.is_some_and(|title| title.eq_ignore_ascii_case(vendor))
    };
    entry.libraries.iter().any(own) || library.vendors.iter().any(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_can_be_read_and_names_nothing_twice() {
        let list = list().unwrap();
        let mut names: Vec<_> = list
            .library
            .iter()
            .map(|one| (one.ecosystem, one.name.as_str()))
            .collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        for ecosystem in [
            Ecosystem::Cargo,
            Ecosystem::Go,
            Ecosystem::Npm,
            Ecosystem::Python,
        ] {
            assert!(
                names.iter().filter(|(of, _)| *of == ecosystem).count() >= 15,
                "{ecosystem:?}"
            );
        }
        for library in list
            .library
            .iter()
            .filter(|one| one.ecosystem == Ecosystem::Python)
        {
            let name = library.name.trim_end_matches('*');
            assert_eq!(
                name.trim_end_matches('-'),
                python_name(name),
                "names of Python are written in one way"
            );
        }
    }
}
