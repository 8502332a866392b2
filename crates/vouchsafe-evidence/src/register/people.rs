//! The workforce, and the officials that the rules ask for.

use jiff::civil::Date;
use serde::Deserialize;

use super::given::{compare_document, deviation, register, some, today};
use super::reading::{Named as _, Reader, Register, Row};
use super::value::{Day, Document, Moment, Text, holds};
use crate::inputs::Context;
use crate::judgement::Judgement;

/// `evidence/people.toml`.
#[derive(Debug)]
pub(crate) struct People {
    pub(crate) people: Vec<Row<Person>>,
    pub(crate) officials: Vec<Row<Official>>,
}

/// A person of the workforce.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Person {
    /// What other registers call the person.
    pub(crate) id: Text,
    #[serde(default, rename = "name")]
    _name: Option<Text>,
    #[serde(rename = "role")]
    _role: Text,
    /// Logins at the code forge.
    #[serde(default)]
    pub(crate) forge: Vec<Text>,
    /// Mail addresses in commits and accounts.
    #[serde(default)]
    pub(crate) mail: Vec<Text>,
    pub(crate) joined: Day,
    /// The last day.
    #[serde(default)]
    pub(crate) left: Option<Day>,
    /// The moment of leaving, where access must end before the day does.
    #[serde(default)]
    pub(crate) left_at: Option<Moment>,
}

/// Somebody who answers for something.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Official {
    pub(crate) role: OfficialRole,
    pub(crate) person: Text,
    pub(crate) from: Day,
    #[serde(default)]
    pub(crate) until: Option<Day>,
    /// The appointment.
    #[serde(default)]
    pub(crate) document: Option<Document>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OfficialRole {
    /// 164.308(a)(2).
    SecurityOfficial,
    /// 164.530(a)(1).
    PrivacyOfficial,
    /// Leads when there is an incident.
    IncidentLead,
}

impl OfficialRole {
    const fn name(self) -> &'static str {
        match self {
            Self::SecurityOfficial => "security-official",
            Self::PrivacyOfficial => "privacy-official",
            Self::IncidentLead => "incident-lead",
        }
    }
}

impl Register for People {
    fn read(reader: &mut Reader<'_>) -> Self {
        let people: Vec<Row<Person>> = reader.rows("person");
        let officials: Vec<Row<Official>> = reader.rows("official");
        reader.unique("person", &people, |person| &person.id);
        for person in &people {
            reader.in_order(
                person.line,
                "person.left",
                &person.joined,
                person.left.as_ref(),
            );
            let differs = |at: Moment| {
                person
                    .left
                    .is_none_or(|left| crate::window::day_of(at.0) != left.0)
            };
            if person.left_at.is_some_and(differs) {
                reader.fault(
                    person.line,
                    "person.left_at",
                    "it is not on the day `left` (in UTC)",
                );
            }
        }
        accounts_twice(reader, &people);
        for official in &officials {
            reader.in_order(
                official.line,
                "official.until",
                &official.from,
                official.until.as_ref(),
            );
        }
        Self { people, officials }
    }
}

/// One account belongs to one person: with two rows, somebody could approve as one what is owned as the other.
fn accounts_twice(reader: &mut Reader<'_>, people: &[Row<Person>]) {
    let mut seen = std::collections::BTreeMap::new();
    for person in people {
        for account in person.forge.iter().chain(&person.mail) {
            let key = account.to_ascii_lowercase();
            let Some(other) = seen
                .insert(key, &person.id)
                .filter(|other| **other != person.id)
            else {
                continue;
            };
            let problem = format!("the account {account} belongs to {other} already");
            reader.fault(person.line, "person.forge", problem);
        }
    }
}

impl People {
    /// The person of an id.
    pub(crate) fn person(&self, id: &str) -> Option<&Row<Person>> {
        self.people.iter().find(|person| *person.id == *id)
    }

    /// The person whom an account belongs to: by id, login or mail address.
    pub(crate) fn of_account(&self, account: &str) -> Option<&Row<Person>> {
        let same = |known: &Text| known.eq_ignore_ascii_case(account);
        self.people.iter().find(|person| {
            *person.id == *account || person.forge.iter().any(same) || person.mail.iter().any(same)
        })
    }

    /// Whether somebody is of the workforce on a day; if not, why not.
    pub(crate) fn at_work(&self, id: &str, day: Date) -> Result<(), String> {
        let Some(person) = self.person(id) else {
            return Err(format!("there is no person {id} in {}", Self::FILE));
        };
        match person.left {
            Some(left) if left.0 < day => Err(format!("{id} left on {left}")),
            _ if day < person.joined.0 => Err(format!("{id} joined on {}", person.joined)),
            _ => Ok(()),
        }
    }
}

/// The officials are named, at work, and at least one day of appointment has come.
pub(crate) fn officials(context: &Context<'_>) -> Result<Judgement, String> {
    let people = register::<People>(context)?;
    some::<People, _>(&people.people, "person")?;
    let roles: Vec<OfficialRole> = context.check.parameter("roles")?;
    let day = today(context);
    let mut found = Vec::new();
    for role in roles {
        let now = people
            .officials
            .iter()
            .filter(|official| official.role == role && holds(official.from, official.until, day));
        let mut named = 0_usize;
        for official in now {
            named += 1;
            let place = People::place(official);
            if let Err(why) = people.at_work(&official.person, day) {
                found.push(deviation(context, "OFFICIAL_GONE", role.name(), why).at(place.clone()));
            }
            if let Some(document) = &official.document {
                found.extend(compare_document(context, role.name(), &place, document)?);
            }
        }
        if named == 0 {
            let text = format!("{} names no {} for this day", People::FILE, role.name());
            found.push(deviation(context, "OFFICIAL_MISSING", role.name(), text));
        }
    }
    Ok(Judgement::of(found, Vec::new()))
}
