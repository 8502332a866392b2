//! What is known of vulnerabilities: all advisories of all databases, those that are one put together.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::exposure::advisory::Advisory;
use crate::exposure::database::{Advisories, Packages};
use crate::exposure::lockfile::{Package, Pinned};
use crate::exposure::version::Ecosystem;
use crate::judgement::Severity;

/// Advisories of one package that are about one thing.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// The id that it goes by: the ecosystem's own before GHSA before CVE.
    pub(crate) id: String,
    /// Its other ids.
    pub(crate) aliases: BTreeSet<String>,
    /// Its ecosystem.
    pub(crate) ecosystem: Ecosystem,
    /// Its package.
    pub(crate) package: String,
    /// When the first of them could be known.
    pub(crate) published: Timestamp,
    /// The worst severity that one of them has.
    pub(crate) severity: Option<Severity>,
    /// Where that is from.
    pub(crate) severity_source: String,
    /// What it is, when none of them is about a vulnerability: `unmaintained`, `unsound`, `notice`.
    pub(crate) informational: Option<String>,
    members: Vec<Advisory>,
}

/// What is known.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Groups, in the order of ecosystem, package and id.
    pub(crate) groups: Vec<Group>,
    /// Advisories that were taken back.
    pub(crate) withdrawn: u64,
    by_package: BTreeMap<(Ecosystem, String), Vec<usize>>,
    /// For which packages advisories were looked up.
    looked_up: Packages,
    refused: BTreeSet<String>,
}

/// What was found of a package.
#[derive(Debug)]
pub(crate) enum Found {
    /// It is affected, in this version.
    Group(usize, String),
    /// It cannot be said: why.
    Unseen(String),
}

impl Known {
    /// Puts databases together.
    pub(crate) fn of<'a>(databases: impl IntoIterator<Item = &'a Advisories>) -> Self {
        let mut known = Self::default();
        let mut of_package: BTreeMap<(Ecosystem, String), Vec<Advisory>> = BTreeMap::new();
        for database in databases {
            for (ecosystem, names) in &database.scope.packages {
                let looked_up = known.looked_up.entry(ecosystem.clone()).or_default();
                looked_up.extend(names.iter().cloned());
            }
            known.refused.extend(database.refused.iter().cloned());
            for advisory in &database.advisories {
                if advisory.withdrawn {
                    known.withdrawn += 1;
                    continue;
                }
                let key = (advisory.ecosystem, advisory.package.clone());
                of_package.entry(key).or_default().push(advisory.clone());
            }
        }
        for (key, mut advisories) in of_package {
            advisories.sort_by(|one, other| rank(&one.id).cmp(&rank(&other.id)));
            let first = known.groups.len();
            known.groups.extend(group(advisories));
            let of_it = (first..known.groups.len()).collect();
            known.by_package.insert(key, of_it);
        }
        known
    }

    /// What is known of a package of a lock file.
    pub(crate) fn look_up(&self, ecosystem: Ecosystem, package: &Package) -> Vec<Found> {
        let name = &package.name;
        let looked_up = self.looked_up.get(ecosystem.name());
        if looked_up.is_none_or(|names| !names.contains(name)) {
            return vec![Found::Unseen(
                "the advisories were collected before this package came: run again".to_owned(),
            )];
        }
        let mut found = Vec::new();
        if self.refused.contains(name) {
            found.push(Found::Unseen(
                "an advisory of it was not stored, because it looks like PHI".to_owned(),
            ));
        }
        let groups = self.by_package.get(&(ecosystem, name.clone()));
        let version = match (&package.version, groups) {
            (_, None) => return found,
            (Pinned::To(version), _) => version,
            (Pinned::Unknown(why), _) => {
                found.push(Found::Unseen((*why).to_owned()));
                return found;
            }
        };
        for place in groups.into_iter().flatten() {
            let Some(group) = self.groups.get(*place) else {
                continue;
            };
            match group.affects(version) {
                Ok(true) => found.push(Found::Group(*place, version.clone())),
                Ok(false) => {}
                Err(why) => found.push(Found::Unseen(format!("{}: {why}", group.id))),
            }
        }
        found
    }
}

impl Group {
    /// Whether one of the advisories is about a version.
    fn affects(&self, version: &str) -> Result<bool, &'static str> {
        let mut unsaid = None;
        for member in &self.members {
            match member.affects(version) {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(why) => unsaid = Some(why),
            }
        }
        unsaid.map_or(Ok(false), Err)
    }

    fn of(advisory: Advisory) -> Self {
        let mut group = Self {
            id: advisory.id.clone(),
            aliases: BTreeSet::new(),
            ecosystem: advisory.ecosystem,
            package: advisory.package.clone(),
            published: advisory.published,
            severity: None,
            severity_source: String::new(),
            informational: advisory.informational.clone(),
            members: Vec::new(),
        };
        group.take(advisory);
        group
    }

    fn take(&mut self, advisory: Advisory) {
        self.published = self.published.min(advisory.published);
        if advisory.severity > self.severity {
            self.severity = advisory.severity;
            self.severity_source = format!("{} {}", advisory.severity_source, advisory.id);
        }
        // A vulnerability by one database is one, whatever the other calls it.
        if advisory.informational.is_none() {
            self.informational = None;
        }
        let ids = advisory.aliases.iter().chain([&advisory.id]);
        self.aliases
            .extend(ids.filter(|id| **id != self.id).cloned());
        self.members.push(advisory);
    }

    /// Whether an advisory is about the same thing: it shares an id. Two advisories of one database are two things, or
    /// the database would have one.
    fn is(&self, advisory: &Advisory) -> bool {
        let shared = advisory.aliases.iter().chain([&advisory.id]);
        let mut shared = shared.filter(|id| **id == self.id || self.aliases.contains(*id));
        let same_database = |member: &Advisory| prefix(&member.id) == prefix(&advisory.id);
        shared.next().is_some() && !self.members.iter().any(same_database)
    }
}

fn group(advisories: Vec<Advisory>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for advisory in advisories {
        let exact = |group: &&mut Group| group.members.iter().any(|one| one.id == advisory.id);
        if let Some(group) = groups.iter_mut().find(exact) {
            // The same advisory from two folders.
            group.take(advisory);
            continue;
        }
        match groups.iter_mut().find(|group| group.is(&advisory)) {
            Some(group) => group.take(advisory),
            None => groups.push(Group::of(advisory)),
        }
    }
    groups.sort_by(|one, other| one.id.cmp(&other.id));
    groups
}

fn prefix(id: &str) -> &str {
    id.split('-').next().unwrap_or(id)
}

/// The order in which ids become the name of a group.
fn rank(id: &str) -> (u8, &str) {
    let rank = match prefix(id) {
        "RUSTSEC" | "GO" | "PYSEC" => 0,
        "GHSA" => 1,
        "CVE" => 3,
        _ => 2,
    };
    (rank, id)
}

#[cfg(test)]
mod tests;
