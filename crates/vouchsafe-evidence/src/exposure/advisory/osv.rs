//! Advisories in the format of OSV: Go, npm, Python, crates.io.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Advisory, Affected, Event, What, severity_named, severity_of};
use crate::exposure::version::Ecosystem;
use crate::judgement::Severity;

#[derive(Deserialize)]
struct Record {
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    aliases: Vec<String>,
    published: Option<Timestamp>,
    withdrawn: Option<Timestamp>,
    #[serde(default, deserialize_with = "or_default")]
    severity: Vec<Score>,
    #[serde(default, deserialize_with = "or_default")]
    affected: Vec<Item>,
    #[serde(default, deserialize_with = "or_default")]
    database_specific: Specific,
}

#[derive(Deserialize)]
struct Score {
    score: String,
}

#[derive(Deserialize)]
struct Item {
    package: Option<Named>,
    #[serde(default, deserialize_with = "or_default")]
    severity: Vec<Score>,
    #[serde(default, deserialize_with = "or_default")]
    ranges: Vec<Range>,
    #[serde(default, deserialize_with = "or_default")]
    versions: Vec<String>,
    #[serde(default, deserialize_with = "or_default")]
    database_specific: Specific,
}

#[derive(Deserialize)]
struct Named {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct Range {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "or_default")]
    events: Vec<BTreeMap<String, String>>,
}

#[derive(Default, Deserialize)]
struct Specific {
    severity: Option<serde_json::Value>,
    informational: Option<String>,
}

/// `null` is nothing, as a missing member is.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// The members that say nothing about versions, dates or severity: prose, names and addresses.
const PROSE: [&str; 4] = ["summary", "details", "credits", "references"];

/// An advisory without its prose, the other members as they stand.
///
/// # Errors
/// In words, when it is no JSON object.
pub(crate) fn without_prose(bytes: &[u8]) -> Result<String, String> {
    let mut members: BTreeMap<String, &RawValue> =
        serde_json::from_slice(bytes).map_err(|error| format!("line {}", error.line()))?;
    members.retain(|name, _| !PROSE.contains(&name.as_str()));
    let members = serde_json::to_string(&members).map_err(|error| error.to_string())?;
    Ok(on_one_line(&members))
}

/// JSON without the white space between its tokens.
fn on_one_line(json: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    let keep = |c: &char| {
        let space = !quoted && c.is_ascii_whitespace();
        if quoted && !escaped && *c == '\\' {
            escaped = true;
            return true;
        }
        if *c == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = false;
        !space
    };
    json.chars().filter(keep).collect()
}

/// Reads an advisory: what it says of each package of an ecosystem that is known here.
///
/// `added` is when the database had it, for databases that keep this apart from the file.
///
/// # Errors
/// In words, when it is none, or has no date.
pub(crate) fn read(bytes: &[u8], added: Option<Timestamp>) -> Result<Vec<Advisory>, String> {
    let record: Record =
        serde_json::from_slice(bytes).map_err(|error| format!("line {}", error.line()))?;
    // Year 1 is how Go's files say that they do not know.
    let own = record.published.filter(|at| *at > Timestamp::UNIX_EPOCH);
    let published = added.or(own).ok_or("it has no date of publication")?;
    let mut advisories: BTreeMap<(Ecosystem, String), Advisory> = BTreeMap::new();
    for item in &record.affected {
        let Some(named) = &item.package else {
            continue;
        };
        let Some(ecosystem) = Ecosystem::of(&named.ecosystem) else {
            continue;
        };
        let package = ecosystem.canonical(&named.name);
        let key = (ecosystem, package.clone());
        let advisory = advisories.entry(key).or_insert_with(|| {
            let (severity, severity_source) = severity(&record, item);
            Advisory {
                id: record.id.clone(),
                aliases: record.aliases.clone(),
                published,
                severity,
                severity_source,
                informational: item.database_specific.informational.clone(),
                withdrawn: record.withdrawn.is_some(),
                ecosystem,
                package,
                affected: Affected::Ranges {
                    ranges: Vec::new(),
                    listed: Vec::new(),
                    commits_only: false,
                },
            }
        });
        add(advisory, item)?;
    }
    Ok(advisories.into_values().collect())
}

/// The first that is given: of the package, of the advisory, of the database.
fn severity(record: &Record, item: &Item) -> (Option<Severity>, &'static str) {
    let worst = |scores: &[Score]| {
        let known = scores.iter().filter_map(|score| severity_of(&score.score));
        known.max()
    };
    let named = |specific: &Specific| {
        let name = specific.severity.as_ref().and_then(|value| value.as_str());
        name.and_then(severity_named)
    };
    if let Some(severity) = worst(&item.severity).or_else(|| worst(&record.severity)) {
        return (Some(severity), "CVSS of OSV");
    }
    let named = named(&record.database_specific).or_else(|| named(&item.database_specific));
    (named, "the database's word")
}

/// Adds ranges and versions of an item to what is known of its package.
fn add(advisory: &mut Advisory, item: &Item) -> Result<(), String> {
    let ecosystem = advisory.ecosystem;
    let Affected::Ranges {
        ranges,
        listed,
        commits_only,
    } = &mut advisory.affected
    else {
        return Ok(());
    };
    listed.extend(item.versions.iter().cloned());
    let before = ranges.len();
    for range in &item.ranges {
        if range.kind != "GIT" {
            ranges.push(events(ecosystem, range)?);
        }
    }
    let only = item.ranges.iter().any(|range| range.kind == "GIT")
        && ranges.len() == before
        && item.versions.is_empty();
    *commits_only |= only;
    Ok(())
}

fn events(ecosystem: Ecosystem, range: &Range) -> Result<Vec<Event>, String> {
    let mut events = Vec::new();
    for (name, text) in range.events.iter().flatten() {
        let what = match name.as_str() {
            "introduced" => What::Introduced,
            "fixed" => What::Fixed,
            "last_affected" => What::LastAffected,
            // Where the search for versions ended; it says nothing of them.
            "limit" => continue,
            other => return Err(format!("its range has an event {other}")),
        };
        // `0` is below every version, also below candidates of 0.0.0.
        let zero = match ecosystem {
            Ecosystem::PyPi => "0.dev0",
            _ => "0.0.0-0",
        };
        let text = if text == "0" { zero } else { text };
        let version = ecosystem
            .version(text)
            .ok_or_else(|| format!("its range has the version {text}, which is none"))?;
        events.push(Event { version, what });
    }
    if !events.iter().any(|event| event.what == What::Introduced) {
        return Err("its range begins nowhere".to_owned());
    }
    events.sort_by(|one, other| {
        let order = one.version.order(&other.version);
        order.then_with(|| one.what.cmp(&other.what))
    });
    Ok(events)
}
