use std::sync::Arc;

use vouchsafe_scan::detect::Detector;
use vouchsafe_tlog::{KeyName, NoteSigner};

use super::*;
use crate::inputs::Index;
use crate::register::libraries::{FILES, LockFiles, Locks, PRESENT};
use crate::store::{Folder, Log, Writer};

const SETTINGS: &str =
    "[project]\nname = \"x\"\nsince = \"2026-01-01\"\n[log]\nstore = \"folder:x\"\nkey = \"x\"\n";

fn git(root: &Path, arguments: &[&str]) {
    let done = std::process::Command::new("git")
        .arg("-C")
        .arg(root)
        .args([
            "-c",
            "user.name=n",
            "-c",
            "user.email=n@example.com",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

/// What was put into a log: type, request, and the content or why there is none.
type Put = (String, String, Result<Vec<u8>, String>);

/// What a collector puts into a log, by type and request.
fn collect(root: &Path, collector: &dyn Collector) -> Vec<Put> {
    let now = "2026-06-30T12:00:00Z".parse().unwrap();
    let project = Project::open(root, now).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let signer =
        || NoteSigner::from_seed(KeyName::new("example.org/evidence").unwrap(), &[7; 32]).unwrap();
    let mut writer = Writer::create(folder.path(), signer()).unwrap();
    let (mut index, detector) = (Index::default(), Detector::new());
    let mut sink = Sink::new(&mut writer, &mut index, &detector, "test", now);
    collector.collect(&project, &mut sink).unwrap();
    writer.commit().unwrap();
    let log = Log::open(
        Arc::new(Folder::new(folder.path())),
        signer().verifier(),
        &[],
    )
    .unwrap();
    let mut all: Vec<_> = index
        .evidence()
        .map(|known| {
            let content = match &known.evidence.failed {
                Some(why) => Err(why.clone()),
                None => Ok(crate::inputs::Contents::content(&log, known)
                    .unwrap()
                    .to_vec()),
            };
            (
                known.evidence.schema.clone(),
                known.evidence.request.clone(),
                content,
            )
        })
        .collect();
    all.sort();
    all
}

fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    git(root, &["init", "-q"]);
    fs::create_dir_all(root.join("evidence/access")).unwrap();
    fs::write(root.join("evidence/evidence.toml"), SETTINGS).unwrap();
    folder
}

fn of<'a>(all: &'a [Put], schema: &str, request: &str) -> &'a Result<Vec<u8>, String> {
    &all.iter()
        .find(|(of, what, _)| of == schema && what == request)
        .unwrap()
        .2
}

#[test]
fn registers_are_stored_as_they_are_and_absent_ones_are_recorded_as_absent() {
    let folder = project();
    let root = folder.path();
    let text = "# people\n[[person]]\nid = \"p1\"\nrole = \"x\"\nmail = [\"p1@example.com\"]\njoined = 2024-01-01\n";
    fs::write(root.join("evidence/people.toml"), text).unwrap();
    git(root, &["add", "."]);
    git(root, &["commit", "-qm", "x"]);
    fs::write(root.join("evidence/vendors.toml"), "# later\n").unwrap();
    let all = collect(root, &Registers);
    assert_eq!(
        of(&all, "register.people/1", "evidence/people.toml").as_deref(),
        Ok(text.as_bytes())
    );
    assert_eq!(
        *of(&all, "register.egress/1", "evidence/egress.toml"),
        Err(ABSENT.to_owned())
    );
    let state: State = serde_json::from_slice(of(&all, STATE, FOLDER).as_ref().unwrap()).unwrap();
    let by_path = |path: &str| state.files.iter().find(|file| file.path == path).unwrap();
    let people = by_path("evidence/people.toml");
    assert_eq!(
        (people.committed, people.commit.clone()),
        (Some(people.sha256), state.head.clone())
    );
    assert_eq!(
        by_path("evidence/vendors.toml").committed,
        None,
        "it is in no commit"
    );
    fs::write(root.join("evidence/people.toml"), "# emptied\n").unwrap();
    let all = collect(root, &Registers);
    let state: State = serde_json::from_slice(of(&all, STATE, FOLDER).as_ref().unwrap()).unwrap();
    let people = state
        .files
        .iter()
        .find(|file| file.path == "evidence/people.toml")
        .unwrap();
    assert_ne!(
        Some(people.sha256),
        people.committed,
        "it was changed since"
    );
}

#[test]
fn a_register_with_phi_is_not_stored() {
    let folder = project();
    fs::write(
        folder.path().join("evidence/incidents.toml"),
        "# patient SSN: 536-22-8145\n",
    )
    .unwrap();
    let all = collect(folder.path(), &Registers);
    let refused = of(&all, "register.incidents/1", "evidence/incidents.toml")
        .as_ref()
        .unwrap_err();
    assert!(
        refused.contains("ssn") && !refused.contains("8145"),
        "{refused}"
    );
}

#[test]
fn of_documents_only_digests_are_kept_and_none_from_outside() {
    let folder = project();
    let root = folder.path();
    let outside = tempfile::NamedTempFile::new().unwrap();
    fs::write(outside.path(), "secret").unwrap();
    fs::write(root.join("policy.md"), "the policy").unwrap();
    std::os::unix::fs::symlink(outside.path(), root.join("link.md")).unwrap();
    let digest = "0".repeat(64);
    let up = format!(
        "../{}",
        outside.path().file_name().unwrap().to_str().unwrap()
    );
    let rows: String = [
        "policy.md",
        "link.md",
        "gone.md",
        &up,
        outside.path().to_str().unwrap(),
    ]
    .iter()
    .map(|path| format!("[[policy]]\ndocument = {{ sha256 = \"{digest}\", path = \"{path}\" }}\n"))
    .collect();
    fs::write(root.join("evidence/policies.toml"), rows).unwrap();
    let all = collect(root, &Registers);
    let found: Documents =
        serde_json::from_slice(of(&all, DOCUMENTS, FOLDER).as_ref().unwrap()).unwrap();
    let with: Vec<_> = found
        .documents
        .iter()
        .filter(|found| found.sha256.is_some())
        .collect();
    assert_eq!(with.len(), 1);
    assert_eq!(
        (with[0].path.as_str(), with[0].sha256),
        ("policy.md", Some(Digest::of(b"the policy")))
    );
    assert_eq!(found.documents.len(), 5);
}

#[test]
fn lock_files_are_those_of_the_commit() {
    let folder = project();
    let root = folder.path();
    fs::create_dir(root.join("web")).unwrap();
    fs::write(root.join("web/yarn.lock"), "a@^1:\n  version \"1.0.0\"\n").unwrap();
    git(root, &["add", "."]);
    git(root, &["commit", "-qm", "x"]);
    fs::write(root.join("web/yarn.lock"), "changed").unwrap();
    fs::write(root.join("go.mod"), "module x\n").unwrap();
    let all = collect(root, &Locks);
    let files: LockFiles =
        serde_json::from_slice(of(&all, FILES, "HEAD").as_ref().unwrap()).unwrap();
    assert_eq!(
        files
            .files
            .iter()
            .map(|file| file.path.as_str())
            .collect::<Vec<_>>(),
        ["web/yarn.lock"]
    );
    let content = of(&all, PRESENT, "web/yarn.lock").as_ref().unwrap();
    assert_eq!(files.files[0].packages, Some(Digest::of(content)));
    let line = "{\"ecosystem\":\"npm\",\"package\":\"a\",\"version\":\"1.0.0\"}\n";
    assert_eq!(content, line.as_bytes());
}

#[test]
fn a_lock_file_that_cannot_be_read_is_named_and_no_empty_answer() {
    let folder = project();
    let root = folder.path();
    fs::write(root.join("package-lock.json"), "<<<<<<< HEAD").unwrap();
    git(root, &["add", "."]);
    git(root, &["commit", "-qm", "x"]);
    let all = collect(root, &Locks);
    let files: LockFiles =
        serde_json::from_slice(of(&all, FILES, "HEAD").as_ref().unwrap()).unwrap();
    assert_eq!((files.files.len(), files.files[0].packages), (1, None));
    assert!(of(&all, PRESENT, "package-lock.json").is_err());
}

#[test]
fn a_repository_without_a_commit_is_a_failure_and_no_empty_answer() {
    let folder = project();
    let all = collect(folder.path(), &Locks);
    assert!(of(&all, FILES, "HEAD").is_err());
}

#[test]
fn the_lock_file_of_this_repository_can_be_stored() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.lock");
    let Ok(text) = fs::read(path) else {
        println!("skipped: there is no Cargo.lock here");
        return;
    };
    let text = crate::register::libraries::extract("Cargo.lock", &text).unwrap();
    let seen = |text: &[u8]| crate::collect::look_for_phi(&Detector::new(), PRESENT, text);
    assert_eq!(seen(&text), Ok(()));
    let planted = [text.as_slice(), b"# patient SSN: 536-22-8145\n"].concat();
    assert!(
        seen(&planted).is_err(),
        "what is PHI for sure is refused there as well"
    );
}

/// Lock files of others, one path a line in a file: what is tried by hand.
#[test]
fn lock_files_of_other_projects_can_be_stored_and_read() {
    let Ok(list) = std::env::var("VOUCHSAFE_LOCK_FILES") else {
        println!("skipped: VOUCHSAFE_LOCK_FILES names no list");
        return;
    };
    for path in fs::read_to_string(list).unwrap().lines() {
        let text = crate::register::libraries::extract(path, &fs::read(path).unwrap()).unwrap();
        assert_eq!(
            crate::collect::look_for_phi(&Detector::new(), PRESENT, &text),
            Ok(()),
            "{path}"
        );
        let count = text.iter().filter(|byte| **byte == b'\n').count();
        println!("{path}: {count} packages");
        assert!(count > 0, "{path}");
    }
}

#[test]
fn snapshots_of_access_are_stored_and_other_files_are_not() {
    let folder = project();
    let root = folder.path();
    fs::write(
        root.join("evidence/access/forge.csv"),
        "system,taken,account,person,kind,active\n",
    )
    .unwrap();
    fs::write(root.join("evidence/access/notes.txt"), "x").unwrap();
    let all = collect(root, &Registers);
    assert_eq!(
        all.iter().filter(|(schema, _, _)| schema == ACCESS).count(),
        1
    );
}
