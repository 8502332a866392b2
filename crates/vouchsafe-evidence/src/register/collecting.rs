//! Collects registers, whether they are committed, digests of documents, and snapshots of access.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path};

use super::access::{ACCESS, ACCESS_FOLDER};
use super::documents::{DOCUMENTS, Documents, FileState, FoundDocument, STATE, State};
use super::given::ABSENT;
use super::kinds::ALL;
use crate::collect::{Call, Collected, Collector, Sink};
use crate::digest::{Digest, Hasher};
use crate::git::Git;
use crate::project::{FILE, FOLDER, Project};
use crate::store::WriteError;

/// The source of what is read from the working tree.
const SOURCE: &str = "file";

/// Collects `evidence/*.toml` and what belongs to it.
#[derive(Debug)]
pub(crate) struct Registers;

impl Collector for Registers {
    fn name(&self) -> &'static str {
        "registers"
    }

    fn plan(&self, _: &Project) -> Vec<Call> {
        vec![
            Call::new(format!("read {FOLDER}/*.toml"), "none"),
            Call::new(format!("read {ACCESS_FOLDER}/*.csv and *.toml"), "none"),
            Call::new(
                "read documents that registers name, for their digests; contents are not stored",
                "none",
            ),
            Call::new("run git cat-file and git log for each of them", "none"),
        ]
    }

    fn collect(&self, project: &Project, sink: &mut Sink<'_>) -> Result<(), WriteError> {
        let mut state = State {
            head: project.git.text(["rev-parse", "--verify", "HEAD"]).ok(),
            files: Vec::new(),
        };
        state
            .files
            .push(file_state(&project.git, FILE, &project.settings_text));
        let mut documents = BTreeSet::new();
        for kind in ALL {
            let path = project.root().join(kind.file);
            let bytes = match fs::read(&path) {
                Ok(bytes) => bytes,
                Err(error) => {
                    let why = match error.kind() {
                        std::io::ErrorKind::NotFound => ABSENT.to_owned(),
                        _ => error.to_string(),
                    };
                    sink.failed(kind.schema, SOURCE, kind.file, why)?;
                    continue;
                }
            };
            documents.extend(named_documents(&bytes));
            state
                .files
                .push(file_state(&project.git, kind.file, &bytes));
            put(sink, kind.schema, kind.file, &bytes)?;
        }
        for path in snapshots(project.root()) {
            match fs::read(project.root().join(&path)) {
                Ok(bytes) => {
                    state.files.push(file_state(&project.git, &path, &bytes));
                    put(sink, ACCESS, &path, &bytes)?;
                }
                Err(error) => sink.failed(ACCESS, SOURCE, &path, error.to_string())?,
            }
        }
        put_json(sink, STATE, &state)?;
        let found = documents
            .into_iter()
            .map(|path| find(project, path))
            .collect();
        put_json(sink, DOCUMENTS, &Documents { documents: found })
    }
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

fn put_json<T: serde::Serialize>(
    sink: &mut Sink<'_>,
    schema: &str,
    what: &T,
) -> Result<(), WriteError> {
    match serde_json::to_vec(what) {
        Ok(content) => put(sink, schema, FOLDER, &content),
        Err(error) => sink.failed(schema, SOURCE, FOLDER, error.to_string()),
    }
}

fn file_state(git: &Git, path: &str, bytes: &[u8]) -> FileState {
    let commit = git
        .text(["log", "-1", "--format=%H", "HEAD", "--", path])
        .ok();
    FileState {
        path: path.to_owned(),
        sha256: Digest::of(bytes),
        committed: at_head(git, path),
        commit: commit.filter(|commit| !commit.is_empty()),
    }
}

/// SHA-256 of a file at the commit.
fn at_head(git: &Git, path: &str) -> Option<Digest> {
    let bytes = git
        .run(["cat-file", "blob", &format!("HEAD:{path}")])
        .ok()?;
    Some(Digest::of(&bytes))
}

/// Snapshots of access, by name.
fn snapshots(root: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(root.join(ACCESS_FOLDER)).into_iter().flatten();
    entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| {
            let kind = Path::new(name).extension();
            kind.is_some_and(|kind| kind == "csv" || kind == "toml")
        })
        .map(|name| format!("{ACCESS_FOLDER}/{name}"))
        .collect()
}

/// Paths of documents that a register names: of all tables with a `sha256` and a `path`.
fn named_documents(bytes: &[u8]) -> BTreeSet<String> {
    let table = std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| text.parse::<toml::Table>().ok());
    let mut found = BTreeSet::new();
    look_for_documents(&toml::Value::Table(table.unwrap_or_default()), &mut found);
    found
}

fn look_for_documents(value: &toml::Value, found: &mut BTreeSet<String>) {
    match value {
        toml::Value::Array(values) => values
            .iter()
            .for_each(|value| look_for_documents(value, found)),
        toml::Value::Table(table) => {
            if let (Some(path), Some(_)) = (
                table.get("path").and_then(toml::Value::as_str),
                table.get("sha256"),
            ) {
                found.insert(path.trim().to_owned());
            }
            table
                .values()
                .for_each(|value| look_for_documents(value, found));
        }
        _ => {}
    }
}

/// A document, if it lies in the repository: a path that leads out of it, also by a link, is none.
fn find(project: &Project, path: String) -> FoundDocument {
    let inside = Path::new(&path)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let root = project.root().canonicalize().ok();
    let full = project.root().join(&path).canonicalize().ok();
    let full = full.filter(|full| inside && root.is_some_and(|root| full.starts_with(root)));
    FoundDocument {
        sha256: full.and_then(|full| digest_of_file(&full).ok()),
        committed: if inside {
            at_head(&project.git, &path)
        } else {
            None
        },
        path,
    }
}

/// SHA-256 of a file, read piece by piece: reports of auditors are large.
fn digest_of_file(path: &Path) -> std::io::Result<Digest> {
    let mut file = fs::File::open(path)?;
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = std::io::Read::read(&mut file, &mut buffer)?;
        match buffer.get(..read) {
            Some(piece) if !piece.is_empty() => hasher.update(piece),
            _ => return Ok(hasher.finish()),
        }
    }
}

#[cfg(test)]
mod tests;
