//! Verifying a pack, offline: signatures, proofs, and every check again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use vouchsafe_tlog::tile::SourceError;
use vouchsafe_tlog::{Checkpoint, Frontier, NoteVerifier, SignedNote};

use super::archive::{Archive, ArchiveError, LogFiles};
use super::derived::{Source, needed, of_log};
use super::manifest::Manifest;
use crate::check::Check;
use crate::collect::PROGRAM;
use crate::digest::Digest;
use crate::engine::perform;
use crate::entry::{INLINE_BYTES, Observation};
use crate::finding::{Findings, Populations, Scope, csv, findings, root_of};
use crate::inputs::{Cache, Contents as _, Index, Known, Noted};
use crate::judgement::Record;
use crate::logged;
use crate::own::PREFIX;
use crate::parallel;
use crate::refetch::Refetched;
use crate::store::{Files as _, Log};

/// What a verifier kept, from elsewhere than the pack.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// The public key of the log.
    pub(crate) key: Option<NoteVerifier>,
    /// An earlier head of the log, as it was signed.
    pub(crate) head: Option<Vec<u8>>,
    /// Witnesses whose cosignature counts.
    pub(crate) witnesses: Vec<NoteVerifier>,
}

/// The result.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Verified {
    /// What was done, in order.
    pub(crate) steps: Vec<String>,
    /// What is wrong. Empty: everything came out as the pack says.
    pub(crate) faults: Vec<String>,
    /// What this verification cannot exclude, and why.
    pub(crate) not_excluded: Vec<String>,
    /// Observations that were performed again.
    pub(crate) performed: u64,
    /// Sampled changes, compared with the forge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refetched: Option<Refetched>,
    /// What the pack says, as computed here from its evidence.
    #[serde(skip)]
    pub(crate) findings: Option<Findings>,
}

/// Nothing could be verified.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoPack {
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error("the pack has no {0}")]
    Missing(&'static str),
    #[error("manifest.json is not the manifest of a pack: {0}")]
    Manifest(String),
    #[error("the pack has format {0}, this program knows 1")]
    Version(u8),
    #[error("the key in the manifest is not a public key")]
    Key,
}

/// Verifies a pack.
///
/// # Errors
/// When the file is no pack at all. Whatever else is wrong is a fault of the result.
pub(crate) fn verify(path: &Path, kept: &Kept, say: impl FnMut(&str)) -> Result<Verified, NoPack> {
    let archive = Arc::new(Archive::open(path)?);
    let json = read(&archive, "manifest.json")?;
    let note = read(&archive, "manifest.note")?;
    let manifest: Manifest =
        serde_json::from_slice(&json).map_err(|error| NoPack::Manifest(error.to_string()))?;
    if manifest.pack != 1 {
        return Err(NoPack::Version(manifest.pack));
    }
    let key = match &kept.key {
        Some(key) => key.clone(),
        None => manifest.key.parse().map_err(|_| NoPack::Key)?,
    };
    let mut verifying = Verifying {
        archive,
        manifest,
        key,
        result: Verified::default(),
    };
    verifying.all(&json, &note, kept, say);
    Ok(verifying.result)
}

fn read(archive: &Archive, path: &'static str) -> Result<Vec<u8>, NoPack> {
    archive.read(path).map_err(|error| match error {
        SourceError::Missing => NoPack::Missing(path),
        SourceError::Unreadable(_) => ArchiveError::Zip(format!("{path} cannot be read")).into(),
    })
}

struct Verifying {
    archive: Arc<Archive>,
    manifest: Manifest,
    key: NoteVerifier,
    result: Verified,
}

impl Verifying {
    fn all(&mut self, json: &[u8], note: &[u8], kept: &Kept, mut say: impl FnMut(&str)) {
        self.origin(kept);
        self.signature(json, note);
        say("hashing the files");
        self.files();
        // What is not what was signed is not read any further: nothing that it says would mean anything.
        if !self.result.faults.is_empty() {
            return;
        }
        let log = match self.log(kept) {
            Ok(log) => log,
            Err(fault) => return self.fault(fault),
        };
        self.head(&log, kept);
        say("hashing the log");
        let index = match Index::of(&log) {
            Ok(index) => index,
            Err(error) => return self.fault(error.to_string()),
        };
        self.step(format!(
            "{} entries of the log hash to its signed root, in the order of their times",
            log.size()
        ));
        self.contents(&log, &index);
        say("computing the findings");
        let checks = self.checks(&log, &index);
        let Some(found) = self.findings(&log, &index, &checks) else {
            return;
        };
        say("performing the checks again");
        self.perform(&log, &index, &checks, &found);
        self.result.findings = Some(found);
    }

    fn step(&mut self, text: impl Into<String>) {
        self.result.steps.push(text.into());
    }

    fn fault(&mut self, text: impl Into<String>) {
        self.result.faults.push(text.into());
    }

    fn origin(&mut self, kept: &Kept) {
        if kept.key.is_none() {
            self.result.not_excluded.push(
                "a pack that somebody else signed: no key was given (--key), so the one in the pack was taken".to_owned(),
            );
        } else if self.manifest.key != self.key.to_string() {
            self.fault("the manifest names another key than the one that was given");
        }
    }

    fn signature(&mut self, json: &[u8], note: &[u8]) {
        let signed = SignedNote::parse(note)
            .map_err(|error| error.to_string())
            .and_then(|note| {
                note.verify(&[&self.key])
                    .map_err(|error| error.to_string())?;
                Ok(note.text().to_owned())
            });
        match signed {
            Ok(text) if text == self.manifest.note(json) => {
                self.step(format!("manifest.note is signed by {}", self.key));
            }
            Ok(_) => self.fault("manifest.note signs another manifest"),
            Err(error) => self.fault(format!("manifest.note: {error}")),
        }
    }

    /// Every file is listed, every listed file is there, each has the digest that is listed.
    fn files(&mut self) {
        let mut faults = Vec::new();
        let listed: BTreeSet<&str> = self
            .manifest
            .files
            .iter()
            .map(|file| file.path.as_str())
            .collect();
        if listed.len() != self.manifest.files.len() {
            faults.push("manifest.json lists a file twice".to_owned());
        }
        let unlisted = self.archive.names().filter(|name| {
            !listed.contains(name) && !matches!(*name, "manifest.json" | "manifest.note")
        });
        faults.extend(unlisted.map(|name| format!("{name} is not in the manifest")));
        for file in &self.manifest.files {
            match self.archive.read(&file.path) {
                Ok(bytes)
                    if bytes.len() as u64 == file.size && Digest::of(&bytes) == file.sha256 => {}
                Ok(_) => faults.push(format!("{} is not the file of the manifest", file.path)),
                Err(error) => faults.push(format!("{}: {error}", file.path)),
            }
        }
        if faults.is_empty() {
            self.step(format!(
                "{} files are those of the manifest, no more and no fewer",
                self.manifest.files.len()
            ));
        }
        self.result.faults.extend(faults);
    }

    fn log(&mut self, kept: &Kept) -> Result<Log, String> {
        let files = Arc::new(LogFiles(Arc::clone(&self.archive)));
        let log =
            Log::open(files, &self.key, &kept.witnesses).map_err(|error| error.to_string())?;
        let root = log.checkpoint().root.to_base64();
        if log.size() != self.manifest.size || root != self.manifest.root {
            return Err("the log is not the one that the manifest names".to_owned());
        }
        match log.witnesses() {
            0 => {}
            count => self.step(format!("{count} witnesses cosigned the head of the log")),
        }
        Ok(log)
    }

    /// The log begins with what it was when the auditor took its head.
    fn head(&mut self, log: &Log, kept: &Kept) {
        let Some(head) = &kept.head else {
            if log.witnesses() == 0 {
                self.result.not_excluded.push(
                    "omission: no earlier head was given (--head) and no known witness cosigned, so whoever holds the key could have written the whole log anew".to_owned(),
                );
            }
            return;
        };
        let origin = self.key.name().as_str();
        let opened = match Checkpoint::open(head, origin, &self.key, &[]) {
            Ok(opened) => opened.checkpoint,
            Err(error) => return self.fault(format!("the head that was kept: {error}")),
        };
        if opened.size > log.size() {
            return self.fault("the log is shorter than the head that was kept");
        }
        let mut tree = Frontier::new();
        for index in 0..opened.size {
            match log.tree().leaf(index) {
                Ok(leaf) => tree.push(leaf),
                Err(error) => return self.fault(error.to_string()),
            }
        }
        if tree.root() == opened.root {
            self.step(format!(
                "the log begins with the {} entries of the head that was kept",
                opened.size
            ));
        } else {
            self.fault("the log does not begin with the entries of the head that was kept");
        }
    }

    /// All evidence is there and is what the log says. Small contents stand in the leaves, and were hashed with them.
    fn contents(&mut self, log: &Log, index: &Index) {
        let evidence: Vec<_> = index.evidence().collect();
        let large = evidence
            .iter()
            .filter(|known| known.size > INLINE_BYTES as u64);
        let large: BTreeMap<Digest, &Known> =
            large.map(|known| (known.content, &***known)).collect();
        let large: Vec<&Known> = large.into_values().collect();
        let faults = parallel::map(&large, |known| {
            let error = log.content(known).err()?;
            Some(format!("entry {}: {error}", known.index))
        });
        let faults: Vec<String> = faults.into_iter().flatten().collect();
        if faults.is_empty() {
            self.step(format!(
                "{} contents of evidence are those of the log",
                evidence.len()
            ));
        }
        self.result.faults.extend(faults);
    }

    /// The definitions that were used, by their digest; each must pass its own cases here.
    fn checks(&mut self, log: &Log, index: &Index) -> BTreeMap<Digest, Check> {
        let (checks, faults) = logged::definitions(log, index);
        self.result.faults.extend(faults);
        self.step(format!(
            "{} definitions of checks come out on their own cases as they say",
            checks.len()
        ));
        self.own_definitions(&checks);
        checks
    }

    /// Whoever makes a pack could weaken a check: say where it is not the one that this program has.
    fn own_definitions(&mut self, checks: &BTreeMap<Digest, Check>) {
        let own = Check::all().unwrap_or_default();
        let foreign: BTreeSet<&str> = checks
            .values()
            .filter(|check| !own.iter().any(|own| own.definition == check.definition))
            .map(|check| check.id.as_str())
            .collect();
        let (own, foreign): (Vec<_>, Vec<_>) =
            foreign.into_iter().partition(|id| id.starts_with(PREFIX));
        if !own.is_empty() {
            self.result.not_excluded.push(format!(
                "checks that ask too little: these are the team's own; read them in the pack: {}",
                own.join(", ")
            ));
        }
        if !foreign.is_empty() {
            let names = foreign;
            self.result.not_excluded.push(format!(
                "weaker checks: these definitions are not those of this program ({PROGRAM}; the pack was made by {}); read them in the pack: {}",
                self.manifest.program,
                names.join(", ")
            ));
        }
    }

    /// Findings, populations and reports are what the log gives.
    fn findings(
        &mut self,
        log: &Log,
        index: &Index,
        checks: &BTreeMap<Digest, Check>,
    ) -> Option<Findings> {
        let scope = Scope {
            window: self.manifest.window,
            as_of: self.manifest.as_of,
            before: self.manifest.before,
        };
        let (catalogue, controls) = match logged::catalogue(log, index, scope.before) {
            Ok(read) => read,
            Err(fault) => {
                self.fault(fault);
                return None;
            }
        };
        let last = logged::last(index, checks, scope.before);
        let (found, populations) = match findings(log, index, &controls, &last, scope) {
            Ok(found) => found,
            Err(error) => {
                self.fault(error.to_string());
                return None;
            }
        };
        self.compare(index, &found, &populations);
        let key = self.key.clone();
        let source = Source {
            project: &self.manifest.project.clone(),
            key: &key,
            log,
            index,
            catalogue: &catalogue,
            controls: &controls,
            checks: &last,
            found: &found,
            populations: &populations,
        };
        self.written(&source);
        Some(found)
    }

    /// Every file of the pack is one that the log gives, and is what this program writes for it: nobody reads a report that
    /// says something else.
    fn written(&mut self, source: &Source<'_>) {
        let named = logged::project(source.log, source.index, source.found.before);
        if named.as_deref() != Ok(self.manifest.project.as_str()) {
            self.fault("the manifest names another project than the settings in the log");
        }
        if self.manifest.origin != self.key.name().as_str() {
            self.fault("the manifest names another origin than its key");
        }
        let files = match source.files() {
            Ok(files) => files,
            Err(error) => return self.fault(error.to_string()),
        };
        let of_log = of_log(source.log, source.index, source.found).into_iter();
        let mut expected: BTreeSet<String> = of_log.map(|path| format!("log/{path}")).collect();
        expected.extend(["manifest.json", "manifest.note"].map(str::to_owned));
        let mut other = Vec::new();
        for (path, bytes) in files {
            if !self.archive.read(&path).is_ok_and(|file| file == bytes) {
                other.push(path.clone());
            }
            expected.insert(path);
        }
        let names: BTreeSet<String> = self.archive.names().map(str::to_owned).collect();
        let strange: Vec<_> = names.difference(&expected).cloned().collect();
        let missing: Vec<_> = expected.difference(&names).cloned().collect();
        if other.is_empty() && strange.is_empty() && missing.is_empty() {
            self.step(format!(
                "{} files are those that the log gives, byte for byte: reports, tables and definitions too",
                expected.len()
            ));
            return;
        }
        let made_here = self.manifest.program == PROGRAM;
        for path in other {
            // Another version may lay out a report in another way; what machines read is the same in all of them.
            let free =
                path.starts_with("report.") || path.starts_with("oscal/") || path == "README.txt";
            if free && !made_here {
                self.result.not_excluded.push(format!(
                    "another content of {path}: it was written by {}, and this is {PROGRAM}; findings.json is what the log gives",
                    self.manifest.program
                ));
            } else {
                self.fault(format!("{path} is not what the log gives"));
            }
        }
        for path in strange {
            self.fault(format!("{path} is no file that the log gives"));
        }
        for path in missing {
            self.fault(format!("{path}, which the log gives, is missing"));
        }
    }

    fn compare(&mut self, index: &Index, found: &Findings, populations: &Populations) {
        let told = self.archive.read("findings.json").ok();
        let told = told.and_then(|json| serde_json::from_slice::<Findings>(&json).ok());
        if told.as_ref() != Some(found) {
            self.fault("findings.json is not what the evidence in the log gives");
        }
        let mut same = told.as_ref() == Some(found);
        let controls = found.controls.iter();
        let controls = controls.map(|one| (&one.control, serde_json::to_vec(one)));
        let checks = found.checks.iter();
        let checks = checks.map(|one| (&one.check, serde_json::to_vec(one)));
        for (id, json) in controls.chain(checks) {
            let content = json.map(|json| Digest::of(&json));
            let logged = index.findings.iter().any(|noted| {
                noted.index >= found.before
                    && noted.what.control == *id
                    && content
                        .as_ref()
                        .is_ok_and(|content| *content == noted.content)
            });
            if !logged {
                same = false;
                self.fault(format!(
                    "the finding of {id} in the log is not what the evidence gives"
                ));
            }
        }
        for (check, items) in populations {
            let csv = csv(items);
            let path = format!("populations/{check}.csv");
            let logged = index.populations.iter().any(|noted| {
                noted.index >= found.before
                    && noted.what.check == *check
                    && noted.what.root == root_of(items)
                    && noted.content == Digest::of(csv.as_bytes())
            });
            let filed = self
                .archive
                .read(&path)
                .is_ok_and(|file| file == csv.as_bytes());
            if !logged || !filed {
                same = false;
                self.fault(format!(
                    "{path} is not the population that the evidence gives"
                ));
            }
        }
        if same {
            self.step(format!(
                "{} findings and {} populations are what the evidence in the log gives",
                found.controls.len(),
                populations.len()
            ));
        }
    }

    /// Every observation that the findings rest on, again, from the evidence that stood in front of it.
    fn perform(
        &mut self,
        log: &Log,
        index: &Index,
        checks: &BTreeMap<Digest, Check>,
        found: &Findings,
    ) {
        let needed = needed(index, found);
        let cache = Cache::default();
        let faults = parallel::map(&needed, |noted| {
            let fault = again(noted, log, index, checks, &cache).err()?;
            Some(format!(
                "entry {}, the check {} at {}: {fault}",
                noted.index, noted.what.check, noted.at
            ))
        });
        let faults: Vec<String> = faults.into_iter().flatten().collect();
        self.result.performed = needed.len() as u64;
        if faults.is_empty() {
            self.step(format!(
                "{} observations, performed again on the raw evidence, came out the same",
                needed.len()
            ));
        }
        self.result.faults.extend(faults);
    }
}

fn again(
    noted: &Noted<Observation>,
    log: &Log,
    index: &Index,
    checks: &BTreeMap<Digest, Check>,
    cache: &Cache,
) -> Result<(), String> {
    let check = checks
        .get(&noted.what.definition)
        .ok_or("its definition is not in the log")?;
    if check.id != noted.what.check {
        return Err("its definition is that of another check".to_owned());
    }
    let content = log
        .content_at(noted.index)
        .map_err(|error| error.to_string())?;
    let record: Record =
        serde_json::from_slice(&content).map_err(|_| "its record cannot be read".to_owned())?;
    if record.before > noted.index || record.at != noted.at {
        return Err("it claims another moment than its own".to_owned());
    }
    let (observation, performed) = perform(check, record.at, record.before, index, log, cache);
    if observation != noted.what || performed != record {
        return Err(format!(
            "the log says {:?} with {} deviations, the evidence gives {:?} with {}",
            noted.what.outcome, noted.what.deviations, observation.outcome, observation.deviations
        ));
    }
    Ok(())
}
