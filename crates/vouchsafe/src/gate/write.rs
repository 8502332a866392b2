//! The right to write one version of one record, once.

use std::fmt;

use super::permit::Term;
use super::{Gate, OpenRefused, Receipt, Refusal, ReleaseRefused, Request, Target};
use crate::access::{Decision, Denied, Facts, Verb};
use crate::audit::{Draft, Outcome};
use crate::class::ClassSet;
use crate::document::{Document, Layout};
use crate::ids::{IntentId, NewSubject, Version};
use crate::phi::{Access, Opened, Phi, Scope, What};
use crate::seal::{self, RecordKeys, SealedRecord, Writing};

/// The right to seal one version of one record, once, within a short time.
pub struct WritePermit {
    access: Access,
    scope: Scope,
    /// The classes that the writer may write: they are replaced, all others are carried over.
    write: ClassSet,
    /// Whether the writer may read all replaced classes: only then are new values compared with the previous ones.
    compare: bool,
    change: Change,
    term: Term,
}

/// The kind of change: the previous version must fit it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Change {
    /// There is no previous version, or it is a deletion.
    Create,
    /// There is a previous version, and it is not a deletion.
    Update,
    /// As for an update.
    Delete,
}

impl Change {
    const fn of(verb: Verb) -> Option<Self> {
        match verb {
            Verb::Create => Some(Self::Create),
            Verb::Update => Some(Self::Update),
            Verb::Delete => Some(Self::Delete),
            Verb::Read
            | Verb::Search
            | Verb::Relate
            | Verb::MatchIdentifier
            | Verb::ResolveAudit
            | Verb::Import => None,
        }
    }

    /// Checks that a version follows the previous one, so that nothing hidden is left behind, and that the change is of
    /// the decided kind.
    fn check(self, version: Version, previous: Option<&SealedRecord>) -> Result<(), OpenRefused> {
        let expected = previous.map_or(Some(Version::FIRST), |record| record.version.next());
        let was_there = previous.is_some_and(|record| !record.manifest.is_deleted());
        let fits = match self {
            Self::Create => !was_there,
            Self::Update | Self::Delete => was_there,
        };
        if fits && expected == Some(version) {
            Ok(())
        } else {
            Err(OpenRefused::OtherRecord)
        }
    }
}

impl fmt::Debug for WritePermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WritePermit")
            .field("write", &self.write)
            .finish_non_exhaustive()
    }
}

impl WritePermit {
    /// The replaced classes; sealing needs the previous version with their blobs.
    #[must_use]
    pub const fn replaces(&self) -> ClassSet {
        self.write
    }

    /// The access that its receipt releases.
    fn seals(&self) -> Opened {
        Opened {
            access: self.access.clone(),
            what: What::Record(self.scope.clone()),
        }
    }

    /// The subject that this create may introduce: it may get keys. The caller must know whether the subject existed
    /// before.
    #[must_use]
    pub fn new_subject(&self) -> Option<NewSubject> {
        let begins = |subject| NewSubject::new(self.scope.record.tenant, subject);
        match self.change {
            Change::Create => self.scope.subject.map(begins),
            Change::Update | Change::Delete => None,
        }
    }
}

/// A sealed version, and the document that the writer supplied (none for a deletion).
///
/// Neither is returned before the write's entry is durable, so every stored record has its entry in the log.
#[must_use = "it is stored once its entry is recorded"]
pub struct Written {
    record: SealedRecord,
    document: Phi<Option<Document>>,
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Written")
    }
}

impl Written {
    /// The sealed record and the supplied document: the write's entry is durable.
    ///
    /// # Errors
    /// [`ReleaseRefused`] unless the receipt belongs to this write. In that case both are dropped.
    pub fn recorded(
        self,
        intent: Receipt,
    ) -> Result<(SealedRecord, Option<Document>), ReleaseRefused> {
        let document = self.document.release(intent)?;
        Ok((self.record, document))
    }

    pub(crate) fn apart(self) -> (SealedRecord, Phi<Option<Document>>) {
        (self.record, self.document)
    }
}

/// Whether an entry is the intent of its write, or one of several under a separate intent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Writes {
    /// The only record of the write: its entry is the intent.
    Alone(IntentId),
    /// One of several: the intent is a separate entry, by [`Gate::intended`].
    Among(IntentId),
}

/// The classes of a write.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WriteClasses {
    /// The classes of the document (create, update) or of the record (delete): all of them must be writable.
    pub supplied: ClassSet,
    /// The classes of the previous version: the writable ones are replaced, the others carried over.
    pub before: ClassSet,
}

impl Gate {
    /// Admits the write of a version: `verb` is create, update or delete.
    ///
    /// The draft is not owed to the log as that of a read is: nothing sealed is returned before its receipt, and an
    /// abandoned intent would have to be settled.
    ///
    /// # Errors
    /// [`Refusal`] if a supplied class may not be written; [`Denied::NothingAsked`] if none is supplied, or for another
    /// verb.
    pub fn admit_write(
        &self,
        request: &Request<'_>,
        target: &Target<'_>,
        verb: Verb,
        classes: WriteClasses,
        facts: &Facts,
        writes: Writes,
    ) -> Result<(WritePermit, Draft), Box<Refusal>> {
        let WriteClasses { supplied, before } = classes;
        let mut decision = self.decide_target(request, target, verb, supplied, facts);
        let change = match (Change::of(verb), decision.outcome) {
            (Some(change), Ok(_)) => change,
            (None, _) => {
                let denied = Denied::NothingAsked;
                return Err(self.refuse(request, target, &decision, denied, supplied));
            }
            (_, Err(denied)) => {
                return Err(self.refuse(request, target, &decision, denied, supplied));
            }
        };
        let mut write = supplied;
        for class in before.without(supplied).iter() {
            let one = ClassSet::of(class);
            let other = self.decide_target(request, target, verb, one, facts);
            if other.outcome.is_ok() {
                write = write.with(class);
                decision.policies = joined(&decision, other);
            }
        }
        // As a whole: elements of one array are in parts of several classes, and keep their ids together.
        let replaced = before.intersection(write);
        let compare =
            replaced.is_empty() || self.sees(request, target, before, facts).includes(replaced);
        let permit = WritePermit {
            access: self.access(request),
            scope: target.scope(supplied),
            write,
            compare,
            change,
            term: Term::of(request.session, self.now()),
        };
        let entry = self
            .entry(request, Some(&decision))
            .about(target, request)
            .with_classes(write);
        let entry = match writes {
            Writes::Alone(intent) => entry.intending(intent),
            Writes::Among(intent) => entry.within(intent),
        };
        let released = permit.seals();
        let draft = entry.releasing(target.operation, Outcome::Intent, released, request);
        Ok((permit, draft))
    }

    /// Seals a document as the version that the permit names. `previous`, with the blobs of [`WritePermit::replaces`],
    /// is the previous version.
    ///
    /// # Errors
    /// [`OpenRefused`]; the permit is consumed in any case.
    pub fn seal(
        &self,
        permit: WritePermit,
        document: Document,
        layout: &dyn Layout,
        previous: Option<&SealedRecord>,
        keys: &RecordKeys,
    ) -> Result<Written, OpenRefused> {
        let sealed = permit.seals();
        let WritePermit {
            access: _,
            scope,
            write,
            compare,
            change,
            term,
        } = permit;
        term.check(self.now())?;
        scope.check_owner(keys.owner())?;
        change.check(scope.version, previous)?;
        if change == Change::Delete {
            return Err(OpenRefused::OtherRecord);
        }
        let writing = Writing {
            key: &scope.record,
            version: scope.version,
            write,
            compare,
            previous,
        };
        let record = seal::seal_document(keys, &writing, layout, &document)?;
        Ok(Written {
            record,
            document: Phi::new(Some(document), sealed),
        })
    }

    /// Seals the deletion (tombstone) that the permit names.
    ///
    /// # Errors
    /// [`OpenRefused`]; the permit is consumed in any case.
    pub fn bury(
        &self,
        permit: WritePermit,
        previous: &SealedRecord,
        keys: &RecordKeys,
    ) -> Result<Written, OpenRefused> {
        let sealed = permit.seals();
        let WritePermit {
            access: _,
            scope,
            write,
            compare,
            change,
            term,
        } = permit;
        term.check(self.now())?;
        scope.check_owner(keys.owner())?;
        change.check(scope.version, Some(previous))?;
        // The decision must cover everything that is deleted.
        let whole = scope.classes.includes(previous.manifest.classes());
        if change != Change::Delete || !whole {
            return Err(OpenRefused::OtherRecord);
        }
        let writing = Writing {
            key: &scope.record,
            version: scope.version,
            write,
            compare,
            previous: Some(previous),
        };
        Ok(Written {
            record: seal::seal_tombstone(keys, &writing)?,
            document: Phi::new(None, sealed),
        })
    }
}

/// The policies of both decisions, by name.
fn joined(first: &Decision, second: Decision) -> Vec<String> {
    let mut policies = first.policies.clone();
    policies.extend(second.policies);
    policies.sort_unstable();
    policies.dedup();
    policies
}
