//! A probe of TLS from outside.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Duration;

use aws_lc_rs::rand;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::certificate::{self, Certificate};
use super::dial::Target;
use super::hello::client_hello;
use super::plaintext::{self, Plaintext};
use super::server::{First, first};
use super::suites::{Version, name};

/// So many suites of a version are asked for, one after another.
const MOST_SUITES: usize = 80;

/// What a probe of TLS saw: `probe.tls/1`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TlsProbe {
    /// The version of this format: 1.
    #[serde(deserialize_with = "crate::format::version_1")]
    pub(crate) v: u8,
    /// `HOST:PORT`.
    pub(crate) target: String,
    /// The name that was asked for.
    pub(crate) name: String,
    /// When, by the clock of the machine that probed.
    pub(crate) at: Timestamp,
    /// Each version, and what came of it.
    pub(crate) versions: BTreeMap<Version, Offer>,
    /// What a plain request came to.
    pub(crate) plaintext: Plaintext,
    /// The first certificate of the chain; none where no handshake came about that this program can finish.
    pub(crate) certificate: Option<Certificate>,
    /// Why there is no certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) no_certificate: Option<String>,
}

/// What came of a version.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "answer", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Offer {
    /// The server takes it, with these suites, in the order in which it chose them.
    Accepted {
        /// Names of suites.
        suites: Vec<String>,
        /// Whether these are all that it takes of those that were offered.
        all: bool,
    },
    /// It does not.
    Refused {
        /// Its alert, or how else it said so.
        how: String,
    },
    /// Nothing came, so it is not known.
    Silent,
}

/// Why there was nothing to probe.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum ProbeError {
    #[error("the host is unknown, or nobody listens there")]
    Unreachable,
    #[error("no random numbers")]
    Random,
}

/// Probes.
///
/// # Errors
/// When nobody listens.
pub(crate) fn probe(
    target: &Target,
    name: &str,
    at: Timestamp,
    patience: Duration,
) -> Result<TlsProbe, ProbeError> {
    target
        .connect(patience)
        .map_err(|_| ProbeError::Unreachable)?;
    let mut versions = BTreeMap::new();
    for version in Version::ALL {
        versions.insert(version, offer(target, name, version, patience)?);
    }
    let (certificate, no_certificate) = match certificate::of(target, name, patience) {
        Ok(certificate) => (Some(certificate), None),
        Err(why) => (None, Some(why)),
    };
    Ok(TlsProbe {
        v: 1,
        target: target.to_string(),
        name: name.to_owned(),
        at,
        versions,
        plaintext: plaintext::ask(target, name, patience),
        certificate,
        no_certificate,
    })
}

/// Offers a version with all suites, then without those that were chosen, until the server refuses.
fn offer(
    target: &Target,
    name: &str,
    version: Version,
    patience: Duration,
) -> Result<Offer, ProbeError> {
    let mut left = version.suites();
    let mut chosen = Vec::new();
    let ended = loop {
        let answer = ask(target, name, version, &left, patience)?;
        match answer {
            First::Chose { version: by, suite }
                if by == version.wire() && left.contains(&suite) && chosen.len() < MOST_SUITES =>
            {
                left.retain(|code| *code != suite);
                chosen.push(suite);
                if left.is_empty() {
                    break First::Alert(40);
                }
            }
            other => break other,
        }
    };
    if !chosen.is_empty() {
        return Ok(Offer::Accepted {
            suites: chosen.into_iter().map(self::name).collect(),
            all: matches!(ended, First::Alert(_) | First::Closed),
        });
    }
    Ok(match ended {
        First::Alert(alert) => refused(&format!("alert {alert}")),
        First::Closed => refused("closed"),
        First::Chose { .. } => refused("another version"),
        First::Foreign => refused("no TLS"),
        First::Silent => Offer::Silent,
    })
}

fn refused(how: &str) -> Offer {
    Offer::Refused {
        how: how.to_owned(),
    }
}

fn ask(
    target: &Target,
    name: &str,
    version: Version,
    suites: &[u16],
    patience: Duration,
) -> Result<First, ProbeError> {
    let mut random = [0; 32];
    rand::fill(&mut random).map_err(|_| ProbeError::Random)?;
    // An address is no name (RFC 6066, section 3).
    let named = name.parse::<std::net::IpAddr>().is_err().then_some(name);
    let hello = client_hello(version, suites, named, random);
    // Somebody who listened a moment ago and does no more is silent: nothing is concluded from it.
    let Ok(mut stream) = target.connect(patience) else {
        return Ok(First::Silent);
    };
    if stream.write_all(&hello).is_err() {
        return Ok(First::Closed);
    }
    Ok(first(&mut stream))
}
