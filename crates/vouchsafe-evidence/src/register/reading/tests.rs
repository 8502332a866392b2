use super::*;
use crate::register::egress::Egress;
use crate::register::exceptions::Exceptions;
use crate::register::people::People;
use crate::register::vendors::Vendors;

fn faults_of<R: Register>(text: &str) -> Vec<String> {
    faults::<R>(text.as_bytes())
        .iter()
        .map(ToString::to_string)
        .collect()
}

const PERSON: &str = "[[person]]\nid = \"p1\"\nrole = \"engineer\"\njoined = 2024-01-01\n";

#[test]
fn a_misspelt_field_is_refused_with_line_and_nearest_name() {
    let text = format!("# people\n{PERSON}forgee = [\"x\"]\n");
    assert_eq!(
        faults_of::<People>(&text),
        [
            "evidence/people.toml:6: person.forgee: there is no field \"forgee\"; did you mean \"forge\"?"
        ]
    );
}

#[test]
fn a_misspelt_table_is_refused_with_line_and_nearest_name() {
    let text = format!("{PERSON}\n[[oficial]]\nrole = \"x\"\n");
    assert_eq!(
        faults_of::<People>(&text),
        [
            "evidence/people.toml:6: oficial: there is no table \"oficial\"; did you mean \"official\"?"
        ]
    );
}

#[test]
fn a_misspelt_value_is_refused_with_line_field_and_nearest_name() {
    let text = "[[egress]]\nid = \"a\"\nvendor = \"v\"\nservice = \"s\"\nhosts = [\"example.com\"]\npurpose = \"p\"\nphi = \"posible\"\nowner = \"p1\"\n";
    assert_eq!(
        faults_of::<Egress>(text),
        [
            "evidence/egress.toml:7: egress.phi: the value cannot be \"posible\"; did you mean \"possible\"?"
        ]
    );
}

#[test]
fn a_missing_field_is_refused_at_its_row() {
    let text = format!("{PERSON}\n[[person]]\nid = \"p2\"\njoined = 2024-01-01\n");
    assert_eq!(
        faults_of::<People>(&text),
        ["evidence/people.toml:6: person.role: it is missing"]
    );
}

#[test]
fn a_value_of_another_kind_is_refused_at_its_line() {
    let text = PERSON.replace("2024-01-01", "\"soon\"");
    let found = faults_of::<People>(&text);
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .starts_with("evidence/people.toml:4: person.joined: a day is written as 2026-06-30"),
        "{found:?}"
    );
    let text = PERSON.replace("2024-01-01", "2024-01-01T00:00:00Z");
    assert!(faults_of::<People>(&text)[0].contains("without a time"));
}

#[test]
fn a_day_with_or_without_quotation_marks_is_one_day() {
    assert_eq!(faults_of::<People>(PERSON), [""; 0]);
    assert_eq!(
        faults_of::<People>(&PERSON.replace("2024-01-01", "\"2024-01-01\"")),
        [""; 0]
    );
}

#[test]
fn a_moment_without_its_zone_is_refused() {
    let text = format!("{PERSON}left = 2026-05-29\nleft_at = 2026-05-29T15:00:00\n");
    assert!(faults_of::<People>(&text)[0].contains("with its time zone"));
    let text = format!("{PERSON}left = 2026-05-29\nleft_at = 2026-05-30T15:00:00Z\n");
    assert!(faults_of::<People>(&text)[0].contains("not on the day"));
}

#[test]
fn all_faults_of_a_file_are_named_at_once() {
    let text = "[[person]]\nid = \"\"\nrole = \"x\"\njoined = 2024-01-01\n[[person]]\nid = \"b\"\n[[person]]\nid = \"c\"\nrole = \"x\"\njoined = 2024-01-01\nleft = 2023-01-01\n";
    let found = faults_of::<People>(text);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(
        found[0].contains(":2: person.id: the text is empty"),
        "{found:?}"
    );
    assert!(found[2].contains("ends before it begins"), "{found:?}");
}

#[test]
fn one_id_twice_is_refused() {
    let found = faults_of::<People>(&format!("{PERSON}{PERSON}"));
    assert_eq!(
        found,
        ["evidence/people.toml:5: person.id: the id p1 stands on line 1 already"]
    );
}

#[test]
fn what_is_no_toml_is_refused_with_its_line() {
    assert!(faults_of::<People>("[[person]]\nid = \n")[0].starts_with("evidence/people.toml:2: "));
    assert_eq!(
        faults::<People>(b"\xff")[0].problem,
        "the file is not UTF-8"
    );
}

const VENDOR: &str =
    "[[vendor]]\nid = \"cloud\"\nname = \"Cloudhost\"\ncriticality = \"low\"\nphi = \"yes\"\n";

fn agreement(covers: &str) -> String {
    let digest = "0".repeat(64);
    format!(
        "{VENDOR}[[agreement]]\nid = \"a\"\nvendor = \"cloud\"\neffective = 2026-01-01\nreview_by = 2026-12-01\ncovers = [{covers}]\ndocument = {{ sha256 = \"{digest}\", kept = \"safe\" }}\nflow_down = true\nbreach_notice_days = 10\n"
    )
}

#[test]
fn an_agreement_covers_services_and_never_everything() {
    assert_eq!(
        faults_of::<Vendors>(&agreement("\"Object Store\"")),
        [""; 0]
    );
    for covers in [
        "\"*\"",
        "\"all\"",
        "\"All Services\"",
        "\"Cloudhost\"",
        "\"cloud\"",
        "\"Object*\"",
        "",
    ] {
        let found = faults_of::<Vendors>(&agreement(covers));
        assert!(
            found.len() == 1 && found[0].contains("agreement.covers"),
            "{covers}: {found:?}"
        );
    }
}

#[test]
fn an_agreement_with_nobody_is_refused() {
    let text = agreement("\"x\"").replace("vendor = \"cloud\"", "vendor = \"cluod\"");
    assert!(faults_of::<Vendors>(&text)[0].contains("there is no vendor cluod"));
}

#[test]
fn a_document_without_a_place_or_with_a_wrong_digest_is_refused() {
    for (from, to, says) in [
        (", kept = \"safe\"", "", "either a path"),
        (
            "kept = \"safe\"",
            "kept = \"safe\", path = \"x\"",
            "either a path",
        ),
        (
            "kept = \"safe\"",
            "keptt = \"safe\"",
            "did you mean \"kept\"",
        ),
        ("\"00", "\"xx", "64 lower-case hexadecimal"),
    ] {
        let found = faults_of::<Vendors>(&agreement("\"x\"").replacen(from, to, 1));
        assert!(
            found.len() == 1 && found[0].contains(":12: agreement."),
            "{found:?}"
        );
        assert!(found[0].contains(says), "{found:?}");
    }
}

#[test]
fn an_exception_names_what_it_is_about() {
    for item in ["*", "**", "a*b", "a**"] {
        let text = format!(
            "[[exception]]\nid = \"e\"\ncheck = \"c\"\nitem = \"{item}\"\nreason = \"r\"\nowner = \"a\"\napprover = \"b\"\nfrom = 2026-01-01\nuntil = 2026-01-02\n"
        );
        assert_eq!(faults_of::<Exceptions>(&text).len(), 1, "{item}");
    }
}

#[test]
fn one_account_of_two_people_is_refused() {
    let one = format!("{PERSON}forge = [\"same\"]\n");
    let two = PERSON.replace("p1", "p2") + "mail = [\"Same\"]\n";
    let found = faults_of::<People>(&format!("{one}{two}"));
    assert!(
        found.len() == 1 && found[0].contains("belongs to p1 already"),
        "{found:?}"
    );
}
