//! Evidence and databases that are damaged, stale or made to mislead.

use super::*;

const NOW: &str = "2026-08-21T12:00:00Z";
const SNAPSHOT: &str = "made 2026-08-21T00:00:00Z";

/// A repository with a go.mod that was vulnerable for ten days, and its database.
fn made() -> (Bed, [String; 2]) {
    let mut bed = Bed::new("");
    let path = go_database(&bed, "1.2.0", SNAPSHOT);
    bed.settings
        .push_str(&format!("go = \"{}\"\n", path.display()));
    let first = bed.commit(
        "2026-01-10T00:00:00Z",
        &[("go.mod", Some(&go_mod("v1.0.0")))],
    );
    let second = bed.commit(
        "2026-01-20T00:00:00Z",
        &[("go.mod", Some(&go_mod("v1.2.0")))],
    );
    (bed, [first, second])
}

fn ledger(bed: &Bed, now: &str) -> Judgement {
    bed.collect(now);
    bed.judge("vuln.exposure-ledger", now)
}

#[test]
fn a_vulnerability_that_left_in_time_is_listed_and_passes() {
    let (bed, [first, second]) = made();
    let judgement = ledger(&bed, NOW);
    assert_eq!(judgement.outcome, Outcome::Pass, "{judgement:?}");
    assert_eq!(
        windows(&judgement),
        [format!("GO-2026-0001 example.org/a {first} {second}")]
    );
    assert_eq!(bed.judge("vuln.scan", NOW).outcome, Outcome::Pass);
    assert_eq!(bed.judge("vuln.database", NOW).outcome, Outcome::Pass);
    assert_eq!(
        ledger(&bed, NOW),
        judgement,
        "the same evidence gives the same result"
    );
}

#[test]
fn later_runs_collect_what_is_new_and_come_to_the_same_as_one_run() {
    let (bed, [first, second]) = made();
    ledger(&bed, NOW);
    bed.commit("2026-03-01T00:00:00Z", &[("readme", Some("x"))]);
    let third = bed.commit(
        "2026-03-02T00:00:00Z",
        &[("go.mod", Some(&go_mod("v1.1.0")))],
    );
    let later = ledger(&bed, "2026-08-22T12:00:00Z");
    assert_eq!(codes(&later), ["SLA_OPEN"], "it came back");
    let expected = [
        format!("GO-2026-0001 example.org/a {first} {second}"),
        format!("GO-2026-0001 example.org/a {third} -"),
    ];
    let mut expected = expected.to_vec();
    expected.sort();
    assert_eq!(windows(&later), expected);
    let log = bed.log();
    let index = Index::of(&log).unwrap();
    let pieces = index.of_type(history::HISTORY);
    let requests: Vec<_> = pieces
        .iter()
        .map(|known| known.evidence.request.clone())
        .collect();
    assert_eq!(
        requests,
        [format!("..{second}"), format!("{second}..{third}")]
    );
    assert_eq!(
        codes(&bed.judge("vuln.scan", "2026-08-22T12:00:00Z")),
        ["VULNERABLE"]
    );
}

#[test]
fn a_history_that_was_rewritten_hides_no_window() {
    let (bed, [first, _]) = made();
    let open = bed.commit(
        "2026-02-01T00:00:00Z",
        &[("go.mod", Some(&go_mod("v1.1.0")))],
    );
    ledger(&bed, NOW);
    bed.git(&["reset", "-q", "--hard", &first]);
    let other = bed.commit(
        "2026-01-11T00:00:00Z",
        &[("go.mod", Some(&go_mod("v1.2.0")))],
    );
    let judgement = ledger(&bed, "2026-08-22T12:00:00Z");
    assert_eq!(codes(&judgement), ["SLA_MISSED"], "{judgement:?}");
    let expected = [
        format!("GO-2026-0001 example.org/a {first} {other}"),
        format!("GO-2026-0001 example.org/a {open} history rewritten to {other}"),
    ];
    let mut expected = expected.to_vec();
    expected.sort();
    assert_eq!(windows(&judgement), expected);
    assert!(judgement.notes.iter().any(|note| note.contains("replaced")));
}

#[test]
fn a_lock_file_that_moves_takes_its_time_along() {
    let (bed, _) = made();
    let text = go_mod("v1.1.0");
    bed.commit("2026-02-01T00:00:00Z", &[("go.mod", Some(&text))]);
    bed.commit(
        "2026-08-20T00:00:00Z",
        &[("go.mod", None), ("src/go.mod", Some(&text))],
    );
    let judgement = ledger(&bed, NOW);
    assert!(codes(&judgement).contains(&"SLA_OPEN"), "{judgement:?}");
    assert_eq!(columns(&judgement, "moved_from").get("go.mod"), Some(&1));
}

#[test]
fn a_revision_that_cannot_be_read_is_named_and_ends_no_window() {
    let (bed, _) = made();
    let third = bed.commit(
        "2026-02-01T00:00:00Z",
        &[("go.mod", Some(&go_mod("v1.1.0")))],
    );
    let marks = format!("<<<<<<< HEAD\n{}", go_mod("v1.2.0"));
    let broken = bed.commit("2026-02-02T00:00:00Z", &[("go.mod", Some(&marks))]);
    bed.commit(
        "2026-02-03T00:00:00Z",
        &[("go.mod", Some(&go_mod("v1.1.0")))],
    );
    let last = bed.commit(
        "2026-02-04T00:00:00Z",
        &[("go.mod", Some(&go_mod("v1.2.0")))],
    );
    let judgement = ledger(&bed, NOW);
    assert_eq!(judgement.outcome, Outcome::Error, "{judgement:?}");
    assert!(windows(&judgement).contains(&format!("GO-2026-0001 example.org/a {third} {last}")));
    let [gap] = judgement.unobservable.as_slice() else {
        panic!("{:?}", judgement.unobservable);
    };
    assert!(
        gap.what.contains(broken.get(..12).unwrap()) && gap.what.contains("unfinished merge"),
        "{gap:?}"
    );
}

#[test]
fn line_ends_of_windows_attributes_and_a_version_that_is_none_are_taken() {
    let (bed, _) = made();
    bed.write(".gitattributes", "go.mod -diff binary\n");
    let text = go_mod("v1.1.0").replace('\n', "\r\n");
    let third = bed.commit("2026-02-01T00:00:00Z", &[("go.mod", Some(&text))]);
    let judgement = ledger(&bed, NOW);
    assert!(windows(&judgement).contains(&format!("GO-2026-0001 example.org/a {third} -")));
    bed.commit(
        "2026-02-02T00:00:00Z",
        &[("go.mod", Some(&go_mod("newest")))],
    );
    let judgement = ledger(&bed, NOW);
    assert!(
        judgement
            .unobservable
            .iter()
            .any(|gap| gap.item.starts_with("example.org/a"))
    );
}

#[test]
fn a_folder_in_place_of_a_module_cannot_be_judged() {
    let (bed, _) = made();
    let text = format!("{}replace example.org/a => ./a\n", go_mod("v1.0.0"));
    bed.commit("2026-02-01T00:00:00Z", &[("go.mod", Some(&text))]);
    let judgement = ledger(&bed, NOW);
    assert_eq!(judgement.outcome, Outcome::Error);
    assert!(
        judgement.unobservable[0]
            .what
            .contains("replaced by a folder")
    );
}

#[test]
fn a_shallow_clone_and_a_branch_that_is_not_there_are_no_history() {
    let (bed, _) = made();
    let shallow = Bed::new("");
    std::fs::remove_dir_all(shallow.repository()).unwrap();
    let from = format!("file://{}", bed.repository().display());
    let to = shallow.repository();
    let done = Command::new("git")
        .args(["clone", "-q", "--depth=1", &from])
        .arg(&to)
        .status();
    assert!(done.unwrap().success());
    let judgement = ledger(&shallow, NOW);
    assert_eq!(judgement.outcome, Outcome::Error);
    let said = format!("{judgement:?}");
    assert!(said.contains("shallow"), "{said}");
    let mut other = bed;
    other.settings = other.settings.replace("[\"main\"]", "[\"release\"]");
    assert!(format!("{:?}", ledger(&other, NOW)).contains("no branch release"));
}

#[test]
fn a_clone_of_sha256_is_read() {
    let mut bed = Bed::new("");
    std::fs::remove_dir_all(bed.repository()).unwrap();
    std::fs::create_dir(bed.repository()).unwrap();
    bed.git(&["init", "-q", "-b", "main", "--object-format=sha256"]);
    let path = go_database(&bed, "1.2.0", SNAPSHOT);
    bed.settings
        .push_str(&format!("go = \"{}\"\n", path.display()));
    let first = bed.commit(
        "2026-08-10T00:00:00Z",
        &[("go.mod", Some(&go_mod("v1.0.0")))],
    );
    assert_eq!(first.len(), 64);
    let judgement = ledger(&bed, NOW);
    assert_eq!(judgement.outcome, Outcome::Pass);
    assert_eq!(
        windows(&judgement),
        [format!("GO-2026-0001 example.org/a {first} -")]
    );
}

/// What a database does to the ledger.
fn with_database(change: impl FnOnce(&Path)) -> (Judgement, Judgement) {
    let (bed, _) = made();
    change(&bed.folder.path().join("go-vulndb"));
    let ledger = ledger(&bed, NOW);
    (ledger, bed.judge("vuln.scan", NOW))
}

#[test]
fn a_database_that_is_empty_cut_off_undated_or_old_is_never_a_pass() {
    let record = "osv/GO-2026-0001.json";
    type Change<'a> = &'a dyn Fn(&Path);
    let changes: [(&str, Change<'_>); 8] = [
        ("no advisory", &|db| {
            std::fs::remove_file(db.join(record)).unwrap()
        }),
        ("cannot be read", &|db| std::fs::remove_dir_all(db).unwrap()),
        ("does not parse", &|db| {
            let text = std::fs::read(db.join(record)).unwrap();
            std::fs::write(db.join(record), &text[..text.len() / 2]).unwrap();
        }),
        ("DATES.tsv", &|db| {
            std::fs::remove_file(db.join("DATES.tsv")).unwrap()
        }),
        ("no line for", &|db| {
            std::fs::write(db.join("DATES.tsv"), "id\n").unwrap()
        }),
        ("database of 2025-08-21", &|db| {
            std::fs::write(db.join("SNAPSHOT"), "2025-08-21").unwrap()
        }),
        ("in the future", &|db| {
            std::fs::write(db.join("SNAPSHOT"), "2027-08-21").unwrap()
        }),
        ("names no date", &|db| {
            std::fs::write(db.join("SNAPSHOT"), "main").unwrap()
        }),
    ];
    for (what, change) in changes {
        let (ledger, scan) = with_database(change);
        for judgement in [ledger, scan] {
            assert_eq!(judgement.outcome, Outcome::Error, "{what}: {judgement:?}");
            assert!(
                format!("{judgement:?}").contains(what),
                "{what}: {judgement:?}"
            );
        }
    }
}

#[test]
fn a_database_that_lost_advisories_is_seen() {
    let (bed, _) = made();
    let db = bed.folder.path().join("go-vulndb");
    let text = std::fs::read_to_string(db.join("osv/GO-2026-0001.json")).unwrap();
    let more = text
        .replace("GO-2026-0001", "GO-2026-0002")
        .replace("example.org/a", "example.org/b");
    std::fs::write(db.join("osv/GO-2026-0002.json"), more).unwrap();
    let dates = std::fs::read_to_string(db.join("DATES.tsv")).unwrap();
    std::fs::write(db.join("DATES.tsv"), format!("{dates}GO-2026-0002\t1\t1\n")).unwrap();
    assert_eq!(ledger(&bed, NOW).outcome, Outcome::Pass);
    std::fs::remove_file(db.join("osv/GO-2026-0002.json")).unwrap();
    assert_eq!(ledger(&bed, NOW).outcome, Outcome::Error);
    assert_eq!(codes(&bed.judge("vuln.database", NOW)), ["DATABASE_SHRUNK"]);
}

#[test]
fn lock_files_of_an_ecosystem_without_a_database_are_named() {
    let (bed, _) = made();
    bed.commit(
        "2026-02-01T00:00:00Z",
        &[(
            "web/package-lock.json",
            Some("{\"lockfileVersion\":3,\"packages\":{}}"),
        )],
    );
    let judgement = ledger(&bed, NOW);
    assert_eq!(judgement.outcome, Outcome::Error);
    assert_eq!(judgement.unobservable[0].item, "npm");
}
