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
//!
//! What is sealed in the log itself (the queries of searches) goes the same way:
//! [`Gate::admit_detail`], [`Gate::open_detail`], and a receipt to release.

mod detail;
mod entry;
mod permit;
mod receipt;
mod search;
mod write;

pub use detail::{Detail, DetailNotOpened, DetailPermit};
pub use permit::{OpenRefused, Permit};
pub use receipt::{Receipt, ReceiptRefused, ReleaseRefused, receipts};
pub use search::SearchPermit;
pub use write::{WriteClasses, WritePermit, Writes, Written};

use jiff::Timestamp;
use uuid::Uuid;

use crate::access::{Ask, Bundle, Decision, Denied, Facts, Purpose, Verb, decide};
use crate::audit::{AuditKeys, Context, Draft, Outcome, RecorderKey};
use crate::class::{ClassSet, DataClass};
use crate::ids::{IntentId, RecordKey, RecordType, SubjectId, Version};
use crate::phi::{Access, Scope, What};
use crate::session::Session;
use permit::Term;

/// Who asks, why, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The session.
    pub session: &'a Session,
    /// The purpose that the caller states.
    pub purpose: Purpose,
    /// Where the request comes from.
    pub context: &'a Context,
    /// The keys for the log of the session's tenant; with another's, everything is refused.
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

/// Makes permits by one policy bundle, and releases on the word of one recorder.
#[derive(Clone, Copy, Debug)]
pub struct Gate<'b> {
    bundle: &'b Bundle,
    recorder: &'b RecorderKey,
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
    /// The gate that decides by this bundle. What it opens is released only when the recorder of
    /// this key, and no other, has acknowledged the entry.
    #[must_use]
    pub const fn new(bundle: &'b Bundle, recorder: &'b RecorderKey) -> Self {
        Self { bundle, recorder }
    }

    /// Which classes of a record may be read; nothing can be opened by it.
    ///
    /// # Errors
    /// [`Refusal`] when nothing of it may be seen.
    pub fn sees(
        &self,
        request: &Request<'_>,
        target: &Target<'_>,
        present: ClassSet,
        facts: &Facts,
    ) -> Result<ClassSet, Box<Refusal>> {
        let decision = self.decide_target(request, target, Verb::Read, present, facts);
        decision
            .outcome
            .map_err(|denied| refuse(request, target, &decision, denied, present))
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
        let decision = self.decide_target(request, target, Verb::Read, present, facts);
        let classes = match decision.outcome {
            Ok(classes) => classes,
            Err(denied) => return Err(refuse(request, target, &decision, denied, present)),
        };
        let (access, scope) = (self.access(request), target.scope(classes));
        let released = (&access, What::Record(scope.clone()));
        let draft = entry::of(request, Some(&decision))
            .about(target, request)
            .with_classes(classes)
            .releasing(target.operation, Outcome::Permitted, released, request);
        Ok((Permit::new(access, scope, Term::of(request)), draft))
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
            classes: classes.with(DataClass::Operational),
            purpose: request.purpose,
        };
        let decision = self.decide(request, &ask, facts);
        match decision.outcome {
            Ok(_) => Ok(SearchPermit::new(
                request,
                decision,
                record_type.clone(),
                classes,
            )),
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
        let decision = self.decide_whole(request, verb, record_type, subject, facts);
        let entry = entry::of(request, Some(&decision))
            .of_type(record_type)
            .of_subject(subject, request);
        match decision.outcome {
            Ok(_) => Ok(entry.draft(verb.name(), Outcome::Permitted, request)),
            Err(denied) => Err(Box::new(Refusal {
                denied,
                draft: entry.refused(verb.name(), denied, request),
            })),
        }
    }

    /// The entry of an access to something that is not there: from outside, absent and hidden are
    /// alike, and so they are in cost and in the log.
    pub fn absent(&self, request: &Request<'_>, target: &Target<'_>) -> Draft {
        entry::of(request, None)
            .about(target, request)
            .refused_because(target.operation, "absent", request)
    }

    /// The entry of an attempt that was refused for another reason than policy.
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

    fn decide_target(
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
        self.decide(request, &ask, facts)
    }

    /// Decides a verb that is not decided per class.
    fn decide_whole(
        &self,
        request: &Request<'_>,
        verb: Verb,
        record_type: &RecordType,
        subject: Option<SubjectId>,
        facts: &Facts,
    ) -> Decision {
        let ask = Ask {
            verb,
            record_type,
            tenant: request.session.tenant(),
            // Matching looks for the records of a subject that is not known yet.
            has_subject: subject.is_some() || verb == Verb::MatchIdentifier,
            classes: ClassSet::NONE,
            purpose: request.purpose,
        };
        self.decide(request, &ask, facts)
    }

    fn decide(&self, request: &Request<'_>, ask: &Ask<'_>, facts: &Facts) -> Decision {
        let mut decision = decide(self.bundle, request.session, ask, facts, request.now);
        // Tokens under another tenant's keys would hide the entry from whoever looks for it.
        if request.keys.tenant() != request.session.tenant() {
            decision.outcome = Err(Denied::OtherTenant);
        }
        decision
    }

    /// A new access, of its own nonce.
    fn access(&self, request: &Request<'_>) -> Access {
        Access {
            nonce: Uuid::new_v4(),
            session: request.session.id(),
            recorder: *self.recorder.pin(),
        }
    }
}

impl Target<'_> {
    fn scope(&self, classes: ClassSet) -> Scope {
        Scope {
            record: self.record.clone(),
            version: self.version,
            subject: self.subject,
            classes,
        }
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

/// The entry that settles a write: how it ended ([`Outcome::Committed`], [`Outcome::Aborted`]), of
/// how many records.
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
        .draft(operation, outcome, request)
}

/// The entry that opens a write of several records: `count` of them follow in the same batch.
pub fn intended(
    request: &Request<'_>,
    operation: &'static str,
    intent: IntentId,
    count: u64,
) -> Draft {
    entry::of(request, None)
        .counting(count)
        .intending(intent)
        .draft(operation, Outcome::Intent, request)
}
