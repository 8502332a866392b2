use std::fs;

use clap::Parser;

use super::*;

#[derive(Debug, Parser)]
struct Command {
    #[command(flatten)]
    args: BaaArgs,
}

const VENDORS: &str = "[[vendor]]\nid = \"cloud\"\nname = \"Cloudhost\"\ncriticality = \"low\"\nphi = \"yes\"\n[[agreement]]\nid = \"a1\"\nvendor = \"cloud\"\neffective = 2026-01-01\nends = 2026-06-30\nreview_by = 2026-12-01\ncovers = [\"Object Store\"]\ndocument = { sha256 = \"0000000000000000000000000000000000000000000000000000000000000000\", kept = \"safe\" }\nflow_down = true\nbreach_notice_days = 10\n";

fn entry(service: &str) -> String {
    format!(
        "[[egress]]\nid = \"store\"\nvendor = \"cloud\"\nservice = \"{service}\"\nhosts = [\"*.store.example.com\"]\npurpose = \"p\"\nphi = \"yes\"\nowner = \"p1\"\n"
    )
}

fn project(vendors: &str, egress: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("evidence")).unwrap();
    fs::write(folder.path().join(Vendors::FILE), vendors).unwrap();
    fs::write(folder.path().join(Egress::FILE), egress).unwrap();
    folder
}

fn baa(folder: &Path, arguments: &[&str]) -> (u8, String, String) {
    let all = ["baa"]
        .iter()
        .chain(arguments)
        .copied()
        .chain(["--folder", folder.to_str().unwrap()]);
    let command = Command::try_parse_from(all).unwrap();
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let now = "2026-06-30T23:59:59Z".parse().unwrap();
    let code = run(&command.args, now, &mut out, &mut errors).unwrap();
    (
        code,
        String::from_utf8(out).unwrap(),
        String::from_utf8(errors).unwrap(),
    )
}

#[test]
fn an_agreement_holds_on_its_last_day_and_not_on_the_next() {
    let folder = project(VENDORS, &entry("Object Store"));
    let (code, out, _) = baa(folder.path(), &["check"]);
    assert_eq!(code, 0, "{out}");
    assert!(
        out.contains("warning: store: the agreement ends on 2026-06-30: 0 days are left"),
        "{out}"
    );
    let (code, out, _) = baa(folder.path(), &["check", "--on", "2026-07-01"]);
    assert_eq!(code, 1);
    assert!(
        out.contains("evidence/egress.toml:1: AGREEMENT_ENDED store"),
        "{out}"
    );
    assert_eq!(baa(folder.path(), &["check", "--on", "2025-12-31"]).0, 1);
}

#[test]
fn warnings_come_60_30_and_7_days_ahead() {
    let folder = project(VENDORS, &entry("Object Store"));
    for (day, says) in [
        ("2026-04-30", None),
        ("2026-05-01", Some("less than 61")),
        ("2026-05-31", Some("less than 31")),
        ("2026-06-23", Some("less than 8")),
    ] {
        let (code, out, _) = baa(folder.path(), &["check", "--on", day]);
        assert_eq!(code, 0);
        assert_eq!(out.contains("warning"), says.is_some(), "{day}: {out}");
        assert!(out.contains(says.unwrap_or_default()), "{day}: {out}");
    }
}

#[test]
fn an_agreement_for_another_service_of_the_vendor_is_refused() {
    let folder = project(VENDORS, &entry("Managed Database"));
    let (code, out, _) = baa(folder.path(), &["check"]);
    assert_eq!(code, 1);
    assert!(
        out.contains("SERVICE_NOT_COVERED") && out.contains("they cover Object Store"),
        "{out}"
    );
}

#[test]
fn explain_says_for_a_host_which_agreement_holds_until_when() {
    let folder = project(VENDORS, &entry("Object Store"));
    for asked in [
        "eu.store.example.com",
        "https://eu.store.example.com:443/bucket?x",
        "object store",
        "store",
        "CLOUD",
    ] {
        let (code, out, _) = baa(folder.path(), &["explain", asked]);
        assert_eq!(code, 0, "{asked}: {out}");
        assert!(
            out.contains("a1; its last day is 2026-06-30") && out.contains("PHI may go there"),
            "{out}"
        );
    }
}

#[test]
fn explain_says_what_is_missing_and_what_to_write() {
    let folder = project(VENDORS, &entry("Managed Database"));
    let (code, out, _) = baa(folder.path(), &["explain", "eu.store.example.com"]);
    assert_eq!(code, 1);
    assert!(
        out.contains("PHI may not go there") && out.contains("add it to `covers`"),
        "{out}"
    );
    let (code, out, _) = baa(folder.path(), &["explain", "store.example.org"]);
    assert_eq!(code, 1);
    assert!(
        out.contains("Nothing may go there") && out.contains("hosts = [\"store.example.org\"]"),
        "{out}"
    );
    assert!(
        baa(folder.path(), &["explain", "sotre"])
            .1
            .contains("Did you mean store?")
    );
}

#[test]
fn a_report_is_a_table_or_json() {
    let folder = project(VENDORS, &entry("Object Store"));
    let (code, out, _) = baa(folder.path(), &["report"]);
    assert_eq!(code, 0);
    assert!(
        out.starts_with("entry  vendor  service       PHI  agreement  until       state\n"),
        "{out}"
    );
    let (_, out, _) = baa(folder.path(), &["report", "--format", "json"]);
    let value: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(value["entries"][0]["agreement"], "a1");
}

#[test]
fn a_register_with_faults_or_none_is_no_answer() {
    let folder = project(&VENDORS.replace("covers", "cover"), &entry("Object Store"));
    let (code, out, errors) = baa(folder.path(), &["check"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(
        errors.contains("there is no field \"cover\"; did you mean \"covers\"?"),
        "{errors}"
    );
    fs::remove_file(folder.path().join(Vendors::FILE)).unwrap();
    assert_eq!(baa(folder.path(), &["check"]).0, 2);
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(baa(empty.path(), &["check"]).0, 2);
}

#[test]
fn registers_that_name_nothing_prove_nothing() {
    let folder = project("# none\n", "# none\n");
    assert_eq!(baa(folder.path(), &["check"]).0, 1);
}
