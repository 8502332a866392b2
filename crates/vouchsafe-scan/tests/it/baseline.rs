//! Baselines, as continuous integration uses them.

use std::fs;

use crate::tool::Tool;

fn log(values: &[&str]) -> String {
    values
        .iter()
        .map(|value| format!("x ssn={value}\n"))
        .collect()
}

#[test]
fn only_what_is_new_fails_and_what_is_gone_is_told() {
    let tool = Tool::new();
    tool.write("logs/a.log", log(&["219-09-9999", "219-09-9998"]));
    assert_eq!(tool.run(&["."]).code, Some(1));
    let written = tool.run(&["--write-baseline", "."]);
    assert_eq!(written.code, Some(0), "{}", written.text());
    assert!(
        written
            .err
            .contains("wrote vouchsafe-scan.baseline.json: 2 findings")
    );
    let same = tool.run(&["--baseline", "."]);
    assert_eq!(same.code, Some(0), "{}", same.text());
    assert!(same.out.contains("Nothing was found beyond the baseline"));
    tool.write(
        "logs/a.log",
        log(&["219-09-9999", "219-09-9998", "219-09-9997"]),
    );
    let more = tool.run(&["--baseline", "."]);
    assert_eq!(more.code, Some(1));
    assert!(more.out.contains("1 new, 2 known"), "{}", more.out);
    tool.write("logs/a.log", log(&["219-09-9999"]));
    let fewer = tool.run(&["--baseline", "."]);
    assert_eq!(fewer.code, Some(0));
    assert!(
        fewer
            .out
            .contains("gone: logs/a.log: Social security number, 1"),
        "{}",
        fewer.out
    );
    assert!(fewer.out.contains("The baseline can shrink"));
    // A baseline is no way around what cannot be read.
    tool.write("logs/b.gz", b"\x1f\x8b\x08\x00");
    assert_eq!(tool.run(&["--baseline", "."]).code, Some(1));
}

#[expect(
    clippy::too_many_lines,
    reason = "one scene, told from its beginning to its end"
)]
#[test]
fn a_baseline_holds_however_the_paths_are_written_and_in_another_checkout() {
    let (one, other) = (Tool::new(), Tool::new());
    for tool in [&one, &other] {
        tool.write("repo/logs/a.log", log(&["219-09-9999"]));
        tool.write("repo/sub/.keep", "");
    }
    let absolute = |tool: &Tool| tool.path().join("repo/logs").display().to_string();
    let texts: Vec<String> = [".", "logs", "./logs/", "logs/a.log", &absolute(&one)]
        .iter()
        .map(|path| {
            let mut command = one.command(&["--write-baseline", path]);
            let ran = command
                .current_dir(one.path().join("repo"))
                .output()
                .unwrap();
            assert_eq!(ran.status.code(), Some(0));
            one.read("repo/vouchsafe-scan.baseline.json")
        })
        .collect();
    assert!(texts.iter().all(|text| *text == texts[0]), "{texts:?}");
    fs::write(
        other.path().join("repo/vouchsafe-scan.baseline.json"),
        &texts[0],
    )
    .unwrap();
    let elsewhere = one.path().join("repo/vouchsafe-scan.baseline.json");
    for (folder, path, baseline) in [
        ("repo", ".".to_owned(), "--baseline".to_owned()),
        ("repo", absolute(&other), "--baseline".to_owned()),
        (
            "repo/sub",
            "../logs".to_owned(),
            "--baseline=../vouchsafe-scan.baseline.json".to_owned(),
        ),
        (
            ".",
            "repo".to_owned(),
            "--baseline=repo/vouchsafe-scan.baseline.json".to_owned(),
        ),
    ] {
        let mut command = other.command(&[&baseline, &path]);
        let ran = command
            .current_dir(other.path().join(folder))
            .output()
            .unwrap();
        assert_eq!(
            ran.status.code(),
            Some(0),
            "{folder} {path}: {}",
            String::from_utf8_lossy(&ran.stdout)
        );
    }
    // A baseline that lies elsewhere names files from the working folder on.
    let argument = format!("--write-baseline={}", elsewhere.display());
    let run = |arguments: &[&str]| {
        let mut command = other.command(arguments);
        command
            .current_dir(other.path().join("repo"))
            .status()
            .unwrap()
    };
    assert!(run(&[&argument, "logs"]).success());
    assert!(
        fs::read_to_string(&elsewhere)
            .unwrap()
            .contains("\"./logs/a.log\"")
    );
    assert!(run(&[&argument.replace("--write-", "--"), "."]).success());
}

#[test]
fn code_scanning_gets_the_same_place_however_the_path_was_written() {
    let tool = Tool::new();
    tool.write("logs/a.log", log(&["219-09-9999"]));
    let absolute = tool.path().display().to_string();
    let mut seen = Vec::new();
    for path in [".", "./logs", &absolute] {
        let ran = tool.run(&["--format", "sarif", path]);
        let sarif: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let result = &sarif["runs"][0]["results"][0];
        let place = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        assert_eq!(place, "logs/a.log");
        seen.push(result["partialFingerprints"].clone());
    }
    assert!(seen.iter().all(|print| *print == seen[0]), "{seen:?}");
}
