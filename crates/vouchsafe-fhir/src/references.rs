//! References between the entries of a bundle, and those that a search stands for.

mod names;
mod rewrite;

use std::collections::HashMap;

use vouchsafe::document::{Document, Node};
use vouchsafe::ids::{RecordId, RecordType};
use vouchsafe_records::engine::{Ahead, Caller, Condition, Engine, Failure};
use vouchsafe_records::pack::{RecordTypeDecl, Reference, SearchKind};

use names::{Meaning, Names, wrong};
pub(crate) use names::{Named, is_urn, is_versioned, same};
use rewrite::{Link, REFERENCE, rewrite};

use crate::outcome::Problem;
use crate::query::{self, Params};
use crate::values::reference;

/// What a conditional reference stands for, as far as that is known.
type Resolution = Result<Option<RecordId>, Problem>;

/// What the references of resources become.
#[derive(Default)]
pub(crate) struct Targets {
    pub(crate) names: Names,
    conditions: HashMap<(RecordType, Box<str>), Resolution>,
    /// The address of this server: what begins so is ours.
    base: String,
}

/// What a write changes of what conditional references find: they are looked up last, on the state after it.
#[derive(Default)]
pub(crate) struct Afterwards<'d> {
    /// The documents that are there then.
    pub(crate) written: Vec<Ahead<'d>>,
    /// The records that are not as they were: found again by their new documents, or not at all.
    pub(crate) changed: Vec<(&'d RecordType, RecordId)>,
}

impl Targets {
    /// Targets at this base URL, if there is one.
    pub(crate) fn new(base: &str) -> Self {
        Self {
            base: base.to_owned(),
            ..Self::default()
        }
    }

    /// Notes the conditional references of a resource, each once.
    pub(crate) fn collect(&mut self, document: &Document) {
        visit(document.root(), &mut |text| {
            if let Reference::Conditional { record_type, query } = reference(text) {
                self.conditions
                    .entry((record_type, query))
                    .or_insert(Ok(None));
            }
        });
    }

    /// Finds what the conditional references stand for, in one go.
    ///
    /// # Errors
    /// [`Failure`] when none could be looked up; that of a single one is told by [`Self::apply`].
    pub(crate) async fn resolve(
        &mut self,
        engine: &Engine,
        caller: &Caller,
        afterwards: &Afterwards<'_>,
    ) -> Result<(), Failure> {
        let mut conditions = Vec::new();
        let mut asked = Vec::new();
        for ((record_type, query), resolution) in &mut self.conditions {
            match query::condition(query) {
                Ok(params) => {
                    conditions.push(Condition {
                        record_type: record_type.clone(),
                        params,
                    });
                    asked.push(resolution);
                }
                Err(problem) => *resolution = Err(problem),
            }
        }
        if conditions.is_empty() {
            return Ok(());
        }
        let found = engine.find_all(caller, &conditions).await?;
        let ahead = engine.meeting(&conditions, &afterwards.written);
        let found = found.into_iter().zip(ahead).zip(&conditions);
        for (resolution, ((found, ahead), condition)) in asked.into_iter().zip(found) {
            let all = found.and_then(|found| {
                let kept = found.iter().map(|found| found.id);
                let kept = kept.filter(|id| {
                    let mut changed = afterwards.changed.iter();
                    !changed.any(|(name, other)| **name == condition.record_type && other == id)
                });
                let places = ahead?.into_iter();
                let made = places.filter_map(|place| afterwards.written.get(place));
                let mut all: Vec<RecordId> = Vec::new();
                for id in kept.chain(made.map(|one| one.id)) {
                    // Of a repeated request, what it made the first time is there already.
                    if !all.contains(&id) {
                        all.push(id);
                    }
                }
                Ok(all)
            });
            *resolution = match all.as_deref() {
                Ok([]) => Ok(None),
                Ok([id]) => Ok(Some(*id)),
                Ok(_) => Err(Problem::from(&Failure::Several)),
                Err(failure) => Err(Problem::from(failure)),
            };
        }
        Ok(())
    }

    /// Writes the targets into the resource of an entry with that full URL: into references, addresses and narrative
    /// (R4, 3.1.0.11.2); identifiers and texts stay.
    ///
    /// # Errors
    /// [`Problem`] with the element, when one of its references has no target, or could have several.
    pub(crate) fn apply(
        &self,
        document: &mut Document,
        declared: Option<&RecordTypeDecl>,
        full_url: Option<&str>,
    ) -> Result<(), Problem> {
        rewrite(
            document.root_mut(),
            declared,
            &mut |link, text| match link {
                Link::Reference => self.target(text, full_url),
                Link::Address => Ok(match self.names.meaning(text, full_url)? {
                    Meaning::Target(target) => Some(target),
                    Meaning::Outside => None,
                }),
            },
        )
    }

    /// What a reference becomes; none if it stays as it is.
    fn target(&self, text: &str, full_url: Option<&str>) -> Result<Option<String>, Problem> {
        if let Meaning::Target(target) = self.names.meaning(text, full_url)? {
            return Ok(Some(target));
        }
        if is_urn(text) {
            return Err(wrong("a urn reference names no entry that it may name"));
        }
        match reference(text) {
            Reference::Conditional { record_type, query } => {
                match self.conditions.get(&(record_type.clone(), query)) {
                    Some(Ok(Some(id))) => Ok(Some(format!("{record_type}/{id}"))),
                    Some(Err(problem)) => Err(problem.clone()),
                    Some(Ok(None)) | None => Err(wrong("a conditional reference finds nothing")),
                }
            }
            Reference::Foreign | Reference::Local { .. } if self.names.is_loose(text) => {
                Err(wrong(
                    "a relative reference could mean an entry; refer to it by the entry's fullUrl",
                ))
            }
            Reference::Foreign if misspelt(own(&self.base, text).unwrap_or(text)) => {
                Err(Problem::unprocessable(
                    "not-found",
                    "a reference names an id of nobody: ids are UUIDs in lower case",
                ))
            }
            Reference::Foreign => Ok(relative(&self.base, text).map(str::to_owned)),
            Reference::Local { .. } | Reference::Contained | Reference::Placeholder(_) => Ok(None),
        }
    }
}

/// A reference to this server by its full address, made relative.
pub(crate) fn relative<'t>(base: &str, text: &'t str) -> Option<&'t str> {
    own(base, text).filter(|relative| matches!(reference(relative), Reference::Local { .. }))
}

/// What follows the address of this server.
fn own<'t>(base: &str, text: &'t str) -> Option<&'t str> {
    let below = text.strip_prefix(base).filter(|_| !base.is_empty())?;
    below.strip_prefix('/')
}

/// Whether it would be a reference to a resource of this server if ids were not heeded letter by letter (R4, 2.24.0.1).
fn misspelt(text: &str) -> bool {
    let Some((record_type, rest)) = text.split_once('/') else {
        return false;
    };
    let lower = format!("{record_type}/{}", rest.to_ascii_lowercase());
    lower != text && matches!(reference(&lower), Reference::Local { .. })
}

/// The values of a search by references to this server, each alternative made relative by itself.
pub(crate) fn relative_params(base: &str, declared: Option<&RecordTypeDecl>, params: &mut Params) {
    let Some(declared) = declared else { return };
    for (name, value) in params {
        let (name, modifier) = match name.split_once(':') {
            Some((name, modifier)) => (name, Some(modifier)),
            None => (name.as_str(), None),
        };
        let mut named = declared
            .search_params()
            .iter()
            .filter(|param| *param.name == *name);
        let kind = named.next().map(|param| param.kind);
        // The identifier beside a reference is none.
        if kind != Some(SearchKind::Reference) || modifier == Some("identifier") {
            continue;
        }
        // No reference to this server has a comma in it: one that is escaped is of another, and joined again as it was.
        let alternatives: Vec<&str> = value
            .split(',')
            .map(|text| relative(base, text).unwrap_or(text))
            .collect();
        *value = alternatives.join(",");
    }
}

fn visit(node: &Node, found: &mut dyn FnMut(&str)) {
    for item in node.as_array().unwrap_or_default() {
        visit(item, found);
    }
    for (name, value) in node
        .as_object()
        .into_iter()
        .flat_map(|object| object.iter())
    {
        match value.as_str() {
            Some(text) if name == REFERENCE => found(text),
            _ => visit(value, found),
        }
    }
}

/// Replaces the references of a resource, contained ones' and extensions' too, where `other` gives another text.
pub fn map_references(document: &mut Document, other: &mut dyn FnMut(&str) -> Option<String>) {
    let replaced = rewrite(document.root_mut(), None, &mut |link, text| {
        Ok(match link {
            Link::Reference => other(text),
            Link::Address => None,
        })
    });
    debug_assert!(replaced.is_ok(), "nothing is refused");
}

#[cfg(test)]
mod tests;
