//! Tests of the corpus as a whole, and the bounds that the published figures are held to.

use std::collections::{BTreeMap, BTreeSet};

use vouchsafe_scan::class::{Class, Confidence};
use vouchsafe_scan::detect::{Detector, Scanner};

use crate::corpus::{Clean, Corpus, Document, Set};
use crate::finders::Finder;
use crate::score::{Group, Score, Where};
use crate::template::Kind;
use crate::text::{Encoding, Origin, Span, Text};

const SETS: [Set; 4] = [Set::Tuning, Set::Figures, Set::Check, Set::Seventh];

/// The sets that are small.
const SMALL: [Set; 2] = [Set::Check, Set::Seventh];

fn documents(corpus: &Corpus, each: u64) -> Vec<Document<'_>> {
    corpus.documents(each).collect::<Result<_, _>>().unwrap()
}

/// Whether the text at a span is its value, encoded.
fn holds(text: &str, span: &Span) -> bool {
    let label = span.label.clone();
    let encoded = span.encodings.iter().fold(
        Text::labelled(span.value.clone(), label),
        |text, &encoding| text.encode(encoding),
    );
    let exact = !span
        .encodings
        .iter()
        .any(|encoding| matches!(encoding, Encoding::Base64 | Encoding::Base64Url));
    if exact {
        return text == encoded.text;
    }
    // In base64 the signs depend on where the value starts: the middle of the value must be there at one of the three.
    (0..3).any(|before| {
        let mut whole = Text::plain("x".repeat(before));
        whole.push(Text::labelled(span.value.clone(), span.label.clone()));
        let whole = span
            .encodings
            .iter()
            .fold(whole, |text, &encoding| text.encode(encoding));
        let at = whole.spans[0].at.clone();
        let middle = at.start + 2..at.end.saturating_sub(2);
        text.contains(whole.text.get(middle).unwrap())
    })
}

#[test]
fn each_label_stands_on_its_value_in_every_template() {
    for set in SETS {
        let corpus = Corpus::new(set).unwrap();
        for document in documents(&corpus, 3) {
            for line in &document.lines {
                for span in line.spans.iter().filter(|span| span.label.class.is_some()) {
                    let text = line.text.get(span.at.clone()).unwrap();
                    assert!(
                        !text.is_empty() && holds(text, span),
                        "{set:?} {} {}",
                        document.template.name,
                        span.label.form
                    );
                }
            }
        }
    }
}

#[test]
fn labels_of_a_line_are_in_order_and_apart() {
    for set in SETS {
        let corpus = Corpus::new(set).unwrap();
        for document in documents(&corpus, 2) {
            for line in &document.lines {
                let apart = line
                    .spans
                    .windows(2)
                    .all(|pair| pair[0].at.end <= pair[1].at.start);
                assert!(apart, "{set:?} {}", document.template.name);
            }
        }
    }
}

#[test]
fn the_same_set_is_the_same_text_each_time_and_fewer_are_the_start_of_more() {
    let texts = |each| -> Vec<String> {
        let corpus = Corpus::new(Set::Figures).unwrap();
        documents(&corpus, each)
            .iter()
            .map(|document| {
                let lines = document.lines.iter().map(|line| line.text.as_str());
                lines.collect::<Vec<_>>().join("\n")
            })
            .collect()
    };
    let (once, twice) = (texts(1), texts(2));
    assert_eq!(once, texts(1));
    assert_eq!(once[..], twice[..once.len()]);
    assert!(
        once.iter()
            .zip(&twice[once.len()..])
            .filter(|(first, second)| first == second)
            .count()
            < 20
    );
}

#[test]
fn the_figures_hold_a_thousand_of_each_class_and_half_the_names_in_no_dictionary() {
    let corpus = Corpus::new(Set::Figures).unwrap();
    let mut classes: BTreeMap<Class, u64> = BTreeMap::new();
    let mut origins: BTreeMap<Origin, u64> = BTreeMap::new();
    for document in documents(&corpus, 10) {
        for span in document.lines.iter().flat_map(|line| &line.spans) {
            if let Some(class) = span.label.class {
                *classes.entry(class).or_default() += 1;
                *origins.entry(span.label.origin).or_default() += 1;
            }
        }
    }
    for class in Class::ALL {
        assert!(classes[&class] * 10 >= 1_000, "{class}");
    }
    let (inside, outside) = (
        origins[&Origin::Dictionary] as f64,
        origins[&Origin::Outside] as f64,
    );
    assert!((outside / (inside + outside) - 0.5).abs() < 0.02);
}

#[test]
fn the_sets_share_no_template_and_have_every_kind_of_text() {
    let sets = SETS.map(|set| {
        let corpus = Corpus::new(set).unwrap();
        let texts: BTreeSet<String> = corpus
            .templates()
            .iter()
            .map(|template| format!("{:?}", template.parts))
            .collect();
        let kinds: BTreeSet<Kind> = corpus
            .templates()
            .iter()
            .map(|template| template.kind)
            .collect();
        assert_eq!(kinds.len(), Kind::ALL.len());
        assert_eq!(texts.len(), corpus.templates().len());
        assert!(texts.len() >= if SMALL.contains(&set) { 50 } else { 150 });
        texts
    });
    for (place, one) in sets.iter().enumerate() {
        for other in sets.iter().skip(place + 1) {
            assert!(one.is_disjoint(other));
        }
    }
}

#[test]
fn clean_lines_hold_no_labelled_value_and_come_in_the_number_asked_for() {
    for set in SETS {
        let corpus = Corpus::new(set).unwrap();
        let documents: Vec<_> = corpus
            .clean_lines(Clean {
                lines: 3_000,
                stride: 1,
            })
            .collect::<Result<_, _>>()
            .unwrap();
        let lines = documents.iter().flat_map(|document| &document.lines);
        assert_eq!(lines.clone().count(), 3_000);
        assert!(
            lines
                .flat_map(|line| &line.spans)
                .all(|span| span.label.class.is_none())
        );
        let templates: BTreeSet<&str> = documents
            .iter()
            .map(|document| document.template.name.as_str())
            .collect();
        assert!(templates.len() >= if SMALL.contains(&set) { 30 } else { 150 });
    }
}

/// The figures of `docs/scan-accuracy.md` on a part of the corpus: what is published must stay true. The aims are higher.
#[test]
fn recall_and_false_findings_stay_within_the_published_bounds() {
    let corpus = Corpus::new(Set::Figures).unwrap();
    let detector = Detector::new();
    let mut finder = Finder::own(&detector);
    let score = crate::score(
        &corpus,
        &mut finder,
        4,
        Clean {
            lines: 10_000,
            stride: 100,
        },
    )
    .unwrap();
    let recall =
        |group: &Group| score.recall[group].found as f64 / score.recall[group].labelled as f64;
    assert!(
        recall(&Group::Structured) >= 0.93,
        "identifiers that have a form"
    );
    assert!(
        recall(&Group::Names(Origin::Dictionary, Where::Logs)) >= 0.94,
        "names with dictionary in logs"
    );
    assert!(
        recall(&Group::Names(Origin::Outside, Where::Logs)) >= 0.93,
        "names without dictionary in logs"
    );
    assert!(
        score.clean.lines == 10_000 && score.clean.found <= 1,
        "false findings in clean lines"
    );
    assert_right(&score);
}

fn assert_right(score: &Score) {
    let (right, wrong) = score
        .precision
        .values()
        .fold((0, 0), |sum, one| (sum.0 + one.right, sum.1 + one.wrong));
    assert!(right > 20 * wrong, "false findings in lines with values");
}

/// A line with other digits, and other letters in its hexadecimal codes; one in so many changes.
fn varied(line: &str, seed: u64) -> String {
    let mut state = line
        .bytes()
        .fold(seed, |sum, byte| sum.wrapping_mul(31) ^ u64::from(byte));
    let mut vary = |character: char, code: bool| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let digit = char::from(b'0' + u8::try_from((state >> 33) % 10).unwrap());
        // Some stay, so that dates and checks hold now and then.
        let hexadecimal =
            "0123456789abcdef".as_bytes()[usize::try_from((state >> 40) % 16).unwrap()];
        let varies = (state >> 50).is_multiple_of(seed);
        match (varies, code, character) {
            (true, true, '0'..='9' | 'a'..='f') => char::from(hexadecimal),
            (true, false, '0'..='9') => digit,
            _ => character,
        }
    };
    line.char_indices()
        .map(|(place, character)| vary(character, is_code(line, place)))
        .collect()
}

/// Whether a place is within sixteen digits in hexadecimal or more, or a UUID, in lower case.
fn is_code(line: &str, place: usize) -> bool {
    let is = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-');
    let (front, rest) = line.as_bytes().split_at(place);
    let before = front.iter().rev().take_while(|byte| is(byte)).count();
    before + rest.iter().take_while(|byte| is(byte)).count() >= 16
}

#[test]
fn what_is_remembered_of_lines_with_other_digits_changes_no_finding() {
    let detector = Detector::new().minimum(Confidence::Low);
    let scan = |scanner: &mut Scanner<'_>, line: &str| {
        let mut found = Vec::new();
        scanner.begin();
        scanner.line(b"-", &mut found);
        scanner.line(line.as_bytes(), &mut found);
        found
    };
    let remembering = Detector::new().minimum(Confidence::Low).remembering();
    let mut experienced = remembering.scanner();
    for set in SETS {
        let corpus = Corpus::new(set).unwrap();
        for document in documents(&corpus, 1) {
            for line in &document.lines {
                let variants = (1..=4).map(|seed| varied(&line.text, seed));
                for text in variants.chain([line.text.clone()]) {
                    // A line is remembered when it comes for the second time.
                    scan(&mut experienced, &text);
                    let first = scan(&mut experienced, &text);
                    assert_eq!(first, scan(&mut detector.scanner(), &text), "{text}");
                }
            }
        }
    }
}
