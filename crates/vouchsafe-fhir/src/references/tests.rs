use vouchsafe::ids::Version;

use super::*;

const ID: &str = "0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01";
const URN: &str = "urn:uuid:11111111-1111-4111-8111-11111111111f";
const NAME: &str = "http://a.example/fhir/Patient/1";

fn targets() -> Targets {
    let mut targets = Targets::new("https://host/fhir/R4");
    for name in [URN, NAME] {
        let named = Named::Record {
            record_type: "Patient".parse().unwrap(),
            id: ID.parse().unwrap(),
            version: Version::new(3),
        };
        targets.names.add(Some(name), None, named);
    }
    targets
}

fn applied_in(text: &str, full_url: Option<&str>) -> Result<String, (String, Option<String>)> {
    let pack = crate::pack().unwrap();
    let declared = pack.record_type("Observation").unwrap();
    let mut document = Document::parse(text.as_bytes()).unwrap();
    match targets().apply(&mut document, Some(declared), full_url) {
        Ok(()) => Ok(document.to_json()),
        Err(problem) => {
            let (code, _, path) = problem.first();
            Err((code.to_owned(), path.map(str::to_owned)))
        }
    }
}

fn applied(text: &str) -> Result<String, (String, Option<String>)> {
    applied_in(text, None)
}

#[test]
fn names_are_replaced_wherever_references_are() {
    for name in [URN, NAME, &URN.to_uppercase()] {
        let text = format!(
            r#"{{"subject":{{"reference":"{name}"}},"contained":[{{"a":{{"reference":"{name}"}}}}],"extension":[{{"url":"u","valueReference":{{"reference":"{name}"}}}}]}}"#
        );
        assert_eq!(
            applied(&text).unwrap(),
            text.replace(name, &format!("Patient/{ID}"))
        );
    }
    let text = format!(r#"{{"subject":{{"reference":"{NAME}/_history/9"}}}}"#);
    let expected = format!(r#"{{"subject":{{"reference":"Patient/{ID}/_history/3"}}}}"#);
    assert_eq!(applied(&text).unwrap(), expected);
    let text = r#"{"subject":{"reference":"Patient/1"}}"#;
    let expected = format!(r#"{{"subject":{{"reference":"Patient/{ID}"}}}}"#);
    assert_eq!(
        applied_in(text, Some("http://a.example/fhir/X/y")).unwrap(),
        expected
    );
}

#[test]
fn texts_that_are_no_links_stay() {
    let other = URN.replace('1', "2");
    for text in [
        format!(r#"{{"identifier":[{{"system":"urn:ietf:rfc:3986","value":"{URN}"}}]}}"#),
        format!(r#"{{"text":{{"div":"<div>{URN}</div>"}}}}"#),
        format!(r#"{{"content":[{{"attachment":{{"url":"{other}"}}}}]}}"#),
        r##"{"a":{"reference":"#me"},"b":{"reference":"http://other.example/Patient/1"}}"##
            .to_owned(),
        format!(r#"{{"reference":{{"reference":"Patient/{ID}"}}}}"#),
        r#"{"reference":7,"url":[1,null]}"#.to_owned(),
        format!(r#"{{"subject":{{"reference":"{NAME}/x"}}}}"#),
    ] {
        assert_eq!(applied(&text).unwrap(), text);
    }
}

#[test]
fn a_reference_without_target_is_refused_by_its_element() {
    let other = URN.replace('1', "2");
    let not_found = |path: &str| Err(("not-found".to_owned(), Some(path.to_owned())));
    let text = format!(r#"{{"subject":{{"reference":"{other}"}}}}"#);
    assert_eq!(applied(&text), not_found("Observation.subject.reference"));
    let text = r#"{"performer":[{"reference":"a/b"},{"reference":"Practitioner?identifier=x|1"}]}"#;
    assert_eq!(
        applied(text),
        not_found("Observation.performer[1].reference")
    );
    // Undeclared names are the caller's.
    let text = format!(r#"{{"Smith":{{"reference":"{other}"}}}}"#);
    assert_eq!(applied(&text), not_found("Observation"));
    // Which of the two is meant?
    let text = r#"{"subject":{"reference":"Patient/1"}}"#;
    assert_eq!(applied(text), not_found("Observation.subject.reference"));
}

#[test]
fn our_own_address_is_made_relative() {
    let full = format!(r#"{{"a":{{"reference":"https://host/fhir/R4/Patient/{ID}"}}}}"#);
    let expected = format!(r#"{{"a":{{"reference":"Patient/{ID}"}}}}"#);
    assert_eq!(applied(&full).unwrap(), expected);
    let near = format!(r#"{{"a":{{"reference":"https://host/fhir/R4x/Patient/{ID}"}}}}"#);
    assert_eq!(applied(&near).unwrap(), near);
}

#[test]
fn each_condition_is_collected_once() {
    let text = r#"{"a":{"reference":"Practitioner?identifier=x|1"},"b":[{"reference":"Practitioner?identifier=x|1"},{"reference":"Location?identifier=x|1"}]}"#;
    let document = Document::parse(text.as_bytes()).unwrap();
    let mut targets = targets();
    targets.collect(&document);
    assert_eq!(targets.conditions.len(), 2);
}

#[test]
fn references_alone_are_mapped() {
    let text = r#"{"a":{"reference":"x"},"url":"x","div":"<div><a href='x'>x</a></div>"}"#;
    let mut document = Document::parse(text.as_bytes()).unwrap();
    map_references(&mut document, &mut |text| {
        (text == "x").then(|| "y".to_owned())
    });
    assert_eq!(document.to_json(), text.replacen("\"x\"", "\"y\"", 1));
}
