use super::*;

fn meets(json: &str, path: &[&str], test: Test) -> bool {
    let document = Document::parse(json.as_bytes()).unwrap();
    let paths = vec![path.iter().map(|step| (*step).into()).collect()];
    let asked = matches(
        &document,
        &Predicate {
            paths,
            test,
            negate: false,
        },
    );
    let paths = vec![path.iter().map(|step| (*step).into()).collect()];
    let test = Test::Present;
    let present = matches(
        &document,
        &Predicate {
            paths,
            test,
            negate: true,
        },
    );
    assert!(!(asked && present), "what is not there passes no test");
    asked
}

fn token(system: Option<Option<&str>>, code: Option<&str>) -> Test {
    Test::Token {
        system: system.map(|system| system.map(Into::into)),
        code: code.map(Into::into),
    }
}

#[test]
fn tokens_are_found_wherever_they_stand() {
    let json = r#"{"gender":"female","active":true,
        "identifier":[{"system":"s","value":"1"},{"value":"2"}],
        "code":{"coding":[{"system":"loinc","code":"8302-2"},{"code":"x"}],"text":"height"},
        "telecom":[{"system":"phone","use":"home","value":"555"}]}"#;
    for (path, system, code, found) in [
        ("gender", None, Some("female"), true),
        ("gender", None, Some("Female"), false),
        ("gender", Some(Some("s")), Some("female"), false),
        ("active", None, Some("true"), true),
        ("identifier", None, Some("1"), true),
        ("identifier", Some(Some("s")), Some("1"), true),
        ("identifier", Some(Some("s")), Some("2"), false),
        ("identifier", Some(None), Some("2"), true),
        ("identifier", Some(None), Some("1"), false),
        ("identifier", Some(Some("s")), None, true),
        ("code", Some(Some("loinc")), Some("8302-2"), true),
        ("code", Some(Some("loinc")), Some("x"), false),
        ("telecom", Some(Some("home")), Some("555"), true),
        ("missing", None, None, false),
    ] {
        assert_eq!(
            meets(json, &[path], token(system, code)),
            found,
            "{path} {system:?} {code:?}"
        );
    }
}

#[test]
fn text_is_found_in_the_parts_of_a_name() {
    let json = r#"{"name":[{"use":"official","family":"Müller","given":["Ann","Bo"]}]}"#;
    let text = |needle: &str, how| Test::Text {
        normalised: normalise(needle).into(),
        how,
    };
    for (needle, how, found) in [
        ("MULLER", TextMatch::Exact, true),
        ("mul", TextMatch::Exact, false),
        ("mul", TextMatch::StartsWith, true),
        ("lle", TextMatch::StartsWith, false),
        ("lle", TextMatch::Contains, true),
        ("bo", TextMatch::Exact, true),
        ("official", TextMatch::Contains, false),
        ("", TextMatch::StartsWith, false),
        ("", TextMatch::Contains, false),
    ] {
        assert_eq!(meets(json, &["name"], text(needle, how)), found, "{needle}");
    }
    assert!(meets(
        json,
        &["name", "given"],
        text("ann", TextMatch::Exact)
    ));
}

#[test]
fn references_name_the_whole_target() {
    let json = r#"{"a":{"reference":"Patient/12"},"b":[{"reference":"Patient/1/_history/3"}]}"#;
    let to = |target: &str| Test::Reference(target.into());
    assert!(meets(json, &["a"], to("Patient/12")));
    assert!(!meets(json, &["a"], to("Patient/1")));
    assert!(meets(json, &["b"], to("Patient/1")));
}

#[test]
fn dates_are_as_long_as_they_are_precise() {
    let day = |text: &str| moment(text).unwrap();
    assert_eq!(day("2015"), (day("2015-01-01").0, day("2016").0));
    assert_eq!(day("2015-12"), (day("2015-12-01").0, day("2016-01").0));
    assert_eq!(day("2015-02-28").1, day("2015-03-01").0);
    assert_eq!(
        day("2015-02-07T13:28:17-05:00").1,
        day("2015-02-07T18:28:18Z").0
    );
    assert_eq!(
        day("2015-02-07T13:28:17.25Z").1,
        day("2015-02-07T13:28:17.26Z").0
    );
    assert!(day("9999").1 > day("9998").1);
    for wrong in [
        "",
        "15",
        "2015-13",
        "2015-02-30",
        "yyyy",
        "2015-1-1",
        "20é",
        "+201",
    ] {
        assert!(moment(wrong).is_none(), "{wrong}");
    }
}

#[test]
fn dates_compare_as_fhir_says() {
    let (from, until) = moment("2015-06").unwrap();
    let asked = |value: &str, op| {
        let json = format!("{{\"d\":{value}}}");
        meets(&json, &["d"], Test::Date { from, until, op })
    };
    use DateOp::{Eb, Eq, Ge, Gt, Le, Lt, Ne, Sa};
    for (value, ops) in [
        (r#""2015-06-10""#, vec![Eq, Le, Ge]),
        (r#""2015-06""#, vec![Eq, Le, Ge]),
        (r#""2015""#, vec![Ne, Lt, Gt, Le, Ge]),
        (r#""2015-05-31""#, vec![Ne, Lt, Le, Eb]),
        (r#""2015-07-01T00:00:00Z""#, vec![Ne, Gt, Ge, Sa]),
        (
            r#"{"start":"2015-06-02","end":"2015-06-03"}"#,
            vec![Eq, Le, Ge],
        ),
        (r#"{"start":"2015-06-02"}"#, vec![Ne, Gt, Ge]),
        (r#"{"end":"2015-06-02"}"#, vec![Ne, Lt, Le]),
        (r#"{"start":"soon"}"#, vec![]),
        (r#""soon""#, vec![]),
        (r"{}", vec![]),
    ] {
        for op in [Eq, Ne, Lt, Gt, Le, Ge, Sa, Eb] {
            assert_eq!(asked(value, op), ops.contains(&op), "{value} {op:?}");
        }
    }
}

#[test]
fn negation_turns_the_whole_condition() {
    let json = br#"{"a":["x","y"]}"#;
    let document = Document::parse(json).unwrap();
    let ask = |text: &str| Predicate {
        paths: vec![vec!["a".into()], vec!["b".into()]],
        test: Test::Equals(text.into()),
        negate: true,
    };
    assert!(!matches(&document, &ask("y")));
    assert!(matches(&document, &ask("z")));
}

#[test]
fn one_of_several_is_enough() {
    let any = |texts: &[&str]| {
        Test::Any(
            texts
                .iter()
                .map(|text| Test::Equals((*text).into()))
                .collect(),
        )
    };
    let json = r#"{"a":["x","y"]}"#;
    assert!(meets(json, &["a"], any(&["z", "y"])));
    assert!(!meets(json, &["a"], any(&["z", "w"])));
    assert!(!meets(json, &["a"], any(&[])));
}
