//! Bundles that must not load.

use super::*;

const SOUND: &str = r#"@id("mine") @control("x") @owner("x")
permit (principal in Role::"clinician", action == Action::"read-clinical", resource)
when { context.care };"#;

/// The default bundle with one more file.
fn with(content: &str) -> Result<Bundle, BundleRefused> {
    let mut files = Bundle::default_files();
    files.insert("mine.cedar", content);
    open(&files)
}

/// The default bundle with a text replaced in one file.
fn edited(file: &str, from: &str, to: &str) -> Result<Bundle, BundleRefused> {
    let mut files = Bundle::default_files();
    let text = str::from_utf8(files.get(file).unwrap()).unwrap().to_owned();
    assert!(text.contains(from), "{file} has no {from}");
    files.insert(file, text.replace(from, to));
    open(&files)
}

#[test]
fn the_default_bundle_opens_and_every_policy_says_what_it_is_for() {
    assert_eq!(DEFAULT.id(), "vouchsafe-default");
    assert_eq!(DEFAULT.version(), 1);
    assert_eq!(
        DEFAULT.roles().map(RoleName::as_str).collect::<Vec<_>>(),
        ROLES
    );
    assert_eq!(
        DEFAULT.purposes("clinician").collect::<Vec<_>>(),
        [Purpose::Treatment]
    );
    assert_eq!(DEFAULT.purposes("nobody").count(), 0);
    assert!(
        DEFAULT
            .policies()
            .iter()
            .any(|policy| policy.id == "guard-tenant-wall")
    );
    for role in ROLES {
        let file = format!("{role}.cedar");
        let has_policies = DEFAULT.policies().iter().any(|policy| policy.file == file);
        // No policy decides an administrator's actions yet (docs/policies.md).
        assert_eq!(has_policies, role != "security-administrator", "{role}");
    }
}

#[test]
fn the_embedded_files_are_those_of_the_folder() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");
    let is_policy = |name: &str| name.ends_with(".cedar");
    let mut there: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| is_policy(name))
        .collect();
    there.sort();
    let files = Bundle::default_files();
    let embedded: Vec<&str> = files
        .iter()
        .map(|(name, _)| name)
        .filter(|n| is_policy(n))
        .collect();
    assert_eq!(there, embedded);
}

#[test]
fn one_flipped_bit_anywhere_is_refused() {
    let files = Bundle::default_files();
    let signature = Bundle::sign(&files, &SEED).unwrap();
    let key = public_key(&SEED);
    assert!(Bundle::open(&files, &signature, &key).is_ok());
    for (name, content) in files.iter() {
        for position in [0, content.len() / 2, content.len() - 1] {
            let mut doctored = files.clone();
            let mut content = content.to_vec();
            content[position] ^= 1;
            doctored.insert(name, content);
            let refused = Bundle::open(&doctored, &signature, &key).unwrap_err();
            assert_eq!(refused, BundleRefused::Signature, "{name} at {position}");
        }
    }
    for position in 0..64 {
        let mut signature = signature;
        signature[position] ^= 1;
        assert_eq!(
            Bundle::open(&files, &signature, &key).unwrap_err(),
            BundleRefused::Signature
        );
    }
}

#[test]
fn a_file_more_or_less_or_renamed_is_refused() {
    let files = Bundle::default_files();
    let signature = Bundle::sign(&files, &SEED).unwrap();
    let refused = |files: &BundleFiles| {
        let key = public_key(&SEED);
        assert_eq!(
            Bundle::open(files, &signature, &key).unwrap_err(),
            BundleRefused::Signature
        );
    };
    let mut more = files.clone();
    more.insert("more.cedar", "");
    refused(&more);
    let mut less = files;
    let guards = less.remove("guards.cedar").unwrap();
    refused(&less);
    less.insert("guardz.cedar", guards);
    refused(&less);
}

#[test]
fn another_key_or_a_short_signature_is_refused() {
    let files = Bundle::default_files();
    let signature = Bundle::sign(&files, &SEED).unwrap();
    let opened = |signature: &[u8], seed| Bundle::open(&files, signature, &public_key(seed)).err();
    assert_eq!(opened(&signature, &[8; 32]), Some(BundleRefused::Signature));
    assert_eq!(
        opened(&signature[..63], &SEED),
        Some(BundleRefused::Signature)
    );
    assert_eq!(opened(&[], &SEED), Some(BundleRefused::Signature));
    assert_eq!(opened(&[0; 64], &SEED), Some(BundleRefused::Signature));
}

#[test]
fn moving_bytes_between_name_and_content_changes_the_hash() {
    let hash = |files: &[(&str, &str)]| files.iter().copied().collect::<BundleFiles>().hash();
    let hashes = [
        hash(&[]),
        hash(&[("ab", "c")]),
        hash(&[("a", "bc")]),
        hash(&[("a", ""), ("bc", "")]),
        hash(&[("a", "b"), ("c", "")]),
    ];
    let distinct: std::collections::HashSet<_> = hashes.iter().collect();
    assert_eq!(distinct.len(), hashes.len());
}

#[test]
fn the_hash_is_the_documented_one() {
    let files: BundleFiles = [("b.cedar", "two"), ("a.cedar", "1")].into_iter().collect();
    let mut bytes = Vec::new();
    bytes.extend([0, 0, 0, 0, 0, 0, 0, 2]);
    bytes.extend(*b"\0\0\0\0\0\0\0\x07a.cedar\0\0\0\0\0\0\0\x011");
    bytes.extend(*b"\0\0\0\0\0\0\0\x07b.cedar\0\0\0\0\0\0\0\x03two");
    let expected = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
    assert_eq!(files.hash().as_bytes(), expected.as_ref());
    assert_eq!(files.hash().to_string().len(), 64);
}

#[test]
fn a_policy_without_an_annotation_is_refused() {
    assert!(with(SOUND).is_ok());
    for annotation in [r#"@id("mine")"#, r#"@control("x")"#, r#"@owner("x")"#] {
        for replacement in ["", &annotation.replace(['m', 'i', 'n', 'e', 'x'], "")] {
            // An emptied annotation may no longer parse under its shortened name; both are refused.
            let refused = with(&SOUND.replace(annotation, replacement)).unwrap_err();
            assert!(
                matches!(refused, BundleRefused::Annotation { .. }),
                "{refused}"
            );
        }
    }
    for id in ["Mine", "two words", "ümlaut", "guard-tenant-wall"] {
        let refused = with(&SOUND.replace("mine", id)).unwrap_err();
        assert!(
            matches!(refused, BundleRefused::Annotation { .. }),
            "{refused}"
        );
    }
}

#[test]
fn a_policy_that_does_not_parse_is_refused_with_its_file() {
    for content in [
        "permit",
        "permit (principal, action, resource) when { ",
        "\u{0}",
        "}",
    ] {
        match with(content).unwrap_err() {
            BundleRefused::Syntax { file, .. } => assert_eq!(file, "mine.cedar"),
            other => panic!("{other}"),
        }
    }
    let mut files = Bundle::default_files();
    files.insert("mine.cedar", [0xff, 0xfe]);
    assert!(matches!(open(&files), Err(BundleRefused::Syntax { .. })));
    let template = SOUND.replace(
        r#"principal in Role::"clinician""#,
        "principal in ?principal",
    );
    assert!(matches!(with(&template), Err(BundleRefused::Syntax { .. })));
}

#[test]
fn a_policy_that_the_schema_does_not_know_is_refused() {
    for (from, to) in [
        (r#"Action::"read-clinical""#, r#"Action::"read-everything""#),
        ("context.care", "context.caring"),
        ("context.care", r#"context.care == "yes""#),
        ("context.care", "principal.name == \"root\""),
        ("context.care", r#"context.purpose == Purpose::"FUN""#),
        ("context.care", r#"context.purpose == "TREAT""#),
        ("context.care", "resource.subject.care"),
        // Never true: a mistake of its author.
        ("context.care", "context.care && false"),
        // Policies cannot see the ids of principals.
        ("context.care", r#"principal == Person::"4a1c""#),
        ("context.care", r#"resource == Record::"-""#),
        // A role that is not in the manifest.
        (r#"Role::"clinician""#, r#"Role::"clinican""#),
        (
            "context.care",
            r#"context.care && principal in Role::"nurse""#,
        ),
    ] {
        let refused = with(&SOUND.replace(from, to)).err();
        assert!(
            matches!(refused, Some(BundleRefused::Invalid { .. })),
            "{to}: {refused:?}"
        );
    }
}

#[test]
fn a_schema_that_requests_do_not_fit_is_refused() {
    for (from, to) in [
        // An attribute that requests do not have.
        (
            "record_type: String,",
            "record_type: String,\n  shelf: String,",
        ),
        // An attribute that requests have and this schema lacks.
        ("own: Bool,", ""),
        ("care: Bool,", "care: String,"),
        // A missing action, operation or assurance.
        ("\"resolve-audit\", import", "import"),
        (", \"match-identifier\"]", "]"),
        ("\"two-factor\"", "\"three-factor\""),
        // Services are not principals in this schema.
        ("principal: [Person, Service]", "principal: [Person]"),
        // Roles are not inherited.
        ("entity Person in [Role]", "entity Person"),
        ("entity Role;", "entity Rolle;"),
        ("entity Role;", "entity Role"),
    ] {
        let refused = edited("schema.cedarschema", from, to).err();
        assert!(
            matches!(
                refused,
                Some(BundleRefused::Schema { .. } | BundleRefused::Invalid { .. })
            ),
            "{from} -> {to}: {refused:?}"
        );
    }
}

#[test]
fn a_manifest_that_says_something_impossible_is_refused() {
    for (from, to) in [
        ("\"version\": 1,", ""),
        ("\"version\": 1,", "\"version\": -1,"),
        ("\"version\": 1,", "\"version\": 1, \"danger\": true,"),
        ("vouchsafe-default", "Vouchsafe Default"),
        ("\"TREAT\"", "\"TREATMENT\""),
        ("\"name\": \"patient\"", "\"name\": \"auditor\""),
        ("\"name\": \"patient\"", "\"name\": \"The Patient\""),
    ] {
        let refused = edited("manifest.json", from, to).err();
        assert!(
            matches!(refused, Some(BundleRefused::Manifest { .. })),
            "{to}: {refused:?}"
        );
    }
}

#[test]
fn manifest_and_schema_must_be_there_and_nothing_strange() {
    for name in ["manifest.json", "schema.cedarschema"] {
        let mut files = Bundle::default_files();
        files.remove(name).unwrap();
        assert!(open(&files).is_err(), "{name}");
    }
    for name in [
        "../up.cedar",
        "run.sh",
        ".cedar",
        "Upper.cedar",
        "manifest.toml",
    ] {
        let mut files = Bundle::default_files();
        files.insert(name, "");
        assert!(
            matches!(open(&files), Err(BundleRefused::Files { .. })),
            "{name}"
        );
    }
    let mut files = Bundle::default_files();
    files.insert("long.cedar", vec![b' '; 256 * 1024 + 1]);
    assert!(matches!(open(&files), Err(BundleRefused::Files { .. })));
    let many: BundleFiles = (0..65).map(|n| (format!("p{n}.cedar"), "")).collect();
    assert!(matches!(open(&many), Err(BundleRefused::Files { .. })));
}

#[test]
fn a_bundles_debug_output_names_it_and_shows_no_policy() {
    let text = format!("{:?}", *DEFAULT);
    assert!(
        text.contains("vouchsafe-default") && !text.contains("clinician"),
        "{text}"
    );
}
