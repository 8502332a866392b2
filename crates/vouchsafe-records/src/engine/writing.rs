//! Writing: one record or several, all or nothing.
//!
//! The order (DESIGN, "Order of a write"): the intent and an entry for each record are appended
//! while new keys are stored and the SQL runs (on SQLite, which has one writer, before it) and are durable before the
//! commit; the transaction has the intent's id as a primary key; the outcome is appended after
//! the commit and before the answer.

mod admit;
mod plan;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use jiff::Timestamp;
use vouchsafe::audit::{Event, Outcome, Stream};
use vouchsafe::document::Document;
use vouchsafe::gate::{Receipt, Request, WritePermit, Writes};
use vouchsafe::ids::{IntentId, NewSubject, RecordKey, RecordType, SubjectId, TenantId, Version};
use vouchsafe::phi::Phi;
use vouchsafe::seal::{IndexKey, RecordKeys};
use vouchsafe::trusted;

use super::subjects::Subjects;
use super::{
    Caller, Engine, Failure, Idempotent, Op, OpResult, Proof, Refused, Unmet, WriteOptions,
};
use crate::pack::IndexTerm;
use crate::store::{Guard, Idempotency, IndexRow, RowWrite, Rows, Settled, StoreError};
use admit::Decided;
use plan::{Kind, Planned};

/// A record that is sealed and not yet stored.
struct Sealed {
    key: RecordKey,
    version: Version,
    created: bool,
    deleted: bool,
    /// Whether the version has more than was supplied.
    subsetted: bool,
    document: Phi<Option<Document>>,
}

/// How a write ended.
enum Ended {
    Committed,
    /// Its commit was asked for, and had no answer.
    InDoubt,
    /// It was not committed, and never will be.
    Refused(Failure),
}

impl Engine {
    /// Writes records, all or nothing. Rights are decided on the state before.
    ///
    /// # Errors
    /// [`Refused`]; nothing was written, except with [`Failure::OutcomeUnknown`].
    pub async fn write(
        &self,
        caller: &Caller,
        ops: Vec<Op>,
        options: &WriteOptions,
    ) -> Result<Vec<OpResult>, Refused> {
        let types: Vec<_> = ops.iter().map(|op| plan::type_of(op).clone()).collect();
        let repeated = match &options.idempotent {
            Some(idempotent) => self.repeated(caller, idempotent, options.operation).await,
            None => Ok(None),
        };
        let ended = match repeated {
            Ok(Some(results)) => return Ok(results),
            Ok(None) => match self.plan(caller, ops).await {
                Ok((planned, subjects)) => {
                    // Of its own on the heap: the state of all the ways through is too large for the stacks of threads.
                    let ended = Box::pin(self.commit(caller, planned, &subjects, options)).await;
                    return ended.map_err(|(failure, op)| Refused { failure, op });
                }
                Err(refused) => refused,
            },
            Err(failure) => Refused { failure, op: None },
        };
        // Nothing was decided yet; the attempt stands in the log all the same.
        let record_type = types.get(ended.op.unwrap_or(0));
        match self
            .note_refused(caller, record_type, options.operation, &ended.failure)
            .await
        {
            Ok(()) => Err(ended),
            Err(failure) => Err(Refused { failure, op: None }),
        }
    }

    async fn note_refused(
        &self,
        caller: &Caller,
        record_type: Option<&RecordType>,
        operation: &'static str,
        failure: &Failure,
    ) -> Result<(), Failure> {
        let audit = self.audit_keys(caller.session.tenant()).await?;
        let request = caller.request(&audit);
        let known = record_type.filter(|name| self.pack.record_type(name.as_str()).is_some());
        let draft = self
            .gate
            .refused(&request, known, None, operation, failure.code());
        self.note(draft).await
    }

    /// The result of the same write under the same key, if there was one. [`Engine::write`] asks it as well; who looks up
    /// conditions before asks it first, because what they find by now is not what the first answer was about.
    ///
    /// # Errors
    /// [`Failure::IdempotencyMismatch`] for another request under the key.
    pub async fn repeated(
        &self,
        caller: &Caller,
        idempotent: &Idempotent,
        operation: &'static str,
    ) -> Result<Option<Vec<OpResult>>, Failure> {
        let wanted = self.idempotency(caller, idempotent).await?;
        let Some(first) = self
            .store
            .repeated(caller.session.tenant(), &wanted)
            .await?
        else {
            return Ok(None);
        };
        if first.request != wanted.request {
            return Err(Failure::IdempotencyMismatch);
        }
        let results = first.results.into_iter().map(|head| OpResult {
            record_type: head.record_type,
            id: head.id,
            version: head.version,
            last_updated: head.last_updated,
            created: head.version == Version::FIRST,
            deleted: head.deleted,
            subsetted: false,
            document: None,
            proof: None,
        });
        // What was decided and written once is told again, and that stands in the log as well.
        let told = Event {
            reason: Some("repeated"),
            session: Some(&caller.session),
            ..Event::new(Stream::Phi, operation, Outcome::Permitted, &caller.context)
        };
        self.append_events(vec![told]).await?;
        Ok(Some(results.collect()))
    }

    async fn remembered(
        &self,
        caller: &Caller,
        options: &WriteOptions,
    ) -> Result<Option<Idempotency>, Failure> {
        match &options.idempotent {
            Some(idempotent) => self.idempotency(caller, idempotent).await.map(Some),
            None => Ok(None),
        }
    }

    /// Keyed tags of key and request: neither stands in the database as it was sent.
    async fn idempotency(
        &self,
        caller: &Caller,
        idempotent: &Idempotent,
    ) -> Result<Idempotency, Failure> {
        let index = self.keys.index_key(caller.session.tenant()).await?;
        let any: RecordType = "Idempotency".parse().map_err(|_| Failure::Damaged)?;
        // A key is its caller's: another's of the same text is another.
        let key = format!("{} {}", caller.session.principal().label(), idempotent.key);
        Ok(Idempotency {
            key: index.tag(&any, "key", key.as_bytes(), 128),
            request: index.tag(&any, "request", &idempotent.request, 128),
        })
    }

    async fn commit(
        &self,
        caller: &Caller,
        planned: Vec<Planned>,
        subjects: &Subjects,
        options: &WriteOptions,
    ) -> Result<Vec<OpResult>, (Failure, Option<usize>)> {
        let tenant = caller.session.tenant();
        let whole = |failure: Failure| (failure, None);
        let audit = self.audit_keys(tenant).await.map_err(whole)?;
        let request = caller.request(&audit);
        let intent = IntentId::new_ordered(self.now());
        let count = planned.iter().filter(|planned| !planned.ended()).count() as u64;
        let writes = match count {
            0 | 1 => Writes::Alone(intent),
            _ => Writes::Among(intent),
        };
        let mut drafts = Vec::with_capacity(planned.len() + 1);
        if writes == Writes::Among(intent) {
            let operation = options.operation;
            drafts.push(self.gate.intended(&request, operation, intent, count));
        }
        let decided = self
            .admit(caller, &request, planned, subjects, writes, &mut drafts)
            .await?;
        let (admitted, before) = parted(decided);
        if admitted.is_empty() {
            return Ok(before.into_iter().map(|(_, result)| result).collect());
        }
        let guards = guards(&admitted);
        // Beside the entries: keys wait for a disk of their own.
        let prepare = async {
            let keys = self.keys_of(tenant, &admitted, subjects).await?;
            let now = Box::pin(self.stamp(&admitted)).await?;
            let (rows, sealed) = self.seal(admitted, &keys, tenant).await?;
            let idempotency = self.remembered(caller, options).await?;
            let rows = Rows {
                now,
                rows,
                idempotency,
            };
            Ok((rows, (sealed, now)))
        };
        // When the log fails, the intent may be in it all the same, and is settled later.
        let (recorded, written) = self
            .store
            .write_after(self.record(drafts), prepare, (tenant, intent), &guards)
            .await;
        let receipts = recorded.map_err(whole)?.into_receipts();
        let (ended, sealed) = match written {
            Ok((sealed, Ok(()))) => (Ended::Committed, Some(sealed)),
            Ok((sealed, Err(StoreError::InDoubt))) => (Ended::InDoubt, Some(sealed)),
            // Its commit was never asked for, so none can come later.
            Ok((_, Err(refused))) => (Ended::Refused(refused.into()), None),
            Err(failure) => (Ended::Refused(failure), None),
        };
        let proof = self
            .conclude(&request, options.operation, (intent, count), ended)
            .await
            .map_err(whole)?;
        let (sealed, now) = sealed.ok_or_else(|| whole(Failure::OutcomeUnknown))?;
        let mut results = results(sealed, receipts, now, &proof).map_err(whole)?;
        for (place, result) in before {
            results.insert(place.min(results.len()), result);
        }
        Ok(results)
    }

    /// When the records are written: later than what was written before, whatever the clock says.
    async fn stamp(&self, admitted: &[(Planned, WritePermit)]) -> Result<Timestamp, Failure> {
        self.stamps.begin(&self.store).await?;
        let before = admitted
            .iter()
            .filter_map(|(planned, _)| planned.previous.as_ref());
        let before = before.map(|stored| stored.last_updated).max();
        Ok(self.stamps.next(self.now(), before))
    }

    /// Writes down how the write ended, before that is told.
    async fn conclude(
        &self,
        request: &Request<'_>,
        operation: &'static str,
        (intent, count): (IntentId, u64),
        ended: Ended,
    ) -> Result<Proof, Failure> {
        let (outcome, failure) = match ended {
            Ended::Committed => (Outcome::Committed, None),
            Ended::InDoubt => match self.store.settle(intent, self.now()).await {
                Ok(Settled::Committed) => (Outcome::Committed, None),
                Ok(Settled::Aborted) => (Outcome::Aborted, Some(Failure::Unavailable)),
                // The reconciler finds out.
                Err(_) => return Err(Failure::OutcomeUnknown),
            },
            Ended::Refused(failure) => (Outcome::Aborted, Some(failure)),
        };
        let settled = self
            .gate
            .settled(request, operation, intent, outcome, count);
        let recorded = self.record(vec![settled]).await;
        match (recorded, failure) {
            (_, Some(failure)) => Err(failure),
            (Ok(recorded), None) => {
                let proof = recorded.entries().first().map(Proof::from);
                proof.ok_or(Failure::OutcomeUnknown)
            }
            (Err(_), None) => Err(Failure::OutcomeUnknown),
        }
    }

    async fn keys_of(
        &self,
        tenant: TenantId,
        admitted: &[(Planned, WritePermit)],
        subjects: &Subjects,
    ) -> Result<HashMap<Option<SubjectId>, Arc<RecordKeys>>, Failure> {
        let mut keys = HashMap::new();
        // Key rows come first: a record without its key is lost, a key without a record is not.
        let begins = |permit: &WritePermit| permit.new_subject();
        let mut new: Vec<NewSubject> = admitted
            .iter()
            .filter_map(|(_, permit)| begins(permit))
            .filter(|new| subjects.is_new(new.subject()))
            .collect();
        new.sort_unstable_by_key(NewSubject::subject);
        new.dedup();
        let made = self.keys.create_record_keys(&new).await?;
        for (new, made) in new.iter().zip(made) {
            keys.insert(Some(new.subject()), made);
        }
        for (planned, _) in admitted {
            if let Entry::Vacant(place) = keys.entry(planned.subject) {
                place.insert(self.record_keys(tenant, planned.subject).await?);
            }
        }
        Ok(keys)
    }

    async fn seal(
        &self,
        admitted: Vec<(Planned, WritePermit)>,
        keys: &HashMap<Option<SubjectId>, Arc<RecordKeys>>,
        tenant: TenantId,
    ) -> Result<(Vec<RowWrite>, Vec<Sealed>), Failure> {
        let index = self.keys.index_key(tenant).await?;
        let mut rows = Vec::with_capacity(admitted.len());
        let mut sealed = Vec::with_capacity(admitted.len());
        for (planned, permit) in admitted {
            let keys = keys.get(&planned.subject).ok_or(Failure::Damaged)?;
            let declared = self.declared(&planned.key.record_type)?;
            let previous = planned.previous.as_ref().map(|stored| &stored.record);
            let replaces = permit.replaces();
            let created = planned
                .previous
                .as_ref()
                .is_none_or(|stored| stored.deleted);
            let deleted = planned.kind == Kind::Delete;
            let (written, terms) = match (planned.kind, planned.document) {
                (Kind::Delete, _) | (_, None) => {
                    let previous = previous.ok_or(Failure::NotFound)?;
                    (self.gate.bury(permit, previous, keys)?, Vec::new())
                }
                (Kind::Create | Kind::Update, Some(document)) => {
                    let terms = declared.index_terms(&document);
                    let layout = declared.as_ref();
                    let written = self.gate.seal(permit, document, layout, previous, keys)?;
                    (written, terms)
                }
            };
            // The rows wait in their transaction: it commits once the intent is durable.
            let (record, document) = trusted::ahead_of_its_intent(written);
            let subsetted = !deleted && !replaces.includes(record.manifest.classes());
            let tag = |term: &IndexTerm| index_row(&index, &planned.key.record_type, term);
            rows.push(RowWrite {
                subject: planned.subject,
                expects: previous.map(|record| record.version),
                deleted,
                tags: terms.iter().map(tag).collect(),
                replaced_indexes: declared
                    .indexes()
                    .iter()
                    .filter(|index| deleted || replaces.contains(index.class))
                    .map(|index| index.name.clone())
                    .collect(),
                // Who may not write what tells of care leaves it as it is.
                relations: (deleted || replaces.includes(declared.relation_classes()))
                    .then_some(planned.relations),
                record,
            });
            sealed.push(Sealed {
                key: planned.key,
                version: planned.version,
                created: created && !deleted,
                deleted,
                subsetted,
                document,
            });
        }
        Ok((rows, sealed))
    }
}

/// Writes that were admitted.
type Writing = Vec<(Planned, WritePermit)>;

/// What is to be written, and, with its place among all, what has ended before.
fn parted(decided: Vec<Decided>) -> (Writing, Vec<(usize, OpResult)>) {
    let (mut writes, mut ended) = (Writing::with_capacity(decided.len()), Vec::new());
    for (place, one) in decided.into_iter().enumerate() {
        match one {
            Decided::Write(write) => writes.push(*write),
            Decided::Ended(result) => ended.push((place, result)),
        }
    }
    (writes, ended)
}

/// What the writes rely on, to be looked at again in their transaction.
fn guards(admitted: &[(Planned, WritePermit)]) -> Vec<Guard> {
    let conditions = admitted.iter().filter_map(|(planned, _)| {
        let Unmet(guard) = planned.unless.as_ref()?;
        Some(Guard::clone(guard))
    });
    conditions.collect()
}

fn index_row(key: &IndexKey, record_type: &RecordType, term: &IndexTerm) -> IndexRow {
    IndexRow {
        index: term.index.clone(),
        version: key.version(),
        tag: key.tag_of_steps(record_type, &term.of, &term.entry, term.bits),
    }
}

/// Releases what was supplied, each by the receipt of its own entry.
fn results(
    sealed: Vec<Sealed>,
    receipts: Vec<Receipt>,
    now: Timestamp,
    proof: &Proof,
) -> Result<Vec<OpResult>, Failure> {
    if sealed.len() != receipts.len() {
        return Err(Failure::OutcomeUnknown);
    }
    sealed
        .into_iter()
        .zip(receipts)
        .map(|(sealed, receipt)| {
            let document = sealed.document.release(receipt);
            let document = document.map_err(|_| Failure::OutcomeUnknown)?;
            Ok(OpResult {
                record_type: sealed.key.record_type,
                id: sealed.key.id,
                version: sealed.version,
                last_updated: now,
                created: sealed.created,
                deleted: sealed.deleted,
                subsetted: sealed.subsetted,
                document,
                proof: Some(proof.clone()),
            })
        })
        .collect()
}
