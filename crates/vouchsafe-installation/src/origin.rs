//! Where an attempt to sign in or to enrol comes from.

use std::net::{IpAddr, Ipv4Addr};

use vouchsafe::audit::Context;
use vouchsafe_identity::NetworkPrefix;

/// Where an attempt comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    pub(crate) network: NetworkPrefix,
    pub(crate) context: Context,
    pub(crate) throttled: Throttled,
}

/// What becomes of an attempt that is refused because there were too many.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Throttled {
    /// The front end counts it. Strangers can make as many as they like, and must not fill the log.
    Counted,
    /// It is written into the log like every other refusal.
    Written,
}

impl Origin {
    /// A client on the network. The front end MUST count attempts that are throttled.
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
