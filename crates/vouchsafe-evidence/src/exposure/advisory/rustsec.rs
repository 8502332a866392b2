//! Advisories of the RustSec database: Markdown with a block of TOML at its head.

use jiff::civil::Date;
use serde::Deserialize;

use super::{Advisory, Affected, Interval, severity_of};
use crate::exposure::version::{Ecosystem, Version};
use crate::window::start_of;

#[derive(Deserialize)]
struct Front {
    advisory: Head,
    #[serde(default)]
    versions: Versions,
}

#[derive(Deserialize)]
struct Head {
    id: String,
    package: String,
    date: toml::Value,
    withdrawn: Option<toml::Value>,
    cvss: Option<String>,
    informational: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    yanked: bool,
}

#[derive(Default, Deserialize)]
struct Versions {
    #[serde(default)]
    patched: Vec<String>,
    #[serde(default)]
    unaffected: Vec<String>,
}

/// The block of TOML, as it stands in the file. The prose below it is not kept.
pub(crate) fn front(markdown: &str) -> Option<&str> {
    let rest = markdown
        .trim_start_matches('\u{feff}')
        .strip_prefix("```toml")?;
    let rest = rest.trim_start_matches('\r').strip_prefix('\n')?;
    let end = rest.find("\n```")?;
    rest.get(..end + 1)
}

/// Reads the block.
///
/// # Errors
/// In words, when it is none.
pub(crate) fn read(front: &str) -> Result<Advisory, String> {
    let front: Front = toml::from_str(front).map_err(|error| error.message().to_owned())?;
    let head = front.advisory;
    let date = match &head.date {
        toml::Value::String(date) => date.clone(),
        toml::Value::Datetime(date) => date.to_string(),
        _ => String::new(),
    };
    let date: Date = date
        .parse()
        .map_err(|_| format!("its date is none: {date}"))?;
    let published = start_of(date).map_err(|error| error.to_string())?;
    let mut safe = Vec::new();
    for requirement in front
        .versions
        .patched
        .iter()
        .chain(&front.versions.unaffected)
    {
        let interval = interval_of(requirement)
            .ok_or_else(|| format!("its range of versions is none: {requirement}"))?;
        safe.push(interval);
    }
    Ok(Advisory {
        id: head.id,
        aliases: head.aliases,
        published,
        severity: head.cvss.as_deref().and_then(severity_of),
        severity_source: "CVSS of RustSec",
        informational: head.informational.map(|kind| kind.trim().to_owned()),
        withdrawn: head.withdrawn.is_some() || head.yanked,
        ecosystem: Ecosystem::Crates,
        package: head.package,
        affected: Affected::AllBut(safe),
    })
}

/// A requirement as a range in the order of versions. Unlike for Cargo, `>= 1.0` holds for `2.0.0-rc.1`: RustSec says
/// which versions are mended, and a candidate after the mended one is.
fn interval_of(text: &str) -> Option<Interval> {
    let mut interval = Interval::default();
    for comparator in text.split(',') {
        let comparator = comparator.trim();
        let end = comparator.find(|c: char| c.is_ascii_digit())?;
        let (operator, version) = comparator.split_at_checked(end)?;
        let version = Ecosystem::Crates.version(version)?;
        let parts = comparator
            .get(end..)?
            .split(['-', '+'])
            .next()?
            .split('.')
            .count();
        let (from, to) = match operator.trim() {
            ">=" => (Some((version, true)), None),
            ">" => (Some((version, false)), None),
            "<=" => (None, Some((version, true))),
            "<" => (None, Some((version, false))),
            "=" => (Some((version.clone(), true)), Some((version, true))),
            "" | "^" => {
                let next = caret(&version, parts)?;
                (Some((version, true)), Some((next, false)))
            }
            "~" => {
                let next = tilde(&version, parts)?;
                (Some((version, true)), Some((next, false)))
            }
            _ => return None,
        };
        interval.from = tighter(interval.from, from, true);
        interval.to = tighter(interval.to, to, false);
    }
    Some(interval)
}

/// The bound that lets less through.
fn tighter(
    one: Option<(Version, bool)>,
    other: Option<(Version, bool)>,
    lower: bool,
) -> Option<(Version, bool)> {
    let (Some(a), Some(b)) = (&one, &other) else {
        return one.or(other);
    };
    let order = if lower {
        b.0.order(&a.0)
    } else {
        a.0.order(&b.0)
    };
    if order.is_gt() || (order.is_eq() && !b.1) {
        other
    } else {
        one
    }
}

/// The first version that is no longer compatible, its candidates included.
fn caret(version: &Version, parts: usize) -> Option<Version> {
    let Version::Semantic(version) = version else {
        return None;
    };
    match (version.major, version.minor, version.patch) {
        (0, 0, patch) if parts > 2 => first(0, 0, patch.checked_add(1)?),
        (0, minor, _) if parts > 1 => first(0, minor.checked_add(1)?, 0),
        (major, ..) => first(major.checked_add(1)?, 0, 0),
    }
}

fn tilde(version: &Version, parts: usize) -> Option<Version> {
    let Version::Semantic(version) = version else {
        return None;
    };
    match parts {
        1 => first(version.major.checked_add(1)?, 0, 0),
        _ => first(version.major, version.minor.checked_add(1)?, 0),
    }
}

fn first(major: u64, minor: u64, patch: u64) -> Option<Version> {
    Ecosystem::Crates.version(&format!("{major}.{minor}.{patch}-0"))
}
