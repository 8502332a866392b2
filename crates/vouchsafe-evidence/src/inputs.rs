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

/// The evidence of one type, in the order of the log.
#[derive(Debug, Default)]
struct OfType {
    known: Vec<Arc<Known>>,
    /// Beside each entry, a digest over it and all in front of it.
    digests: Vec<Digest>,
}

/// All entries of a log, by what they are.
#[derive(Debug, Default)]
pub(crate) struct Index {
    evidence: BTreeMap<String, OfType>,
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
                let known = Known {
                    index,
                    at,
                    evidence,
                    content,
                    size,
                };
                self.add(known);
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
        self.evidence
            .get(schema)
            .map_or(&[], |of_type| of_type.known.as_slice())
    }

    fn add(&mut self, known: Known) {
        let schema = known.evidence.schema.clone();
        let of_type = self.evidence.entry(schema).or_default();
        let mut hasher = Hasher::new();
        if let Some(before) = of_type.digests.last() {
            hasher.update(before.to_string().as_bytes());
        }
        hasher.update(format!("\n{} {}\n", known.index, known.content).as_bytes());
        of_type.digests.push(hasher.finish());
        of_type.known.push(Arc::new(known));
    }

    /// The observations of a check, in the order of the log.
    pub(crate) fn observations(&self, check: &str) -> &[Noted<Observation>] {
        self.observations.get(check).map_or(&[], Vec::as_slice)
    }

    /// All evidence, by type.
    pub(crate) fn evidence(&self) -> impl Iterator<Item = &Arc<Known>> {
        self.evidence.values().flat_map(|of_type| &of_type.known)
    }

    /// The evidence that a check is to be given: that of its types which stands before an index of the log.
    pub(crate) fn select<'i>(&'i self, check: &Check, before: u64) -> Inputs<'i> {
        let mut hasher = Hasher::new();
        let mut by_type = Vec::new();
        for schema in check.types() {
            let Some((schema, of_type)) = self.evidence.get_key_value(schema) else {
                continue;
            };
            let end = of_type.known.partition_point(|known| known.index < before);
            let known = of_type.known.get(..end).unwrap_or_default();
            if let Some(digest) = end
                .checked_sub(1)
                .and_then(|last| of_type.digests.get(last))
            {
                hasher.update(format!("{schema} {digest}\n").as_bytes());
            }
            by_type.push((schema.as_str(), known));
        }
        Inputs {
            by_type,
            digest: hasher.finish(),
        }
    }
}

/// The evidence that a check is given.
#[derive(Clone, Debug)]
pub(crate) struct Inputs<'i> {
    by_type: Vec<(&'i str, &'i [Arc<Known>])>,
    digest: Digest,
}

impl Inputs<'_> {
    /// Names what the check is given: a digest over the indices and contents of all of it.
    pub(crate) const fn digest(&self) -> Digest {
        self.digest
    }

    /// Number of entries.
    pub(crate) fn count(&self) -> u64 {
        self.by_type
            .iter()
            .map(|(_, known)| known.len() as u64)
            .sum()
    }

    fn of_type(&self, schema: &str) -> &[Arc<Known>] {
        let mut types = self.by_type.iter();
        types
            .find(|(known, _)| *known == schema)
            .map_or(&[], |(_, known)| known)
    }
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
    inputs: &'a Inputs<'a>,
    contents: &'a dyn Contents,
    cache: &'a Cache,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("check", &self.check.id)
            .field("at", &self.at)
            .field("inputs", &self.inputs.count())
            .finish_non_exhaustive()
    }
}

impl<'a> Context<'a> {
    pub(crate) const fn new(
        check: &'a Check,
        at: Timestamp,
        inputs: &'a Inputs<'a>,
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
        self.inputs.of_type(schema).iter().map(AsRef::as_ref)
    }

    /// The last evidence of a type, if there is any; it may be a failed collection.
    pub(crate) fn last(&self, schema: &str) -> Option<&'a Known> {
        self.inputs.of_type(schema).last().map(AsRef::as_ref)
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

    /// The last evidence of a type; nothing when it was never collected, or there was no such file.
    ///
    /// # Errors
    /// When the last collection failed otherwise.
    pub(crate) fn present(&self, schema: &str) -> Result<Option<&'a Known>, String> {
        match self.last(schema) {
            None => Ok(None),
            Some(known) if known.evidence.failed.as_deref() == Some(crate::register::ABSENT) => {
                Ok(None)
            }
            Some(_) => self.latest(schema).map(Some),
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

    /// What is computed from several entries of evidence; computed once for all checks that name the same by `of`.
    pub(crate) fn computed<T: Any + Send + Sync>(
        &self,
        of: Digest,
        compute: impl FnOnce() -> Result<T, String>,
    ) -> Result<Arc<T>, String> {
        let key = (of, TypeId::of::<T>());
        let kept = {
            let kept = self.cache.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.get(&key).cloned()
        };
        if let Some(computed) = kept.and_then(|kept| kept.downcast::<T>().ok()) {
            return Ok(computed);
        }
        let computed = Arc::new(compute()?);
        let mut kept = self.cache.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(key, Arc::clone(&computed) as Arc<dyn Any + Send + Sync>);
        Ok(computed)
    }

    /// The settings of the project, as they were collected. Every check is given them.
    pub(crate) fn settings(&self) -> Result<Arc<Settings>, String> {
        let known = self.latest(crate::project::SETTINGS)?;
        self.parsed(known, |bytes| {
            Settings::parse(bytes).map_err(|error| error.to_string())
        })
    }
}
