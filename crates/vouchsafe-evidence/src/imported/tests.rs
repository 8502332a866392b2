use std::fs;

use super::*;
use crate::judgement::Outcome;
use crate::trial::{Trial, codes};

#[test]
fn every_check_loads_with_its_cases() {
    let faults: Vec<String> = AREA
        .checks
        .iter()
        .filter_map(|text| crate::check::Check::load(text).err())
        .map(|error| error.to_string())
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

const EMPTY: &str = "{\"version\": \"2.1.0\", \"runs\": [{\"tool\": {\"driver\": {\"name\": \"gosec\"}}, \"results\": []}]}";
const SETTINGS: &str = "[[import]]\ntool = \"sarif\"\npath = \"reports/*.sarif\"\nmax_age_days = 36500\n[terraform]\nstates = [\"state.json\"]\n";

#[test]
fn an_empty_file_a_missing_file_and_a_second_report_are_seen_by_a_run() {
    let state = "{\"format_version\": \"1.0\", \"values\": {\"root_module\": {\"resources\": [], \"child_modules\": [{\"resources\": [{\"address\": \"module.a.aws_db_instance.b\", \"type\": \"aws_db_instance\", \"mode\": \"managed\", \"values\": {\"password\": \"hunter2\"}}]}]}}}";
    let trial = Trial::new(
        SETTINGS,
        &[("reports/a.sarif", EMPTY), ("state.json", state)],
    );
    let now = i64::try_from(
        fs::metadata(trial.root().join("state.json"))
            .unwrap()
            .modified()
            .unwrap()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs(),
    )
    .unwrap()
        - 1_780_000_000;
    let judged = trial.run(now, AREA.checks);
    assert_eq!(
        (judged[0].outcome, judged[1].outcome),
        (Outcome::Pass, Outcome::Pass),
        "{judged:?}"
    );
    assert_eq!(
        codes(&judged[2]),
        [("SERVICE_UNREGISTERED", "module.a.aws_db_instance.b")]
    );
    let stored = trial.stored(RESOURCES).remove(0).1;
    assert!(!String::from_utf8(stored).unwrap().contains("hunter2"));
    trial.write("reports/b.sarif", " \n");
    assert_eq!(trial.run(now + 60, AREA.checks)[0].outcome, Outcome::Error);
    fs::remove_dir_all(trial.root().join("reports")).unwrap();
    assert_eq!(trial.run(now + 120, AREA.checks)[0].outcome, Outcome::Error);
}

#[test]
fn hostile_reports_are_errors_and_nothing_else() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let texts = [
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        "\u{0}".to_owned(),
        deep,
        "{\"version\": \"2.1.0\", \"runs\": {}}".to_owned(),
        "{\"version\": \"2.1.0\", \"runs\": [null]}".to_owned(),
        "{\"version\": \"2.1.0\", \"runs\": [{\"tool\": {\"driver\": {\"name\": \"x\"}}, \"results\": [{\"ruleIndex\": 18446744073709551615}]}]}".to_owned(),
        "{\"version\": \"2.1.0\", \"runs\": [{\"tool\": {\"driver\": {\"name\": \"x\"}}, \"results\": [{\"ruleIndex\": -1}]}]}".to_owned(),
        "{\"vulnerabilities\": {\"count\": 0}}".to_owned(),
        "{\"results\": [{\"packages\": [{\"groups\": [{}]}]}]}".to_owned(),
        "[{\"status_code\": 1}]".to_owned(),
        "{\"config\": {}} {\"finding\": {\"trace\": []}}".to_owned(),
    ];
    for (tool, name) in Tool::ALL {
        for text in &texts {
            assert!(
                result::read(tool, text.as_bytes()).is_err(),
                "{name}: {:.60}",
                text
            );
        }
    }
}

#[test]
fn a_state_without_resources_is_no_evidence() {
    for text in [
        "",
        "{}",
        "{\"format_version\": \"1.0\"}",
        "{\"format_version\": \"1.0\", \"values\": {\"root_module\": {}}}",
    ] {
        assert!(terraform::reduce(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn a_committed_report_is_as_old_as_its_commit_and_not_as_its_checkout() {
    let trial = Trial::new(SETTINGS, &[("reports/a.sarif", EMPTY)]);
    let git = |arguments: &[&str]| {
        let made = std::process::Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
            .args(arguments)
            .env("GIT_COMMITTER_DATE", "2026-05-01T00:00:00Z")
            .current_dir(trial.root())
            .status()
            .unwrap();
        assert!(made.success());
    };
    git(&["add", "reports"]);
    git(&["commit", "--quiet", "--message", "x"]);
    trial.run(0, &[]);
    let made = trial.stored(RESULT).remove(0).0.evidence.collected_at;
    assert_eq!(made.to_string(), "2026-05-01T00:00:00Z");
    // A report that the run itself wrote over it is as old as the file.
    trial.write("reports/a.sarif", &format!("{EMPTY}\n"));
    trial.run(60, &[]);
    assert!(trial.stored(RESULT).remove(1).0.evidence.collected_at > made);
}
