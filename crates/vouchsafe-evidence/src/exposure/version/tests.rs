use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::*;

fn rising(ecosystem: Ecosystem, versions: &[&str]) {
    let versions: Vec<_> = versions
        .iter()
        .map(|text| ecosystem.version(text).unwrap_or_else(|| panic!("{text}")))
        .collect();
    for (n, one) in versions.iter().enumerate() {
        for (m, other) in versions.iter().enumerate() {
            assert_eq!(one.order(other), n.cmp(&m), "{one:?} {other:?}");
        }
    }
}

#[test]
fn versions_of_go_rise_as_its_tools_say() {
    rising(
        Ecosystem::Go,
        &[
            "0.0.0-0",
            "v0.0.0-20180714160509-73f8eece6fdc",
            "v0.0.0-20190308221718-c2843e01d9a2",
            "v0.1.0",
            "1.21",
            "v1.22.0-rc.1",
            "1.22.0",
            "v1.22.1-0.20240101000000-abcdefabcdef",
            "v1.22.1",
            "v2.2007.4",
            "v3.3.4-0.20181024101233-0ebf7795c516+incompatible",
            "v17.12.0-ce-rc1.0.20200706150819-a40b877fbb9e+incompatible",
        ],
    );
    // Build metadata has no part in the order.
    let version = |text| Ecosystem::Go.version(text).unwrap();
    assert!(
        version("v2.0.0+incompatible")
            .order(&version("2.0.0"))
            .is_eq()
    );
    assert_eq!(Ecosystem::Go.version("latest"), None);
    assert_eq!(Ecosystem::Npm.version("git+ssh://example.org/x"), None);
}

#[test]
fn versions_of_python_rise_as_pep_440_says() {
    rising(
        Ecosystem::PyPi,
        &[
            "1.dev0",
            "1.0.dev456",
            "1.0a1.dev1",
            "1.0a1",
            "1.0a2.dev456",
            "1.0a12.dev456",
            "1.0a12",
            "1.0b1.dev456",
            "1.0b2",
            "1.0b2.post345.dev456",
            "1.0b2.post345",
            "1.0rc1.dev456",
            "1.0rc1",
            "1.0",
            "1.0+abc.5",
            "1.0+abc.7",
            "1.0+5",
            "1.0.post456.dev34",
            "1.0.post456",
            "1.0.15",
            "1.1.dev1",
            "2!0.1",
        ],
    );
    let version = |text| Pep440::parse(text).unwrap();
    for (one, other) in [
        ("1.0", "1"),
        ("v1.0-1", "1.0.post1"),
        ("1.0.ALPHA_1", "1a1"),
        ("1.0c1", "1.0rc1"),
        ("1.0-r4", "1.0.post4"),
        ("01.00", "1"),
        ("1.0+ubuntu-1", "1.0+ubuntu.1"),
    ] {
        assert_eq!(version(one), version(other), "{one} {other}");
    }
    for bad in [
        "",
        "1.",
        "french toast",
        "1.0+",
        "1.0+a+b",
        "1.0.x",
        "1!",
        "1.0dev1x",
        "99999999999999999999999",
    ] {
        assert_eq!(Pep440::parse(bad), None, "{bad}");
    }
}

/// pip brings a reader of PEP 440; where there is none, the order above is all there is.
#[test]
fn the_order_of_pep_440_is_that_of_pip() {
    let parts = [
        ["0", "1", "1.0", "1.0.1", "1!0.9"].as_slice(),
        &["", "a1", "b0", "rc2", "-c1"],
        &["", ".post0", ".post3", "-4"],
        &["", ".dev0", ".dev7"],
        &["", "+1", "+a", "+1.a"],
    ];
    let mut all = vec![String::new()];
    for part in parts {
        all = all
            .iter()
            .flat_map(|text| part.iter().map(move |end| format!("{text}{end}")))
            .collect();
    }
    let script = "import sys\ntry:\n from pip._vendor.packaging.version import Version as V, InvalidVersion as I\nexcept ImportError: sys.exit(3)\ndef ok(t):\n try: V(t); return True\n except I: return False\nfor t in sorted(filter(ok, sys.stdin.read().split('\\n')), key=lambda t: (V(t), t)): print(t)";
    let child = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("skipped: there is no python3");
        return;
    };
    child
        .stdin
        .take()
        .unwrap()
        .write_all(all.join("\n").as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    if output.status.code() == Some(3) {
        eprintln!("skipped: python3 has no pip");
        return;
    }
    let text = String::from_utf8(output.stdout).unwrap();
    let sorted: Vec<_> = text.lines().collect();
    let mut ours: Vec<_> = all
        .iter()
        .filter(|text| Pep440::parse(text).is_some())
        .collect();
    ours.sort_by(|a, b| {
        Pep440::parse(a)
            .cmp(&Pep440::parse(b))
            .then_with(|| a.cmp(b))
    });
    assert_eq!(ours, sorted);
}

proptest! {
    #[test]
    fn the_order_is_total(texts in proptest::collection::vec("[0-9]{1,3}(\\.[0-9]{1,2}){0,3}((a|rc|\\.post|\\.dev|-|-rc\\.)[0-9]{1,2}){0,2}(\\+[a-z0-9]{1,2})?", 3)) {
        for ecosystem in Ecosystem::ALL {
            let versions: Vec<_> = texts.iter().filter_map(|text| ecosystem.version(text)).collect();
            let [a, b, c] = versions.as_slice() else { continue };
            prop_assert_eq!(a.order(b), b.order(a).reverse());
            if a.order(b).is_le() && b.order(c).is_le() {
                prop_assert!(a.order(c).is_le());
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,24}|[v0-9.!+a-z_-]{0,24}") {
        for ecosystem in Ecosystem::ALL {
            let _ = ecosystem.version(&text);
            let _ = ecosystem.canonical(&text);
        }
    }
}
