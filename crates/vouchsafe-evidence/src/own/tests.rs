use std::fs;

use super::*;
use crate::check::Check;
use crate::judgement::Outcome;
use crate::trial::{Trial, codes};

const SETTINGS: &str = "[[facts]]\nname = \"buckets\"\npath = \"facts.json\"\n";

const CHECK: &str = r#"
id = "own.buckets"
title = "No bucket is public"
controls = ["CC6.1"]
kind = "state"
cadence_hours = 24
grace_hours = 24
severity = "high"
remedy = "Close it."
needs = ["facts.json/1"]
evaluator = "expression"

[parameters]
facts = "buckets"
items = "$.buckets[*]"
id = "$.name"
holds = "@.public == false && (@.encryption == 'aws:kms' || @.encryption == 'AES256')"
code = "BUCKET_OPEN"
text = "the bucket is public or not encrypted"
max_age_hours = 48

[[case]]
name = "closed"
at = "2026-06-30T00:00:00Z"
expect = "pass"
[[case.evidence]]
type = "facts.json/1"
source = "facts:buckets"
text = '{"buckets": [{"name": "a", "public": false, "encryption": "AES256"}]}'

[[case]]
name = "open, and one of which nobody says"
at = "2026-06-30T00:00:00Z"
expect = "fail"
deviations = ["BUCKET_OPEN", "BUCKET_OPEN"]
[[case.evidence]]
type = "facts.json/1"
source = "facts:buckets"
text = '{"buckets": [{"name": "a", "public": true, "encryption": "AES256"}, {"name": "b", "encryption": "AES256"}]}'
"#;

fn judged(facts: &str) -> crate::judgement::Judgement {
    let trial = Trial::new(SETTINGS, &[("facts.json", facts)]);
    // The file was written now; the trial judges in its own time.
    let now = jiff::Timestamp::now().as_second() - 1_780_000_000;
    trial.run(now + 60, &[CHECK]).remove(0)
}

#[test]
fn each_item_must_fulfil_the_condition_and_a_missing_field_does_not() {
    let judgement = judged(
        r#"{"buckets": [{"name": "a", "public": false, "encryption": "AES256"}, {"name": "b", "public": false},
        {"name": "c", "public": "no", "encryption": "aws:kms"}, {"name": 4, "public": true, "encryption": "AES256"}]}"#,
    );
    let expected = [
        ("BUCKET_OPEN", "4"),
        ("BUCKET_OPEN", "b"),
        ("BUCKET_OPEN", "c"),
    ];
    assert_eq!(codes(&judgement), expected);
}

#[test]
fn a_missing_field_fails_however_the_condition_is_written() {
    let trial = Trial::new(
        SETTINGS,
        &[(
            "facts.json",
            r#"{"buckets": [{"name": "a"}, {"name": "b", "public": true, "encryption": "AES256"}]}"#,
        )],
    );
    let now = jiff::Timestamp::now().as_second() - 1_780_000_000;
    let holds = "@.public == false && (@.encryption == 'aws:kms' || @.encryption == 'AES256')";
    for other in [
        "@.public != true",
        "!(@.public == true)",
        "!@.public || @.public == false",
    ] {
        let check = CHECK.replace(holds, other);
        let judgement = trial.run(now + 60, &[&check]).remove(0);
        let expected = [("BUCKET_OPEN", "a"), ("BUCKET_OPEN", "b")];
        assert_eq!(codes(&judgement), expected, "{other}");
    }
}

#[test]
fn conditions_that_cannot_fail_or_never_end_do_not_load() {
    let holds = "@.public == false && (@.encryption == 'aws:kms' || @.encryption == 'AES256')";
    let deep = format!(
        "{}@.public == false{}",
        "(".repeat(5_000),
        ")".repeat(5_000)
    );
    for other in [
        "@.public == false, ?@.name != 'x'",
        "@.public == false) || (1 == 1",
        "1 == 1",
        "$[0].public == false",
        "count(@..*..*..*) > 0",
        "@[?@.x == 1]",
        "!match(@.name, '[') && @.public == false",
        "search(@.name, '((a{1000}){1000}){1000}')",
        &deep,
    ] {
        assert!(
            Check::load(&CHECK.replace(holds, other)).is_err(),
            "{other:.60}"
        );
    }
    for (from, to) in [
        ("$.buckets[*]", "$.buckets[?@.public == false]"),
        ("$.buckets[*]", "$..buckets[*]"),
        ("max_age_hours = 48", "max_age_hours = 9223372036854775807"),
        ("max_age_hours = 48", "max_age_hours = -5"),
    ] {
        assert!(Check::load(&CHECK.replace(from, to)).is_err(), "{to}");
    }
}

#[test]
fn facts_about_patients_are_not_stored() {
    let trial = Trial::new(
        SETTINGS,
        &[(
            "facts.json",
            r#"{"resourceType": "Patient", "name": [{"family": "Roe", "given": ["Jane"]}], "birthDate": "1961-04-12"}"#,
        )],
    );
    let now = jiff::Timestamp::now().as_second() - 1_780_000_000;
    let judgement = trial.run(now + 60, &[CHECK]).remove(0);
    assert_eq!(judgement.outcome, Outcome::Error);
    assert!(
        judgement.notes[0].contains("not stored"),
        "{:?}",
        judgement.notes
    );
    let stored = trial.stored(FACTS);
    assert!(stored.iter().all(|(_, content)| content.is_empty()));
}

#[test]
fn facts_are_read_below_the_project_only_and_have_one_name_each() {
    for path in ["/etc/passwd", "../facts.json"] {
        let settings = format!("[[facts]]\nname = \"buckets\"\npath = \"{path}\"\n");
        let trial = Trial::new(&settings, &[]);
        let now = jiff::Timestamp::now().as_second() - 1_780_000_000;
        let judgement = trial.run(now + 60, &[CHECK]).remove(0);
        assert!(
            judgement.notes[0].contains("not below the project"),
            "{:?}",
            judgement.notes
        );
    }
    let head = "[project]\nname = \"t\"\nsince = \"2026-01-01\"\n[log]\nstore = \"folder:x\"\nkey = \"x\"\n";
    let twice = format!("{head}{SETTINGS}{SETTINGS}");
    let error = crate::project::Settings::parse(twice.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("two rows"), "{error}");
}

#[test]
fn nothing_to_look_at_and_items_without_an_id_are_errors() {
    let closed = r#"{"name": "a", "public": false, "encryption": "AES256"}"#;
    for (facts, words) in [
        ("{\"buckets\": []}".to_owned(), "has no such items"),
        ("{\"bucket\": [1]}".to_owned(), "has no such items"),
        ("{\"buckets\": [{}]}".to_owned(), "has no id"),
        ("{\"buckets\": [{\"name\": null}]}".to_owned(), "has no id"),
        (format!("{{\"buckets\": [{closed}, {closed}]}}"), "same id"),
        ("{\"buckets\": [".to_owned(), "no JSON"),
        (String::new(), "is empty"),
    ] {
        let judgement = judged(&facts);
        assert_eq!(judgement.outcome, Outcome::Error, "{facts}");
        assert!(
            judgement.notes[0].contains(words),
            "{facts}: {:?}",
            judgement.notes
        );
    }
}

#[test]
fn facts_that_are_old_or_were_never_collected_are_errors() {
    let trial = Trial::new(SETTINGS, &[("facts.json", "{}")]);
    let now = jiff::Timestamp::now().as_second() - 1_780_000_000;
    let judgement = trial.run(now + 49 * 3600, &[CHECK]).remove(0);
    assert_eq!(judgement.outcome, Outcome::Error);
    assert!(
        judgement.notes[0].contains("older than 48 hours"),
        "{:?}",
        judgement.notes
    );
    let trial = Trial::new("", &[]);
    assert_eq!(trial.run(now, &[CHECK]).remove(0).outcome, Outcome::Error);
}

#[test]
fn a_definition_that_cannot_be_heeded_does_not_load() {
    assert!(Check::load(CHECK).is_ok());
    for (from, to) in [
        ("items = \"$.buckets[*]\"", "items = \"buckets\""),
        ("items = \"$.buckets[*]\"", "itmes = \"$.buckets[*]\""),
        ("@.public == false &&", "@.public = false &&"),
        ("kind = \"state\"", "kind = \"population\""),
        ("expect = \"fail\"", "expect = \"pass\""),
        ("max_age_hours = 48\n", ""),
    ] {
        assert!(CHECK.contains(from), "{from}");
        assert!(Check::load(&CHECK.replace(from, to)).is_err(), "{to}");
    }
}

#[test]
fn own_checks_stand_beside_those_of_the_program_and_replace_none() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("evidence/checks");
    let ours = Check::all().unwrap().len();
    assert_eq!(all_of(root.path()).unwrap().len(), ours);
    fs::create_dir_all(&folder).unwrap();
    let put = |text: &str| fs::write(folder.join("buckets.toml"), text).unwrap();
    put(CHECK);
    assert_eq!(all_of(root.path()).unwrap().len(), ours + 1);
    for (from, to, words) in [
        ("own.buckets", "change.reviewed", "the id must be own."),
        ("own.buckets", "own.my check", "the id must be own."),
        ("own.buckets", "own./../../x", "the id must be own."),
        ("own.buckets", "own.", "the id must be own."),
        ("[\"CC6.1\"]", "[]", "no control"),
        (
            "cadence_hours = 24",
            "cadence_hours = 4294967295",
            "a year at most",
        ),
        (
            "Close it.",
            "Tell Jane Roe, SSN 219-09-9999.",
            "look like PHI",
        ),
        ("CC6.1", "CC61", "is CC6.1 meant?"),
        ("facts.json/1\"]", "facts/1\"]", "no type of evidence"),
    ] {
        put(&CHECK.replace(from, to));
        let error = all_of(root.path()).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert!(error.starts_with("evidence/checks/buckets.toml"), "{error}");
    }
    put(CHECK);
    fs::write(folder.join("again.toml"), CHECK).unwrap();
    let error = all_of(root.path()).unwrap_err().to_string();
    assert!(error.contains("too"), "{error}");
    fs::rename(folder.join("again.toml"), folder.join("again.yaml")).unwrap();
    let error = all_of(root.path()).unwrap_err().to_string();
    assert!(error.contains(".toml"), "{error}");
}
