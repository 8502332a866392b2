//! Which entry of a transaction has which result.

use jiff::Timestamp;
use vouchsafe::ids::{RecordId, Version};
use vouchsafe_records::engine::Proof;

use super::*;

fn kind(name: &str) -> RecordType {
    name.parse().unwrap()
}

fn result(name: &str, id: RecordId, proof: bool) -> OpResult {
    OpResult {
        record_type: kind(name),
        id,
        version: Version::FIRST,
        last_updated: Timestamp::UNIX_EPOCH,
        created: true,
        deleted: false,
        subsetted: false,
        document: None,
        proof: proof.then(|| Proof {
            origin: "log".into(),
            index: 1,
            leaf: [0; 32],
            recorded: Timestamp::UNIX_EPOCH,
        }),
    }
}

fn matched(name: &str, id: RecordId) -> Slot {
    let found = Found {
        id,
        version: Version::FIRST,
        last_updated: Timestamp::UNIX_EPOCH,
    };
    Slot::Rest(Step::Matched(kind(name), found))
}

/// `w` for an entry that was written, `m` for one that was there.
fn shape(slots: Vec<Slot>, results: Vec<OpResult>) -> Result<String, Failure> {
    let rows = rows(slots, results)?;
    Ok(rows
        .iter()
        .map(|row| match row {
            Row::Written(_) => 'w',
            Row::Deleted => 'd',
            Row::Rest(_) => 'm',
        })
        .collect())
}

#[test]
fn results_go_to_the_entries_that_were_written() {
    let (one, two) = (RecordId::random(), RecordId::random());
    let slots = vec![
        matched("Patient", one),
        Slot::Written(kind("Patient")),
        matched("Patient", two),
    ];
    // The entry in the middle updates the record that the first one found.
    let results = vec![result("Patient", one, true)];
    assert_eq!(shape(slots, results).unwrap(), "mwm");
}

#[test]
fn a_repeated_transaction_has_the_results_of_the_first_time() {
    let (one, two) = (RecordId::random(), RecordId::random());
    let slots = vec![matched("Practitioner", one), Slot::Written(kind("Patient"))];
    let results = vec![
        result("Practitioner", one, false),
        result("Patient", two, false),
    ];
    assert_eq!(shape(slots, results).unwrap(), "ww");
    let slots = vec![matched("Practitioner", one), Slot::Written(kind("Patient"))];
    assert_eq!(
        shape(slots, vec![result("Patient", two, false)]).unwrap(),
        "mw"
    );
}

#[test]
fn results_of_something_else_are_not_told() {
    let id = RecordId::random();
    let slots = || vec![Slot::Written(kind("Patient"))];
    let other = vec![result("Device", id, false)];
    assert_eq!(
        shape(slots(), other).unwrap_err(),
        Failure::IdempotencyMismatch
    );
    let more = vec![result("Patient", id, false), result("Patient", id, false)];
    assert_eq!(
        shape(slots(), more).unwrap_err(),
        Failure::IdempotencyMismatch
    );
    assert_eq!(
        shape(slots(), Vec::new()).unwrap_err(),
        Failure::OutcomeUnknown
    );
}

#[test]
fn who_finds_what_another_makes_fails_with_it() {
    let made = EntryOutcome {
        status: StatusCode::CREATED,
        ..seen(StatusCode::CREATED)
    };
    assert_eq!(as_first(Some(&made)).status, StatusCode::OK);
    let failed = EntryOutcome::failed(Problem::bad("value", "no"));
    assert_eq!(
        as_first(Some(&failed)).failure(),
        Some(("value", "no", None))
    );
    assert!(as_first(None).failure().is_some());
}

#[test]
fn what_had_ended_before_the_first_time_has_no_result() {
    let (gone, made) = (RecordId::random(), RecordId::random());
    let slots = || {
        vec![
            Slot::Deleted(kind("Patient"), gone),
            Slot::Written(kind("Patient")),
        ]
    };
    let result_of = |id, proof| result("Patient", id, proof);
    let both = vec![result_of(gone, true), result_of(made, true)];
    assert_eq!(shape(slots(), both).unwrap(), "ww");
    let repeated = vec![result_of(made, false)];
    assert_eq!(shape(slots(), repeated).unwrap(), "dw");
    let lost = vec![result_of(made, true)];
    assert!(shape(slots(), lost).is_err());
}
