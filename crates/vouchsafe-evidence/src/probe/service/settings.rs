//! `[[probe.service]]`: what is attacked, and what the project says of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::route::Route;
use crate::probe::dial::without_user;

/// `[[probe.service]]`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServiceTarget {
    /// Where it is reached: `https://api.example.org`.
    pub(crate) url: String,
    /// The authority that signed its certificate (PEM), where the system does not know it.
    pub(crate) ca: Option<PathBuf>,
    /// A file with a valid token, which its owner alone may read.
    pub(crate) token_file: Option<PathBuf>,
    /// Its routes, beside those of its `CapabilityStatement`: `GET /patients/{id}`.
    pub(crate) routes: Vec<Route>,
    /// Routes that answer without a credential, and may.
    pub(crate) public: Vec<Route>,
    /// The route by which it is seen whether a token lets in: a GET.
    pub(crate) control: Option<Route>,
    /// What stands in a path for a parameter; an id that nobody has, where it is not given.
    pub(crate) values: BTreeMap<String, String>,
    /// Where it is managed, `HOST:PORT`, and paths of the management; an empty list says that there is none.
    pub(crate) management: Option<Vec<String>>,
    /// Tokens with a good signature that must be refused.
    pub(crate) bad_tokens: Vec<BadToken>,
    /// Allows failed sign-ins: they make noise.
    pub(crate) sign_in: Option<SignIn>,
}

impl ServiceTarget {
    /// What it is called in evidence: its URL.
    pub(crate) fn name(&self) -> String {
        without_user(&self.url)
    }
}

/// A token with a good signature that must be refused.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct BadToken {
    /// What is wrong with it.
    pub(crate) fault: Fault,
    /// The file that holds it, which its owner alone may read.
    pub(crate) file: PathBuf,
}

/// What is wrong with a token whose signature is good.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fault {
    Expired,
    NoExp,
    LongExp,
    WrongAud,
    WrongIss,
    OldKey,
}

impl Fault {
    /// All of them.
    pub(crate) const ALL: [(Self, &'static str); 6] = [
        (Self::Expired, "expired"),
        (Self::NoExp, "no-exp"),
        (Self::LongExp, "long-exp"),
        (Self::WrongAud, "wrong-aud"),
        (Self::WrongIss, "wrong-iss"),
        (Self::OldKey, "old-key"),
    ];

    pub(crate) fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(fault, _)| *fault == self);
        found.map_or("", |(_, name)| name)
    }
}

/// How a sign-in is sent.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    /// `/auth/sign-in`.
    pub(crate) path: String,
    /// The fields of its JSON that name somebody; they get a made-up name.
    #[serde(default = "login")]
    pub(crate) login: String,
    /// The fields that are secret; they get made-up ones.
    #[serde(default = "secrets")]
    pub(crate) secrets: Vec<String>,
    /// How often it is tried, at most 100: 25.
    #[serde(default = "attempts")]
    pub(crate) attempts: u8,
}

fn login() -> String {
    "login".to_owned()
}

fn secrets() -> Vec<String> {
    vec!["password".to_owned()]
}

/// More than the failures that `rate-limit` allows before a service throttles: fewer show nothing.
const fn attempts() -> u8 {
    25
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_ins_are_tried_more_often_than_a_service_may_allow() {
        let sign_in: SignIn = toml::from_str("path = \"/auth/sign-in\"").unwrap();
        let check = include_str!("../../../data/checks/service-rate-limit.toml");
        let check = crate::check::Check::load(check).unwrap();
        let allowed: u8 = check.parameter("attempts").unwrap();
        assert!(sign_in.attempts > allowed);
    }
}
