//! Whom the records of a write are about.

use std::collections::{HashMap, HashSet};

use vouchsafe::class::{ClassSet, DataClass};
use vouchsafe::document::Document;
use vouchsafe::ids::{RecordId, RecordType, SubjectId};

use super::{About, Caller, Engine, Failure};
use crate::pack::{Issue, IssueCode, RecordTypeDecl, Reference, SubjectKind};

/// Classes that a record without a subject may have.
const WITHOUT_SUBJECT: ClassSet = ClassSet::of(DataClass::Operational).with(DataClass::Scheduling);

/// The subjects of records that are being made, and of those that were looked up.
#[derive(Default)]
pub(super) struct Subjects {
    known: HashMap<(RecordType, RecordId), Option<SubjectId>>,
    /// Records that end with this write.
    gone: HashSet<(RecordType, RecordId)>,
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

    /// The subject of a document, by what it refers to, and the element that names it.
    pub(super) async fn of(
        &mut self,
        engine: &Engine,
        caller: &Caller,
        declared: &RecordTypeDecl,
        document: &Document,
    ) -> Result<(Option<SubjectId>, Option<About>), Failure> {
        let Named {
            records,
            other,
            path,
        } = named(declared, document)?;
        let about = || About {
            path: path.clone(),
            types: declared.subject_types().to_vec(),
        };
        let mut found: Option<SubjectId> = None;
        for (record_type, id) in records {
            let known = self.look_up(engine, caller, record_type, id).await?;
            let Some(subject) = known.ok_or_else(|| Failure::UnknownReference(about()))? else {
                continue;
            };
            match found {
                // Told as if it were not there: whose another record is, is not told by a refusal.
                Some(other) if other != subject => {
                    return Err(Failure::UnknownReference(about()));
                }
                _ => found = Some(subject),
            }
        }
        if found.is_some() {
            return Ok((found, Some(about())));
        }
        if WITHOUT_SUBJECT.includes(declared.classes_of(document)) {
            return Ok((None, None));
        }
        Err(match (declared.subject_kind(), other) {
            (SubjectKind::None, _) => Failure::Invalid(vec![Issue {
                path: declared.outside(document, WITHOUT_SUBJECT),
                code: IssueCode::OfNobody,
            }]),
            (_, true) => Failure::SubjectForeign(about()),
            (_, false) => Failure::SubjectMissing(about()),
        })
    }

    /// The subject of a record that is there and stays there.
    async fn look_up(
        &mut self,
        engine: &Engine,
        caller: &Caller,
        record_type: RecordType,
        id: RecordId,
    ) -> Result<Option<Option<SubjectId>>, Failure> {
        let place = (record_type, id);
        if self.gone.contains(&place) {
            return Ok(None);
        }
        if let Some(known) = self.known.get(&place) {
            return Ok(Some(*known));
        }
        let head = engine.head(caller, &place.0, id).await?;
        let Some(head) = head.filter(|head| !head.deleted) else {
            return Ok(None);
        };
        self.known.insert(place, head.subject);
        Ok(Some(head.subject))
    }

    /// A record that ends with this write: nothing that is written beside can be about it.
    pub(super) fn end(&mut self, record_type: &RecordType, id: RecordId) {
        self.gone.insert((record_type.clone(), id));
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

/// What a document names as its subject, by form alone.
struct Named {
    /// Records of ours that may lead to it.
    records: Vec<(RecordType, RecordId)>,
    /// Whether it names something else, too.
    other: bool,
    /// The element: of several, without numbers, since which of them is to blame may not be told.
    path: String,
}

fn named(declared: &RecordTypeDecl, document: &Document) -> Result<Named, Failure> {
    let mut elements = declared.subject_elements(document);
    let path = match elements.as_slice() {
        [(path, _)] => path.clone(),
        _ => declared.subject_path(),
    };
    let about = |path: String| About {
        path,
        types: declared.subject_types().to_vec(),
    };
    let (mut records, mut other) = (Vec::new(), false);
    for (own, reference) in elements.drain(..) {
        match reference {
            Some(
                ref local @ Reference::Local {
                    ref record_type,
                    id,
                    ..
                },
            ) if declared.can_be_subject(local) => records.push((record_type.clone(), id)),
            Some(Reference::Placeholder(_) | Reference::Conditional { .. }) => {
                return Err(Failure::UnknownReference(about(path)));
            }
            // Where any record may lead to the subject, each must be one of ours.
            Some(_) if declared.subject_types().is_empty() => {
                return Err(Failure::SubjectForeign(about(own)));
            }
            Some(_) | None => other = true,
        }
    }
    Ok(Named {
        records,
        other,
        path,
    })
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
