//! Whether someone may do something, and which data classes they may see or change.
//!
//! [`decide`] is a pure function of session, ask, facts and time under one policy [`Bundle`].
//! Policies are written in Cedar and see only what [`Ask`] and [`Facts`] say (see
//! `docs/policies.md`): no id of a person, record or subject. Two asks that look the same to the
//! policies therefore have the same answer, which is what makes remembering answers exact.
//!
//! What no policy can change, since it is done here:
//!
//! - a session that is over, or a resource of another tenant, is refused;
//! - a right counts only from its start until before its end, and a role only for the purposes
//!   that the bundle's manifest lists for it; a role that the manifest lacks grants nothing;
//! - a policy that fails while it is evaluated refuses the whole ask (Cedar itself would skip it,
//!   so that a failing `forbid` would let through);
//! - of a record that has a subject, `operational` is allowed only beside another class: the mere
//!   sight of such a record would tell that somebody has one.

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

/// What somebody wants to do.
///
/// Exhaustive on purpose: a new verb must say everywhere what it means.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Verb {
    /// Read a record, or an older version of it. Per class; the answer is what may be seen.
    Read,
    /// Filter or sort by elements of these classes. Per class; all of them or nothing.
    Search,
    /// Make a record with elements of these classes. Per class; all of them or nothing.
    Create,
    /// Change elements of these classes. Per class; all of them or nothing.
    Update,
    /// Delete a record that holds these classes. Per class; all of them or nothing.
    Delete,
    /// Write a path that gives somebody a care relation to the record's subject.
    Relate,
    /// Find out by an identifier whether a record exists, whoever's it is.
    MatchIdentifier,
    /// Turn the audit log's tokens and sealed detail back (who saw whom).
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

    /// The name, as policies (`context.operation`) and the log write it.
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

/// Why somebody wants it: the caller states it, the role bounds it, the log keeps it.
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
    /// `PATRQT`: the patient asked for it.
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

/// The name of a role: 1 to 64 of `a-z`, `0-9` and `-`, a letter first.
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

/// Whether a text is 1 to 64 of `a-z`, `0-9` and `-`, a letter first.
fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let letter_first = text
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_lowercase());
    letter_first && text.len() <= 64 && text.bytes().all(plain)
}

/// A role given to the principal for a time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Right {
    /// The row that gives it.
    pub id: RightId,
    /// The role.
    pub role: RoleName,
    /// From this moment on.
    pub from: Timestamp,
    /// Until before this moment.
    pub until: Timestamp,
}

impl Right {
    /// Whether the right is in force.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.until
    }
}

/// What is true now between this principal and this subject; made by [`crate::trusted::facts`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Facts {
    /// The principal's rights; those out of their time are ignored by [`decide`].
    pub(crate) rights: Arc<[Right]>,
    /// The principal has a care context with the record's subject that is valid now. Of a search
    /// that is confined to subjects in the principal's care: true.
    pub(crate) care: bool,
    /// The principal is the record's subject.
    pub(crate) own: bool,
}

/// What somebody asks for.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// What they want to do.
    pub verb: Verb,
    /// The type of the record. Of no meaning for verbs that are not on a record.
    pub record_type: &'a RecordType,
    /// The tenant that owns the resource.
    pub tenant: TenantId,
    /// Whether the record is about somebody. Care and own record ([`Facts`]) count only then.
    pub has_subject: bool,
    /// Read: the classes that the record holds (of which only what may be seen is granted).
    /// Search: those of the elements to filter or sort by (a search
    /// without any asks for `operational`). Create, update: those of the elements supplied.
    /// Delete: those of the record. Other verbs: of no meaning.
    pub classes: ClassSet,
    /// Why.
    pub purpose: Purpose,
}

/// Why an ask was refused.
///
/// Exhaustive on purpose: a new reason must break every caller that handles them.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum Denied {
    /// The session's time is over.
    #[error("the session is over")]
    SessionOver,
    /// A per-class verb came without a class: a mistake of the caller.
    #[error("nothing was asked for")]
    NothingAsked,
    /// No policy permits the action.
    #[error("no policy permits this action")]
    NoPermit,
    /// A policy forbids the action, whatever else permits it.
    #[error("a policy forbids this action")]
    Forbidden,
    /// The resource is another tenant's, and no policy said so.
    #[error("the resource is another tenant's")]
    OtherTenant,
    /// A policy failed while it was evaluated; what it would have said is unknown.
    #[error("a policy could not be evaluated")]
    Failed,
    /// What is asked is longer than the log has room for.
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

/// The answer to an [`Ask`]. It opens nothing: only the gate makes a permit of one.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Decision {
    /// The classes allowed (of a read: some of those asked for, never none; of other per-class
    /// verbs: all that were asked for; of the rest: none), or why not.
    pub outcome: Result<ClassSet, Denied>,
    /// The roles that the principal's valid rights give and the bundle knows, by name.
    pub roles: Vec<RoleName>,
    /// The ids of the policies that made the outcome what it is, by name.
    pub policies: Vec<String>,
    /// The bundle that decided.
    pub bundle: BundleHash,
}

/// Decides an ask: pure, and the same for the same arguments.
///
/// A read gets those of the classes that are allowed, and is refused when there is none, or none
/// but `operational` of a record that holds more and is about somebody. Every other per-class verb
/// gets all classes it names or is refused.
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
        // The wall is a policy too; this holds if a bundle comes without it.
        Ok(_) if ask.tenant != session.tenant() => Err(Denied::OtherTenant),
        outcome => outcome,
    };
    decision
}

#[cfg(test)]
mod tests;
