//! Probes of a running service: what it offers from outside, and what its tokens say of themselves.
//!
//! A probe is evidence; the checks `tls.listen`, `tls.aead` and `jwt.hygiene` judge it. Probes are made in each run for
//! the rows `[[probe.tls]]` and `[[probe.token]]` of `evidence.toml`, or by hand (`vouchsafe evidence probe`), from a
//! place that sees the service as its callers do.

mod certificate;
mod collector;
pub(crate) mod command;
mod dial;
mod hello;
mod judge;
mod plaintext;
mod server;
mod suites;
mod tls;
mod token;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use serde::Deserialize;

use crate::area::{Area, EvidenceType, People};

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
            name: TOKEN,
            title: "what a token says of itself: algorithm, names of claims, times",
            people: People::Nobody,
        },
    ],
    collectors: &[&collector::Probes],
    checks: &[
        include_str!("../data/checks/tls-listen.toml"),
        include_str!("../data/checks/tls-aead.toml"),
        include_str!("../data/checks/jwt-hygiene.toml"),
    ],
    evaluators: &[
        ("tls.listen", judge::listen),
        ("tls.aead", judge::aead),
        ("jwt.hygiene", judge::hygiene),
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
