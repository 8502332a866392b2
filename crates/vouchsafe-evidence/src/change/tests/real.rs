//! A real history: the changes of a Go certificate authority, counted by other means too.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::made::{Made, codes};
use crate::judgement::Outcome;

fn data(name: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("VOUCHSAFE_SHARED").map(PathBuf::from);
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = crate_folder.ancestors().map(|folder| folder.join("shared"));
    let found = shared.into_iter().chain(beside);
    found
        .map(|folder| folder.join("data").join(name))
        .find(|path| path.exists())
}

/// The history in a repository of its own.
fn history() -> Option<Made> {
    let Some(file) = data("histories/ca-go.fi.xz") else {
        println!("skipped: shared/data/histories/ca-go.fi.xz is not there");
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    let script = "git init -q -b main . && xzcat \"$1\" | git fast-import --quiet";
    let made = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(file)
        .current_dir(folder.path())
        .status()
        .unwrap();
    assert!(made.success());
    Some(Made::around(folder))
}

/// A number that a few lines of shell count in the same history.
fn counted(made: &Made, script: &str) -> usize {
    let output = Command::new("sh")
        .args(["-c", script])
        .current_dir(made.path())
        .output()
        .unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap()
}

#[test]
fn population_and_single_parents_of_a_real_history_are_those_that_git_counts() {
    let Some(mut made) = history() else { return };
    made.since = "2000-01-01".to_owned();
    made.collect("2026-11-30T00:00:00Z");
    let judgement = made.judge("change.reviewed", "2026-11-30T00:00:00Z");
    assert_eq!(
        (judgement.outcome, codes(&judgement)),
        (Outcome::Error, vec![])
    );
    let items = judgement.population.unwrap().items;
    let of = |way: &str| {
        items
            .iter()
            .filter(|item| item.columns["parents"] == way)
            .count()
    };
    let all = counted(&made, "git rev-list --first-parent main | wc -l");
    let single = "git rev-list --first-parent --parents main | awk 'NF == 2' | wc -l";
    let merges = "git log --first-parent --format=%P main | grep -c ' '";
    assert_eq!((items.len(), all), (1_862, 1_862));
    assert_eq!((of("single-parent"), counted(&made, single)), (589, 589));
    assert_eq!(of("merge"), counted(&made, merges));
    assert_eq!(of("root"), 1);
    // The period cuts where git's own dates do.
    made.since = "2026-01-01".to_owned();
    made.collect("2026-11-30T01:00:00Z");
    let judgement = made.judge("change.reviewed", "2026-11-30T01:00:00Z");
    let since =
        "TZ=UTC git log --first-parent --format=%cd --date=format-local:%Y main | grep -c ^2026";
    assert_eq!(
        judgement.population.unwrap().items.len(),
        counted(&made, since)
    );
    // Every hash is computed again, and two clocks of committers went back by more than an hour, long ago.
    let whole = made.judge("change.history-whole", "2026-11-30T01:00:00Z");
    assert_eq!(whole.outcome, Outcome::Pass, "{:?}", whole.deviations);
}
