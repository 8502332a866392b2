//! Training and security reminders.

use serde::Deserialize;

use super::given::{compare_document, days_over, deviation, register, some, today};
use super::people::People;
use super::reading::{Named as _, Reader, Register, Row};
use super::value::{Day, Document, Text};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement};

/// `evidence/training.toml`.
#[derive(Debug)]
pub(crate) struct Training {
    pub(crate) courses: Vec<Row<Course>>,
    pub(crate) sessions: Vec<Row<Session>>,
    pub(crate) reminders: Vec<Row<Reminder>>,
}

/// What everybody learns, and how often.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Course {
    pub(crate) id: Text,
    #[serde(rename = "title")]
    _title: Text,
    pub(crate) every_days: u16,
    /// Days after joining.
    pub(crate) within_days: u16,
}

/// A day on which people took a course.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Session {
    pub(crate) course: Text,
    pub(crate) on: Day,
    /// Ids of people.
    pub(crate) people: Vec<Text>,
    #[serde(default)]
    pub(crate) document: Option<Document>,
}

/// A security reminder to all, 164.308(a)(5)(ii)(A).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reminder {
    pub(crate) on: Day,
    #[serde(rename = "subject")]
    _subject: Text,
    #[serde(rename = "reached")]
    _reached: Text,
}

impl Register for Training {
    fn read(reader: &mut Reader<'_>) -> Self {
        let courses: Vec<Row<Course>> = reader.rows("course");
        let sessions: Vec<Row<Session>> = reader.rows("session");
        let reminders = reader.rows("reminder");
        reader.unique("course", &courses, |course| &course.id);
        for session in &sessions {
            if !courses.iter().any(|course| course.id == session.course) {
                let problem = format!("there is no course {} in this file", session.course);
                reader.fault(session.line, "session.course", problem);
            }
        }
        Self {
            courses,
            sessions,
            reminders,
        }
    }
}

/// Everybody took each course in time; the last reminder is at most a year old.
pub(crate) fn records(context: &Context<'_>) -> Result<Judgement, String> {
    let register = register::<Training>(context)?;
    let people = register_of_people(context)?;
    let reminder_days: i64 = context.check.parameter("reminder_days")?;
    let day = today(context);
    let mut found = Vec::new();
    let here: Vec<_> = people
        .people
        .iter()
        .filter(|person| people.at_work(&person.id, day).is_ok())
        .collect();
    for course in some::<Training, _>(&register.courses, "course")? {
        for person in &here {
            let taken = register.sessions.iter().filter(|session| {
                session.course == course.id
                    && session.on.0 <= day
                    && session.people.contains(&person.id)
            });
            let last = taken.map(|session| session.on).max();
            let (code, due) = match last {
                Some(last) => ("TRAINING_OVERDUE", last.plus(course.every_days.into())),
                None => (
                    "NEVER_TRAINED",
                    person.joined.plus(course.within_days.into()),
                ),
            };
            let Some((due, over)) = due.and_then(|due| Some((due, days_over(due, day)?))) else {
                continue;
            };
            let text = format!("it was due on {due}, {over} days ago");
            let item = format!("{}/{}", course.id, person.id);
            found.push(
                deviation(context, code, item, text)
                    .at(Training::place(course))
                    .lasting(due.end(), None),
            );
        }
    }
    found.extend(sessions(context, &register, &people)?);
    found.extend(reminded(context, &register, reminder_days));
    Ok(Judgement::of(found, Vec::new()).noting(format!("{} people at work", here.len())))
}

/// Sessions name people who are known.
fn sessions(
    context: &Context<'_>,
    register: &Training,
    people: &People,
) -> Result<Vec<Deviation>, String> {
    let mut found = Vec::new();
    for session in &register.sessions {
        let place = Training::place(session);
        for id in session
            .people
            .iter()
            .filter(|id| people.person(id).is_none())
        {
            let text = format!("there is no person {id} in {}", People::FILE);
            let item = format!("{}/{id}", session.course);
            found.push(deviation(context, "PERSON_UNKNOWN", item, text).at(place.clone()));
        }
        if let Some(document) = &session.document {
            found.extend(compare_document(
                context,
                &session.course,
                &place,
                document,
            )?);
        }
    }
    Ok(found)
}

/// The last reminder is not old.
fn reminded(context: &Context<'_>, register: &Training, days: i64) -> Option<Deviation> {
    let day = today(context);
    let sent = register
        .reminders
        .iter()
        .filter(|reminder| reminder.on.0 <= day);
    let Some(last) = sent.max_by_key(|reminder| reminder.on) else {
        let text = "no security reminder is on record";
        return Some(deviation(context, "NO_REMINDER", "reminder", text));
    };
    let due = last.on.plus(days).unwrap_or(last.on);
    let over = days_over(due, day)?;
    let text = format!(
        "the last reminder is of {}; the next is overdue by {over} days",
        last.on
    );
    let found = deviation(context, "REMINDER_OVERDUE", "reminder", text).at(Training::place(last));
    Some(found.lasting(due.end(), None))
}

fn register_of_people(context: &Context<'_>) -> Result<std::sync::Arc<People>, String> {
    let people = register::<People>(context)?;
    some::<People, _>(&people.people, "person")?;
    Ok(people)
}
