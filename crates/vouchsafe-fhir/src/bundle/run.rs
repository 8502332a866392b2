//! Doing what a bundle asks for.

use std::collections::HashMap;

use http::StatusCode;
use vouchsafe::ids::{RecordId, RecordType};
use vouchsafe_records::engine::{
    Caller, Engine, Failure, Found, Idempotent, Op, OpResult, Refused, WriteOptions,
};

use super::plan::{Step, named};
use super::{BundleError, BundleRequest, EntryOutcome, Kind};
use crate::headers::{Return, names};
use crate::outcome::Problem;
use crate::refusal::noted;
use crate::resource::ServerSet;
use crate::searchset::Asked;

/// Runs a batch or a transaction; one outcome for each entry, in their order.
///
/// # Errors
/// [`BundleError`] when the whole was refused: nothing of it was done.
pub async fn execute(
    engine: &Engine,
    caller: &Caller,
    bundle: BundleRequest,
    idempotent: Option<Idempotent>,
) -> Result<Vec<EntryOutcome>, BundleError> {
    let operation = bundle.kind.operation();
    let run = Run {
        engine,
        caller,
        base: "",
        idempotent,
        returns: Return::Minimal,
    };
    match run.bundle(bundle).await {
        Ok(outcomes) => Ok(outcomes),
        Err(refused) => Err(BundleError {
            problem: noted(engine, caller, operation, refused.problem, 1).await,
            ..refused
        }),
    }
}

impl Kind {
    /// The interaction, as the log names it.
    pub(crate) const fn operation(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Transaction => "transaction",
        }
    }
}

/// One run of a bundle.
pub(crate) struct Run<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) caller: &'a Caller,
    /// The base URL, for links.
    pub(crate) base: &'a str,
    pub(crate) idempotent: Option<Idempotent>,
    pub(crate) returns: Return,
}

impl Run<'_> {
    pub(crate) async fn bundle(
        &self,
        bundle: BundleRequest,
    ) -> Result<Vec<EntryOutcome>, BundleError> {
        let BundleRequest { kind, entries } = bundle;
        let steps = self.plan(kind, entries).await?;
        match kind {
            Kind::Transaction => self.transaction(steps).await,
            Kind::Batch => Ok(self.batch(steps).await),
        }
    }

    pub(super) async fn write(
        &self,
        ops: Vec<Op>,
        operation: &'static str,
        idempotent: Option<Idempotent>,
    ) -> Result<Vec<OpResult>, Refused> {
        let options = WriteOptions {
            idempotent,
            operation,
        };
        self.engine.write(self.caller, ops, &options).await
    }

    async fn transaction(&self, steps: Vec<Step>) -> Result<Vec<EntryOutcome>, BundleError> {
        let mut ops = Vec::new();
        let mut places = Vec::new();
        let mut slots = Vec::with_capacity(steps.len());
        for (place, step) in steps.into_iter().enumerate() {
            slots.push(match step {
                Step::Write(op) => {
                    let (record_type, id) = named(&op);
                    let slot = match op {
                        Op::Delete { .. } => Slot::Deleted(record_type.clone(), id),
                        _ => Slot::Written(record_type.clone()),
                    };
                    ops.push(op);
                    places.push(place);
                    slot
                }
                other => Slot::Rest(other),
            });
        }
        let results = if ops.is_empty() {
            Vec::new()
        } else {
            let operation = Kind::Transaction.operation();
            let written = self.write(ops, operation, self.idempotent.clone()).await;
            written.map_err(|refused| {
                let problem = Problem::from(&refused.failure);
                // The place among the writes, told as the place among the entries.
                match refused.op.and_then(|op| places.get(op)) {
                    Some(place) => BundleError::at(*place, problem),
                    None => BundleError::whole(problem),
                }
            })?
        };
        let rows =
            rows(slots, results).map_err(|failure| BundleError::whole(Problem::from(&failure)))?;
        let mut outcomes: Vec<EntryOutcome> = Vec::with_capacity(rows.len());
        for row in rows {
            outcomes.push(match row {
                Row::Written(result) => self.wrote(result),
                Row::Deleted => seen(StatusCode::NO_CONTENT),
                Row::Rest(Step::As(first)) => as_first(outcomes.get(first)),
                Row::Rest(step) => self.look(step).await,
            });
        }
        Ok(outcomes)
    }

    /// DELETE, POST, PUT, GET: each entry for itself (R4, 3.1.0.11.2).
    async fn batch(&self, steps: Vec<Step>) -> Vec<EntryOutcome> {
        let mut outcomes: HashMap<usize, EntryOutcome> = HashMap::new();
        let count = steps.len();
        let (mut deletes, mut creates, mut updates) = (Vec::new(), Vec::new(), Vec::new());
        let mut rest = Vec::new();
        for (place, step) in steps.into_iter().enumerate() {
            match step {
                Step::Write(op @ Op::Delete { .. }) => deletes.push((place, op)),
                Step::Write(op @ Op::Create { .. }) => creates.push((place, op)),
                Step::Write(op @ Op::Update { .. }) => updates.push((place, op)),
                other => rest.push((place, other)),
            }
        }
        for (phase, writes) in [("d", deletes), ("c", creates), ("u", updates)] {
            outcomes.extend(self.each(phase, writes).await);
        }
        for (place, step) in rest {
            let outcome = match step {
                Step::As(first) => as_first(outcomes.get(&first)),
                step => self.look(step).await,
            };
            outcomes.insert(place, outcome);
        }
        let mut outcomes: Vec<EntryOutcome> = (0..count)
            .map(|place| {
                outcomes
                    .remove(&place)
                    .unwrap_or_else(|| failed_whole(&Failure::Damaged))
            })
            .collect();
        self.note(&mut outcomes).await;
        outcomes
    }

    /// Writes down the entries that were refused without the engine; only then they are told.
    async fn note(&self, outcomes: &mut [EntryOutcome]) {
        let unlogged = |outcome: &&mut EntryOutcome| {
            outcome
                .problem
                .as_ref()
                .is_some_and(|problem| !problem.logged)
        };
        let mut open: Vec<&mut EntryOutcome> = outcomes.iter_mut().filter(unlogged).collect();
        let Some(first) = open.first().and_then(|outcome| outcome.problem.clone()) else {
            return;
        };
        let count = open.len() as u64;
        let operation = Kind::Batch.operation();
        let told = noted(self.engine, self.caller, operation, first, count).await;
        if told.status == StatusCode::SERVICE_UNAVAILABLE {
            for outcome in &mut open {
                **outcome = EntryOutcome::failed(told.clone());
            }
        }
    }

    pub(super) fn wrote(&self, result: OpResult) -> EntryOutcome {
        let set = ServerSet {
            id: result.id,
            version: result.version,
            last_updated: result.last_updated,
            subsetted: result.subsetted,
        };
        let resource = match (self.returns, result.document) {
            (Return::Representation, Some(document)) => {
                let mut bytes = Vec::new();
                set.write(document, &mut bytes);
                Some(bytes)
            }
            _ => None,
        };
        EntryOutcome {
            status: match (result.created, result.deleted) {
                (true, _) => StatusCode::CREATED,
                (false, true) => StatusCode::NO_CONTENT,
                (false, false) => StatusCode::OK,
            },
            record: Some((
                result.record_type,
                result.id,
                result.version,
                result.last_updated,
            )),
            resource,
            located: !result.deleted,
            problem: None,
            proof: result.proof,
        }
    }

    async fn search(&self, asked: &Asked) -> EntryOutcome {
        match self.engine.search(self.caller, &asked.search).await {
            Ok(page) => {
                let proof = page.proof.clone();
                let pack = self.engine.pack();
                EntryOutcome {
                    resource: Some(asked.bundle(self.base, pack, page, self.caller.now)),
                    proof: Some(proof),
                    ..seen(StatusCode::OK)
                }
            }
            Err(failure) => failed_whole(&failure),
        }
    }

    async fn look(&self, step: Step) -> EntryOutcome {
        match step {
            Step::Matched(record_type, found) => matched(record_type, found),
            Step::Failed(problem) => EntryOutcome::failed(problem),
            Step::Search(mut asked) => {
                asked.make_relative(self.base, self.engine.pack());
                Box::pin(self.search(&asked)).await
            }
            Step::Read {
                record_type,
                id,
                version,
                none_match,
            } => match self
                .engine
                .read(self.caller, &record_type, id, version)
                .await
            {
                Ok(released) => {
                    let record = (record_type, id, released.version, released.last_updated);
                    let proof = Some(released.proof.clone());
                    if none_match.is_some_and(|tags| names(&tags, released.version)) {
                        return EntryOutcome {
                            record: Some(record),
                            proof,
                            ..seen(StatusCode::NOT_MODIFIED)
                        };
                    }
                    let mut resource = Vec::new();
                    ServerSet::of(&released).write(released.document, &mut resource);
                    EntryOutcome {
                        record: Some(record),
                        resource: Some(resource),
                        proof,
                        ..seen(StatusCode::OK)
                    }
                }
                Err(failure) => failed_whole(&failure),
            },
            // Both are dealt with where the other entries are known.
            Step::Write(_) | Step::As(_) => failed_whole(&Failure::Damaged),
        }
    }
}

/// What an entry of a transaction waits for.
enum Slot {
    Written(RecordType),
    /// Deleted; of what was deleted before, nothing was written.
    Deleted(RecordType, RecordId),
    Rest(Step),
}

/// An entry of a transaction that was written, or that needs no write.
enum Row {
    Written(OpResult),
    /// It had ended before the first time, when nothing was done.
    Deleted,
    Rest(Step),
}

/// Gives each entry its result.
///
/// A repeated request has the results of the first time. What a condition did not find then and
/// was made, it finds now: that entry has a result too.
fn rows(slots: Vec<Slot>, results: Vec<OpResult>) -> Result<Vec<Row>, Failure> {
    let repeated = results.iter().any(|result| result.proof.is_none());
    let mut results = results.into_iter().peekable();
    let mut rows = Vec::with_capacity(slots.len());
    for slot in slots {
        rows.push(match slot {
            Slot::Written(record_type) => match results.next() {
                Some(result) if result.record_type == record_type => Row::Written(result),
                Some(_) | None if repeated => return Err(Failure::IdempotencyMismatch),
                Some(_) | None => return Err(Failure::OutcomeUnknown),
            },
            Slot::Deleted(record_type, id) => {
                let own = |result: &OpResult| result.record_type == record_type && result.id == id;
                match results.next_if(own) {
                    Some(result) => Row::Written(result),
                    None if repeated => Row::Deleted,
                    None => return Err(Failure::OutcomeUnknown),
                }
            }
            Slot::Rest(Step::Matched(record_type, found)) if repeated => {
                let own =
                    |result: &OpResult| result.record_type == record_type && result.id == found.id;
                match results.next_if(own) {
                    Some(result) => Row::Written(result),
                    None => Row::Rest(Step::Matched(record_type, found)),
                }
            }
            Slot::Rest(step) => Row::Rest(step),
        });
    }
    match results.next() {
        Some(_) => Err(Failure::IdempotencyMismatch),
        None => Ok(rows),
    }
}

/// The entry finds what one before has made, if it has.
fn as_first(first: Option<&EntryOutcome>) -> EntryOutcome {
    match first {
        Some(first) if first.status.is_success() => EntryOutcome {
            record: first.record.clone(),
            located: true,
            ..seen(StatusCode::OK)
        },
        Some(EntryOutcome {
            problem: Some(problem),
            ..
        }) => EntryOutcome::failed(problem.clone()),
        _ => failed_whole(&Failure::Damaged),
    }
}

fn matched(record_type: RecordType, found: Found) -> EntryOutcome {
    EntryOutcome {
        record: Some((record_type, found.id, found.version, found.last_updated)),
        located: true,
        ..seen(StatusCode::OK)
    }
}

const fn seen(status: StatusCode) -> EntryOutcome {
    EntryOutcome {
        status,
        record: None,
        resource: None,
        located: false,
        problem: None,
        proof: None,
    }
}

pub(crate) fn failed_whole(failure: &Failure) -> EntryOutcome {
    EntryOutcome::failed(Problem::from(failure))
}

#[cfg(test)]
mod tests;
