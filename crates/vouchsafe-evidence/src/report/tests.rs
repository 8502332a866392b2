use std::path::Path;

use super::sample::{Sample, Size, header};
use super::text::HIDDEN;
use super::*;

const USUAL: Size = Size {
    changes: 2_000,
    evidence: 10_000,
    deviations: 180,
};
const SMALL: Size = Size {
    changes: 30,
    evidence: 300,
    deviations: 8,
};
const SCRIPT: &str = include_str!("../../data/report/page.js");

/// Writes a report for `tests/evidence-report/run.sh` and `tests/oscal/run.sh`, which look at it with real tools.
#[test]
fn a_report_is_written_where_one_is_asked_for() {
    let Some(folder) = std::env::var_os("VOUCHSAFE_REPORT_SAMPLE") else {
        println!("skipped: VOUCHSAFE_REPORT_SAMPLE names no folder");
        return;
    };
    let folder = Path::new(&folder);
    let wanted = [
        ("usual", USUAL, 9),
        ("small", SMALL, 9),
        ("signed-again", SMALL, 8),
    ];
    for (name, size, seed) in wanted {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let sample = Sample::signed(size, seed);
        let report = sample.report();
        std::fs::write(folder.join("key"), &report.key).unwrap();
        std::fs::write(folder.join("kept"), &sample.kept).unwrap();
        for (name, bytes) in files(&report, &sample.controls()).unwrap() {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        for (check, items) in report.populations {
            let csv = crate::finding::csv(items);
            std::fs::write(folder.join(format!("{check}.csv")), csv).unwrap();
        }
    }
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    let (one, other) = (Sample::new(SMALL), Sample::new(SMALL));
    let all = |sample: &Sample| files(&sample.report(), &sample.controls()).unwrap();
    assert!(all(&one) == all(&other), "two runs differ");
    let paths: Vec<_> = all(&one).into_iter().map(|(path, _)| path).collect();
    for path in [
        "report.html",
        "report.pdf",
        "evidence.csv",
        "oscal/poam.json",
    ] {
        assert!(paths.iter().any(|known| known == path), "{path}");
    }
}

#[test]
fn nothing_that_was_collected_becomes_markup() {
    let sample = Sample::new(SMALL);
    let page = html(&sample.report()).unwrap();
    for attack in ["<script>alert", "<img", "</td><script"] {
        assert!(!page.contains(attack), "{attack}");
    }
    assert!(page.contains("&lt;script&gt;alert(&#39;source&#39;)"));
    assert!(
        !page.contains('\u{202e}'),
        "a character turns the text around it"
    );
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script").count(), 2);
    for foreign in [
        "src=\"",
        "href=\"http",
        "url(",
        "@import",
        "style=\"",
        "onload=",
        "onclick=",
    ] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

#[test]
fn a_hundred_thousand_deviations_do_not_make_an_endless_page() {
    let size = Size {
        deviations: 100_000,
        ..SMALL
    };
    let sample = Sample::new(size);
    let page = html(&sample.report()).unwrap();
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    assert!(page.contains("99950 more in deviations.csv of the pack"));
    let paper = pdf(&sample.report()).unwrap();
    assert!(paper.len() < 1_000_000, "{} bytes", paper.len());
    let documents = oscal(&sample.report(), &sample.controls()).unwrap();
    let bytes: usize = documents.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(bytes < 2_000_000, "{bytes} bytes");
    let [(_, deviations), _] = <[_; 2]>::try_from(tables(&sample.report())).unwrap();
    assert!(deviations.lines().count() > 100_000);
}

#[test]
fn a_report_of_a_usual_size_stays_usable() {
    let sample = Sample::new(USUAL);
    let page = html(&sample.report()).unwrap();
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    assert!(page.contains("1950 more in populations/change.reviewed.csv of the pack"));
}

#[test]
fn no_report_says_more_than_was_observed() {
    let sample = Sample::new(SMALL);
    let page = html(&sample.report()).unwrap().to_lowercase();
    for word in ["compliant", "compliance", "certified", "certificate"] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("not legal advice"));
}

#[test]
fn an_entry_that_is_none_is_refused() {
    let sample = Sample::new(SMALL);
    let mut report = sample.report();
    assert_eq!(header(&report.proven[0].leaf).v, 1);
    report.proven[0].leaf = b"nothing".to_vec();
    assert!(matches!(html(&report), Err(ReportError::Entry { .. })));
    let mut report = sample.report();
    report.checkpoint = b"nothing";
    assert!(matches!(html(&report), Err(ReportError::Checkpoint(_))));
}

#[test]
fn the_script_has_the_same_rules_for_hidden_characters() {
    let (_, rest) = SCRIPT.split_once("const HIDDEN = [").unwrap();
    let (list, _) = rest.split_once(';').unwrap();
    let numbers: Vec<u32> = list
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter_map(|word| word.strip_prefix("0x"))
        .map(|digits| u32::from_str_radix(digits, 16).unwrap())
        .collect();
    let ours: Vec<u32> = HIDDEN.iter().flat_map(|(from, to)| [*from, *to]).collect();
    assert_eq!(numbers, ours);
}

#[test]
fn what_is_not_held_is_not_satisfied_and_what_is_not_applicable_is_left_out() {
    let sample = Sample::new(SMALL);
    let documents = oscal(&sample.report(), &sample.controls()).unwrap();
    let results = documents
        .iter()
        .find(|(path, _)| path.ends_with("assessment-results.json"));
    let results: serde_json::Value = serde_json::from_slice(&results.unwrap().1).unwrap();
    let findings = results["assessment-results"]["results"][0]["findings"]
        .as_array()
        .unwrap();
    assert_eq!(findings.len(), 13, "of 14 controls one is not applicable");
    for finding in findings {
        let ours = finding["props"][0]["value"].as_str().unwrap();
        let satisfied = finding["target"]["status"]["state"] == "satisfied";
        assert_eq!(
            satisfied,
            ["held", "examined, not tested"].contains(&ours),
            "{ours}"
        );
    }
}

#[test]
fn a_report_without_anything_open_has_no_plan_and_no_empty_list() {
    let sample = Sample::new(SMALL);
    let mut findings = sample.report().findings.clone();
    findings.controls.clear();
    findings.checks.clear();
    let mut report = sample.report();
    report.findings = &findings;
    let documents = oscal(&report, &[]).unwrap();
    for (path, bytes) in &documents {
        assert_ne!(path, "oscal/poam.json");
        assert!(!String::from_utf8_lossy(bytes).contains("[]"), "{path}");
    }
    assert!(
        html(&report)
            .unwrap()
            .contains("No check asks for anything.")
    );
    assert!(pdf(&report).unwrap().starts_with(b"%PDF-"));
}
