use std::fs;
use std::path::Path;

use jiff::Timestamp;
use vouchsafe_tlog::{KeyName, NoteSigner};

use super::*;
use crate::entry::{Kind, RunEntry};
use crate::store::Writer;

fn signer() -> NoteSigner {
    NoteSigner::from_seed(KeyName::new("example.org/evidence").unwrap(), &[7; 32]).unwrap()
}

fn git(root: &Path, arguments: &[&str]) -> String {
    let who = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
    let done = std::process::Command::new("git")
        .arg("-C")
        .arg(root)
        .args(who)
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

/// A bare repository, and two clones of it, as two runners of CI have them.
fn world() -> (tempfile::TempDir, Git, Git) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    git(root, &["init", "-q", "--bare", "-b", "main", "hub"]);
    git(root, &["clone", "-q", "hub", "one"]);
    git(
        &root.join("one"),
        &["commit", "-q", "--allow-empty", "-m", "first"],
    );
    git(&root.join("one"), &["push", "-q", "origin", "HEAD:main"]);
    git(root, &["clone", "-q", "hub", "two"]);
    let one = Git::at(&root.join("one")).unwrap();
    let two = Git::at(&root.join("two")).unwrap();
    (folder, one, two)
}

fn append(branch: &Branch, second: i64) {
    let mut writer = Writer::open(branch.folder(), signer()).unwrap();
    let run = RunEntry {
        program: "test".to_owned(),
        first: 0,
    };
    let at = Timestamp::from_second(second).unwrap();
    writer.append(at, Kind::Run(run), b"").unwrap();
    writer.commit().unwrap();
}

fn begin(git: &Git) -> Branch {
    let branch = Branch::new(git.clone(), "evidence-log").unwrap();
    let head = branch.read().unwrap();
    drop(Writer::create(branch.folder(), signer()).unwrap());
    branch.write(head.as_deref(), "begin").unwrap();
    branch
}

#[test]
fn a_runner_without_a_folder_goes_on_with_the_log_of_another() {
    let (_folder, one, two) = world();
    let first = begin(&one);
    let head = first.read().unwrap();
    append(&first, 1);
    first.write(head.as_deref(), "one").unwrap();
    let second = Branch::new(two, "evidence-log").unwrap();
    let head = second.read().unwrap();
    append(&second, 2);
    assert_eq!(Writer::open(second.folder(), signer()).unwrap().size(), 2);
    second.write(head.as_deref(), "two").unwrap();
    first.read().unwrap();
    assert_eq!(Writer::open(first.folder(), signer()).unwrap().size(), 2);
    let files = git(
        one.root(),
        &["ls-tree", "-r", "--name-only", "evidence-log"],
    );
    assert!(!files.lines().any(|file| file == "lock"), "{files}");
}

#[test]
fn of_two_runs_at_once_the_slower_one_is_refused_and_nothing_is_lost() {
    let (_folder, one, two) = world();
    let first = begin(&one);
    let second = Branch::new(two, "evidence-log").unwrap();
    let (head_1, head_2) = (first.read().unwrap(), second.read().unwrap());
    append(&first, 1);
    append(&second, 2);
    first.write(head_1.as_deref(), "one").unwrap();
    assert!(matches!(
        second.write(head_2.as_deref(), "two"),
        Err(BranchError::Moved(_))
    ));
    second.read().unwrap();
    assert_eq!(Writer::open(second.folder(), signer()).unwrap().size(), 1);
}

#[test]
fn a_branch_that_was_rewritten_at_the_remote_is_refused() {
    let (folder, one, two) = world();
    let first = begin(&one);
    let head = first.read().unwrap();
    append(&first, 1);
    first.write(head.as_deref(), "one").unwrap();
    // Somebody puts another history in its place.
    git(
        two.root(),
        &["commit", "-q", "--allow-empty", "-m", "another"],
    );
    git(
        two.root(),
        &["push", "-q", "-f", "origin", "HEAD:evidence-log"],
    );
    assert!(matches!(first.read(), Err(BranchError::Diverged(_))));
    drop(folder);
}

#[test]
fn what_a_broken_run_left_behind_is_no_part_of_the_log() {
    let (_folder, one, _) = world();
    let branch = begin(&one);
    fs::write(branch.folder().join("stray"), "x").unwrap();
    append(&branch, 1);
    branch.read().unwrap();
    assert!(!branch.folder().join("stray").exists());
    assert_eq!(Writer::open(branch.folder(), signer()).unwrap().size(), 0);
}

#[test]
fn a_name_that_git_could_take_for_something_else_is_refused() {
    let (_folder, one, _) = world();
    for name in ["", "-x", "a..b", "a b", "a:b", "a\nb", "--upload-pack=x"] {
        assert!(Branch::new(one.clone(), name).is_err(), "{name:?}");
    }
}
