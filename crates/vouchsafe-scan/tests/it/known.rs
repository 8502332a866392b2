//! Known values: learned from a team's tables, found in its logs, and never shown.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::inputs::{gz, sqlite};
use crate::tool::Tool;

/// Names and numbers that no detector knows.
const LOG: &str = "step 7 YLLEEM, QORVANTH done\n\
    GET /x?q=zyrraqh%20dvemm HTTP/1.1\n\
    loaded 00477.119 twice\n\
    plain words only\n\
    {\"x\":\"brenk\\u0020oosthuk\"}\n";

fn learned(tool: &Tool) {
    tool.write(
        "t/people.csv",
        "id,full_name,mrn\n1,Qorvanth Ylleem,00-477-119\n",
    );
    tool.write(
        "t/clinic.db",
        sqlite(
            "people",
            &["last_name", "kunde"],
            &[&["Wexlaqu", "Zyrraqh Dvemm"]],
        ),
    );
    tool.write(
        "t/dump.sql.gz",
        gz(b"SET x;\nCOPY public.people (id, full_name) FROM stdin;\n1\tBrenk Oosthuk\n2\t\\N\n\\.\n"),
    );
    let ran = tool.run(&[
        "learn",
        "--key",
        "key",
        "--new-key",
        "-o",
        "known",
        "--column",
        "kunde=name",
        "t/people.csv",
        "t/clinic.db",
        "t/dump.sql.gz",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert!(ran.out.contains("5 new"), "{}", ran.text());
    tool.write(
        "vouchsafe-scan.toml",
        "[known]\nfile = 'known'\nkey = 'key'\n",
    );
    tool.write("app.log", LOG);
}

#[test]
fn values_of_tables_are_found_in_logs_however_they_are_written() {
    let tool = Tool::new();
    learned(&tool);
    let without = tool.run(&["--no-settings", "app.log"]);
    assert_eq!(
        without.code,
        Some(0),
        "no detector knows them: {}",
        without.out
    );
    let ran = tool.run(&["app.log"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("known value"), "{}", ran.out);
    assert!(ran.out.contains("app.log:1:8 "), "{}", ran.out);
    assert!(ran.out.contains("3 times, also at 2:10 5:7"), "{}", ran.out);
    assert!(ran.out.contains("app.log:3:8 "), "{}", ran.out);
    // File names, too.
    tool.write("scan_of_ylleem_qorvanth.txt", "x\n");
    let named = tool.run(&["."]);
    assert!(
        named.out.contains("scan_of_[NAME].txt: file name"),
        "{}",
        named.out
    );
    assert!(!named.out.to_lowercase().contains("qorvanth"));
    // What is learned holds no value, and again learns nothing.
    let known = tool.read("known").to_lowercase();
    assert!(!known.contains("qorvanth") && !known.contains("00477"));
    let again = tool.run(&["learn", "--key", "key", "-o", "known", "t/people.csv"]);
    assert!(again.out.contains("0 new"), "{}", again.out);
}

#[test]
fn the_filter_masks_known_values_and_own_patterns_and_counts() {
    let tool = Tool::new();
    learned(&tool);
    let pattern = "[[pattern]]\nid='member'\nclass='health-plan'\nregex='AC-[0-9]{4}'\n";
    let settings = tool.read("vouchsafe-scan.toml") + pattern;
    tool.write("vouchsafe-scan.toml", settings);
    let ran = tool.run_on(&["--filter", "--metrics", "m.prom"], |input| {
        input.write_all(format!("{LOG}member AC-1234\n").as_bytes())
    });
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(
        ran.out,
        "step 7 [NAME] done\nGET /x?q=[NAME] HTTP/1.1\nloaded [MRN] twice\nplain words only\n\
         {\"x\":\"[NAME]\"}\nmember [HEALTH-PLAN]\n"
    );
    let metrics = tool.read("m.prom");
    assert!(
        metrics.contains("vouchsafe_scan_filter_masked_total{class=\"name\"} 3"),
        "{metrics}"
    );
    assert!(
        metrics.contains("vouchsafe_scan_filter_lines_total 6"),
        "{metrics}"
    );
}

#[test]
fn files_that_others_may_read_and_work_trees_are_refused() {
    let tool = Tool::new();
    learned(&tool);
    let refused = |arguments: &[&str], why: &str| {
        let ran = tool.run(arguments);
        assert_eq!(ran.code, Some(2), "{}", ran.text());
        assert!(ran.err.contains(why), "{}", ran.err);
    };
    for file in ["key", "known"] {
        let path = tool.path().join(file);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        refused(&["app.log"], "others than its owner may read it");
        refused(&["--filter"], "others than its owner may read it");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    refused(
        &[
            "learn",
            "--key",
            "key",
            "--new-key",
            "-o",
            "known",
            "t/people.csv",
        ],
        "exists already",
    );
    refused(
        &["learn", "--key", "key", "-o", "known", "app.log"],
        "--column NAME=CLASS",
    );
    fs::create_dir(tool.path().join(".git")).unwrap();
    refused(&["app.log"], "inside a git work tree");
    refused(
        &[
            "learn",
            "--key",
            "new",
            "--new-key",
            "-o",
            "known",
            "t/people.csv",
        ],
        "inside a git work tree",
    );
    assert!(!tool.path().join("new").exists());
}

#[test]
fn a_value_can_be_allowed_by_its_hash_and_never_stands_in_the_settings() {
    let tool = Tool::new();
    learned(&tool);
    tool.write("app.log", "ssn=219-09-9999\nssn=219-09-9998\n");
    let hash = tool.run_on(&["hash", "--key", "key"], |input| {
        input.write_all(b"219-09-9999\n")
    });
    assert_eq!(hash.code, Some(0), "{}", hash.err);
    let today = jiff::Timestamp::now().to_string();
    let allow = |key: &str| {
        format!(
            "{key}[[allow]]\nvalue-hash = '{}'\nreason = 'our test patient'\nowner = 'platform'\nuntil = {}\n",
            hash.out.trim(),
            today.get(..10).unwrap()
        )
    };
    tool.write("vouchsafe-scan.toml", allow("[known]\nkey = 'key'\n"));
    let ran = tool.run(&["app.log"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("app.log:2:5 "), "{}", ran.out);
    assert!(!ran.out.contains("app.log:1:5 "), "{}", ran.out);
    assert!(ran.out.contains("1 findings may stand"), "{}", ran.out);
    tool.write("vouchsafe-scan.toml", allow(""));
    let ran = tool.run(&["app.log"]);
    assert!(
        ran.out.contains("it names hashes, and there was no key"),
        "{}",
        ran.out
    );
}
