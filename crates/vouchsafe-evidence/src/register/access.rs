//! Snapshots of who had access to a system, and people who left.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;

use super::given::{deviation, register, some};
use super::people::{People, Person};
use super::reading::{Named as _, Row};
use super::value::{Moment, Text, hours_between};
use crate::inputs::Context;
use crate::judgement::{Deviation, Item, Judgement, Population, Unobservable};
use crate::window::{day_of, start_of};

/// The type of evidence that a snapshot is.
pub(crate) const ACCESS: &str = "access.principals/1";
/// The folder of snapshots.
pub(crate) const ACCESS_FOLDER: &str = "evidence/access";

/// Who had access to one system at one moment.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Snapshot {
    pub(crate) system: Text,
    pub(crate) taken: Moment,
    #[serde(default, rename = "principal")]
    pub(crate) principals: Vec<Principal>,
}

/// An account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Principal {
    /// Its name in the system: a login, a mail address.
    pub(crate) account: Text,
    /// Whose it is, by the id in `people.toml`; found by account, where it is not given.
    #[serde(default)]
    pub(crate) person: Option<Text>,
    /// Whether a program uses it and no person.
    #[serde(default)]
    pub(crate) program: bool,
    /// Whether it can be used.
    #[serde(default = "yes")]
    pub(crate) active: bool,
}

const fn yes() -> bool {
    true
}

impl Principal {
    /// Whose it is.
    pub(crate) fn person<'p>(&self, people: &'p People) -> Option<&'p Row<Person>> {
        match &self.person {
            Some(id) => people.person(id),
            None => people.of_account(&self.account),
        }
    }
}

/// Reads a snapshot: TOML, or CSV with the columns system, taken, account, person, kind, active.
fn read(bytes: &[u8], name: &str) -> Result<Snapshot, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    if name.ends_with(".csv") {
        return read_csv(text);
    }
    toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let before = text.as_bytes().get(..at).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("line {line}: {}", error.message())
    })
}

const COLUMNS: [&str; 6] = ["system", "taken", "account", "person", "kind", "active"];

/// Simple CSV: no quotation marks, for none of the columns needs any.
fn read_csv(text: &str) -> Result<Snapshot, String> {
    let mut lines = (1_u32..).zip(text.lines());
    let header = lines
        .next()
        .map_or("", |(_, line)| line.trim_start_matches('\u{feff}'));
    if header.split(',').map(str::trim).ne(COLUMNS) {
        return Err(format!("line 1: the columns are {}", COLUMNS.join(",")));
    }
    let mut snapshot: Option<Snapshot> = None;
    for (number, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let fault = |what: &str| format!("line {number}: {what}");
        if line.contains('"') {
            return Err(fault(
                "quotation marks are not understood here: write TOML instead",
            ));
        }
        let cells: Vec<_> = line.split(',').map(str::trim).collect();
        let &[system, taken, account, person, kind, active] = cells.as_slice() else {
            return Err(fault("six columns are expected"));
        };
        let mut row = toml::Table::new();
        row.insert("account".to_owned(), account.into());
        if !person.is_empty() {
            row.insert("person".to_owned(), person.into());
        }
        row.insert(
            "program".to_owned(),
            word(kind, "program", "person")
                .map_err(|why| fault(&why))?
                .into(),
        );
        row.insert(
            "active".to_owned(),
            word(active, "yes", "no").map_err(|why| fault(&why))?.into(),
        );
        let principal: Principal = row
            .try_into()
            .map_err(|error: toml::de::Error| fault(error.message()))?;
        let mut head = toml::Table::new();
        head.insert("system".to_owned(), system.into());
        head.insert("taken".to_owned(), taken.into());
        let head: Snapshot = head
            .try_into()
            .map_err(|error: toml::de::Error| fault(error.message()))?;
        let kept = snapshot.get_or_insert_with(|| head.clone());
        if kept.system != head.system || kept.taken != head.taken {
            return Err(fault("one file is one system at one moment"));
        }
        kept.principals.push(principal);
    }
    snapshot
        .ok_or_else(|| "it has no row: a system without any account is written as TOML".to_owned())
}

fn word(cell: &str, yes: &str, no: &str) -> Result<bool, String> {
    match cell {
        _ if cell == yes => Ok(true),
        _ if cell == no => Ok(false),
        _ => Err(format!("write {yes} or {no}")),
    }
}

/// All snapshots that were ever collected and taken up to the moment, oldest first, by system.
pub(crate) fn snapshots(
    context: &Context<'_>,
) -> Result<BTreeMap<String, Vec<Arc<Snapshot>>>, String> {
    let mut all: BTreeMap<String, BTreeMap<Timestamp, Arc<Snapshot>>> = BTreeMap::new();
    for known in context.latest_each(ACCESS) {
        if let Some(why) = &known.evidence.failed {
            return Err(format!(
                "{} could not be collected: {why}",
                known.evidence.request
            ));
        }
    }
    for known in context
        .all(ACCESS)
        .filter(|known| known.evidence.failed.is_none())
    {
        let name = &known.evidence.request;
        let snapshot: Arc<Snapshot> = context.parsed(known, |bytes| {
            read(bytes, name).map_err(|why| format!("{name}: {why}"))
        })?;
        if snapshot.taken.0 <= context.at {
            // The first word on a system and moment stays: a later file does not change the past.
            let of_system = all.entry(snapshot.system.to_string()).or_default();
            of_system.entry(snapshot.taken.0).or_insert(snapshot);
        }
    }
    Ok(all
        .into_iter()
        .map(|(system, of)| (system, of.into_values().collect()))
        .collect())
}

/// A person who left, at one system.
struct Leaving<'a> {
    person: &'a Row<Person>,
    left: Timestamp,
    system: &'a str,
    /// The last snapshot after the leaving in which an account could be used, and the first in which none could.
    last_active: Option<Timestamp>,
    first_clean: Option<Timestamp>,
}

/// Nobody who left can get in; every account belongs to somebody who is there, or to a program.
pub(crate) fn leavers(context: &Context<'_>) -> Result<Judgement, String> {
    let people = register::<People>(context)?;
    some::<People, _>(&people.people, "person")?;
    let limit: i64 = context.check.parameter("removal_hours")?;
    let age_days: i64 = context.check.parameter("snapshot_days")?;
    // Of those who left before the period there is nothing to show but that they cannot get in now.
    let settings = context.settings().ok();
    let since = settings.and_then(|settings| start_of(settings.project.since).ok());
    let systems = snapshots(context)?;
    if systems.is_empty() {
        return Err(format!(
            "no evidence: there is no snapshot of accounts in {ACCESS_FOLDER}"
        ));
    }
    let mut found = Vec::new();
    let mut unobservable = Vec::new();
    let mut items = Vec::new();
    for (system, snapshots) in &systems {
        let Some(last) = snapshots.last() else {
            continue;
        };
        let age = hours_between(last.taken.0, context.at) / 24;
        if age > age_days {
            let what = format!(
                "the last snapshot of accounts is {age} days old; one is due every {age_days} days"
            );
            unobservable.push(Unobservable {
                item: system.clone(),
                what,
            });
        }
        found.extend(unknown(context, system, last, &people));
        for person in &people.people {
            let Some(leaving) = leaving(person, system, snapshots, &people, context.at) else {
                continue;
            };
            items.push(item(&leaving));
            let seen = judge(context, &leaving, limit);
            found.extend(seen.0);
            if since.is_none_or(|since| leaving.left >= since) {
                unobservable.extend(seen.1);
            }
        }
    }
    items.sort_by(|a, b| a.id.cmp(&b.id));
    let completeness = format!(
        "everybody in {} who has left, at each of the {} systems with a snapshot",
        People::FILE,
        systems.len()
    );
    Ok(Judgement::of(found, unobservable).over(Population {
        completeness,
        items,
    }))
}

/// Accounts of nobody known, or of somebody who has not joined.
fn unknown(
    context: &Context<'_>,
    system: &str,
    last: &Snapshot,
    people: &People,
) -> Vec<Deviation> {
    let active = last
        .principals
        .iter()
        .filter(|principal| principal.active && !principal.program);
    let wrong = active.filter_map(|principal| {
        let (code, text) = match principal.person(people) {
            None => (
                "ACCOUNT_OF_NOBODY",
                format!("the account belongs to nobody in {}", People::FILE),
            ),
            Some(person) if day_of(last.taken.0) < person.joined.0 => (
                "ACCOUNT_BEFORE_JOINING",
                format!("{} joins on {}", person.id, person.joined),
            ),
            Some(_) => return None,
        };
        let item = format!("{system}/{}", principal.account);
        Some(deviation(context, code, item, text).lasting(Some(last.taken.0), None))
    });
    wrong.collect()
}

fn leaving<'a>(
    person: &'a Row<Person>,
    system: &'a str,
    snapshots: &[Arc<Snapshot>],
    people: &People,
    at: Timestamp,
) -> Option<Leaving<'a>> {
    let left = person
        .left_at
        .map(|at| at.0)
        .or_else(|| person.left?.end())?;
    if left > at {
        return None;
    }
    let has = |snapshot: &Snapshot| {
        let mut active = snapshot
            .principals
            .iter()
            .filter(|principal| principal.active);
        active.any(|principal| {
            principal
                .person(people)
                .is_some_and(|of| of.id == person.id)
        })
    };
    let after = || snapshots.iter().filter(|snapshot| snapshot.taken.0 >= left);
    let last_active = after()
        .filter(|snapshot| has(snapshot))
        .map(|snapshot| snapshot.taken.0)
        .next_back();
    let clean = after()
        .filter(|snapshot| !has(snapshot))
        .map(|snapshot| snapshot.taken.0);
    let first_clean = clean
        .filter(|taken| last_active.is_none_or(|last| *taken > last))
        .min();
    Some(Leaving {
        person,
        left,
        system,
        last_active,
        first_clean,
    })
}

fn item(leaving: &Leaving<'_>) -> Item {
    let hours = |at: Option<Timestamp>| {
        at.map_or_else(
            || "unknown".to_owned(),
            |at| hours_between(leaving.left, at).to_string(),
        )
    };
    Item {
        id: format!("{}/{}", leaving.system, leaving.person.id),
        at: Some(leaving.left),
        until: leaving.first_clean,
        columns: BTreeMap::from([
            ("system".to_owned(), leaving.system.to_owned()),
            ("person".to_owned(), leaving.person.id.to_string()),
            (
                "hours_at_least".to_owned(),
                leaving.last_active.map_or_else(
                    || "0".to_owned(),
                    |at| hours_between(leaving.left, at).to_string(),
                ),
            ),
            ("hours_at_most".to_owned(), hours(leaving.first_clean)),
        ]),
    }
}

/// What is found of a leaving, or what cannot be seen of it.
fn judge(
    context: &Context<'_>,
    leaving: &Leaving<'_>,
    limit: i64,
) -> (Option<Deviation>, Option<Unobservable>) {
    let item = format!("{}/{}", leaving.system, leaving.person.id);
    let allowed = leaving
        .left
        .checked_add(jiff::SignedDuration::from_hours(limit))
        .ok();
    let least = leaving
        .last_active
        .map_or(0, |at| hours_between(leaving.left, at));
    let late = |code, text: String, until| {
        let found = deviation(context, code, item.clone(), text).at(People::place(leaving.person));
        (Some(found.lasting(allowed, until)), None)
    };
    match leaving.first_clean {
        None if leaving.last_active.is_some() && least > limit => {
            let text = format!(
                "the account could still be used {least} h after the last day; {limit} h are allowed"
            );
            late("LEAVER_ACTIVE", text, None)
        }
        Some(clean) if least > limit => {
            let text = format!(
                "the account was removed more than {least} h after the last day; {limit} h are allowed"
            );
            late("REMOVED_LATE", text, Some(clean))
        }
        Some(clean) if hours_between(leaving.left, clean) <= limit => (None, None),
        // Still within the time that is allowed.
        None if allowed.is_some_and(|allowed| context.at <= allowed) => (None, None),
        _ => {
            let what = format!(
                "no snapshot shows whether the account was removed within {limit} h after {}",
                leaving.left
            );
            (None, Some(Unobservable { item, what }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_accounts_is_read_as_it_stands() {
        let text = "system,taken,account,person,kind,active\nforge,2026-06-30T00:00:00Z,alice,p1,person,yes\nforge,2026-06-30T00:00:00Z,deploy,,program,no\n";
        let snapshot = read(text.as_bytes(), "x.csv").unwrap();
        assert_eq!(&*snapshot.system, "forge");
        assert_eq!(snapshot.principals.len(), 2);
        assert!(snapshot.principals[1].program && !snapshot.principals[1].active);
    }

    #[test]
    fn a_table_of_accounts_that_cannot_be_meant_is_refused() {
        let head = "system,taken,account,person,kind,active\n";
        for (rows, says) in [
            (
                "forge,2026-06-30T00:00:00Z,alice,p1,person\n",
                "line 2: six columns",
            ),
            (
                "forge,2026-06-30T00:00:00Z,alice,p1,person,maybe\n",
                "line 2: write yes or no",
            ),
            ("forge,2026-06-30,alice,p1,person,yes\n", "line 2: a moment"),
            (
                "forge,2026-06-30T00:00:00Z,\"a\",p1,person,yes\n",
                "line 2: quotation",
            ),
            (
                "forge,2026-06-30T00:00:00Z,,p1,person,yes\n",
                "line 2: the text is empty",
            ),
            (
                "a,2026-06-30T00:00:00Z,x,,person,yes\nb,2026-06-30T00:00:00Z,y,,person,yes\n",
                "line 3: one file",
            ),
            ("", "no row"),
        ] {
            let error = read(format!("{head}{rows}").as_bytes(), "x.csv").unwrap_err();
            assert!(error.contains(says), "{error}");
        }
        assert!(
            read(b"account,system\n", "x.csv")
                .unwrap_err()
                .contains("line 1")
        );
    }
}
