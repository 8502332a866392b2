//! What a pack holds beside its manifest: a function of the log and the window, so that whoever verifies writes it again.

use std::collections::{BTreeMap, BTreeSet};

use vouchsafe_tlog::NoteVerifier;
use vouchsafe_tlog::proof::{consistency, inclusion};
use vouchsafe_tlog::tile::{TILE_WIDTH, TileKind, TilePath};

use super::make::MakeError;
use crate::catalogue::Control;
use crate::check::{Check, CheckKind};
use crate::collect::PROGRAM;
use crate::digest::Digest;
use crate::entry::{INLINE_BYTES, Observation};
use crate::finding::{Findings, Populations, csv};
use crate::inputs::{Index, Noted};
use crate::report::{Earlier, EvidenceLine, Proven, Report};
use crate::store::{Log, LogError, object_path};

/// Earlier heads that a report has proofs from: a year of daily runs.
const HEADS: usize = 370;

/// What the files of a pack are made from.
pub(super) struct Source<'a> {
    pub(super) project: &'a str,
    pub(super) key: &'a NoteVerifier,
    pub(super) log: &'a Log,
    pub(super) index: &'a Index,
    pub(super) catalogue: &'a [u8],
    pub(super) controls: &'a [Control],
    pub(super) checks: &'a [Check],
    pub(super) found: &'a Findings,
    pub(super) populations: &'a Populations,
}

impl Source<'_> {
    /// Findings, definitions, populations and what people read: paths and bytes.
    pub(super) fn files(&self) -> Result<Vec<(String, Vec<u8>)>, MakeError> {
        let mut files = vec![
            ("README.txt".to_owned(), README.as_bytes().to_vec()),
            (
                "findings.json".to_owned(),
                serde_json::to_vec_pretty(self.found)?,
            ),
            ("catalogue.toml".to_owned(), self.catalogue.to_vec()),
        ];
        let checks = self.checks.iter();
        files.extend(checks.map(|check| {
            let path = format!("checks/{}.toml", check.id);
            (path, check.text.as_bytes().to_vec())
        }));
        let populations = self.populations.iter();
        files.extend(populations.map(|(check, items)| {
            let path = format!("populations/{check}.csv");
            (path, csv(items).into_bytes())
        }));
        files.extend(self.reports()?);
        Ok(files)
    }

    /// What people read.
    fn reports(&self) -> Result<Vec<(String, Vec<u8>)>, MakeError> {
        let evidence = self.index.evidence().map(|known| EvidenceLine {
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
            project: self.project,
            program: PROGRAM,
            origin: self.key.name().as_str(),
            key: self.key.to_string(),
            checkpoint: self.log.note(),
            findings: self.found,
            populations: self.populations,
            evidence,
            proven: proven(self.log, self.index, self.found.before)?,
            earlier: earlier(self.log, self.index)?,
        };
        Ok(crate::report::files(&report, self.controls)?)
    }
}

/// The paths of the log in a pack, below `log/`: all of its tiles, and the contents that a verifier needs. These are all
/// evidence, all populations and findings, and the records of the observations that the findings rest on.
pub(super) fn of_log(log: &Log, index: &Index, found: &Findings) -> Vec<String> {
    let mut paths = vec!["checkpoint".to_owned()];
    paths.extend(tiles(log.size()));
    paths.extend(objects(index, found).iter().map(object_path));
    paths
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
