use std::sync::Arc;

use super::*;
use crate::check::Check;
use crate::digest::Digest;
use crate::entry::{Entry, Evidence, Kind};
use crate::inputs::{Cache, Contents, Index};
use crate::judgement::Unobservable;

/// A check over states, and one over a population; what they judge is given to `except` directly.
fn check(kind: &str) -> Check {
    let text = crate::register::AREA
        .checks
        .iter()
        .find(|text| text.contains("id = \"insurance\""))
        .unwrap();
    Check::load(&text.replace("kind = \"register\"", &format!("kind = \"{kind}\""))).unwrap()
}

const PEOPLE: &str = "[[person]]\nid = \"p1\"\nrole = \"x\"\njoined = 2024-01-01\n[[person]]\nid = \"p2\"\nrole = \"x\"\njoined = 2024-01-01\n[[person]]\nid = \"gone\"\nrole = \"x\"\njoined = 2024-01-01\nleft = 2026-02-01\n";

fn row(item: &str, from: &str, until: &str) -> String {
    format!(
        "[[exception]]\nid = \"e1\"\ncheck = \"insurance\"\nitem = \"{item}\"\nreason = \"r\"\nowner = \"p1\"\napprover = \"p2\"\nfrom = {from}\nuntil = {until}\n"
    )
}

struct Given(Vec<Vec<u8>>);

impl Contents for Given {
    fn content(&self, known: &Known) -> Result<Arc<[u8]>, String> {
        Ok(Arc::from(
            self.0[usize::try_from(known.index).unwrap()].as_slice(),
        ))
    }
}

/// Judges `found` at a moment, with registers that were appended at others; nothing stands for a failed collection.
fn judge(
    kind: &str,
    at: &str,
    registers: &[(&str, Option<&str>)],
    found: Vec<Deviation>,
) -> Judgement {
    judge_all(kind, at, registers, found, Vec::new())
}

fn judge_all(
    kind: &str,
    at: &str,
    registers: &[(&str, Option<&str>)],
    found: Vec<Deviation>,
    unseen: Vec<Unobservable>,
) -> Judgement {
    let people = ("register.people/1", "2026-01-01T00:00:00Z", Some(PEOPLE));
    let rest = registers
        .iter()
        .map(|(at, text)| (Exceptions::SCHEMA, *at, *text));
    let given: Vec<_> = std::iter::once(people).chain(rest).collect();
    let mut index = Index::default();
    for (place, (schema, at, text)) in (0..).zip(&given) {
        let at = at.parse().unwrap();
        let kind = Kind::Evidence(Evidence {
            schema: (*schema).to_owned(),
            source: "file".to_owned(),
            request: String::new(),
            collector: String::new(),
            collected_at: at,
            effective: None,
            late: false,
            failed: text.is_none().then(|| ABSENT.to_owned()),
        });
        let entry = Entry {
            v: 1,
            at,
            kind,
            content: Digest::of(text.unwrap_or_default().as_bytes()),
            size: 0,
        };
        index.take(place, entry);
    }
    let contents = Given(
        given
            .iter()
            .map(|(_, _, text)| text.unwrap_or_default().as_bytes().to_vec())
            .collect(),
    );
    let (check, cache) = (check(kind), Cache::default());
    let inputs = index.select(&check, u64::MAX);
    let context = Context::new(&check, at.parse().unwrap(), &inputs, &contents, &cache);
    except(&context, Judgement::of(found, unseen))
}

fn deviation_since(item: &str, since: Option<&str>, until: Option<&str>) -> Deviation {
    let time = |text: &str| text.parse().unwrap();
    Deviation::new("NOT_INSURED", item, "not insured").lasting(since.map(time), until.map(time))
}

const IN_TIME: &str = "2026-03-01T00:00:00Z";

#[test]
fn a_live_exception_is_shown_as_excepted_and_never_as_a_pass() {
    let text = row("cyber", "2026-03-01", "2026-03-31");
    let judgement = judge(
        "register",
        "2026-03-31T23:59:59Z",
        &[(IN_TIME, Some(&text))],
        vec![deviation_since("cyber", None, None)],
    );
    assert_eq!(judgement.outcome, Outcome::Excepted);
    assert_eq!(judgement.excepted[0].exception, "e1");
    assert_eq!(judgement.deviations, []);
}

#[test]
fn something_that_could_not_be_seen_stays_an_error() {
    let text = row("cyber", "2026-03-01", "2026-03-31");
    let unseen = vec![Unobservable {
        item: "x".to_owned(),
        what: "y".to_owned(),
    }];
    let judgement = judge_all(
        "register",
        "2026-03-10T00:00:00Z",
        &[(IN_TIME, Some(&text))],
        vec![deviation_since("cyber", None, None)],
        unseen,
    );
    assert_eq!(judgement.outcome, Outcome::Error);
}

/// Whether an exception that was recorded in time covers a state at a moment.
fn covers(text: &str, at: &str) -> bool {
    let found = vec![deviation_since("cyber", None, None)];
    let judgement = judge(
        "register",
        at,
        &[("2026-02-01T00:00:00Z", Some(text))],
        found,
    );
    assert_ne!(judgement.outcome, Outcome::Pass);
    judgement.outcome == Outcome::Excepted
}

#[test]
fn an_exception_is_applied_from_its_first_to_its_last_day() {
    let good = row("cyber", "2026-03-01", "2026-03-31");
    assert!(!covers(&good, "2026-02-28T23:59:59Z"));
    assert!(covers(&good, "2026-03-01T00:00:00Z"));
    assert!(covers(&good, "2026-03-31T23:59:59Z"));
    assert!(!covers(&good, "2026-04-01T00:00:00Z"), "expired");
}

#[test]
fn an_exception_that_may_not_be_applied_leaves_the_failure() {
    let good = row("cyber", "2026-03-01", "2026-03-31");
    for (from, to, why) in [
        ("2026-03-31", "2026-05-30", "91 days"),
        ("approver = \"p2\"", "approver = \"p1\"", "self-approved"),
        (
            "approver = \"p2\"",
            "approver = \"P1\"",
            "self-approved in capitals",
        ),
        (
            "approver = \"p2\"",
            "approver = \"boss\"",
            "unknown approver",
        ),
        (
            "approver = \"p2\"",
            "approver = \"gone\"",
            "the approver has left",
        ),
        (
            "owner = \"p1\"",
            "owner = \"other name of p2\"",
            "unknown owner",
        ),
        (
            "check = \"insurance\"",
            "check = \"roles.named\"",
            "another check",
        ),
        ("item = \"cyber\"", "item = \"cyb\"", "another item"),
        ("reason =", "code = \"OTHER\"\nreason =", "another code"),
        ("reason =", "raison =", "a register with a fault"),
    ] {
        let bad = good.replace(from, to);
        assert_ne!(bad, good, "{why}");
        assert!(!covers(&bad, "2026-03-10T00:00:00Z"), "{why}");
    }
}

#[test]
fn ninety_days_and_a_beginning_of_an_item_are_accepted() {
    let text = row("cyb*", "2026-03-01", "2026-05-29");
    let judgement = judge(
        "register",
        "2026-05-29T12:00:00Z",
        &[(IN_TIME, Some(&text))],
        vec![
            deviation_since("cyber", None, None),
            deviation_since("fire", None, None),
        ],
    );
    assert_eq!(
        (judgement.deviations.len(), judgement.excepted.len()),
        (1, 1)
    );
    assert_eq!(judgement.outcome, Outcome::Fail);
}

#[test]
fn an_exception_that_left_the_register_is_none() {
    let text = row("cyber", "2026-03-01", "2026-03-31");
    for after in [Some("# none\n"), None] {
        let judgement = judge(
            "register",
            "2026-03-10T00:00:00Z",
            &[(IN_TIME, Some(&text)), ("2026-03-05T00:00:00Z", after)],
            vec![deviation_since("cyber", None, None)],
        );
        assert_eq!(judgement.outcome, Outcome::Fail);
    }
}

#[test]
fn a_state_that_began_before_the_exception_was_recorded_is_marked() {
    let text = row("cyber", "2026-03-01", "2026-03-31");
    let found = || vec![deviation_since("cyber", Some("2026-03-02T00:00:00Z"), None)];
    let late = [("2026-03-05T00:00:00Z", Some(text.as_str()))];
    let judgement = judge("register", "2026-03-10T00:00:00Z", &late, found());
    assert_eq!(judgement.outcome, Outcome::Excepted);
    assert!(judgement.excepted[0].deviation.text.contains("RETROACTIVE"));
    let judgement = judge("register", "2026-03-04T00:00:00Z", &late, found());
    assert_eq!(
        judgement.outcome,
        Outcome::Fail,
        "nothing is covered before it was recorded"
    );
}

#[test]
fn an_event_before_the_exception_was_recorded_is_not_covered() {
    let text = row("cyber", "2026-03-01", "2026-03-31");
    let event = deviation_since(
        "cyber",
        Some("2026-03-02T00:00:00Z"),
        Some("2026-03-02T00:00:00Z"),
    );
    let judgement = judge(
        "population",
        "2026-03-10T00:00:00Z",
        &[("2026-03-05T00:00:00Z", Some(&text))],
        vec![event],
    );
    assert_eq!(
        (judgement.outcome, judgement.excepted.len()),
        (Outcome::Fail, 0)
    );
    assert!(judgement.deviations[0].text.contains("RETROACTIVE"));
}

#[test]
fn an_event_under_an_exception_stays_excepted_after_it_ended() {
    let text = row("cyber", "2026-03-01", "2026-03-31");
    let event = deviation_since(
        "cyber",
        Some("2026-03-02T00:00:00Z"),
        Some("2026-03-02T00:00:00Z"),
    );
    let judgement = judge(
        "population",
        "2026-06-10T00:00:00Z",
        &[(IN_TIME, Some(&text))],
        vec![event],
    );
    assert_eq!(judgement.outcome, Outcome::Excepted);
}

#[test]
fn of_something_that_lasted_only_the_time_under_the_exception_is_covered() {
    let text = row("cyber", "2026-03-01", "2026-03-31");
    let lasting = deviation_since("cyber", Some("2026-02-20T00:00:00Z"), None);
    let judgement = judge(
        "population",
        "2026-06-10T00:00:00Z",
        &[("2026-03-05T00:00:00Z", Some(&text))],
        vec![lasting],
    );
    assert_eq!(judgement.outcome, Outcome::Fail);
    let day = |at: Option<Timestamp>| at.map(|at| day_of(at).to_string());
    let left: Vec<_> = judgement
        .deviations
        .iter()
        .map(|one| (day(one.since), day(one.until)))
        .collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(left.len(), 2);
    assert!(left.contains(&(some("2026-02-20"), some("2026-03-05"))));
    assert!(left.contains(&(some("2026-04-01"), None)));
    let covered = &judgement.excepted[0].deviation;
    assert_eq!(
        (day(covered.since), day(covered.until)),
        (some("2026-03-05"), some("2026-04-01"))
    );
}

#[test]
fn a_row_that_is_changed_is_recorded_anew() {
    let before = row("cyber", "2026-03-01", "2026-03-10");
    let after = row("cyber", "2026-03-01", "2026-03-31");
    let event = deviation_since(
        "cyber",
        Some("2026-03-15T00:00:00Z"),
        Some("2026-03-15T00:00:00Z"),
    );
    let registers = [
        (IN_TIME, Some(before.as_str())),
        ("2026-03-20T00:00:00Z", Some(after.as_str())),
    ];
    let judgement = judge(
        "population",
        "2026-03-25T00:00:00Z",
        &registers,
        vec![event],
    );
    assert_eq!(
        judgement.outcome,
        Outcome::Fail,
        "the extension came after the event"
    );
}

#[test]
fn an_exception_that_covered_nothing_is_unused() {
    let text = row("cyber", "2026-03-01", "2026-03-31");
    let found = vec![deviation_since("cyber", None, None)];
    let covered = judge(
        "register",
        "2026-03-10T00:00:00Z",
        &[(IN_TIME, Some(&text))],
        found,
    );
    let clean = Judgement::of(Vec::new(), Vec::new());
    let unused = |day: &str, judgement| {
        unused_exceptions(text.as_bytes(), day.parse().unwrap(), [judgement]).unwrap()
    };
    assert_eq!(unused("2026-03-10", &covered), []);
    assert_eq!(unused("2026-03-10", &clean)[0].code, "UNUSED");
    assert_eq!(
        unused("2026-04-10", &clean),
        [],
        "an expired one is flagged as expired"
    );
    assert!(unused_exceptions(b"[[exceptoin]]", "2026-03-10".parse().unwrap(), [&clean]).is_err());
}
