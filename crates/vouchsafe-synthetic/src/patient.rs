//! A patient: name, numbers, addresses.

use jiff::civil::Date;
use uuid::Uuid;

use crate::{
    Person,
    document::{Bundle, days_after, typed_identifier},
    json::{Json, list, object, text, yes},
    random::Random,
    staff::{address, telephone},
    words,
};

/// The identifier system of medical record numbers.
const MRN: &str = "urn:vouchsafe:demo:mrn";

/// A patient's data.
pub(crate) struct Patient {
    pub(crate) urn: Uuid,
    pub(crate) number: u32,
    pub(crate) mrn: String,
    pub(crate) name: String,
    pub(crate) age_years: i32,
}

impl Patient {
    pub(crate) fn person(&self) -> Person {
        Person {
            urn: self.urn,
            system: MRN,
            value: self.mrn.clone(),
            name: self.name.clone(),
        }
    }
}

/// Makes the n-th patient.
pub(crate) fn patient(
    random: &mut Random,
    number: u32,
    today: Date,
    bundle: &mut Bundle,
) -> Patient {
    let female = random.percent(52);
    let names = if female { &words::FEMALE } else { &words::MALE };
    let (given, middle, family) = (
        random.pick(names),
        random.pick(names),
        random.pick(&words::FAMILY),
    );
    // Old enough for the past visits.
    let birth = days_after(today, -random.within(3 * 366..=90 * 365));
    let patient = Patient {
        urn: random.uuid(),
        number,
        mrn: format!("M-{number:06}"),
        name: format!("{given} {family}"),
        age_years: years(birth, today),
    };
    let name = object([
        ("use", text("official")),
        ("family", text(family)),
        ("given", list([text(given), text(middle)])),
    ]);
    let members = [
        ("identifier", Json::List(identifiers(random, &patient))),
        ("active", yes()),
        ("name", list([name])),
        ("telecom", Json::List(telecom(random, given, family))),
        ("gender", text(if female { "female" } else { "male" })),
        ("birthDate", birth.into()),
        ("address", list([home(random)])),
    ];
    let more = [("contact", list([contact(random, family)]))];
    // Children and many others have a contact person.
    let has_contact = patient.age_years < 18 || random.percent(40);
    bundle.create(
        "Patient",
        patient.urn,
        members
            .into_iter()
            .chain(more.into_iter().filter(|_| has_contact)),
    );
    patient
}

/// Whole years from one day to another.
fn years(from: Date, to: Date) -> i32 {
    let before_birthday = (to.month(), to.day()) < (from.month(), from.day());
    i32::from(to.year()) - i32::from(from.year()) - i32::from(before_birthday)
}

/// Social security numbers are in the area 9xx with a group below 50: such numbers are never issued, not even as
/// taxpayers' numbers.
fn identifiers(random: &mut Random, patient: &Patient) -> Vec<Json> {
    let ssn = format!(
        "9{}-{:02}-{}",
        random.digits(2),
        random.within(1..=49),
        random.digits(4)
    );
    let mut identifiers = vec![
        typed_identifier("MR", "Medical record number", MRN, &patient.mrn),
        typed_identifier(
            "SS",
            "Social Security number",
            "http://hl7.org/fhir/sid/us-ssn",
            &ssn,
        ),
        typed_identifier(
            "MB",
            "Member Number",
            "urn:vouchsafe:demo:insurance",
            &format!("HB{}", random.digits(9)),
        ),
    ];
    if patient.age_years >= 16 {
        let value = format!("ZZ{}", random.digits(8));
        identifiers.push(typed_identifier(
            "DL",
            "Driver's license number",
            "urn:vouchsafe:demo:licence",
            &value,
        ));
    }
    identifiers
}

fn telecom(random: &mut Random, given: &str, family: &str) -> Vec<Json> {
    let mailbox = format!("{given}.{family}{}@example.org", random.digits(2)).to_lowercase();
    let mail = object([
        ("system", text("email")),
        ("value", text(mailbox)),
        ("use", text("home")),
    ]);
    vec![telephone("mobile", &fictional_number(random)), mail]
}

fn home(random: &mut Random) -> Json {
    let line = format!(
        "{} {}",
        random.within(1..=400),
        random.pick(&words::STREETS)
    );
    let zip = format!("0000{}", random.digits(1));
    address(&line, random.pick(&words::TOWNS), &zip)
}

fn contact(random: &mut Random, family: &str) -> Json {
    let names = if random.percent(50) {
        &words::FEMALE
    } else {
        &words::MALE
    };
    let given = random.pick(names);
    let name = object([("family", text(family)), ("given", list([text(given)]))]);
    let relationship = object([("text", text("next of kin"))]);
    object([
        ("relationship", list([relationship])),
        ("name", name),
        (
            "telecom",
            list([telephone("mobile", &fictional_number(random))]),
        ),
    ])
}

/// 555-0100 to 555-0199 are reserved for fiction, in an area code that is not in use.
fn fictional_number(random: &mut Random) -> String {
    format!("{}-555-01{}", random.within(901..=999), random.digits(2))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn years_are_full_on_the_birthday() {
        assert_eq!(years(date(2000, 2, 29), date(2026, 2, 28)), 25);
        assert_eq!(years(date(2000, 2, 28), date(2026, 2, 28)), 26);
        assert_eq!(years(date(2000, 12, 31), date(2026, 1, 1)), 25);
    }
}
