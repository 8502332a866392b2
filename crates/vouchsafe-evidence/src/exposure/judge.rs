//! The verdict on windows: how long each vulnerability was in the tree after it could be known, against the SLA.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{Timestamp, ToSpan as _};

use crate::exposure::advisory::severity_name;
use crate::exposure::databases;
use crate::exposure::known::Group;
use crate::exposure::ledger::{Subject, Window};
use crate::exposure::severities::Severities;
use crate::exposure::version::Ecosystem;
use crate::exposure::windows::{self, Branch};
use crate::inputs::Context;
use crate::judgement::{Deviation, Item, Judgement, Population, Severity, Unobservable};
use crate::project::Settings;
use crate::window::start_of;

/// Go's own packages, which are built in and stand in no require line.
pub(crate) fn is_go_itself(name: &str) -> bool {
    matches!(name, "stdlib" | "toolchain")
}

/// Which packages a check is about.
#[derive(Clone, Copy, Eq, PartialEq)]
enum About {
    /// Those of lock files.
    Packages,
    /// Go's standard library and tools.
    Go,
}

impl About {
    fn is(self, package: &str) -> bool {
        (self == Self::Go) == is_go_itself(package)
    }
}

/// `vuln.exposure-ledger`.
pub(crate) fn ledger(context: &Context<'_>) -> Result<Judgement, String> {
    judge(context, About::Packages)
}

/// `vuln.stdlib`: the standard library and the tools of Go, as the `toolchain` or `go` line asks for at least.
pub(crate) fn standard_library(context: &Context<'_>) -> Result<Judgement, String> {
    judge(context, About::Go)
}

/// What is the same for all windows of a judgement.
struct Bench<'a> {
    about: About,
    at: Timestamp,
    settings: Arc<Settings>,
    /// The first moment that must be covered.
    since: Timestamp,
    severities: Severities,
    groups: &'a [Group],
    several_branches: bool,
}

/// What a judgement is made of.
#[derive(Default)]
struct Found {
    deviations: Vec<Deviation>,
    unseen: Vec<Unobservable>,
    items: Vec<Item>,
    states: BTreeMap<&'static str, u64>,
    unknown_severity: u64,
    used: BTreeSet<String>,
}

fn judge(context: &Context<'_>, about: About) -> Result<Judgement, String> {
    let databases = databases::all(context)?;
    let windows = windows::all(context, &databases)?;
    let ecosystems = windows
        .branches
        .iter()
        .flat_map(|one| one.ecosystems.iter().copied());
    let ecosystems: BTreeSet<_> = match about {
        About::Packages => ecosystems.collect(),
        About::Go => ecosystems.filter(|one| *one == Ecosystem::Go).collect(),
    };
    if ecosystems.is_empty() && windows.branches.iter().all(|one| one.failed.is_none()) {
        return Ok(Judgement::not_applicable(
            "no protected branch ever had a lock file of this kind",
        ));
    }
    let settings = context.settings()?;
    let bench = Bench {
        about,
        at: context.at,
        since: start_of(settings.project.since).map_err(|error| error.to_string())?,
        settings,
        severities: Severities::of(context)?,
        groups: &windows.known.groups,
        several_branches: windows.branches.len() > 1,
    };
    let mut found = Found::default();
    found.unseen.extend(databases::faults(&databases));
    // An old database still says what was known until its day: a gap opens after that, and not before.
    let stale: Vec<_> = databases
        .iter()
        .filter_map(|one| one.stale.clone())
        .collect();
    let max_age = bench.settings.vulnerabilities.max_age_days;
    let until = databases::speak_until(&databases, max_age);
    found
        .unseen
        .extend(databases::uncovered(&databases, ecosystems));
    for branch in &windows.branches {
        found.unseen.extend(branch_gaps(context, branch));
        for window in &branch.windows {
            bench.window(branch, window, &mut found);
        }
    }
    let mut judgement = bench.judgement(found, &windows);
    for stale in stale {
        judgement = judgement.noting(stale);
    }
    Ok(match until {
        Some(until) if until < context.at => judgement.speaking_until(until),
        _ => judgement,
    })
}

/// What is wrong with the collection of a branch.
fn branch_gaps(context: &Context<'_>, branch: &Branch) -> Vec<Unobservable> {
    let gap = |what: String| Unobservable {
        item: branch.name.clone(),
        what,
    };
    let mut gaps = Vec::new();
    if let Some(why) = &branch.failed {
        gaps.push(gap(format!("its history could not be collected: {why}")));
    }
    let limit = context
        .check
        .cadence_hours
        .saturating_add(context.check.grace_hours);
    if let Some((_, collected_at)) = &branch.head
        && context.at.duration_since(*collected_at).as_hours() > i64::from(limit)
    {
        gaps.push(gap(format!(
            "its lock files were last collected at {collected_at}"
        )));
    }
    gaps
}

impl Bench<'_> {
    fn window(&self, branch: &Branch, window: &Window, found: &mut Found) {
        match &window.subject {
            Subject::Unseen(package, why) => {
                if self.about.is(package) && self.counts(window) {
                    found.unseen.push(self.unseen(branch, window, package, why));
                }
            }
            Subject::Group(place) => {
                let group = self.groups.get(*place);
                let group = group.filter(|group| self.about.is(&group.package));
                // What is about no vulnerability has a check of its own.
                if let Some(group) = group.filter(|group| group.informational.is_none()) {
                    self.exposure(branch, window, group, found);
                }
            }
        }
    }

    /// Whether a window lies, in part, in the time that must be covered.
    fn counts(&self, window: &Window) -> bool {
        window.left.as_ref().is_none_or(|left| left.at > self.since)
    }

    fn unseen(&self, branch: &Branch, window: &Window, package: &str, why: &str) -> Unobservable {
        let place = self.place(branch, window);
        let subject = if package.is_empty() {
            place
        } else {
            format!("{package} {place}")
        };
        let until = window.left.as_ref();
        let until = until.map_or("now".to_owned(), |left| {
            format!("{} ({})", left.at, short(&left.commit))
        });
        Unobservable {
            item: subject,
            what: format!(
                "from {} ({}) to {until}: {why}",
                window.entered.at,
                short(&window.entered.commit)
            ),
        }
    }

    fn place(&self, branch: &Branch, window: &Window) -> String {
        if self.several_branches {
            return format!("{}:{}", branch.name, window.path);
        }
        window.path.clone()
    }

    fn exposure(&self, branch: &Branch, window: &Window, group: &Group, found: &mut Found) {
        let ids = group.aliases.iter().chain([&group.id]);
        let entry = self.severities.find(ids);
        let (severity, source) = match (group.severity, entry) {
            (Some(severity), _) => (Some(severity), group.severity_source.as_str()),
            (None, Some(entry)) => {
                found.used.insert(entry.id.clone());
                (Some(entry.severity), "evidence/severities.toml")
            }
            (None, None) => (None, "none given: the SLA of high"),
        };
        found.unknown_severity += u64::from(severity.is_none());
        let sla = self
            .settings
            .vulnerabilities
            .sla_days
            .of(severity.unwrap_or(Severity::High));
        let exposure = Exposure::of(window, group.published, sla, self.at);
        *found.states.entry(exposure.state).or_default() += 1;
        let place = self.place(branch, window);
        let id = format!(
            "{} {} {place} {}",
            group.id,
            group.package,
            short(&window.entered.commit)
        );
        if self.counts(window) {
            let deviation = exposure.deviation(&id, group, window);
            let severity = severity.unwrap_or(Severity::High);
            found
                .deviations
                .extend(deviation.map(|deviation| deviation.severity(severity).at(&place)));
        }
        let columns = columns(branch, window, group, &exposure);
        let columns = columns.into_iter().chain([
            (
                "severity",
                severity.map_or("unknown", severity_name).to_owned(),
            ),
            ("severity_source", source.to_owned()),
        ]);
        found.items.push(Item {
            id,
            at: Some(window.entered.at),
            until: window.left.as_ref().map(|left| left.at),
            columns: columns
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        });
    }

    fn judgement(&self, found: Found, windows: &windows::Windows) -> Judgement {
        let mut items = found.items;
        items.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
        let population = Population {
            completeness: completeness(windows),
            items,
        };
        let mut judgement = Judgement::of(found.deviations, found.unseen).over(population);
        let states = found.states.iter();
        let states: Vec<_> = states
            .map(|(state, count)| format!("{count} {state}"))
            .collect();
        if !states.is_empty() {
            judgement = judgement.noting(format!("windows: {}", states.join(", ")));
        }
        if found.unknown_severity > 0 {
            judgement = judgement.noting(format!(
                "{} of them have no severity and take the SLA of high",
                found.unknown_severity
            ));
        }
        if windows.known.withdrawn > 0 {
            let count = windows.known.withdrawn;
            judgement = judgement.noting(format!(
                "{count} advisories were withdrawn and count for nothing"
            ));
        }
        if self.about == About::Packages {
            for id in self.severities.ids().filter(|id| !found.used.contains(*id)) {
                judgement = judgement.noting(format!(
                    "evidence/severities.toml: the entry for {id} has no effect: it has a severity of its own, or was never in the tree"
                ));
            }
        }
        for branch in &windows.branches {
            judgement.notes.extend(notes(branch));
        }
        judgement
    }
}

fn notes(branch: &Branch) -> Vec<String> {
    let mut notes = Vec::new();
    if branch.backwards > 0 {
        notes.push(format!(
            "{}: {} commits have a date before their parent's, whose date counts for them",
            branch.name, branch.backwards
        ));
    }
    if branch.rewritten > 0 {
        notes.push(format!(
            "{}: the history was replaced by another {} times; windows of the earlier ones are listed too",
            branch.name, branch.rewritten
        ));
    }
    notes
}

fn completeness(windows: &windows::Windows) -> String {
    let each = windows.branches.iter().map(|branch| {
        let head = branch
            .head
            .as_ref()
            .map_or("nothing", |(head, _)| short(head));
        format!(
            "{}: {} revisions of lock files on the first-parent chain up to {head}",
            branch.name, branch.revisions
        )
    });
    let each: Vec<_> = each.collect();
    format!(
        "{}. Each was rebuilt from git's patches and has the hash that git recorded; that it belongs to its commit is the collector's word, which `git rev-parse COMMIT:PATH` shows",
        each.join("; ")
    )
}

/// How long a vulnerability was in the tree after it could be known.
struct Exposure {
    from: Timestamp,
    due: Timestamp,
    until: Option<Timestamp>,
    days: i64,
    sla: u32,
    state: &'static str,
}

impl Exposure {
    fn of(window: &Window, published: Timestamp, sla: u32, at: Timestamp) -> Self {
        let from = window.since.max(published);
        let hours = i64::from(sla).saturating_mul(24);
        let due = from.checked_add(hours.hours()).unwrap_or(Timestamp::MAX);
        let until = window.left.as_ref().map(|left| left.at);
        let end = until.unwrap_or(at);
        let seconds = end.as_second().saturating_sub(from.as_second()).max(0);
        let state = match until {
            Some(until) if until <= from => "gone before it was known",
            Some(until) if until <= due => "closed in time",
            Some(_) => "closed late",
            None if at <= due => "open in time",
            None => "open late",
        };
        Self {
            from,
            due,
            until,
            days: seconds / 86_400,
            sla,
            state,
        }
    }

    fn deviation(&self, id: &str, group: &Group, window: &Window) -> Option<Deviation> {
        let (code, verb) = match self.state {
            "closed late" => ("SLA_MISSED", "was"),
            "open late" => ("SLA_OPEN", "is"),
            _ => return None,
        };
        // The population names all versions; a line for people names a few.
        let mut versions: Vec<_> = window.versions.iter().map(String::as_str).take(3).collect();
        let more = format!("{} more", window.versions.len().saturating_sub(3));
        if window.versions.len() > 3 {
            versions.push(&more);
        }
        let text = format!(
            "{} {} {verb} in the tree for {} days after it could be known; the SLA is {} days",
            group.package,
            versions.join(", "),
            self.days,
            self.sla
        );
        Some(Deviation::new(code, id, text).lasting(Some(self.due), self.until))
    }
}

fn columns(
    branch: &Branch,
    window: &Window,
    group: &Group,
    exposure: &Exposure,
) -> Vec<(&'static str, String)> {
    let joined = |texts: &BTreeSet<String>| {
        let texts: Vec<_> = texts.iter().map(String::as_str).collect();
        texts.join(" ")
    };
    let left = window.left.as_ref().map(|left| left.commit.clone());
    vec![
        ("advisory", group.id.clone()),
        ("aliases", joined(&group.aliases)),
        ("ecosystem", group.ecosystem.name().to_owned()),
        ("package", group.package.clone()),
        ("versions", joined(&window.versions)),
        ("branch", branch.name.clone()),
        ("lock_file", window.path.clone()),
        ("moved_from", window.moved_from.clone().unwrap_or_default()),
        ("published", group.published.to_string()),
        ("entered", window.entered.commit.clone()),
        ("left", left.unwrap_or_default()),
        ("counted_from", exposure.from.to_string()),
        ("days", exposure.days.to_string()),
        ("sla_days", exposure.sla.to_string()),
        ("state", exposure.state.to_owned()),
    ]
}

/// The first twelve digits of a hash, which name a commit for people.
fn short(commit: &str) -> &str {
    let digits = commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    commit.get(..12).filter(|_| digits).unwrap_or(commit)
}
