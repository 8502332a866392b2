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

const WORKFLOW: &str = "on: push\npermissions: {contents: read}\njobs:\n  test:\n    runs-on: x\n    steps:\n      - uses: ./.github/actions/set-up\n      - run: make\n";
const ACTION: &str = "runs:\n  using: composite\n  steps:\n    - uses: actions/cache@v4\n";

#[test]
fn workflows_are_found_without_a_setting_and_own_actions_with_them() {
    let trial = Trial::new(
        "",
        &[
            (".github/workflows/ci.yml", WORKFLOW),
            (".github/actions/set-up/action.yml", ACTION),
        ],
    );
    let judged = trial.run(0, AREA.checks);
    assert_eq!(
        codes(&judged[0]),
        [(
            "ACTION_NOT_PINNED",
            ".github/actions/set-up/action.yml actions/cache@v4"
        )]
    );
    assert_eq!(
        judged[0].deviations[0].place.as_deref(),
        Some(".github/actions/set-up/action.yml:4")
    );
    for judgement in &judged[1..] {
        assert_eq!(judgement.outcome, Outcome::Pass, "{judgement:?}");
    }
}

#[test]
fn a_project_without_workflows_and_one_with_a_broken_workflow_are_no_pass() {
    let trial = Trial::new("", &[]);
    assert!(
        trial
            .run(0, AREA.checks)
            .iter()
            .all(|judgement| judgement.outcome == Outcome::Error)
    );
    trial.write(
        ".github/workflows/ci.yml",
        "on: push\non: pull_request\njobs: {}\n",
    );
    assert!(
        trial
            .run(60, AREA.checks)
            .iter()
            .all(|judgement| judgement.outcome == Outcome::Error)
    );
}
