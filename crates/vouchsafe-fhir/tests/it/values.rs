//! When values pass a search: what is asked for is planned as the engine does, and tested on a document.

use vouchsafe::document::Document;
use vouchsafe_records::search::{Parameter, plan};

/// Whether a document of that type meets a parameter.
fn meets(record_type: &str, json: &str, name: &str, value: &str) -> bool {
    let pack = vouchsafe_fhir::pack().unwrap();
    let document = Document::parse(json.as_bytes()).unwrap();
    let (name, modifier) = match name.split_once(':') {
        Some((name, modifier)) => (name, Some(modifier)),
        None => (name, None),
    };
    let parameter = Parameter {
        name,
        modifier,
        value,
    };
    let plan = plan(pack.record_type(record_type).unwrap(), &[parameter]).unwrap();
    let [predicate] = plan.predicates.as_slice() else {
        panic!("one parameter is one predicate")
    };
    predicate.holds(&document)
}

#[test]
fn tokens_are_found_wherever_they_stand() {
    let json = r#"{"status":"final","active":true,
        "identifier":[{"system":"s","value":"1"},{"value":"2"}],
        "valueCodeableConcept":{"coding":[{"system":"loinc","code":"8302-2"},{"code":"x"}],"text":"height"},
        "code":{"coding":[{"system":"loinc","code":"8302-2"},{"code":"x"}],"text":"height"}}"#;
    for (name, value, found) in [
        ("status", "final", true),
        ("status", "Final", false),
        ("status", "s|final", false),
        (
            "status",
            "http://hl7.org/fhir/observation-status|final",
            true,
        ),
        (
            "status",
            "http://hl7.org/fhir/observation-status|amended",
            false,
        ),
        ("status", "http://hl7.org/fhir/observation-status|", true),
        (
            "status:not",
            "http://hl7.org/fhir/observation-status|final",
            false,
        ),
        ("code", "http://hl7.org/fhir/observation-status|x", false),
        ("status", "|final", true),
        ("status", "s|", false),
        ("identifier", "1", true),
        ("identifier", "s|1", true),
        ("identifier", "s|2", false),
        ("identifier", "|2", true),
        ("identifier", "|1", false),
        ("identifier", "s|", true),
        ("identifier", "t|", false),
        ("identifier", "t|1,s|1", true),
        ("code", "loinc|8302-2", true),
        ("code", "loinc|x", false),
        ("code", "|x", true),
        ("code", "height", false),
        ("code:not", "x", false),
        ("code:not", "y", true),
        ("category", "x", false),
        ("category:missing", "true", true),
        ("code:missing", "true", false),
    ] {
        assert_eq!(
            meets("Observation", json, name, value),
            found,
            "{name}={value}"
        );
    }
}

#[test]
fn text_is_found_in_the_parts_of_a_name() {
    let json = r#"{"name":[{"use":"official","family":"Müller","given":["Ann","Bo"]}]}"#;
    for (name, value, found) in [
        ("family:exact", "MULLER", false),
        ("family:exact", "Müller", true),
        ("family:exact", "Mül", false),
        ("family", "mul", true),
        ("family", "lle", false),
        ("family:contains", "lle", true),
        ("given:exact", "bo", false),
        ("given:exact", "Bo", true),
        ("given", "official", false),
        ("given", "x,an", true),
    ] {
        assert_eq!(meets("Patient", json, name, value), found, "{name}={value}");
    }
}

#[test]
fn references_name_the_whole_target() {
    const ONE: &str = "0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01";
    const TWO: &str = "11111111-2222-4333-8444-555555555555";
    let json = format!(
        r#"{{"performer":[{{"reference":"Practitioner/{ONE}/_history/3"}},
            {{"reference":"Organization/12","identifier":{{"system":"s","value":"7"}}}}],
            "encounter":{{"reference":"Encounter/{TWO}"}}}}"#
    );
    for (name, value, found) in [
        ("performer", format!("Practitioner/{ONE}"), true),
        ("performer", format!("Practitioner/{TWO}"), false),
        ("performer:Practitioner", ONE.to_owned(), true),
        ("performer:Organization", ONE.to_owned(), false),
        ("performer", "Organization/12".to_owned(), true),
        ("performer", "Organization/1".to_owned(), false),
        ("performer:identifier", "s|7".to_owned(), true),
        ("performer:identifier", "s|8".to_owned(), false),
        // The pack says what an id alone is of.
        ("encounter", TWO.to_owned(), true),
        ("encounter", ONE.to_owned(), false),
    ] {
        assert_eq!(
            meets("Observation", &json, name, &value),
            found,
            "{name}={value}"
        );
    }
}

#[test]
fn dates_compare_as_fhir_says() {
    let all = ["eq", "ne", "lt", "gt", "le", "ge", "sa", "eb"];
    for (value, passing) in [
        (r#""2015-06-10""#, vec!["eq", "le", "ge"]),
        (r#""2015-06""#, vec!["eq", "le", "ge"]),
        (r#""2015""#, vec!["ne", "lt", "gt", "le", "ge"]),
        (r#""2015-05-31""#, vec!["ne", "lt", "le", "eb"]),
        (r#""2015-07-01T00:00:00Z""#, vec!["ne", "gt", "ge", "sa"]),
        (
            r#"{"start":"2015-06-02","end":"2015-06-03"}"#,
            vec!["eq", "le", "ge"],
        ),
        (r#"{"start":"2015-06-02"}"#, vec!["ne", "gt", "ge"]),
        (r#"{"end":"2015-06-02"}"#, vec!["ne", "lt", "le"]),
        // What cannot be read may be any time.
        (
            r#"{"start":"soon","end":"2015-06"}"#,
            vec!["ne", "lt", "le"],
        ),
        (r#""soon""#, vec!["ne", "lt", "gt", "le", "ge"]),
        // Stored by a release that took it.
        (r#""2015-06-10T10:00Z""#, vec!["eq", "le", "ge"]),
        (r#""2015-06-10T10:00:00.Z""#, vec!["eq", "le", "ge"]),
        // A month has no zone.
        (r#""2015-06-30T23:00:00-12:00""#, vec!["eq", "le", "ge"]),
        (r"{}", vec![]),
    ] {
        let json = format!(r#"{{"period":{value}}}"#);
        for op in all {
            let asked = format!("{op}2015-06");
            assert_eq!(
                meets("Encounter", &json, "date", &asked),
                passing.contains(&op),
                "{value} {op}"
            );
        }
    }
}

/// The index and the test after opening read times alike: what is written is found by the same text.
#[test]
fn a_time_is_found_by_its_own_text() {
    for text in [
        "2026-11-24T10:00Z",
        "9999-12-31T23:59:59.5-14:00",
        "2026-11-24T10:00:00Z",
        "2026-11-24T10:00:00.5Z",
        "2026-11-24T10:00:00.123456-05:00",
    ] {
        let json = format!(r#"{{"start":"{text}"}}"#);
        assert!(meets("Appointment", &json, "date", text), "{text}");
    }
}
