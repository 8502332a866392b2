//! A sample of a population that neither side can steer: the first items by HMAC under the auditor's seed.

use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::hmac;
use serde::de::DeserializeOwned;
use vouchsafe_tlog::NoteVerifier;

use super::archive::{Archive, LogFiles};
use super::manifest::Manifest;
use crate::digest::hex;
use crate::finding::{Findings, items_of, root_of};
use crate::inputs::Index;
use crate::judgement::Item;
use crate::store::{Files as _, Log};

/// A sample.
#[derive(Debug)]
pub(crate) struct Sampled {
    /// Index of the entry that fixed the population.
    pub(crate) fixed_by: u64,
    /// Number of items of the population.
    pub(crate) of: usize,
    /// The sample, each item with the tag that it was ordered by.
    pub(crate) items: Vec<(String, Item)>,
}

/// Draws a sample from the population of a check in a pack.
///
/// # Errors
/// In words: when the pack has no such population, or it is not the one that the log fixed.
pub(crate) fn sample(
    path: &Path,
    check: &str,
    seed: &str,
    size: usize,
    key: Option<&NoteVerifier>,
) -> Result<Sampled, String> {
    let archive = Archive::open(path).map_err(|error| error.to_string())?;
    let (archive, log, index) = opened(archive, key)?;
    let found: Findings = json(&archive, "findings.json")?;
    let known = || {
        let with: Vec<_> = found
            .checks
            .iter()
            .filter(|one| one.population.is_some())
            .collect();
        let names: Vec<_> = with.iter().map(|one| one.check.as_str()).collect();
        format!(
            "the pack has no population of {check}; it has: {}",
            names.join(", ")
        )
    };
    let last = found
        .checks
        .iter()
        .find(|one| one.check == check)
        .and_then(|one| one.last)
        .ok_or_else(known)?;
    let items = items_of(&log, last, found.window)
        .map_err(|error| error.to_string())?
        .ok_or_else(known)?;
    let root = root_of(&items);
    let fixed = index.populations.iter().rfind(|noted| {
        noted.what.check == check && noted.what.window == found.window && noted.what.root == root
    });
    let fixed_by = fixed
        .ok_or("the population is not the one that the log fixed")?
        .index;
    Ok(Sampled {
        fixed_by,
        of: items.len(),
        items: first(items, seed, size),
    })
}

/// The log of a pack, under the key that was kept, or the one that the pack names.
pub(super) fn opened(
    archive: Archive,
    key: Option<&NoteVerifier>,
) -> Result<(Arc<Archive>, Log, Index), String> {
    let archive = Arc::new(archive);
    let manifest: Manifest = json(&archive, "manifest.json")?;
    let key = match key {
        Some(key) => key.clone(),
        None => manifest
            .key
            .parse()
            .map_err(|_| "the key in the manifest is not a public key")?,
    };
    let log = Log::open(Arc::new(LogFiles(Arc::clone(&archive))), &key, &[])
        .map_err(|error| error.to_string())?;
    let index = Index::of(&log).map_err(|error| error.to_string())?;
    Ok((archive, log, index))
}

fn json<T: DeserializeOwned>(archive: &Archive, name: &str) -> Result<T, String> {
    let bytes = archive
        .read(name)
        .map_err(|error| format!("{name}: {error}"))?;
    serde_json::from_slice(&bytes).map_err(|error| format!("{name}: {error}"))
}

/// The first items in the order of their tags.
fn first(items: Vec<Item>, seed: &str, size: usize) -> Vec<(String, Item)> {
    let seed = hmac::Key::new(hmac::HMAC_SHA256, seed.as_bytes());
    let mut tagged: Vec<(String, Item)> = items
        .into_iter()
        .map(|item| (hex(hmac::sign(&seed, item.id.as_bytes()).as_ref()), item))
        .collect();
    tagged.sort_by(|a, b| a.0.cmp(&b.0));
    tagged.truncate(size);
    tagged
}
