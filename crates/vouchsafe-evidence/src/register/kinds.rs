//! The list of registers.

use super::documents::{DOCUMENTS, STATE};
use super::reading::{Fault, Named, faults};
use crate::area::{EvidenceType, People};

/// A register.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// The type of evidence that it is.
    pub(crate) schema: &'static str,
    /// Its file.
    pub(crate) file: &'static str,
    /// What is wrong with a text of it.
    pub(crate) faults: fn(&[u8]) -> Vec<Fault>,
}

macro_rules! kinds {
    ($($type:path, $name:literal, $title:literal;)*) => {
        $(impl Named for $type {
            const SCHEMA: &'static str = concat!("register.", $name, "/1");
            const FILE: &'static str = concat!("evidence/", $name, ".toml");
        })*

        /// All registers, by name.
        pub(crate) const ALL: &[Kind] = &[$(Kind {
            schema: concat!("register.", $name, "/1"),
            file: concat!("evidence/", $name, ".toml"),
            faults: faults::<$type>,
        }),*];

        /// What `init` writes: the name of the file, and its text.
        pub(crate) const TEMPLATES: &[(&str, &str)] = &[$((
            concat!($name, ".toml"),
            include_str!(concat!("../../data/templates/", $name, ".toml")),
        )),*];

        /// The types of evidence of this area.
        pub(crate) const TYPES: &[EvidenceType] = &[
            $(EvidenceType {
                name: concat!("register.", $name, "/1"),
                title: concat!("evidence/", $name, ".toml: ", $title),
                people: People::Workforce,
            },)*
            EvidenceType {
                name: STATE,
                title: "which registers are committed, by digest",
                people: People::Nobody,
            },
            EvidenceType {
                name: DOCUMENTS,
                title: "digests of the documents that registers name",
                people: People::Workforce,
            },
            EvidenceType {
                name: super::access::ACCESS,
                title: "evidence/access/: who had access to a system at a moment",
                people: People::Workforce,
            },
            EvidenceType {
                name: super::libraries::FILES,
                title: "lock files at the commit, by path and digest",
                people: People::Nobody,
            },
            EvidenceType {
                name: super::libraries::PRESENT,
                title: "packages of a lock file at the commit",
                // Of nobody; but names of packages look like names of people, and numbers of versions like addresses.
                people: People::Workforce,
            },
        ];
    };
}

kinds! {
    super::assets::Assets, "assets", "assets, data flows and what depends on them";
    super::backups::Backups, "backups", "backups, and when each last succeeded";
    super::credentials::Credentials, "credentials", "keys, tokens and secrets, with owner and end";
    super::decisions::Decisions, "decisions", "decisions on addressable specifications";
    super::dependencies::Dependencies, "dependencies", "assessments of dependencies";
    super::drills::Drills, "drills", "restores, recoveries and exercises that were tried";
    super::egress::Egress, "egress", "destinations outside";
    super::exceptions::Exceptions, "exceptions", "deviations that are accepted for a time";
    super::incidents::Incidents, "incidents", "incidents, their assessment and notices";
    super::insurance::Insurance, "insurance", "insurance policies";
    super::people::People, "people", "the workforce and its officials";
    super::pentests::Pentests, "pentests", "penetration tests and their findings";
    super::policies::Policies, "policies", "policies, approved and reviewed";
    super::reviews::Reviews, "reviews", "reviews of access, of activity and of the programme";
    super::risks::Risks, "risks", "the risk analysis";
    super::egress::Services, "services", "cloud services that hold data without being called";
    super::training::Training, "training", "training and security reminders";
    super::vendors::Vendors, "vendors", "vendors and agreements";
}
