//! The evidence that a check is given.

use std::any::{Any, TypeId};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::check::Check;
use crate::digest::{Digest, Hasher};
use crate::entry::{Entry, Evidence, FindingEntry, Kind, Observation, PopulationEntry, RunEntry};
use crate::project::Settings;
use crate::store::{Log, LogError};

/// An entry of evidence: where it stands, and what its header says.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// Its index in the log.
    pub(crate) index: u64,
    /// When it was appended.
    pub(crate) at: Timestamp,
    /// Its header.
    pub(crate) evidence: Evidence,
    /// SHA-256 of its content.
    pub(crate) content: Digest,
    /// Bytes of its content.
    pub(crate) size: u64,
}

/// Any other entry.
#[derive(Clone, Debug)]
pub(crate) struct Noted<T> {
    pub(crate) index: u64,
    pub(crate) at: Timestamp,
    pub(crate) what: T,
    pub(crate) content: Digest,
    pub(crate) size: u64,
}

/// All entries of a log, by what they are.
#[derive(Debug, Default)]
pub(crate) struct Index {
    evidence: BTreeMap<String, Vec<Arc<Known>>>,
    observations: BTreeMap<String, Vec<Noted<Observation>>>,
    pub(crate) populations: Vec<Noted<PopulationEntry>>,
    pub(crate) findings: Vec<Noted<FindingEntry>>,
    pub(crate) runs: Vec<Noted<RunEntry>>,
}

impl Index {
    /// Reads a whole log.
    pub(crate) fn of(log: &Log) -> Result<Self, LogError> {
        let mut index = Self::default();
        log.each(|at, entry, _| index.take(at, entry))?;
        Ok(index)
    }

    /// Adds an entry.
    pub(crate) fn take(&mut self, index: u64, entry: Entry) {
        let (at, content, size) = (entry.at, entry.content, entry.size);
        macro_rules! noted {
            ($what:expr) => {
                Noted {
                    index,
                    at,
                    what: $what,
                    content,
                    size,
                }
            };
        }
        match entry.kind {
            Kind::Evidence(evidence) => {
                let of_type = self.evidence.entry(evidence.schema.clone()).or_default();
                of_type.push(Arc::new(Known {
                    index,
                    at,
                    evidence,
                    content,
                    size,
                }));
            }
            Kind::Observation(what) => {
                let of_check = self.observations.entry(what.check.clone()).or_default();
                of_check.push(noted!(what));
            }
            Kind::Population(what) => self.populations.push(noted!(what)),
            Kind::Finding(what) => self.findings.push(noted!(what)),
            Kind::Run(what) => self.runs.push(noted!(what)),
        }
    }

    /// The evidence of a type, in the order of the log.
    pub(crate) fn of_type(&self, schema: &str) -> &[Arc<Known>] {
        self.evidence.get(schema).map_or(&[], Vec::as_slice)
    }

    /// The observations of a check, in the order of the log.
    pub(crate) fn observations(&self, check: &str) -> &[Noted<Observation>] {
        self.observations.get(check).map_or(&[], Vec::as_slice)
    }

    /// All observations, by check.
    pub(crate) fn all_observations(&self) -> impl Iterator<Item = &Noted<Observation>> {
        self.observations.values().flatten()
    }

    /// All evidence, by type.
    pub(crate) fn evidence(&self) -> impl Iterator<Item = &Arc<Known>> {
        self.evidence.values().flatten()
    }

    /// The evidence that a check is to be given: that of its types which stands before an index of the log.
    pub(crate) fn select(&self, check: &Check, before: u64) -> Vec<Arc<Known>> {
        let types = check.types();
        let of_types = types.flat_map(|schema| self.of_type(schema));
        let mut known: Vec<_> = of_types
            .filter(|known| known.index < before)
            .cloned()
            .collect();
        known.sort_by_key(|known| known.index);
        known
    }
}

/// SHA-256 over the indices and digests of evidence: names what a check was given.
pub(crate) fn digest_of(inputs: &[Arc<Known>]) -> Digest {
    let mut hasher = Hasher::new();
    for known in inputs {
        hasher.update(format!("{} {}\n", known.index, known.content).as_bytes());
    }
    hasher.finish()
}

/// Where the content of evidence comes from.
pub(crate) trait Contents: Sync {
    /// The content of an entry of evidence.
    ///
    /// # Errors
    /// In words, when it is missing or damaged.
    fn content(&self, known: &Known) -> Result<Arc<[u8]>, String>;
}

impl Contents for Log {
    fn content(&self, known: &Known) -> Result<Arc<[u8]>, String> {
        self.content_at(known.index)
            .map_err(|error| error.to_string())
    }
}

/// What was parsed, by digest and type: many checks read the same evidence.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<HashMap<(Digest, TypeId), Arc<dyn Any + Send + Sync>>>);

/// What an evaluator is given. It has nothing else: no files, no network, no clock.
pub(crate) struct Context<'a> {
    /// The check.
    pub(crate) check: &'a Check,
    /// The moment to judge for.
    pub(crate) at: Timestamp,
    inputs: &'a [Arc<Known>],
    contents: &'a dyn Contents,
    cache: &'a Cache,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("check", &self.check.id)
            .field("at", &self.at)
            .field("inputs", &self.inputs.len())
            .finish_non_exhaustive()
    }
}

impl<'a> Context<'a> {
    pub(crate) const fn new(
        check: &'a Check,
        at: Timestamp,
        inputs: &'a [Arc<Known>],
        contents: &'a dyn Contents,
        cache: &'a Cache,
    ) -> Self {
        Self {
            check,
            at,
            inputs,
            contents,
            cache,
        }
    }

    /// The evidence of a type, in the order of the log; failed collections too.
    pub(crate) fn all(&self, schema: &str) -> impl Iterator<Item = &'a Known> {
        self.inputs
            .iter()
            .map(AsRef::as_ref)
            .filter(move |known: &&Known| known.evidence.schema == schema)
    }

    /// The last evidence of a type, if there is any; it may be a failed collection.
    pub(crate) fn last(&self, schema: &str) -> Option<&'a Known> {
        self.all(schema).last()
    }

    /// The last evidence of a type that was collected.
    ///
    /// # Errors
    /// When there is none, or the last collection failed: in words, with the reason.
    pub(crate) fn latest(&self, schema: &str) -> Result<&'a Known, String> {
        let known = self
            .last(schema)
            .ok_or_else(|| format!("no evidence of type {schema} was collected"))?;
        match &known.evidence.failed {
            None => Ok(known),
            Some(why) => Err(format!(
                "{} could not be collected: {why}",
                known.evidence.request
            )),
        }
    }

    /// The last evidence of a type for each source and request; failed collections too.
    pub(crate) fn latest_each(&self, schema: &str) -> Vec<&'a Known> {
        let mut last: BTreeMap<(&str, &str), &Known> = BTreeMap::new();
        for known in self.all(schema) {
            let key = (
                known.evidence.source.as_str(),
                known.evidence.request.as_str(),
            );
            last.insert(key, known);
        }
        last.into_values().collect()
    }

    /// The content of evidence.
    pub(crate) fn content(&self, known: &Known) -> Result<Arc<[u8]>, String> {
        self.contents.content(known)
    }

    /// The content of evidence as `parse` reads it; read once for all checks.
    pub(crate) fn parsed<T: Any + Send + Sync>(
        &self,
        known: &Known,
        parse: impl FnOnce(&[u8]) -> Result<T, String>,
    ) -> Result<Arc<T>, String> {
        let key = (known.content, TypeId::of::<T>());
        let kept = {
            let kept = self.cache.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.get(&key).cloned()
        };
        if let Some(parsed) = kept.and_then(|kept| kept.downcast::<T>().ok()) {
            return Ok(parsed);
        }
        let content = self.content(known)?;
        let parsed = Arc::new(parse(&content).map_err(|why| {
            format!(
                "{} from {} cannot be read: {why}",
                known.evidence.schema, known.evidence.source
            )
        })?);
        let mut kept = self.cache.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(key, Arc::clone(&parsed) as Arc<dyn Any + Send + Sync>);
        Ok(parsed)
    }

    /// The settings of the project, as they were collected. Every check is given them.
    pub(crate) fn settings(&self) -> Result<Arc<Settings>, String> {
        let known = self.latest(crate::project::SETTINGS)?;
        self.parsed(known, |bytes| {
            Settings::parse(bytes).map_err(|error| error.to_string())
        })
    }
}
