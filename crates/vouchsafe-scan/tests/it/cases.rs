//! The cases that the package for Go runs, too: vectors/scan/cases.tsv.

use std::fs;
use std::path::Path;

use vouchsafe_scan::detect::Detector;
use vouchsafe_scan::mask::Masker;

fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('t') => plain.push('\t'),
                Some('n') => plain.push('\n'),
                Some(other) => plain.push(other),
                None => plain.push('\\'),
            },
            character => plain.push(character),
        }
    }
    plain
}

#[test]
fn the_shared_cases_are_masked_as_they_say() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/scan/cases.tsv");
    let text = fs::read_to_string(file).unwrap();
    let detector = Detector::new();
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (input, expected) = case.split_once('\t').unwrap_or((case, case));
        let (input, expected) = (plain(input), plain(expected));
        let mut masked = Vec::new();
        let mut masker = Masker::new(&detector);
        for (place, line) in input.split('\n').enumerate() {
            if place > 0 {
                masked.push(b'\n');
            }
            masker.line(line.as_bytes(), &mut masked);
        }
        let masked = String::from_utf8(masked).unwrap();
        count += 1;
        if masked != expected {
            wrong.push(format!(
                "{input}\n  is masked as  {masked}\n  and should be {expected}"
            ));
        }
    }
    assert!(count > 50, "only {count} cases");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
