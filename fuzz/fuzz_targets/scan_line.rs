//! Lines of any bytes: what is found lies in its line and in order, what was found is not in the masked line, and JSON
//! stays JSON.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use vouchsafe_scan::class::{Class, Confidence};
use vouchsafe_scan::detect::Detector;
use vouchsafe_scan::finding::Finding;
use vouchsafe_scan::known::{KEY_BYTES, KnownValues};
use vouchsafe_scan::mask::Masker;

/// Stands in an input for a value that the detectors know, and for one that a team made known.
const MARKS: [(&str, &str); 2] = [("@@", "219-09-9999"), ("##", "Qorvanth Ylleem")];

static DETECTOR: Detector = Detector::new().minimum(Confidence::Low);

static KNOWN: LazyLock<KnownValues> = LazyLock::new(|| {
    let mut known = KnownValues::new(&[7; KEY_BYTES]);
    known.learn(Class::Name, b"Qorvanth Ylleem");
    known
});

fuzz_target!(|bytes: &[u8]| {
    let mut scanner = DETECTOR.scanner();
    let mut masker = Masker::new(&DETECTOR);
    let mut finder = KNOWN.finder();
    let mut found = Vec::new();
    let mut masked = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = planted(line);
        found.clear();
        scanner.line(&line, &mut found);
        in_order(&line, &found);
        masked.clear();
        let withheld = masker.counts().withheld;
        masker.line(&line, &mut masked);
        // UTF-16 is withheld, and nothing else: a panic while scanning is one, too.
        let marked = line.starts_with(b"\xff\xfe") || line.starts_with(b"\xfe\xff");
        assert!(withheld == masker.counts().withheld || marked || line.contains(&0));
        for (_, value) in MARKS {
            let missed = places(&line, value).filter(|place| {
                !found.iter().any(|finding| {
                    finding.span.start <= *place && *place + value.len() <= finding.span.end
                })
            });
            assert!(
                places(&masked, value).count() <= missed.count(),
                "found, and not masked"
            );
        }
        if serde_json::from_slice::<IgnoredAny>(&line).is_ok() {
            serde_json::from_slice::<IgnoredAny>(&masked).expect("JSON stays JSON");
        }
        found.clear();
        finder.find(&line, &mut found);
        assert!(found.iter().all(|finding| inside(&line, finding)));
        found.clear();
        scanner.cell(
            &String::from_utf8_lossy(bytes.get(..8).unwrap_or_default()),
            &line,
            &mut found,
        );
        in_order(&line, &found);
    }
});

fn planted(line: &[u8]) -> Vec<u8> {
    // Byte by byte: what is not UTF-8 stays.
    let mut planted = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.first() {
        let mark = MARKS
            .iter()
            .find(|(mark, _)| rest.starts_with(mark.as_bytes()));
        match mark {
            Some((mark, value)) => {
                planted.extend_from_slice(value.as_bytes());
                rest = &rest[mark.len()..];
            }
            None => {
                planted.push(*first);
                rest = &rest[1..];
            }
        }
    }
    planted
}

fn places<'t>(text: &'t [u8], value: &'static str) -> impl Iterator<Item = usize> + 't {
    let windows = text.windows(value.len()).enumerate();
    windows
        .filter(move |(_, window)| *window == value.as_bytes())
        .map(|(place, _)| place)
}

fn inside(line: &[u8], finding: &Finding) -> bool {
    finding.span.start <= finding.span.end && finding.span.end <= line.len()
}

/// None overlaps another, but that a token in an encoding has one for each class within.
fn in_order(line: &[u8], found: &[Finding]) {
    assert!(found.len() <= line.len() + 1);
    assert!(found.iter().all(|finding| inside(line, finding)));
    for pair in found.windows(2) {
        assert!(
            pair[0].span.end <= pair[1].span.start
                || pair[0].span == pair[1].span && pair[0].class != pair[1].class,
            "{pair:?}"
        );
    }
}
