//! No value that was planted anywhere comes out in clear, in no format, in no error, in no file that is written.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::PermissionsExt as _;

use crate::inputs::{gz, sqlite, tar};
use crate::tool::{Ran, Tool};

const NAME: &str = "Siobhan Okonkwo";
const SSN: &str = "219-09-9999";
const PHONE: &str = "(415) 555-0132";
const EMAIL: &str = "s.okonkwo@quillbrook.org";
const MRN: &str = "MRN-7731904";
const SECRET: &str = "ghp_9aXk27QmZr4TbLw8VnYc3HsDf6JpGu1eRo5W";
const VALUES: [&str; 6] = [NAME, SSN, PHONE, EMAIL, MRN, SECRET];

/// Fails when a part of a value, of six characters or more, is in the text, in whatever case.
fn assert_clear(text: &str, when: &str) {
    let lower = text.to_lowercase();
    for value in VALUES {
        let value: Vec<char> = value.to_lowercase().chars().collect();
        for part in value.windows(6) {
            let part: String = part.iter().collect();
            assert!(!lower.contains(&part), "{when}: {part:?} in\n{text}");
        }
    }
}

fn check(ran: &Ran, code: i32, when: &str) {
    assert_clear(&ran.text(), when);
    assert_eq!(ran.code, Some(code), "{when}: {}", ran.text());
    assert!(
        !ran.err.contains("panicked") && !ran.err.contains("fault at"),
        "{when}: {}",
        ran.err
    );
}

fn lines() -> String {
    format!(
        "2026-11-29T10:00:00Z INFO patient=\"{NAME}\" ssn={SSN} tel {PHONE} mail {EMAIL} mrn={MRN}\n\
         {{\"patient\":{{\"name\":\"{NAME}\",\"ssn\":\"{SSN}\"}},\"{EMAIL}\":1,\"{SSN}\":{{\"mrn\":\"{MRN}\"}}}}\n\
         Authorization: token {SECRET}\n\
         PID|1||{MRN}^^^H^MR||Okonkwo^Siobhan||19800203|F\n"
    )
}

/// Everything that can hold a value, with one in it.
fn plant(tool: &Tool) {
    let text = lines();
    let text = text.as_bytes();
    tool.write("logs/app.log", text);
    tool.write(format!("in/{SSN}/{NAME}/{EMAIL}.log"), text);
    tool.write(
        format!("in/{}_{MRN}_{SECRET}.txt", NAME.replace(' ', "_")),
        text,
    );
    tool.write(
        "table.csv",
        format!("id,{EMAIL},{SSN},name\n1,{MRN},{PHONE},{NAME}\n"),
    );
    let member = format!("home/{}/{SSN}.log", NAME.to_lowercase().replace(' ', "."));
    tool.write("in/logs.tar.gz", gz(&tar(&[(member.as_str(), text)])));
    tool.write(
        format!("in/{SSN}.db"),
        sqlite(
            &format!("t {NAME} {EMAIL}"),
            &[EMAIL, SSN, "name"],
            &[&[MRN, PHONE, NAME], &[SSN, SECRET, EMAIL]],
        ),
    );
    let packed = gz(text);
    tool.write(format!("bad/{SSN} {EMAIL}.gz"), &packed[..packed.len() - 9]);
    let mut damaged = tar(&[(member.as_str(), text)]);
    damaged[3] ^= 1;
    damaged.truncate(700);
    tool.write(format!("bad/{NAME}.tar"), damaged);
    let closed = tool.write(format!("bad/{EMAIL}/{SSN}.log"), text);
    fs::set_permissions(closed, fs::Permissions::from_mode(0o000)).unwrap();
    let latin = [b"in/se\xf1or ".as_slice(), SSN.as_bytes(), b".log"].concat();
    tool.write(OsString::from_vec(latin), text);
    std::os::unix::fs::symlink("nowhere", tool.path().join(format!("in/link {SSN}"))).unwrap();
}

#[test]
fn no_format_shows_a_value_whatever_it_stands_in() {
    let tool = Tool::new();
    plant(&tool);
    let shown = Tool::new();
    for format in ["text", "json", "sarif", "html"] {
        for more in [
            &["--minimum-confidence", "low"][..],
            &["--only", "fax"],
            &["--without", "name,ssn,email", "--jobs", "1"],
        ] {
            // Each run takes a second in a debug build.
            if more.contains(&"--only") && ["sarif", "html"].contains(&format) {
                continue;
            }
            let when = format!("{format} {more:?}");
            let mut arguments = vec!["--format", format, "."];
            arguments.extend(more);
            let ran = tool.run(&arguments);
            check(&ran, 1, &when);
            shown.write(format!("{}.{format}", more.join("")), &ran.out);
            shown.write(format!("{}.{format}.err", more.join("")), &ran.err);
            if format == "json" {
                serde_json::from_str::<serde_json::Value>(&ran.out).unwrap();
            }
        }
    }
    tool.run(&[
        "--write-baseline=b.json",
        "-o",
        "report.html",
        "--format",
        "html",
        "in",
        "bad",
    ]);
    for file in ["b.json", "report.html"] {
        assert_clear(&tool.read(file), file);
        shown.write(file, tool.read(file));
    }
    let again = tool.run(&["--baseline=b.json", "table.csv"]);
    check(&again, 1, "baseline");
    shown.write("again.txt", &again.out);
    // What the tool says holds nothing that it would find.
    let own = shown.run(&["."]);
    assert_eq!(own.code, Some(0), "{}", own.text());
}

#[expect(
    clippy::too_many_lines,
    reason = "one scene, told from its beginning to its end"
)]
#[test]
fn errors_show_no_value() {
    let tool = Tool::new();
    tool.write("a.log", "nothing\n");
    tool.write(
        "bad.toml",
        format!("[[pattern]]\nid='x'\nclass='ssn'\nregex='{SSN}('\n"),
    );
    tool.write(
        "id.toml",
        format!(
            "[[pattern]]\nid='{}'\nclass='ssn'\nregex='x'\n",
            "Siobhan Okonkwo"
        ),
    );
    tool.write("key.toml", format!("'{SSN}' = 1\n'{EMAIL}'.b = 2\n"));
    tool.write("broken.toml", format!("x = {SSN} {NAME}\n"));
    tool.write("class.toml", format!("without = ['{NAME}']\n"));
    tool.write("path.toml", format!("[exclude]\npaths = ['[{SSN}']\n"));
    tool.write("latin.toml", [SSN.as_bytes(), b"\xff"].concat());
    tool.write(
        "base.json",
        format!("{{\"schema\":\"{SSN}\",\"{EMAIL}\":1}}"),
    );
    tool.write(
        "cut.json",
        format!("{{\"schema\":\"vouchsafe-scan-baseline/1\",\"places\":[{{\"document\":\"{SSN}"),
    );
    for settings in ["bad", "id", "key", "broken", "class", "path", "latin"] {
        let ran = tool.run(&["--settings", &format!("{settings}.toml"), "a.log"]);
        check(&ran, 2, settings);
    }
    for file in ["base.json", "cut.json", SSN] {
        let ran = tool.run(&[&format!("--baseline={file}"), "a.log"]);
        check(&ran, 2, file);
    }
    for arguments in [
        &["--format", SSN, "a.log"][..],
        &[&format!("--{}", SECRET), "a.log"],
        &[&format!("--fromat={SSN}"), "a.log"],
        &["--without", NAME, "a.log"],
        &["--jobs", SSN, "a.log"],
        &["--minimum-confidence", EMAIL, "a.log"],
        &["--exclude", &format!("[{SSN}"), "a.log"],
        &["--settings", &format!("{EMAIL}.toml"), "a.log"],
        &["--filter", SSN],
        &["init", SSN],
        &["completions", SSN],
        &["learn", "--key", SSN, "-o", EMAIL, "a.log"],
        &[
            "learn",
            "--key",
            "k",
            "-o",
            "o",
            "--column",
            &format!("{SSN}={NAME}"),
            "a.log",
        ],
        &["hash", "--key", EMAIL],
    ] {
        let ran = tool.run(arguments);
        check(&ran, 2, &format!("{arguments:?}"));
        assert!(ran.err.contains("error: "), "{}", ran.err);
    }
    let missing = tool.run(&[format!("{NAME} {SSN}.log"), format!("{EMAIL}/x")]);
    check(&missing, 1, "missing files");
    let output = tool.run(&["a.log", "-o", &format!("{SSN}/{EMAIL}")]);
    check(&output, 2, "a folder that is not there");
}

#[test]
fn reasons_and_owners_of_allowances_are_masked() {
    let tool = Tool::new();
    tool.write("a.log", "nothing\n");
    let today = jiff::Timestamp::now().to_string();
    tool.write(
        "vouchsafe-scan.toml",
        format!(
            "[[allow]]\nclass='fax'\nreason='patient {NAME}, ssn {SSN}'\nowner='{EMAIL}'\nuntil={}\n",
            today.get(..10).unwrap()
        ),
    );
    for format in ["text", "json", "sarif", "html"] {
        check(&tool.run(&["--format", format, "a.log"]), 0, format);
    }
}
