use proptest::prelude::*;

use super::*;

const ZERO: &str = "0000000000000000000000000000000000000000";

/// What `git diff -U0` would write for one change of a file: the lines from `first` are replaced.
fn patch(old: &[u8], new: &[u8]) -> Vec<u8> {
    let hash = |content: &[u8]| blob_hash(content, 40);
    let (before, after) = (split(old), split(new));
    let same = before
        .iter()
        .zip(&after)
        .take_while(|(a, b)| a == b)
        .count();
    let rest = (before.len().min(after.len())) - same;
    let tail = before.iter().rev().zip(after.iter().rev()).take(rest);
    let tail = tail.take_while(|(a, b)| a == b).count();
    let removed = &before[same..before.len() - tail];
    let added = &after[same..after.len() - tail];
    let from = |count: usize| if count == 0 { same } else { same + 1 };
    let mut out = format!(
        "diff --git a/go.mod b/go.mod\nindex {}..{} 100644\n--- a/go.mod\n+++ b/go.mod\n",
        hash(old),
        hash(new)
    )
    .into_bytes();
    out.extend(
        format!(
            "@@ -{},{} +{},{} @@\n",
            from(removed.len()),
            removed.len(),
            from(added.len()),
            added.len()
        )
        .into_bytes(),
    );
    for (sign, lines) in [(b'-', removed), (b'+', added)] {
        for line in lines {
            out.push(sign);
            out.extend_from_slice(line);
            if !line.ends_with(b"\n") {
                out.extend_from_slice(b"\n\\ No newline at end of file\n");
            }
        }
    }
    out
}

fn split(content: &[u8]) -> Vec<&[u8]> {
    content.split_inclusive(|byte| *byte == b'\n').collect()
}

fn file(content: &[u8]) -> File {
    File {
        blob: blob_hash(content, 40),
        content: content.to_vec(),
        kind: Kind::File,
    }
}

fn replayed(text: &[u8], files: &mut Files) -> Result<u64, String> {
    let mut commits = 0;
    replay(text, files, &mut |_, _| {
        commits += 1;
        Ok(())
    })?;
    Ok(commits)
}

fn commit(patches: &[u8]) -> Vec<u8> {
    let mut text = format!("commit {} 1767225600\n\n", "a".repeat(40)).into_bytes();
    text.extend_from_slice(patches);
    text
}

#[test]
fn a_hash_is_gits_own() {
    assert_eq!(
        blob_hash(b"", 40),
        "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    );
    assert_eq!(
        blob_hash(b"", 64),
        "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813"
    );
}

#[test]
fn a_patch_with_another_byte_or_for_another_revision_is_refused() {
    let (old, new) = (b"a\nb\nc\n".as_slice(), b"a\nx\nc\n".as_slice());
    let good = commit(&patch(old, new));
    let start = || Files::from([("go.mod".to_owned(), file(old))]);
    let mut files = start();
    assert_eq!(replayed(&good, &mut files), Ok(1));
    assert_eq!(files["go.mod"].content, new);
    let text = String::from_utf8(good).unwrap();
    for (what, other) in [
        ("+x", "+y"),
        ("-b", "-a"),
        ("@@ -2,1", "@@ -3,1"),
        ("@@ -2,1 ", "@@ -9,1 "),
        ("go.mod b/go.mod", "go.sum b/go.mod"),
        (" 100644\n---", "\nnonsense\n---"),
    ] {
        assert!(text.contains(what));
        let damaged = text.replace(what, other);
        assert!(
            replayed(damaged.as_bytes(), &mut start()).is_err(),
            "{what}"
        );
    }
    // The same patch twice, or for a file that is not there.
    let twice = [text.as_bytes(), text.as_bytes()].concat();
    assert!(replayed(&twice, &mut start()).is_err());
    assert!(replayed(text.as_bytes(), &mut Files::new()).is_err());
}

#[test]
fn a_file_that_is_cut_off_is_refused() {
    let text = commit(&patch(b"a\nb\n", b"a\nb\nc\nd\n"));
    for end in 1..text.len() {
        let mut files = Files::from([("go.mod".to_owned(), file(b"a\nb\n"))]);
        let result = replayed(&text[..end], &mut files);
        // Up to the index line a piece says of no file that it changes.
        if result.is_ok() {
            assert_eq!(files["go.mod"].content, b"a\nb\n", "at {end}");
            assert!(!text[..end].windows(6).any(|w| w == b"index "), "at {end}");
        }
    }
}

#[test]
fn paths_with_spaces_and_other_letters_are_read() {
    let path = |line: &str| path_of(format!("diff --git {line}\n").as_bytes());
    assert_eq!(path("a/go.mod b/go.mod").unwrap(), "go.mod");
    assert_eq!(path("a/x b/go.mod b/x b/go.mod").unwrap(), "x b/go.mod");
    assert_eq!(
        path(r#""a/\303\266/go.mod" "b/\303\266/go.mod""#).unwrap(),
        "ö/go.mod"
    );
    assert_eq!(path(r#""a/\"\\\t" "b/\"\\\t""#).unwrap(), "\"\\\t");
    assert_eq!(path("a/go.mod b/go.sum"), None);
    assert_eq!(path(r#""a/\9" "b/\9""#).unwrap(), "9");
    assert_eq!(path(r#""a/\3" "b/\3""#), None);
}

#[test]
fn an_empty_file_and_a_change_of_mode_alone_are_no_faults() {
    let empty = blob_hash(b"", 40);
    let text = format!(
        "diff --git a/go.mod b/go.mod\nnew file mode 100644\nindex {ZERO}..{empty}\ndiff --git a/Cargo.lock b/Cargo.lock\nold mode 100644\nnew mode 100755\n"
    );
    let mut files = Files::new();
    assert_eq!(replayed(&commit(text.as_bytes()), &mut files), Ok(1));
    assert_eq!(files["go.mod"].content, b"");
    assert_eq!(files.len(), 1);
}

proptest! {
    #[test]
    fn every_change_of_lines_is_rebuilt(
        old in proptest::collection::vec("[ab+\\-@\\\\\r]{0,3}", 0..12),
        new in proptest::collection::vec("[ab+\\-@\\\\\r]{0,3}", 0..12),
        ends in any::<(bool, bool)>(),
    ) {
        let text = |lines: &[String], end: bool| {
            let mut text = lines.join("\n");
            if end && !text.is_empty() {
                text.push('\n');
            }
            text.into_bytes()
        };
        let (old, new) = (text(&old, ends.0), text(&new, ends.1));
        prop_assume!(old != new);
        let mut files = Files::from([("go.mod".to_owned(), file(&old))]);
        prop_assert_eq!(replayed(&commit(&patch(&old, &new)), &mut files), Ok(1));
        prop_assert_eq!(&files["go.mod"].content, &new);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(commit [0-9a-f]{40} [0-9]{1,20}\n|diff --git a/x b/x\n|index [0-9a-f]{40}\\.\\.[0-9a-f]{40}( 100644)?\n|@@ -[0-9]{0,20}(,[0-9]{1,20})? \\+[0-9],[0-9]{1,20} @@\n|[-+\\\\ ].{0,3}\n|.{0,5}\n?){0,12}") {
        let _ = replayed(text.as_bytes(), &mut Files::new());
    }
}
