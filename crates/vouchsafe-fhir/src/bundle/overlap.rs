//! Entries that are about the same record, one way or another.
//!
//! The order of entries means nothing (R4, 3.1.0.11.2): what would depend on it is refused.

use std::collections::HashSet;

use vouchsafe::ids::{RecordId, RecordType};
use vouchsafe_records::engine::{Ahead, Condition, Engine, Op};

use super::Kind;
use super::plan::{Made, Step, document_of, named};
use crate::dialect::writing::not_its_own;
use crate::outcome::Problem;
use crate::references::Afterwards;

/// Refuses entries whose condition finds what another entry writes: identities must not overlap. In a batch, where creates
/// come before updates, that is what another deletes.
pub(super) fn refuse_overlaps(kind: Kind, made: &mut [Made]) {
    let written: HashSet<(RecordType, RecordId)> = made
        .iter()
        .filter_map(|one| match &one.step {
            Step::Write(op @ Op::Delete { .. }) => Some(named(op)),
            Step::Write(op @ Op::Update { .. }) if kind == Kind::Transaction => Some(named(op)),
            _ => None,
        })
        .map(|(record_type, id)| (record_type.clone(), id))
        .collect();
    for one in made {
        if let Step::Matched(record_type, found) = &one.step
            && written.contains(&(record_type.clone(), found.id))
        {
            one.step = Step::Failed(Problem::unprocessable(
                "business-rule",
                "the condition finds a resource that another entry updates or deletes",
            ));
        }
    }
}

/// Refuses the entries at these places, which make what nothing met their conditions: if what they make does not meet it
/// either, or what another entry makes does.
pub(super) fn refuse_meetings(engine: &Engine, makers: Vec<(usize, Condition)>, made: &mut [Made]) {
    if makers.is_empty() {
        return;
    }
    let (places, conditions): (Vec<usize>, Vec<Condition>) = makers.into_iter().unzip();
    let mut creates = Vec::new();
    let mut ahead = Vec::new();
    for (place, one) in made.iter().enumerate() {
        if let Step::Write(op @ Op::Create { document, .. }) = &one.step {
            let (record_type, id) = named(op);
            creates.push(place);
            ahead.push(Ahead {
                record_type,
                id,
                document,
            });
        }
    }
    let meeting = engine.meeting(&conditions, &ahead);
    for (place, met) in places.into_iter().zip(meeting) {
        let met = met.map(|met| {
            let met = met.into_iter().filter_map(|one| creates.get(one).copied());
            met.collect::<Vec<usize>>()
        });
        let problem = match met.as_deref() {
            Ok([own]) if *own == place => continue,
            Ok(others) if others.contains(&place) => Problem::unprocessable(
                "business-rule",
                "another entry makes what this one's condition would find",
            ),
            Ok(_) => not_its_own(),
            Err(failure) => Problem::from(failure),
        };
        if let Some(one) = made.get_mut(place) {
            one.step = Step::Failed(problem);
        }
    }
}

/// What is there after a transaction; of a batch, whose entries do not count on one another, what is gone.
pub(super) fn afterwards(kind: Kind, made: &[Made]) -> Afterwards<'_> {
    let mut after = Afterwards::default();
    for one in made {
        let Step::Write(op) = &one.step else {
            continue;
        };
        let (record_type, id) = named(op);
        let transaction = kind == Kind::Transaction;
        if matches!(op, Op::Delete { .. }) || transaction && matches!(op, Op::Update { .. }) {
            after.changed.push((record_type, id));
        }
        if let Some(document) = document_of(&one.step).filter(|_| transaction) {
            after.written.push(Ahead {
                record_type,
                id,
                document,
            });
        }
    }
    after
}
