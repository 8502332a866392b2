//! Whom the records of a write are about.

use std::collections::HashMap;

use vouchsafe::class::{ClassSet, DataClass};
use vouchsafe::document::Document;
use vouchsafe::ids::{RecordId, RecordType, SubjectId};

use super::{Caller, Engine, Failure};
use crate::pack::{RecordTypeDecl, Reference, SubjectKind};

/// Classes that a record without a subject may have.
const WITHOUT_SUBJECT: ClassSet = ClassSet::of(DataClass::Operational).with(DataClass::Scheduling);

/// The subjects of records that are being made, and of those that were looked up.
#[derive(Default)]
pub(super) struct Subjects {
    known: HashMap<(RecordType, RecordId), Option<SubjectId>>,
    /// Subjects that begin with this write.
    pub(super) new: Vec<SubjectId>,
}

impl Subjects {
    /// A record that is its own subject, and new.
    pub(super) fn begin(&mut self, record_type: &RecordType, id: RecordId) -> SubjectId {
        let subject = SubjectId::random();
        self.new.push(subject);
        self.known.insert((record_type.clone(), id), Some(subject));
        subject
    }

    pub(super) fn is_new(&self, subject: SubjectId) -> bool {
        self.new.contains(&subject)
    }

    /// The subject of a document, by what it refers to.
    pub(super) async fn of(
        &mut self,
        engine: &Engine,
        caller: &Caller,
        declared: &RecordTypeDecl,
        document: &Document,
    ) -> Result<Option<SubjectId>, Failure> {
        let mut found: Option<SubjectId> = None;
        for reference in declared.subjects(document) {
            let Reference::Local {
                record_type, id, ..
            } = reference
            else {
                return Err(Failure::UnknownReference);
            };
            let Some(subject) = self.look_up(engine, caller, record_type, id).await? else {
                continue;
            };
            match found {
                // Told as if it were not there: whose another record is, is not told by a refusal.
                Some(other) if other != subject => return Err(Failure::UnknownReference),
                _ => found = Some(subject),
            }
        }
        let classes = declared.classes_of(document);
        if found.is_none() && !WITHOUT_SUBJECT.includes(classes) {
            return Err(Failure::SubjectMissing);
        }
        Ok(found)
    }

    async fn look_up(
        &mut self,
        engine: &Engine,
        caller: &Caller,
        record_type: RecordType,
        id: RecordId,
    ) -> Result<Option<SubjectId>, Failure> {
        let place = (record_type, id);
        if let Some(known) = self.known.get(&place) {
            return Ok(*known);
        }
        let head = engine.head(caller, &place.0, id).await?;
        let head = head
            .filter(|head| !head.deleted)
            .ok_or(Failure::UnknownReference)?;
        self.known.insert(place, head.subject);
        Ok(head.subject)
    }

    /// A record of this write, for those that refer to it.
    pub(super) fn note(
        &mut self,
        record_type: &RecordType,
        id: RecordId,
        subject: Option<SubjectId>,
    ) {
        self.known.insert((record_type.clone(), id), subject);
    }
}

/// Types that are their own subject come first, those whose subject is known through others last.
pub(super) const fn order(kind: SubjectKind) -> u8 {
    match kind {
        SubjectKind::Itself => 0,
        SubjectKind::None => 1,
        SubjectKind::Path => 2,
        SubjectKind::Through => 3,
    }
}
