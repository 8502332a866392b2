//! Making a pack.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use vouchsafe_tlog::proof::{consistency, inclusion};
use vouchsafe_tlog::tile::{SourceError, TILE_WIDTH, TileKind, TilePath};
use vouchsafe_tlog::{NoteError, NoteVerifier};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::manifest::{Listed, Manifest};
use crate::catalogue::Control;
use crate::check::{Check, CheckKind};
use crate::collect::PROGRAM;
use crate::digest::Digest;
use crate::entry::{FindingEntry, INLINE_BYTES, Kind, Observation, PopulationEntry};
use crate::finding::{Findings, Populations, Scope, State, csv, findings, root_of};
use crate::inputs::{Index, Noted};
use crate::logged;
use crate::project::Project;
use crate::report::{Earlier, EvidenceLine, Proven, Report};
use crate::store::{Log, LogError, WriteError, Writer, object_path};
use crate::window::Window;

/// Earlier heads that a report has proofs from: a year of daily runs.
const HEADS: usize = 370;

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
    texts(&mut pack, &catalogue, &checks, &found, &populations)?;
    let reading = Reading {
        log: &log,
        index: &index,
        controls: &controls,
    };
    reports(&mut pack, making, &reading, &found, &populations)?;
    the_log(&mut pack, &log, &index, &found)?;
    let files = pack.finish(making, writer, &log, &found)?;
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
    fn finish(
        mut self,
        making: &Making<'_>,
        writer: &Writer,
        log: &Log,
        found: &Findings,
    ) -> Result<usize, MakeError> {
        let mut files = std::mem::take(&mut self.listed);
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let count = files.len() + 2;
        let manifest = Manifest {
            pack: 1,
            program: PROGRAM.to_owned(),
            project: making.project.settings.project.name.clone(),
            origin: making.key.name().as_str().to_owned(),
            key: making.key.to_string(),
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

/// What the reports are made from, beside the findings.
struct Reading<'a> {
    log: &'a Log,
    index: &'a Index,
    controls: &'a [Control],
}

fn texts(
    pack: &mut Packing,
    catalogue: &[u8],
    checks: &[Check],
    found: &Findings,
    populations: &Populations,
) -> Result<(), MakeError> {
    pack.put("README.txt", README.as_bytes())?;
    pack.put("findings.json", &serde_json::to_vec_pretty(found)?)?;
    pack.put("catalogue.toml", catalogue)?;
    for check in checks {
        pack.put(&format!("checks/{}.toml", check.id), check.text.as_bytes())?;
    }
    for (check, items) in populations {
        pack.put(&format!("populations/{check}.csv"), csv(items).as_bytes())?;
    }
    Ok(())
}

/// What people read.
fn reports(
    pack: &mut Packing,
    making: &Making<'_>,
    reading: &Reading<'_>,
    found: &Findings,
    populations: &Populations,
) -> Result<(), MakeError> {
    let Reading {
        log,
        index,
        controls,
    } = *reading;
    let evidence = index.evidence().map(|known| EvidenceLine {
        index: known.index,
        schema: &known.evidence.schema,
        source: &known.evidence.source,
        request: &known.evidence.request,
        collected_at: known.evidence.collected_at,
        content: known.content,
        size: known.size,
        failed: known.evidence.failed.as_deref(),
        late: known.evidence.late,
    });
    let mut evidence: Vec<_> = evidence.collect();
    evidence.sort_by_key(|line| line.index);
    let report = Report {
        project: &making.project.settings.project.name,
        program: PROGRAM,
        origin: making.key.name().as_str(),
        key: making.key.to_string(),
        checkpoint: log.note(),
        findings: found,
        populations,
        evidence,
        proven: proven(log, index, found.before)?,
        earlier: earlier(log, index)?,
    };
    for (path, bytes) in crate::report::files(&report, controls)? {
        pack.put(&path, &bytes)?;
    }
    Ok(())
}

/// The entries of findings and populations of this pack, with their proofs.
fn proven(log: &Log, index: &Index, before: u64) -> Result<Vec<Proven>, MakeError> {
    let populations = index.populations.iter().map(|noted| noted.index);
    let found = index.findings.iter().map(|noted| noted.index);
    let indices: BTreeSet<u64> = populations
        .chain(found)
        .filter(|index| *index >= before)
        .collect();
    indices
        .into_iter()
        .map(|index| {
            let leaf = log.tree().entry(index).map_err(LogError::from)?;
            let path = inclusion(log.tree(), index, log.size())
                .map_err(|error| MakeError::Proof(error.to_string()))?;
            Ok(Proven {
                index,
                leaf,
                path,
                content: log.content_at(index)?.to_vec(),
            })
        })
        .collect()
}

/// Proofs that the log begins with the logs that it was after its last runs: an auditor may have kept the head of one.
fn earlier(log: &Log, index: &Index) -> Result<Vec<Earlier>, MakeError> {
    let runs = index.runs.iter().rev().take(HEADS).rev();
    runs.map(|run| run.index + 1)
        .filter(|size| *size < log.size())
        .map(|size| {
            let path = consistency(log.tree(), size, log.size())
                .map_err(|error| MakeError::Proof(error.to_string()))?;
            Ok(Earlier { size, path })
        })
        .collect()
}

/// The whole log, and the contents that a verifier needs: all evidence, all populations and findings, and the records
/// of the observations that the findings rest on.
fn the_log(
    pack: &mut Packing,
    log: &Log,
    index: &Index,
    found: &Findings,
) -> Result<(), MakeError> {
    pack.put("log/checkpoint", log.note())?;
    for path in tiles(log.size()) {
        let bytes = log.files().read(&path)?;
        pack.put(&format!("log/{path}"), &bytes)?;
    }
    for content in objects(index, found) {
        let path = object_path(&content);
        let bytes = log.files().read(&path)?;
        pack.put(&format!("log/{path}"), &bytes)?;
    }
    Ok(())
}

/// The digests of all contents that a pack holds as objects.
fn objects(index: &Index, found: &Findings) -> BTreeSet<Digest> {
    let large = |size: u64| size > INLINE_BYTES as u64;
    let evidence = index.evidence().filter(|known| large(known.size));
    let mut contents: BTreeSet<Digest> = evidence.map(|known| known.content).collect();
    let observed = needed(index, found)
        .into_iter()
        .filter(|noted| large(noted.size));
    contents.extend(observed.map(|noted| noted.content));
    let populations = index.populations.iter().filter(|noted| large(noted.size));
    contents.extend(populations.map(|noted| noted.content));
    let findings = index.findings.iter().filter(|noted| large(noted.size));
    contents.extend(findings.map(|noted| noted.content));
    contents
}

/// The observations that findings rest on, in the order of the log: those of the window, the one before it, and the
/// last one; of a population the last alone, which looked at all of it.
pub(super) fn needed<'i>(index: &'i Index, found: &Findings) -> Vec<&'i Noted<Observation>> {
    let mut needed = BTreeMap::new();
    for check in &found.checks {
        let all = index.observations(&check.check);
        if check.kind != CheckKind::Population {
            let first = all.partition_point(|noted| noted.at < found.window.from);
            let end = all.partition_point(|noted| noted.at < found.window.to);
            let in_window = all.get(first.saturating_sub(1)..end).unwrap_or_default();
            needed.extend(in_window.iter().map(|noted| (noted.index, noted)));
        }
        let last = all.iter().rfind(|noted| Some(noted.index) == check.last);
        needed.extend(last.map(|last| (last.index, last)));
    }
    needed.into_values().collect()
}

/// The paths of all tiles of a log of some size.
fn tiles(size: u64) -> Vec<String> {
    let mut paths = Vec::new();
    let kinds = std::iter::once(TileKind::Entries).chain((0..8).map(TileKind::Hashes));
    for kind in kinds {
        for number in 0.. {
            match TilePath::at(kind, number, size) {
                Some(path) if path.width() <= TILE_WIDTH => paths.push(path.to_string()),
                _ => break,
            }
        }
    }
    paths
}

const README: &str = "\
Evidence pack, made by vouchsafe-evidence.

It holds what was collected, how it was judged, and the log in which all of it stands. To verify it, offline:

    vouchsafe evidence verify PACK.zip --key KEY --head HEAD

KEY is the public key of the log, and HEAD the last head of it, as YOU kept them: from the team at the beginning of the
period (`vouchsafe evidence head`), never from this pack. Without them, a log that was written anew would look the same.

The verification re-hashes every entry, checks every signature, and performs every check again on the raw evidence.
It tells where the result differs. Nothing in this pack is legal advice or a certificate.

    report.html         for people; opens in any browser, without a network
    findings.json       the same, for programs
    populations/        every item of the window, as CSV
    checks/             the definitions of the checks, each with cases that it must fail
    log/                the log (C2SP tlog-tiles) and the raw evidence (log/objects: gzip, named by SHA-256)
    manifest.json       all files with their SHA-256; manifest.note signs it
";
