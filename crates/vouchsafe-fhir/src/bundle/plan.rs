//! What the entries of a bundle come to, before anything is done.

use std::collections::HashMap;
use std::ops::ControlFlow;

use uuid::Uuid;
use vouchsafe::document::Document;
use vouchsafe::ids::{RecordId, RecordType, Version};
use vouchsafe_records::engine::{Condition, Failure, Found, Idempotent, Met, Op, Unmet};
use vouchsafe_records::pack::Reference;

use super::{BundleError, Entry, EntryVerb, Kind, Run};
use crate::outcome::Problem;
use crate::query::Params;
use crate::references::Targets;
use crate::searchset::Asked;

/// What an entry has become once its conditions were looked up.
pub(super) enum Step {
    /// It is to be written.
    Write(Op),
    /// The one record that it would make is there already.
    Matched(RecordType, Found),
    /// It has the condition of an entry before, and finds what that one makes.
    As(usize),
    Read {
        record_type: RecordType,
        id: RecordId,
        version: Option<Version>,
        none_match: Option<String>,
    },
    Search(Box<Asked>),
    Failed(Problem),
}

impl Run<'_> {
    /// Looks up conditions, each once, on the state before; gives ids to what is new; writes
    /// targets into references.
    pub(super) async fn plan(
        &self,
        kind: Kind,
        entries: Vec<Entry>,
    ) -> Result<Vec<Step>, BundleError> {
        let whole = |failure: Failure| BundleError::whole(Problem::from(&failure));
        let mut conditions = Conditions::default();
        let places: Vec<_> = entries.iter().map(|entry| conditions.add(entry)).collect();
        let found = self
            .engine
            .find(self.caller, &conditions.asked)
            .await
            .map_err(whole)?;
        let mut first: Vec<Option<usize>> = vec![None; found.len()];
        let mut targets = Targets::new(self.base);
        let mut steps = Vec::with_capacity(entries.len());
        for (place, (Entry { full_url, verb }, condition)) in
            entries.into_iter().zip(places).enumerate()
        {
            let known = condition.map(|condition| (found.get(condition), first.get_mut(condition)));
            let step = step(place, || self.id(place), verb, known);
            // In a batch no entry may count on another; what is there already is there.
            let fixed = kind == Kind::Transaction || matches!(step, Step::Matched(..));
            if let (true, Some(uuid)) = (fixed, full_url.as_deref().and_then(placeholder))
                && let Some((record_type, id)) = record_of(&step, &steps)
            {
                targets.place(uuid, &record_type, id);
            }
            steps.push(step);
        }
        self.link(&mut targets, &mut steps).await.map_err(whole)?;
        match (kind, first_failure(&steps)) {
            (Kind::Transaction, Some((place, problem))) => Err(BundleError::at(place, problem)),
            _ => Ok(steps),
        }
    }

    async fn link(&self, targets: &mut Targets, steps: &mut [Step]) -> Result<(), Failure> {
        for document in steps.iter().filter_map(document_of) {
            targets.collect(document);
        }
        targets.resolve(self.engine, self.caller).await?;
        for step in steps {
            let applied = document_of_mut(step).map_or(Ok(()), |document| targets.apply(document));
            if let Err(problem) = applied {
                *step = Step::Failed(problem);
            }
        }
        Ok(())
    }

    /// The id of what an entry makes: random, but of a request with a key the same each time, so
    /// that its entries know their results again.
    fn id(&self, place: usize) -> RecordId {
        let Some(idempotent) = &self.idempotent else {
            return RecordId::random();
        };
        let tenant = self.caller.session.tenant().uuid();
        let principal = self.caller.session.principal().label();
        let parts: [&[u8]; 6] = [
            b"vouchsafe id of an entry",
            tenant.as_bytes(),
            principal.as_bytes(),
            idempotent.key.as_bytes(),
            &idempotent.request,
            &(place as u64).to_be_bytes(),
        ];
        let digest = Idempotent::new(String::new(), &parts).request;
        let mut bytes = [0; 16];
        bytes
            .iter_mut()
            .zip(digest)
            .for_each(|(to, from)| *to = from);
        // Version 8 of RFC 9562: a UUID of its maker's own kind.
        RecordId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

/// The conditions of a bundle's creates, each once.
#[derive(Default)]
struct Conditions {
    places: HashMap<(RecordType, Params), usize>,
    asked: Vec<Condition>,
}

impl Conditions {
    fn add(&mut self, entry: &Entry) -> Option<usize> {
        let EntryVerb::Create {
            record_type,
            condition: Some(params),
            ..
        } = &entry.verb
        else {
            return None;
        };
        let key = (record_type.clone(), params.clone());
        let place = *self.places.entry(key).or_insert_with(|| {
            self.asked.push(Condition {
                record_type: record_type.clone(),
                params: params.clone(),
            });
            self.asked.len() - 1
        });
        Some(place)
    }
}

/// What is known of an entry's condition: what it finds, and which entry has it first.
type Known<'a> = (
    Option<&'a Result<Met, Failure>>,
    Option<&'a mut Option<usize>>,
);

fn step(
    place: usize,
    id: impl FnOnce() -> RecordId,
    verb: EntryVerb,
    known: Option<Known<'_>>,
) -> Step {
    match verb {
        EntryVerb::Create {
            record_type,
            document,
            ..
        } => {
            let unless = match known.map(|known| unmet(place, &record_type, known)) {
                Some(ControlFlow::Break(step)) => return step,
                Some(ControlFlow::Continue(unmet)) => Some(unmet),
                None => None,
            };
            Step::Write(Op::Create {
                record_type,
                id: id(),
                document,
                unless,
            })
        }
        EntryVerb::Update {
            record_type,
            id,
            document,
            if_match,
        } => Step::Write(Op::Update {
            record_type,
            id,
            document,
            if_match,
        }),
        EntryVerb::Delete {
            record_type,
            id,
            if_match,
        } => Step::Write(Op::Delete {
            record_type,
            id,
            if_match,
        }),
        EntryVerb::Read {
            record_type,
            id,
            version,
            none_match,
        } => Step::Read {
            record_type,
            id,
            version,
            none_match,
        },
        EntryVerb::Search(asked) => Step::Search(asked),
        EntryVerb::Malformed(problem) => Step::Failed(problem),
    }
}

/// What a create's condition did not find, which is asked again within the write; or what the entry
/// has become instead.
fn unmet(
    place: usize,
    record_type: &RecordType,
    (found, first): Known<'_>,
) -> ControlFlow<Step, Unmet> {
    let unmet = match found {
        Some(Ok(Met::Not(unmet))) => unmet.clone(),
        Some(Ok(Met::By(found))) => {
            return ControlFlow::Break(Step::Matched(record_type.clone(), *found));
        }
        Some(Err(failure)) => return ControlFlow::Break(Step::Failed(Problem::from(failure))),
        None => return ControlFlow::Break(Step::Failed(Problem::from(&Failure::Damaged))),
    };
    match first {
        Some(Some(first)) => return ControlFlow::Break(Step::As(*first)),
        Some(first) => *first = Some(place),
        None => {}
    }
    ControlFlow::Continue(unmet)
}

fn placeholder(full_url: &str) -> Option<Uuid> {
    match crate::values::reference(full_url) {
        Reference::Placeholder(uuid) => Some(uuid),
        _ => None,
    }
}

/// The record that a step is about, if it is about one.
fn record_of(step: &Step, before: &[Step]) -> Option<(RecordType, RecordId)> {
    match step {
        Step::Write(op) => {
            let (record_type, id) = named(op);
            Some((record_type.clone(), id))
        }
        Step::Matched(record_type, found) => Some((record_type.clone(), found.id)),
        Step::As(place) => before.get(*place).and_then(|first| record_of(first, &[])),
        Step::Read { .. } | Step::Search(_) | Step::Failed(_) => None,
    }
}

/// The record that is written.
pub(super) const fn named(op: &Op) -> (&RecordType, RecordId) {
    match op {
        Op::Create {
            record_type, id, ..
        }
        | Op::Update {
            record_type, id, ..
        }
        | Op::Delete {
            record_type, id, ..
        } => (record_type, *id),
    }
}

fn document_of(step: &Step) -> Option<&Document> {
    match step {
        Step::Write(Op::Create { document, .. } | Op::Update { document, .. }) => Some(document),
        _ => None,
    }
}

fn document_of_mut(step: &mut Step) -> Option<&mut Document> {
    match step {
        Step::Write(Op::Create { document, .. } | Op::Update { document, .. }) => Some(document),
        _ => None,
    }
}

fn first_failure(steps: &[Step]) -> Option<(usize, Problem)> {
    steps
        .iter()
        .enumerate()
        .find_map(|(place, step)| match step {
            Step::Failed(problem) => Some((place, problem.clone())),
            _ => None,
        })
}
