//! A synthetic clinic: made-up people, as FHIR R4 transaction bundles.
//!
//! Demonstrations and tests need records that look like a clinic's and belong to nobody. The same seed, size and day
//! give the same text, byte for byte. Every resource carries the tag `urn:vouchsafe|synthetic`. Names are made up,
//! social security numbers are in the area 9xx, which was never issued, and telephone numbers are in the range reserved
//! for fiction.
//!
//! The generator is seeded and predictable. MUST NOT be used for anything secret.

mod care;
mod codes;
mod diary;
mod document;
mod json;
mod patient;
mod random;
mod staff;
mod words;

use jiff::civil::Date;
use uuid::Uuid;

use self::{
    document::Bundle,
    random::Random,
    staff::{Practitioner, Staff},
};

/// The identifier system of practitioners, and the root of the clinic's other systems.
pub const SYSTEM: &str = "urn:vouchsafe:demo";

/// The number of people in a clinic.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ClinicSize {
    /// Practitioners; fewer than three become three, so that each has patients and there are also patients of others.
    pub practitioners: u16,
    /// Patients; fewer than practitioners become as many, so that every practitioner has one.
    pub patients: u32,
}

impl ClinicSize {
    /// A clinic for demonstrations: 4 practitioners, 12 patients.
    pub const DEMO: Self = Self {
        practitioners: 4,
        patients: 12,
    };

    fn at_least_useful(self) -> Self {
        let practitioners = self.practitioners.max(3);
        Self {
            practitioners,
            patients: self.patients.max(u32::from(practitioners)),
        }
    }
}

/// A clinic's records and its care relations.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Clinic {
    /// Transaction bundles, to load in this order: the clinic and its staff first, then one per patient. Later bundles
    /// refer to earlier ones by conditional references (`Practitioner?identifier=...`).
    pub bundles: Vec<String>,
    /// The practitioners; all in the first bundle.
    pub practitioners: Vec<Person>,
    /// The patients; the n-th is in bundle n + 1.
    pub patients: Vec<Person>,
    /// Today's care relations.
    pub care: Vec<Care>,
}

/// A person of the clinic.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Person {
    /// The `urn:uuid` of the person's record inside its bundle (`Bundle.entry.fullUrl`, without the prefix). The
    /// transaction's answer has the id of the stored record.
    pub urn: Uuid,
    /// System of an identifier that finds the person.
    pub system: &'static str,
    /// Value of that identifier.
    pub value: String,
    /// The person's name.
    pub name: String,
}

/// A practitioner's care of a patient, by a care team that is active today.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Care {
    /// The practitioner's [`Person::urn`].
    pub practitioner: Uuid,
    /// The patient's [`Person::urn`].
    pub patient: Uuid,
}

impl Clinic {
    /// The patients in a practitioner's care.
    pub fn in_care(&self, practitioner: Uuid) -> impl Iterator<Item = &Person> {
        self.patients
            .iter()
            .filter(move |patient| self.cares(practitioner, patient.urn))
    }

    /// The other patients: no care team, encounter or appointment relates them to the practitioner.
    pub fn out_of_care(&self, practitioner: Uuid) -> impl Iterator<Item = &Person> {
        self.patients
            .iter()
            .filter(move |patient| !self.cares(practitioner, patient.urn))
    }

    fn cares(&self, practitioner: Uuid, patient: Uuid) -> bool {
        self.care.contains(&Care {
            practitioner,
            patient,
        })
    }
}

/// Makes the clinic of the day `today`.
///
/// A larger clinic with the same number of practitioners begins with the patients of the smaller one. Every patient has
/// an appointment today or later, and the first patient of each practitioner has one today.
#[must_use]
pub fn clinic(seed: u64, size: ClinicSize, today: Date) -> Clinic {
    let size = size.at_least_useful();
    let (staff, first) = staff::staff(&mut Random::new(seed, 0), size.practitioners, today);
    let mut clinic = Clinic {
        bundles: vec![first],
        practitioners: staff
            .practitioners
            .iter()
            .map(Practitioner::person)
            .collect(),
        patients: Vec::new(),
        care: Vec::new(),
    };
    for number in 1..=size.patients {
        let mut random = Random::new(seed, u64::from(number));
        let team = team(&staff, number);
        let mut bundle = Bundle::default();
        let patient = patient::patient(&mut random, number, today, &mut bundle);
        care::record(&mut random, &patient, &team, &staff, today, &mut bundle);
        let when = diary::When {
            today,
            // Practitioners take the first patients in turn, so each has one of these.
            is_today: number <= u32::from(size.practitioners),
        };
        diary::record(&mut random, &patient, &team, when, &mut bundle);
        clinic.care.extend(team.iter().map(|practitioner| Care {
            practitioner: practitioner.urn,
            patient: patient.urn,
        }));
        clinic.patients.push(patient.person());
        clinic.bundles.push(bundle.into_transaction());
    }
    clinic
}

/// The practitioners of the n-th patient: one in turn, and for every third patient also the next one. With three
/// practitioners or more, none cares for all patients.
fn team(staff: &Staff, number: u32) -> Vec<&Practitioner> {
    let second = number.is_multiple_of(3);
    let first =
        usize::try_from(number - 1).unwrap_or(usize::MAX) % staff.practitioners.len().max(1);
    staff
        .practitioners
        .iter()
        .cycle()
        .skip(first)
        .take(if second { 2 } else { 1 })
        .collect()
}

#[cfg(test)]
mod tests;
