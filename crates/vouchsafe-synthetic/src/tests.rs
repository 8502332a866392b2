use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;
use serde_json::Value;

use super::*;

const TODAY: Date = date(2026, 11, 24);

fn demo() -> Clinic {
    clinic(7, ClinicSize::DEMO, TODAY)
}

fn resources(clinic: &Clinic) -> Vec<Value> {
    entries(clinic)
        .into_iter()
        .map(|(_, entry)| entry["resource"].clone())
        .collect()
}

/// Every entry with the number of its bundle.
fn entries(clinic: &Clinic) -> Vec<(usize, Value)> {
    let mut entries = Vec::new();
    for (number, text) in clinic.bundles.iter().enumerate() {
        let bundle: Value = serde_json::from_str(text).unwrap();
        assert_eq!(
            (&bundle["resourceType"], &bundle["type"]),
            (&"Bundle".into(), &"transaction".into())
        );
        let of_bundle = bundle["entry"].as_array().unwrap().clone();
        entries.extend(of_bundle.into_iter().map(|entry| (number, entry)));
    }
    entries
}

#[test]
fn the_same_seed_gives_the_same_clinic() {
    assert_eq!(demo(), demo());
    assert_ne!(demo().bundles, clinic(8, ClinicSize::DEMO, TODAY).bundles);
}

#[test]
fn a_larger_clinic_begins_like_a_smaller_one() {
    let more = clinic(
        7,
        ClinicSize {
            patients: 40,
            ..ClinicSize::DEMO
        },
        TODAY,
    );
    assert!(more.bundles.starts_with(&demo().bundles));
    assert_eq!(more.patients.len(), 40);
}

#[test]
fn every_practitioner_has_patients_and_patients_of_others() {
    let least = ClinicSize {
        practitioners: 0,
        patients: 0,
    };
    for size in [
        least,
        ClinicSize::DEMO,
        ClinicSize {
            practitioners: 9,
            patients: 100,
        },
    ] {
        let clinic = clinic(1, size, TODAY);
        for practitioner in &clinic.practitioners {
            let inside = clinic.in_care(practitioner.urn).count();
            let outside = clinic.out_of_care(practitioner.urn).count();
            assert!(inside > 0 && outside > 0);
            assert_eq!(inside + outside, clinic.patients.len());
        }
    }
}

#[test]
fn care_is_what_the_records_say() {
    let clinic = demo();
    let mut said = BTreeSet::new();
    let mut named: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (bundle, entry) in entries(&clinic)
        .into_iter()
        .filter(|(bundle, _)| *bundle > 0)
    {
        let resource = &entry["resource"];
        let patient = clinic.patients[bundle - 1].urn;
        let mut references = Vec::new();
        collect(resource, "reference", &mut references);
        for reference in references
            .iter()
            .filter_map(|text| text.strip_prefix("Practitioner?identifier="))
        {
            named
                .entry(patient.to_string())
                .or_default()
                .insert(reference.to_owned());
        }
        if resource["resourceType"] == "CareTeam" {
            let period = &resource["period"];
            let today = TODAY.to_string();
            assert!(period["start"].as_str().unwrap() < today.as_str());
            assert!(period["end"].as_str().unwrap() > today.as_str());
            for participant in resource["participant"].as_array().unwrap() {
                said.insert((
                    patient,
                    participant["member"]["reference"]
                        .as_str()
                        .unwrap()
                        .to_owned(),
                ));
            }
        }
    }
    let expected: BTreeSet<_> = clinic
        .care
        .iter()
        .map(|care| {
            let of = clinic
                .practitioners
                .iter()
                .find(|p| p.urn == care.practitioner)
                .unwrap();
            (
                care.patient,
                format!("Practitioner?identifier={}|{}", of.system, of.value),
            )
        })
        .collect();
    assert_eq!(said, expected);
    // A patient's records name only the team.
    let in_records: usize = named.values().map(BTreeSet::len).sum();
    assert_eq!(in_records, expected.len());
}

#[test]
fn references_lead_somewhere() {
    let clinic = demo();
    let mut urns: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    let mut found_by = BTreeSet::new();
    for (bundle, entry) in entries(&clinic) {
        let urn = entry["fullUrl"].as_str().unwrap().to_owned();
        assert!(
            urns.entry(bundle).or_default().insert(urn),
            "a urn stands twice"
        );
        let resource = &entry["resource"];
        let kind = resource["resourceType"].as_str().unwrap();
        assert_eq!(entry["request"]["url"], kind);
        if bundle > 0 {
            continue;
        }
        for identifier in resource["identifier"].as_array().into_iter().flatten() {
            let (system, value) = (&identifier["system"], &identifier["value"]);
            let by = format!(
                "identifier={}|{}",
                system.as_str().unwrap(),
                value.as_str().unwrap()
            );
            assert_eq!(entry["request"]["ifNoneExist"], by.as_str());
            found_by.insert(format!("{kind}?{by}"));
        }
    }
    for (bundle, entry) in entries(&clinic) {
        let mut references = Vec::new();
        collect(&entry["resource"], "reference", &mut references);
        for reference in references {
            assert!(
                urns[&bundle].contains(&reference) || found_by.contains(&reference),
                "{reference}"
            );
        }
    }
    for (number, patient) in clinic.patients.iter().enumerate() {
        assert!(urns[&(number + 1)].contains(&format!("urn:uuid:{}", patient.urn)));
    }
}

#[test]
fn every_resource_is_marked_and_nobodys() {
    let clinic = demo();
    let mut kinds = BTreeSet::new();
    for resource in resources(&clinic) {
        let tag = &resource["meta"]["tag"][0];
        assert_eq!(
            (&tag["system"], &tag["code"]),
            (&"urn:vouchsafe".into(), &"synthetic".into())
        );
        kinds.insert(resource["resourceType"].as_str().unwrap().to_owned());
        for identifier in resource["identifier"].as_array().into_iter().flatten() {
            if identifier["system"] == "http://hl7.org/fhir/sid/us-ssn" {
                let ssn = identifier["value"].as_str().unwrap();
                assert!(ssn.starts_with('9') && ssn.len() == 11, "{ssn}");
                assert!(
                    ssn.split('-').nth(1).unwrap().parse::<u32>().unwrap() < 50,
                    "{ssn}"
                );
            }
        }
    }
    let expected = [
        "Appointment",
        "CareTeam",
        "Condition",
        "DocumentReference",
        "Encounter",
        "Location",
        "MedicationRequest",
        "Observation",
        "Organization",
        "Patient",
        "Practitioner",
        "PractitionerRole",
        "Schedule",
        "Slot",
    ];
    assert_eq!(
        kinds.iter().map(String::as_str).collect::<Vec<_>>(),
        expected
    );
}

#[test]
fn the_first_patient_of_each_practitioner_comes_today() {
    let clinic = demo();
    let today = TODAY.to_string();
    for bundle in &clinic.bundles[1..=clinic.practitioners.len()] {
        let bundle: Value = serde_json::from_str(bundle).unwrap();
        let comes = bundle["entry"].as_array().unwrap().iter().any(|entry| {
            let resource = &entry["resource"];
            resource["resourceType"] == "Appointment"
                && resource["status"] == "booked"
                && resource["start"].as_str().unwrap().starts_with(&today)
        });
        assert!(comes);
    }
}

#[test]
fn nobody_is_booked_twice_at_a_time() {
    let clinic = clinic(
        3,
        ClinicSize {
            practitioners: 3,
            patients: 200,
        },
        TODAY,
    );
    let mut seen = BTreeSet::new();
    for resource in resources(&clinic) {
        if resource["resourceType"] == "Appointment" && resource["status"] == "booked" {
            let with = &resource["participant"][1]["actor"]["reference"];
            assert!(seen.insert((resource["start"].to_string(), with.to_string())));
        }
    }
    assert_eq!(seen.len(), 200);
}

#[test]
fn temperatures_keep_both_decimals() {
    let text = demo().bundles.concat();
    let values: Vec<&str> = text
        .split("\"code\":\"8310-5\"")
        .skip(1)
        .map(|rest| {
            rest.split("\"value\":")
                .nth(1)
                .unwrap()
                .split(',')
                .next()
                .unwrap()
        })
        .collect();
    assert!(!values.is_empty());
    assert!(
        values
            .iter()
            .all(|value| value.split('.').nth(1).is_some_and(|part| part.len() == 2))
    );
}

#[test]
fn notes_are_text_with_the_patients_name() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let clinic = demo();
    let mut notes = 0;
    for (bundle, entry) in entries(&clinic) {
        let data = &entry["resource"]["content"][0]["attachment"]["data"];
        let Some(data) = data.as_str() else { continue };
        let note = String::from_utf8(STANDARD.decode(data).unwrap()).unwrap();
        assert!(note.contains(&clinic.patients[bundle - 1].name), "{note}");
        notes += 1;
    }
    assert!(notes >= clinic.patients.len());
}

#[test]
fn every_resource_is_as_its_table_says() {
    for resource in resources(&demo()) {
        let kind = resource["resourceType"].as_str().unwrap().to_owned();
        let tables = conformance::Tables::read(&kind);
        assert_eq!(tables.faults(&resource), [""; 0]);
    }
}

/// Every text of a member of this name.
fn collect(value: &Value, member: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if name == member => found.push(text.clone()),
                    _ => collect(value, member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, member, found)),
        _ => {}
    }
}

mod conformance {
    //! A plain reading of the pack's tables, independent of the product's own code.

    use std::collections::BTreeMap;

    use serde_json::{Map, Value};

    pub(super) struct Tables {
        own: BTreeMap<String, (String, String)>,
        datatypes: BTreeMap<String, (String, String)>,
    }

    impl Tables {
        pub(super) fn read(kind: &str) -> Self {
            Self {
                own: table(kind),
                datatypes: table("datatypes"),
            }
        }

        pub(super) fn faults(&self, resource: &Value) -> Vec<String> {
            let mut members = resource.as_object().unwrap().clone();
            let kind = members.remove("resourceType").unwrap();
            let mut faults = Vec::new();
            self.object(kind.as_str().unwrap(), None, &members, &mut faults);
            faults
        }

        fn object(
            &self,
            own: &str,
            datatype: Option<&str>,
            members: &Map<String, Value>,
            faults: &mut Vec<String>,
        ) {
            let line = |name: &str| {
                self.own
                    .get(&format!("{own}.{name}"))
                    .or_else(|| self.datatypes.get(&format!("{}.{name}", datatype?)))
            };
            for (name, value) in members {
                let Some((kind, card)) = line(name) else {
                    faults.push(format!("{own}.{name} is not in the table"));
                    continue;
                };
                if card.ends_with('*') != value.is_array() {
                    faults.push(format!("{own}.{name} is a list or not: {card}"));
                }
                let one = std::slice::from_ref(value);
                for item in value.as_array().map_or(one, Vec::as_slice) {
                    self.item(&format!("{own}.{name}"), kind, item, faults);
                }
            }
            let prefix = format!("{}.", datatype.unwrap_or(own));
            let of = if datatype.is_some() {
                &self.datatypes
            } else {
                &self.own
            };
            for (path, (_, card)) in of {
                let child = path
                    .strip_prefix(&prefix)
                    .filter(|child| !child.contains(['.', '[']));
                if let Some(child) = child
                    && card.starts_with("1..")
                    && !members.contains_key(child)
                {
                    faults.push(format!("{own}.{child} is required"));
                }
            }
        }

        fn item(&self, path: &str, kind: &str, item: &Value, faults: &mut Vec<String>) {
            let kind = kind.split('(').next().unwrap();
            let fits = match item {
                Value::Object(members) if kind == "BackboneElement" => {
                    self.object(path, None, members, faults);
                    true
                }
                Value::Object(members) => {
                    self.object(path, Some(kind), members, faults);
                    kind.starts_with(|first: char| first.is_ascii_uppercase())
                }
                Value::Bool(_) => kind == "boolean",
                Value::Number(_) => {
                    matches!(kind, "decimal" | "integer" | "positiveInt" | "unsignedInt")
                }
                Value::String(text) => match kind {
                    "date" => text.parse::<jiff::civil::Date>().is_ok(),
                    "dateTime" => {
                        text.parse::<jiff::Timestamp>().is_ok()
                            || text.parse::<jiff::civil::Date>().is_ok()
                    }
                    "instant" => text.parse::<jiff::Timestamp>().is_ok(),
                    "boolean" | "decimal" | "integer" | "positiveInt" | "unsignedInt" => false,
                    _ => {
                        !text.is_empty()
                            && kind.starts_with(|first: char| first.is_ascii_lowercase())
                    }
                },
                _ => false,
            };
            if !fits {
                faults.push(format!("{path} is no {kind}"));
            }
        }
    }

    fn table(name: &str) -> BTreeMap<String, (String, String)> {
        let path = format!(
            "{}/../../packs/fhir-r4/{name}.tsv",
            env!("CARGO_MANIFEST_DIR")
        );
        std::fs::read_to_string(path)
            .unwrap()
            .lines()
            .skip(1)
            .map(|line| {
                let cells: Vec<&str> = line.split('\t').collect();
                (
                    cells[0].to_owned(),
                    (cells[1].to_owned(), cells[2].to_owned()),
                )
            })
            .collect()
    }
}
