use jiff::Timestamp;

use super::*;
use crate::judgement::Judgement;

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(hour * 3600).unwrap()
}

fn window(from: i64, to: i64) -> Window {
    Window {
        from: at(from),
        to: at(to),
    }
}

#[test]
fn coverage_names_each_gap_and_never_rounds_up_to_the_whole() {
    let covered = [(at(-5), at(20)), (at(30), at(60)), (at(40), at(50))];
    let coverage = coverage::of(window(0, 100), at(1000), &covered);
    assert_eq!(
        coverage.gaps,
        [
            Gap {
                from: at(20),
                to: at(30)
            },
            Gap {
                from: at(60),
                to: at(100)
            }
        ]
    );
    assert_eq!(coverage.covered, 50 * 3600);
    assert_eq!(coverage.words(), "50.0 %, 2 gaps, longest 40 h");
    let nearly = coverage::of(window(0, 10_000), at(100_000), &[(at(1), at(10_000))]);
    assert_eq!(nearly.permille(), 999);
    assert!(!nearly.is_whole());
    assert!(coverage::of(window(0, 10), at(5), &[(at(0), at(5))]).is_whole());
    assert!(!coverage::of(window(10, 20), at(5), &[]).is_whole());
}

#[test]
fn in_a_window_that_goes_on_a_listing_that_is_not_due_yet_is_no_gap() {
    let patience = 30 * 3600;
    let expected = |as_of, last| coverage::expected(window(0, 100), at(as_of), at(last), patience);
    assert_eq!(expected(50, 49), at(49));
    assert_eq!(expected(79, 49), at(49));
    // Overdue, and over.
    assert_eq!(expected(80, 49), at(80));
    assert_eq!(expected(100, 99), at(100));
    assert_eq!(expected(200, 99), at(200));
    // Before the window: nothing of it was seen yet.
    assert_eq!(expected(5, -1), at(5));
    assert_eq!(expected(5, 0), at(5));
}

#[test]
fn a_deviation_lasts_until_an_observation_without_it_and_errors_end_none() {
    let bad = Judgement::of(vec![Deviation::new("OPEN", "x", "open")], Vec::new());
    let good = Judgement::of(Vec::new(), Vec::new());
    let error = Judgement::error("no answer");
    let seen = [
        (at(1), &bad),
        (at(2), &error),
        (at(3), &bad),
        (at(5), &good),
        (at(9), &bad),
    ];
    let (deviations, _) = lasting::of(seen.into_iter(), window(0, 100));
    let times: Vec<_> = deviations
        .iter()
        .map(|one| (one.since, one.until))
        .collect();
    assert_eq!(times, [(Some(at(1)), Some(at(5))), (Some(at(9)), None)]);
    let (before, _) = lasting::of(seen.into_iter(), window(6, 8));
    assert!(before.is_empty(), "{before:?}");
}

#[test]
fn a_control_is_no_better_than_its_worst_check_and_what_was_not_seen_is_a_gap() {
    use State::{Deviations, Examined, Excepted, Gaps, Held, NoEvidence, NotApplicable};
    for (states, examined, lacks, control) in [
        (vec![], false, true, NoEvidence),
        (vec![NoEvidence, NoEvidence], false, false, NoEvidence),
        (vec![Held, NoEvidence], false, false, Gaps),
        (vec![Held, Held], false, true, Gaps),
        (vec![Held, NotApplicable], false, false, Held),
        (vec![NotApplicable], false, false, NotApplicable),
        (vec![Held], true, false, Examined),
        (vec![Held, Excepted], false, false, Excepted),
        (vec![Excepted], true, true, Gaps),
        (vec![Deviations, NoEvidence], true, true, Deviations),
    ] {
        assert_eq!(
            state_of_all(&states, examined, lacks),
            control,
            "{states:?}"
        );
    }
}
