//! The scorer itself: what is planted is counted.

use super::*;
use crate::template::parse;
use crate::text::Text;

fn line(parts: &[(&str, Option<Class>)]) -> Line {
    let mut text = Text::default();
    for (part, class) in parts {
        match class {
            Some(class) => text.push(Text::labelled(*part, Label::new(*class, "form"))),
            None => text.push_str(part),
        }
    }
    Line {
        text: text.text,
        spans: text.spans,
    }
}

fn found(line: &Line, text: &str, class: Class) -> Found {
    let start = line.text.find(text).unwrap();
    Found {
        at: start..start + text.len(),
        classes: vec![class],
    }
}

fn score(line: Line, found: Vec<Found>) -> Score {
    let template = parse("=== json test\nx").unwrap().remove(0);
    let mut score = Score::default();
    score.count(&template, &[line], &[found]);
    score
}

fn sample() -> Line {
    line(&[
        ("ssn=", None),
        ("123-45-6789", Some(Class::Ssn)),
        (" for ", None),
        ("Ann Lee", Some(Class::Name)),
        (" v1", None),
    ])
}

#[test]
fn a_planted_miss_is_counted_as_a_miss() {
    let sample = sample();
    let finding = found(&sample, "123-45-6789", Class::Ssn);
    let score = score(sample, vec![finding]);
    assert_eq!(
        (
            score.recall[&Group::Class(Class::Ssn)].found,
            score.recall[&Group::Class(Class::Name)].found
        ),
        (1, 0)
    );
    assert_eq!(score.recall[&Group::Kind(Kind::Json)].labelled, 2);
    assert_eq!(score.recall[&Group::Kind(Kind::Json)].found, 1);
    assert_eq!(score.recall[&Group::Structured].labelled, 1);
}

#[test]
fn a_part_is_no_find_and_two_parts_that_cover_all_letters_are() {
    let sample = sample();
    let half = score(sample.clone(), vec![found(&sample, "Ann", Class::Name)]);
    let recall = &half.recall[&Group::Class(Class::Name)];
    assert_eq!((recall.found, recall.part, recall.any), (0, 1, 0));
    let both = score(
        sample.clone(),
        vec![
            found(&sample, "Ann", Class::Name),
            found(&sample, "Lee", Class::Name),
        ],
    );
    assert_eq!(both.recall[&Group::Class(Class::Name)].found, 1);
}

#[test]
fn a_find_of_another_class_counts_as_any_only() {
    let sample = sample();
    let score = score(
        sample.clone(),
        vec![found(&sample, "123-45-6789", Class::Phone)],
    );
    let recall = &score.recall[&Group::Class(Class::Ssn)];
    assert_eq!((recall.found, recall.part, recall.any), (0, 0, 1));
    assert_eq!(
        score.precision[&Class::Phone],
        Precision {
            right: 0,
            other: 1,
            wrong: 0
        }
    );
}

#[test]
fn a_planted_false_finding_is_counted_as_false() {
    let sample = sample();
    let score = score(
        sample.clone(),
        vec![
            found(&sample, "v1", Class::License),
            found(&sample, "Ann Lee", Class::Name),
        ],
    );
    assert_eq!(
        score.precision[&Class::License],
        Precision {
            right: 0,
            other: 0,
            wrong: 1
        }
    );
    assert_eq!(score.precision[&Class::Name].share(), Some(1.0));
    assert_eq!((score.covered, score.beyond), (8, 2));
}

#[test]
fn a_finding_of_the_whole_line_finds_all_of_one_class_and_shows_as_far_too_much() {
    let sample = sample();
    let whole = Found {
        at: 0..sample.text.len(),
        classes: vec![Class::Ssn],
    };
    let score = score(sample, vec![whole]);
    assert_eq!(
        (
            score.recall[&Group::Class(Class::Ssn)].found,
            score.recall[&Group::Class(Class::Name)].found
        ),
        (1, 0)
    );
    assert_eq!(score.beyond, 8);
}

#[test]
fn neutral_text_counts_neither_way() {
    let mut sample = line(&[("at ", None), ("Cedar Clinic", Some(Class::Name))]);
    sample.spans[0].label = Label::neutral();
    let score = score(sample.clone(), vec![found(&sample, "Cedar", Class::Name)]);
    assert!(score.recall.is_empty() && score.precision.is_empty());
}

#[test]
fn whatever_is_found_in_a_clean_line_is_false() {
    let template = parse("=== json test\nx").unwrap().remove(0);
    let clean = line(&[("version 1.2.3.4", None)]);
    let mut score = Score::default();
    score.count_clean(
        &template,
        std::slice::from_ref(&clean),
        &[vec![found(&clean, "1.2.3.4", Class::Ip)]],
    );
    assert_eq!(
        (
            score.clean.lines,
            score.clean.found,
            score.clean.classes[&Class::Ip]
        ),
        (1, 1, 1)
    );
}

#[test]
fn the_intervals_are_those_of_the_book() {
    let (low, high) = wilson(98, 100);
    assert!(
        (low - 0.9300).abs() < 0.0005 && (high - 0.9945).abs() < 0.0005,
        "{low} {high}"
    );
    assert_eq!(wilson(0, 0), (0.0, 1.0));
    let templates =
        [("a", (50, 50)), ("b", (50, 0))].map(|(name, counts)| (name.to_owned(), counts));
    let (low, high) = by_template(&Recall {
        templates: templates.into(),
        ..Recall::default()
    });
    assert_eq!((low, high), (0.0, 1.0));
}
