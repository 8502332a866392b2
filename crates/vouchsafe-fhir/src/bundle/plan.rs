//! What the entries of a bundle come to, before anything is done.

use std::collections::HashMap;
use std::ops::ControlFlow;

use vouchsafe::document::Document;
use vouchsafe::ids::{RecordId, RecordType, Version};
use vouchsafe_records::engine::{Condition, Failure, Found, Idempotent, Met, Op, Unmet};

use super::{BundleError, Entry, EntryVerb, Kind, Run, overlap};
use crate::outcome::Problem;
use crate::query::Params;
use crate::references::{Named, Targets};
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

/// An entry on its way to a step.
pub(super) struct Made {
    pub(super) full_url: Option<String>,
    /// The id that its resource has with the client.
    own_id: Option<Box<str>>,
    pub(super) step: Step,
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
        let mut made = Vec::with_capacity(entries.len());
        for (place, (entry, condition)) in entries.into_iter().zip(places).enumerate() {
            let Entry { full_url, mut verb } = entry;
            let own_id = match &mut verb {
                EntryVerb::Create { own_id, .. } => own_id.take(),
                _ => None,
            };
            let known = condition.map(|condition| (found.get(condition), first.get_mut(condition)));
            made.push(Made {
                full_url,
                own_id,
                step: step(place, || self.id(place), verb, known),
            });
        }
        let makers = conditions.asked.into_iter().zip(first);
        let makers = makers.filter_map(|(condition, place)| Some((place?, condition)));
        overlap::refuse_overlaps(kind, &mut made);
        overlap::refuse_meetings(self.engine, makers.collect(), &mut made);
        all_sound(kind, &made)?;
        self.link(kind, &mut made).await.map_err(whole)?;
        all_sound(kind, &made)?;
        Ok(made.into_iter().map(|one| one.step).collect())
    }

    async fn link(&self, kind: Kind, made: &mut [Made]) -> Result<(), Failure> {
        let mut targets = Targets::new(self.base);
        let names = names(kind, made);
        for (one, named) in made.iter().zip(names) {
            if let Some(named) = named {
                let full_url = one.full_url.as_deref();
                targets.names.add(full_url, one.own_id.as_deref(), named);
            }
            if let Some(document) = document_of(&one.step) {
                targets.collect(document);
            }
        }
        let afterwards = overlap::afterwards(kind, made);
        targets
            .resolve(self.engine, self.caller, &afterwards)
            .await?;
        for one in made {
            let Step::Write(op) = &mut one.step else {
                continue;
            };
            let declared = self.engine.pack().record_type(named(op).0.as_str());
            let declared = declared.map(AsRef::as_ref);
            let (Op::Create { document, .. } | Op::Update { document, .. }) = op else {
                continue;
            };
            if let Err(problem) = targets.apply(document, declared, one.full_url.as_deref()) {
                one.step = Step::Failed(problem);
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

/// What each entry is for those that refer to it.
fn names(kind: Kind, made: &[Made]) -> Vec<Option<Named>> {
    made.iter().map(|one| name(kind, &one.step, made)).collect()
}

fn name(kind: Kind, step: &Step, made: &[Made]) -> Option<Named> {
    let record = |(record_type, id): (&RecordType, RecordId), version| Named::Record {
        record_type: record_type.clone(),
        id,
        version,
    };
    match step {
        Step::Write(Op::Delete { .. }) | Step::Failed(_) => Some(Named::Gone),
        // In a batch no entry may count on another; what is there already is there.
        Step::Write(op) if kind == Kind::Batch => {
            let (record_type, id) = named(op);
            Some(Named::Apart(record_type.clone(), id))
        }
        Step::Write(op @ Op::Create { .. }) => Some(record(named(op), Some(Version::FIRST))),
        Step::Write(op) => Some(record(named(op), None)),
        Step::Matched(record_type, found) => {
            Some(record((record_type, found.id), Some(found.version)))
        }
        // The first has no such step itself.
        Step::As(place) => match &made.get(*place)?.step {
            Step::As(_) => None,
            first => name(kind, first, made),
        },
        Step::Read { .. } | Step::Search(_) => None,
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

pub(super) fn document_of(step: &Step) -> Option<&Document> {
    match step {
        Step::Write(Op::Create { document, .. } | Op::Update { document, .. }) => Some(document),
        _ => None,
    }
}

/// A transaction is refused by its first entry that fails; those of a batch fail apart.
fn all_sound(kind: Kind, made: &[Made]) -> Result<(), BundleError> {
    if kind == Kind::Batch {
        return Ok(());
    }
    let failed = made
        .iter()
        .enumerate()
        .find_map(|(place, one)| match &one.step {
            Step::Failed(problem) => Some((place, problem.clone())),
            _ => None,
        });
    failed.map_or(Ok(()), |(place, problem)| {
        Err(BundleError::at(place, problem))
    })
}
