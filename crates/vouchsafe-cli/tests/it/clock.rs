//! A clock that is far off: the start reports it, and changes nothing.
//!
//! The whole program runs under Debian's `faketime`, its recorder too.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aws_lc_rs::digest::{SHA256, digest};
use jiff::{SignedDuration, Timestamp};

use crate::world::{Ran, World};

/// The program with a clock that is off by this much.
fn at(world: &World, off: SignedDuration, args: &[&str]) -> Ran {
    let then = Timestamp::now() + off;
    let mut command = Command::new("faketime");
    command
        .arg(then.strftime("%Y-%m-%d %H:%M:%S").to_string())
        .arg(env!("CARGO_BIN_EXE_vouchsafe"))
        .args(args)
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("TZ", "UTC")
        .env("VOUCHSAFE_DATA", world.data())
        .stdin(Stdio::null());
    Ran(command.output().expect("faketime"))
}

/// The digest of every permanent file of an installation. Empty companion files of an open SQLite database do not
/// count.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        // Sockets and ports of running processes.
        if path.ends_with("run") {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            let name = path.to_string_lossy().into_owned();
            let empty_wal = name.ends_with("-wal") && bytes.is_empty();
            if !name.ends_with("-shm") && !empty_wal {
                found.insert(path, digest(&SHA256, &bytes).as_ref().to_vec());
            }
        }
    }
    found
}

fn assert_same(
    after: &BTreeMap<PathBuf, Vec<u8>>,
    before: &BTreeMap<PathBuf, Vec<u8>>,
    off: SignedDuration,
) {
    let names = after.keys().chain(before.keys());
    let other: Vec<_> = names
        .filter(|name| after.get(*name) != before.get(*name))
        .collect();
    assert!(other.is_empty(), "{off:#}: {other:?}");
}

#[test]
fn a_clock_far_off_is_said_and_changes_nothing() {
    let world = World::new();
    let mut serving = world.serve();
    serving.signal("TERM");
    assert!(serving.wait().success());

    let before = files(&world.data());
    let days = |days: i64| SignedDuration::from_hours(24 * days);
    for (off, told) in [
        (days(-3650), "this program is younger"),
        (days(-1), "set the clock right, then start again"),
        (days(60), "`vouchsafe serve --clock-is-right`"),
        (days(3650), "set the clock right"),
    ] {
        for command in [&["serve"][..], &["check"]] {
            let ran = at(&world, off, command);
            assert_eq!(ran.code(), Some(1), "{off:#} {command:?}: {}", ran.out());
            assert!(ran.err().contains("the clock says"), "{}", ran.err());
            assert!(ran.err().contains(told), "{off:#}: {}", ran.err());
        }
        assert_same(&files(&world.data()), &before, off);
    }
    // Under the right clock it starts as before.
    let mut again = world.serve();
    again.signal("TERM");
    assert!(again.wait().success());
    assert_eq!(world.run(&["audit", "verify"]).code(), Some(0));
}

#[test]
fn a_first_start_under_a_clock_of_the_past_makes_nothing() {
    let world = World::new();
    let before = files(&world.data());
    let ran = at(&world, SignedDuration::from_hours(-24 * 3650), &["serve"]);
    assert_eq!(ran.code(), Some(1));
    assert!(ran.err().contains("the clock says"), "{}", ran.err());
    assert_eq!(files(&world.data()), before);
}
