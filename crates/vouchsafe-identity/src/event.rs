//! Events for the audit log.

use std::fmt;
use std::net::IpAddr;

use jiff::Timestamp;
use vouchsafe::access::RoleName;
use vouchsafe::ids::{PersonId, RecordId, RecordType, RightId, ServiceId, SessionId, TenantId};
use vouchsafe::session::{Assurance, Principal};

/// A user of the operating system who runs our command on the host.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct OsUser(String);

impl OsUser {
    /// A user with that name: 1 to 64 ASCII letters, digits, `.`, `_`, `-`.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let good = (1..=64).contains(&name.len()) && name.bytes().all(plain);
        good.then(|| Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// The actor of an event.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Actor {
    /// A signed-in principal.
    Principal(Principal),
    /// The user who runs our command on the host, vouched for by the operating system.
    OsUser(OsUser),
    /// The first start, which creates the first administrator, and nothing else.
    FirstStart,
}

impl Actor {
    /// This person.
    #[must_use]
    pub const fn person(id: PersonId) -> Self {
        Self::Principal(Principal::Person(id))
    }

    /// The label in rows and in the log: `person/...`, `service/...`, `os-user/...`, `first-start`.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Principal(principal) => principal.label(),
            Self::OsUser(user) => format!("os-user/{}", user.name()),
            Self::FirstStart => "first-start".to_owned(),
        }
    }
}

/// The network of a request: the first 24 bits of an IPv4 address, 48 of IPv6.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct NetworkPrefix(IpAddr);

impl NetworkPrefix {
    /// The network of an address; an IPv4-mapped IPv6 address counts as IPv4.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                IpAddr::from([a, b, c, 0])
            }
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                IpAddr::from([a, b, c, 0, 0, 0, 0, 0])
            }
        })
    }
}

impl fmt::Display for NetworkPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = if self.0.is_ipv4() { 24 } else { 48 };
        write!(f, "{}/{bits}", self.0)
    }
}

/// The reason why a sign-in was refused. For the log: the answer is the same for all but [`Self::Throttled`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SignInRefusal {
    /// No account has that login.
    UnknownLogin,
    /// The person has no factors yet.
    NotEnrolled,
    /// The person was disabled.
    Disabled,
    /// The password is wrong.
    WrongPassword,
    /// The one-time code is wrong.
    WrongCode,
    /// The one-time code, or a later one, was used before.
    CodeReplayed,
    /// Too many attempts on this account or from this network.
    Throttled,
}

impl SignInRefusal {
    /// The name in the log.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownLogin => "unknown-login",
            Self::NotEnrolled => "not-enrolled",
            Self::Disabled => "disabled",
            Self::WrongPassword => "wrong-password",
            Self::WrongCode => "wrong-code",
            Self::CodeReplayed => "code-replayed",
            Self::Throttled => "throttled",
        }
    }
}

/// The kind of an event.
///
/// Exhaustive on purpose: a new variant must define everywhere how it is logged. The free texts (`reason`) must be
/// sealed: people may write anything there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Occurrence {
    /// A person signed in, or a program on the host opened a session for a service; `Event::session` is new.
    SignedIn {
        /// The principal of the session.
        principal: Principal,
        /// The strength of the authentication.
        assurance: Assurance,
    },
    /// A sign-in was refused.
    SignInRefused(SignInRefusal),
    /// A person signed out.
    SignedOut,
    /// A person was added.
    PersonAdded(PersonId),
    /// A person got a new one-time link; older links are void.
    EnrolmentLinkMade(PersonId),
    /// A person set password and one-time code; older sessions end.
    Enrolled(PersonId),
    /// A person was disabled; their sessions end.
    PersonDisabled(PersonId, String),
    /// A role was granted.
    RightGiven {
        /// The id of the row.
        right: RightId,
        /// The holder.
        holder: Principal,
        /// The role.
        role: RoleName,
        /// Start (inclusive).
        from: Timestamp,
        /// End (exclusive).
        until: Timestamp,
        /// The requester; the event's actor approved it.
        requested_by: Actor,
        /// The reason.
        reason: String,
    },
    /// A right was revoked.
    RightEnded(RightId, String),
    /// A record was linked to this person, as the one that represents them or is about them.
    RecordLinked(PersonId, RecordType, RecordId),
    /// The link was removed.
    RecordUnlinked(PersonId, RecordType, RecordId),
    /// A service was added.
    ServiceAdded(ServiceId),
    /// A service was disabled; its sessions end.
    ServiceDisabled(ServiceId, String),
    /// From now on access tokens are signed with a new key, with this id.
    SigningKeyMade(String),
}

/// An event that happened or is about to happen, for the audit log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event {
    /// The time.
    pub at: Timestamp,
    /// The tenant; none for an event of the installation, or of an unknown login.
    pub tenant: Option<TenantId>,
    /// The actor; none if unknown.
    pub actor: Option<Actor>,
    /// The session.
    pub session: Option<SessionId>,
    /// The network of the request.
    pub network: Option<NetworkPrefix>,
    /// The kind.
    pub what: Occurrence,
}

impl Event {
    pub(crate) const fn by(
        tenant: TenantId,
        actor: Actor,
        at: Timestamp,
        what: Occurrence,
    ) -> Self {
        Self {
            at,
            tenant: Some(tenant),
            actor: Some(actor),
            session: None,
            network: None,
            what,
        }
    }

    /// The operation's name in the log.
    #[must_use]
    pub const fn operation(&self) -> &'static str {
        match &self.what {
            Occurrence::SignedIn { .. } | Occurrence::SignInRefused(_) => "sign-in",
            Occurrence::SignedOut => "sign-out",
            Occurrence::PersonAdded(_) => "person-add",
            Occurrence::EnrolmentLinkMade(_) => "person-link-make",
            Occurrence::Enrolled(_) => "person-enrol",
            Occurrence::PersonDisabled(..) => "person-disable",
            Occurrence::RightGiven { .. } => "right-give",
            Occurrence::RightEnded(..) => "right-end",
            Occurrence::RecordLinked(..) => "record-link",
            Occurrence::RecordUnlinked(..) => "record-unlink",
            Occurrence::ServiceAdded(_) => "service-add",
            Occurrence::ServiceDisabled(..) => "service-disable",
            Occurrence::SigningKeyMade(_) => "signing-key-make",
        }
    }

    /// The reason for the refusal, if it was refused.
    #[must_use]
    pub const fn refusal(&self) -> Option<&'static str> {
        match &self.what {
            Occurrence::SignInRefused(refusal) => Some(refusal.code()),
            Occurrence::SignedIn { .. }
            | Occurrence::SignedOut
            | Occurrence::PersonAdded(_)
            | Occurrence::EnrolmentLinkMade(_)
            | Occurrence::Enrolled(_)
            | Occurrence::PersonDisabled(..)
            | Occurrence::RightGiven { .. }
            | Occurrence::RightEnded(..)
            | Occurrence::RecordLinked(..)
            | Occurrence::RecordUnlinked(..)
            | Occurrence::ServiceAdded(_)
            | Occurrence::ServiceDisabled(..)
            | Occurrence::SigningKeyMade(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_a_prefix() {
        let shown = |address: &str| NetworkPrefix::of(address.parse().unwrap()).to_string();
        assert_eq!(shown("203.0.113.77"), "203.0.113.0/24");
        assert_eq!(shown("::ffff:203.0.113.77"), "203.0.113.0/24");
        assert_eq!(shown("2001:db8:1:2:3:4:5:6"), "2001:db8:1::/48");
    }

    #[test]
    fn os_users_have_plain_names() {
        for bad in ["", "a/b", "a b", "ä", "a\n", &"a".repeat(65)] {
            assert_eq!(OsUser::new(bad), None, "{bad:?}");
        }
        let user = OsUser::new("alice").unwrap();
        assert_eq!(Actor::OsUser(user).label(), "os-user/alice");
    }
}
