//! Making a pack.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use vouchsafe_tlog::tile::SourceError;
use vouchsafe_tlog::{NoteError, NoteVerifier};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::derived::{Source, of_log};
use super::manifest::{Listed, Manifest};
use crate::catalogue::Control;
use crate::check::Check;
use crate::collect::PROGRAM;
use crate::digest::Digest;
use crate::entry::{FindingEntry, Kind, PopulationEntry};
use crate::finding::{Findings, Populations, Scope, State, csv, findings, root_of};
use crate::inputs::Index;
use crate::logged;
use crate::project::Project;
use crate::store::{Log, LogError, WriteError, Writer};
use crate::window::Window;

/// Why no pack was made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MakeError {
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("the log: {0}")]
    Source(#[from] SourceError),
    #[error("{path}: {error}")]
    File { path: PathBuf, error: io::Error },
    #[error("the archive cannot be written: {0}")]
    Zip(#[from] zip::result::ZipError),
    #[error("a finding cannot be written: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the manifest cannot be signed: {0}")]
    Sign(#[from] NoteError),
    #[error(transparent)]
    Report(#[from] crate::report::ReportError),
    #[error("the log: {0}")]
    Logged(String),
    #[error("the log has no run yet: `vouchsafe evidence run` first")]
    Empty,
    #[error("the proof of an entry cannot be made: {0}")]
    Proof(String),
}

/// What was made.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) findings: Findings,
    pub(crate) files: usize,
    pub(crate) size: u64,
}

/// What a pack is made of.
pub(crate) struct Making<'a> {
    pub(crate) project: &'a Project,
    pub(crate) key: &'a NoteVerifier,
    pub(crate) window: Window,
}

/// What a window comes to, as it stands in the log.
#[derive(Debug)]
pub(crate) struct Settled {
    found: Findings,
    populations: Populations,
    checks: Vec<Check>,
    catalogue: Vec<u8>,
    controls: Vec<Control>,
}

/// Appends the findings and populations of a window to the log, and signs it: populations are in the log before any
/// auditor gives a seed.
pub(crate) fn settle(
    making: &Making<'_>,
    writer: &mut Writer,
    mut say: impl FnMut(&str),
) -> Result<Settled, MakeError> {
    say("reading the log");
    let log = Log::open(writer.files(), making.key, &[])?;
    let index = Index::of(&log)?;
    if index.runs.is_empty() {
        return Err(MakeError::Empty);
    }
    let scope = Scope {
        window: making.window,
        as_of: making.project.now,
        before: log.size(),
    };
    say("computing the findings");
    let (definitions, faults) = logged::definitions(&log, &index);
    if let Some(fault) = faults.into_iter().next() {
        return Err(MakeError::Logged(fault));
    }
    let checks = logged::last(&index, &definitions, scope.before);
    let (catalogue, controls) =
        logged::catalogue(&log, &index, scope.before).map_err(MakeError::Logged)?;
    let (found, populations) = findings(&log, &index, &controls, &checks, scope)?;
    append(writer, &found, &populations)?;
    writer.commit()?;
    Ok(Settled {
        found,
        populations,
        checks,
        catalogue: catalogue.to_vec(),
        controls,
    })
}

/// Writes the pack of a window that was settled.
pub(crate) fn make(
    making: &Making<'_>,
    settled: Settled,
    writer: &Writer,
    path: &Path,
    mut say: impl FnMut(&str),
) -> Result<Made, MakeError> {
    let Settled {
        found,
        populations,
        checks,
        catalogue,
        controls,
    } = settled;
    let log = Log::open(writer.files(), making.key, &[])?;
    let index = Index::of(&log)?;
    say("writing the pack");
    let partial = path.with_extension("zip.new");
    let mut pack = Packing::create(&partial)?;
    let project = logged::project(&log, &index, found.before).map_err(MakeError::Logged)?;
    let source = Source {
        project: &project,
        key: making.key,
        log: &log,
        index: &index,
        catalogue: &catalogue,
        controls: &controls,
        checks: &checks,
        found: &found,
        populations: &populations,
    };
    for (path, bytes) in source.files()? {
        pack.put(&path, &bytes)?;
    }
    for path in of_log(&log, &index, &found) {
        let bytes = log.files().read(&path)?;
        pack.put(&format!("log/{path}"), &bytes)?;
    }
    let files = pack.finish(&source, writer)?;
    std::fs::rename(&partial, path).map_err(|error| MakeError::File {
        path: path.to_path_buf(),
        error,
    })?;
    Ok(Made {
        findings: found,
        files,
        size: log.size(),
    })
}

/// Appends the manifest of each population, then the finding of each control and of each check.
fn append(
    writer: &mut Writer,
    found: &Findings,
    populations: &Populations,
) -> Result<(), MakeError> {
    for (check, items) in populations {
        let kind = Kind::Population(PopulationEntry {
            check: check.clone(),
            window: found.window,
            items: items.len() as u64,
            root: root_of(items),
        });
        writer.append(found.as_of, kind, csv(items).as_bytes())?;
    }
    let mut finding = |id: &str, state: State, content: Vec<u8>| {
        let kind = Kind::Finding(FindingEntry {
            control: id.to_owned(),
            window: found.window,
            state: state.word().to_owned(),
        });
        writer.append(found.as_of, kind, &content)
    };
    for one in &found.controls {
        finding(&one.control, one.state, serde_json::to_vec(one)?)?;
    }
    for one in &found.checks {
        finding(&one.check, one.state, serde_json::to_vec(one)?)?;
    }
    Ok(())
}

/// A pack that is being written.
struct Packing {
    zip: ZipWriter<BufWriter<File>>,
    listed: Vec<Listed>,
}

impl Packing {
    fn create(path: &Path) -> Result<Self, MakeError> {
        let file = File::create(path).map_err(|error| MakeError::File {
            path: path.to_path_buf(),
            error,
        })?;
        Ok(Self {
            zip: ZipWriter::new(BufWriter::with_capacity(1 << 20, file)),
            listed: Vec::new(),
        })
    }

    fn put(&mut self, path: &str, bytes: &[u8]) -> Result<(), MakeError> {
        self.raw(path, bytes)?;
        self.listed.push(Listed {
            path: path.to_owned(),
            size: bytes.len() as u64,
            sha256: Digest::of(bytes),
        });
        Ok(())
    }

    fn raw(&mut self, path: &str, bytes: &[u8]) -> Result<(), MakeError> {
        let method = if path.ends_with(".gz") {
            CompressionMethod::Stored
        } else {
            CompressionMethod::Deflated
        };
        // One time for all files: the same log makes the same bytes.
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .compression_level((method == CompressionMethod::Deflated).then_some(3))
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644);
        self.zip.start_file(path, options)?;
        self.zip.write_all(bytes).map_err(|error| MakeError::File {
            path: PathBuf::from(path),
            error,
        })
    }

    /// The manifest and its note come last.
    fn finish(mut self, source: &Source<'_>, writer: &Writer) -> Result<usize, MakeError> {
        let (log, found) = (source.log, source.found);
        let mut files = std::mem::take(&mut self.listed);
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let count = files.len() + 2;
        let manifest = Manifest {
            pack: 1,
            program: PROGRAM.to_owned(),
            project: source.project.to_owned(),
            origin: source.key.name().as_str().to_owned(),
            key: source.key.to_string(),
            window: found.window,
            as_of: found.as_of,
            before: found.before,
            size: log.size(),
            root: log.checkpoint().root.to_base64(),
            files,
        };
        let json = serde_json::to_vec_pretty(&manifest)?;
        let note = writer.sign(manifest.note(&json))?;
        self.raw("manifest.json", &json)?;
        self.raw("manifest.note", note.to_string().as_bytes())?;
        self.zip
            .finish()?
            .flush()
            .map_err(|error| MakeError::File {
                path: PathBuf::from("the pack"),
                error,
            })?;
        Ok(count)
    }
}
