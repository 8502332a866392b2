//! Reviews: of access, of activity, and of the programme as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::{Date, ISOWeekDate, Weekday};
use jiff::{Timestamp, ToSpan as _};
use serde::Deserialize;

use super::access::{Snapshot, snapshots};
use super::given::{
    Staff, compare_document, days_over, deviation, optional, register, some, today,
};
use super::people::People;
use super::reading::{Named as _, Reader, Register, Row};
use super::value::{Day, Document, Moment, Text, days_between};
use crate::inputs::Context;
use crate::judgement::{Deviation, Item, Judgement, Population};
use crate::window::{day_of, start_of};

/// `evidence/reviews.toml`.
#[derive(Debug)]
pub(crate) struct Reviews {
    pub(crate) access: Vec<Row<AccessReview>>,
    pub(crate) activity: Vec<Row<ActivityReview>>,
    pub(crate) evaluations: Vec<Row<Evaluation>>,
}

/// A campaign in which each right is looked at.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccessReview {
    pub(crate) id: Text,
    /// The system, as snapshots of access name it.
    pub(crate) system: Text,
    /// The moment of the list that was reviewed, and the day on which the last decision was made.
    pub(crate) list_taken: Moment,
    pub(crate) closed: Day,
    #[serde(rename = "entry")]
    pub(crate) entries: Vec<AccessEntry>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccessEntry {
    pub(crate) account: Text,
    #[serde(default)]
    pub(crate) person: Option<Text>,
    pub(crate) decision: Decided,
    pub(crate) reviewer: Text,
    pub(crate) on: Day,
    /// The day on which the right was changed or removed.
    #[serde(default)]
    pub(crate) done: Option<Day>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Decided {
    Keep,
    Change,
    Remove,
}

/// A weekly look at records of activity, 164.308(a)(1)(ii)(D).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActivityReview {
    /// The week of ISO 8601: `2026-W27`.
    pub(crate) week: Week,
    pub(crate) reviewer: Text,
    pub(crate) at: Moment,
    /// What was looked at.
    pub(crate) scope: Text,
    /// The head of the audit log that was looked at.
    #[serde(default)]
    pub(crate) head: Option<Text>,
    /// Number of things that were followed up.
    pub(crate) followed_up: u32,
}

/// A week, by its Monday.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(try_from = "String")]
pub(crate) struct Week(Date);

impl TryFrom<String> for Week {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const SAYS: &str = "a week is written as 2026-W27";
        let (year, week) = text.split_once("-W").ok_or(SAYS)?;
        let plain = year.len() == 4 && week.len() == 2;
        let (year, week) = (
            year.parse().map_err(|_| SAYS)?,
            week.parse().map_err(|_| SAYS)?,
        );
        let date =
            ISOWeekDate::new(year, week, Weekday::Monday).map_err(|_| "there is no such week")?;
        plain.then_some(Self(date.date())).ok_or(SAYS)
    }
}

impl std::fmt::Display for Week {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let week = self.0.iso_week_date();
        write!(f, "{}-W{:02}", week.year(), week.week())
    }
}

impl Week {
    /// The week of a day.
    fn of(day: Date) -> Self {
        let past = i64::from(day.weekday().to_monday_zero_offset());
        Self(day.checked_sub(past.days()).unwrap_or(day))
    }

    fn next(self) -> Option<Self> {
        self.0.checked_add(7.days()).ok().map(Self)
    }

    fn start(self) -> Option<Timestamp> {
        start_of(self.0).ok()
    }
}

/// A look at the whole programme, 164.308(a)(8).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Evaluation {
    pub(crate) id: Text,
    pub(crate) on: Day,
    pub(crate) by: Text,
    #[serde(rename = "scope")]
    _scope: Text,
    pub(crate) document: Document,
}

impl Register for Reviews {
    fn read(reader: &mut Reader<'_>) -> Self {
        let access: Vec<Row<AccessReview>> = reader.rows("access_review");
        let activity: Vec<Row<ActivityReview>> = reader.rows("activity_review");
        let evaluations: Vec<Row<Evaluation>> = reader.rows("evaluation");
        reader.unique("access_review", &access, |review| &review.id);
        reader.unique("evaluation", &evaluations, |evaluation| &evaluation.id);
        for review in &access {
            let mut seen = BTreeSet::new();
            for entry in &review.entries {
                if !seen.insert(&*entry.account) {
                    let problem = format!("the account {} is decided twice", entry.account);
                    reader.fault(review.line, "access_review.entry", problem);
                }
                reader.in_order(
                    review.line,
                    "access_review.entry.done",
                    &entry.on,
                    entry.done.as_ref(),
                );
            }
        }
        Self {
            access,
            activity,
            evaluations,
        }
    }
}

/// A campaign in each quarter for each system; each right decided by somebody else; removals done in time.
pub(crate) fn access(context: &Context<'_>) -> Result<Judgement, String> {
    let register = register::<Reviews>(context)?;
    let staff = Staff::of(context)?;
    let people = optional::<People>(context)?;
    let age_days: i64 = context.check.parameter("age_days")?;
    let removal_days: i64 = context.check.parameter("removal_days")?;
    let day = today(context);
    let closed = some::<Reviews, _>(&register.access, "[[access_review]]")?
        .iter()
        .filter(|review| review.closed.0 <= day);
    let mut last: BTreeMap<&str, &Row<AccessReview>> = BTreeMap::new();
    for review in closed {
        let kept = last.entry(&review.system).or_insert(review);
        if kept.closed <= review.closed {
            *kept = review;
        }
    }
    let snapshots = snapshots(context)?;
    let mut found = Vec::new();
    for system in snapshots
        .keys()
        .filter(|system| !last.contains_key(system.as_str()))
    {
        found.push(deviation(
            context,
            "NEVER_REVIEWED",
            system.as_str(),
            "there are accounts there, and no review of them is on record",
        ));
    }
    let mut items = Vec::new();
    let limits = Limits {
        age_days,
        removal_days,
        staff: &staff,
        people: people.as_deref(),
    };
    for (system, review) in &last {
        items.extend(review.entries.iter().map(|entry| item(review, entry)));
        found.extend(campaign(context, system, review, &limits));
        let lists = snapshots.get(*system).map_or(&[][..], Vec::as_slice);
        found.extend(left_out(context, review, lists));
    }
    let completeness =
        "the last review of each system, against the snapshot that was reviewed".to_owned();
    Ok(Judgement::of(found, Vec::new()).over(Population {
        completeness,
        items,
    }))
}

/// What reviews of access are compared with.
struct Limits<'l> {
    age_days: i64,
    removal_days: i64,
    staff: &'l Staff,
    people: Option<&'l People>,
}

/// The last review of a system, and each decision in it.
fn campaign(
    context: &Context<'_>,
    system: &str,
    review: &Row<AccessReview>,
    limits: &Limits<'_>,
) -> Vec<Deviation> {
    let day = today(context);
    let place = Reviews::place(review);
    let mut found = Vec::new();
    let due = review.closed.plus(limits.age_days).unwrap_or(review.closed);
    if let Some(over) = days_over(due, day) {
        let text = format!(
            "the last review, {}, was closed on {}; the next is overdue by {over} days",
            review.id, review.closed
        );
        let one = deviation(context, "REVIEW_OVERDUE", system, text).at(place.clone());
        found.push(one.lasting(due.end(), None));
    }
    for entry in &review.entries {
        let id = format!("{}/{}", review.id, entry.account);
        let faults = entry_faults(entry, limits, day).into_iter();
        found.extend(
            faults.map(|(code, text)| deviation(context, code, &*id, text).at(place.clone())),
        );
    }
    found
}

/// Accounts of the list that was reviewed on which nobody decided.
fn left_out(
    context: &Context<'_>,
    review: &Row<AccessReview>,
    lists: &[Arc<Snapshot>],
) -> Vec<Deviation> {
    let place = Reviews::place(review);
    let Some(list) = lists.iter().find(|one| one.taken == review.list_taken) else {
        let text = format!(
            "the list of {} that was reviewed is no snapshot that was collected",
            review.list_taken
        );
        return vec![deviation(context, "LIST_UNKNOWN", &*review.id, text).at(place)];
    };
    let decided: BTreeSet<&str> = review.entries.iter().map(|entry| &*entry.account).collect();
    let active = list.principals.iter().filter(|one| one.active);
    let open = active
        .filter(|one| !decided.contains(&*one.account))
        .map(|account| {
            let item = format!("{}/{}", review.id, account.account);
            let text = "it stands in the list, and nobody decided on it";
            deviation(context, "NOT_DECIDED", item, text).at(place.clone())
        });
    open.collect()
}

fn item(review: &AccessReview, entry: &AccessEntry) -> Item {
    Item {
        id: format!("{}/{}", review.id, entry.account),
        at: entry.on.start(),
        until: entry.done.and_then(Day::end),
        columns: BTreeMap::from([
            ("system".to_owned(), review.system.to_string()),
            (
                "decision".to_owned(),
                format!("{:?}", entry.decision).to_lowercase(),
            ),
            ("reviewer".to_owned(), entry.reviewer.to_string()),
        ]),
    }
}

fn entry_faults(
    entry: &AccessEntry,
    limits: &Limits<'_>,
    day: Date,
) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    // Whatever the row says of the account's person, the people register may say more.
    let of_account = limits
        .people
        .and_then(|people| people.of_account(&entry.account))
        .map(|person| &person.id);
    if [entry.person.as_ref(), of_account].contains(&Some(&entry.reviewer)) {
        found.push((
            "REVIEWED_ONESELF",
            format!("{} decided on an own account", entry.reviewer),
        ));
    }
    if let Err(why) = limits.staff.at_work(&entry.reviewer, entry.on.0) {
        found.push(("REVIEWER_UNKNOWN", why));
    }
    if entry.decision != Decided::Keep {
        let due = entry.on.plus(limits.removal_days).unwrap_or(entry.on);
        let done = entry.done.filter(|done| done.0 <= day);
        if let Some(over) = days_over(due, done.map_or(day, |done| done.0)) {
            let what = if done.is_some() {
                "was done"
            } else {
                "is not done"
            };
            found.push((
                "REMOVAL_LATE",
                format!("what was decided on {} {what}, {over} days late", entry.on),
            ));
        }
    }
    found
}

/// Each week that is over was reviewed by a named person, in time.
pub(crate) fn activity(context: &Context<'_>) -> Result<Judgement, String> {
    let register = register::<Reviews>(context)?;
    let staff = Staff::of(context)?;
    let since = context.settings()?.project.since;
    let days: i64 = context.check.parameter("days")?;
    some::<Reviews, _>(&register.activity, "[[activity_review]]")?;
    let mut by_week: BTreeMap<Week, Vec<&Row<ActivityReview>>> = BTreeMap::new();
    for review in register
        .activity
        .iter()
        .filter(|review| review.at.0 <= context.at)
    {
        by_week.entry(review.week).or_default().push(review);
    }
    let mut found = Vec::new();
    let mut items = Vec::new();
    let mut week = Week::of(since);
    while let Some((next, end)) = week.next().and_then(|next| Some((next, next.start()?))) {
        // The time for the review is over as well.
        let due = Day(next.0).plus(days).and_then(Day::start);
        let Some(due) = due.filter(|due| *due <= context.at) else {
            break;
        };
        let reviews = by_week.get(&week).map_or(&[][..], Vec::as_slice);
        found.extend(of_week(context, week, reviews, due, end, &staff));
        items.push(Item {
            id: week.to_string(),
            at: week.start(),
            until: Some(end),
            columns: columns(reviews),
        });
        week = next;
    }
    let completeness = format!("every week from {since} on that is over, by the calendar");
    Ok(Judgement::of(found, Vec::new()).over(Population {
        completeness,
        items,
    }))
}

fn columns(reviews: &[&Row<ActivityReview>]) -> BTreeMap<String, String> {
    let of = |text: fn(&ActivityReview) -> String| {
        let all: Vec<_> = reviews.iter().map(|review| text(review)).collect();
        all.join("; ")
    };
    BTreeMap::from([
        (
            "reviewers".to_owned(),
            of(|review| review.reviewer.to_string()),
        ),
        (
            "reviewed".to_owned(),
            of(|review| day_of(review.at.0).to_string()),
        ),
        ("scope".to_owned(), of(|review| review.scope.to_string())),
        (
            "followed_up".to_owned(),
            of(|review| review.followed_up.to_string()),
        ),
        (
            "head".to_owned(),
            of(|review| {
                review
                    .head
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default()
            }),
        ),
    ])
}

fn of_week(
    context: &Context<'_>,
    week: Week,
    reviews: &[&Row<ActivityReview>],
    due: Timestamp,
    end: Timestamp,
    staff: &Staff,
) -> Vec<Deviation> {
    let id = week.to_string();
    // A review before the week is over saw a part of it only.
    let whole: Vec<_> = reviews.iter().filter(|review| review.at.0 >= end).collect();
    let Some(first) = whole.iter().min_by_key(|review| review.at) else {
        let (code, text) = match reviews.first() {
            None => ("WEEK_MISSED", "nobody reviewed this week".to_owned()),
            Some(review) => (
                "REVIEWED_EARLY",
                format!("it was reviewed on {}, before it was over", review.at),
            ),
        };
        return vec![deviation(context, code, id, text).lasting(Some(due), None)];
    };
    let place = Reviews::place(first);
    let mut found = Vec::new();
    if first.at.0 >= due {
        let text = format!(
            "it was reviewed on {}, {} days after it ended",
            day_of(first.at.0),
            days_between(day_of(end), day_of(first.at.0))
        );
        found.push(
            deviation(context, "REVIEWED_LATE", &*id, text)
                .at(place.clone())
                .lasting(Some(due), Some(first.at.0)),
        );
    }
    if let Err(why) = staff.at_work(&first.reviewer, day_of(first.at.0)) {
        found.push(deviation(context, "REVIEWER_UNKNOWN", &*id, why).at(place));
    }
    found
}

/// The programme was evaluated within a year, by a named person.
pub(crate) fn evaluation(context: &Context<'_>) -> Result<Judgement, String> {
    let register = register::<Reviews>(context)?;
    let staff = Staff::of(context)?;
    let age_days: i64 = context.check.parameter("age_days")?;
    let day = today(context);
    let done = some::<Reviews, _>(&register.evaluations, "[[evaluation]]")?
        .iter()
        .filter(|one| one.on.0 <= day);
    let last = done
        .max_by_key(|one| one.on)
        .ok_or("no evaluation has come yet")?;
    let place = Reviews::place(last);
    let mut found = Vec::new();
    let due = last.on.plus(age_days).unwrap_or(last.on);
    if let Some(over) = days_over(due, day) {
        let text = format!(
            "the last evaluation is of {}; the next is overdue by {over} days",
            last.on
        );
        found.push(
            deviation(context, "EVALUATION_OVERDUE", &*last.id, text)
                .at(place.clone())
                .lasting(due.end(), None),
        );
    }
    if let Err(why) = staff.at_work(&last.by, last.on.0) {
        found.push(deviation(context, "EVALUATOR_UNKNOWN", &*last.id, why).at(place.clone()));
    }
    found.extend(compare_document(context, &last.id, &place, &last.document)?);
    Ok(Judgement::of(found, Vec::new()))
}
