//! The exposure ledger: which advisory concerned the merged tree, from when to when, against an SLA by severity.
//!
//! Two collectors: `lock-files` stores git's own patches of every lock file of the protected branches, `advisories` what
//! databases say of the packages in them. The evaluators rebuild each revision, verify it by the hash that git recorded,
//! and join the two histories. What a database of some date cannot know is a gap, and never a pass.

mod advisory;
mod database;
mod databases;
mod history;
mod judge;
mod known;
mod ledger;
mod lockfile;
mod patch;
mod severities;
mod state;
mod version;
mod windows;

use serde::Deserialize;

use crate::area::{Area, EvidenceType, People};
use crate::judgement::Severity;

#[cfg(fuzzing)]
pub(crate) use lockfile::{Format, PATTERNS};
#[cfg(fuzzing)]
pub(crate) use patch::replay;

pub(crate) const AREA: Area = Area {
    types: &[
        EvidenceType {
            name: history::HISTORY,
            title: "git's patches of every revision of every lock file of a branch",
            // Packages are named as people are, and lock files name addresses of registries.
            people: People::Workforce,
        },
        EvidenceType {
            name: history::STATE,
            title: "the lock files of a branch or of the working folder, as they are",
            people: People::Workforce,
        },
        EvidenceType {
            name: database::MANIFEST,
            title: "a database of advisories: number, SHA-256 and date",
            people: People::Workforce,
        },
        EvidenceType {
            name: database::RUSTSEC,
            title: "advisories of RustSec for the packages of the lock files, without their prose",
            people: People::Workforce,
        },
        EvidenceType {
            name: database::OSV,
            title: "advisories in the format of OSV for the packages of the lock files, without their prose",
            people: People::Workforce,
        },
        EvidenceType {
            name: severities::TYPE,
            title: "evidence/severities.toml: reviewed severities of advisories that have none",
            people: People::Workforce,
        },
    ],
    collectors: &[
        &history::LockFiles,
        &database::Databases,
        &severities::SeveritiesFile,
    ],
    checks: &[
        include_str!("../data/checks/vuln-exposure-ledger.toml"),
        include_str!("../data/checks/vuln-stdlib.toml"),
        include_str!("../data/checks/vuln-scan.toml"),
        include_str!("../data/checks/vuln-unmaintained.toml"),
        include_str!("../data/checks/vuln-database.toml"),
    ],
    evaluators: &[
        ("vuln.exposure-ledger", judge::ledger),
        ("vuln.stdlib", judge::standard_library),
        ("vuln.scan", state::vulnerable),
        ("vuln.unmaintained", state::unmaintained),
        ("vuln.database", databases::judge),
    ],
};

/// `[vulnerabilities]` of `evidence.toml`. Paths are absolute, or relative to the top folder of the repository.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// A folder with the RustSec database.
    pub(crate) rustsec: Option<String>,
    /// A folder with Go's database: `osv/` and `DATES.tsv`.
    pub(crate) go: Option<String>,
    /// Folders of advisories in the format of OSV.
    pub(crate) osv: Vec<String>,
    /// Days after which a database says nothing of today.
    pub(crate) max_age_days: u32,
    /// Days in which a vulnerability has to be out of the tree.
    pub(crate) sla_days: SlaDays,
}

/// `[vulnerabilities.sla_days]`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SlaDays {
    pub(crate) critical: u32,
    pub(crate) high: u32,
    pub(crate) medium: u32,
    pub(crate) low: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rustsec: None,
            go: None,
            osv: Vec::new(),
            max_age_days: 7,
            sla_days: SlaDays::default(),
        }
    }
}

impl Default for SlaDays {
    fn default() -> Self {
        Self {
            critical: 7,
            high: 30,
            medium: 90,
            low: 180,
        }
    }
}

impl SlaDays {
    /// The days for a severity.
    pub(crate) const fn of(self, severity: Severity) -> u32 {
        match severity {
            Severity::Critical => self.critical,
            Severity::High => self.high,
            Severity::Medium => self.medium,
            Severity::Low => self.low,
        }
    }
}

#[cfg(test)]
mod tests;
