//! The gate: the one place that makes permits out of decisions and receipts out of durable entries.
//!
//! ```text
//! admit_read --> Permit --------> open ----> Phi<Document> --\
//!           \--> Draft -> record -> receipts -> Receipt -------> release -> Document
//!
//! admit_write --> WritePermit --> seal -----> Written ----------\
//!            \--> Draft (intent) -> record -> Receipt ----------> recorded -> SealedRecord
//! ```
//!
//! A [`Permit`] names session, record, version, subject, classes, a deadline and a nonce; it is not
//! `Clone`, and opening consumes it. A [`Receipt`] is for the same nonce, and releasing consumes
//! it. Neither has a constructor outside this module. The draft of an access or of a refusal that is
//! dropped begins to append itself, so no `?` and no `_` loses an entry. The draft of a write does not:
//! without its receipt there is nothing to store. Whoever builds the [`Gate`] (which policies,
//! which log, which clock) is trusted: see [`crate::trusted`] and `docs/THREAT-MODEL.md`.
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

/// Makes permits by one policy bundle, at the time of one clock, and releases on the word of one log.
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
    /// Those that it has.
    pub present: ClassSet,
    /// Those that the search looks at.
    pub needed: ClassSet,
}

/// An access that was refused. Why is told once its entry is durable; dropped, the entry is appended all the same.
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
    /// Why, as soon as the entry is durable.
    ///
    /// # Errors
    /// [`AppendError`]: nothing may be told then but that the service is not available.
    pub async fn recorded(self) -> Result<Denied, AppendError> {
        self.log.append(vec![self.draft]).await?;
        Ok(self.denied)
    }
}

impl Gate {
    pub(crate) fn new(bundle: Arc<Bundle>, log: Arc<dyn AuditLog>, clock: Clock) -> Self {
        Self { bundle, log, clock }
    }

    /// The policies that it decides by.
    #[must_use]
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// The log that it writes to.
    #[must_use]
    pub fn log(&self) -> &dyn AuditLog {
        &*self.log
    }

    /// The time that it goes by.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Appends drafts, all in one: begins at once.
    pub fn record(&self, drafts: Vec<Draft>) -> Appending {
        self.log.append(drafts)
    }

    /// Which classes of a record may be read: none when nothing of it may be seen. Nothing can be opened by it, and no
    /// entry is made: it is for what an answer says beside an entry of its own.
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

    /// As [`Self::sees`], for what goes on only if something of the record may be seen.
    ///
    /// # Errors
    /// [`Refusal`] when nothing of it may be seen.
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
            Err(denied) => {
                return Err(self.refuse(request, target, &decision, denied, present));
            }
        };
        Ok(self.permit(request, target, &decision, classes))
    }

    /// Whether a record that a search found may be read, and, of what it has, all of `needed`: what the search looks
    /// at. What may not be read is none of the result, and has no entry; the search has its own.
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
        self.whole(request, verb, record_type, subject, facts)
            .map(|entry| entry.draft(verb.name(), Outcome::Permitted, request))
            .map(|draft| draft.owed_to(&self.log, &self.clock))
    }

    /// As [`Self::admit`], for a condition of something that has an entry of its own.
    ///
    /// # Errors
    /// [`Refusal`] when it may not be done.
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

    /// The entry of an access to something that is not there: from outside, absent and hidden are
    /// alike, and so they are in cost and in the log.
    pub fn absent(&self, request: &Request<'_>, target: &Target<'_>) -> Draft {
        self.entry(request, None)
            .about(target, request)
            .refused_because(target.operation, "absent", request)
            .owed_to(&self.log, &self.clock)
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
        let entry = self.entry(request, None).of_subject(subject, request);
        let entry = match record_type {
            Some(record_type) => entry.of_type(record_type),
            None => entry,
        };
        entry
            .refused_because(operation, reason, request)
            .owed_to(&self.log, &self.clock)
    }

    /// The entry that settles a write: how it ended ([`Outcome::Committed`], [`Outcome::Aborted`]), of
    /// how many records.
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

    /// The entry that opens a write of several records: `count` of them follow in the same batch. It is owed to
    /// nobody: a write whose intent is not appended gives nothing out.
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
            // Matching looks for the records of a subject that is not known yet.
            has_subject: subject.is_some() || verb == Verb::MatchIdentifier,
            classes: ClassSet::NONE,
            purpose: request.purpose,
        };
        self.decide(request, &ask, facts)
    }

    fn decide(&self, request: &Request<'_>, ask: &Ask<'_>, facts: &Facts) -> Decision {
        let mut decision = decide(&self.bundle, request.session, ask, facts, self.now());
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
