use proptest::prelude::*;

use super::*;

fn read(path: &str, text: &str) -> Vec<String> {
    let locked = Format::of(path).unwrap().read(text.as_bytes()).unwrap();
    locked.packages.iter().map(shown).collect()
}

fn shown(package: &Package) -> String {
    match &package.version {
        Pinned::To(version) => format!("{} {version}", package.name),
        Pinned::Unknown(_) => format!("{} ?", package.name),
    }
}

fn refused(path: &str, text: &str) -> bool {
    Format::of(path).unwrap().read(text.as_bytes()).is_err()
}

#[test]
fn go_mod_gives_what_is_built_after_replacements() {
    let text = "module \"example.org/m\" // comment\n\ngo 1.16\n\nrequire (\n\ta.org/a v1.0.0 // indirect\n\tb.org/b v1.0.0\n\tc.org/c v1.0.0\n\td.org/d v1.0.0\n)\nrequire e.org/e v1.0.0+incompatible\nreplace b.org/b => f.org/f v1.2.3\nreplace (\n\tc.org/c v1.0.0 => ../c\n\td.org/d v0.9.0 => ../d\n)\nexclude e.org/e v1.0.0+incompatible\nretract [v1.0.0, v1.1.0]\r\n";
    let expected = [
        "a.org/a v1.0.0",
        "c.org/c ?",
        "d.org/d v1.0.0",
        "e.org/e ?",
        "f.org/f v1.2.3",
        "stdlib ?",
        "toolchain ?",
    ];
    assert_eq!(read("x/go.mod", text), expected);
    let locked = Format::Go.read(text.as_bytes()).unwrap();
    assert!(
        locked.hidden.is_some(),
        "below go 1.17 indirect modules are hidden"
    );
    let newer = Format::Go
        .read(text.replace("1.16", "1.17").as_bytes())
        .unwrap();
    assert!(newer.hidden.is_none());
}

#[test]
fn go_itself_is_what_the_toolchain_or_go_line_asks_for() {
    let of = |lines: &str| read("go.mod", &format!("module m\n{lines}\n"))[0].clone();
    assert_eq!(of("go 1.21"), "stdlib 1.21");
    assert_eq!(of("go 1.25.8"), "stdlib 1.25.8");
    assert_eq!(of("go 1.21\ntoolchain go1.22rc1"), "stdlib 1.22.0-rc.1");
    assert_eq!(of("go 1.21.0\ntoolchain go1.22.3-custom"), "stdlib 1.22.3");
    assert_eq!(of("go 1.20"), "stdlib ?");
    assert_eq!(of(""), "stdlib ?");
}

#[test]
fn a_go_mod_that_go_would_refuse_is_refused() {
    for text in [
        "<<<<<<< HEAD\nrequire a v1\n=======\n>>>>>>> b\n",
        "require (\n\ta v1.0.0\n",
        "require a\n",
        "replace a => b => c\n",
        "version https://example.org/lfs\n",
        "require (\n<<<<<<< HEAD\n\ta v1.0.0\n)\n",
        "module \"x\n",
    ] {
        assert!(refused("go.mod", text), "{text}");
    }
    assert!(!refused(
        "go.mod",
        "module m\nrequire ()\ntool x/y\nignore ./z\ngodebug a=b\n"
    ));
}

const CARGO: &str = "# made\nversion = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\n \"a 1.0.0\",\n \"a 2.0.0\",\n]\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+https://example.org/index\"\nchecksum = \"00\"\n\n[[package]]\nname = \"a\"\nversion = \"2.0.0\"\nsource = \"git+https://example.org/a#0\"\n";

#[test]
fn cargo_lock_gives_every_version_of_a_crate_by_either_reader() {
    let expected = ["a 1.0.0", "a 2.0.0", "own ?"];
    assert_eq!(read("Cargo.lock", CARGO), expected);
    // Written in other ways, it is read by a parser of all of TOML.
    assert_eq!(
        read("Cargo.lock", &CARGO.replace("name = \"a\"", "name = 'a'")),
        expected
    );
    assert_eq!(
        read(
            "Cargo.lock",
            &CARGO.replace("name = \"a\"", "\"name\"=\"\\u0061\"")
        ),
        expected
    );
    assert_eq!(read("Cargo.lock", &CARGO.replace('\n', "\r\n")), expected);
    assert_eq!(
        read(
            "Cargo.lock",
            &format!("{CARGO}\n[metadata]\n\"checksum a\" = \"1\"\n")
        ),
        expected
    );
    for (what, other) in [
        ("version = \"1.0.0\"\n", ""),
        ("name = \"own\"\n", ""),
        ("version = \"1.0.0\"", "version = \"1.0.0"),
        (
            "[[package]]\nname = \"a\"",
            "<<<<<<< HEAD\n[[package]]\nname = \"a\"",
        ),
        (" \"a 2.0.0\",\n]\n", ""),
        (
            "version = \"0.1.0\"",
            "version = \"0.1.0\"\nversion = \"0.1.1\"",
        ),
    ] {
        assert!(CARGO.contains(what), "{what}");
        assert!(
            refused("Cargo.lock", &CARGO.replacen(what, other, 1)),
            "{what}"
        );
    }
}

#[test]
fn lock_files_of_npm_are_read_in_each_version_of_the_format() {
    let new = r#"{"lockfileVersion":3,"packages":{"":{"version":"1.0.0"},"node_modules/a":{"version":"1.0.0"},"node_modules/a/node_modules/@s/b":{"version":"2.0.0"},"node_modules/alias":{"name":"real","version":"3.0.0"},"node_modules/w":{"resolved":"w","link":true},"w":{"version":"0.0.1"},"node_modules/g":{"resolved":"git+ssh://x"}},"dependencies":{"ignored":{"version":"1.0.0"}}}"#;
    assert_eq!(
        read("package-lock.json", new),
        ["@s/b 2.0.0", "a 1.0.0", "g ?", "real 3.0.0"]
    );
    let old = r#"{"lockfileVersion":1,"dependencies":{"a":{"version":"1.0.0","dependencies":{"b":{"version":"2.0.0"}}},"c":{"version":"npm:d@4.0.0"},"e":{"version":"git+https://x#1"}}}"#;
    assert_eq!(
        read("npm-shrinkwrap.json", old),
        ["a 1.0.0", "b 2.0.0", "d 4.0.0", "e ?"]
    );
    for bad in [
        "{}",
        "",
        "{\"lockfileVersion\":3,",
        "[]",
        "<<<<<<< HEAD\n{\"lockfileVersion\":3}",
    ] {
        assert!(refused("package-lock.json", bad), "{bad}");
    }
    let level = r#","dependencies":{"a":{"version":"1.0.0""#;
    let nested = |depth| {
        format!(
            "{{{}\"x\":1{}",
            level.repeat(depth),
            "}".repeat(2 * depth + 1)
        )
    };
    assert!(!refused("package-lock.json", &nested(3)));
    assert!(
        refused("package-lock.json", &nested(70)),
        "as deep as a parser lets it be"
    );
}

#[test]
fn lock_files_of_yarn_and_pnpm_are_read() {
    let yarn = "# yarn lockfile v1\n\n\n\"@s/a@^1.0.0\", \"@s/a@^1.1.0\":\n  version \"1.2.0\"\n  resolved \"https://example.org/a\"\n  dependencies:\n    version \"^9.0.0\"\n\nb@^2.0.0, alias@npm:b@^2.0.0:\n  version \"2.0.1\"\n\nalias@npm:real@1.x:\n  version \"1.9.0\"\n\nl@file:./l:\n  version \"0.0.0\"\n";
    assert_eq!(
        read("yarn.lock", yarn),
        ["@s/a 1.2.0", "b 2.0.1", "l ?", "real 1.9.0"]
    );
    let berry = "__metadata:\n  version: 8\n  cacheKey: 10\n\n\"a@npm:^1.0.0\":\n  version: 1.0.5\n  resolution: \"a@npm:1.0.5\"\n\n\"own@workspace:.\":\n  version: 0.0.0-use.local\n";
    assert_eq!(read("yarn.lock", berry), ["a 1.0.5"]);
    assert!(refused("yarn.lock", "a@^1:\nb@^1:\n  version \"1\"\n"));
    assert!(refused("yarn.lock", "<<<<<<< HEAD\n"));
    let pnpm = "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      a: 1\n\npackages:\n\n  '@s/a@1.0.0':\n    resolution: {integrity: x}\n\n  b@2.0.0(c@1.0.0):\n    resolution: {integrity: x}\n\n  /d@3.0.0:\n    dev: true\n\n  /@s/e/4.0.0_react@17.0.0:\n    dev: true\n\nsnapshots:\n\n  z@9.9.9: {}\n";
    let found = read("pnpm-lock.yaml", pnpm);
    assert!(found.contains(&"@s/a 1.0.0".to_owned()) && found.contains(&"b 2.0.0".to_owned()));
    assert!(found.contains(&"d 3.0.0".to_owned()) && !found.contains(&"z 9.9.9".to_owned()));
    assert!(found.contains(&"@s/e 4.0.0".to_owned()), "{found:?}");
    assert!(refused("pnpm-lock.yaml", "packages:\n"));
}

#[test]
fn lock_files_of_python_are_read() {
    let poetry = "[[package]]\nname = \"Zope.Interface\"\nversion = \"5.0\"\n\n[[package]]\nname = \"g\"\nversion = \"1\"\n[package.source]\ntype = \"git\"\ngit = \"x\"\n\n[[package]]\nname = \"own\"\nversion = \"0\"\nsource = { editable = \".\" }\n\n[[package]]\nname = \"r\"\nversion = \"2\"\nsource = { registry = \"https://example.org/simple\" }\n";
    assert_eq!(
        read("uv.lock", poetry),
        ["g ?", "r 2", "zope-interface 5.0"]
    );
    assert!(refused("poetry.lock", "[[package]]\nversion = \"1\"\n"));
    let pipfile = r#"{"_meta":{},"default":{"A_b":{"version":"==1.0"},"c":{"git":"x"}},"develop":{"d":{"version":"==2.0"}}}"#;
    assert_eq!(read("Pipfile.lock", pipfile), ["a-b 1.0", "c ?", "d 2.0"]);
    let requirements = "# c\n-r other.txt\n--index-url https://example.org\nA[x,y]==1.0 ; python_version > '3'\nb >= 2\nc==3.0 \\\n    --hash=sha256:00\nd==1.*\ne @ https://example.org/e.zip\n./local\n";
    assert_eq!(
        read("requirements-dev.txt", requirements),
        [
            "(a folder or an address) ?",
            "a 1.0",
            "b ?",
            "c 3.0",
            "d ?",
            "e ?"
        ]
    );
    assert!(refused("requirements.txt", "<<<<<<< HEAD\na==1\n"));
}

proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(text in "(\\[\\[package\\]\\]\n|name = \"a\"\n|version = \"1\"|require [(a]|[{}\":,]{1,4}|a@b:|packages:|  |\n|=> |[é€(@]|.{0,4}){0,16}") {
        for path in ["Cargo.lock", "go.mod", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "Pipfile.lock", "uv.lock", "requirements.txt"] {
            let _ = Format::of(path).unwrap().read(text.as_bytes());
        }
    }
}
