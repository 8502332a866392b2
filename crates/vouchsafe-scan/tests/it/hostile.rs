//! Hostile inputs: large, deep, unreadable. A debug build, some thirty times slower, gets smaller ones.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use serde_json::Value;

use crate::inputs::{gz, tar};
use crate::tool::{Ran, Tool};

/// No run may hold more.
const MOST_KIB: u64 = 100 << 10;

/// As many as a release build gets, or so many parts of that.
const fn many(full: usize, parts: usize) -> usize {
    if cfg!(debug_assertions) {
        full / parts
    } else {
        full
    }
}

fn bounded(ran: &Ran) -> &Ran {
    assert!(
        !ran.err.contains("panicked") && !ran.err.contains("fault at"),
        "{}",
        ran.err
    );
    assert!(ran.peak_kib < MOST_KIB, "{} KiB", ran.peak_kib);
    ran
}

fn total(ran: &Ran) -> u64 {
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let counts = json["counts"].as_array().unwrap();
    counts
        .iter()
        .map(|count| count["total"].as_u64().unwrap())
        .sum()
}

#[test]
fn a_million_findings_in_one_file_are_counted_exactly() {
    let tool = Tool::new();
    let count = many(1_000_000, 200);
    let line = "ssn=219-09-9999\n";
    tool.write("a.log", line.repeat(count));
    let ran = tool.run(&["--format", "json", "a.log"]);
    assert_eq!(total(bounded(&ran)), count as u64);
    assert!(ran.out.len() < 10_000);
    // A finding at every place of one line.
    tool.write("a.log", "219-09-9999 ".repeat(many(100_000, 100)));
    let ran = tool.run(&["--format", "json", "a.log"]);
    assert_eq!(bounded(&ran).code, Some(1));
}

#[test]
fn a_hundred_thousand_files_with_findings_are_counted_exactly() {
    let tool = Tool::new();
    let count = many(100_000, 500);
    let members: Vec<String> = (0..count)
        .map(|number| format!("a-folder-with-a-long-name/another/{number}.log"))
        .collect();
    let text = b"ssn=219-09-9999 tel 415-555-0132 mail a@quillbrook.org\n".repeat(4);
    for member in &members {
        tool.write(member, &text);
    }
    for format in ["text", "sarif", "html"] {
        let ran = tool.run(&[
            "--format",
            format,
            "-o",
            "report",
            "--exclude",
            "report",
            ".",
        ]);
        assert_eq!(bounded(&ran).code, Some(1));
    }
    let ran = tool.run(&["--format", "json", "--exclude", "report", "."]);
    assert_eq!(total(bounded(&ran)), 12 * count as u64);
}

#[test]
fn a_long_line_takes_no_memory() {
    let tool = Tool::new();
    let megabytes = many(1024, 256);
    // A block ends in the middle of a value, now and then.
    let block = b"x=1 ssn=219-09-9999 some words of a line that never ends; ".repeat(18_000);
    let write = |input: &mut dyn std::io::Write| {
        for _ in 0..megabytes {
            input.write_all(&block)?;
        }
        Ok(())
    };
    let ran = tool.run_on(&["--format", "json", "-"], write);
    let count = 18_000 * megabytes as u64;
    assert_eq!(total(bounded(&ran)), count);
    let ran = tool.run_on(&["--filter"], |input| {
        for _ in 0..megabytes.min(64) {
            input.write_all(&block)?;
        }
        Ok(())
    });
    assert_eq!(bounded(&ran).code, Some(0));
    assert!(!ran.out.contains("219-09") && ran.out.contains("ssn=[SSN]"));
}

#[test]
fn bombs_are_told_and_take_no_memory() {
    let tool = Tool::new();
    let deep = "[".repeat(many(50_000_000, 50));
    tool.write("deep.json", format!("{{\"ssn\":{deep}219-09-9999"));
    let mut packed = b"ssn=219-09-9999\n".to_vec();
    for _ in 0..40 {
        packed = gz(&packed);
    }
    tool.write("many-times.gz", packed);
    let mut nested = tar(&[("a.log", b"ssn=219-09-9999\n")]);
    for _ in 0..40 {
        nested = tar(&[("b.tar", &nested)]);
    }
    tool.write("nested.tar", nested);
    let zeros = gz(&vec![0; many(500_000_000, 50)]);
    tool.write("zeros.gz", gz(&zeros));
    let ran = tool.run(&["--format", "json", "."]);
    assert_eq!(bounded(&ran).code, Some(1));
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let problems = json["problems"].to_string();
    for told in ["many-times.gz", "nested.tar"] {
        assert!(problems.contains(told), "{told}: {problems}");
    }
    assert!(json["not_read"].as_u64().unwrap() >= 2, "{problems}");
}

#[test]
fn what_cannot_be_read_is_told_and_fails() {
    let tool = Tool::new();
    tool.write("clean.log", "x\n");
    assert_eq!(tool.run(&["."]).code, Some(0));
    symlink(".", tool.path().join("loop")).unwrap();
    symlink("b", tool.path().join("a")).unwrap();
    symlink("a", tool.path().join("b")).unwrap();
    symlink("nowhere", tool.path().join("dangling")).unwrap();
    let links = tool.run(&["."]);
    assert_eq!(links.code, Some(0), "{}", links.out);
    for told in [
        "loop: a symbolic link in a loop",
        "a: a symbolic link in a loop",
        "dangling: ",
    ] {
        assert!(links.out.contains(told), "{told} in {}", links.out);
    }
    let packed = gz(b"plain words and no value at all, but more of them than were kept\n");
    tool.write("cut.gz", &packed[..packed.len() / 2]);
    let cut = tool.run(&["."]);
    assert_eq!(cut.code, Some(1));
    assert!(
        cut.out.contains("cut.gz: gzip: the end is missing"),
        "{}",
        cut.out
    );
    fs::remove_file(tool.path().join("cut.gz")).unwrap();
    let closed = tool.write("closed.log", "x\n");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    // The system administrator may read everything.
    if fs::File::open(&closed).is_err() {
        let ran = tool.run(&["."]);
        assert_eq!(ran.code, Some(1));
        assert!(
            ran.out.contains("closed.log: cannot be read"),
            "{}",
            ran.out
        );
    }
    let missing = tool.run(&["not-there.log"]);
    assert_eq!(missing.code, Some(1));
    assert!(
        missing.out.contains("not-there.log: not found"),
        "{}",
        missing.out
    );
}
