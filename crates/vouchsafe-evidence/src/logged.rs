//! What a log says of the checks and controls that were in force.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalogue::{self, Control};
use crate::check::Check;
use crate::digest::Digest;
use crate::inputs::{Contents as _, Index, Known};
use crate::project::{CATALOGUE, DEFINITION, SETTINGS, Settings};
use crate::store::Log;

/// The definitions of checks in a log, by their digest, and what is wrong with those that do not load.
pub(crate) fn definitions(log: &Log, index: &Index) -> (BTreeMap<Digest, Check>, Vec<String>) {
    let mut checks = BTreeMap::new();
    let mut faults = Vec::new();
    for known in index.of_type(DEFINITION) {
        if let Some(why) = &known.evidence.failed {
            faults.push(format!("entry {}: {why}", known.index));
            continue;
        }
        let loaded = log.content(known).and_then(|content| {
            let text = std::str::from_utf8(&content).map_err(|error| error.to_string())?;
            Check::load(text).map_err(|error| error.to_string())
        });
        match loaded {
            Ok(check) => {
                checks.insert(known.content, check);
            }
            Err(error) => faults.push(format!("entry {}: {error}", known.index)),
        }
    }
    (checks, faults)
}

/// The definition of each check that was the last one before an entry, in the order of their ids.
pub(crate) fn last(index: &Index, checks: &BTreeMap<Digest, Check>, before: u64) -> Vec<Check> {
    let mut last: BTreeMap<&str, &Check> = BTreeMap::new();
    for known in index.of_type(DEFINITION) {
        if let Some(check) = checks.get(&known.content).filter(|_| known.index < before) {
            last.insert(check.id.as_str(), check);
        }
    }
    last.into_values().cloned().collect()
}

/// The catalogue that was the last one before an entry.
///
/// # Errors
/// In words, when there is none, or it cannot be read.
pub(crate) fn catalogue(
    log: &Log,
    index: &Index,
    before: u64,
) -> Result<(Arc<[u8]>, Vec<Control>), String> {
    let known =
        collected(index, CATALOGUE, before).ok_or("the log has no catalogue of controls")?;
    let content = log.content(known)?;
    let text = std::str::from_utf8(&content).map_err(|error| error.to_string())?;
    let controls = catalogue::parse(text).map_err(|error| error.to_string())?;
    Ok((content, controls))
}

/// The name of the project in the settings that were the last ones before an entry.
///
/// # Errors
/// In words, when there are none, or they cannot be read.
pub(crate) fn project(log: &Log, index: &Index, before: u64) -> Result<String, String> {
    let known = collected(index, SETTINGS, before)
        .ok_or("the log has no settings: `vouchsafe evidence status` says why")?;
    let settings = Settings::parse(&log.content(known)?).map_err(|error| error.to_string())?;
    Ok(settings.project.name)
}

/// The last evidence of a type before an entry that could be collected.
fn collected<'a>(index: &'a Index, schema: &str, before: u64) -> Option<&'a Known> {
    let mut of_type = index.of_type(schema).iter().rev();
    of_type
        .find(|known| known.index < before && known.evidence.failed.is_none())
        .map(|known| &**known)
}
