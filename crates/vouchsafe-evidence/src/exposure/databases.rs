//! The databases of advisories as evidence: whether each is there, whole and fresh, and what it says.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{Timestamp, ToSpan as _};

use crate::exposure::database::{Advisories, Layout, MANIFEST, Manifest, configured};
use crate::exposure::version::Ecosystem;
use crate::inputs::{Context, Known as Evidence};
use crate::judgement::{Deviation, Item, Judgement, Population, Severity, Unobservable};
use crate::window::day_of;

/// How many of a hundred advisories may be fewer than once there were. Some are taken out for good reasons.
const FEWER_PERCENT: u64 = 1;

/// A database, as the evidence shows it.
#[derive(Debug)]
pub(crate) struct Database {
    /// Its name in evidence.
    pub(crate) name: String,
    /// The last manifest that was collected.
    pub(crate) manifest: Option<Arc<Manifest>>,
    /// The advisories that were collected last, and the entry that they are.
    pub(crate) advisories: Option<(u64, Arc<Advisories>)>,
    /// Why it is not to be believed: no, part of or another database.
    pub(crate) faults: Vec<Fault>,
    /// Why it says nothing of the moment that is judged.
    pub(crate) stale: Option<String>,
}

/// What is wrong with a database.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Fault {
    pub(crate) code: &'static str,
    pub(crate) text: String,
}

/// All databases that the settings name.
///
/// # Errors
/// When there are no settings.
pub(crate) fn all(context: &Context<'_>) -> Result<Vec<Database>, String> {
    let settings = context.settings()?;
    let named = configured(&settings.vulnerabilities);
    let max_age = settings.vulnerabilities.max_age_days;
    let each = named.into_iter();
    each.map(|(name, layout, _)| database(context, name, layout, max_age))
        .collect()
}

/// What stands in the way of a verdict about the moment that is judged, of all databases.
pub(crate) fn gaps(databases: &[Database]) -> Vec<Unobservable> {
    let mut gaps = faults(databases);
    for database in databases {
        gaps.extend(database.stale.iter().map(|stale| Unobservable {
            item: database.name.clone(),
            what: stale.clone(),
        }));
    }
    gaps
}

/// The moment until which all databases say something.
pub(crate) fn speak_until(databases: &[Database], max_age: u32) -> Option<Timestamp> {
    let hours = i64::from(max_age).saturating_mul(24);
    let dates = databases.iter().filter_map(|database| {
        let date = database.manifest.as_ref()?.date;
        date.checked_add(hours.hours()).ok()
    });
    dates.min()
}

/// What is wrong with databases, whatever moment is judged.
pub(crate) fn faults(databases: &[Database]) -> Vec<Unobservable> {
    let gap = |database: &Database, what: &str| Unobservable {
        item: database.name.clone(),
        what: what.to_owned(),
    };
    let mut gaps = Vec::new();
    for database in databases {
        gaps.extend(
            database
                .faults
                .iter()
                .map(|fault| gap(database, &fault.text)),
        );
    }
    gaps
}

/// Ecosystems of lock files that no database is about.
pub(crate) fn uncovered(
    databases: &[Database],
    ecosystems: impl IntoIterator<Item = Ecosystem>,
) -> Vec<Unobservable> {
    let covers = |ecosystem: Ecosystem| {
        let manifests = databases.iter().filter_map(|one| one.manifest.as_ref());
        let mut counts = manifests.filter_map(|one| one.advisories.get(ecosystem.name()));
        counts.any(|count| *count > 0)
    };
    let wanted: BTreeSet<_> = ecosystems.into_iter().collect();
    let missing = wanted.into_iter().filter(|ecosystem| !covers(*ecosystem));
    let gaps = missing.map(|ecosystem| Unobservable {
        item: ecosystem.name().to_owned(),
        what: format!(
            "there are lock files and no database of advisories for {}: name one in [vulnerabilities] of evidence.toml",
            ecosystem.name()
        ),
    });
    gaps.collect()
}

fn database(
    context: &Context<'_>,
    name: String,
    layout: Layout,
    max_age: u32,
) -> Result<Database, String> {
    let mut database = Database {
        name,
        manifest: None,
        advisories: None,
        faults: Vec::new(),
        stale: None,
    };
    let of_it = |known: &&Evidence| known.evidence.source == database.name;
    let entries: Vec<_> = context.all(MANIFEST).filter(of_it).collect();
    let mut faults = Vec::new();
    match entries.last().map(|last| &last.evidence.failed) {
        None => faults.push(fault(
            "DATABASE_MISSING",
            "it was never collected".to_owned(),
        )),
        Some(Some(why)) => faults.push(fault(
            "DATABASE_UNREADABLE",
            format!("it could not be read whole: {why}"),
        )),
        Some(None) => {}
    }
    let mut manifests = Vec::new();
    for entry in entries
        .iter()
        .filter(|entry| entry.evidence.failed.is_none())
    {
        let read = |bytes: &[u8]| {
            serde_json::from_slice::<Manifest>(bytes).map_err(|error| error.to_string())
        };
        manifests.push(context.parsed(entry, read)?);
    }
    faults.extend(compared(&manifests));
    database.manifest = manifests.pop();
    if let Some(manifest) = database.manifest.clone() {
        faults.extend(advisories(context, layout, &manifest, &mut database)?);
        database.stale = staleness(&manifest, context.at, max_age);
    }
    database.faults = faults;
    Ok(database)
}

fn fault(code: &'static str, text: String) -> Fault {
    Fault { code, text }
}

/// What is wrong with the last manifest, beside those before it.
fn compared(manifests: &[Arc<Manifest>]) -> Vec<Fault> {
    let Some((last, before)) = manifests.split_last() else {
        return Vec::new();
    };
    let mut faults = Vec::new();
    if last.total() == 0 {
        faults.push(fault("DATABASE_EMPTY", "it holds no advisory".to_owned()));
    }
    let most = before.iter().map(|one| one.total()).max().unwrap_or(0);
    if last.total().saturating_mul(100) < most.saturating_mul(100 - FEWER_PERCENT) {
        faults.push(fault(
            "DATABASE_SHRUNK",
            format!("it holds {} advisories and once held {most}", last.total()),
        ));
    }
    let newest = before.iter().map(|one| one.date).max();
    if let Some(newest) = newest.filter(|newest| last.date < *newest) {
        faults.push(fault(
            "DATABASE_OLDER",
            format!(
                "it is of {} and was once of {}",
                day_of(last.date),
                day_of(newest)
            ),
        ));
    }
    faults
}

/// The last advisories that were stored; a fault when they are not those of the manifest.
fn advisories(
    context: &Context<'_>,
    layout: Layout,
    manifest: &Manifest,
    database: &mut Database,
) -> Result<Option<Fault>, String> {
    let of_it = |known: &&Evidence| known.evidence.source == database.name;
    let entries: Vec<_> = context.all(layout.schema()).filter(of_it).collect();
    let mut stored = entries.iter().rev();
    if let Some(known) = stored.find(|known| known.evidence.failed.is_none()) {
        let read = context.parsed(known, Advisories::read)?;
        let right = read.scope.database == manifest.sha256;
        database.advisories = Some((known.index, read));
        if right {
            return Ok(None);
        }
    }
    let failed = entries
        .last()
        .and_then(|last| last.evidence.failed.as_deref());
    let why = failed.unwrap_or("those of the last manifest are missing");
    let text = format!("its advisories were not stored: {why}");
    Ok(Some(fault("DATABASE_UNREADABLE", text)))
}

fn staleness(manifest: &Manifest, at: Timestamp, max_age: u32) -> Option<String> {
    let hours = i64::from(max_age).saturating_mul(24);
    let until = manifest.date.checked_add(hours.hours()).ok()?;
    let day = day_of(manifest.date);
    let from = &manifest.date_from;
    if at > until {
        return Some(format!(
            "database of {day} (by its {from}): nothing is known of the time after {}",
            day_of(until)
        ));
    }
    (manifest.date.duration_since(at).as_hours() > 24)
        .then(|| format!("the database is of {day} (by its {from}), which is in the future"))
}

/// `vuln.database`: each database is there, whole, and no older or smaller than it once was. A stale one is no verdict.
pub(crate) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let databases = all(context)?;
    if databases.is_empty() {
        return Err(
            "[vulnerabilities] of evidence.toml names no database of advisories".to_owned(),
        );
    }
    let mut deviations = Vec::new();
    let mut unseen = Vec::new();
    let mut population = Population {
        completeness: "every database that [vulnerabilities] of evidence.toml names".to_owned(),
        items: Vec::new(),
    };
    for database in &databases {
        for fault in &database.faults {
            // Smaller or older than it was is a fact; what was not read is none.
            if matches!(fault.code, "DATABASE_SHRUNK" | "DATABASE_OLDER") {
                let deviation = Deviation::new(fault.code, &database.name, &fault.text);
                deviations.push(deviation.severity(Severity::High));
            } else {
                unseen.push(Unobservable {
                    item: database.name.clone(),
                    what: fault.text.clone(),
                });
            }
        }
        unseen.extend(database.stale.iter().map(|stale| Unobservable {
            item: database.name.clone(),
            what: stale.clone(),
        }));
        population.items.extend(item(database));
    }
    Ok(Judgement::of(deviations, unseen).over(population))
}

fn item(database: &Database) -> Option<Item> {
    let manifest = database.manifest.as_ref()?;
    let columns = [
        ("sha256", manifest.sha256.clone()),
        ("advisories", manifest.total().to_string()),
        ("files", manifest.files.to_string()),
        ("date", manifest.date.to_string()),
        ("date_from", manifest.date_from.clone()),
    ];
    Some(Item {
        id: database.name.clone(),
        at: Some(manifest.date),
        until: None,
        columns: columns
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    })
}
