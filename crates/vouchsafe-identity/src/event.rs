//! What happened, for the audit log.

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
    /// A user of that name: 1 to 64 ASCII letters, digits, `.`, `_`, `-`.
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

/// Who did it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Actor {
    /// Somebody signed in.
    Principal(Principal),
    /// Who runs our command on the host, vouched for by the operating system.
    OsUser(OsUser),
    /// The first start, which makes the first administrator; never anything else.
    FirstStart,
}

impl Actor {
    /// This person.
    #[must_use]
    pub const fn person(id: PersonId) -> Self {
        Self::Principal(Principal::Person(id))
    }

    /// As rows and the log write it: `person/...`, `service/...`, `os-user/...`, `first-start`.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Principal(principal) => principal.label(),
            Self::OsUser(user) => format!("os-user/{}", user.name()),
            Self::FirstStart => "first-start".to_owned(),
        }
    }
}

/// The network that a request comes from: the first 24 bits of an IPv4 address, 48 of IPv6.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct NetworkPrefix(IpAddr);

impl NetworkPrefix {
    /// The network of an address; an IPv4 address in IPv6 clothes is an IPv4 address.
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

/// Why somebody was not let in. For the log: outside, all but [`Self::Throttled`] look alike.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SignInRefusal {
    /// Nobody has that login.
    UnknownLogin,
    /// The person has no factors yet.
    NotEnrolled,
    /// The person was disabled.
    Disabled,
    /// The password is another.
    WrongPassword,
    /// The one-time code is another.
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

/// What happened.
///
/// Exhaustive on purpose: a new one must say everywhere how it is logged. The free texts
/// (`reason`) are to be sealed: people write all sorts of things there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Occurrence {
    /// Somebody signed in, or a program on the host did for a service; `Event::session` is new.
    SignedIn {
        /// Whose the session is.
        principal: Principal,
        /// How well they were authenticated.
        assurance: Assurance,
    },
    /// Somebody was not let in.
    SignInRefused(SignInRefusal),
    /// Somebody signed out.
    SignedOut,
    /// A person was added.
    PersonAdded(PersonId),
    /// A person got a new one-time link; older ones are void.
    EnrolmentLinkMade(PersonId),
    /// A person set password and one-time code; older sessions end.
    Enrolled(PersonId),
    /// A person was disabled; their sessions end.
    PersonDisabled(PersonId, String),
    /// A role was given.
    RightGiven {
        /// The row.
        right: RightId,
        /// To whom.
        holder: Principal,
        /// What.
        role: RoleName,
        /// From this moment on.
        from: Timestamp,
        /// Until before this moment.
        until: Timestamp,
        /// Who asked for it; the event's actor approved it.
        requested_by: Actor,
        /// Why.
        reason: String,
    },
    /// A role was taken back.
    RightEnded(RightId, String),
    /// A record stands for this person, or is about them.
    RecordLinked(PersonId, RecordType, RecordId),
    /// It no longer does.
    RecordUnlinked(PersonId, RecordType, RecordId),
    /// A service was added.
    ServiceAdded(ServiceId),
    /// A service was disabled; its sessions end.
    ServiceDisabled(ServiceId, String),
    /// Access tokens are signed with a new key, of this id, from now on.
    SigningKeyMade(String),
}

/// Something that happened or is about to, for the audit log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// In which tenant; none for what concerns the installation, or a login that nobody has.
    pub tenant: Option<TenantId>,
    /// Who did it; none when nobody is known.
    pub actor: Option<Actor>,
    /// The session in question.
    pub session: Option<SessionId>,
    /// From where.
    pub network: Option<NetworkPrefix>,
    /// What.
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

    /// Why it was refused, if it was.
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
