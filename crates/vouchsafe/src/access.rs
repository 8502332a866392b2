//! Access decisions: whether a principal may do something, and which data classes they may see or change.
//!
//! [`decide`] is a pure function of session, request, facts and time under one policy [`Bundle`]. Policies are written
//! in Cedar and see only the values of [`Ask`] and [`Facts`] (see `docs/policies.md`), never the id of a person, record
//! or subject. So two requests that look the same to the policies have the same answer, and caching answers is exact.
//!
//! The following rules hold here, and no policy can change them:
//!
//! - an expired session, or a resource of another tenant, is refused;
//! - a right is valid from its start until before its end, and a role only for the purposes that the bundle's manifest
//!   lists for it; a role that the manifest lacks grants nothing;
//! - a policy that fails during evaluation refuses the whole request (Cedar itself would skip it, so a failing `forbid`
//!   would have no effect);
//! - of a record that has a subject, `operational` is allowed only beside another class: the mere existence of such a
//!   record would reveal that the subject has one.

mod answers;
mod bundle;
mod load;
mod sight;

pub use bundle::{Bundle, BundleFiles, BundleHash, BundleRefused, PolicyInfo};

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;

use crate::class::ClassSet;
use crate::ids::{InvalidId, RecordType, RightId, TenantId};
use crate::session::Session;
use sight::Sight;

/// An action on records, or on the system.
///
/// Exhaustive on purpose: a new verb must be handled everywhere.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Verb {
    /// Read a record, or an older version of it. Decided per class; the answer is the readable classes.
    Read,
    /// Filter or sort by elements of these classes. Decided per class; all classes or none.
    Search,
    /// Create a record with elements of these classes. Decided per class; all classes or none.
    Create,
    /// Change elements of these classes. Decided per class; all classes or none.
    Update,
    /// Delete a record that holds these classes. Decided per class; all classes or none.
    Delete,
    /// Write a path that gives somebody a care relation to the record's subject.
    Relate,
    /// Find out by an identifier whether a record of any subject exists.
    MatchIdentifier,
    /// Resolve the audit log's tokens and sealed detail (who saw whom).
    ResolveAudit,
    /// Load records in bulk.
    Import,
}

impl Verb {
    /// All verbs.
    pub const ALL: [Self; 9] = [
        Self::Read,
        Self::Search,
        Self::Create,
        Self::Update,
        Self::Delete,
        Self::Relate,
        Self::MatchIdentifier,
        Self::ResolveAudit,
        Self::Import,
    ];

    /// The name in policies (`context.operation`) and in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Search => "search",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Relate => "relate",
            Self::MatchIdentifier => "match-identifier",
            Self::ResolveAudit => "resolve-audit",
            Self::Import => "import",
        }
    }

    /// Whether the verb is decided per data class.
    #[must_use]
    pub const fn is_per_class(self) -> bool {
        match self {
            Self::Read | Self::Search | Self::Create | Self::Update | Self::Delete => true,
            Self::Relate | Self::MatchIdentifier | Self::ResolveAudit | Self::Import => false,
        }
    }

    /// Whether the verb acts on a record rather than on the system (log, imports).
    #[must_use]
    pub const fn is_on_record(self) -> bool {
        match self {
            Self::Read
            | Self::Search
            | Self::Create
            | Self::Update
            | Self::Delete
            | Self::Relate
            | Self::MatchIdentifier => true,
            Self::ResolveAudit | Self::Import => false,
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The purpose of a request: the caller states it, the role limits it, the log keeps it.
///
/// Codes of HL7 v3 `PurposeOfUse` (value set 2.16.840.1.113883.1.11.20448).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Purpose {
    /// `TREAT`: care of the subject.
    Treatment,
    /// `HPAYMT`: payment for care.
    Payment,
    /// `HOPERAT`: running the organisation, audit included.
    Operations,
    /// `PATRQT`: a request of the patient.
    PatientRequest,
    /// `SYSADMN`: running the system.
    System,
}

impl Purpose {
    /// All purposes.
    pub const ALL: [Self; 5] = [
        Self::Treatment,
        Self::Payment,
        Self::Operations,
        Self::PatientRequest,
        Self::System,
    ];

    /// The HL7 v3 code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Treatment => "TREAT",
            Self::Payment => "HPAYMT",
            Self::Operations => "HOPERAT",
            Self::PatientRequest => "PATRQT",
            Self::System => "SYSADMN",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Purpose {
    type Err = InvalidId;

    fn from_str(code: &str) -> Result<Self, InvalidId> {
        Self::ALL
            .into_iter()
            .find(|purpose| purpose.code() == code)
            .ok_or(InvalidId)
    }
}

/// The name of a role: 1 to 64 of `a-z`, `0-9` and `-`, beginning with a letter.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RoleName(Arc<str>);

impl RoleName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for RoleName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl FromStr for RoleName {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if is_name(text) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidId)
        }
    }
}

/// Whether a text is 1 to 64 of `a-z`, `0-9` and `-`, beginning with a letter.
fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let letter_first = text
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_lowercase());
    letter_first && text.len() <= 64 && text.bytes().all(plain)
}

/// A role granted to the principal for a time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Right {
    /// The id of the row that grants it.
    pub id: RightId,
    /// The role.
    pub role: RoleName,
    /// Start (inclusive).
    pub from: Timestamp,
    /// End (exclusive).
    pub until: Timestamp,
}

impl Right {
    /// Whether the right is in force.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }
}

/// The current relation between a principal and a subject; made by [`crate::trusted::facts`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Facts {
    /// The principal's rights; [`decide`] ignores expired and future ones.
    pub(crate) rights: Arc<[Right]>,
    /// The principal has a currently valid care context with the record's subject. True for a search that is confined
    /// to subjects in the principal's care.
    pub(crate) care: bool,
    /// The principal is the record's subject.
    pub(crate) own: bool,
}

/// A request for access.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The action.
    pub verb: Verb,
    /// The type of the record. Ignored for verbs that are not on a record.
    pub record_type: &'a RecordType,
    /// The tenant that owns the resource.
    pub tenant: TenantId,
    /// Whether the record has a subject. Care and own record ([`Facts`]) count only then.
    pub has_subject: bool,
    /// The classes of the request. Read: the classes of the record, of which only the permitted ones are granted.
    /// Search: the classes of the elements to filter or sort by (a search without any asks for `operational`). Create,
    /// update: the classes of the supplied elements. Delete: the classes of the record. Ignored for other verbs.
    pub classes: ClassSet,
    /// The purpose.
    pub purpose: Purpose,
}

/// The reason for a refusal.
///
/// Exhaustive on purpose: a new reason must break every caller that handles them.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum Denied {
    /// The session has expired.
    #[error("the session is over")]
    SessionOver,
    /// A per-class verb without a class: a mistake of the caller.
    #[error("nothing was asked for")]
    NothingAsked,
    /// No policy permits the action.
    #[error("no policy permits this action")]
    NoPermit,
    /// A policy forbids the action, whatever else permits it.
    #[error("a policy forbids this action")]
    Forbidden,
    /// The resource belongs to another tenant, and no policy refused it.
    #[error("the resource is another tenant's")]
    OtherTenant,
    /// A policy failed during evaluation, so its answer is unknown.
    #[error("a policy could not be evaluated")]
    Failed,
    /// The request is longer than the log's limit.
    #[error("the query is longer than its audit entry may be")]
    TooLong,
}

impl Denied {
    /// A short stable code for the log.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::SessionOver => "session-over",
            Self::NothingAsked => "nothing-asked",
            Self::NoPermit => "no-permit",
            Self::Forbidden => "forbidden",
            Self::OtherTenant => "other-tenant",
            Self::Failed => "failed",
            Self::TooLong => "too-long",
        }
    }
}

/// The answer to an [`Ask`]. It opens nothing: only the gate makes a permit from one.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Decision {
    /// The allowed classes, or the reason for the refusal. Read: some of the requested classes, never none. Other
    /// per-class verbs: all requested classes. All other verbs: none.
    pub outcome: Result<ClassSet, Denied>,
    /// The roles, by name, that the principal's valid rights give and the bundle knows.
    pub roles: Vec<RoleName>,
    /// The ids, by name, of the policies that determined the outcome.
    pub policies: Vec<String>,
    /// The bundle that decided.
    pub bundle: BundleHash,
}

/// Decides a request. Pure: the same arguments give the same decision.
///
/// A read gets the allowed ones of its classes. It is refused if no class is allowed, or only `operational` of a record
/// that has a subject and other classes. Every other per-class verb gets all of its classes or is refused.
#[must_use]
pub fn decide(
    bundle: &Bundle,
    session: &Session,
    ask: &Ask<'_>,
    facts: &Facts,
    now: Timestamp,
) -> Decision {
    let valid = bundle.roles_of(&facts.rights, now);
    let mut decision = Decision {
        outcome: Err(Denied::SessionOver),
        roles: bundle.names_of(valid),
        policies: Vec::new(),
        bundle: bundle.hash(),
    };
    if !session.is_live(now) {
        return decision;
    }
    if ask.verb.is_per_class() && ask.classes.is_empty() {
        decision.outcome = Err(Denied::NothingAsked);
        return decision;
    }
    let active = bundle.acting_for(valid, ask.purpose);
    let sight = Sight::new(session, ask, facts, active);
    let (outcome, policies) = bundle.answers(sight).to(ask.verb, ask.classes);
    decision.policies = policies;
    decision.outcome = match outcome {
        // The wall is also a policy; this check holds for a bundle without it.
        Ok(_) if ask.tenant != session.tenant() => Err(Denied::OtherTenant),
        outcome => outcome,
    };
    decision
}

#[cfg(test)]
mod tests;
