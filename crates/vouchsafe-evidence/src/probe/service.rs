//! A probe of a running service by attack, over HTTPS from outside: `probe.service/1`.
//!
//! What came back is stored: method and template of the path, status, a few headers, and which marks a body had. Never a
//! body, and never a token. Whether it should have come back so is for the checks.

mod attack;
mod client;
mod forge;
pub(super) mod judge;
mod jwk;
mod marks;
mod plan;
mod route;
mod settings;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(super) use attack::probe;
pub(super) use plan::plan;
pub(super) use route::Route;
pub(crate) use settings::ServiceTarget;

/// The type of evidence that such a probe is.
pub(crate) const SERVICE: &str = "probe.service/1";

/// What a probe of a service saw.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceProbe {
    /// The version of this format: 1.
    #[serde(deserialize_with = "crate::format::version_1")]
    pub(crate) v: u8,
    /// Where it is reached.
    pub(crate) url: String,
    /// When, by the clock of the machine that probed.
    pub(crate) at: Timestamp,
    /// Where the routes come from: `settings`, `/fhir/R4/metadata`.
    pub(crate) routes_from: Vec<String>,
    /// Routes that are declared to answer without a credential.
    pub(crate) public: Vec<String>,
    /// The token that was given; none where none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<GivenToken>,
    /// What each attack came to.
    pub(crate) answers: Vec<Group>,
    /// Attacks that were not tried, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) not_tried: Vec<NotTried>,
    /// Failed sign-ins in a row; none where the settings do not allow them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sign_in: Option<SignIns>,
    /// Places of the management that the settings name, and whether they answered; none where they name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) management: Option<Vec<Managed>>,
}

/// What is said of a token that was given; no character of it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GivenToken {
    /// Whether it is a JWT, so that others can be made of it.
    pub(crate) jwt: bool,
    /// The route by which it is seen whether a token lets in.
    pub(crate) control: String,
}

/// An attack.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Attack {
    /// The valid token, first and last: if it does not let in, refusals of others prove nothing.
    Control,
    /// No credential, at a route and method that the service has.
    NoCredential,
    /// No credential, at a method that nobody declared for the path.
    OtherMethod,
    /// A credential that is none.
    AnyCredential,
    /// A token that nobody issued so.
    Forged,
    /// A token with a good signature that must be refused, which the project gave.
    BadToken,
    /// A path that belongs to the management, at the public listener.
    ManagementPath,
    /// A body that is no JSON, or an id that is none.
    Malformed,
}

/// Requests of an attack that had the same answer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    pub(crate) attack: Attack,
    pub(crate) answer: Answer,
    /// `GET /patients/{id}`; of tokens, the name of the token.
    pub(crate) of: Vec<String>,
}

/// What came back.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    /// The status; none where nothing came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    /// Headers that say how the answer may be kept and what the server tells of itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) headers: BTreeMap<String, String>,
    /// Which marks the body has: `stack-trace`, `token`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) marks: Vec<String>,
}

/// An attack that was not tried.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NotTried {
    pub(crate) attack: Attack,
    /// What of it.
    pub(crate) what: String,
    pub(crate) why: String,
}

/// Failed sign-ins in a row, under one made-up name.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIns {
    pub(crate) route: String,
    /// The status of each, in order; 0 where nothing came.
    pub(crate) statuses: Vec<u16>,
    /// Whether one that was throttled says for how long.
    pub(crate) retry_after: bool,
}

/// A place of the management.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Managed {
    pub(crate) at: String,
    pub(crate) seen: Reach,
}

/// What came of a connection.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reach {
    /// Somebody took it.
    Reached,
    /// It was refused.
    Refused,
    /// Nothing came in time.
    Silent,
    /// No such host, or another error: it says nothing.
    Unknown,
}
