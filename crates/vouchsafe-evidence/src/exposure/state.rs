//! What is in the tree now: the lock files at the head of each branch and in the working folder.

use std::collections::{BTreeMap, BTreeSet};

use crate::exposure::advisory::severity_name;
use crate::exposure::databases;
use crate::exposure::history::{CHECKOUT, STATE, read_state, source_of};
use crate::exposure::judge::is_go_itself;
use crate::exposure::known::{Found, Group, Known};
use crate::exposure::lockfile::Format;
use crate::exposure::severities::Severities;
use crate::exposure::version::Ecosystem;
use crate::inputs::Context;
use crate::judgement::{Deviation, Item, Judgement, Population, Severity, Unobservable};

/// What was found now.
#[derive(Default)]
struct Now {
    /// Versions by advisory (its place), lock file.
    affected: BTreeMap<(usize, String), Affected>,
    unseen: Vec<Unobservable>,
    ecosystems: BTreeSet<Ecosystem>,
    files: u64,
}

#[derive(Default)]
struct Affected {
    versions: BTreeSet<String>,
    sources: BTreeSet<String>,
}

/// `vuln.scan`: nothing in the tree now is known to be vulnerable.
pub(crate) fn vulnerable(context: &Context<'_>) -> Result<Judgement, String> {
    judge(context, |group| {
        let severity = group.informational.is_none();
        severity.then_some("VULNERABLE")
    })
}

/// `vuln.unmaintained`: nothing in the tree now is reported as unmaintained or unsound.
pub(crate) fn unmaintained(context: &Context<'_>) -> Result<Judgement, String> {
    judge(context, |group| match group.informational.as_deref()? {
        "unmaintained" => Some("UNMAINTAINED"),
        "unsound" => Some("UNSOUND"),
        _ => Some("NOTICE"),
    })
}

/// Judges what advisories of a kind are about; `code` names the deviation of one, or that it is of another kind.
fn judge(
    context: &Context<'_>,
    code: impl Fn(&Group) -> Option<&'static str>,
) -> Result<Judgement, String> {
    let databases = databases::all(context)?;
    let advisories = databases.iter().filter_map(|one| one.advisories.as_ref());
    let known = Known::of(advisories.map(|(_, advisories)| advisories.as_ref()));
    let mut now = Now::default();
    now.read(context, &known)?;
    if now.files == 0 && now.unseen.is_empty() {
        return Ok(Judgement::not_applicable("there is no lock file now"));
    }
    let ecosystems = std::mem::take(&mut now.ecosystems);
    now.unseen.extend(databases::gaps(&databases));
    now.unseen
        .extend(databases::uncovered(&databases, ecosystems));
    let severities = Severities::of(context)?;
    let mut deviations = Vec::new();
    let mut items = Vec::new();
    for ((place, path), affected) in &now.affected {
        let group = known.groups.get(*place);
        let Some((group, code)) = group.and_then(|group| Some((group, code(group)?))) else {
            continue;
        };
        let severity = severity(group, &severities, code);
        let id = format!("{} {} {path}", group.id, group.package);
        let item = item(&id, group, path, affected, severity);
        let kind = group.informational.as_deref().unwrap_or("vulnerable");
        let versions: Vec<_> = affected.versions.iter().map(String::as_str).collect();
        let text = format!("{} {} is {kind}", group.package, versions.join(", "));
        if code != "NOTICE" {
            let level = severity.unwrap_or(Severity::High);
            deviations.push(Deviation::new(code, &id, text).severity(level).at(path));
        }
        items.push(item);
    }
    let population = Population {
        completeness: format!(
            "all {} lock files at the heads of the protected branches and in the working folder",
            now.files
        ),
        items,
    };
    Ok(Judgement::of(deviations, now.unseen).over(population))
}

fn severity(group: &Group, severities: &Severities, code: &str) -> Option<Severity> {
    if code != "VULNERABLE" {
        return Some(group.severity.unwrap_or(Severity::Low));
    }
    let ids = group.aliases.iter().chain([&group.id]);
    let reviewed = || severities.find(ids).map(|entry| entry.severity);
    group.severity.or_else(reviewed)
}

fn item(
    id: &str,
    group: &Group,
    path: &str,
    affected: &Affected,
    severity: Option<Severity>,
) -> Item {
    let joined = |texts: &BTreeSet<String>| {
        let texts: Vec<_> = texts.iter().map(String::as_str).collect();
        texts.join(" ")
    };
    let columns = [
        ("advisory", group.id.clone()),
        ("aliases", joined(&group.aliases)),
        ("ecosystem", group.ecosystem.name().to_owned()),
        ("package", group.package.clone()),
        ("versions", joined(&affected.versions)),
        ("lock_file", path.to_owned()),
        ("seen_in", joined(&affected.sources)),
        (
            "severity",
            severity.map_or("unknown", severity_name).to_owned(),
        ),
        ("published", group.published.to_string()),
    ];
    Item {
        id: id.to_owned(),
        at: Some(group.published),
        until: None,
        columns: columns
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    }
}

impl Now {
    /// Reads the lock files of each branch and of the working folder.
    fn read(&mut self, context: &Context<'_>, known: &Known) -> Result<(), String> {
        let settings = context.settings()?;
        let branches = settings.change.branches.iter().map(|name| source_of(name));
        let limit = context
            .check
            .cadence_hours
            .saturating_add(context.check.grace_hours);
        for source in branches.chain([CHECKOUT.to_owned()]) {
            let last = context
                .all(STATE)
                .filter(|one| one.evidence.source == source)
                .last();
            let gap = |what: String| Unobservable {
                item: source.clone(),
                what,
            };
            let Some(last) = last else {
                self.unseen
                    .push(gap("its lock files were never collected".to_owned()));
                continue;
            };
            if let Some(why) = &last.evidence.failed {
                self.unseen
                    .push(gap(format!("its lock files could not be collected: {why}")));
                continue;
            }
            let collected_at = last.evidence.collected_at;
            if context.at.duration_since(collected_at).as_hours() > i64::from(limit) {
                self.unseen
                    .push(gap(format!("its lock files are of {collected_at}")));
            }
            let content = context.content(last)?;
            for (path, file) in read_state(&content)? {
                self.file(known, &source, &path, file);
            }
        }
        Ok(())
    }

    fn file(&mut self, known: &Known, source: &str, path: &str, content: &[u8]) {
        let Some(format) = Format::of(path) else {
            return;
        };
        self.files += 1;
        let ecosystem = format.ecosystem();
        self.ecosystems.insert(ecosystem);
        let locked = match format.read(content) {
            Ok(locked) => locked,
            Err(why) => {
                let item = format!("{source} {path}");
                let what = format!("the file cannot be read: {why}");
                self.unseen.push(Unobservable { item, what });
                return;
            }
        };
        if let Some(hidden) = locked.hidden {
            let item = format!("{source} {path}");
            let what = hidden.to_owned();
            self.unseen.push(Unobservable { item, what });
        }
        // Go itself has a check of its own.
        let packages = locked
            .packages
            .iter()
            .filter(|one| !is_go_itself(&one.name));
        for package in packages {
            for found in known.look_up(ecosystem, package) {
                match found {
                    Found::Unseen(what) => {
                        let item = format!("{} {source} {path}", package.name);
                        self.unseen.push(Unobservable { item, what });
                    }
                    Found::Group(place, version) => {
                        let affected = self.affected.entry((place, path.to_owned())).or_default();
                        affected.versions.insert(version);
                        affected.sources.insert(source.to_owned());
                    }
                }
            }
        }
    }
}
