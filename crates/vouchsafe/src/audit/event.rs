//! Events that release nothing: sign-ins, refusals, starts, changes of rights.

use jiff::Timestamp;

use super::{AuditKeys, Draft, Entry};
use crate::ids::{IntentId, RequestId, SessionId, TenantId};
use crate::session::Session;

/// The stream of the log that an entry belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stream {
    /// Access to records.
    Phi,
    /// People, sessions, rights.
    Identity,
    /// The service itself: starts, checks, settled intents.
    System,
}

impl Stream {
    /// The name in entries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Phi => "phi",
            Self::Identity => "identity",
            Self::System => "system",
        }
    }
}

/// The outcome of an event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// Allowed, and about to happen once this entry is durable.
    Permitted,
    /// Refused.
    Refused,
    /// A write is about to commit.
    Intent,
    /// The write committed.
    Committed,
    /// The write did not happen.
    Aborted,
}

impl Outcome {
    /// The name in entries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Permitted => "permitted",
            Self::Refused => "refused",
            Self::Intent => "intent",
            Self::Committed => "committed",
            Self::Aborted => "aborted",
        }
    }
}

/// The origin of a request, for every entry that it causes.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The request's id.
    pub request: Option<RequestId>,
    /// Token of the caller's network prefix.
    pub network: Option<String>,
}

/// An event that releases nothing.
#[derive(Debug)]
pub struct Event<'a> {
    /// The stream of the log.
    pub stream: Stream,
    /// The operation: a fixed word such as `sign-in`.
    pub operation: &'static str,
    /// The outcome.
    pub outcome: Outcome,
    /// The reason for a refusal: a fixed word.
    pub reason: Option<&'static str>,
    /// The actor, as named in the log (`person/...`), if it is known and is not the session's principal.
    pub actor: Option<String>,
    /// The session, if there is one.
    pub session: Option<&'a Session>,
    /// The session's id, if only that is known.
    pub session_id: Option<SessionId>,
    /// The tenant, if it is known without a session.
    pub tenant: Option<TenantId>,
    /// The number of events, in an entry that stands for several.
    pub count: Option<u64>,
    /// Detail to seal, with the keys for it.
    pub detail: Option<(&'a AuditKeys, &'a [u8])>,
    /// The intent that this event settles.
    pub settles: Option<IntentId>,
    /// The origin of the request.
    pub context: &'a Context,
}

impl<'a> Event<'a> {
    /// An event with only the required members.
    #[must_use]
    pub const fn new(
        stream: Stream,
        operation: &'static str,
        outcome: Outcome,
        context: &'a Context,
    ) -> Self {
        Self {
            stream,
            operation,
            outcome,
            reason: None,
            actor: None,
            session: None,
            session_id: None,
            tenant: None,
            count: None,
            detail: None,
            settles: None,
            context,
        }
    }

    /// The entry's draft.
    pub fn draft(self, now: Timestamp) -> Draft {
        let of_session = || self.session.map(|session| session.principal().label());
        let actor = self.actor.or_else(of_session);
        let entry = Entry {
            actor: actor.unwrap_or_else(|| "system".to_owned()),
            assurance: self.session.map(|session| session.assurance().name()),
            count: self.count,
            intent: self.settles,
            key: self.detail.map(|(keys, _)| keys.version()),
            network: self.context.network.clone(),
            operation: self.operation,
            outcome: self.outcome.name(),
            reason: self.reason,
            request: self.context.request,
            session: self.session.map(Session::id).or(self.session_id),
            stream: self.stream.name(),
            tenant: self.session.map(Session::tenant).or(self.tenant),
            ..Entry::default()
        };
        entry.draft(self.detail, None, now)
    }
}
