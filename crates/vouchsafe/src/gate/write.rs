//! The right to write one version of one record, once.

use std::fmt;

use jiff::Timestamp;

use super::permit::{check_deadline, check_owner};
use super::{Gate, OpenRefused, Refusal, Request, Target, entry, opened, refuse};
use crate::access::{Facts, Verb};
use crate::audit::{Draft, EntryKind, Outcome};
use crate::class::ClassSet;
use crate::document::{Document, Layout};
use crate::ids::IntentId;
use crate::phi::{Opened, Phi};
use crate::seal::{self, RecordKeys, SealedRecord, Writing};

/// The right to seal one version of one record, once, soon.
pub struct WritePermit {
    opened: Opened,
    /// The classes that the writer may write: they are replaced, all others carried over.
    write: ClassSet,
    delete: bool,
    made_at: Timestamp,
}

impl fmt::Debug for WritePermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WritePermit")
            .field("write", &self.write)
            .finish_non_exhaustive()
    }
}

impl WritePermit {
    /// The classes that are replaced; the version before is needed with their blobs.
    #[must_use]
    pub const fn replaces(&self) -> ClassSet {
        self.write
    }
}

/// A version that was sealed, and what the writer supplied of it.
#[derive(Debug)]
pub struct Written {
    /// To be stored.
    pub record: SealedRecord,
    /// What was supplied: released by the receipt of the write's entry.
    pub document: Phi<Document>,
}

/// Whether an entry is the intent of its write, or one of several under an intent of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Writes {
    /// The only record of the write: its entry is the intent.
    Alone,
    /// One of several: the intent is an entry of its own, by [`super::intended`].
    Among,
}

impl Gate<'_> {
    /// Whether a version may be written.
    ///
    /// `supplied` are the classes of the document (create, update) or of the record (delete): all
    /// of them must be writable. `before` are the classes of the version before: of those, the
    /// writable ones are replaced and the others carried over.
    ///
    /// # Errors
    /// [`Refusal`] when a supplied class may not be written.
    pub fn admit_write(
        &self,
        request: &Request<'_>,
        target: &Target<'_>,
        verb: Verb,
        (supplied, before): (ClassSet, ClassSet),
        facts: &Facts,
        (intent, writes): (IntentId, Writes),
    ) -> Result<(WritePermit, Draft), Box<Refusal>> {
        let decision = self.decide(request, target, verb, supplied, facts);
        if let Err(denied) = decision.outcome {
            return Err(refuse(request, target, &decision, denied, supplied));
        }
        let writable = before
            .without(supplied)
            .iter()
            .filter(|class| {
                let one = ClassSet::of(*class);
                self.decide(request, target, verb, one, facts).outcome.is_ok()
            })
            .fold(supplied, ClassSet::with);
        let opened = opened(request, target, supplied);
        let kind = match writes {
            Writes::Alone => EntryKind::Intent(intent),
            Writes::Among => EntryKind::Event,
        };
        let draft = entry::of(request, Some(&decision))
            .about(target, request)
            .with_classes(writable)
            .intending(intent)
            .draft_as(kind, target.operation, Outcome::Intent, Some(&opened), request);
        let permit = WritePermit {
            opened,
            write: writable,
            delete: verb == Verb::Delete,
            made_at: request.now,
        };
        Ok((permit, draft))
    }

    /// Seals a document as the version that the permit names. `previous`, with the blobs of
    /// [`WritePermit::replaces`], is the version before.
    ///
    /// # Errors
    /// [`OpenRefused`]; the permit is gone all the same.
    pub fn seal(
        &self,
        permit: WritePermit,
        document: Document,
        layout: &dyn Layout,
        previous: Option<&SealedRecord>,
        keys: &RecordKeys,
        now: Timestamp,
    ) -> Result<Written, OpenRefused> {
        let WritePermit {
            opened,
            write,
            delete,
            made_at,
        } = permit;
        check_deadline(made_at, now)?;
        check_owner(&opened, keys.owner())?;
        if delete {
            return Err(OpenRefused::OtherRecord);
        }
        let writing = Writing {
            key: &opened.record,
            version: opened.version,
            write,
            previous,
        };
        let record = seal::seal_document(keys, &writing, layout, &document)?;
        Ok(Written {
            record,
            document: Phi::new(document, opened),
        })
    }

    /// Seals the deletion that the permit names.
    ///
    /// # Errors
    /// [`OpenRefused`]; the permit is gone all the same.
    pub fn bury(
        &self,
        permit: WritePermit,
        previous: &SealedRecord,
        keys: &RecordKeys,
        now: Timestamp,
    ) -> Result<SealedRecord, OpenRefused> {
        check_deadline(permit.made_at, now)?;
        check_owner(&permit.opened, keys.owner())?;
        if !permit.delete {
            return Err(OpenRefused::OtherRecord);
        }
        let writing = Writing {
            key: &permit.opened.record,
            version: permit.opened.version,
            write: permit.write,
            previous: Some(previous),
        };
        Ok(seal::seal_tombstone(keys, &writing)?)
    }
}
