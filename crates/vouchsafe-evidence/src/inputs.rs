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
    /// By source and request, where the entries stand: a year of probes is asked for its last ones, again and again.
    asked: BTreeMap<(String, String), Asked>,
}

/// The entries of one source and request, by their places in [`OfType::known`].
#[derive(Debug, Default)]
struct Asked {
    all: Vec<usize>,
    /// Those that did not fail.
    collected: Vec<usize>,
}

impl OfType {
    /// The last entry of each source and request among the first so many.
    fn last_each<'i>(
        &'i self,
        count: usize,
        places: impl Fn(&'i Asked) -> &'i [usize],
    ) -> impl Iterator<Item = &'i Known> {
        self.asked.values().filter_map(move |asked| {
            let places = places(asked);
            let end = places.partition_point(|place| *place < count);
            let last = places.get(end.checked_sub(1)?)?;
            self.known.get(*last).map(AsRef::as_ref)
        })
    }
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
        let key = (
            known.evidence.source.clone(),
            known.evidence.request.clone(),
        );
        let asked = of_type.asked.entry(key).or_default();
        asked.all.push(of_type.known.len());
        if known.evidence.failed.is_none() {
            asked.collected.push(of_type.known.len());
        }
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
            if let Some(digest) = end
                .checked_sub(1)
                .and_then(|last| of_type.digests.get(last))
            {
                hasher.update(format!("{schema} {digest}\n").as_bytes());
            }
            by_type.push((schema.as_str(), of_type, end));
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
    /// Type, its evidence, and how many of it.
    by_type: Vec<(&'i str, &'i OfType, usize)>,
    digest: Digest,
}

impl<'i> Inputs<'i> {
    /// Names what the check is given: a digest over the indices and contents of all of it.
    pub(crate) const fn digest(&self) -> Digest {
        self.digest
    }

    /// Number of entries.
    pub(crate) fn count(&self) -> u64 {
        self.by_type.iter().map(|(_, _, count)| *count as u64).sum()
    }

    fn select(&self, schema: &str) -> Option<(&'i OfType, usize)> {
        let mut types = self.by_type.iter();
        let (_, of_type, count) = types.find(|(known, _, _)| *known == schema)?;
        Some((of_type, *count))
    }

    fn of_type(&self, schema: &str) -> &'i [Arc<Known>] {
        let selected = self.select(schema);
        selected.map_or(&[], |(of_type, count)| {
            of_type.known.get(..count).unwrap_or_default()
        })
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
pub(crate) struct Cache(Mutex<Generations>);

/// Two generations: what was not asked for while the younger one filled up is forgotten.
#[derive(Debug, Default)]
struct Generations {
    young: Kept,
    old: Kept,
}

type Kept = HashMap<(Digest, TypeId), Arc<dyn Any + Send + Sync>>;

/// The younger generation has this many at most.
const YOUNG: usize = 8_192;

impl Cache {
    fn get<T: Any + Send + Sync>(&self, of: Digest) -> Option<Arc<T>> {
        let key = (of, TypeId::of::<T>());
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = match kept.young.get(&key) {
            Some(known) => Arc::clone(known),
            None => {
                let known = kept.old.remove(&key)?;
                kept.keep(key, &known);
                known
            }
        };
        known.downcast().ok()
    }

    fn put<T: Any + Send + Sync>(&self, of: Digest, what: &Arc<T>) {
        let what: Arc<dyn Any + Send + Sync> = Arc::<T>::clone(what);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.keep((of, TypeId::of::<T>()), &what);
    }
}

impl Generations {
    fn keep(&mut self, key: (Digest, TypeId), what: &Arc<dyn Any + Send + Sync>) {
        if self.young.len() >= YOUNG {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, Arc::clone(what));
    }
}

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
        self.inputs
            .select(schema)
            .map_or_else(Vec::new, |(of_type, count)| {
                of_type.last_each(count, |asked| &asked.all).collect()
            })
    }

    /// The last evidence of a type for each source and request that was collected, whatever failed after it.
    pub(crate) fn collected_each(&self, schema: &str) -> Vec<&'a Known> {
        self.inputs
            .select(schema)
            .map_or_else(Vec::new, |(of_type, count)| {
                of_type.last_each(count, |asked| &asked.collected).collect()
            })
    }

    /// The evidence of a type that the last run which had any appended, in the order of the log.
    pub(crate) fn of_last_run(&self, schema: &str) -> &'a [Arc<Known>] {
        let known = self.inputs.of_type(schema);
        let Some(last) = known.last() else {
            return &[];
        };
        // Times never go back in a log.
        let first = known.partition_point(|known| known.at < last.at);
        known.get(first..).unwrap_or_default()
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
        if let Some(parsed) = self.cache.get(known.content) {
            return Ok(parsed);
        }
        let content = self.content(known)?;
        let parsed = Arc::new(parse(&content).map_err(|why| {
            format!(
                "{} from {} cannot be read: {why}",
                known.evidence.schema, known.evidence.source
            )
        })?);
        self.cache.put(known.content, &parsed);
        Ok(parsed)
    }

    /// What is computed from several entries of evidence; computed once for all checks that name the same by `of`.
    pub(crate) fn computed<T: Any + Send + Sync>(
        &self,
        of: Digest,
        compute: impl FnOnce() -> Result<T, String>,
    ) -> Result<Arc<T>, String> {
        if let Some(computed) = self.cache.get(of) {
            return Ok(computed);
        }
        let computed = Arc::new(compute()?);
        self.cache.put(of, &computed);
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
