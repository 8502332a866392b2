//! The gate: the one place that makes permits out of decisions and receipts out of durable entries.
//!
//! ```text
//! admit_read --> Permit --------> open ----> Phi<Document> --\
//!           \--> Draft -> append -> receipts -> Receipt -------> release -> Document
//! ```
//!
//! A [`Permit`] names session, record, version, subject, classes, a deadline and a nonce; it is not
//! `Clone`, and opening consumes it. A [`Receipt`] is for the same nonce, and releasing consumes
//! it. Neither has a constructor outside this module. Whoever builds the [`Gate`] (which policies,
//! which recorder's key, which clock) is trusted; see `docs/THREAT-MODEL.md`.

mod entry;
mod permit;
mod receipt;
mod search;
mod write;

pub use permit::{OpenRefused, Permit};
pub use receipt::{Receipt, ReceiptRefused, ReleaseRefused, receipts};
pub use search::SearchPermit;
pub use write::{WritePermit, Writes, Written};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::access::{Ask, Bundle, Decision, Denied, Facts, Purpose, Verb, decide};
use crate::audit::{AuditKeys, Context, Draft, EntryKind, Outcome};
use crate::class::ClassSet;
use crate::ids::{IntentId, RecordKey, RecordType, SubjectId, Version};
use crate::phi::Opened;
use crate::session::Session;

/// How long a permit may be used.
const PERMIT_LIFE: SignedDuration = SignedDuration::from_secs(30);

/// Who asks, why, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The session.
    pub session: &'a Session,
    /// The purpose that the caller states.
    pub purpose: Purpose,
    /// Where the request comes from.
    pub context: &'a Context,
    /// The tenant's keys for the log.
    pub keys: &'a AuditKeys,
    /// Now.
    pub now: Timestamp,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The record.
    pub record: &'a RecordKey,
    /// Which version of it: of a write, the one to be made.
    pub version: Version,
    /// Whom it is about.
    pub subject: Option<SubjectId>,
    /// The interaction, as the log names it: a fixed word such as `vread`.
    pub operation: &'static str,
}

/// Makes permits, by one policy bundle.
#[derive(Clone, Copy, Debug)]
pub struct Gate<'b> {
    bundle: &'b Bundle,
}

/// An access that was refused. Its entry MUST be durable before the refusal is told.
#[derive(Debug)]
pub struct Refusal {
    /// Why.
    pub denied: Denied,
    /// The entry.
    pub draft: Draft,
}

impl<'b> Gate<'b> {
    /// The gate that decides by this bundle.
    #[must_use]
    pub const fn new(bundle: &'b Bundle) -> Self {
        Self { bundle }
    }

    /// Whether a record may be read, and which of the classes that it has.
    ///
    /// The draft is the access's entry: append it beside the opening.
    ///
    /// # Errors
    /// [`Refusal`] when nothing of it may be seen.
    pub fn admit_read(
        &self,
        request: &Request<'_>,
        target: &Target<'_>,
        present: ClassSet,
        facts: &Facts,
    ) -> Result<(Permit, Draft), Box<Refusal>> {
        let decision = self.decide(request, target, Verb::Read, present, facts);
        let classes = match decision.outcome {
            Ok(classes) => classes,
            Err(denied) => return Err(refuse(request, target, &decision, denied, present)),
        };
        let opened = opened(request, target, classes);
        let draft = entry::of(request, Some(&decision))
            .about(target, request)
            .with_classes(classes)
            .draft(target.operation, Outcome::Permitted, Some(&opened), request);
        Ok((Permit::new(opened, request.now), draft))
    }

    /// Whether records of a type may be searched by elements of these classes; `facts` are those
    /// of the search as a whole. Every record found is decided again, by [`Self::admit_read`].
    ///
    /// # Errors
    /// [`Refusal`] when some class may not be searched by.
    pub fn admit_search(
        &self,
        request: &Request<'_>,
        record_type: &RecordType,
        has_subject: bool,
        classes: ClassSet,
        facts: &Facts,
    ) -> Result<SearchPermit, Box<Refusal>> {
        let ask = Ask {
            verb: Verb::Search,
            record_type,
            tenant: request.session.tenant(),
            has_subject,
            classes: classes.with(crate::class::DataClass::Operational),
            purpose: request.purpose,
        };
        let decision = decide(self.bundle, request.session, &ask, facts, request.now);
        match decision.outcome {
            Ok(_) => Ok(SearchPermit::new(decision, record_type.clone(), classes)),
            Err(denied) => Err(Box::new(Refusal {
                denied,
                draft: entry::of(request, Some(&decision))
                    .of_type(record_type)
                    .with_classes(classes)
                    .refused("search", denied, request),
            })),
        }
    }

    /// Whether something may be done that is decided as a whole: resolve the log, relate, import.
    ///
    /// # Errors
    /// [`Refusal`] when it may not.
    pub fn admit(
        &self,
        request: &Request<'_>,
        verb: Verb,
        record_type: &RecordType,
        subject: Option<SubjectId>,
        facts: &Facts,
    ) -> Result<Draft, Box<Refusal>> {
        let ask = Ask {
            verb,
            record_type,
            tenant: request.session.tenant(),
            has_subject: subject.is_some(),
            classes: ClassSet::NONE,
            purpose: request.purpose,
        };
        let decision = decide(self.bundle, request.session, &ask, facts, request.now);
        let entry = entry::of(request, Some(&decision))
            .of_type(record_type)
            .of_subject(subject, request);
        match decision.outcome {
            Ok(_) => Ok(entry.draft(verb.name(), Outcome::Permitted, None, request)),
            Err(denied) => Err(Box::new(Refusal {
                denied,
                draft: entry.refused(verb.name(), denied, request),
            })),
        }
    }

    /// The entry of an access to something that is not there: from outside, absent and hidden are
    /// alike, and so they are in cost and in the log.
    #[must_use]
    pub fn absent(&self, request: &Request<'_>, target: &Target<'_>) -> Draft {
        entry::of(request, None)
            .about(target, request)
            .refused_because(target.operation, "absent", request)
    }

    /// The entry of an attempt that was refused for another reason than policy.
    #[must_use]
    pub fn refused(
        &self,
        request: &Request<'_>,
        record_type: Option<&RecordType>,
        subject: Option<SubjectId>,
        operation: &'static str,
        reason: &'static str,
    ) -> Draft {
        let entry = entry::of(request, None).of_subject(subject, request);
        let entry = match record_type {
            Some(record_type) => entry.of_type(record_type),
            None => entry,
        };
        entry.refused_because(operation, reason, request)
    }

    fn decide(
        &self,
        request: &Request<'_>,
        target: &Target<'_>,
        verb: Verb,
        classes: ClassSet,
        facts: &Facts,
    ) -> Decision {
        let ask = Ask {
            verb,
            record_type: &target.record.record_type,
            tenant: target.record.tenant,
            has_subject: target.subject.is_some(),
            classes,
            purpose: request.purpose,
        };
        decide(self.bundle, request.session, &ask, facts, request.now)
    }
}

fn opened(request: &Request<'_>, target: &Target<'_>, classes: ClassSet) -> Opened {
    Opened {
        nonce: Uuid::new_v4(),
        session: request.session.id(),
        record: target.record.clone(),
        version: target.version,
        subject: target.subject,
        classes,
    }
}

fn refuse(
    request: &Request<'_>,
    target: &Target<'_>,
    decision: &Decision,
    denied: Denied,
    classes: ClassSet,
) -> Box<Refusal> {
    Box::new(Refusal {
        denied,
        draft: entry::of(request, Some(decision))
            .about(target, request)
            .with_classes(classes)
            .refused(target.operation, denied, request),
    })
}

/// The entry that settles a write: how it ended, of how many records.
#[must_use]
pub fn settled(
    request: &Request<'_>,
    operation: &'static str,
    intent: IntentId,
    outcome: Outcome,
    count: u64,
) -> Draft {
    entry::of(request, None)
        .counting(count)
        .intending(intent)
        .draft_as(EntryKind::Outcome(intent), operation, outcome, None, request)
}

/// The entry that opens a write of several records: `count` of them follow in the same batch.
#[must_use]
pub fn intended(
    request: &Request<'_>,
    operation: &'static str,
    intent: IntentId,
    count: u64,
) -> Draft {
    entry::of(request, None)
        .counting(count)
        .intending(intent)
        .draft_as(EntryKind::Intent(intent), operation, Outcome::Intent, None, request)
}
