//! Values: what the places of templates are filled with.

mod calendar;
mod checks;
mod contacts;
mod days;
mod identifiers;
mod noise;
mod places;
mod secrets;

use std::collections::HashMap;
use std::sync::LazyLock;

use vouchsafe_scan::class::Class;

use crate::people::{Dictionary, NameOrigin, Person};
use crate::random::Random;
use crate::template::{Argument, Part, Request, Template, TemplateError};
use crate::text::{Label, Text};

pub(crate) use places::{FIFTH, FIGURES, Places, SEVENTH};
use places::{FOURTH, SIXTH, THIRD, TUNING};

/// The places of the sets that detectors were fitted to.
pub(crate) fn tuning_places() -> Places {
    static CITIES: LazyLock<Vec<(&str, &str, &str, &str)>> =
        LazyLock::new(|| [TUNING.cities, THIRD.cities, FOURTH.cities, SIXTH.cities].concat());
    static STREETS: LazyLock<Vec<&str>> =
        LazyLock::new(|| [TUNING.streets, THIRD.streets, FOURTH.streets, SIXTH.streets].concat());
    Places {
        cities: &CITIES,
        streets: &STREETS,
    }
}

/// What all records of a set draw from.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) dictionary: Dictionary,
    pub(crate) origins: Vec<NameOrigin>,
    pub(crate) places: Places,
}

/// One record in the making: its people, and what is already known of them.
#[derive(Debug)]
pub(crate) struct Record<'w> {
    world: &'w World,
    random: Random,
    people: Vec<Person>,
    facts: HashMap<String, String>,
    values: HashMap<String, Text>,
    /// When it happened: milliseconds since 1970.
    time: i64,
}

impl<'w> Record<'w> {
    /// A record of the world, from its own generator.
    pub(crate) fn new(world: &'w World, mut random: Random) -> Self {
        let time = random.between(1_672_531_200_000, 1_790_000_000_000);
        Self {
            world,
            random,
            people: Vec::new(),
            facts: HashMap::new(),
            values: HashMap::new(),
            time,
        }
    }

    /// A template filled in.
    pub(crate) fn fill(&mut self, template: &Template) -> Result<Text, TemplateError> {
        let text = self.parts(&template.parts, template)?;
        if text.spans.iter().any(|span| {
            text.text
                .get(span.at.clone())
                .is_none_or(|value| value.contains('\n'))
        }) {
            return Err(TemplateError::Broken(template.name.clone()));
        }
        Ok(text)
    }

    fn parts(&mut self, parts: &[Part], template: &Template) -> Result<Text, TemplateError> {
        let mut text = Text::default();
        for part in parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Choice(words) => text.push_str(self.random.pick_owned(words)),
                Part::Encoded(encoding, inner) => {
                    text.push(self.parts(inner, template)?.encode(*encoding))
                }
                Part::Rows(inner) => text.push(self.rows(inner, template)?),
                Part::Value(request) => {
                    let unknown = || TemplateError::Unknown {
                        template: template.name.clone(),
                        request: request.source.clone(),
                    };
                    text.push(self.value(request).ok_or_else(unknown)?);
                }
            }
        }
        Ok(text)
    }

    fn rows(&mut self, inner: &[Part], template: &Template) -> Result<Text, TemplateError> {
        let mut text = Text::default();
        for row in 0..self.random.between(3, 5) {
            if row > 0 {
                text.push_str("\n");
            }
            self.people.clear();
            self.facts.clear();
            self.values.clear();
            text.push(self.parts(inner, template)?);
        }
        Ok(text)
    }

    /// A value; none where nothing is known by that key or form.
    fn value(&mut self, request: &Request) -> Option<Text> {
        if let Some(text) = self.values.get(&request.source) {
            return Some(text.clone());
        }
        let text = match &request.argument {
            Argument::Shape(shape) => {
                let label = Label::new(shaped(&request.key)?, &format!("{}:shape", request.key));
                Text::labelled(self.random.shape(shape), alternatives(label))
            }
            Argument::Form(form) => self.of_form(&request.key, Some(form), request.person)?,
            Argument::Any => self.of_form(&request.key, None, request.person)?,
        };
        if !text.spans.is_empty() {
            self.values.insert(request.source.clone(), text.clone());
        }
        Some(text)
    }

    fn of_form(&mut self, key: &str, form: Option<&str>, person: usize) -> Option<Text> {
        let text = match key {
            "name" | "given" | "family" => {
                let form = form.unwrap_or(if key == "name" { "full" } else { key });
                return self.person(person).name(form);
            }
            _ => self
                .contact(key, form, person)
                .or_else(|| self.identifier(key, form, person))
                .or_else(|| self.day(key, form, person))
                .or_else(|| self.place(key, form, person))
                .or_else(|| self.secret(key, form))
                .or_else(|| self.noise(key, form))?,
        };
        let Text { text, spans } = text;
        let spans = spans.into_iter().map(|mut span| {
            span.label = alternatives(span.label);
            span
        });
        Some(Text {
            text,
            spans: spans.collect(),
        })
    }

    fn person(&mut self, number: usize) -> &Person {
        while self.people.len() < number.max(1) {
            let person = Person::draw(
                &mut self.random,
                &self.world.dictionary,
                &self.world.origins,
            );
            self.people.push(person);
        }
        let at = number.max(1) - 1;
        #[expect(
            clippy::indexing_slicing,
            reason = "the loop above has filled the list up to this number"
        )]
        &self.people[at]
    }

    /// A fact of a person, the same each time it is asked for.
    fn fact(
        &mut self,
        name: &str,
        person: usize,
        make: impl FnOnce(&mut Random) -> String,
    ) -> String {
        let key = format!("{name}@{person}");
        if let Some(fact) = self.facts.get(&key) {
            return fact.clone();
        }
        let fact = make(&mut self.random);
        self.facts.insert(key, fact.clone());
        fact
    }

    /// The form asked for, or one by chance.
    fn form<'f>(&mut self, form: Option<&'f str>, forms: &[&'f str]) -> &'f str {
        form.unwrap_or_else(|| self.random.pick(forms))
    }
}

/// The class of values of a shape.
fn shaped(key: &str) -> Option<Class> {
    Some(match key {
        "mrn" => Class::Mrn,
        "plan" => Class::HealthPlan,
        "account" => Class::Account,
        "license" => Class::License,
        "vehicle" => Class::Vehicle,
        "device" => Class::Device,
        "bio" => Class::Biometric,
        "photo" => Class::Photo,
        "url" => Class::Url,
        "uid" | "patient" | "claim" | "visit" | "national" => Class::UniqueId,
        "secret" => Class::Secret,
        "phone" => Class::Phone,
        "fax" => Class::Fax,
        _ => return None,
    })
}

/// The classes that count as well, where the rule leaves room.
fn alternatives(label: Label) -> Label {
    let also: &'static [Class] = match label.form.as_str() {
        "patient:shape" | "patient:id" => &[Class::Mrn],
        "visit:shape" | "visit:id" => &[Class::Mrn, Class::Account],
        "claim:shape" | "claim:id" => &[Class::HealthPlan, Class::Account],
        "national:shape" | "uid:nhs" | "uid:sin" | "uid:cpf" => &[Class::Ssn, Class::Mrn],
        "license:passport" | "license:npi" | "license:npi-text" => &[Class::UniqueId],
        "account:patient" => &[Class::Mrn, Class::UniqueId],
        "photo:url" => &[Class::Url],
        _ => return label,
    };
    label.or(also)
}
