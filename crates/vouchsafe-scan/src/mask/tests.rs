use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::class::Confidence;
use crate::detect::Classes;

/// Finds what tests call values: nine digits in a row, the word `Müller`, the word `true`, and `<` to `>`.
fn review(text: &[u8], found: &mut Vec<Finding>) {
    let mut add = |class, span| {
        found.push(Finding {
            class,
            confidence: Confidence::High,
            span,
            field: None,
        })
    };
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let length = if digits == 9 {
            add(Class::Ssn, at..at + 9);
            9
        } else if rest.starts_with("Müller".as_bytes()) {
            add(Class::Name, at..at + 7);
            7
        } else if rest.starts_with(b"true") {
            add(Class::Biometric, at..at + 4);
            4
        } else if rest.starts_with(b"<") {
            let length = memchr::memchr(b'>', rest).map_or(rest.len(), |end| end + 1);
            add(Class::Photo, at..at + length);
            length
        } else {
            digits.max(1)
        };
        at += length;
    }
}

fn masked(line: &str) -> String {
    String::from_utf8(masked_lines(&[line.as_bytes()])).unwrap()
}

fn masked_lines(lines: &[&[u8]]) -> Vec<u8> {
    let detector = Detector::new().classes(Classes::NONE);
    let mut masker = Masker::new(&detector).reviewed_by(&review);
    let mut out = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            out.push(b'\n');
        }
        masker.line(line, &mut out);
    }
    out
}

fn streamed(chunks: impl IntoIterator<Item = Vec<u8>>) -> (Vec<u8>, usize) {
    let detector = Detector::new().classes(Classes::NONE);
    let mut stream = Stream::new(Masker::new(&detector).reviewed_by(&review));
    let (mut all, mut largest) = (Vec::new(), 0);
    let mut each = |text: &[u8], _| {
        all.extend_from_slice(text);
        largest = largest.max(text.len());
    };
    for chunk in chunks {
        stream.push(&chunk, &mut each);
    }
    stream.finish(&mut each);
    (all, largest)
}

#[test]
fn a_bare_value_of_json_becomes_a_string() {
    for (line, expected) in [
        (r#"{"ssn":123456789}"#, r#"{"ssn":"[SSN]"}"#),
        (
            r#"{"ssn" : 123456789 , "a":1}"#,
            r#"{"ssn" : "[SSN]" , "a":1}"#,
        ),
        (r#"{"ssn":-123456789.5e3}"#, r#"{"ssn":"[SSN]"}"#),
        (
            r#"{"fingerprint":true,"a":true}"#,
            r#"{"fingerprint":"[BIOMETRIC]","a":"[BIOMETRIC]"}"#,
        ),
        (r#"{"\\":123456789}"#, r#"{"\\":"[SSN]"}"#),
        (r#"[123456789,1, 123456788]"#, r#"["[SSN]",1, "[SSN]"]"#),
        (
            r#"{"a":[[123456789],{"b":[123456789]}]}"#,
            r#"{"a":[["[SSN]"],{"b":["[SSN]"]}]}"#,
        ),
        (
            r#"INFO body={"ssn":123456789}"#,
            r#"INFO body={"ssn":"[SSN]"}"#,
        ),
    ] {
        assert_eq!(masked(line), expected);
    }
}

#[test]
fn a_value_in_a_string_stays_in_it() {
    for (line, expected) in [
        (r#"{"a":"x 123456789 y"}"#, r#"{"a":"x [SSN] y"}"#),
        (
            r#"{"a":"SSN: 123456789, and"}"#,
            r#"{"a":"SSN: [SSN], and"}"#,
        ),
        (r#"{"a":"1,123456789,2"}"#, r#"{"a":"1,[SSN],2"}"#),
        (r#"{"Müller":1}"#, r#"{"[NAME]":1}"#),
        ("ssn=123456789 name=Müller", "ssn=[SSN] name=[NAME]"),
        ("SSN: 123456789", "SSN: [SSN]"),
        ("<a href=\"x\">, 1", "[PHOTO]\"[PHOTO]\"[PHOTO], 1"),
    ] {
        assert_eq!(masked(line), expected);
    }
}

#[test]
fn a_number_that_is_all_of_its_line_becomes_a_string() {
    let detector = Detector::new();
    let mut masker = Masker::new(&detector);
    let mut masked = |line: &str| {
        let mut out = Vec::new();
        masker.begin();
        masker.line(b"COPY cards (card_number) FROM stdin;", &mut out);
        out.clear();
        masker.line(line.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(masked("4111111111111111"), r#""[ACCOUNT]""#);
    assert_eq!(masked(" 4111111111111111 "), r#" "[ACCOUNT]" "#);
    // No JSON: stays without quotes.
    assert_eq!(masked("4111-1111-1111-1111"), "[ACCOUNT]");
}

#[test]
fn json_in_json_stays_json() {
    let inner = r#"{"ssn":123456789,"ids":[123456789, 123456788],"name":"Müller","n": 123456787
}"#;
    let mut text = inner.to_owned();
    for level in 0..4 {
        let out = masked(&text);
        let mut value = Value::String(out);
        for _ in 0..=level {
            value =
                serde_json::from_str(value.as_str().unwrap()).unwrap_or_else(|_| panic!("{value}"));
        }
        assert_eq!(value["ssn"], "[SSN]", "level {level}");
        assert_eq!(
            value["ids"],
            serde_json::json!(["[SSN]", "[SSN]"]),
            "level {level}"
        );
        assert_eq!(value["name"], "[NAME]");
        assert_eq!(value["n"], "[SSN]");
        text = serde_json::to_string(&text).unwrap();
    }
}

#[test]
fn json_over_many_lines_stays_json() {
    let value = serde_json::json!({"a": [123_456_789, 1, 123_456_788], "b": {"ssn": 123_456_787}, "c": [true]});
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    let lines: Vec<&[u8]> = pretty.lines().map(str::as_bytes).collect();
    let out: Value = serde_json::from_slice(&masked_lines(&lines)).unwrap();
    assert_eq!(out["a"], serde_json::json!(["[SSN]", 1, "[SSN]"]));
    assert_eq!(out["b"]["ssn"], "[SSN]");
}

#[test]
fn a_span_over_strings_leaves_their_quotes() {
    assert_eq!(
        masked(r#"{<"a":"b",>"c":"d"}"#),
        r#"{[PHOTO]"[PHOTO]":"[PHOTO]",[PHOTO]"c":"d"}"#
    );
    assert_eq!(
        masked(r#"{"x":"<","y":">"}"#),
        r#"{"x":"[PHOTO]","[PHOTO]":"[PHOTO]"}"#
    );
    assert_eq!(
        masked(r#"{"x":"{\"y\":\"<\",\"z\":\">\"}"}"#),
        r#"{"x":"{\"y\":\"[PHOTO]\",\"[PHOTO]\":\"[PHOTO]\"}"}"#
    );
}

#[test]
fn no_escape_sequence_is_cut_in_half() {
    let whole = |text: &str, span: Range<usize>| {
        let span = around::whole_units(text.as_bytes(), span);
        text.get(span).unwrap().to_owned()
    };
    assert_eq!(whole(r"a\u00e9b", 3..8), r"\u00e9b");
    assert_eq!(whole(r"a\u00e9b", 0..2), r"a\u00e9");
    assert_eq!(whole(r"a\u00e9b", 0..5), r"a\u00e9");
    assert_eq!(whole(r"a\u00e9b", 7..8), "b");
    assert_eq!(whole(r"a\nb", 2..4), r"\nb");
    assert_eq!(whole(r"a\nb", 3..4), "b");
    assert_eq!(whole(r"a\\nb", 3..5), r"\\nb");
    assert_eq!(whole(r#"a\"b"#, 0..2), "a");
    assert_eq!(whole("a%41b", 2..5), "%41b");
    assert_eq!(whole("a%41b", 0..3), "a%41");
    assert_eq!(whole("a%41b", 4..5), "b");
    assert_eq!(whole("a&eacute;b", 3..10), "&eacute;b");
    assert_eq!(whole("a&#233;b", 0..4), "a&#233;");
    assert_eq!(whole("a=1&b=2", 4..5), "b");
    assert_eq!(whole("xüy", 2..4), "üy");
    assert_eq!(whole("xüy", 0..2), "xü");
}

#[test]
fn what_cannot_be_scanned_is_withheld() {
    let detector = Detector::new().classes(Classes::NONE);
    let broken = |text: &[u8], found: &mut Vec<Finding>| {
        let span = 0..text.len() + 1;
        found.push(Finding {
            class: Class::Ssn,
            confidence: Confidence::High,
            span,
            field: None,
        });
    };
    let mut masker = Masker::new(&detector).reviewed_by(&broken);
    let mut out = Vec::new();
    masker.line(b"canary", &mut out);
    masker.line(b" {\"a\":\"canary\"}", &mut out);
    assert_eq!(out, [WITHHELD, WITHHELD_JSON].concat());
    assert_eq!(masker.counts().withheld, 2);
    let utf16: Vec<u8> = "ssn 123456789"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(masked_lines(&[&utf16]), WITHHELD);
}

#[test]
fn a_detector_that_panics_lets_nothing_pass() {
    let detector = Detector::new().classes(Classes::NONE);
    let panics = |text: &[u8], _: &mut Vec<Finding>| assert!(!text.starts_with(b"canary"), "panic");
    let mut stream = Stream::new(Masker::new(&detector).reviewed_by(&panics));
    let mut out = Vec::new();
    stream.push(b"canary 1\nfine\ncanary", &mut |text, _| {
        out.extend_from_slice(text)
    });
    stream.push(&vec![b'x'; 3 << 20], &mut |text, _| {
        out.extend_from_slice(text)
    });
    stream.push(b"\nfine\n", &mut |text, _| out.extend_from_slice(text));
    let withheld = String::from_utf8_lossy(WITHHELD);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        format!("{withheld}\nfine\n{withheld}\nfine\n")
    );
    assert_eq!(stream.counts().withheld, 2);
}

#[test]
fn counts_are_by_class() {
    let detector = Detector::new().classes(Classes::NONE);
    let mut masker = Masker::new(&detector).reviewed_by(&review);
    masker.line("123456789 Müller 123456789".as_bytes(), &mut Vec::new());
    assert_eq!(
        (
            masker.counts().masked(Class::Ssn),
            masker.counts().masked(Class::Name)
        ),
        (2, 1)
    );
    assert_eq!(masker.counts().total(), 3);
}

#[test]
fn a_stream_is_the_same_however_it_is_read() {
    let text = "{\"ssn\":123456789}\r\n\nMüller \u{0} true\n\u{FFFD}last 123456789".as_bytes();
    let expected =
        "{\"ssn\":\"[SSN]\"}\r\n\n[NAME] \u{0} [BIOMETRIC]\n\u{FFFD}last [SSN]".as_bytes();
    for size in 1..text.len() {
        assert_eq!(
            streamed(text.chunks(size).map(<[u8]>::to_vec)).0,
            expected,
            "{size}"
        );
    }
    assert_eq!(streamed([]).0, b"");
    assert_eq!(streamed([b"\n".to_vec()]).0, b"\n");
}

#[test]
fn a_value_is_masked_wherever_the_cut_of_a_long_line_is() {
    for before in [
        LONGEST_WHOLE_LINE - 9000,
        LONGEST_WHOLE_LINE - 4200,
        LONGEST_WHOLE_LINE - 4,
        LONGEST_WHOLE_LINE + 4090,
    ] {
        for step in (0..11).step_by(if cfg!(debug_assertions) { 5 } else { 1 }) {
            let mut line = vec![b'x'; before + step];
            line.extend_from_slice(b" 123456789 ");
            line.extend(std::iter::repeat_n(b'y', LONGEST_WHOLE_LINE));
            line.push(b'\n');
            let (out, _) = streamed(line.chunks(65_536).map(<[u8]>::to_vec));
            assert_eq!(out.len(), line.len() - 4, "{before} {step}");
            assert!(memchr::memmem::find(&out, b" [SSN] ").is_some());
        }
    }
}

#[test]
fn a_long_line_of_json_stays_json() {
    let elements: Vec<Value> = (0..180_000)
        .map(|number| match number % 3 {
            0 => serde_json::json!({"ssn": 123_456_789, "name": "Müller, \"x\" [1, 2"}),
            1 => serde_json::json!([123_456_789, number]),
            _ => serde_json::json!(123_456_789),
        })
        .collect();
    let line = serde_json::to_vec(&elements).unwrap();
    assert!(line.len() > 4 * LONGEST_WHOLE_LINE);
    let (out, largest) = streamed(line.chunks(10_000).map(<[u8]>::to_vec));
    assert!(largest < 2 * LONGEST_WHOLE_LINE);
    let value: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(value[3]["ssn"], "[SSN]");
    assert_eq!(value[4][0], "[SSN]");
    assert_eq!(value.as_array().unwrap().len(), 180_000);
    assert!(memchr::memmem::find(&out, b"123456789").is_none());
}

#[test]
fn a_value_of_megabytes_is_masked_to_its_end() {
    let mut line = br#"{"photo":"<"#.to_vec();
    line.extend(std::iter::repeat_n(b'A', 5 << 20));
    line.extend_from_slice(br#"\/A\nA","b":123456789}"#);
    let mut text = line.clone();
    text.push(b'\n');
    text.extend_from_slice(b"next 123456789\n");
    let (out, _) = streamed(text.chunks(65_536).map(<[u8]>::to_vec));
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "{\"photo\":\"[PHOTO]\",\"b\":\"[SSN]\"}\nnext [SSN]\n"
    );
}

#[test]
fn a_cut_is_never_in_the_middle_of_a_character() {
    let detector = Detector::new().classes(Classes::NONE);
    let mut stream = Stream::new(Masker::new(&detector).reviewed_by(&review));
    let text = "ü€😀".repeat(200_000);
    let mut all = String::new();
    let mut each = |part: &[u8], _| all.push_str(std::str::from_utf8(part).unwrap());
    for chunk in text.as_bytes().chunks(9973) {
        stream.push(chunk, &mut each);
    }
    stream.finish(&mut each);
    assert_eq!(all, text);
}

#[test]
fn what_the_detectors_find_is_masked() {
    let detector = Detector::new();
    let mut masker = Masker::new(&detector);
    for (line, expected) in [
        (
            r#"{"level":"info","ssn":"219-09-9999","n":1}"#,
            r#"{"level":"info","ssn":"[SSN]","n":1}"#,
        ),
        (
            r#"{"ssn":219099999,"ok":true}"#,
            r#"{"ssn":"[SSN]","ok":true}"#,
        ),
        (
            r#"{"body":"{\"ssn\":219099999}"}"#,
            r#"{"body":"{\"ssn\":\"[SSN]\"}"}"#,
        ),
        (
            "level=info email=ada.smith@example.org",
            "level=info email=[EMAIL]",
        ),
    ] {
        let mut out = Vec::new();
        masker.begin();
        masker.line(line.as_bytes(), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
    let mut out = Vec::new();
    masker.cell("ssn", b"219099999", &mut out);
    assert_eq!(out, b"[SSN]");
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(serde_json::json!(123_456_789)),
        Just(Value::Bool(true)),
        Just(Value::Null),
        any::<i32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-zü\"\\\\\n ,:{}\\[\\]]{0,8}(123456789|Müller|)[\"\\\\ ,]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec(("[a-z\"\\\\ü]{0,5}", inner.clone()), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
            inner.prop_map(|value| Value::String(value.to_string())),
        ]
    })
}

/// Whether every string that held JSON still does.
fn texts_stay_json(before: &Value, after: &Value) -> bool {
    let parsed = |value: &Value| {
        value
            .as_str()
            .and_then(|text| serde_json::from_str::<Value>(text).ok())
    };
    match (before, after) {
        (Value::Array(before), Value::Array(after)) => {
            before.len() == after.len()
                && before
                    .iter()
                    .zip(after)
                    .all(|(before, after)| texts_stay_json(before, after))
        }
        (Value::Object(before), Value::Object(after)) => {
            // The name of a member that was masked stands elsewhere.
            !before.keys().eq(after.keys())
                || before
                    .iter()
                    .zip(after)
                    .all(|(before, after)| texts_stay_json(before.1, after.1))
        }
        (Value::String(_), _) => match parsed(before) {
            Some(before @ (Value::Array(_) | Value::Object(_))) => {
                parsed(after).is_some_and(|after| texts_stay_json(&before, &after))
            }
            _ => true,
        },
        _ => true,
    }
}

proptest! {
    #[test]
    fn any_json_stays_json_without_its_values(value in json(), pretty: bool, split in 1_usize..40) {
        let value = Value::Array(vec![value]);
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let (out, _) = streamed(text.as_bytes().chunks(split).map(<[u8]>::to_vec));
        let out = String::from_utf8(out).unwrap();
        let after = serde_json::from_str::<Value>(&out);
        prop_assert!(after.is_ok_and(|after| texts_stay_json(&value, &after)), "{} became {}", text, out);
        prop_assert!(!out.contains("Müller"));
    }

    #[test]
    fn whatever_the_detectors_find_any_json_stays_json(
        value in json(),
        name in "(ssn|mrn|dob|phone|email|address|password|card|fingerprint|ids|n)",
        number in prop_oneof![100_000_u64..10_000_000_000, Just(4_111_111_111_111_111), Just(19_500_115)],
        text in "(219-09-9999|\\(415\\) 555-0132|ada@example.org|1950-01-15|Ada Smith|ü\"\\\\){0,2}",
        pretty: bool,
    ) {
        let value = serde_json::json!({name.clone(): number, "a": {name.clone(): [number, text]}, "b": value, name: true});
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let detector = Detector::new();
        let mut stream = Stream::new(Masker::new(&detector));
        let mut out = Vec::new();
        stream.push(text.as_bytes(), &mut |part, _| out.extend_from_slice(part));
        stream.finish(&mut |part, _| out.extend_from_slice(part));
        let after = serde_json::from_slice::<Value>(&out);
        prop_assert!(after.is_ok_and(|after| texts_stay_json(&value, &after)), "{}", String::from_utf8_lossy(&out));
    }

    #[test]
    fn any_bytes_pass_without_their_values(bytes in prop::collection::vec(any::<u8>(), 0..300), split in 1_usize..40) {
        let whole = streamed([bytes.clone()]).0;
        prop_assert_eq!(streamed(bytes.chunks(split).map(<[u8]>::to_vec)).0, whole);
    }

    #[test]
    fn any_spans_are_masked_without_a_panic(
        text in "[\"\\\\u%&;a-f0-9ü:,{}\\[\\] ]{0,40}",
        spans in prop::collection::vec((0_usize..45, 0_usize..45), 0..6),
    ) {
        let detector = Detector::new().classes(Classes::NONE);
        let review = |_: &[u8], found: &mut Vec<Finding>| {
            for (start, end) in &spans {
                found.push(Finding { class: Class::Ssn, confidence: Confidence::High, span: *start..*end, field: None });
            }
        };
        let mut out = Vec::new();
        Masker::new(&detector).reviewed_by(&review).line(text.as_bytes(), &mut out);
        prop_assert!(String::from_utf8(out).is_ok());
    }
}
