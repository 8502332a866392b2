//! Headers as they come, and as we write them.

use super::*;

fn with(name: &HeaderName, value: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(name, HeaderValue::from_str(value).unwrap());
    headers
}

#[test]
fn json_in_any_of_its_names_is_accepted() {
    assert!(check_accept(&HeaderMap::new(), None).is_ok());
    for range in [
        "application/fhir+json",
        "application/json",
        "application/json+fhir",
        "*/*",
        "application/*",
        "text/html, application/fhir+json;fhirVersion=4.0;q=0.9",
        "Application/FHIR+JSON; charset=utf-8",
    ] {
        assert!(check_accept(&with(&ACCEPT, range), None).is_ok(), "{range}");
    }
    for range in [
        "",
        "text/html",
        "application/fhir+xml",
        "application/fhir+json;q=0",
        "application/json; q=0.0, text/html",
        "json",
    ] {
        let refused = check_accept(&with(&ACCEPT, range), None).unwrap_err();
        assert_eq!(refused.status, StatusCode::NOT_ACCEPTABLE, "{range}");
    }
}

#[test]
fn format_goes_before_accept() {
    let html = with(&ACCEPT, "text/html");
    for format in [
        "json",
        "application/json",
        "application/fhir json",
        "application/json+fhir",
    ] {
        assert!(check_accept(&html, Some(format)).is_ok(), "{format}");
    }
    let json = with(&ACCEPT, "application/json");
    for format in ["xml", "", "html", "application/fhir+xml", "ttl"] {
        assert!(check_accept(&json, Some(format)).is_err(), "{format}");
    }
}

#[test]
fn bodies_are_json_in_utf_8() {
    for media in [
        "application/fhir+json",
        "application/json; charset=UTF-8",
        "application/json+fhir;charset=\"utf-8\"",
        "application/fhir+json; fhirVersion=4.0",
    ] {
        assert!(check_json(&with(&CONTENT_TYPE, media)).is_ok(), "{media}");
    }
    assert!(check_json(&HeaderMap::new()).is_err());
    for media in [
        "text/json",
        "application/xml",
        "application/json; charset=latin1",
        "",
    ] {
        let refused = check_json(&with(&CONTENT_TYPE, media)).unwrap_err();
        assert_eq!(
            refused.status,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{media}"
        );
    }
    for (coding, taken) in [("identity", true), ("gzip", false), ("br, identity", false)] {
        let mut headers = with(&CONTENT_TYPE, "application/json");
        headers.extend(with(&CONTENT_ENCODING, coding));
        let checked = check_json(&headers);
        assert_eq!(checked.is_ok(), taken, "{coding}");
    }
    assert!(check_form(&with(&CONTENT_TYPE, "application/x-www-form-urlencoded")).is_ok());
    assert!(check_form(&with(&CONTENT_TYPE, "multipart/form-data")).is_err());
}

#[test]
fn preferences_are_read_as_they_are_written() {
    let read = |text: &str| {
        let preferences = preferences(&with(&PREFER, text));
        (preferences.returns, preferences.lenient)
    };
    assert_eq!(read("return=minimal"), (Some(Return::Minimal), false));
    assert_eq!(
        read("Return=\"representation\", handling=lenient"),
        (Some(Return::Representation), true)
    );
    assert_eq!(
        read("return=OperationOutcome; handling=strict"),
        (Some(Return::OperationOutcome), false)
    );
    assert_eq!(
        read("return=minimal, return=representation"),
        (Some(Return::Minimal), false)
    );
    assert_eq!(read("respond-async, wait=10"), (None, false));
}

#[test]
fn a_version_has_one_spelling() {
    let tag = |text: &str| version_of(text).map(Version::number);
    assert_eq!(tag("W/\"3\""), Some(3));
    assert_eq!(tag("\"3\""), Some(3));
    for text in [
        "3",
        "W/3",
        "W/\"0\"",
        "W/\"+3\"",
        "W/\"03\"",
        "W/\"-1\"",
        "\"\"",
        "\"",
        "*",
        "W/\"4294967296\"",
    ] {
        assert_eq!(tag(text), None, "{text}");
    }
}

#[test]
fn none_match_takes_lists_and_stars() {
    let second = Version::new(2).unwrap();
    for (text, named) in [
        ("W/\"2\"", true),
        ("W/\"1\", W/\"2\"", true),
        ("*", true),
        ("W/\"1\"", false),
        ("2", true),
        ("3", false),
    ] {
        assert_eq!(
            none_match(&with(&IF_NONE_MATCH, text), second),
            named,
            "{text}"
        );
    }
    assert!(!none_match(&HeaderMap::new(), second));
}

#[test]
fn preconditions_are_heeded_or_refused() {
    let tag = with(&IF_MATCH, "W/\"1\"");
    let of = |numbers: &[u32]| {
        let versions = numbers.iter().filter_map(|number| Version::new(*number));
        Some(Expected::OneOf(versions.collect()))
    };
    assert_eq!(if_match(&tag).unwrap(), of(&[1]));
    let any = if_match(&with(&IF_MATCH, " * ")).unwrap();
    assert_eq!(any, Some(Expected::Any));
    assert_eq!(if_match(&HeaderMap::new()).unwrap(), None);
    for (text, versions) in [
        ("\"1\",W/\"2\" , \"3\"", of(&[1, 2, 3])),
        (", \"a,b\", W/\"2\",", of(&[2])),
        ("W/\"x\"", of(&[])),
        ("", None),
        (" , ", None),
        ("1", None),
        ("*, \"1\"", None),
        ("\"1\" \"2\"", None),
        ("\"1", None),
        ("w/\"1\"", None),
    ] {
        assert_eq!(expected(text), versions, "{text}");
    }
    let many = vec!["\"1\""; 101].join(",");
    assert_eq!(expected(&many), None);
    assert!(check_preconditions(&tag, &OF_CHANGE).is_ok());
    assert!(check_preconditions(&tag, &OF_CREATE).is_err());
    assert!(check_preconditions(&with(&IF_NONE_MATCH, "*"), &OF_CHANGE).is_err());
    let mut twice = tag;
    twice.append(IF_MATCH, HeaderValue::from_static("W/\"2\""));
    assert_eq!(if_match(&twice).unwrap(), of(&[1, 2]));
}

#[test]
fn keys_have_a_length() {
    assert_eq!(
        idempotency_key(&with(&IDEMPOTENCY_KEY, "k"))
            .unwrap()
            .as_deref(),
        Some("k")
    );
    assert!(idempotency_key(&with(&IDEMPOTENCY_KEY, "")).is_err());
    assert!(idempotency_key(&with(&IDEMPOTENCY_KEY, &"k".repeat(256))).is_err());
}

#[test]
fn what_we_answer_has_its_form() {
    let time: Timestamp = "2026-11-24T09:05:03.123456Z".parse().unwrap();
    assert_eq!(http_date(time), "Tue, 24 Nov 2026 09:05:03 GMT");
    assert_eq!(etag(Version::FIRST), "W/\"1\"");
    let proof = Proof {
        origin: "log.example/\"a\"".into(),
        index: 7,
        leaf: [0; 32],
        recorded: time,
    };
    assert_eq!(
        receipt(&proof),
        "origin=\"log.example/\\\"a\\\"\", index=7, \
         leaf=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:, \
         recorded=\"2026-11-24T09:05:03.123456Z\""
    );
}
