//! Settings and arguments, as a newcomer meets them.

use std::fs;

use crate::tool::Tool;

const LOG: &str =
    "ssn=219-09-9999 phone=415-555-0132 mail ada@quillbrook.org\nmember AC-12345678\n";

fn today(days: i64) -> String {
    let now = jiff::Timestamp::now().as_second() + days * 86_400;
    jiff::Timestamp::from_second(now)
        .unwrap()
        .to_string()
        .get(..10)
        .unwrap()
        .to_owned()
}

#[test]
fn init_writes_settings_that_work_and_writes_nothing_over() {
    let tool = Tool::new();
    tool.write("a.log", "nothing\n");
    let ran = tool.run(&["init"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert_eq!(
        tool.run(&["settings"]).out,
        tool.read("vouchsafe-scan.toml")
    );
    let clean = tool.run(&["a.log"]);
    assert_eq!(clean.code, Some(0));
    assert!(
        !clean.out.contains("Allowed by the settings"),
        "{}",
        clean.out
    );
    tool.write("vouchsafe-scan.toml", "minimum-confidence = 'high'\n");
    let again = tool.run(&["init"]);
    assert_eq!(again.code, Some(2));
    assert!(again.err.contains("not written over"), "{}", again.err);
    assert_eq!(
        tool.read("vouchsafe-scan.toml"),
        "minimum-confidence = 'high'\n"
    );
}

#[test]
fn an_unknown_key_is_refused_with_file_line_and_what_is_meant() {
    let tool = Tool::new();
    tool.write("a.log", LOG);
    tool.write("vouchsafe-scan.toml", "# x\nminimum-confidense = 'low'\n");
    for arguments in [&["a.log"][..], &["--filter"]] {
        let ran = tool.run(arguments);
        assert_eq!(ran.code, Some(2));
        assert_eq!(
            ran.err,
            "error: vouchsafe-scan.toml: line 2: unknown key; did you mean `minimum-confidence`?\n"
        );
    }
    assert_eq!(tool.run(&["--no-settings", "a.log"]).code, Some(1));
    assert_eq!(
        tool.run(&["--settings", "none.toml", "a.log"]).code,
        Some(2)
    );
    fs::write(tool.path().join("vouchsafe-scan.toml"), vec![b'#'; 2 << 20]).unwrap();
    let large = tool.run(&["a.log"]);
    assert_eq!(large.code, Some(2), "{}", large.err);
}

#[test]
fn allowances_end_and_those_that_nobody_needs_are_told() {
    let tool = Tool::new();
    tool.write("a.log", LOG);
    let allow = |class: &str, until: &str| {
        format!("[[allow]]\nclass='{class}'\nreason='fiction'\nowner='platform'\nuntil={until}\n")
    };
    let all = [
        allow("phone", &today(1)),
        allow("email", &today(0)),
        allow("ssn", &today(-1)),
        allow("fax", &today(5)),
    ];
    tool.write("vouchsafe-scan.toml", all.concat());
    let ran = tool.run(&["a.log"]);
    assert_eq!(ran.code, Some(1));
    for said in [
        "line 1: 1 findings may stand",
        "line 6: 1 findings may stand",
        "line 11: ended, so it did not apply",
        "line 16: unused",
        "a.log:1:5",
    ] {
        assert!(ran.out.contains(said), "{said} in {}", ran.out);
    }
    assert!(!ran.out.contains("415"));
}

#[test]
fn own_patterns_classes_and_exclusions_are_heeded() {
    let tool = Tool::new();
    tool.write("a.log", LOG);
    tool.write("out/b.log", LOG);
    let pattern = "[[pattern]]\nid='member'\nclass='health-plan'\nregex='AC-[0-9]{8}'\n";
    tool.write(
        "vouchsafe-scan.toml",
        format!("{pattern}[exclude]\npaths=['out']\n"),
    );
    let ran = tool.run(&["."]);
    assert!(ran.out.contains("a.log:2:8"), "{}", ran.out);
    assert!(!ran.out.contains("out/b.log"), "{}", ran.out);
    assert!(ran.out.contains("left out: 1 paths"), "{}", ran.out);
    let only = tool.run(&["--only", "ssn,email", "."]);
    assert!(only.out.contains("ssn") && only.out.contains("email"));
    assert!(
        !only.out.contains("phone") && !only.out.contains("member"),
        "{}",
        only.out
    );
    let without = tool.run(&[
        "--without",
        "ssn,email,health-plan",
        "--exclude",
        "out",
        ".",
    ]);
    assert!(without.out.contains("a.log:1:"), "{}", without.out);
    assert!(
        !without.out.contains(" high    ssn") && !without.out.contains("a.log:2"),
        "{}",
        without.out
    );
    let none = tool.run(&["--without", "ssn,email,health-plan,phone", "."]);
    assert_eq!(none.code, Some(0), "{}", none.out);
}

#[test]
fn a_path_with_the_name_of_a_command_is_never_passed_over() {
    let tool = Tool::new();
    tool.write("settings/a.log", LOG);
    let refused = tool.run(&["settings"]);
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.err.contains("./settings scans it"),
        "{}",
        refused.err
    );
    assert_eq!(tool.run(&["./settings"]).code, Some(1));
}

#[test]
fn help_is_there_and_fits_and_shells_complete() {
    let tool = Tool::new();
    for arguments in [
        &["--help"][..],
        &["-h"],
        &["help", "learn"],
        &["learn", "--help"],
        &["hash", "--help"],
        &["settings", "--help"],
    ] {
        let ran = tool.run(arguments);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert!(ran.out.contains("Usage: "), "{}", ran.out);
        for line in ran.out.lines() {
            assert!(line.chars().count() <= 125, "{line}");
        }
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = tool.run(&["completions", shell]);
        assert_eq!(ran.code, Some(0));
        assert!(ran.out.contains("vouchsafe-scan") && ran.out.contains("baseline"));
    }
}

#[test]
fn an_output_is_written_whole_and_a_device_stays_one() {
    let tool = Tool::new();
    tool.write("a.log", LOG);
    let ran = tool.run(&["a.log", "--format", "json", "-o", "r.json"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    serde_json::from_str::<serde_json::Value>(&tool.read("r.json")).unwrap();
    assert_eq!(tool.run(&["a.log", "-o", "/dev/null"]).code, Some(1));
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    assert_eq!(fs::read_dir(tool.path()).unwrap().count(), 2);
}
