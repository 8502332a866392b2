//! Probes of a running service: what it offers from outside, and what its tokens say of themselves.
//!
//! A probe is evidence; checks judge it (`tls.listen`, `access.default-deny` and others). Probes are made in each run for
//! the rows `[[probe.tls]]`, `[[probe.service]]`, `[[probe.postgres]]` and `[[probe.token]]` of `evidence.toml`, or by hand
//! (`vouchsafe evidence probe`), from a place that sees the service as its callers do.

mod certificate;
mod collector;
pub(crate) mod command;
mod dial;
mod hello;
mod judge;
mod plaintext;
pub(crate) mod postgres;
mod server;
mod service;
mod suites;
mod tls;
mod token;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use serde::Deserialize;

use crate::area::{Area, EvidenceType, People};

pub(crate) use judge::newest;

/// The type of evidence that a probe of TLS is.
pub(crate) const TLS: &str = "probe.tls/1";
/// The type of evidence that the header and the claims of a token are.
pub(crate) const TOKEN: &str = "probe.token/1";
/// The folder of saved probes.
pub(crate) const FOLDER: &str = "evidence/probes";

pub(crate) const AREA: Area = Area {
    types: &[
        EvidenceType {
            name: TLS,
            title: "a probe of TLS from outside: versions, suites, certificate, plain HTTP",
            people: People::Workforce,
        },
        EvidenceType {
            name: service::SERVICE,
            title: "a probe of a service by attack: what came back to requests without a right, and to forged tokens",
            people: People::Workforce,
        },
        EvidenceType {
            name: postgres::POSTGRES,
            title: "grants of an audit table in PostgreSQL: what the role of a service may do to it",
            people: People::Workforce,
        },
        EvidenceType {
            name: TOKEN,
            title: "what a token says of itself: algorithm, names of claims, times",
            people: People::Workforce,
        },
    ],
    collectors: &[&collector::Probes],
    checks: &[
        include_str!("../data/checks/tls-listen.toml"),
        include_str!("../data/checks/tls-aead.toml"),
        include_str!("../data/checks/jwt-hygiene.toml"),
        include_str!("../data/checks/service-access-default-deny.toml"),
        include_str!("../data/checks/service-jwt-refused.toml"),
        include_str!("../data/checks/service-mgmt-exposure.toml"),
        include_str!("../data/checks/service-rate-limit.toml"),
        include_str!("../data/checks/service-answers.toml"),
    ],
    evaluators: &[
        ("tls.listen", judge::listen),
        ("tls.aead", judge::aead),
        ("jwt.hygiene", judge::hygiene),
        ("access.default-deny", service::judge::deny),
        ("jwt.refused", service::judge::tokens),
        ("mgmt.exposure", service::judge::management),
        ("rate-limit", service::judge::throttle),
        ("service.answers", service::judge::answers),
    ],
};

/// `[probe]` of `evidence.toml`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// Services whose TLS is looked at.
    pub(crate) tls: Vec<TlsTarget>,
    /// Tokens whose claims are looked at.
    pub(crate) token: Vec<TokenTarget>,
    /// Services that are attacked.
    pub(crate) service: Vec<service::ServiceTarget>,
    /// Audit tables whose grants are looked at.
    pub(crate) postgres: Vec<postgres::PostgresTarget>,
}

/// `[[probe.tls]]`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct TlsTarget {
    /// Where it listens: `HOST:PORT`.
    pub(crate) at: String,
    /// The name that a caller knows it by; the host where it is not given.
    #[serde(default)]
    pub(crate) name: Option<String>,
}

impl TlsTarget {
    /// What it is called in evidence: where it listens, without a user that somebody wrote before it.
    pub(crate) fn name(&self) -> String {
        dial::without_user(&self.at)
    }
}

/// `[[probe.token]]`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenTarget {
    /// What the token is for: `access token of the API`.
    pub(crate) name: String,
    /// The file that holds it while the probe runs, below the top folder of the repository or absolute.
    pub(crate) file: PathBuf,
    /// The longest life that is allowed, in seconds; that of the check where it is not given.
    #[serde(default)]
    pub(crate) max_seconds: Option<i64>,
}
