//! The clinic itself: its organisation, its building, its practitioners, their calendars.

use jiff::civil::{Date, DateTime};
use uuid::Uuid;

use crate::{
    Person, SYSTEM,
    codes::{GENERAL_PRACTICE, HEALTHCARE_PROVIDER, PHYSICIAN},
    document::{
        Bundle, at, concept, conditional_reference, days_after, identifier, minutes_after,
        named_reference, period, reference,
    },
    json::{Json, list, object, text, yes},
    random::Random,
    words,
};

const ORGANIZATION: (&str, &str) = ("O-0001", "Lantern Bay Family Clinic");
const LOCATION: (&str, &str) = ("L-0001", "Lantern Bay, Main House");

/// Length of a slot in minutes.
pub(crate) const SLOT: i32 = 30;

/// Number of days for which calendars are open.
const HORIZON: i32 = 28;

/// The records that patients' records refer to.
pub(crate) struct Staff {
    pub(crate) practitioners: Vec<Practitioner>,
}

/// A practitioner.
pub(crate) struct Practitioner {
    pub(crate) urn: Uuid,
    /// Identifier in [`SYSTEM`].
    pub(crate) value: String,
    pub(crate) name: String,
}

impl Staff {
    /// The organisation, from a patient's bundle.
    pub(crate) fn organization(&self) -> Json {
        let (value, name) = ORGANIZATION;
        conditional_reference("Organization", SYSTEM, value, name)
    }

    /// The building, from a patient's bundle.
    pub(crate) fn location(&self) -> Json {
        let (value, name) = LOCATION;
        conditional_reference("Location", SYSTEM, value, name)
    }
}

impl Practitioner {
    /// The practitioner, from a patient's bundle.
    pub(crate) fn reference(&self) -> Json {
        conditional_reference("Practitioner", SYSTEM, &self.value, &self.name)
    }

    /// The practitioner's calendar, from a patient's bundle.
    pub(crate) fn schedule(&self) -> Json {
        let reference = format!("Schedule?identifier={SYSTEM}|{}", self.calendar());
        object([("reference", text(reference))])
    }

    pub(crate) fn person(&self) -> Person {
        Person {
            urn: self.urn,
            system: SYSTEM,
            value: self.value.clone(),
            name: self.name.clone(),
        }
    }

    fn calendar(&self) -> String {
        format!("calendar-{}", self.value)
    }
}

/// Makes the clinic; returns its references and the bundle's text.
pub(crate) fn staff(random: &mut Random, count: u16, today: Date) -> (Staff, String) {
    let mut bundle = Bundle::default();
    let organization = organization(random, &mut bundle);
    let location = location(random, organization, &mut bundle);
    let mut practitioners = Vec::new();
    for number in 1..=count {
        let practitioner = practitioner(random, number, &mut bundle);
        role(random, &practitioner, organization, location, &mut bundle);
        calendar(random, &practitioner, today, &mut bundle);
        practitioners.push(practitioner);
    }
    (Staff { practitioners }, bundle.into_transaction())
}

fn organization(random: &mut Random, bundle: &mut Bundle) -> Uuid {
    let urn = random.uuid();
    let (value, name) = ORGANIZATION;
    let members = [
        ("identifier", list([identifier(SYSTEM, value)])),
        ("active", yes()),
        ("type", list([concept(HEALTHCARE_PROVIDER)])),
        ("name", text(name)),
        ("telecom", list([telephone("work", "555-0100")])),
        (
            "address",
            list([address("1 Bellfounder Street", "Lantern Bay", "00001")]),
        ),
    ];
    bundle.create_once("Organization", urn, (SYSTEM, value), members);
    urn
}

fn location(random: &mut Random, organization: Uuid, bundle: &mut Bundle) -> Uuid {
    let urn = random.uuid();
    let (value, name) = LOCATION;
    let members = [
        ("identifier", list([identifier(SYSTEM, value)])),
        ("status", text("active")),
        ("name", text(name)),
        ("mode", text("instance")),
        (
            "address",
            address("1 Bellfounder Street", "Lantern Bay", "00001"),
        ),
        (
            "managingOrganization",
            named_reference(organization, ORGANIZATION.1),
        ),
    ];
    bundle.create_once("Location", urn, (SYSTEM, value), members);
    urn
}

fn practitioner(random: &mut Random, number: u16, bundle: &mut Bundle) -> Practitioner {
    let female = random.percent(50);
    let given = random.pick(if female { &words::FEMALE } else { &words::MALE });
    let family = random.pick(&words::FAMILY);
    let practitioner = Practitioner {
        urn: random.uuid(),
        value: format!("P-{number:04}"),
        name: format!("Dr. {given} {family}"),
    };
    let name = object([
        ("use", text("official")),
        ("family", text(family)),
        ("given", list([text(given)])),
        ("prefix", list([text("Dr.")])),
    ]);
    let value = practitioner.value.as_str();
    let members = [
        ("identifier", list([identifier(SYSTEM, value)])),
        ("active", yes()),
        ("name", list([name])),
        (
            "telecom",
            list([telephone("work", &format!("555-{:04}", 100 + number % 100))]),
        ),
        ("gender", text(if female { "female" } else { "male" })),
    ];
    bundle.create_once("Practitioner", practitioner.urn, (SYSTEM, value), members);
    practitioner
}

fn role(
    random: &mut Random,
    practitioner: &Practitioner,
    organization: Uuid,
    location: Uuid,
    bundle: &mut Bundle,
) {
    let members = [
        ("active", yes()),
        (
            "practitioner",
            named_reference(practitioner.urn, &practitioner.name),
        ),
        (
            "organization",
            named_reference(organization, ORGANIZATION.1),
        ),
        ("code", list([concept(PHYSICIAN)])),
        ("location", list([named_reference(location, LOCATION.1)])),
    ];
    bundle.create("PractitionerRole", random.uuid(), members);
}

/// A calendar with the free slots of the coming afternoons; the mornings' slots come with their appointments.
fn calendar(random: &mut Random, practitioner: &Practitioner, today: Date, bundle: &mut Bundle) {
    let urn = random.uuid();
    let value = practitioner.calendar();
    let members = [
        ("identifier", list([identifier(SYSTEM, &value)])),
        ("active", yes()),
        ("serviceType", list([concept(GENERAL_PRACTICE)])),
        (
            "actor",
            list([named_reference(practitioner.urn, &practitioner.name)]),
        ),
        ("planningHorizon", period(today, days_after(today, HORIZON))),
    ];
    bundle.create_once("Schedule", urn, (SYSTEM, &value), members);
    for day in 1..=5 {
        let start = at(days_after(today, day), 13 + random.within(0..=3), 0);
        slot(bundle, random.uuid(), reference(urn), "free", start);
    }
}

/// Adds half an hour of a calendar.
pub(crate) fn slot(
    bundle: &mut Bundle,
    urn: Uuid,
    schedule: Json,
    status: &'static str,
    start: DateTime,
) {
    let members = [
        ("schedule", schedule),
        ("status", text(status)),
        ("start", start.into()),
        ("end", minutes_after(start, SLOT).into()),
    ];
    bundle.create("Slot", urn, members);
}

/// A telephone number.
pub(crate) fn telephone(purpose: &'static str, number: &str) -> Json {
    object([
        ("system", text("phone")),
        ("value", text(number)),
        ("use", text(purpose)),
    ])
}

/// An address. The state does not exist and the ZIP code is not in use.
pub(crate) fn address(line: &str, town: &str, zip: &str) -> Json {
    object([
        ("line", list([text(line)])),
        ("city", text(town)),
        ("state", text("ZZ")),
        ("postalCode", text(zip)),
        ("country", text("US")),
    ])
}
