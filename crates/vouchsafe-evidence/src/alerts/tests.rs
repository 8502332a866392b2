use std::path::Path;
use std::time::Duration;

use super::*;
use crate::alerts::tool::Tool;
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

/// Whether the real tool is here; the tests that need it say so and pass by.
fn has(name: &str) -> bool {
    let there = Tool::named(name).version(Path::new("/")).is_ok();
    if !there {
        eprintln!("skipped: {name} is not installed");
    }
    there
}

const RULES_TEXT: &str = include_str!("tests/api.rules.yaml");
const TESTS_TEXT: &str = include_str!("tests/api.test.yaml");
const ALERTMANAGER_TEXT: &str = include_str!("tests/alertmanager.yml");

const SETTINGS: &str = "[alerts]\nrules = [\"rules/*.rules.yaml\"]\ntests = [\"rules/*.test.yaml\"]\nalertmanager = \"alertmanager.yml\"\nrunbooks = \"docs/runbooks\"\n";

fn trial(rules: &str, tests: &str, alertmanager: &str) -> Trial {
    Trial::new(
        SETTINGS,
        &[
            ("rules/api.rules.yaml", rules),
            ("rules/api.test.yaml", tests),
            ("alertmanager.yml", alertmanager),
            ("docs/runbooks/api-down.md", "# The API is down\n"),
            ("docs/runbooks/watchdog.md", "# Nothing to do\n"),
        ],
    )
}

#[test]
fn real_tools_pass_a_team_that_did_it_right() {
    if !has("promtool") || !has("amtool") {
        return;
    }
    let trial = trial(RULES_TEXT, TESTS_TEXT, ALERTMANAGER_TEXT);
    for judgement in trial.run(0, AREA.checks) {
        assert_eq!(judgement.outcome, Outcome::Pass, "{judgement:?}");
    }
}

#[test]
fn real_promtool_shows_tests_that_do_not_notice() {
    if !has("promtool") || !has("amtool") {
        return;
    }
    // Silent for two minutes only, which is shorter than `for`, and never pending.
    let weak = TESTS_TEXT
        .replace("1x10 0x10", "1x1 0x30")
        .replace("      - {eval_time: 8m, alertname: ApiDown}\n      - {eval_time: 13m, alertname: ApiDown}\n", "      - {eval_time: 1m, alertname: ApiDown}\n");
    let judged = trial(RULES_TEXT, &weak, ALERTMANAGER_TEXT).run(0, AREA.checks);
    let texts: Vec<_> = judged[0]
        .deviations
        .iter()
        .map(|one| one.text.as_str())
        .collect();
    assert_eq!(
        codes(&judged[0])
            .iter()
            .filter(|(code, _)| *code == "MUTATION_SURVIVED")
            .count(),
        2,
        "{judged:?}"
    );
    assert!(
        texts
            .iter()
            .any(|text| text.contains("it fires where it was silent"))
    );
    assert!(texts.iter().any(|text| text.contains("`for` is gone")));
    let broken = TESTS_TEXT.replace("severity: page", "severity: ticket");
    let judged = trial(RULES_TEXT, &broken, ALERTMANAGER_TEXT).run(0, AREA.checks);
    assert_eq!(codes(&judged[0]), [("TESTS_FAILED", "promtool test rules")]);
    let wrong = RULES_TEXT.replace("== 0", "=== 0");
    let judged = trial(&wrong, TESTS_TEXT, ALERTMANAGER_TEXT).run(0, AREA.checks);
    assert!(codes(&judged[0]).contains(&("RULES_INVALID", "promtool check rules")));
}

#[test]
fn real_amtool_shows_alerts_that_reach_nobody() {
    if !has("promtool") || !has("amtool") {
        return;
    }
    let lost = ALERTMANAGER_TEXT.replace("page|ticket", "ticket");
    let judged = trial(RULES_TEXT, TESTS_TEXT, &lost).run(0, AREA.checks);
    assert_eq!(
        codes(&judged[1]),
        [("ROUTE_NULL", "rules/api.rules.yaml:ApiDown")]
    );
    let wrong = ALERTMANAGER_TEXT.replace("receiver: on-call", "receiver: off-call");
    let judged = trial(RULES_TEXT, TESTS_TEXT, &wrong).run(0, AREA.checks);
    assert_eq!(
        codes(&judged[1]),
        [("ALERTMANAGER_INVALID", "alertmanager.yml")]
    );
    let odd = RULES_TEXT.replace("severity: page", "severity: 'a \"b\\\\ c, d'");
    let judged = trial(
        &odd,
        &TESTS_TEXT.replace("severity: page", "severity: 'a \"b\\\\ c, d'"),
        ALERTMANAGER_TEXT,
    )
    .run(0, AREA.checks);
    assert_eq!(
        codes(&judged[1]),
        [("ROUTE_NULL", "rules/api.rules.yaml:ApiDown")],
        "{judged:?}"
    );
}

#[test]
fn secrets_of_alertmanager_are_not_stored() {
    if !has("promtool") || !has("amtool") {
        return;
    }
    for text in [
        ALERTMANAGER_TEXT.to_owned(),
        ALERTMANAGER_TEXT.replace(
            "receiver: on-call",
            "receiver: f00dfeed\n      bogus: s3cr3t",
        ),
    ] {
        let trial = trial(RULES_TEXT, TESTS_TEXT, &text);
        trial.run(0, &[]);
        for (_, content) in trial.stored(ROUTES) {
            let content = String::from_utf8(content).unwrap();
            for secret in [
                "hunter2",
                "f00dfeed",
                "s3cr3t",
                "0123456789abcdef0123456789abcdef",
            ] {
                assert!(!content.contains(secret), "{secret}");
            }
            assert!(content.contains("switch.monitoring.internal"));
        }
    }
}

#[test]
fn a_test_that_reads_other_files_of_the_machine_is_not_run() {
    let trial = Trial::new(SETTINGS, &[]);
    trial.write("rules/api.rules.yaml", RULES_TEXT);
    for file in ["/etc/passwd", "../../../etc/passwd", "a/../../../x"] {
        trial.write(
            "rules/api.test.yaml",
            &TESTS_TEXT.replace("api.rules.yaml", file),
        );
        let settings = Settings {
            rules: vec!["rules/*.rules.yaml".to_owned()],
            tests: vec!["rules/*.test.yaml".to_owned()],
            ..Settings::default()
        };
        let asked = promtool::ask(
            trial.root(),
            &settings,
            &Tool::at("true".into(), Duration::from_secs(9)),
        );
        assert!(
            asked.unwrap_err().contains("outside of the project"),
            "{file}"
        );
    }
}

#[test]
fn a_tool_that_is_missing_or_hangs_is_no_pass() {
    let here = Path::new("/");
    let missing = Tool::at("no-such-tool".into(), Duration::from_secs(9));
    assert!(missing.version(here).unwrap_err().contains("install it"));
    assert!(
        Tool::named("no-such-tool")
            .version(here)
            .unwrap_err()
            .contains("install it")
    );
    let hangs = Tool::at("sleep".into(), Duration::from_millis(50));
    let run = hangs.run(here, &["60".to_owned()]).unwrap();
    assert_eq!(run.exit, None);
    let talks = Tool::at("yes".into(), Duration::from_millis(200));
    assert_eq!(talks.run(here, &[]).unwrap().exit, None);
    let much = Tool::at("seq".into(), Duration::from_secs(9));
    let run = much.run(here, &["100000".to_owned()]).unwrap();
    assert!(run.cut && run.exit == Some(0) && run.stdout.len() == 64 << 10);
}
