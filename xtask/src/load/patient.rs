//! Synthetic patients, the same for the same seed and number.

use serde_json::{Value, json};

/// The system of the identifier that is searched for.
pub(super) const SYSTEM: &str = "urn:vouchsafe:load";

/// A small generator of numbers that look random (SplitMix64, Steele, Lea and Flood 2014).
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    /// A generator that starts from `seed`.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number below `limit`, or 0 when there is none.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)).checked_rem(limit).unwrap_or(0)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        let at = usize::try_from(self.below(from.len() as u64)).unwrap_or(0);
        from.get(at).copied().unwrap_or_default()
    }
}

const FAMILIES: [&str; 8] = [
    "Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel",
];
const GIVEN: [&str; 8] = ["Ada", "Ben", "Cleo", "Dov", "Esra", "Finn", "Gala", "Hugo"];

/// The value under [`SYSTEM`] of patient `number`.
pub(super) fn identifier(seed: u64, number: u64) -> String {
    format!("load-{seed:016x}-{number}")
}

/// The FHIR R4 Patient with this number, about 1.5 KB as JSON.
pub(super) fn patient(seed: u64, number: u64) -> Value {
    let mut random = Random::new(seed ^ number.wrapping_mul(0xA24B_AED4_963E_E407));
    let family = format!("{}{}", random.pick(&FAMILIES), random.below(10_000));
    let given = format!("{}{}", random.pick(&GIVEN), random.below(10_000));
    let street = format!(
        "{} {} Street",
        1 + random.below(9_999),
        random.pick(&FAMILIES)
    );
    let postal_code = format!("{:05}", random.below(100_000));
    json!({
        "resourceType": "Patient",
        "identifier": [
            {"use": "usual", "system": SYSTEM, "value": identifier(seed, number), "type": {"text": "Medical record number",
                "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR", "display": "Medical Record Number"}]}},
            // Area numbers from 900 on are never assigned.
            {"use": "official", "system": "http://hl7.org/fhir/sid/us-ssn", "type": {"text": "Social Security Number",
                "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "SS", "display": "Social Security Number"}]},
                "value": format!("9{:02}-{:02}-{:04}", random.below(100), random.below(100), random.below(10_000))},
        ],
        "active": true,
        "name": [
            {"use": "official", "family": family, "given": [given, random.pick(&GIVEN)], "prefix": ["Mx."]},
            {"use": "nickname", "given": [random.pick(&GIVEN)]},
        ],
        "telecom": [
            {"system": "phone", "value": format!("+1-555-{:03}-{:04}", random.below(1_000), random.below(10_000)), "use": "home"},
            {"system": "email", "value": format!("{family}.{number}@example.org"), "use": "home"},
        ],
        "gender": random.pick(&["female", "male", "other", "unknown"]),
        "birthDate": format!("{}-{:02}-{:02}", 1930 + random.below(90), 1 + random.below(12), 1 + random.below(28)),
        "address": [{"use": "home", "type": "physical", "line": [street, format!("Apt. {}", 1 + random.below(400))],
            "city": "Springfield", "state": "ZZ", "postalCode": postal_code, "country": "US"}],
        "maritalStatus": {"text": "Married", "coding": [
            {"system": "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "code": "M", "display": "Married"}]},
        "contact": [{"name": {"family": family, "given": [random.pick(&GIVEN)]},
            "telecom": [{"system": "phone", "value": format!("+1-555-{:03}-{:04}", random.below(1_000), random.below(10_000))}]}],
        "communication": [{"preferred": true, "language": {"text": "English",
            "coding": [{"system": "urn:ietf:bcp:47", "code": "en-US", "display": "English (United States)"}]}}],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patient_is_the_same_again_and_about_one_and_a_half_kilobytes() {
        assert_eq!(patient(1, 2), patient(1, 2));
        assert_ne!(patient(1, 2), patient(1, 3));
        assert_ne!(identifier(1, 2), identifier(2, 2));
        for number in 0..100 {
            let length = patient(7, number).to_string().len();
            assert!((1_400..1_800).contains(&length), "{length}");
        }
    }
}
