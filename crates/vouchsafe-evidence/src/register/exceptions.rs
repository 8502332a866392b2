//! Exceptions: deviations that two people accept for at most 90 days.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::given::{ABSENT, Staff, deviation, today};
use super::reading::{Named as _, Reader, Register, Row, parse};
use super::value::{Day, Text, days_between};
use crate::area::AREAS;
use crate::check::CheckKind;
use crate::inputs::{Context, Known};
use crate::judgement::{Deviation, Excepted, Judgement, Outcome};
use crate::window::day_of;

/// The longest time for which a deviation is accepted, in days, the first and the last among them.
const LONGEST_DAYS: i64 = 90;
/// The check of the exceptions themselves, from which nothing is excepted.
const SOUND: &str = "exceptions.sound";

/// `evidence/exceptions.toml`.
#[derive(Debug)]
pub(crate) struct Exceptions {
    pub(crate) exceptions: Vec<Row<Exception>>,
}

/// An exception.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exception {
    pub(crate) id: Text,
    /// The id of the check.
    pub(crate) check: Text,
    /// The item of the deviation; with `*` at its end, all items that begin so.
    pub(crate) item: Text,
    /// The code of the deviation; any, without one.
    #[serde(default)]
    pub(crate) code: Option<Text>,
    /// Why it is accepted, and what is done instead.
    pub(crate) reason: Text,
    pub(crate) owner: Text,
    /// Another person.
    pub(crate) approver: Text,
    /// The first and the last day.
    pub(crate) from: Day,
    pub(crate) until: Day,
}

impl Register for Exceptions {
    fn read(reader: &mut Reader<'_>) -> Self {
        let exceptions: Vec<Row<Exception>> = reader.rows("exception");
        reader.unique("exception", &exceptions, |exception| &exception.id);
        for exception in &exceptions {
            reader.in_order(
                exception.line,
                "exception.until",
                &exception.from,
                Some(&exception.until),
            );
            let head = exception.item.strip_suffix('*').unwrap_or(&exception.item);
            if head.is_empty() || head.contains('*') {
                let problem = "an item is named, at least by its beginning: `*` stands at the end, and not alone";
                reader.fault(exception.line, "exception.item", problem);
            }
        }
        Self { exceptions }
    }
}

impl Exception {
    /// Whether it is about a deviation of a check.
    pub(crate) fn is_about(&self, check: &str, found: &Deviation) -> bool {
        let item = match self.item.strip_suffix('*') {
            Some(head) => found.item.starts_with(head),
            None => *self.item == *found.item,
        };
        item && *self.check == *check && self.code.as_ref().is_none_or(|code| **code == *found.code)
    }

    /// What makes it no exception at all, on whichever day.
    fn refused(&self, staff: &Staff) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        let days = self.from.until(self.until.0) + 1;
        if days > LONGEST_DAYS {
            let text = format!("it lasts {days} days, and {LONGEST_DAYS} are the most");
            found.push(("TOO_LONG", text));
        }
        if self.owner.eq_ignore_ascii_case(&self.approver) {
            found.push((
                "SELF_APPROVED",
                format!("{} owns and approves it", self.owner),
            ));
        }
        if let Err(why) = staff.at_work(&self.approver, self.from.0) {
            found.push(("APPROVER_UNKNOWN", why));
        }
        // Under a second name, an owner could approve what is the owner's.
        if let Err(why) = staff.at_work(&self.owner, self.from.0) {
            found.push(("OWNER_UNKNOWN", why));
        }
        if *self.check == *SOUND {
            found.push(("OF_ITSELF", format!("nothing is excepted from {SOUND}")));
        }
        found
    }
}

/// A time in which an exception stood in the register, as it stands there now or stood at its end.
#[derive(Clone, Debug)]
struct Standing {
    exception: Exception,
    recorded: Timestamp,
    withdrawn: Option<Timestamp>,
}

impl Standing {
    /// When it covers: from its first day or its recording, whichever is later, to its last day or its withdrawal.
    fn period(&self) -> Option<(Timestamp, Timestamp)> {
        let from = self.exception.from.start()?.max(self.recorded);
        let end = self.exception.until.end()?;
        let to = self.withdrawn.map_or(end, |withdrawn| withdrawn.min(end));
        (from < to).then_some((from, to))
    }
}

/// The history of the register, from the log: any change of a row is a new exception, recorded when it was changed. A
/// register that could not be read excepts nothing while that lasted.
fn standings(context: &Context<'_>) -> Vec<Standing> {
    let mut open: BTreeMap<Exception, Timestamp> = BTreeMap::new();
    let mut all = Vec::new();
    for known in context.all(Exceptions::SCHEMA) {
        let rows = rows_of(context, known);
        let gone: Vec<_> = open
            .keys()
            .filter(|row| !rows.contains(*row))
            .cloned()
            .collect();
        for exception in gone {
            if let Some(recorded) = open.remove(&exception) {
                all.push(Standing {
                    exception,
                    recorded,
                    withdrawn: Some(known.at),
                });
            }
        }
        for row in rows {
            open.entry(row).or_insert(known.at);
        }
    }
    let still = open.into_iter().map(|(exception, recorded)| Standing {
        exception,
        recorded,
        withdrawn: None,
    });
    all.extend(still);
    all
}

/// The rows of the register at one time; none when it could not be read.
fn rows_of(context: &Context<'_>, known: &Known) -> BTreeSet<Exception> {
    if known.evidence.failed.is_some() {
        return BTreeSet::new();
    }
    let read = context.parsed(known, |bytes| {
        parse::<Exceptions>(bytes).map_err(|faults| super::given::in_words(&faults))
    });
    read.map(|register| {
        register
            .exceptions
            .iter()
            .map(|row| row.row.clone())
            .collect()
    })
    .unwrap_or_default()
}

/// Takes out of a judgement what live exceptions cover. What is left is a failure as before; nothing left is excepted,
/// never a pass.
pub(crate) fn except(context: &Context<'_>, mut judgement: Judgement) -> Judgement {
    if judgement.deviations.is_empty() {
        return judgement;
    }
    let staff = match Staff::of(context) {
        Ok(staff) => staff,
        Err(why) => return judgement.noting(format!("no exception is applied: {why}")),
    };
    let check = context.check.id.as_str();
    let about: Vec<_> = standings(context)
        .into_iter()
        .filter(|standing| *standing.exception.check == *check)
        .collect();
    let mut notes = BTreeSet::new();
    let mut left = Vec::new();
    for found in std::mem::take(&mut judgement.deviations) {
        let (kept, covered) = apply(context, &about, &staff, found, &mut notes);
        left.extend(kept);
        judgement.excepted.extend(covered);
    }
    judgement.deviations = left;
    judgement.deviations.sort();
    judgement
        .excepted
        .sort_by(|a, b| (&a.deviation, &a.exception).cmp(&(&b.deviation, &b.exception)));
    judgement.notes.extend(notes);
    if judgement.deviations.is_empty() {
        judgement.outcome = if judgement.unobservable.is_empty() {
            Outcome::Excepted
        } else {
            Outcome::Error
        };
    }
    judgement
}

/// What all exceptions leave of a deviation, and what they cover.
fn apply(
    context: &Context<'_>,
    about: &[Standing],
    staff: &Staff,
    found: Deviation,
    notes: &mut BTreeSet<String>,
) -> (Vec<Deviation>, Vec<Excepted>) {
    let check = context.check.id.as_str();
    let mut pieces = vec![found];
    let mut all = Vec::new();
    for standing in about {
        let exception = &standing.exception;
        if !pieces.iter().any(|piece| exception.is_about(check, piece)) {
            continue;
        }
        let refused = exception.refused(staff);
        if !refused.is_empty() {
            let why: Vec<_> = refused.into_iter().map(|(_, why)| why).collect();
            notes.insert(format!(
                "the exception {} is not applied: {}",
                exception.id,
                why.join("; ")
            ));
            continue;
        }
        let cut = pieces
            .into_iter()
            .map(|piece| cover(context, standing, piece));
        let (kept, covered): (Vec<_>, Vec<_>) = cut.unzip();
        pieces = kept.into_iter().flatten().collect();
        let id = exception.id.to_string();
        all.extend(covered.into_iter().flatten().map(|deviation| Excepted {
            exception: id.clone(),
            deviation,
        }));
        if !pieces.is_empty() {
            notes.insert(not_covered(standing, context.at));
        }
    }
    (pieces, all)
}

fn not_covered(standing: &Standing, at: Timestamp) -> String {
    let exception = &standing.exception;
    let id = &exception.id;
    match standing.period() {
        Some((from, to)) if from <= at && at < to => {
            format!("the exception {id} covers the time from {from} to {to} only")
        }
        _ if exception.until.0 < day_of(at) => {
            format!(
                "the exception {id} is not applied: its last day was {}",
                exception.until
            )
        }
        _ => format!("the exception {id} is not applied at this time"),
    }
}

/// What an exception leaves of a deviation, and what it covers.
///
/// A state is judged for one moment: the exception is live then, or not. An item of a population is judged for the time
/// in which it lasted: what lies before the exception was recorded, or after it ended, is left.
fn cover(
    context: &Context<'_>,
    standing: &Standing,
    found: Deviation,
) -> (Vec<Deviation>, Option<Deviation>) {
    let (Some((from, to)), true) = (
        standing.period(),
        standing.exception.is_about(&context.check.id, &found),
    ) else {
        return (vec![found], None);
    };
    let live = from <= context.at && context.at < to;
    let retroactive = found.since.is_some_and(|since| since < standing.recorded);
    let mark = |mut found: Deviation| {
        if retroactive {
            found.text = format!(
                "{} (RETROACTIVE: it began before the exception {} was recorded on {})",
                found.text,
                standing.exception.id,
                day_of(standing.recorded)
            );
        }
        found
    };
    if context.check.kind != CheckKind::Population || found.since.is_none() {
        return if live {
            (Vec::new(), Some(mark(found)))
        } else {
            (vec![found], None)
        };
    }
    let began = found.since.unwrap_or(context.at);
    let ended = found.until.unwrap_or(context.at);
    if ended < from || began >= to {
        let left = if retroactive && ended < from {
            mark(found)
        } else {
            found
        };
        return (vec![left], None);
    }
    let mut left = Vec::new();
    if began < from {
        left.push(mark(found.clone().lasting(Some(began), Some(from))));
    }
    let outlasts = found.until.map_or(context.at >= to, |until| until > to);
    if outlasts {
        left.push(found.clone().lasting(Some(to), found.until));
    }
    let until = if outlasts { Some(to) } else { found.until };
    (
        left,
        Some(mark(found).lasting(Some(began.max(from)), until)),
    )
}

/// Each exception is in force, approved by somebody else, recorded before it began, and about a check that there is.
pub(crate) fn sound(context: &Context<'_>) -> Result<Judgement, String> {
    let Some(known) = context.last(Exceptions::SCHEMA) else {
        return Err(format!("nothing was collected about {}", Exceptions::FILE));
    };
    if known.evidence.failed.as_deref() == Some(ABSENT) {
        return Ok(Judgement::not_applicable(format!(
            "there is no {}",
            Exceptions::FILE
        )));
    }
    let register = super::given::register::<Exceptions>(context)?;
    if register.exceptions.is_empty() {
        return Ok(Judgement::not_applicable("there are no exceptions"));
    }
    let staff = Staff::of(context)?;
    let day = today(context);
    let checks = known_checks();
    let standings = standings(context);
    let each = register.exceptions.iter();
    let found = each
        .flat_map(|exception| of(context, exception, &staff, &checks, &standings))
        .collect();
    let soon = register
        .exceptions
        .iter()
        .filter_map(|exception| ends_soon(exception, day));
    let mut judgement = Judgement::of(found, Vec::new())
        .noting(format!("{} exceptions", register.exceptions.len()));
    judgement.notes.extend(soon);
    Ok(judgement)
}

fn of(
    context: &Context<'_>,
    exception: &Row<Exception>,
    staff: &Staff,
    checks: &BTreeSet<String>,
    standings: &[Standing],
) -> Vec<Deviation> {
    let day = today(context);
    let mut found = Vec::new();
    let say = |code, text: String| {
        deviation(context, code, &*exception.id, text).at(Exceptions::place(exception))
    };
    found.extend(
        exception
            .refused(staff)
            .into_iter()
            .map(|(code, text)| say(code, text)),
    );
    let gone = staff.at_work(&exception.owner, day.max(exception.from.0));
    if let (Err(why), Ok(())) = (gone, staff.at_work(&exception.owner, exception.from.0)) {
        found.push(say("OWNER_GONE", why));
    }
    if exception.until.0 < day {
        let text = format!(
            "its last day was {}: mend the deviation and remove it, or have a new one approved",
            exception.until
        );
        found.push(say("EXPIRED", text).lasting(exception.until.end(), None));
    }
    if !checks.contains(&*exception.check) {
        found.push(say(
            "UNKNOWN_CHECK",
            no_such_check(&exception.check, checks),
        ));
    }
    let recorded = standings
        .iter()
        .filter(|one| one.exception == exception.row && one.withdrawn.is_none())
        .map(|one| one.recorded)
        .min();
    found.extend(
        recorded
            .and_then(|at| late(exception, at))
            .map(|text| say("RETROACTIVE", text)),
    );
    found
}

fn ends_soon(exception: &Exception, day: Date) -> Option<String> {
    let left = days_between(day, exception.until.0);
    (0..=14)
        .contains(&left)
        .then(|| format!("the exception {} ends on {}", exception.id, exception.until))
}

fn late(exception: &Exception, recorded: Timestamp) -> Option<String> {
    let day = day_of(recorded);
    (exception.from.0 < day).then(|| {
        format!("it is said to hold from {} on, and was recorded on {day}: it covers nothing before that", exception.from)
    })
}

fn no_such_check(check: &str, known: &BTreeSet<String>) -> String {
    match super::nearest::nearest(check, known.iter().map(String::as_str)) {
        Some(near) => format!("there is no check {check}; did you mean {near}?"),
        None => format!("there is no check {check}"),
    }
}

/// The ids of all checks that this program brings.
fn known_checks() -> BTreeSet<String> {
    #[derive(Deserialize)]
    struct Id {
        id: String,
    }
    let texts = AREAS.iter().flat_map(|area| area.checks);
    texts
        .filter_map(|text| toml::from_str::<Id>(text).ok().map(|id| id.id))
        .collect()
}

/// Exceptions of a register (the content of `register.exceptions/1`) that were in force and that no result of a run needed.
/// For the report over all checks: a check sees its own evidence only, and so none can say this of another.
///
/// # Errors
/// When the register has a fault.
pub(crate) fn unused_exceptions<'r>(
    register: &[u8],
    day: Date,
    results: impl IntoIterator<Item = &'r Judgement>,
) -> Result<Vec<Deviation>, String> {
    let register: Exceptions = parse(register).map_err(|faults| super::given::in_words(&faults))?;
    let excepted = results
        .into_iter()
        .flat_map(|judgement| &judgement.excepted);
    let used: BTreeSet<&str> = excepted.map(|one| one.exception.as_str()).collect();
    let in_force = register
        .exceptions
        .iter()
        .filter(|exception| exception.from.0 <= day && day <= exception.until.0);
    let unused = in_force.filter(|exception| !used.contains(&*exception.id));
    let flagged = unused.map(|exception| {
        let text = format!(
            "the last run of {} found nothing that it would cover: remove it",
            exception.check
        );
        Deviation::new("UNUSED", &*exception.id, text).at(Exceptions::place(exception))
    });
    Ok(flagged.collect())
}

#[cfg(test)]
mod tests;
