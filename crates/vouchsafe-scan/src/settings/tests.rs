use jiff::civil::date;

use super::*;

const TODAY: Date = date(2026, 6, 15);

fn parse(text: &str) -> Result<Settings, SettingsError> {
    Settings::parse(text, TODAY)
}

fn finding(class: Class, span: std::ops::Range<usize>) -> Finding {
    Finding {
        class,
        confidence: Confidence::High,
        span,
        field: None,
    }
}

fn allowing(conditions: &str) -> Settings {
    parse(&format!(
        "[[allow]]\n{conditions}\nreason = 'r'\nowner = 'o'\nuntil = 2026-07-01"
    ))
    .unwrap()
}

#[test]
fn the_reference_can_be_read_and_has_the_defaults() {
    let settings = parse(REFERENCE).unwrap();
    assert_eq!(
        settings.minimum_confidence,
        Settings::default().minimum_confidence
    );
    assert!(settings.without.is_empty());
    assert_eq!(settings.allowances.standings().count(), 0);
    assert!(settings.patterns.is_empty() && settings.known.is_none());
    assert!(
        settings
            .exclude
            .iter()
            .any(|glob| glob.matches(b"a/target/b.log"))
    );
    for class in Class::ALL {
        assert!(REFERENCE.contains(class.name()), "{class}");
    }
    // `#key` and `#[section]` are settings; `# ` begins a comment.
    let uncommented: Vec<&str> = REFERENCE
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(setting) if !setting.starts_with([' ', '#']) => setting,
            _ => line,
        })
        .collect();
    let settings = parse(&uncommented.join("\n")).unwrap();
    assert!(settings.known.is_some() && !settings.patterns.is_empty());
    assert_eq!(settings.allowances.standings().count(), 1);
}

#[test]
fn an_empty_file_is_the_defaults() {
    let settings = parse("").unwrap();
    assert_eq!(settings.classes(), Class::ALL);
    assert!(settings.patterns.is_empty());
}

#[test]
fn an_unknown_key_is_refused_with_the_one_that_is_meant() {
    let error = parse("\nminimum_confidence = 'low'").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2: unknown key; did you mean `minimum-confidence`?"
    );
    let error = parse("[[allow]]\nclass='ssn'\nresaon='x'").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 3, `allow`: unknown key; did you mean `reason`?"
    );
    assert_eq!(parse("zzzzzzzzzzz = 1").unwrap_err().fault, Fault::Unknown);
}

fn assert_refused(cases: &[(&str, &str, Fault)]) {
    for (text, key, fault) in cases {
        let error = parse(text).unwrap_err();
        assert_eq!((error.key.as_str(), error.fault), (*key, *fault), "{text}");
        assert!(error.line >= 1 && error.line <= 6);
    }
}

#[test]
fn what_cannot_be_heeded_is_refused() {
    assert_refused(&[
        (
            "minimum-confidence = 'sure'",
            "minimum-confidence",
            Fault::Name("low, medium, high"),
        ),
        (
            "minimum-confidence = 1",
            "minimum-confidence",
            Fault::Kind("a text in quotes"),
        ),
        ("without = ['snn']", "without", Fault::NameNear("ssn")),
        (
            "without = 'ssn'",
            "without",
            Fault::Kind("a list of texts, in brackets"),
        ),
        (
            "[[pattern]]\nclass='ssn'\nregex='a'",
            "pattern.id",
            Fault::Missing,
        ),
        (
            "[[pattern]]\nid='a'\nclass='ssn'\nregex='a*'",
            "pattern.regex",
            Fault::PatternOfNothing,
        ),
        (
            "[[pattern]]\nid='a'\nclass='ssn'\nregex='('",
            "pattern.regex",
            Fault::Pattern,
        ),
        (
            "[[pattern]]\nid='a'\nclass='ssn'\nregex='(?:a{1000}){1000}'",
            "pattern.regex",
            Fault::Pattern,
        ),
        (
            "[[pattern]]\nid='mrn-0012345'\nclass='ssn'\nregex='a'",
            "pattern.id",
            Fault::ShownName,
        ),
        (
            "[pattern]\nid='a'",
            "pattern",
            Fault::Kind("a list of sections: write its name in two brackets, [[...]]"),
        ),
        (
            "[exclude]\npaths=['**']",
            "exclude.paths",
            Fault::NoFileLeft,
        ),
        ("[known]\nfile='x'", "known.key", Fault::Missing),
    ]);
    assert_eq!(parse("a = ").unwrap_err().fault, Fault::NotToml);
    assert_eq!(
        parse(&" ".repeat(LARGEST_FILE + 1)).unwrap_err().fault,
        Fault::TooLarge
    );
}

#[test]
fn an_allowance_that_cannot_be_heeded_is_refused() {
    let allow = "[[allow]]\nclass='ssn'\nreason='r'\nowner='o'\n";
    assert_refused(&[
        (
            &format!("{allow}until='soon'"),
            "allow.until",
            Fault::Kind("a day, as in 2026-12-31"),
        ),
        (
            &format!("{allow}until=2027-06-17"),
            "allow.until",
            Fault::TooFar,
        ),
        (allow, "allow.until", Fault::Missing),
        (
            &format!("{allow}until=2026-07-01\nvalue-hash='123-45-6789'"),
            "allow.value-hash",
            Fault::Hash,
        ),
        (
            "[[allow]]\nreason='r'\nowner='o'\nuntil=2026-07-01",
            "allow",
            Fault::Everything,
        ),
        (
            "[[allow]]\npath='**'\nreason='r'\nowner='o'\nuntil=2026-07-01",
            "allow",
            Fault::Everything,
        ),
        (
            "[[allow]]\nclass='ssn'\nreason=' '\nowner='o'",
            "allow.reason",
            Fault::Empty,
        ),
    ]);
    assert!(parse(&format!("{allow}until=2027-06-16")).is_ok());
}

#[test]
fn errors_quote_no_value() {
    let canary = "219-09-9999";
    for text in [
        format!("minimum-confidence = '{canary}'"),
        format!("without = ['{canary}']"),
        format!("'{canary}' = 1"),
        format!("[[allow]]\nline='({canary}'"),
        format!("[[allow]]\nvalue-hash='{canary}'"),
        format!("[[allow]]\nclass='ssn'\nreason='x'\nowner='o'\nuntil='{canary}'"),
        format!("a = \"{canary}"),
        format!("[[pattern]]\nid='{canary}'"),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(canary), "{text}");
    }
    let settings = allowing(&format!("line='{canary}'\npath='{canary}'"));
    assert!(!format!("{settings:?}").contains(canary));
}

#[test]
fn all_conditions_of_an_allowance_must_hold() {
    let settings =
        allowing("class='phone'\npath='tests/**'\nline='^caller'\nvalue='555-01[0-9]{2}'");
    let line = b"caller 555-0123";
    let covers = |document: &str, line: &[u8], class, span| {
        settings
            .allowances
            .cover(document.as_bytes(), line, &finding(class, span))
    };
    assert!(covers("tests/a.log", line, Class::Phone, 7..15));
    assert!(!covers("tests/a.log", line, Class::Fax, 7..15));
    assert!(!covers("src/a.log", line, Class::Phone, 7..15));
    assert!(!covers(
        "tests/a.log",
        b"callee 555-0123",
        Class::Phone,
        7..15
    ));
    assert!(
        !covers("tests/a.log", b"caller 555-01234", Class::Phone, 7..16),
        "the whole value must match"
    );
    assert!(
        !covers("tests/a.log", line, Class::Phone, 7..99),
        "a place outside the line has no value"
    );
    assert_eq!(
        settings
            .allowances
            .standings()
            .next()
            .map(|(_, standing)| standing),
        Some(Standing::Used(1))
    );
}

#[test]
fn an_allowance_ends_after_its_last_day() {
    let text =
        |until: &str| format!("[[allow]]\nclass='ssn'\nreason='r'\nowner='o'\nuntil={until}");
    let cover = |settings: &Settings| {
        settings
            .allowances
            .cover(b"a", b"x", &finding(Class::Ssn, 0..1))
    };
    let last = parse(&text("2026-06-15")).unwrap();
    assert!(cover(&last));
    let ended = parse(&text("2026-06-14")).unwrap();
    assert!(!cover(&ended));
    assert_eq!(
        ended
            .allowances
            .standings()
            .next()
            .map(|(_, standing)| standing),
        Some(Standing::Ended)
    );
}

#[test]
fn an_allowance_by_hash_holds_for_the_very_value_and_needs_the_key() {
    let hash = value_hash(b"key", b"219-09-9999");
    let mut settings = allowing(&format!("value-hash=['{hash}']"));
    let cover = |settings: &Settings, line: &[u8]| {
        settings
            .allowances
            .cover(b"a", line, &finding(Class::Ssn, 0..11))
    };
    assert!(!cover(&settings, b"219-09-9999"));
    assert_eq!(
        settings
            .allowances
            .standings()
            .next()
            .map(|(_, standing)| standing),
        Some(Standing::WithoutKey)
    );
    settings.allowances.set_key(b"key");
    assert!(cover(&settings, b"219-09-9999"));
    assert!(!cover(&settings, b"219-09-9998"));
    settings.allowances.set_key(b"another key");
    assert!(!cover(&settings, b"219-09-9999"));
}

#[test]
fn own_patterns_join_what_detectors_found() {
    let text = r#"
        [[pattern]]
        id = "member"
        class = "health-plan"
        regex = 'member (?P<value>AC-[0-9]+)'
        confidence = "high"
    "#;
    let patterns = parse(text).unwrap().patterns;
    let mut found = vec![
        Finding {
            class: Class::UniqueId,
            confidence: Confidence::Low,
            span: 7..12,
            field: None,
        },
        Finding {
            class: Class::Email,
            confidence: Confidence::High,
            span: 20..25,
            field: None,
        },
    ];
    patterns.find(b"member AC-1234567   a@b.c member AC-1", &mut found);
    let places: Vec<_> = found
        .iter()
        .map(|finding| (finding.class, finding.span.clone(), finding.field))
        .collect();
    assert_eq!(
        places,
        [
            (Class::HealthPlan, 7..17, Some("member")),
            (Class::Email, 20..25, None),
            (Class::HealthPlan, 33..37, Some("member"))
        ]
    );
}

#[test]
fn a_hostile_pattern_does_not_explode() {
    let patterns = parse("[[pattern]]\nid='a'\nclass='ssn'\nregex='(a+)+$'")
        .unwrap()
        .patterns;
    let mut line = vec![b'a'; 1 << 20];
    let mut found = Vec::new();
    patterns.find(&line, &mut found);
    assert_eq!(found.len(), 1);
    line.push(b'!');
    found.clear();
    patterns.find(&line, &mut found);
    assert!(found.is_empty());
}
