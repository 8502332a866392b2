//! The order of versions, as each ecosystem has it.

mod pep440;

use std::cmp::Ordering;

pub(crate) use pep440::Pep440;

/// Where packages come from, in the words of OSV.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Ecosystem {
    /// `crates.io`.
    Crates,
    /// `Go`.
    Go,
    /// `npm`.
    Npm,
    /// `PyPI`.
    PyPi,
}

impl Ecosystem {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Crates, Self::Go, Self::Npm, Self::PyPi];

    /// Its name in OSV.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Crates => "crates.io",
            Self::Go => "Go",
            Self::Npm => "npm",
            Self::PyPi => "PyPI",
        }
    }

    /// The one of that name; a suffix as in `Debian:12` is another.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// A name of a package in the form in which names are compared: PEP 503 for Python, as it stands elsewhere.
    pub(crate) fn canonical(self, name: &str) -> String {
        if self != Self::PyPi {
            return name.to_owned();
        }
        let lower = name.to_ascii_lowercase().replace(['_', '.'], "-");
        let parts: Vec<_> = lower.split('-').filter(|part| !part.is_empty()).collect();
        parts.join("-")
    }

    /// Reads a version.
    pub(crate) fn version(self, text: &str) -> Option<Version> {
        match self {
            Self::PyPi => Pep440::parse(text).map(Version::Pep440),
            Self::Go => semver_of(text.strip_prefix('v').unwrap_or(text)),
            Self::Crates | Self::Npm => semver_of(text),
        }
    }
}

/// A version that can be compared with others of its ecosystem.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Version {
    /// Semantic versioning 2.0.0. Build metadata (`+incompatible`) has no part in the order.
    Semantic(semver::Version),
    /// PEP 440.
    Pep440(Pep440),
}

impl Version {
    /// The order of two versions. Versions of different schemes have none that means anything, only a stable one.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Semantic(one), Self::Semantic(other)) => one.cmp_precedence(other),
            (Self::Pep440(one), Self::Pep440(other)) => one.cmp(other),
            (Self::Semantic(_), Self::Pep440(_)) => Ordering::Less,
            (Self::Pep440(_), Self::Semantic(_)) => Ordering::Greater,
        }
    }
}

/// A semantic version; `0` and `1.2` as in events of OSV are `0.0.0` and `1.2.0`.
fn semver_of(text: &str) -> Option<Version> {
    let text = text.trim();
    if let Ok(version) = semver::Version::parse(text) {
        return Some(Version::Semantic(version));
    }
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, rest) = text.split_at_checked(end)?;
    let full = match numbers.split('.').count() {
        1 => format!("{numbers}.0.0{rest}"),
        2 => format!("{numbers}.0{rest}"),
        _ => return None,
    };
    semver::Version::parse(&full).ok().map(Version::Semantic)
}

#[cfg(test)]
mod tests;
