use proptest::prelude::*;

use super::*;

fn rustsec(patched: &str, unaffected: &str) -> Advisory {
    rustsec::read(&format!(
        "[advisory]\nid = \"RUSTSEC-2024-0001\"\npackage = \"a\"\ndate = \"2024-01-13\"\n[versions]\npatched = {patched}\nunaffected = {unaffected}\n"
    ))
    .unwrap()
}

#[test]
fn a_version_is_affected_unless_rustsec_lists_it() {
    let advisory = rustsec(
        "[\">= 0.3.1, < 0.4\", \"^0.5.2\", \"=0.6.0\", \"> 1, < 1.5\"]",
        "[\"< 0.2.0\"]",
    );
    let affected = |version: &str| advisory.affects(version).unwrap();
    for safe in [
        "0.1.9",
        "0.2.0-rc.1",
        "0.3.1",
        "0.3.9",
        "0.5.2",
        "0.5.99",
        "0.6.0",
        "1.0.1",
        "1.4.9",
        "1.5.0-alpha",
    ] {
        assert!(!affected(safe), "{safe}");
    }
    for bad in [
        "0.2.0",
        "0.3.0",
        "0.3.1-rc.1",
        "0.4.0",
        "0.5.1",
        "0.6.0-rc.1",
        "0.6.1",
        "1.0.0",
        "1.5.0",
        "2.0.0",
    ] {
        assert!(affected(bad), "{bad}");
    }
    assert!(advisory.affects("no version").is_err());
    assert!(rustsec("[]", "[]").affects("9.9.9").unwrap());
    let tilde = rustsec("[\"~1.2\"]", "[]");
    assert!(!tilde.affects("1.2.9").unwrap() && tilde.affects("1.3.0").unwrap());
    // A candidate of the next incompatible release is not compatible.
    assert!(rustsec("[\"^1.2\"]", "[]").affects("2.0.0-rc.1").unwrap());
    assert!(!rustsec("[\">= 1.2\"]", "[]").affects("2.0.0-rc.1").unwrap());
}

#[test]
fn an_advisory_without_a_range_or_a_date_is_refused() {
    let good = "[advisory]\nid = \"R\"\npackage = \"a\"\ndate = \"2024-01-13\"\n[versions]\npatched = [\">= 1\"]\n";
    assert!(rustsec::read(good).is_ok());
    for (what, other) in [
        (">= 1", "new"),
        ("2024-01-13", "soon"),
        (">= 1", "!= 1"),
        ("package = \"a\"\n", ""),
    ] {
        assert!(
            rustsec::read(&good.replace(what, other)).is_err(),
            "{other}"
        );
    }
    assert_eq!(
        rustsec::front("```toml\na = 1\n```\n\n# Title\n"),
        Some("a = 1\n")
    );
    assert_eq!(rustsec::front("# Title\n"), None);
    assert_eq!(rustsec::front("```toml\na = 1\n"), None);
}

fn record(affected: &str) -> Result<Vec<Advisory>, String> {
    let text = format!(
        r#"{{"id":"GHSA-1","published":"2024-01-13T00:00:00Z","aliases":null,"affected":[{affected}]}}"#
    );
    osv::read(text.as_bytes(), None)
}

fn item(ecosystem: &str, rest: &str) -> String {
    format!(r#"{{"package":{{"ecosystem":"{ecosystem}","name":"A.b"}},{rest}}}"#)
}

#[test]
fn events_of_osv_turn_in_the_order_of_versions() {
    let ranges = r#""ranges":[{"type":"SEMVER","events":[{"introduced":"2.0.0"},{"fixed":"2.1.0"},{"introduced":"0"},{"last_affected":"1.4.0"}]}]"#;
    let of = record(&item("npm", ranges)).unwrap();
    let affected = |version: &str| of[0].affects(version).unwrap();
    for bad in ["0.0.0-alpha", "1.0.0", "1.4.0", "2.0.0", "2.1.0-rc.1"] {
        assert!(affected(bad), "{bad}");
    }
    for safe in ["1.4.1", "2.0.0-rc.1", "2.1.0", "3.0.0"] {
        assert!(!affected(safe), "{safe}");
    }
    assert!(of[0].affects("github:x/y").is_err());
}

#[test]
fn lists_of_versions_and_ranges_of_commits_are_taken_for_what_they_are() {
    let listed = record(&item("PyPI", r#""versions":["1.0","weird"]"#)).unwrap();
    assert_eq!(listed[0].package, "a-b");
    assert!(listed[0].affects("1.0.0").unwrap() && listed[0].affects("weird").unwrap());
    assert!(!listed[0].affects("1.1").unwrap());
    let commits = record(&item(
        "PyPI",
        r#""ranges":[{"type":"GIT","events":[{"introduced":"0"}]}]"#,
    ))
    .unwrap();
    assert!(
        commits[0].affects("1.0").is_err(),
        "commits say nothing of versions"
    );
    assert!(
        record(&item("Debian:12", r#""versions":["1"]"#))
            .unwrap()
            .is_empty()
    );
    for bad in [
        r#""ranges":[{"type":"SEMVER","events":[{"fixed":"1.0.0"}]}]"#,
        r#""ranges":[{"type":"SEMVER","events":[{"introduced":"x"}]}]"#,
        r#""ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"mended":"1.0.0"}]}]"#,
    ] {
        assert!(record(&item("npm", bad)).is_err(), "{bad}");
    }
    assert!(osv::read(br#"{"id":"GO-1","published":"0001-01-01T00:00:00Z"}"#, None).is_err());
}

#[test]
fn severities_are_those_of_the_specification() {
    let of = |vector| severity_of(vector);
    assert_eq!(
        of("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
        Some(Severity::Critical)
    );
    assert_eq!(
        of("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"),
        Some(Severity::High)
    );
    assert_eq!(
        of("CVSS:3.0/AV:L/AC:H/PR:H/UI:R/S:U/C:N/I:L/A:N"),
        Some(Severity::Low)
    );
    assert_eq!(
        of("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"),
        Some(Severity::Critical)
    );
    assert_eq!(of("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N"), None);
    assert_eq!(of("nonsense"), None);
    assert_eq!(severity_named("MODERATE"), Some(Severity::Medium));
}

#[test]
fn prose_is_left_out_and_every_other_member_stays() {
    let text = b"{\n \"id\": \"A \\\" b\\\\\",\n \"details\": \"x\",\n \"affected\": [ { \"a\": \"b  c\" } ]\n}";
    let kept = osv::without_prose(text).unwrap();
    assert_eq!(kept, r#"{"affected":[{"a":"b  c"}],"id":"A \" b\\"}"#);
    assert!(osv::without_prose(b"{\"id\":").is_err());
}

proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(text in "(\\[advisory\\]\n|patched = \\[\"[<>=^~ 0-9.,é-]{0,9}\"\\]\n|[{}\":,é]{1,4}|.{0,6}){0,12}") {
        let _ = rustsec::read(&text);
        let _ = rustsec::front(&text);
        let _ = osv::read(text.as_bytes(), None);
        let _ = osv::without_prose(text.as_bytes());
        let _ = severity_of(&text);
    }

    #[test]
    fn no_requirement_makes_it_panic(text in "[<>=^~ ]{0,2}[0-9]{0,20}(\\.[0-9]{1,20}){0,3}(-[a-z0-9.é]{0,4})?(, ?[<>=]{1,2} ?[0-9.]{0,5})?") {
        let _ = rustsec::read(&format!("[advisory]\nid = \"R\"\npackage = \"a\"\ndate = \"2024-01-13\"\n[versions]\npatched = [\"{text}\"]\n"));
    }
}
