//! The pack `fhir-r4`: which slots elements are in, what is valid, whom a record is about and what it is found by.

use jiff::Timestamp;
use vouchsafe::class::{ClassSet, DataClass};
use vouchsafe::document::{Document, Layout, Node, Place};

use std::sync::Arc;
use vouchsafe_fhir::reference;
use vouchsafe_records::pack::{IssueCode, OPEN_ENDED, RecordTypeDecl, SubjectKind};

fn decl(name: &str) -> Arc<RecordTypeDecl> {
    Arc::clone(vouchsafe_fhir::pack().unwrap().record_type(name).unwrap())
}

fn document(text: &str) -> Document {
    Document::parse(text.as_bytes()).unwrap()
}

/// The slots of all leaves, by the layout alone: `path slot`.
fn slots(decl: &RecordTypeDecl, text: &str) -> Vec<String> {
    let document = document(text);
    let mut found = Vec::new();
    let root = decl.root(document.root());
    leaves(decl, root, document.root(), "", &mut found);
    found
}

fn leaves(decl: &RecordTypeDecl, at: Place, node: &Node, path: &str, found: &mut Vec<String>) {
    match node {
        Node::Object(object) => {
            for (name, value) in object.iter() {
                let below = decl.member(at, object, name);
                leaves(decl, below, value, &format!("{path}.{name}"), found);
            }
        }
        Node::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                let below = decl.item(at, item);
                leaves(decl, below, item, &format!("{path}[{number}]"), found);
            }
        }
        _ => found.push(format!("{path} {}", decl.slot(at))),
    }
}

fn slot(decl: &RecordTypeDecl, text: &str, path: &str) -> String {
    let all = slots(decl, text);
    let found = all
        .iter()
        .find_map(|line| line.strip_prefix(path)?.strip_prefix(' '));
    found
        .unwrap_or_else(|| panic!("{path} is not in {all:?}"))
        .to_owned()
}

#[test]
fn the_embedded_pack_compiles() {
    let pack = vouchsafe_fhir::pack().unwrap();
    assert!(pack.types().count() >= 27);
    for decl in pack.types() {
        assert!(!decl.declared().is_empty());
        assert_ne!(decl.strictest(), DataClass::Restricted);
        if decl.subject_kind() == SubjectKind::None {
            assert_eq!(
                decl.declared(),
                ClassSet::of(DataClass::Operational),
                "{decl:?}"
            );
        }
    }
    let names = pack.names();
    for name in [
        "Patient",
        "identifier+ssn",
        "clinical",
        "birthdate",
        "care-team",
    ] {
        assert!(names.iter().any(|known| **known == *name), "{name}");
    }
}

#[test]
fn numbers_that_identify_have_envelopes_of_their_own() {
    let patient = r#"{"resourceType":"Patient","identifier":[
        {"system":"http://hl7.org/fhir/sid/us-ssn","value":"999-11-2222"},
        {"type":{"coding":[{"code":"DL"}]},"value":"S99"},
        {"system":"urn:mrn","value":"1"}]}"#;
    let decl = decl("Patient");
    assert_eq!(
        slot(&decl, patient, ".identifier[0].value"),
        "identifier+ssn"
    );
    assert_eq!(slot(&decl, patient, ".identifier[0].system"), "identifier");
    assert_eq!(
        slot(&decl, patient, ".identifier[1].value"),
        "identifier+licence"
    );
    assert_eq!(slot(&decl, patient, ".identifier[2].value"), "identifier");
}

#[test]
fn what_nobody_declared_is_restricted() {
    let decl = decl("Patient");
    let patient = r#"{"resourceType":"Patient","favouriteColour":"red","birthDate":{"x":1},
        "name":[{"nick":"Z","given":["A"]}],
        "extension":[{"url":"http://example.org/unheard-of","valueString":"y"}]}"#;
    for path in [
        ".favouriteColour",
        ".birthDate.x",
        ".name[0].nick",
        ".extension[0].valueString",
        ".extension[0].url",
    ] {
        assert_eq!(slot(&decl, patient, path), "restricted", "{path}");
    }
    assert_eq!(slot(&decl, patient, ".name[0].given[0]"), "demographic");
    assert!(
        decl.classes_of(&document(patient))
            .contains(DataClass::Restricted)
    );
}

#[test]
fn all_that_is_inside_a_listed_extension_is_known() {
    let patient = r#"{"extension":[{"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-race",
        "extension":[{"url":"ombCategory","valueCoding":{"code":"1","new":2}}]}]}"#;
    let decl = decl("Patient");
    for path in [
        "url",
        "extension[0].url",
        "extension[0].valueCoding.code",
        "extension[0].valueCoding.new",
    ] {
        assert_eq!(
            slot(&decl, patient, &format!(".extension[0].{path}")),
            "demographic",
            "{path}"
        );
    }
}

#[test]
fn an_underscored_sibling_has_its_elements_slot() {
    let patient = r#"{"_birthDate":{"extension":[{"url":"u","valueDateTime":"1970"}]},
        "_address":[1],"_nothing":{"a":1}}"#;
    let decl = decl("Patient");
    assert_eq!(
        slot(&decl, patient, "._birthDate.extension[0].valueDateTime"),
        "demographic"
    );
    // Only primitives have one.
    assert_eq!(slot(&decl, patient, "._address[0]"), "restricted");
    assert_eq!(slot(&decl, patient, "._nothing.a"), "restricted");
}

#[test]
fn narrative_and_contained_records_are_as_strict_as_the_strictest() {
    let eob = decl("ExplanationOfBenefit");
    let text = r#"{"text":{"div":"<div>all</div>"},"contained":[
        {"resourceType":"ServiceRequest","id":"a","status":"active","x":1},
        {"resourceType":"Unheard","id":"b"}]}"#;
    assert_eq!(slot(&eob, text, ".text.div"), eob.strictest().name());
    assert_eq!(slot(&eob, text, ".contained[0].id"), "clinical");
    assert_eq!(slot(&eob, text, ".contained[0].status"), "clinical");
    assert_eq!(slot(&eob, text, ".contained[0].resourceType"), "clinical");
    assert_eq!(slot(&eob, text, ".contained[0].x"), "restricted");
    assert_eq!(slot(&eob, text, ".contained[1].id"), "restricted");
}

#[test]
fn front_desk_sees_when_and_with_whom_and_not_why() {
    let text = r#"{"status":"booked","start":"2026-11-24T10:00:00Z","reasonCode":[{"text":"HIV"}],
        "serviceType":[{"text":"Oncology"}],
        "participant":[{"actor":{"reference":"Patient/1","display":"Ann"},"status":"accepted"}]}"#;
    let decl = decl("Appointment");
    for (path, class) in [
        (".status", "scheduling"),
        (".start", "scheduling"),
        (".reasonCode[0].text", "clinical"),
        (".serviceType[0].text", "clinical"),
        (".participant[0].actor.reference", "scheduling"),
        (".participant[0].actor.display", "demographic"),
    ] {
        assert_eq!(slot(&decl, text, path), class, "{path}");
    }
}

fn issues(name: &str, text: &str) -> Vec<(String, IssueCode)> {
    let found = decl(name).validate(&document(text));
    found
        .into_iter()
        .map(|issue| (issue.path, issue.code))
        .collect()
}

#[test]
fn a_valid_patient_has_no_issues() {
    let text = r#"{"resourceType":"Patient","id":"0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01",
        "name":[{"use":"official","family":"Smith","given":["Ann",null],
        "_given":[null,{"extension":[{"url":"x"}]}]}],"birthDate":"1980-05",
        "deceasedBoolean":false,"active":true,"unheard":{"of":[]},"multipleBirthInteger":2}"#;
    assert_eq!(issues("Patient", text), []);
}

#[test]
fn issues_say_where_and_never_what() {
    use IssueCode::{AnArray, Choice, Empty, Kind, NotAnArray, Required, Syntax};
    let text = r#"{"resourceType":"Patient","name":{"family":"Smith"},"birthDate":"05/01/1980",
        "gender":["female"],"active":"yes","deceasedBoolean":false,"deceasedDateTime":"2020",
        "communication":[{"preferred":true}],"address":[],"contact":[{}],
        "telecom":[{"rank":0,"use":" home"}],"multipleBirthInteger":1.5}"#;
    let found = issues("Patient", text);
    for (path, code) in [
        ("Patient.name", NotAnArray),
        ("Patient.birthDate", Syntax),
        ("Patient.gender", AnArray),
        ("Patient.active", Kind),
        ("Patient.communication[0].language", Required),
        ("Patient.address", Empty),
        ("Patient.contact[0]", Empty),
        ("Patient.telecom[0].rank", Syntax),
        ("Patient.telecom[0].use", Syntax),
        ("Patient.multipleBirthInteger", Syntax),
    ] {
        assert!(
            found.contains(&(path.to_owned(), code)),
            "{path} in {found:?}"
        );
    }
    assert!(found.iter().any(|(_, code)| *code == Choice));
    assert!(!format!("{found:?}").contains("Smith"));
    assert_eq!(
        issues("Patient", r#"{"resourceType":"Observation"}"#),
        [("Patient".to_owned(), IssueCode::RecordType)]
    );
    assert!(
        issues(
            "Observation",
            r#"{"resourceType":"Observation","code":{"text":"x"}}"#
        )
        .contains(&("Observation.status".to_owned(), Required))
    );
}

#[test]
fn hostile_documents_are_refused_without_harm() {
    let deep = format!("{}1{}", r#"{"extension":["#.repeat(20), "]}".repeat(20));
    let text =
        format!(r#"{{"resourceType":"Patient","extension":[{deep}],"name":[[["x"]],null,7]}}"#);
    let found = issues("Patient", &text);
    assert!(found.contains(&("Patient.name[0]".to_owned(), IssueCode::Kind)));
    let many = vec!["1"; 10_000].join(",");
    let text = format!(r#"{{"resourceType":"Patient","name":[{many}]}}"#);
    assert!(issues("Patient", &text).len() <= 50);
}

const PATIENT: &str = "Patient/0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01";
const DOCTOR: &str = "Practitioner/11111111-2222-4333-8444-555555555555";

#[test]
fn subjects_are_what_the_pack_says() {
    let subjects = |name: &str, text: &str| decl(name).subjects(&document(text));
    let text = format!(
        r#"{{"participant":[{{"actor":{{"reference":"{DOCTOR}"}}}},{{"actor":{{"reference":"{PATIENT}"}}}}]}}"#
    );
    assert_eq!(subjects("Appointment", &text), [reference(PATIENT)]);
    let text =
        format!(r#"{{"subject":{{"reference":"{PATIENT}"}},"encounter":{{"reference":"x"}}}}"#);
    assert_eq!(subjects("Observation", &text), [reference(PATIENT)]);
    let text = format!(r#"{{"target":[{{"reference":"{PATIENT}"}},{{"reference":"{DOCTOR}"}}]}}"#);
    assert_eq!(subjects("Provenance", &text).len(), 2);
    assert_eq!(decl("Patient").subject_kind(), SubjectKind::Itself);
    assert_eq!(decl("Practitioner").subject_kind(), SubjectKind::None);
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn care_begins_and_ends_as_the_record_tells() {
    let now = at("2026-11-24T00:00:00Z");
    let team = |rest: &str| {
        let text = format!(
            r#"{{"status":"active","participant":[{{"member":{{"reference":"{DOCTOR}"}}{rest}}},
                {{"member":{{"reference":"{PATIENT}"}}}}],"period":{{"start":"2020-01-01T00:00:00Z"}}}}"#
        );
        decl("CareTeam").relations(&document(&text), now)
    };
    let [open] = &team("")[..] else { panic!() };
    assert_eq!(open.beneficiary, reference(DOCTOR));
    assert_eq!(open.from, at("2020-01-01T00:00:00Z"));
    // An end that is not told comes a year from now.
    assert_eq!(open.until, now + OPEN_ENDED);
    // The participant's own period is stronger than the team's.
    let [own] = &team(r#","period":{"start":"2021-01-01","end":"2021-02-01"}"#)[..] else {
        panic!()
    };
    assert_eq!(
        (own.from, own.until),
        (at("2021-01-01T00:00:00Z"), at("2021-02-02T00:00:00Z"))
    );
    // What cannot be read gives no care.
    assert_eq!(team(r#","period":{"end":"forever"}"#).len(), 0);
}

#[test]
fn care_needs_a_status_that_is_in_force() {
    let text = format!(
        r#"{{"status":"cancelled","start":"2026-11-24T10:00:00Z","end":"2026-11-24T11:00:00Z",
        "participant":[{{"actor":{{"reference":"{DOCTOR}"}}}}]}}"#
    );
    let now = at("2026-11-24T00:00:00Z");
    assert_eq!(
        decl("Appointment").relations(&document(&text), now).len(),
        0
    );
    let booked = text.replace("cancelled", "booked");
    assert_eq!(
        decl("Appointment").relations(&document(&booked), now).len(),
        1
    );
}

#[test]
fn index_terms_are_normalised() {
    let text = r#"{"identifier":[{"system":"urn:s","value":"7"},{"value":"8"}],
        "name":[{"family":"Van der BÉRG","given":["Ann","ANN"]}],"birthDate":"1980-05-01"}"#;
    let terms = decl("Patient").index_terms(&document(text));
    let of = |index: &str| -> Vec<String> {
        let named = terms.iter().filter(|term| *term.index == *index);
        named
            .map(|term| String::from_utf8(term.entry.join(&b'/')).unwrap())
            .collect()
    };
    assert_eq!(of("identifier"), ["5|urn:s|7", "|7", "|8"]);
    assert_eq!(of("family/2"), ["2 be", "2 de", "2 va"]);
    let four = ["2 be/4 berg", "2 de/4 der ", "2 va/4 van "];
    assert_eq!(of("family/4"), four);
    assert_eq!(of("family/6").len(), 3);
    assert_eq!(of("given/6"), ["2 an/4 ann /6 ann "]);
    assert!(of("family").is_empty());
    assert_eq!(of("birthdate"), ["1980-05-01"]);
    let partial = decl("Patient").index_terms(&document(r#"{"birthDate":"1980-05"}"#));
    assert_eq!(partial[0].entry, [b"1980-05"]);
    let day =
        decl("Appointment").index_terms(&document(r#"{"start":"2026-11-24T23:30:00-05:00"}"#));
    assert_eq!(day[0].entry, [b"2026-11-24"]);
    assert!(!format!("{terms:?}").contains("berg"));
}
