use super::*;

fn names(path: &str, text: &str) -> Vec<String> {
    let mut names: Vec<_> = reader(path).unwrap()(text)
        .unwrap()
        .into_iter()
        .map(|one| {
            let direct = match one.direct {
                Some(true) => "!",
                Some(false) => "",
                None => "?",
            };
            format!("{}@{}{direct}", one.name, one.version)
        })
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_of_cargo_says_what_the_project_asks_for() {
    let text = "[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\"serde 1.0.0\"]\n\n[[package]]\nname = \"serde\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\n\n[[package]]\nname = \"syn\"\nversion = \"2.0.0\"\nsource = \"registry+x\"\n";
    assert_eq!(names("a/Cargo.lock", text), ["serde@1.0.0!", "syn@2.0.0"]);
}

#[test]
fn a_file_of_go_is_read_with_blocks_comments_and_replacements() {
    let text = "module example.com/a // the app\n\ngo 1.24\nrequire example.com/one v1.0.0\nrequire (\n\texample.com/two v2.0.0 // indirect\n\t// example.com/no v1.0.0\n)\nreplace example.com/one => example.com/fork v1.0.1\nreplace example.com/two => ../two\nexclude example.com/bad v1.0.0\n";
    assert_eq!(
        names("go.mod", text),
        [
            "example.com/fork@v1.0.1?",
            "example.com/one@v1.0.0!",
            "example.com/two@v2.0.0"
        ]
    );
    assert!(reader("go.mod").unwrap()("hello").is_err());
}

#[test]
fn files_of_npm_are_read_in_all_their_formats() {
    let three = r#"{"packages":{"":{"dependencies":{"a":"^1"}},"node_modules/a":{"version":"1.0.0"},"node_modules/a/node_modules/@s/b":{"version":"2.0.0"},"node_modules/alias":{"name":"real","version":"3.0.0"}}}"#;
    assert_eq!(
        names("package-lock.json", three),
        ["@s/b@2.0.0", "a@1.0.0!", "real@3.0.0"]
    );
    let one =
        r#"{"dependencies":{"a":{"version":"1.0.0","dependencies":{"@s/b":{"version":"2.0.0"}}}}}"#;
    assert_eq!(names("package-lock.json", one), ["@s/b@2.0.0?", "a@1.0.0?"]);
    let yarn = "# yarn lockfile v1\n\n\"@s/b@^2.0.0\", \"@s/b@^2.1.0\":\n  version \"2.1.0\"\n  dependencies:\n    version \"9\"\n\na@^1:\n  version \"1.0.0\"\n";
    assert_eq!(names("yarn.lock", yarn), ["@s/b@2.1.0?", "a@1.0.0?"]);
    let berry = "__metadata:\n  version: 8\n\n\"a@npm:^1\":\n  version: 1.0.0\n";
    assert_eq!(names("yarn.lock", berry), ["a@1.0.0?"]);
    let pnpm = "lockfileVersion: '9.0'\n\nimporters:\n  .:\n    dependencies:\n\npackages:\n\n  '@s/b@2.0.0':\n    resolution: {}\n\n  /a@1.0.0(x@2.0.0):\n    resolution: {}\n\n  /old/3.0.0:\n    dev: true\n\nsnapshots:\n\n  bare@4.0.0: {}\n";
    assert_eq!(
        names("pnpm-lock.yaml", pnpm),
        ["@s/b@2.0.0?", "a@1.0.0?", "bare@4.0.0?", "old@3.0.0?"]
    );
    assert!(reader("package-lock.json").unwrap()("{}").is_err());
}

#[test]
fn files_of_python_are_read_and_names_are_written_in_one_way() {
    assert_eq!(
        names(
            "poetry.lock",
            "[[package]]\nname = \"Sentry_SDK\"\nversion = \"2.0\"\n"
        ),
        ["sentry-sdk@2.0?"]
    );
    assert_eq!(
        names(
            "requirements-dev.txt",
            "# x\n-r base.txt\nFlask.Login[async]==1.0 ; python_version > '3'\nrequests>=2 # why\n"
        ),
        ["flask-login@1.0?", "requests@?"]
    );
    assert_eq!(
        names(
            "Pipfile.lock",
            r#"{"default":{"a":{"version":"==1.0"}},"develop":{"b":{}}}"#
        ),
        ["a@1.0?", "b@?"]
    );
}

#[test]
fn other_files_are_no_lock_files() {
    for path in [
        "Cargo.toml",
        "go.sum",
        "package.json",
        "requirements.in",
        "x/locks.rs",
    ] {
        assert!(reader(path).is_none(), "{path}");
    }
}

#[test]
fn of_a_source_no_credentials_are_kept() {
    for (source, kept) in [
        (
            "https://user:s3cret@npm.example.com/a/-/a-1.tgz?token=s3cret#abc",
            "https://npm.example.com/a/-/a-1.tgz",
        ),
        (
            "registry+https://github.com/rust-lang/crates.io-index",
            "registry+https://github.com/rust-lang/crates.io-index",
        ),
        (
            "git+ssh://git@example.com/a.git?rev=1",
            "git+ssh://example.com/a.git",
        ),
    ] {
        let mut one = package(Ecosystem::Npm, "a", "1");
        one.source = Some(source.to_owned());
        assert_eq!(one.without_credentials().source.as_deref(), Some(kept));
    }
}
