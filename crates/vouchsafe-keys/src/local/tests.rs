use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned()).unwrap()
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_created_key_is_the_one_that_is_read() {
    let folder = folder();
    let path = folder.path().join("root.key");
    let made = LocalRoot::create(&path, None).unwrap();
    let read = LocalRoot::open(&path, None).unwrap();
    assert_eq!(made.id, read.id);
    let secret = Secret::random();
    let wrapped = made.key.wrap(b"context", &secret);
    let unwrapped = read.key.unwrap(b"context", &wrapped).unwrap();
    assert_eq!(unwrapped.expose(), secret.expose());
    assert!(read.key.unwrap(b"other", &wrapped).is_err());
}

#[test]
fn the_file_is_for_its_owner_alone_and_nothing_is_left_beside_it() {
    let folder = folder();
    let path = folder.path().join("root.key");
    LocalRoot::create(&path, None).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_key_is_never_overwritten() {
    let folder = folder();
    let path = folder.path().join("root.key");
    let first = LocalRoot::create(&path, None).unwrap();
    let again = LocalRoot::create(&path, None).unwrap_err();
    assert_eq!(again, RootError::Exists(path.clone()));
    assert_eq!(LocalRoot::open(&path, None).unwrap().id, first.id);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_missing_file_is_never_created_in_passing() {
    let folder = folder();
    let path = folder.path().join("root.key");
    assert_eq!(
        LocalRoot::open(&path, None).unwrap_err(),
        RootError::Missing(path.clone())
    );
    assert!(!path.exists());
}

#[test]
fn a_file_that_others_may_read_is_refused() {
    let folder = folder();
    let path = folder.path().join("root.key");
    LocalRoot::create(&path, None).unwrap();
    for bits in [0o640, 0o604, 0o620, 0o660, 0o644, 0o601] {
        mode(&path, bits);
        let refused = LocalRoot::open(&path, None).unwrap_err();
        assert_eq!(refused, RootError::Exposed(path.clone()), "{bits:o}");
    }
    mode(&path, 0o400);
    LocalRoot::open(&path, None).unwrap();
}

#[test]
fn a_changed_file_is_damaged() {
    let folder = folder();
    let path = folder.path().join("root.key");
    LocalRoot::create(&path, None).unwrap();
    let good = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = good.lines().collect();
    let key = lines[2].strip_prefix("key ").unwrap();
    let swapped = if key.starts_with('A') { "B" } else { "A" };
    for bad in [
        String::new(),
        "\0\0\0".to_owned(),
        good.replace("vouchsafe-root-key 1", "vouchsafe-root-key 2"),
        good.replacen(lines[1], "id 0000000000000000", 1),
        good.replacen(key, &format!("{swapped}{}", key.split_at(1).1), 1),
        good.replacen(key, key.split_at(key.len() - 1).0, 1),
        good.replacen("key ", "Key ", 1),
        lines[..2].join("\n"),
        format!("{good}key {key}\n"),
        "x".repeat(5000),
    ] {
        std::fs::write(&path, &bad).unwrap();
        let refused = LocalRoot::open(&path, None).unwrap_err();
        assert_eq!(refused, RootError::Damaged(path.clone()), "{bad}");
    }
    std::fs::write(&path, [0xff, 0xfe]).unwrap();
    assert!(matches!(
        LocalRoot::open(&path, None),
        Err(RootError::Damaged(_))
    ));
    assert!(LocalRoot::open(folder.path(), None).is_err());
}

#[test]
fn a_sealed_file_needs_its_passphrase() {
    let folder = folder();
    let path = folder.path().join("root.key");
    let right = passphrase("correct horse battery staple");
    let made = LocalRoot::create(&path, Some(&right)).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("argon2id m=65536 t=3 p=1 salt=") && !text.contains("\nkey "));
    assert_eq!(LocalRoot::open(&path, Some(&right)).unwrap().id, made.id);
    let wrong = LocalRoot::open(&path, Some(&passphrase("incorrect horse battery")));
    assert_eq!(wrong.unwrap_err(), RootError::WrongPassphrase(path.clone()));
    let none = LocalRoot::open(&path, None).unwrap_err();
    assert_eq!(none, RootError::PassphraseNeeded(path.clone()));
    // A passphrase that is given and not needed points to a mistake.
    let plain = folder.path().join("plain.key");
    LocalRoot::create(&plain, None).unwrap();
    let refused = LocalRoot::open(&plain, Some(&right)).unwrap_err();
    assert_eq!(refused, RootError::NotSealed(plain));
    // A file cannot make the program use any amount of memory or time.
    for costs in ["m=4294967295", "m=0"] {
        std::fs::write(&path, text.replacen("m=65536", costs, 1)).unwrap();
        let refused = LocalRoot::open(&path, Some(&right)).unwrap_err();
        assert_eq!(refused, RootError::Damaged(path.clone()), "{costs}");
    }
}

#[test]
fn a_passphrase_file_is_for_its_owner_alone() {
    let folder = folder();
    let path = folder.path().join("passphrase");
    std::fs::write(&path, "correct horse battery staple\n").unwrap();
    mode(&path, 0o644);
    assert!(matches!(
        Passphrase::from_file(&path),
        Err(RootError::Exposed(_))
    ));
    mode(&path, 0o600);
    let read = Passphrase::from_file(&path).unwrap();
    assert_eq!(*read.0, "correct horse battery staple");
    assert_eq!(format!("{read:?}"), "[passphrase]");
    std::fs::write(&path, "short\n").unwrap();
    assert_eq!(
        Passphrase::from_file(&path).unwrap_err(),
        RootError::PassphraseTooShort
    );
}

#[test]
fn debug_shows_no_key() {
    let folder = folder();
    let path = folder.path().join("root.key");
    let made = LocalRoot::create(&path, None).unwrap();
    let shown = format!("{made:?}");
    assert_eq!(shown, format!("LocalRoot {{ id: {:?}, .. }}", made.id));
}
