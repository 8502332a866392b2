use super::*;

fn meets(json: &str, path: &[&str], test: Test) -> bool {
    let document = Document::parse(json.as_bytes()).unwrap();
    let paths = vec![path.iter().map(|step| (*step).into()).collect()];
    let asked = Predicate {
        paths,
        test,
        negate: false,
    }
    .holds(&document);
    let paths = vec![path.iter().map(|step| (*step).into()).collect()];
    let test = Test::Present;
    let present = Predicate {
        paths,
        test,
        negate: true,
    }
    .holds(&document);
    assert!(!(asked && present), "what is not there passes no test");
    asked
}

fn equals(text: &str) -> Test {
    Test::Equals(text.into())
}

#[test]
fn text_is_compared_normalised_and_an_empty_needle_finds_nothing() {
    let json = r#"{"name":"von Müller-O’Neil"}"#;
    let text = |needle: &str, how| Test::Text {
        words: words(needle),
        how,
    };
    for (needle, how, found) in [
        ("von m", TextMatch::StartsWith, true),
        ("MULLER", TextMatch::StartsWith, true),
        ("mul", TextMatch::StartsWith, true),
        ("muller o'neil", TextMatch::StartsWith, true),
        ("Müller-O", TextMatch::StartsWith, true),
        ("neil", TextMatch::StartsWith, true),
        ("vo muller", TextMatch::StartsWith, false),
        ("von neil", TextMatch::StartsWith, false),
        ("neil x", TextMatch::StartsWith, false),
        ("lle", TextMatch::StartsWith, false),
        ("lle", TextMatch::Contains, true),
        ("ler-o'n", TextMatch::Contains, true),
        ("-", TextMatch::Contains, false),
        ("", TextMatch::StartsWith, false),
        ("", TextMatch::Contains, false),
    ] {
        assert_eq!(meets(json, &["name"], text(needle, how)), found, "{needle}");
    }
}

#[test]
fn only_the_members_named_are_walked() {
    const MEMBERS: &[&str] = &["parts", "text"];
    let json = r#"{"a":[{"text":"x","note":"y","parts":[{"text":"z"},{"deep":{"text":"w"}}]}]}"#;
    let within = |text| Test::Within(MEMBERS, Box::new(equals(text)));
    for (text, found) in [("x", true), ("y", false), ("z", true), ("w", false)] {
        assert_eq!(meets(json, &["a"], within(text)), found, "{text}");
    }
}

#[test]
fn members_are_looked_at_alone_and_together() {
    let json = r#"{"a":[{"k":"one","v":[1,true]},{"v":"two"}]}"#;
    let member = |name, test| Test::Member(name, Box::new(test));
    let pair = |k, v| Test::All(vec![member("k", equals(k)), member("v", equals(v))]);
    assert!(meets(json, &["a"], pair("one", "1")));
    assert!(meets(json, &["a"], pair("one", "true")));
    assert!(!meets(json, &["a"], pair("one", "two")));
    let without = Test::All(vec![
        Test::Not(Box::new(member("k", Test::Present))),
        member("v", equals("two")),
    ]);
    assert!(meets(json, &["a"], without));
    assert!(meets(json, &["a", "k"], Test::Begins("on".into())));
    assert!(!meets(json, &["a", "k"], Test::Begins("ne".into())));
}

#[test]
fn spans_are_compared_as_the_reader_reads_them() {
    fn reads(value: &Node) -> Option<Span> {
        let (begin, end) = value.as_str()?.split_once('-')?;
        let at = |text: &str| jiff::Timestamp::from_second(text.parse().ok()?).ok();
        Some((at(begin)?.into(), at(end)?.into()))
    }
    use SpanOp::{Eb, Eq, Ge, Gt, Le, Lt, Ne, Sa};
    let asked = reads(&Node::string("10-20")).unwrap();
    for (value, ops) in [
        ("11-12", vec![Eq, Le, Ge]),
        ("10-20", vec![Eq, Le, Ge]),
        ("0-90", vec![Ne, Lt, Gt, Le, Ge]),
        ("8-10", vec![Ne, Lt, Le, Eb]),
        ("20-21", vec![Ne, Gt, Ge, Sa]),
        ("soon", vec![]),
    ] {
        for op in [Eq, Ne, Lt, Gt, Le, Ge, Sa, Eb] {
            let json = format!(r#"{{"d":"{value}"}}"#);
            let found = meets(
                &json,
                &["d"],
                Test::Span {
                    reads: ReadSpan(reads),
                    asked,
                    op,
                },
            );
            assert_eq!(found, ops.contains(&op), "{value} {op:?}");
        }
    }
}

#[test]
fn negation_turns_the_whole_condition() {
    let json = br#"{"a":["x","y"]}"#;
    let document = Document::parse(json).unwrap();
    let ask = |text: &str| Predicate {
        paths: vec![vec!["a".into()], vec!["b".into()]],
        test: equals(text),
        negate: true,
    };
    assert!(!ask("y").holds(&document));
    assert!(ask("z").holds(&document));
}

#[test]
fn one_of_several_is_enough() {
    let any = |texts: &[&str]| Test::Any(texts.iter().map(|text| equals(text)).collect());
    let json = r#"{"a":["x","y"]}"#;
    assert!(meets(json, &["a"], any(&["z", "y"])));
    assert!(!meets(json, &["a"], any(&["z", "w"])));
    assert!(!meets(json, &["a"], any(&[])));
}
