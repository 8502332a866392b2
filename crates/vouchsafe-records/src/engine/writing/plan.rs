//! What a write is about: its documents checked, its subjects and versions before looked up.

use std::collections::HashSet;

use jiff::SignedDuration;
use vouchsafe::access::Verb;
use vouchsafe::class::ClassSet;
use vouchsafe::document::Document;
use vouchsafe::gate::Target;
use vouchsafe::ids::{RecordId, RecordKey, RecordType, SubjectId, Version};

use super::super::subjects::{Subjects, order};
use super::super::{About, Expected, Unmet};
use super::{Caller, Engine, Failure, Op, Refused};
use crate::pack::{RecordTypeDecl, RelationDraft, SubjectKind};
use crate::store::{RelationRow, StoredRecord};

/// What is done to a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Create,
    Update,
    Delete,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    pub(super) const fn verb(self) -> Verb {
        match self {
            Self::Create => Verb::Create,
            Self::Update => Verb::Update,
            Self::Delete => Verb::Delete,
        }
    }
}

/// A write of one record, ready to be decided.
pub(super) struct Planned {
    pub(super) kind: Kind,
    pub(super) key: RecordKey,
    pub(super) version: Version,
    pub(super) subject: Option<SubjectId>,
    /// Classes of the document, or of the record that is deleted.
    pub(super) supplied: ClassSet,
    pub(super) document: Option<Document>,
    pub(super) previous: Option<StoredRecord>,
    /// Who has care by the document.
    pub(super) relations: Vec<RelationRow>,
    /// Who had care by the version before.
    pub(super) relations_before: Vec<RelationRow>,
    /// The version that it must have, told only to who may write it.
    pub(super) expected: Option<Expected>,
    /// The element that names the subject, or another than the record has.
    pub(super) about: Option<About>,
    /// That the document names another subject than the record has, or none.
    pub(super) moved: Option<Moved>,
    /// Whether the subject was there before this write.
    pub(super) known_subject: bool,
    /// What nothing may meet when it is committed.
    pub(super) unless: Option<Unmet>,
    /// Whether the caller named the record (`PUT`, `DELETE`): it may be there and be hidden.
    pub(super) named: bool,
}

/// A document that names another subject than its record has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moved {
    /// Whom; none if it names nobody.
    pub(super) to: Option<SubjectId>,
}

/// Whom a document is about.
#[derive(Clone, Default)]
struct Whom {
    subject: Option<SubjectId>,
    about: Option<About>,
    moved: Option<Moved>,
}

impl Planned {
    /// That it has another version than it must, told only to who may write the record.
    pub(super) fn conflict(&self) -> Option<Failure> {
        let previous = self.previous.as_ref();
        let met = match &self.expected {
            None => true,
            Some(Expected::Any) => previous.is_some_and(|stored| !stored.deleted),
            Some(Expected::OneOf(versions)) => {
                previous.is_some_and(|stored| versions.contains(&stored.record.version))
            }
        };
        (!met).then_some(Failure::VersionConflict)
    }

    /// The record, as the log names it.
    pub(super) fn target(&self) -> Target<'_> {
        Target {
            record: &self.key,
            version: self.version,
            subject: self.subject,
            operation: self.kind.name(),
        }
    }

    /// Whether it would end what has ended.
    pub(super) fn ended(&self) -> bool {
        self.kind == Kind::Delete && self.previous.as_ref().is_some_and(|stored| stored.deleted)
    }

    /// Who has care by the document and had not, or not for so long, by the version before.
    pub(super) fn new_relations(&self) -> Vec<&RelationRow> {
        // How long a moment lasts that is written with a fraction of a second has changed, and will again: within a second
        // it is the same end.
        let slack = SignedDuration::from_secs(1);
        let covered = |new: &RelationRow| {
            self.relations_before.iter().any(|old| {
                let until = old.until.saturating_add(slack).unwrap_or(old.until);
                old.beneficiary == new.beneficiary && old.from <= new.from && new.until <= until
            })
        };
        self.relations.iter().filter(|new| !covered(new)).collect()
    }

    /// The classes that the version before has.
    pub(super) fn before(&self) -> ClassSet {
        match &self.previous {
            Some(stored) if !stored.deleted => stored.record.manifest.classes(),
            Some(_) | None => ClassSet::NONE,
        }
    }
}

impl Engine {
    /// Checks the documents and looks up what is there. Nothing is decided or changed yet.
    pub(super) async fn plan(
        &self,
        caller: &Caller,
        ops: Vec<Op>,
    ) -> Result<(Vec<Planned>, Subjects), Refused> {
        let mut subjects = Subjects::default();
        let mut seen = HashSet::new();
        if let Some((op, failure)) = self.first_fault(&ops, &mut seen) {
            return Err(Refused {
                failure,
                op: Some(op),
            });
        }
        let mut previous = Vec::with_capacity(ops.len());
        for op in &ops {
            let found = self.before(caller, op, &mut subjects).await;
            previous.push(found.map_err(|failure| Refused {
                failure,
                op: Some(previous.len()),
            })?);
        }
        // Subjects first, then what refers to them, then what is known through those.
        let mut turns: Vec<usize> = (0..ops.len()).collect();
        turns.sort_by_key(|place| ops.get(*place).map_or(0, |op| self.turn(op)));
        let mut about = vec![Whom::default(); ops.len()];
        for place in turns {
            let (Some(op), Some(before)) = (ops.get(place), previous.get(place)) else {
                continue;
            };
            match self
                .subject(caller, op, before.as_ref(), &mut subjects)
                .await
            {
                Ok(found) => {
                    if let Some(slot) = about.get_mut(place) {
                        *slot = found;
                    }
                }
                Err(failure) => {
                    return Err(Refused {
                        failure,
                        op: Some(place),
                    });
                }
            }
        }
        let mut planned = Vec::with_capacity(ops.len());
        for ((op, previous), whom) in ops.into_iter().zip(previous).zip(about) {
            let known = whom.subject;
            let known = known.is_some_and(|subject| !subjects.is_new(subject));
            let ready = self.planned(caller, op, previous, (whom, known)).await;
            planned.push(ready.map_err(|failure| Refused {
                failure,
                op: Some(planned.len()),
            })?);
        }
        Ok((planned, subjects))
    }

    fn turn(&self, op: &Op) -> u8 {
        self.declared(type_of(op))
            .map_or(u8::MAX, |declared| order(declared.subject_kind()))
    }

    /// The first document that is not one of its type, or record that occurs twice.
    fn first_fault(
        &self,
        ops: &[Op],
        seen: &mut HashSet<(RecordType, RecordId)>,
    ) -> Option<(usize, Failure)> {
        ops.iter().enumerate().find_map(|(place, op)| {
            let declared = match self.declared(type_of(op)) {
                Ok(declared) => declared,
                Err(failure) => return Some((place, failure)),
            };
            if !seen.insert((type_of(op).clone(), id_of(op))) {
                return Some((place, Failure::Duplicate));
            }
            let (Op::Create { document, .. } | Op::Update { document, .. }) = op else {
                return None;
            };
            let issues = declared.validate(document);
            (!issues.is_empty()).then_some((place, Failure::Invalid(issues)))
        })
    }

    async fn before(
        &self,
        caller: &Caller,
        op: &Op,
        subjects: &mut Subjects,
    ) -> Result<Option<StoredRecord>, Failure> {
        let key = key_of(caller, op);
        let found = match op {
            // The id is fresh: there is nothing before.
            Op::Create { .. } => return Ok(None),
            Op::Update { .. } | Op::Delete { .. } => self.store.read(&key, None).await?,
        };
        match (&found, op) {
            (_, Op::Delete { .. }) => subjects.end(&key.record_type, key.id),
            (Some(stored), _) => subjects.note(&key.record_type, key.id, stored.subject),
            (None, _) => {}
        }
        Ok(found)
    }

    async fn subject(
        &self,
        caller: &Caller,
        op: &Op,
        before: Option<&StoredRecord>,
        subjects: &mut Subjects,
    ) -> Result<Whom, Failure> {
        let (Op::Create {
            record_type,
            id,
            document,
            ..
        }
        | Op::Update {
            record_type,
            id,
            document,
            ..
        }) = op
        else {
            return Ok(Whom {
                subject: before.and_then(|stored| stored.subject),
                ..Whom::default()
            });
        };
        let declared = self.declared(record_type)?;
        let (named, about) = match (declared.subject_kind(), before) {
            (SubjectKind::Itself, Some(stored)) => (stored.subject, None),
            (SubjectKind::Itself, None) => (Some(subjects.begin(record_type, *id)), None),
            (SubjectKind::Path | SubjectKind::Through | SubjectKind::None, _) => {
                subjects.of(self, caller, declared, document).await?
            }
        };
        // Decided by the subject that the record has; that it would move is told after.
        let subject = before.map_or(named, |stored| stored.subject);
        let moved = (subject != named).then_some(Moved { to: named });
        if moved.is_none() {
            subjects.note(record_type, *id, subject);
        }
        Ok(Whom {
            subject,
            about,
            moved,
        })
    }

    fn relations(&self, declared: &RecordTypeDecl, document: &Document) -> Vec<RelationRow> {
        let row = |draft: RelationDraft| RelationRow {
            kind: draft.kind,
            beneficiary: draft.beneficiary,
            from: draft.from,
            until: draft.until,
        };
        declared
            .relations(document, self.now())
            .into_iter()
            .map(row)
            .collect()
    }

    async fn planned(
        &self,
        caller: &Caller,
        op: Op,
        previous: Option<StoredRecord>,
        (whom, known_subject): (Whom, bool),
    ) -> Result<Planned, Failure> {
        let subject = whom.subject;
        let key = key_of(caller, &op);
        let declared = self.declared(&key.record_type)?;
        let version = match &previous {
            Some(stored) => stored.record.version.next().ok_or(Failure::Busy)?,
            None => Version::FIRST,
        };
        let named = !matches!(op, Op::Create { .. });
        let mut condition = None;
        let (kind, document, expected) = match op {
            Op::Create {
                document, unless, ..
            } => {
                condition = unless;
                (Kind::Create, Some(document), None)
            }
            Op::Update {
                document, if_match, ..
            } => match &previous {
                Some(stored) if !stored.deleted => (Kind::Update, Some(document), if_match),
                // An update of what is not there makes it.
                Some(_) | None => (Kind::Create, Some(document), if_match),
            },
            Op::Delete { if_match, .. } => (Kind::Delete, None, if_match),
        };
        if kind == Kind::Delete && previous.is_none() {
            return Err(Failure::NotFound);
        }
        let supplied = match (&document, &previous) {
            (Some(document), _) => declared.classes_of(document),
            (None, Some(stored)) => stored.record.manifest.classes(),
            (None, None) => ClassSet::NONE,
        };
        let relations = match (&document, subject) {
            (Some(document), Some(_)) => self.relations(declared, document),
            _ => Vec::new(),
        };
        let relations_before = match &previous {
            Some(_) => self.store.relations_by(&key).await?,
            None => Vec::new(),
        };
        Ok(Planned {
            kind,
            key,
            version,
            subject,
            supplied,
            expected,
            known_subject,
            about: whom.about,
            moved: whom.moved,
            named,
            relations,
            relations_before,
            document,
            previous,
            unless: condition,
        })
    }
}

pub(super) fn type_of(op: &Op) -> &RecordType {
    match op {
        Op::Create { record_type, .. }
        | Op::Update { record_type, .. }
        | Op::Delete { record_type, .. } => record_type,
    }
}

fn id_of(op: &Op) -> RecordId {
    match op {
        Op::Create { id, .. } | Op::Update { id, .. } | Op::Delete { id, .. } => *id,
    }
}

fn key_of(caller: &Caller, op: &Op) -> RecordKey {
    RecordKey {
        tenant: caller.session.tenant(),
        record_type: type_of(op).clone(),
        id: id_of(op),
    }
}
