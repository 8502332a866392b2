use vouchsafe_scan::detect::Detector;

use super::*;
use crate::collect::look_for_phi;
use crate::judgement::Outcome;
use crate::trial::{Trial, codes};

const RENDERED: &str = include_str!("tests/rendered.yaml");

#[test]
fn rendered_manifests_of_a_service_do_not_look_like_phi() {
    let looked = look_for_phi(&Detector::new(), MANIFESTS, RENDERED.as_bytes());
    assert_eq!(looked, Ok(()));
    let planted = format!("{RENDERED}\n# patient SSN 219-09-9999\n");
    assert!(look_for_phi(&Detector::new(), MANIFESTS, planted.as_bytes()).is_err());
}

#[test]
fn the_values_of_secrets_are_not_stored_and_all_else_is_as_it_was() {
    let kept = without_secrets(RENDERED.as_bytes().to_vec()).unwrap();
    let kept = String::from_utf8(kept).unwrap();
    assert!(RENDERED.contains("c3dvcmRmaXNo") && !kept.contains("c3dvcmRmaXNo"));
    assert!(kept.contains("name: \"session\""));
    let before = yaml::documents(RENDERED.as_bytes()).unwrap();
    let after = yaml::documents(kept.as_bytes()).unwrap();
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        if before.root.text_at(&["kind"]) != Some("Secret") {
            assert_eq!(
                before.root.get("spec").map(|node| &node.value).is_some(),
                after.root.get("spec").is_some()
            );
            assert_eq!(
                before.root.text_at(&["metadata", "name"]),
                after.root.text_at(&["metadata", "name"])
            );
        }
    }
    let without = RENDERED.replace("kind: Secret", "kind: ConfigMap");
    assert_eq!(
        without_secrets(without.clone().into_bytes()).unwrap(),
        without.as_bytes()
    );
}

#[test]
fn a_secret_in_a_list_or_in_json_is_not_stored_either() {
    let list = "kind: List\napiVersion: v1\nitems:\n  - {kind: Secret, apiVersion: v1, metadata: {name: a}, data: {k: djE=}}\n";
    assert!(
        without_secrets(list.as_bytes().to_vec())
            .unwrap_err()
            .contains("render that apart")
    );
    let json = "{\"kind\": \"Secret\", \"apiVersion\": \"v1\", \"metadata\": {\"name\": \"a\"}, \"stringData\": {\"k\": \"v1v1\"}}";
    let kept = without_secrets(json.as_bytes().to_vec()).unwrap();
    assert!(!String::from_utf8(kept.clone()).unwrap().contains("v1v1"));
    assert_eq!(
        yaml::document(&kept).unwrap().text_at(&["kind"]),
        Some("Secret")
    );
    let two = "a: 1\n---\nkind: Secret\ndata: {k: djE=}\n...\n---\nb: 2\n";
    let kept = String::from_utf8(without_secrets(two.as_bytes().to_vec()).unwrap()).unwrap();
    assert!(!kept.contains("djE="));
    assert_eq!(yaml::documents(kept.as_bytes()).unwrap().len(), 3);
}

#[test]
fn hostile_manifests_are_refused_before_they_are_stored() {
    for text in [
        "a:\n\tb: 1\n",
        "a: 1\na: 2\n",
        "\0\0",
        "a: !!python/name:x y\n",
    ] {
        assert!(
            without_secrets(text.as_bytes().to_vec()).is_err(),
            "{text:?}"
        );
    }
    assert!(without_secrets(vec![b'#'; 50 << 20]).is_err());
}

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

const SETTINGS: &str = "[kubernetes]\nmanifests = [\"deploy/**/*.yaml\"]\n";

#[test]
fn a_run_on_rendered_manifests_passes_every_check_and_stores_no_secret() {
    let trial = Trial::new(SETTINGS, &[("deploy/a/rendered.yaml", RENDERED)]);
    for (judgement, check) in trial.run(0, AREA.checks).iter().zip(AREA.checks) {
        assert_eq!(judgement.outcome, Outcome::Pass, "{check}\n{judgement:?}");
    }
    let stored = trial.stored(MANIFESTS).remove(0).1;
    assert!(!String::from_utf8(stored).unwrap().contains("c3dvcmRmaXNo"));
}

#[test]
fn what_cannot_be_read_opens_a_gap_in_every_check() {
    let trial = Trial::new(SETTINGS, &[("deploy/rendered.yaml", RENDERED)]);
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let alias = vec![format!("*a{}", n - 1); 9].join(", ");
        bomb.push_str(&format!("a{n}: &a{n} [{alias}]\n"));
    }
    let hostile = [
        ("a bomb", bomb),
        ("twice", "kind: A\nkind: B\n".to_owned()),
        ("tab", "a:\n\tb: 1\n".to_owned()),
        ("binary", "a: \u{0}".to_owned()),
        ("deep", format!("{}{}", "[".repeat(300), "]".repeat(300))),
        ("large", "#".repeat(17 << 20)),
        ("empty", String::new()),
        ("no object", "a: 1\n".to_owned()),
        (
            "patient",
            format!("{RENDERED}\n# patient SSN 219-09-9999\n"),
        ),
    ];
    for ((name, text), second) in hostile.into_iter().zip(1..) {
        trial.write("deploy/hostile.yaml", &text);
        for judgement in trial.run(second * 60, AREA.checks) {
            assert_eq!(judgement.outcome, Outcome::Error, "{name}: {judgement:?}");
        }
    }
}

#[test]
fn manifests_that_are_not_configured_or_gone_are_no_pass() {
    let trial = Trial::new("", &[("deploy/rendered.yaml", RENDERED)]);
    for judgement in trial.run(0, AREA.checks) {
        assert_eq!(judgement.outcome, Outcome::Error);
    }
    let trial = Trial::new(SETTINGS, &[("deploy/rendered.yaml", RENDERED)]);
    trial.run(0, AREA.checks);
    std::fs::remove_file(trial.root().join("deploy/rendered.yaml")).unwrap();
    for judgement in trial.run(60, AREA.checks) {
        assert_eq!(judgement.outcome, Outcome::Error, "{judgement:?}");
    }
}

#[test]
fn an_object_that_was_taken_away_is_found_in_no_other_file() {
    let trial = Trial::new(SETTINGS, &[("deploy/a.yaml", RENDERED)]);
    trial.run(0, AREA.checks);
    // The budget moves to another file, then it is gone: the first file's older text does not bring it back.
    let (rest, budget) = RENDERED.split_once("---\napiVersion: policy/v1\n").unwrap();
    trial.write("deploy/a.yaml", rest);
    trial.write("deploy/b.yaml", &format!("apiVersion: policy/v1\n{budget}"));
    assert_eq!(trial.run(60, AREA.checks)[1].outcome, Outcome::Pass);
    std::fs::remove_file(trial.root().join("deploy/b.yaml")).unwrap();
    let judged = trial.run(120, AREA.checks);
    assert_eq!(
        codes(&judged[1]),
        [("PDB_MISSING", "records/Deployment/records")]
    );
}
