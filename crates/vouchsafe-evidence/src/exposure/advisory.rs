//! Advisories: which versions of which package they are about, since when they are known, how bad they are.

pub(super) mod osv;
pub(super) mod rustsec;

use jiff::Timestamp;

use crate::exposure::version::{Ecosystem, Version};
use crate::judgement::Severity;

/// What one advisory says of one package.
#[derive(Clone, Debug)]
pub(crate) struct Advisory {
    /// Its id: `RUSTSEC-2024-0001`, `GO-2024-2611`, `GHSA-…`, `CVE-…`.
    pub(crate) id: String,
    /// The ids of the same thing elsewhere.
    pub(crate) aliases: Vec<String>,
    /// When it could be known: when its database had it.
    pub(crate) published: Timestamp,
    /// How bad it is, where it says so.
    pub(crate) severity: Option<Severity>,
    /// Where its severity is from.
    pub(crate) severity_source: &'static str,
    /// Whether it is about a vulnerability: `unmaintained`, `unsound` and `notice` are not.
    pub(crate) informational: Option<String>,
    /// Whether it was taken back.
    pub(crate) withdrawn: bool,
    /// The ecosystem of the package.
    pub(crate) ecosystem: Ecosystem,
    /// The package.
    pub(crate) package: String,
    /// The versions.
    pub(crate) affected: Affected,
}

/// Which versions of a package an advisory is about.
#[derive(Clone, Debug)]
pub(crate) enum Affected {
    /// All but those in one of these ranges (RustSec's `patched` and `unaffected`).
    AllBut(Vec<Interval>),
    /// Those in one of the ranges, and those listed (OSV).
    Ranges {
        /// The events of each range, sorted.
        ranges: Vec<Vec<Event>>,
        /// Versions, as they stand.
        listed: Vec<String>,
        /// Whether a range is of commits only, so that no version can be compared with it.
        commits_only: bool,
    },
}

/// A range of versions; a missing bound is none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interval {
    /// The lower bound, and whether it is within.
    pub(crate) from: Option<(Version, bool)>,
    /// The upper bound, and whether it is within.
    pub(crate) to: Option<(Version, bool)>,
}

/// An event of a range of OSV.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) version: Version,
    pub(crate) what: What,
}

/// What begins or ends with a version. The order is the one in which events of one version are taken.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum What {
    /// From this version on it is affected.
    Introduced,
    /// This version is the last that is affected.
    LastAffected,
    /// From this version on it is not.
    Fixed,
}

impl Interval {
    fn holds(&self, version: &Version) -> bool {
        let above = self.from.as_ref().is_none_or(|(bound, within)| {
            let order = version.order(bound);
            order.is_gt() || (*within && order.is_eq())
        });
        let below = self.to.as_ref().is_none_or(|(bound, within)| {
            let order = version.order(bound);
            order.is_lt() || (*within && order.is_eq())
        });
        above && below
    }
}

impl Advisory {
    /// Whether a version is affected.
    ///
    /// # Errors
    /// In words, when that cannot be said of this version.
    pub(crate) fn affects(&self, text: &str) -> Result<bool, &'static str> {
        let version = self.ecosystem.version(text);
        let unread = "its version is none that can be compared";
        match &self.affected {
            Affected::AllBut(safe) => {
                let version = version.ok_or(unread)?;
                Ok(!safe.iter().any(|interval| interval.holds(&version)))
            }
            Affected::Ranges {
                ranges,
                listed,
                commits_only,
            } => {
                if listed
                    .iter()
                    .any(|one| self.same(one, text, version.as_ref()))
                {
                    return Ok(true);
                }
                if *commits_only {
                    return Err("the advisory names commits and no versions");
                }
                if ranges.is_empty() {
                    return Ok(false);
                }
                let version = version.ok_or(unread)?;
                Ok(ranges.iter().any(|events| in_range(events, &version)))
            }
        }
    }

    /// Whether a listed version is this one: as text, or as a version (`1.0` is `1.0.0` for Python).
    fn same(&self, listed: &str, text: &str, version: Option<&Version>) -> bool {
        listed == text
            || version.is_some_and(|version| {
                let listed = self.ecosystem.version(listed);
                listed.is_some_and(|listed| listed.order(version).is_eq())
            })
    }
}

/// The evaluation that OSV describes: events in the order of their versions, each turning the state.
fn in_range(events: &[Event], version: &Version) -> bool {
    let mut affected = false;
    for event in events {
        let order = version.order(&event.version);
        match event.what {
            What::Introduced if order.is_ge() => affected = true,
            What::Fixed if order.is_ge() => affected = false,
            What::LastAffected if order.is_gt() => affected = false,
            _ => {}
        }
    }
    affected
}

/// The severity of a CVSS vector of version 3 or 4; nothing when it is none, or says 0.
pub(super) fn severity_of(vector: &str) -> Option<Severity> {
    let cvss: cvss::Cvss = vector.trim().parse().ok()?;
    match cvss.severity() {
        cvss::Severity::None => None,
        cvss::Severity::Low => Some(Severity::Low),
        cvss::Severity::Medium => Some(Severity::Medium),
        cvss::Severity::High => Some(Severity::High),
        cvss::Severity::Critical => Some(Severity::Critical),
    }
}

/// The severity of that name.
pub(super) fn severity_named(name: &str) -> Option<Severity> {
    match name.to_ascii_lowercase().as_str() {
        "low" => Some(Severity::Low),
        "medium" | "moderate" => Some(Severity::Medium),
        "high" | "important" => Some(Severity::High),
        "critical" => Some(Severity::Critical),
        _ => None,
    }
}

/// Its name.
pub(super) const fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

#[cfg(test)]
mod tests;
