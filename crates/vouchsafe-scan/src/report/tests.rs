use serde_json::Value;

use super::*;
use crate::finding::Finding;
use crate::tally::{Gap, Place};

const SETTINGS: &str = r#"
[[allow]]
class = "ip"
reason = "addresses of our own hosts"
owner = "platform team"
until = 2026-07-01

[[allow]]
class = "fax"
reason = "none left"
owner = "platform team"
until = 2026-01-01
"#;

fn settings() -> Settings {
    Settings::parse(SETTINGS, jiff::civil::date(2026, 6, 15)).unwrap()
}

fn finding(class: Class, confidence: Confidence, field: Option<&'static str>) -> Finding {
    Finding {
        class,
        confidence,
        span: 0..4,
        field,
    }
}

/// A stand-in for the mask of names: takes digits and the name `smith` away.
fn mask(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name).replace("smith", "[NAME]");
    name.chars()
        .map(|c| if c.is_ascii_digit() { '#' } else { c })
        .collect()
}

fn tally() -> Tally {
    let mut tally = Tally::new();
    let high = |class| finding(class, Confidence::High, None);
    for line in [40, 12, 14] {
        tally.add(
            b"logs/smith <b>&.log",
            Place::Line { line, column: 7 },
            &high(Class::Ssn),
        );
    }
    let medium = finding(Class::Mrn, Confidence::Medium, Some("patient.identifier"));
    for line in 1..=1000 {
        tally.add(
            b"logs/smith <b>&.log",
            Place::Line { line, column: 1 },
            &medium,
        );
    }
    tally.add(
        b"/var/MRN-0012345-smith.pdf",
        Place::Name,
        &high(Class::Mrn),
    );
    tally.add(
        b"core",
        Place::Offset(4096),
        &finding(Class::Secret, Confidence::Low, None),
    );
    let cell = Place::Cell {
        table: b"smith",
        column: b"ssn\x1b[2J",
        row: Some(3),
    };
    tally.add(b"clinic.db", cell, &high(Class::Ssn));
    tally.problem(b"logs/smith.sock", Gap::PassedOver, "a socket");
    tally.problem(b"logs/smith.gz", Gap::NotRead, "the stream ends early");
    tally.scanned(Amount {
        documents: 5,
        bytes: 12_345,
        lines: 1040,
    });
    tally
}

fn report_with(tally: Tally, settings: &Settings, baseline: Option<&Baseline>) -> Report {
    let run = Run {
        started: "2026-06-15T12:00:00Z".parse().unwrap(),
        sources: &[b"logs".to_vec(), b"clinic.db".to_vec()],
        settings,
        settings_file: true,
        limits: &[("nesting", 8)],
        excluded: 2,
        baseline,
        mask_name: &mask,
        place_in_baseline: &<[u8]>::to_vec,
        place_for_tools: &<[u8]>::to_vec,
    };
    Report::new(tally, &run)
}

fn rendered(report: &Report) -> [String; 4] {
    let mut all: [Vec<u8>; 4] = Default::default();
    let [text, json, sarif, html] = &mut all;
    report.text(text, Colour::Never).unwrap();
    report.json(json).unwrap();
    report.sarif(sarif).unwrap();
    report.html(html).unwrap();
    all.map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn no_format_shows_a_name_in_clear_or_steers_a_terminal() {
    let before = report_with(tally(), &settings(), None).to_baseline();
    let report = report_with(Tally::new(), &settings(), Some(&before));
    for report in [report, report_with(tally(), &settings(), None)] {
        for form in rendered(&report) {
            assert!(!form.contains("smith"));
            assert!(!form.contains("0012345"));
            assert!(!form.contains('\x1b'));
            assert!(!form.contains("\\u001b"));
        }
    }
    let mut bytes = Vec::new();
    before.write(&mut bytes).unwrap();
    assert!(!String::from_utf8(bytes).unwrap().contains("smith"));
}

#[test]
fn every_format_says_what_was_done_and_what_it_is_evidence_for() {
    for form in rendered(&report_with(tally(), &settings(), None)) {
        for said in [
            "vouchsafe-scan",
            env!("CARGO_PKG_VERSION"),
            "2026-06-15T12:00:00Z",
            "164.312(a)(1)",
            "164.502(b)",
            "164.514(d)",
            "CC6.7",
            "C1.1",
            "12345",
            "nesting",
            "the stream ends early",
            "addresses of our own hosts",
            "ended",
            "unused",
            "platform team",
            "patient.identifier",
            "1000",
        ] {
            assert!(form.contains(said), "{said} in {form}");
        }
    }
}

#[test]
fn the_text_is_as_a_person_reads_it() {
    let [text, ..] = rendered(&report_with(tally(), &settings(), None));
    for line in [
        "logs/[NAME] <b>&.log:1:1   medium  mrn  patient.identifier  1000 times, also at 2:1 3:1 4:1 5:1 ...",
        "logs/[NAME] <b>&.log:12:7  high    ssn  -                   3 times, also at 14:7 40:7",
        "/var/MRN-#######-[NAME].pdf: file name  high    mrn  -",
        "core: byte 4096  low     secret  -",
        "clinic.db: [NAME].ssn\u{FFFD}[#J row 3  high    ssn  -",
    ] {
        assert!(text.lines().any(|its| its == line), "{line} in {text}");
    }
    assert!(text.ends_with(
        "Findings, and not everything could be read: there may be more. Exit code 1.\n"
    ));
}

#[test]
fn colours_are_for_terminals_whose_user_wants_them() {
    use std::ffi::OsStr;
    assert_eq!(Colour::choose(true, None), Colour::Always);
    assert_eq!(Colour::choose(true, Some(OsStr::new(""))), Colour::Always);
    assert_eq!(Colour::choose(true, Some(OsStr::new("1"))), Colour::Never);
    assert_eq!(Colour::choose(false, None), Colour::Never);
    let mut coloured = Vec::new();
    report_with(tally(), &settings(), None)
        .text(&mut coloured, Colour::Always)
        .unwrap();
    assert!(coloured.contains(&0x1b));
}

#[test]
fn the_json_is_one_object_of_a_known_version() {
    let [_, json, ..] = rendered(&report_with(tally(), &settings(), None));
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["schema"], "vouchsafe-scan/1");
    assert_eq!(json["exit_code"], 1);
    assert_eq!(json["scanned"]["lines"], 1040);
    assert_eq!(json["minimum_confidence"], "medium");
    let pdf = json["documents"]
        .as_array()
        .unwrap()
        .iter()
        .find(|d| d["name"] == "/var/MRN-#######-[NAME].pdf")
        .unwrap();
    assert_eq!(pdf["findings"][0]["part"], "file name");
    let log = json["documents"]
        .as_array()
        .unwrap()
        .iter()
        .find(|d| d["name"] == "logs/[NAME] <b>&.log")
        .unwrap();
    assert_eq!(log["findings"][0]["count"], 1000);
    assert_eq!(log["findings"][0]["places"][4]["line"], 5);
    assert_eq!(json["allowances"][1]["state"], "ended");
    assert_eq!(json["baseline"], Value::Null);
    assert_eq!(json["controls"].as_array().unwrap().len(), 5);
}

/// What section 3 of the SARIF standard asks for of the parts that are used here.
#[test]
fn the_sarif_has_the_structure_of_the_standard() {
    let before = report_with(Tally::new(), &settings(), None).to_baseline();
    let [_, _, sarif, _] = rendered(&report_with(tally(), &settings(), Some(&before)));
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), Class::ALL.len());
    for rule in rules {
        assert!(
            rule["helpUri"]
                .as_str()
                .unwrap()
                .starts_with("https://www.ecfr.gov/current/title-45/section-164.")
        );
    }
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 5);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        assert!(result["occurrenceCount"].as_u64().unwrap() >= 1);
        assert_eq!(
            result["partialFingerprints"]["classAndPlace/v1"]
                .as_str()
                .unwrap()
                .len(),
            64
        );
        assert_eq!(result["baselineState"], "new");
        let locations = result["locations"].as_array().unwrap();
        assert!((1..=5).contains(&locations.len()));
        for location in locations {
            let uri = location["physicalLocation"]["artifactLocation"]["uri"]
                .as_str()
                .unwrap();
            assert!(
                uri.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-._~/%:".contains(&b)),
                "{uri}"
            );
            let line = &location["physicalLocation"]["region"]["startLine"];
            assert!(line.is_null() || line.as_u64().unwrap() >= 1);
        }
    }
}

#[test]
fn a_fingerprint_stays_when_lines_and_counts_change() {
    let fingerprint = |lines: std::ops::Range<u64>| {
        let mut tally = Tally::new();
        for line in lines {
            tally.add(
                b"a.log",
                Place::Line { line, column: line },
                &finding(Class::Ssn, Confidence::High, None),
            );
        }
        let [_, _, sarif, _] = rendered(&report_with(tally, &settings(), None));
        let sarif: Value = serde_json::from_str(&sarif).unwrap();
        sarif["runs"][0]["results"][0]["partialFingerprints"].clone()
    };
    assert_eq!(fingerprint(1..2), fingerprint(7..99));
}

#[test]
fn the_page_is_escaped_and_loads_nothing() {
    let [.., html] = rendered(&report_with(tally(), &settings(), None));
    assert!(html.contains("logs/[NAME] &lt;b&gt;&amp;.log"));
    assert!(!html.contains("<b>&.log"));
    for loading in [
        "<script", "<link", "<img", "src=", "url(", "http://", "https://", "@import",
    ] {
        assert!(!html.contains(loading), "{loading}");
    }
    assert!(html.contains("default-src 'none'"));
    assert_eq!(
        html.matches("<table").count(),
        html.matches("</table>").count()
    );
    assert_eq!(
        html.matches("<table").count(),
        html.matches("<caption").count()
    );
    assert_eq!(
        html.matches("<details").count(),
        html.matches("</details>").count()
    );
}

#[test]
fn a_baseline_makes_only_new_findings_fail() {
    let settings = settings();
    let mut first = Tally::new();
    let ssn = finding(Class::Ssn, Confidence::High, None);
    first.add(b"a.log", Place::Line { line: 3, column: 1 }, &ssn);
    let before = report_with(first, &settings, None).to_baseline();
    let again = |lines: &[u64], confidence| {
        let mut tally = Tally::new();
        for line in lines {
            let finding = finding(Class::Ssn, confidence, None);
            tally.add(
                b"a.log",
                Place::Line {
                    line: *line,
                    column: 9,
                },
                &finding,
            );
        }
        report_with(tally, &settings, Some(&before))
    };
    let moved = again(&[70], Confidence::Medium);
    assert_eq!(
        (moved.outcome.outcome, moved.outcome.exit_code),
        ("clean", 0)
    );
    assert_eq!(moved.documents[0].findings[0].new, Some(false));
    let more = again(&[3, 4], Confidence::High);
    assert_eq!((more.outcome.outcome, more.outcome.exit_code), ("found", 1));
    assert_eq!(more.documents[0].findings[0].new, Some(true));
    let gone = again(&[], Confidence::High);
    assert_eq!(gone.outcome.exit_code, 0);
    assert_eq!(gone.baseline.as_ref().unwrap().gone.len(), 1);
    assert!(rendered(&gone)[0].contains("gone: a.log: Social security number, 1"));
}

#[test]
fn what_could_not_be_read_is_never_clean() {
    let mut tally = Tally::new();
    tally.problem(b"a.log", Gap::NotRead, "permission denied");
    let report = report_with(tally, &settings(), None);
    assert_eq!(
        (report.outcome.outcome, report.outcome.exit_code),
        ("incomplete", 1)
    );
    let mut tally = Tally::new();
    tally.problem(b"a.sock", Gap::PassedOver, "a socket");
    let report = report_with(tally, &settings(), None);
    assert_eq!(
        (report.outcome.outcome, report.outcome.exit_code),
        ("clean", 0)
    );
}

#[test]
fn a_million_findings_beyond_the_bounds_are_in_every_report_as_counts() {
    let mut tally = Tally::new();
    for number in 0..60_000_u64 {
        let name = format!(
            "log-{}",
            char::from_u32(0x4E00 + u32::try_from(number % 20_000).unwrap()).unwrap()
        );
        let class = Class::ALL[usize::try_from(number / 20_000).unwrap()];
        for line in 1..=17 {
            tally.add(
                name.as_bytes(),
                Place::Line { line, column: 1 },
                &finding(class, Confidence::High, None),
            );
        }
    }
    let report = report_with(tally, &settings(), None);
    assert_eq!(report.total(), 1_020_000);
    let more: u64 = report.not_listed.iter().map(|(_, count)| count).sum();
    assert_eq!(more, 170_000);
    let [text, json, sarif, html] = rendered(&report);
    assert!(text.contains("More, not listed"));
    assert!(json.contains("\"not_listed\""));
    assert!(sarif.contains("more, not listed"));
    assert!(html.contains("More, not listed"));
}

/// Writes the four forms into a folder, to be looked at: `VOUCHSAFE_SCAN_FORMS=folder cargo test -- --ignored forms`.
#[test]
#[ignore = "writes files to look at"]
fn forms_to_look_at() {
    let folder = std::path::PathBuf::from(std::env::var_os("VOUCHSAFE_SCAN_FORMS").unwrap());
    let before = report_with(Tally::new(), &settings(), None).to_baseline();
    let report = report_with(tally(), &settings(), Some(&before));
    for (name, form) in ["report.txt", "report.json", "report.sarif", "report.html"]
        .iter()
        .zip(rendered(&report))
    {
        std::fs::write(folder.join(name), form).unwrap();
    }
}
