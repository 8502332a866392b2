//! The gate: the only module that makes permits from decisions and receipts from durable entries.
//!
//! ```text
//! admit_read --> Permit --------> open ----> Phi<Document> --\
//!           \--> Draft -> record -> receipts -> Receipt -------> release -> Document
//!
//! admit_write --> WritePermit --> seal -----> Written ----------\
//!            \--> Draft (intent) -> record -> Receipt ----------> recorded -> SealedRecord
//! ```
//!
//! A [`Permit`] names session, record, version, subject, classes, a deadline and a nonce; it is not `Clone`, and
//! opening consumes it. A [`Receipt`] has the same nonce, and releasing consumes it. Neither has a constructor outside
//! this module. The draft of an access or of a refusal begins to append itself when it is dropped, so no `?` and no `_`
//! loses an entry. The draft of a write does not: without its receipt there is nothing to store. The code that builds
//! the [`Gate`] (which policies, which log, which clock) is trusted: see [`crate::trusted`] and `docs/THREAT-MODEL.md`.
//!
//! Values that are sealed in the log itself (the queries of searches) take the same path: [`Gate::admit_detail`],
//! [`Gate::open_detail`], and a receipt to release.

mod detail;
mod entry;
mod permit;
mod receipt;
mod search;
mod write;

pub use detail::{Detail, DetailNotOpened, DetailPermit};
pub use permit::{OpenRefused, Permit};
pub use receipt::{Receipt, ReleaseRefused};
pub use search::{SearchPermit, Searched};
pub use write::{WriteClasses, WritePermit, Writes, Written};

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::access::{Ask, Bundle, Decision, Denied, Facts, Purpose, Verb, decide};
use crate::audit::{AppendError, Appending, AuditKeys, AuditLog, Context, Draft, Outcome};
use crate::class::ClassSet;
use crate::clock::Clock;
use crate::ids::{IntentId, RecordKey, RecordType, SubjectId, Version};
use crate::phi::{Access, Opened, Scope, What};
use crate::session::Session;
use entry::EntryBuilder;
use permit::Term;

/// The caller of a request, its purpose and its origin.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The session.
    pub session: &'a Session,
    /// The purpose that the caller states.
    pub purpose: Purpose,
    /// The origin of the request.
    pub context: &'a Context,
    /// The keys for the log of the session's tenant; with another tenant's keys, every request is refused.
    pub keys: &'a AuditKeys,
}

/// The target of a request.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The record.
    pub record: &'a RecordKey,
    /// The version of the record; for a write, the new version.
    pub version: Version,
    /// The subject of the record.
    pub subject: Option<SubjectId>,
    /// The name of the interaction in the log: a fixed word such as `vread`.
    pub operation: &'static str,
}

/// Makes permits by one policy bundle and one clock, and releases on the acknowledgement of one log.
///
/// It comes from [`crate::trusted::gate`].
#[derive(Clone)]
pub struct Gate {
    bundle: Arc<Bundle>,
    log: Arc<dyn AuditLog>,
    clock: Clock,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("bundle", &self.bundle.hash())
            .finish_non_exhaustive()
    }
}

/// The classes of a record that a search found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MatchClasses {
    /// The classes of the record.
    pub present: ClassSet,
    /// The classes that the search reads.
    pub needed: ClassSet,
}

/// A refused access. Its reason is available once its entry is durable; if the refusal is dropped, the entry is
/// appended all the same.
#[must_use = "a refusal is told once it is recorded"]
pub struct Refusal {
    denied: Denied,
    draft: Draft,
    log: Arc<dyn AuditLog>,
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal")
            .field("denied", &self.denied)
            .finish_non_exhaustive()
    }
}

impl Refusal {
    /// The reason, as soon as the entry is durable.
    ///
    /// # Errors
    /// [`AppendError`]: the caller may then learn only that the service is not available.
    pub async fn recorded(self) -> Result<Denied, AppendError> {
        self.log.append(vec![self.draft]).await?;
        Ok(self.denied)
    }
}

impl Gate {
    pub(crate) fn new(bundle: Arc<Bundle>, log: Arc<dyn AuditLog>, clock: Clock) -> Self {
        Self { bundle, log, clock }
    }

    /// The policies of the gate.
    #[must_use]
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// The log of the gate.
    #[must_use]
    pub fn log(&self) -> &dyn AuditLog {
        &*self.log
    }

    /// The current time by the gate's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Appends drafts together: begins at once.
    pub fn record(&self, drafts: Vec<Draft>) -> Appending {
        self.log.append(drafts)
    }

    /// The readable classes of a record: none if nothing may be seen. This opens nothing and makes no entry: it is for
    /// parts of an answer that has an entry of its own.
    pub fn sees(
        &self,
        request: &Request<'_>,
        target: &Target<'_>,
        present: ClassSet,
        facts: &Facts,
    ) -> ClassSet {
        let decision = self.decide_target(request, target, Verb::Read, present, facts);
        decision.outcome.unwrap_or(ClassSet::NONE)
    }

    /// As [`Self::sees`], for an operation that continues only if part of the record may be seen.
    ///
    /// # Errors
    /// [`Refusal`] if nothing of it may be seen.
    pub fn must_see(
        &self,
        request: &Request<'_>,
        target: &Target<'_>,
        present: ClassSet,
        facts: &Facts,
    ) -> Result<(), Box<Refusal>> {
        let decision = self.decide_target(request, target, Verb::Read, present, facts);
        match decision.outcome {
            Ok(_) => Ok(()),
            Err(denied) => Err(self.refuse(request, target, &decision, denied, present)),
        }
    }

    /// Admits a read: whether a record may be read, and which of its classes.
    ///
    /// The draft is the entry of the access: append it while the record is opened.
    ///
    /// # Errors
    /// [`Refusal`] if nothing of it may be seen.
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
            Err(denied) => {
                return Err(self.refuse(request, target, &decision, denied, present));
            }
        };
        Ok(self.permit(request, target, &decision, classes))
    }

    /// Admits a record that a search found, if it may be read, and with it all of its classes in `needed`, which the
    /// search reads. A record that may not be read is not in the result, and has no entry; the search has its own.
    pub fn admit_match(
        &self,
        request: &Request<'_>,
        target: &Target<'_>,
        classes: MatchClasses,
        facts: &Facts,
    ) -> Option<(Permit, Draft)> {
        let MatchClasses { present, needed } = classes;
        let decision = self.decide_target(request, target, Verb::Read, present, facts);
        let seen = decision.outcome.ok()?;
        seen.includes(needed.intersection(present))
            .then(|| self.permit(request, target, &decision, seen))
    }

    fn permit(
        &self,
        request: &Request<'_>,
        target: &Target<'_>,
        decision: &Decision,
        classes: ClassSet,
    ) -> (Permit, Draft) {
        let (access, scope) = (self.access(request), target.scope(classes));
        let released = Opened {
            access: access.clone(),
            what: What::Record(scope.clone()),
        };
        let draft = self
            .entry(request, Some(decision))
            .about(target, request)
            .with_classes(classes)
            .releasing(target.operation, Outcome::Permitted, released, request);
        let term = Term::of(request.session, self.now());
        (
            Permit::new(access, scope, term),
            draft.owed_to(&self.log, &self.clock),
        )
    }

    /// Admits an action that is decided as a whole: resolve the log, relate, import.
    ///
    /// # Errors
    /// [`Refusal`] if it is not permitted.
    pub fn admit(
        &self,
        request: &Request<'_>,
        verb: Verb,
        record_type: &RecordType,
        subject: Option<SubjectId>,
        facts: &Facts,
    ) -> Result<Draft, Box<Refusal>> {
        self.whole(request, verb, record_type, subject, facts)
            .map(|entry| entry.draft(verb.name(), Outcome::Permitted, request))
            .map(|draft| draft.owed_to(&self.log, &self.clock))
    }

    /// As [`Self::admit`], for a condition of an operation that has an entry of its own.
    ///
    /// # Errors
    /// [`Refusal`] if it is not permitted.
    pub fn require(
        &self,
        request: &Request<'_>,
        verb: Verb,
        record_type: &RecordType,
        subject: Option<SubjectId>,
        facts: &Facts,
    ) -> Result<(), Box<Refusal>> {
        self.whole(request, verb, record_type, subject, facts)
            .map(drop)
    }

    fn whole(
        &self,
        request: &Request<'_>,
        verb: Verb,
        record_type: &RecordType,
        subject: Option<SubjectId>,
        facts: &Facts,
    ) -> Result<EntryBuilder<'static>, Box<Refusal>> {
        let decision = self.decide_whole(request, verb, record_type, subject, facts);
        let entry = self
            .entry(request, Some(&decision))
            .of_type(record_type)
            .of_subject(subject, request);
        match decision.outcome {
            Ok(_) => Ok(entry),
            Err(denied) => Err(self.refusal(denied, entry.refused(verb.name(), denied, request))),
        }
    }

    /// The entry of an access to an absent record: absent and hidden records look alike from outside, and so do their
    /// cost and their entries.
    pub fn absent(&self, request: &Request<'_>, target: &Target<'_>) -> Draft {
        self.entry(request, None)
            .about(target, request)
            .refused_because(target.operation, "absent", request)
            .owed_to(&self.log, &self.clock)
    }

    /// The entry of an attempt that was refused for a reason other than policy.
    pub fn refused(
        &self,
        request: &Request<'_>,
        record_type: Option<&RecordType>,
        subject: Option<SubjectId>,
        operation: &'static str,
        reason: &'static str,
    ) -> Draft {
        let entry = self.entry(request, None).of_subject(subject, request);
        let entry = match record_type {
            Some(record_type) => entry.of_type(record_type),
            None => entry,
        };
        entry
            .refused_because(operation, reason, request)
            .owed_to(&self.log, &self.clock)
    }

    /// The entry that settles a write: its outcome ([`Outcome::Committed`], [`Outcome::Aborted`]) and its number of
    /// records.
    pub fn settled(
        &self,
        request: &Request<'_>,
        operation: &'static str,
        intent: IntentId,
        outcome: Outcome,
        count: u64,
    ) -> Draft {
        self.entry(request, None)
            .counting(count)
            .intending(intent)
            .draft(operation, outcome, request)
            .owed_to(&self.log, &self.clock)
    }

    /// The entry that opens a write of several records: `count` entries follow in the same batch. It is not owed: a
    /// write whose intent is not appended releases nothing.
    pub fn intended(
        &self,
        request: &Request<'_>,
        operation: &'static str,
        intent: IntentId,
        count: u64,
    ) -> Draft {
        self.entry(request, None)
            .counting(count)
            .intending(intent)
            .draft(operation, Outcome::Intent, request)
    }

    fn entry<'d>(&self, request: &Request<'_>, decision: Option<&Decision>) -> EntryBuilder<'d> {
        entry::of(request, decision, self.now())
    }

    fn refusal(&self, denied: Denied, draft: Draft) -> Box<Refusal> {
        Box::new(Refusal {
            denied,
            draft: draft.owed_to(&self.log, &self.clock),
            log: Arc::clone(&self.log),
        })
    }

    fn refuse(
        &self,
        request: &Request<'_>,
        target: &Target<'_>,
        decision: &Decision,
        denied: Denied,
        classes: ClassSet,
    ) -> Box<Refusal> {
        let draft = self
            .entry(request, Some(decision))
            .about(target, request)
            .with_classes(classes)
            .refused(target.operation, denied, request);
        self.refusal(denied, draft)
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
            // Matching looks for records of a subject that is not known yet.
            has_subject: subject.is_some() || verb == Verb::MatchIdentifier,
            classes: ClassSet::NONE,
            purpose: request.purpose,
        };
        self.decide(request, &ask, facts)
    }

    fn decide(&self, request: &Request<'_>, ask: &Ask<'_>, facts: &Facts) -> Decision {
        let mut decision = decide(&self.bundle, request.session, ask, facts, self.now());
        // Tokens under another tenant's keys would hide the entry from readers of the log.
        if request.keys.tenant() != request.session.tenant() {
            decision.outcome = Err(Denied::OtherTenant);
        }
        decision
    }

    /// A new access, with its own nonce.
    fn access(&self, request: &Request<'_>) -> Access {
        Access {
            nonce: Uuid::new_v4(),
            session: request.session.id(),
            recorder: *self.log.recorder().pin(),
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
