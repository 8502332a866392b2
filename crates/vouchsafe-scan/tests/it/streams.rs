//! Standard input and output, as pipes have them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use crate::tool::{BINARY, Tool};

#[test]
fn standard_input_is_scanned_and_named() {
    let tool = Tool::new();
    let ran = tool.run_on(&["-"], |input| input.write_all(b"x\nssn=219-09-9999\n"));
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("standard input:2:5 "), "{}", ran.out);
    let clean = tool.run_on(&["-"], |input| input.write_all(b"x\n"));
    assert_eq!(clean.code, Some(0), "{}", clean.out);
}

#[test]
fn a_reader_that_goes_away_changes_no_exit_code() {
    let tool = Tool::new();
    for number in 0..600 {
        let folder = "a-long-name/".repeat(12);
        tool.write(format!("{folder}{number}.log"), "ssn=219-09-9999\n");
    }
    let mut child = tool.command(&["."]).spawn().unwrap();
    let mut first = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut first).unwrap();
    drop(out);
    let done = child.wait_with_output().unwrap();
    assert!(first.contains("/0.log:1:5 "), "{first}");
    assert_eq!(done.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&done.stderr), "");
}

#[test]
fn closed_and_full_outputs_are_no_panic() {
    let tool = Tool::new();
    tool.write("a.log", "ssn=219-09-9999\n");
    tool.write("b.log", "x\n");
    let shell = |script: &str| {
        let mut command = Command::new("sh");
        command
            .args(["-c", script, "sh", BINARY])
            .current_dir(tool.path());
        let done = command.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(
            !said.contains("panicked") && !said.contains("fault at"),
            "{script}: {said}"
        );
        (done.status.code(), said)
    };
    assert_eq!(shell("\"$1\" a.log >&-").0, Some(1));
    assert_eq!(shell("\"$1\" b.log >&- 2>&-").0, Some(0));
    assert_eq!(shell("\"$1\" - <&-").0, Some(0));
    assert_eq!(shell("\"$1\" --nonsense 2>&-").0, Some(2));
    assert_eq!(shell("\"$1\" --help >&-").0, Some(0));
    let (code, said) = shell("\"$1\" b.log > /dev/full");
    assert_eq!(code, Some(1));
    assert!(said.contains("the report cannot be written"), "{said}");
    let (code, said) = shell("echo ssn=219-09-9999 | \"$1\" --filter > /dev/full");
    assert_eq!(code, Some(1));
    assert!(
        said.contains("the output cannot be written") && !said.contains("219"),
        "{said}"
    );
    assert_eq!(
        shell("yes ssn=219-09-9999 | \"$1\" --filter | head -1").0,
        Some(0)
    );
}

#[test]
fn one_worker_and_four_report_the_same() {
    let tool = Tool::new();
    for number in 0..60 {
        tool.write(
            format!("d{}/{number}.log", number % 7),
            format!("ssn=219-09-9{number:03} mail a{number}@quillbrook.org\nphone=415-555-0132\n"),
        );
    }
    tool.write("bad.gz", b"\x1f\x8b\x08\x00");
    for format in ["text", "json", "sarif", "html"] {
        let report = |jobs: &str| {
            let ran = tool.run(&["--jobs", jobs, "--format", format, "."]);
            assert_eq!(ran.code, Some(1));
            // The time of the run is the one difference.
            let now = jiff::Timestamp::now().to_string();
            let year = now.get(..4).unwrap();
            let mut text = ran.out;
            while let Some(at) = text.find(&format!("{year}-")) {
                text.replace_range(at..at + 20, "");
            }
            text
        };
        assert_eq!(report("1"), report("4"), "{format}");
    }
}

#[test]
fn the_filter_passes_bytes_through_and_lines_at_once() {
    let tool = Tool::new();
    let mut child = tool
        .command(&["--filter"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    for (line, masked) in [
        (
            &b"plain \xff\xfe bytes\r\n"[..],
            &b"plain \xff\xfe bytes\r\n"[..],
        ),
        (
            b"{\"ssn\":\"219-09-9999\",\"n\":1}\n",
            b"{\"ssn\":\"[SSN]\",\"n\":1}\n",
        ),
        (b"\n", b"\n"),
    ] {
        input.write_all(line).unwrap();
        let mut came = Vec::new();
        out.read_until(b'\n', &mut came).unwrap();
        assert_eq!(came, masked);
    }
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
