//! What an installation of Vouchsafe knows of itself: `vouchsafe self-test` tries its safeguards, and its report is evidence.
//!
//! This crate opens no installation. The command does, writes a [`Report`], and `[[self_test]]` of `evidence.toml` names
//! the file.

mod collector;
mod judge;
mod report;

pub use report::{
    Access, Attacked, Factors, Identity, Key, Leaks, Log, NotDone, Person, Report, Seal, Storage,
    TokenTried,
};

use serde::Deserialize;

use crate::area::{Area, EvidenceType, People};

pub(crate) use judge::newest;

/// The type of evidence that such a report is.
pub(crate) const SELF_TEST: &str = "vouchsafe.self-test/1";

pub(crate) const AREA: Area = Area {
    types: &[EvidenceType {
        name: SELF_TEST,
        title: "a self-test of an installation of Vouchsafe: safeguards tried by attack, people and keys counted",
        people: People::Workforce,
    }],
    collectors: &[&collector::SelfTests],
    checks: &[
        include_str!("../data/checks/self-identity-unique.toml"),
        include_str!("../data/checks/self-audit-actor-present.toml"),
        include_str!("../data/checks/self-audit-append-only.toml"),
        include_str!("../data/checks/self-integrity-aead.toml"),
        include_str!("../data/checks/self-crypto-keys.toml"),
        include_str!("../data/checks/self-crypto-at-rest.toml"),
        include_str!("../data/checks/self-auth-mfa.toml"),
        include_str!("../data/checks/self-phi-leak-scan.toml"),
    ],
    evaluators: &[
        ("identity.unique", judge::unique),
        ("audit.actor-present", judge::actors),
        ("audit.append-only", judge::append_only),
        ("integrity.aead", judge::aead),
        ("crypto.keys", judge::keys),
        ("crypto.at-rest", judge::at_rest),
        ("auth.mfa", judge::mfa),
        ("phi.leak-scan", judge::leaks),
    ],
};

/// `[[self_test]]` of `evidence.toml`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct SelfTest {
    /// The file that `vouchsafe self-test --json` wrote, below the top folder of the repository.
    pub(crate) report: String,
}
