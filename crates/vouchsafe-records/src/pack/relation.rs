//! Care that a record tells of: who has care of its subject, from when until when.

use jiff::{SignedDuration, Timestamp};
use vouchsafe::class::{ClassSet, DataClass};
use vouchsafe::document::{Document, Node};
use vouchsafe::ids::RecordType;

use super::declaration::{Declared, record_types};
use super::manifest::RelationManifest;
use super::path::{walk, walk_with};
use super::{PackError, Reference};
use crate::values::Values;

/// How long a relation lasts that does not say when it ends: a year from its begin, or from now
/// if that is later. Whoever still has care then is named again, or assigned.
pub const OPEN_ENDED: SignedDuration = SignedDuration::from_hours(365 * 24);

/// A relation as a record tells it; its subject is that of the record.
#[derive(Clone, Debug)]
pub struct RelationDraft {
    /// Which kind, as the pack names it.
    pub kind: Box<str>,
    /// Who has care; a reference to staff, not PHI.
    pub beneficiary: Reference,
    /// From then on.
    pub from: Timestamp,
    /// Until then, exclusive.
    pub until: Timestamp,
}

impl RelationDraft {
    fn order(&self) -> (&str, String, Timestamp, Timestamp) {
        (
            &self.kind,
            format!("{:?}", self.beneficiary),
            self.from,
            self.until,
        )
    }
}

impl PartialEq for RelationDraft {
    fn eq(&self, other: &Self) -> bool {
        self.beneficiary == other.beneficiary && self.order() == other.order()
    }
}

impl Eq for RelationDraft {}

impl PartialOrd for RelationDraft {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RelationDraft {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

/// How a record type tells of care.
pub(super) struct RelationRule {
    pub(super) kind: Box<str>,
    pub(super) types: Vec<RecordType>,
    who: Vec<Box<str>>,
    /// Paths of begins, then paths of ends; the first `begins` of them are begins.
    times: Vec<Vec<Box<str>>>,
    begins: usize,
    status: Option<Vec<Box<str>>>,
    when: Vec<Box<str>>,
    /// The classes of all that it is told by.
    pub(super) classes: ClassSet,
}

impl RelationRule {
    pub(super) fn declare(
        manifest: RelationManifest,
        declared: &Declared<'_>,
        class_at: &dyn Fn(&[Box<str>]) -> DataClass,
    ) -> Result<Self, PackError> {
        let times = manifest.from.iter().chain(&manifest.until);
        let who = declared(&manifest.who)?;
        let times: Vec<_> = times.map(|path| declared(path)).collect::<Result<_, _>>()?;
        let status = manifest.status.as_deref().map(declared).transpose()?;
        let paths = times.iter().chain(&status).chain([&who]);
        Ok(Self {
            classes: paths.map(|path| class_at(path)).collect(),
            types: record_types(&manifest.types)?,
            who,
            times,
            begins: manifest.from.len(),
            status,
            when: manifest.when.into_iter().map(Into::into).collect(),
            kind: manifest.kind.into(),
        })
    }

    /// Adds the relations of a document.
    pub(super) fn collect(
        &self,
        document: &Document,
        (values, now): (&dyn Values, Timestamp),
        drafts: &mut Vec<RelationDraft>,
    ) {
        if !self.in_force(document) {
            return;
        }
        walk_with(
            document.root(),
            &self.who,
            &self.times,
            &mut |who, times| {
                let Some(named) = values.reference(who) else {
                    return;
                };
                // Care is had by somebody, and not by a version of what is written of them.
                let beneficiary = named.of_any_version();
                let fits = match &beneficiary {
                    Reference::Local { record_type, .. }
                    | Reference::Conditional { record_type, .. } => {
                        self.types.contains(record_type)
                    }
                    Reference::Placeholder(_) => true,
                    Reference::Contained | Reference::Foreign => false,
                };
                let (begins, ends) = times.split_at(self.begins.min(times.len()));
                // An unreadable time is no time: it must not make the relation longer. One that is too far away to be told is
                // far away, and a day without zone is one of UTC.
                let from = first(begins).map_or(Some(now), |text| {
                    values.span(text).map(|(begin, _)| begin.timestamp())
                });
                let until =
                    first(ends).map(|text| values.span(text).map(|(_, end)| end.timestamp()));
                let Some(from) = from.filter(|_| fits) else {
                    return;
                };
                let open_ended = || from.max(now).checked_add(OPEN_ENDED).ok();
                let Some(until) = until.unwrap_or_else(open_ended) else {
                    return;
                };
                if from < until {
                    drafts.push(RelationDraft {
                        kind: self.kind.clone(),
                        beneficiary,
                        from,
                        until,
                    });
                }
            },
        );
    }

    fn in_force(&self, document: &Document) -> bool {
        let Some(status) = &self.status else {
            return true;
        };
        let mut in_force = false;
        walk(document.root(), status, &mut |value| {
            in_force |= value
                .as_str()
                .is_some_and(|code| self.when.iter().any(|w| **w == *code));
        });
        in_force
    }
}

/// The first value of the first path that has one.
fn first<'n>(values: &[Vec<&'n Node>]) -> Option<&'n str> {
    values
        .iter()
        .find_map(|values| values.first().and_then(|value| value.as_str()))
}
