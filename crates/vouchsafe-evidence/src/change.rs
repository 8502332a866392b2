//! CC8: every change of the protected branches, and whether somebody else approved it.
//!
//! The population is git's own: the first-parent chain of every protected branch, proved by the hashes of raw commit
//! objects. The word of the forge comes from saved pages. What neither shows is UNOBSERVABLE, never a guess.

mod activity;
mod approval;
mod branches;
mod bypass;
mod chain;
mod ci;
mod collector;
mod commit;
pub(crate) mod compare;
mod deploy;
mod direct;
mod emergency;
mod forge;
mod forge_pages;
mod gitlab;
mod history;
mod identity;
mod link;
mod machines;
mod pages;
mod population;
mod protection;
mod pushers;
mod registers;
mod retrospect;
mod reviewed;
mod rights;
mod screen;
mod shapes;
#[cfg(test)]
mod tests;
mod verdict;
mod whole;

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;

use crate::area::{Area, EvidenceType, People};

pub(crate) const AREA: Area = Area {
    types: &[
        EvidenceType {
            name: HEAD,
            title: "the head of a protected branch, and whether the clone is whole",
            people: People::Workforce,
        },
        EvidenceType {
            name: COMMITS,
            title: "raw commit objects, as git hashes them",
            people: People::Workforce,
        },
        EvidenceType {
            name: TAGS,
            title: "tags and the commits that they name",
            people: People::Workforce,
        },
        EvidenceType {
            name: PAGES,
            title: "saved pages of a forge, as they came",
            people: People::Workforce,
        },
        EvidenceType {
            name: EMERGENCIES,
            title: "evidence/emergencies.toml: changes that could not wait for approval",
            people: People::Workforce,
        },
        EvidenceType {
            name: DEPLOYMENTS,
            title: "evidence/deployments.toml: what was deployed, where and when",
            people: People::Workforce,
        },
    ],
    collectors: &[
        &collector::GitHistory,
        &forge_pages::SavedPages,
        &registers::Registers,
    ],
    checks: &[
        include_str!("../data/checks/change-reviewed.toml"),
        include_str!("../data/checks/change-no-direct-push.toml"),
        include_str!("../data/checks/change-history-whole.toml"),
        include_str!("../data/checks/change-ci-green.toml"),
        include_str!("../data/checks/change-bypass.toml"),
        include_str!("../data/checks/change-protection.toml"),
        include_str!("../data/checks/change-emergency-retro.toml"),
        include_str!("../data/checks/change-messages.toml"),
        include_str!("../data/checks/change-deploy.toml"),
    ],
    evaluators: &[
        ("change.reviewed", reviewed::judge),
        ("change.no-direct-push", direct::judge),
        ("change.history-whole", whole::judge),
        ("change.messages", whole::messages),
        ("change.ci-green", ci::judge),
        ("change.bypass", bypass::judge),
        ("change.protection", protection::judge),
        ("change.emergency-retro", retrospect::judge),
        ("deploy.traces-to-change", deploy::judge),
    ],
};

/// Heads of branches.
pub(crate) const HEAD: &str = "git.head/1";
/// Raw commit objects.
pub(crate) const COMMITS: &str = "git.commits/1";
/// Tags.
pub(crate) const TAGS: &str = "git.tags/1";
/// Saved pages of a forge.
pub(crate) const PAGES: &str = "forge.pages/1";
/// The register of emergency changes.
pub(crate) const EMERGENCIES: &str = "register.emergencies/1";
/// The register of deployments.
pub(crate) const DEPLOYMENTS: &str = "register.deployments/1";

/// `[change]` of `evidence.toml`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// The protected branches: `main`, or a ref in full.
    pub(crate) branches: Vec<String>,
    /// Protected branches that had another name.
    pub(crate) renamed: Vec<Renamed>,
    /// Folders of saved pages.
    pub(crate) pages: Vec<String>,
    /// `owner/name` of the repository at the forge, where pages of several are kept.
    pub(crate) repository: Option<String>,
    /// The label of an emergency change.
    pub(crate) emergency_label: Option<String>,
    /// Within how many days an emergency change is approved afterwards; 3 where that is not given.
    pub(crate) emergency_days: Option<u32>,
    /// Checks that each change must have passed, beside those that the rules of the branch ask for.
    pub(crate) required_checks: Vec<String>,
    /// Patterns of tags that are deployments: `v*`.
    pub(crate) deploy_tags: Vec<String>,
    /// Accounts of people whose mail address the forge does not know: address = account.
    pub(crate) identities: BTreeMap<String, String>,
    /// Accounts and mail addresses that are programs, beside those that the forge calls so: their approval is none.
    pub(crate) machines: Vec<String>,
}

/// A protected branch that had another name.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Renamed {
    /// The name before.
    pub(crate) from: String,
    /// The name since.
    pub(crate) to: String,
    /// The day of the change.
    pub(crate) on: Date,
}

impl Settings {
    /// Days within which an emergency change is approved afterwards.
    pub(crate) fn emergency_days(&self) -> u32 {
        self.emergency_days.unwrap_or(3)
    }
}

/// The full name of a branch: `main` is `refs/heads/main`.
pub(crate) fn full_ref(name: &str) -> String {
    if name.starts_with("refs/") {
        name.to_owned()
    } else {
        format!("refs/heads/{name}")
    }
}

/// The name of a branch for people and at the forge: `refs/heads/main` and `refs/remotes/origin/main` are `main`.
pub(crate) fn short_ref(name: &str) -> &str {
    let remote = name.strip_prefix("refs/remotes/");
    name.strip_prefix("refs/heads/")
        .or_else(|| remote.and_then(|rest| rest.split_once('/').map(|(_, branch)| branch)))
        .unwrap_or(name)
}
