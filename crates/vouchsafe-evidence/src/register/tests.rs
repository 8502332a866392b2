use super::*;
use crate::check::Check;

/// The texts of this area's checks as they stand on the disk, so that all faults come out at once.
fn texts() -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/checks");
    let mut texts: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("register-")
        })
        .map(|path| {
            (
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                std::fs::read_to_string(&path).unwrap(),
            )
        })
        .collect();
    texts.sort();
    texts
}

#[test]
fn each_case_of_each_check_of_registers_comes_out_as_it_says() {
    let mut wrong = Vec::new();
    for (file, text) in texts() {
        let mut parts = text.split("\n[[case]]\n");
        let head = parts.next().unwrap();
        let cases: Vec<_> = parts.collect();
        let failing = cases
            .iter()
            .find(|case| case.contains("expect = \"fail\""))
            .unwrap();
        for case in &cases {
            let one = format!("{head}\n[[case]]\n{case}\n[[case]]\n{failing}");
            if let Err(error) = Check::load(&one) {
                wrong.push(format!("{file}: {error}"));
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_check_has_cases_that_pass_that_fail_and_that_miss_evidence() {
    for (file, text) in texts() {
        for outcome in ["pass", "fail", "error"] {
            assert!(
                text.contains(&format!("expect = \"{outcome}\"")),
                "{file} has no case for {outcome}"
            );
        }
    }
    assert_eq!(
        texts().len(),
        AREA.checks.len(),
        "a check lies there and is not loaded"
    );
}

#[test]
fn a_fresh_template_is_a_valid_and_empty_register() {
    assert_eq!(TEMPLATES.len(), kinds::ALL.len());
    for (kind, (name, text)) in kinds::ALL.iter().zip(TEMPLATES) {
        assert!(kind.file.ends_with(&format!("/{name}")));
        assert_eq!((kind.faults)(text.as_bytes()), [], "{name}");
        assert!(
            text.lines()
                .all(|line| line.is_empty() || line.starts_with('#')),
            "{name} is not empty"
        );
        assert!(text.len() > 300, "{name} explains nothing");
    }
}

#[test]
fn the_example_in_each_template_is_valid_once_the_comment_signs_are_gone() {
    for (kind, (name, text)) in kinds::ALL.iter().zip(TEMPLATES) {
        let digest = "0".repeat(64);
        let (_, example) = text.split_once("\n#\n# [").unwrap();
        let example: String = format!("# [{example}")
            .lines()
            .map(|line| line.strip_prefix("# ").unwrap_or("").to_owned() + "\n")
            .collect();
        let example = example.replace("\"...\"", &format!("\"{digest}\""));
        // An equivalent belongs to another decision; the example says so.
        let example = example.replace("decision = \"implemented\"", "decision = \"equivalent\"");
        assert_eq!((kind.faults)(example.as_bytes()), [], "{name}:\n{example}");
        let broken = example.replacen("[[", "[[x", 1);
        assert_ne!((kind.faults)(broken.as_bytes()), [], "{name}");
        let found = crate::collect::look_for_phi(
            &vouchsafe_scan::detect::Detector::new(),
            kind.schema,
            example.as_bytes(),
        );
        assert_eq!(
            found,
            Ok(()),
            "{name}: what a register holds by its nature must be storable"
        );
    }
}

#[test]
fn the_names_of_types_are_those_of_the_registers() {
    use super::reading::Named as _;
    assert_eq!(exceptions::Exceptions::SCHEMA, EXCEPTIONS);
    assert_eq!(people::People::SCHEMA, PEOPLE);
}
