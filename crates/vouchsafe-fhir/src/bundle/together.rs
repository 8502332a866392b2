//! Writing the entries of a batch together, as far as they can be.

use std::collections::HashMap;

use vouchsafe::document::Document;
use vouchsafe::ids::{RecordId, RecordType};
use vouchsafe_records::engine::{Failure, Idempotent, Op, OpResult, Refused};

use super::plan::named;
use super::{EntryOutcome, Kind, Run, failed_whole};

/// After this many single failures, the group is split in half.
const TAKEN_OUT: usize = 8;

type Outcomes = Vec<(usize, EntryOutcome)>;

impl Run<'_> {
    /// Writes entries, each of which may fail alone; `phase` tells one call from another.
    pub(super) async fn each(&self, phase: &str, writes: Vec<(usize, Op)>) -> Outcomes {
        let mut outcomes = Vec::with_capacity(writes.len());
        for (number, round) in rounds(writes).into_iter().enumerate() {
            let spares = round
                .iter()
                .map(|(place, op)| Spare::of(*place, op))
                .collect();
            let ops = round.into_iter().map(|(_, op)| op).collect();
            match &self.idempotent {
                None => self.together(spares, ops, &mut outcomes).await,
                Some(idempotent) => {
                    let own = own(idempotent, &format!("{phase}{number}"));
                    self.once(spares, ops, own, &mut outcomes).await;
                }
            }
        }
        outcomes
    }

    async fn group(
        &self,
        ops: Vec<Op>,
        idempotent: Option<Idempotent>,
    ) -> Result<Vec<OpResult>, Refused> {
        self.write(ops, Kind::Batch.operation(), idempotent).await
    }

    /// All at once; when that fails, without the entry to blame, and then in ever smaller parts.
    async fn together(&self, spares: Vec<Spare>, ops: Vec<Op>, outcomes: &mut Outcomes) {
        let mut taken_out = 0;
        let mut first = Some(ops);
        let mut open = vec![spares];
        while let Some(mut group) = open.pop() {
            if group.is_empty() {
                continue;
            }
            let ops = first.take().unwrap_or_else(|| texts(&group));
            let refused = match self.group(ops, None).await {
                Ok(results) if results.len() == group.len() => {
                    let results = results.into_iter().map(|result| self.wrote(result));
                    outcomes.extend(group.iter().map(|spare| spare.place).zip(results));
                    continue;
                }
                Ok(_) => {
                    fail(&group, &Failure::OutcomeUnknown, outcomes);
                    continue;
                }
                Err(refused) => refused,
            };
            if hopeless(&refused.failure) || group.len() == 1 {
                fail(&group, &refused.failure, outcomes);
                continue;
            }
            if take_out(&mut group, &refused, outcomes) {
                taken_out += 1;
                if taken_out <= TAKEN_OUT {
                    open.push(group);
                    continue;
                }
            }
            let half = group.split_off(group.len() / 2);
            open.push(half);
            open.push(group);
        }
    }

    /// Under a key of the caller: what was written the first time is not written again.
    ///
    /// One group is written under one key, and all that is not in its results each under a key of
    /// its own. The ids are the same each time (`Run::id`), so that the results tell whose they are.
    async fn once(
        &self,
        mut group: Vec<Spare>,
        ops: Vec<Op>,
        key: Idempotent,
        outcomes: &mut Outcomes,
    ) {
        let mut first = Some(ops);
        let mut taken_out = Vec::new();
        while !group.is_empty() && taken_out.len() < TAKEN_OUT {
            let ops = first.take().unwrap_or_else(|| texts(&group));
            match self.group(ops, Some(key.clone())).await {
                Ok(results) => {
                    let mut results: HashMap<_, _> = results
                        .into_iter()
                        .map(|result| ((result.record_type.clone(), result.id), result))
                        .collect();
                    let mut missing = Vec::new();
                    for spare in group {
                        let (record_type, id) = named(&spare.shape);
                        match results.remove(&(record_type.clone(), id)) {
                            Some(result) => outcomes.push((spare.place, self.wrote(result))),
                            None => missing.push(spare),
                        }
                    }
                    group = missing;
                    break;
                }
                Err(refused) if hopeless(&refused.failure) => {
                    fail(&group, &refused.failure, outcomes);
                    group = Vec::new();
                }
                Err(refused) => {
                    if !take_out(&mut group, &refused, &mut taken_out) {
                        break;
                    }
                }
            }
        }
        outcomes.append(&mut taken_out);
        for spare in group {
            let own = own(&key, &spare.place.to_string());
            outcomes.push((spare.place, self.alone(&spare, own).await));
        }
    }

    async fn alone(&self, spare: &Spare, key: Idempotent) -> EntryOutcome {
        let results = match self
            .group(spare.op().into_iter().collect(), Some(key))
            .await
        {
            Ok(results) => results,
            Err(refused) => return failed_whole(&refused.failure),
        };
        match results.into_iter().next() {
            Some(result) => self.wrote(result),
            None => failed_whole(&Failure::OutcomeUnknown),
        }
    }
}

/// A key below the caller's.
fn own(idempotent: &Idempotent, name: &str) -> Idempotent {
    Idempotent {
        key: format!("{}/{name}", idempotent.key),
        request: idempotent.request,
    }
}

/// Whether trying apart is of no use.
const fn hopeless(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Unavailable | Failure::OutcomeUnknown | Failure::IdempotencyMismatch
    )
}

/// Takes the entry out that is to blame, if that is known.
fn take_out(group: &mut Vec<Spare>, refused: &Refused, outcomes: &mut Outcomes) -> bool {
    match refused.op.filter(|op| *op < group.len()) {
        Some(op) => {
            fail(&[group.remove(op)], &refused.failure, outcomes);
            true
        }
        None => false,
    }
}

fn texts(group: &[Spare]) -> Vec<Op> {
    group.iter().filter_map(Spare::op).collect()
}

fn fail(group: &[Spare], failure: &Failure, outcomes: &mut Outcomes) {
    outcomes.extend(
        group
            .iter()
            .map(|spare| (spare.place, failed_whole(failure))),
    );
}

/// Groups in which no record occurs twice, in the order of the writes to it.
fn rounds(writes: Vec<(usize, Op)>) -> Vec<Vec<(usize, Op)>> {
    let mut times: HashMap<(RecordType, RecordId), usize> = HashMap::new();
    let mut rounds: Vec<Vec<(usize, Op)>> = Vec::new();
    for (place, op) in writes {
        let (record_type, id) = named(&op);
        let time = times.entry((record_type.clone(), id)).or_insert(0);
        match rounds.get_mut(*time) {
            Some(round) => round.push((place, op)),
            None => rounds.push(vec![(place, op)]),
        }
        *time += 1;
    }
    rounds
}

/// A write that can be tried again: documents cannot be copied, their text can.
struct Spare {
    place: usize,
    shape: Op,
    text: Vec<u8>,
}

impl Spare {
    fn of(place: usize, op: &Op) -> Self {
        let mut text = Vec::new();
        if let Op::Create { document, .. } | Op::Update { document, .. } = op {
            document.write_json(&mut text);
        }
        Self {
            place,
            shape: with(
                op,
                Document::from_object(vouchsafe::document::Object::new()),
            ),
            text,
        }
    }

    /// None for a text that is no document; it was written from one.
    fn op(&self) -> Option<Op> {
        match &self.shape {
            Op::Create { .. } | Op::Update { .. } => Document::parse(&self.text)
                .ok()
                .map(|document| with(&self.shape, document)),
            Op::Delete { .. } => Some(with(
                &self.shape,
                Document::from_object(vouchsafe::document::Object::new()),
            )),
        }
    }
}

/// The same write with another document.
fn with(op: &Op, document: Document) -> Op {
    match op {
        Op::Create {
            record_type,
            id,
            unless,
            ..
        } => Op::Create {
            record_type: record_type.clone(),
            id: *id,
            document,
            unless: unless.clone(),
        },
        Op::Update {
            record_type,
            id,
            if_match,
            ..
        } => Op::Update {
            record_type: record_type.clone(),
            id: *id,
            document,
            if_match: if_match.clone(),
        },
        Op::Delete {
            record_type,
            id,
            if_match,
        } => Op::Delete {
            record_type: record_type.clone(),
            id: *id,
            if_match: if_match.clone(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(id: RecordId) -> Op {
        Op::Update {
            record_type: "Patient".parse().unwrap(),
            id,
            document: Document::parse(br#"{"a":1.50}"#).unwrap(),
            if_match: None,
        }
    }

    #[test]
    fn a_record_occurs_once_in_a_round() {
        let (one, two) = (RecordId::random(), RecordId::random());
        let writes = [one, two, one, one]
            .into_iter()
            .map(update)
            .enumerate()
            .collect();
        let rounds: Vec<Vec<usize>> = rounds(writes)
            .iter()
            .map(|round| round.iter().map(|(place, _)| *place).collect())
            .collect();
        assert_eq!(rounds, [vec![0, 1], vec![2], vec![3]]);
    }

    #[test]
    fn a_spare_is_the_same_write() {
        let id = RecordId::random();
        let spare = Spare::of(4, &update(id));
        let Some(Op::Update {
            id: same, document, ..
        }) = spare.op()
        else {
            panic!("another write");
        };
        assert_eq!((same, document.to_json().as_str()), (id, r#"{"a":1.50}"#));
    }
}
