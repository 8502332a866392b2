//! The origin of an attempt to sign in or to enrol.

use std::net::{IpAddr, Ipv4Addr};

use vouchsafe::audit::Context;
use vouchsafe_identity::NetworkPrefix;

/// The origin of an attempt.
#[derive(Clone, Debug)]
pub struct Origin {
    pub(crate) network: NetworkPrefix,
    pub(crate) context: Context,
    pub(crate) throttled: Throttled,
}

/// How a refusal after too many attempts is recorded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Throttled {
    /// The front end counts it: strangers can make any number of attempts, and must not fill the log.
    Counted,
    /// It is logged like every other refusal.
    Written,
}

impl Origin {
    /// A client on the network. The front end MUST count throttled attempts.
    #[must_use]
    pub fn client(address: IpAddr, context: Context) -> Self {
        Self {
            network: NetworkPrefix::of(address),
            context,
            throttled: Throttled::Counted,
        }
    }

    /// A person at a terminal of this host.
    #[must_use]
    pub fn terminal() -> Self {
        Self {
            network: NetworkPrefix::of(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            context: Context::default(),
            throttled: Throttled::Written,
        }
    }
}
