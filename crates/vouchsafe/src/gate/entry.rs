//! The gate's entries.

use jiff::Timestamp;
use uuid::Uuid;

use crate::access::{Decision, Denied};
use crate::audit::{Draft, Entry, Outcome, ResourceEntry, Stream};
use crate::class::{ClassSet, DataClass};
use crate::ids::{IntentId, RecordType, SubjectId};
use crate::phi::Opened;

use super::{Request, Target};

/// The type for entries of the log, in entries about them.
pub(super) const LOG_ENTRY: &str = "AuditEntry";

/// A builder of an entry.
pub(super) struct EntryBuilder<'d> {
    entry: Entry,
    detail: Option<&'d [u8]>,
    now: Timestamp,
}

pub(super) fn of<'d>(
    request: &Request<'_>,
    decision: Option<&Decision>,
    now: Timestamp,
) -> EntryBuilder<'d> {
    let session = request.session;
    let entry = Entry {
        actor: session.principal().label(),
        assurance: Some(session.assurance().name()),
        bundle: decision.map(|decision| decision.bundle.to_string()),
        key: Some(request.keys.version()),
        network: request.context.network.clone(),
        policies: decision.map_or_else(Vec::new, |decision| decision.policies.clone()),
        purpose: Some(request.purpose.code()),
        request: request.context.request,
        roles: decision.map_or_else(Vec::new, |decision| {
            decision.roles.iter().map(ToString::to_string).collect()
        }),
        session: Some(session.id()),
        stream: Stream::Phi.name(),
        tenant: Some(session.tenant()),
        ..Entry::default()
    };
    EntryBuilder {
        entry,
        detail: None,
        now,
    }
}

impl<'d> EntryBuilder<'d> {
    pub(super) fn about(mut self, target: &Target<'_>, request: &Request<'_>) -> Self {
        let record = target.record;
        let name = format!("{}/{}", record.record_type, record.id);
        self.entry.resource = Some(ResourceEntry {
            id: Some(request.keys.token("record", name.as_bytes())),
            record_type: record.record_type.to_string(),
            version: Some(target.version.number()),
        });
        self.of_subject(target.subject, request)
    }

    pub(super) fn of_subject(mut self, subject: Option<SubjectId>, request: &Request<'_>) -> Self {
        self.entry.subject =
            subject.map(|subject| request.keys.token("subject", subject.uuid().as_bytes()));
        self
    }

    pub(super) fn of_type(mut self, record_type: &RecordType) -> Self {
        self.entry.resource = Some(ResourceEntry {
            id: None,
            record_type: record_type.to_string(),
            version: None,
        });
        self
    }

    /// The entry is about another entry of the log.
    pub(super) fn of_entry(mut self, entry: Uuid) -> Self {
        self.entry.resource = Some(ResourceEntry {
            id: Some(entry.as_hyphenated().to_string()),
            record_type: LOG_ENTRY.to_owned(),
            version: None,
        });
        self
    }

    pub(super) fn with_classes(mut self, classes: ClassSet) -> Self {
        self.entry.classes = classes.iter().map(DataClass::name).collect();
        self
    }

    pub(super) const fn counting(mut self, count: u64) -> Self {
        self.entry.count = Some(count);
        self
    }

    /// The entry opens or settles a write, as the outcome says.
    pub(super) const fn intending(mut self, intent: IntentId) -> Self {
        self.entry.intent = Some(intent);
        self
    }

    /// The entry is one of several in a write.
    pub(super) const fn within(mut self, intent: IntentId) -> Self {
        self.entry.within = Some(intent);
        self
    }

    pub(super) const fn detailed(mut self, detail: &'d [u8]) -> Self {
        self.detail = Some(detail);
        self
    }

    pub(super) fn refused(
        self,
        operation: &'static str,
        denied: Denied,
        request: &Request<'_>,
    ) -> Draft {
        self.refused_because(operation, denied.code(), request)
    }

    pub(super) fn refused_because(
        mut self,
        operation: &'static str,
        reason: &'static str,
        request: &Request<'_>,
    ) -> Draft {
        self.entry.reason = Some(reason);
        self.draft(operation, Outcome::Refused, request)
    }

    /// An entry that releases nothing.
    pub(super) fn draft(
        self,
        operation: &'static str,
        outcome: Outcome,
        request: &Request<'_>,
    ) -> Draft {
        self.finish(operation, outcome, None, request)
    }

    /// The entry of an access: once it is durable, it releases the content that the access opened.
    pub(super) fn releasing(
        self,
        operation: &'static str,
        outcome: Outcome,
        released: Opened,
        request: &Request<'_>,
    ) -> Draft {
        self.finish(operation, outcome, Some(released), request)
    }

    fn finish(
        mut self,
        operation: &'static str,
        outcome: Outcome,
        release: Option<Opened>,
        request: &Request<'_>,
    ) -> Draft {
        self.entry.operation = operation;
        self.entry.outcome = outcome.name();
        let detail = self.detail.map(|plain| (request.keys, plain));
        self.entry.draft(detail, release, self.now)
    }
}
