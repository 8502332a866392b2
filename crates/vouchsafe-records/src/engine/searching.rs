//! Searching: every record found is decided again, recorded and only then released.

use std::sync::Arc;

use vouchsafe::audit::Draft;
use vouchsafe::document::Document;
use vouchsafe::gate::{Request, SearchPermit, Searched};
use vouchsafe::ids::{RecordType, SubjectId, TenantId};
use vouchsafe::phi::Phi;
use vouchsafe::trusted;

use super::cursor::{Cursor, PURPOSE};
use super::{Caller, Engine, Failure, Page, Proof, Released, Search};
use crate::pack::{RecordTypeDecl, Reference, SubjectKind};
use crate::search::{self, Parameter, Plan, Scope, Why};
use crate::store::{After, Lookup, Query, StoredRecord};
use crate::values::Entry;

/// Records that are opened beside one another, and recorded in one batch.
const CHUNK: usize = 64;
/// Records that one request opens at most; a page may end early, a count is refused.
const MAX_OPENED: usize = 5_000;

/// What a search may look at.
pub(super) enum Reach {
    /// All records that the query finds; of these subjects, where it names some.
    All(Option<Vec<SubjectId>>),
    /// Those of these subjects, who are in the caller's care or are the caller.
    Theirs(Vec<SubjectId>),
}

/// A record that was opened, and waits for its receipt.
struct Waiting {
    stored: StoredRecord,
    subsetted: bool,
    phi: Phi<Option<Document>>,
}

impl Reach {
    /// The subjects whom a query names.
    fn named(&self, plan: &Plan) -> Option<&[SubjectId]> {
        match self {
            Self::All(Some(subjects)) | Self::Theirs(subjects) if plan.subjects.is_some() => {
                Some(subjects)
            }
            Self::All(_) | Self::Theirs(_) => None,
        }
    }
}

/// A search that is decided and goes on, page by page.
struct Run<'a> {
    caller: &'a Caller,
    declared: &'a RecordTypeDecl,
    plan: &'a Plan,
    permit: &'a SearchPermit<'a>,
    reach: &'a Reach,
    /// The subjects whom the query names, and who are in reach.
    named: Option<&'a [SubjectId]>,
}

impl Engine {
    /// Searches records of a type.
    ///
    /// # Errors
    /// [`Failure`]. What the caller may not see is not in the page, and its absence not told.
    pub async fn search(&self, caller: &Caller, search: &Search) -> Result<Page, Failure> {
        let declared = self.declared(&search.record_type)?;
        let tenant = caller.session.tenant();
        let cursors = self.keys.system_key(tenant, PURPOSE).await?;
        let name = search.record_type.as_str();
        let (params, after, counted) = match &search.cursor {
            None => (search.params.clone(), None, None),
            Some(text) => {
                let cursor = Cursor::open(text, name, &cursors, caller, self.now())?;
                let after = cursor.after()?;
                (cursor.params, Some(after), cursor.total)
            }
        };
        let (plan, unsupported) = planned(declared, &params, search.lenient)?;
        let audit = self.audit_keys(tenant).await?;
        let request = caller.request(&audit);
        let asked = Searched {
            record_type: declared.record_type(),
            has_subject: declared.subject_kind() != SubjectKind::None,
            classes: plan.classes,
            query: &query_text(&params)?,
        };
        let (permit, reach) = match self.admit_search(caller, &request, asked, &plan).await? {
            Ok(admitted) => admitted,
            // Nobody's records: as if there were none.
            Err(proof) => return Ok(empty(proof, unsupported)),
        };
        let run = Run {
            caller,
            declared,
            plan: &plan,
            permit: &permit,
            named: reach.named(&plan),
            reach: &reach,
        };
        let counting = search.count == 0;
        let wanted = if counting { usize::MAX } else { search.count };
        let (items, last, proof) = Box::pin(self.collect(&run, wanted, after)).await?;
        if counting && last.is_some() {
            return Err(Failure::TooCostly);
        }
        let here = items.len() as u64;
        let total = match last {
            None if search.cursor.is_none() => Some(here),
            Some(after) if search.cursor.is_none() && search.total => {
                let more = self.count(&run, after);
                Box::pin(more).await?.map(|more| more + here)
            }
            None | Some(_) => counted,
        };
        let cursor = |after| Cursor::new(name, &params, after, self.now()).counted(total);
        let next = last.map(|after| cursor(after).seal(&cursors, caller));
        Ok(Page {
            items: if counting { Vec::new() } else { items },
            next,
            uncounted: search.total && total.is_none(),
            total,
            unsupported,
            proof,
        })
    }

    /// How many there are after a page, if they are not too many to open.
    async fn count(&self, run: &Run<'_>, after: After) -> Result<Option<u64>, Failure> {
        let (items, last, _) = Box::pin(self.collect(run, usize::MAX, Some(after))).await?;
        Ok(last.is_none().then_some(items.len() as u64))
    }

    /// Opens what the query finds until a page is full; where to go on, if there is more.
    async fn collect(
        &self,
        run: &Run<'_>,
        wanted: usize,
        mut after: Option<After>,
    ) -> Result<(Vec<Released>, Option<After>, Proof), Failure> {
        let mut items: Vec<Released> = Vec::new();
        let mut opened = 0;
        let mut proof = None;
        loop {
            let chunk = CHUNK.min(wanted.saturating_sub(items.len()).max(1));
            let (found, last) = self.candidates(run, after, chunk).await?;
            let more = last.is_some();
            after = last.or(after);
            opened += found.len();
            // Whom the search names stands in the log once, with the first that is opened, and if none is.
            let named = run.named.filter(|_| proof.is_none());
            let (mut released, entry) = self.open_all(run, found, named.unwrap_or(&[])).await?;
            proof.get_or_insert(entry);
            items.append(&mut released);
            let full = items.len() >= wanted || opened >= MAX_OPENED;
            if full || !more {
                let proof = proof.ok_or(Failure::Unavailable)?;
                return Ok((items, if more { after } else { None }, proof));
            }
        }
    }

    /// Decides, opens, records and releases candidates, in one batch with the search's own entry.
    async fn open_all(
        &self,
        run: &Run<'_>,
        found: Vec<StoredRecord>,
        named: &[SubjectId],
    ) -> Result<(Vec<Released>, Proof), Failure> {
        let tenant = run.caller.session.tenant();
        let audit = self.audit_keys(tenant).await?;
        let request = run.caller.request(&audit);
        let mut drafts: Vec<Draft> = Vec::with_capacity(found.len() + 1);
        let mut waiting = Vec::with_capacity(found.len());
        let subjects = found.iter().filter_map(|stored| stored.subject);
        let standing = self.standing(run.caller, subjects).await?;
        for stored in found {
            let needed = run.plan.classes;
            let opened = self
                .open_match(&request, &standing, &stored, needed)
                .await?;
            if let Some(opened) = opened {
                drafts.push(opened.draft);
                waiting.push(Waiting {
                    stored,
                    subsetted: opened.subsetted,
                    phi: opened.phi.filter(&run.plan.predicates),
                });
            }
        }
        let name = |subject: &SubjectId| run.permit.names(*subject);
        drafts.extend(named.iter().map(name));
        drafts.push(run.permit.entry(waiting.len() as u64));
        let recorded = self.record(drafts).await?;
        let proof = recorded.entries().last().map(Proof::from);
        let proof = proof.ok_or(Failure::Unavailable)?;
        let receipts = recorded.into_receipts();
        let mut items = Vec::with_capacity(waiting.len());
        for (waiting, receipt) in waiting.into_iter().zip(receipts) {
            let proof = Proof::from(receipt.entry());
            let document = waiting.phi.release(receipt).map_err(|_| Failure::Damaged)?;
            if let Some(document) = document {
                items.push(Released {
                    record_type: waiting.stored.record.key.record_type.clone(),
                    id: waiting.stored.record.key.id,
                    version: waiting.stored.record.version,
                    last_updated: waiting.stored.last_updated,
                    document,
                    subsetted: waiting.subsetted,
                    proof,
                });
            }
        }
        Ok((items, proof))
    }

    /// The next candidates, and the last one's place if there may be more.
    async fn candidates(
        &self,
        run: &Run<'_>,
        after: Option<After>,
        limit: usize,
    ) -> Result<(Vec<StoredRecord>, Option<After>), Failure> {
        let tenant = run.caller.session.tenant();
        let query = Query {
            record_type: run.declared.record_type().clone(),
            ids: run.plan.ids.clone(),
            subjects: match run.reach {
                Reach::All(subjects) => subjects.clone(),
                Reach::Theirs(subjects) => Some(subjects.clone()),
            },
            lookups: self.lookups(tenant, run.declared, run.plan).await?,
            updated: run.plan.updated,
            order: run.plan.order,
            after,
            limit,
        };
        let found = self.store.candidates(tenant, &query).await?;
        let last = found.last().map(|stored| After::of(run.plan.order, stored));
        let more = found.len() >= limit;
        Ok((found, last.filter(|_| more)))
    }

    pub(super) async fn lookups(
        &self,
        tenant: TenantId,
        declared: &RecordTypeDecl,
        plan: &Plan,
    ) -> Result<Vec<Lookup>, Failure> {
        let key = self.keys.index_key(tenant).await?;
        let lookup = |lookup: &search::Lookup| {
            let tag = |entry: &Entry| {
                key.tag_of_steps(declared.record_type(), &lookup.of, entry, lookup.bits)
            };
            Lookup {
                index: lookup.index.clone(),
                version: key.version(),
                any: lookup.any.iter().map(tag).collect(),
            }
        };
        Ok(plan.lookups.iter().map(lookup).collect())
    }

    /// Whether the search may run, and on whose records. `Err` holds the proof of a search of
    /// nobody's records: of a subject who is not there, or is not theirs.
    async fn admit_search<'a>(
        &'a self,
        caller: &Caller,
        request: &Request<'a>,
        asked: Searched<'a>,
        plan: &Plan,
    ) -> Result<Result<(SearchPermit<'a>, Reach), Proof>, Failure> {
        let facts = |care: bool| {
            let own = care && caller.links.staff.is_empty();
            trusted::facts(Arc::clone(&caller.rights), care, own)
        };
        let named = match &plan.subjects {
            None => None,
            Some(references) => Some(self.subjects_named(caller, references).await?),
        };
        let everybodys = facts(false);
        if self.gate.may_search(request, &asked, &everybodys) {
            // Who may see everybody's must not take a part, theirs, for all there are.
            if named.is_none() && plan.scope == Scope::Care {
                return Err(unbounded(plan));
            }
            let permit = match self.gate.admit_search(request, asked, &everybodys) {
                Ok(permit) => permit,
                Err(refusal) => return Err(self.refuse(refusal, Failure::Forbidden).await),
            };
            return match named {
                Some(subjects) if subjects.is_empty() => {
                    self.of_nobody(request, &permit, &[]).await.map(Err)
                }
                named => Ok(Ok((permit, Reach::All(named)))),
            };
        }
        let theirs = self.theirs(caller).await?;
        let (subjects, others): (Vec<SubjectId>, Vec<SubjectId>) = match named {
            Some(named) => named
                .into_iter()
                .partition(|subject| theirs.contains(subject)),
            None => (theirs, Vec::new()),
        };
        match self.gate.admit_search(request, asked, &facts(true)) {
            Ok(permit) if subjects.is_empty() => {
                self.of_nobody(request, &permit, &others).await.map(Err)
            }
            Ok(permit) => {
                let hidden = self.hidden(request, &others);
                if !hidden.is_empty() {
                    self.record(hidden).await?;
                }
                Ok(Ok((permit, Reach::Theirs(subjects))))
            }
            Err(refusal) => Err(self.refuse(refusal, Failure::Forbidden).await),
        }
    }

    /// The entries of subjects whom a search names, and who are not the caller's to see.
    fn hidden(&self, request: &Request<'_>, others: &[SubjectId]) -> Vec<Draft> {
        let entry = |subject: &SubjectId| {
            self.gate
                .refused(request, None, Some(*subject), "search", "no-permit")
        };
        others.iter().map(entry).collect()
    }

    /// Writes down a search that opens nothing: the query, and each subject that it named and
    /// that is not the caller's to see.
    async fn of_nobody(
        &self,
        request: &Request<'_>,
        permit: &SearchPermit<'_>,
        others: &[SubjectId],
    ) -> Result<Proof, Failure> {
        let mut drafts = vec![permit.entry(0)];
        drafts.extend(self.hidden(request, others));
        let recorded = self.record(drafts).await?;
        let proof = recorded.entries().first().map(Proof::from);
        proof.ok_or(Failure::Unavailable)
    }

    /// The subjects that are in the caller's care, or are the caller.
    async fn theirs(&self, caller: &Caller) -> Result<Vec<SubjectId>, Failure> {
        let mut subjects = self.own_subjects(caller).await?;
        let staff = &caller.links.staff;
        if !staff.is_empty() {
            let tenant = caller.session.tenant();
            subjects.extend(
                self.store
                    .subjects_in_care(tenant, staff, self.now())
                    .await?,
            );
        }
        subjects.sort_unstable();
        subjects.dedup();
        Ok(subjects)
    }

    async fn subjects_named(
        &self,
        caller: &Caller,
        references: &[Reference],
    ) -> Result<Vec<SubjectId>, Failure> {
        // Only what is a subject itself: whose another record is, is not told to all who ask.
        let is_subject = |record_type: &RecordType| {
            let declared = self.pack.record_type(record_type.as_str());
            declared.is_some_and(|declared| declared.subject_kind() == SubjectKind::Itself)
        };
        let named: Vec<_> = references
            .iter()
            .filter_map(|reference| match reference {
                Reference::Local {
                    record_type, id, ..
                } if is_subject(record_type) => Some((record_type.clone(), *id)),
                _ => None,
            })
            .collect();
        let heads = self.store.heads(caller.session.tenant(), &named).await?;
        let heads = heads.into_iter().flatten();
        Ok(heads.filter_map(|head| head.subject).collect())
    }
}

/// The query as the log keeps it, sealed: an entry has room for so much.
pub(super) fn query_text(params: &[(String, String)]) -> Result<Vec<u8>, Failure> {
    const MAX_QUERY: usize = 16 * 1024;
    let text = serde_json::to_vec(params).unwrap_or_default();
    if text.len() > MAX_QUERY {
        return Err(Failure::TooCostly);
    }
    Ok(text)
}

/// Why nothing bounds a search: the parameter whose index does not serve it, where one has an index.
pub(super) fn unbounded(plan: &Plan) -> Failure {
    match &plan.unserved {
        Some(refused) => Failure::Unserved(refused.clone()),
        None => Failure::TooCostly,
    }
}

/// The plan of parameters, and the names of those that were passed over.
pub(super) fn planned(
    declared: &RecordTypeDecl,
    params: &[(String, String)],
    lenient: bool,
) -> Result<(Plan, Vec<String>), Failure> {
    let mut parameters: Vec<Parameter<'_>> = params
        .iter()
        .map(|(name, value)| {
            let (name, modifier) = match name.split_once(':') {
                Some((name, modifier)) => (name, Some(modifier)),
                None => (name.as_str(), None),
            };
            Parameter {
                name,
                modifier,
                value,
            }
        })
        .collect();
    let mut passed_over = Vec::new();
    loop {
        match search::plan(declared, &parameters) {
            Ok(plan) => return Ok((plan, passed_over)),
            Err(refused) if lenient && refused.why == Why::Unknown => {
                let before = parameters.len();
                parameters.retain(|parameter| declared.takes(parameter.name));
                if parameters.len() == before {
                    return Err(Failure::Unsupported(refused.parameter));
                }
                passed_over.push(refused.parameter);
            }
            Err(refused) => {
                return Err(match refused.why {
                    Why::Value => Failure::BadParam(refused.parameter),
                    Why::Unknown | Why::Modifier | Why::Form => {
                        Failure::Unsupported(refused.parameter)
                    }
                    Why::Comparison | Why::Short | Why::Wide => Failure::Unserved(refused),
                });
            }
        }
    }
}

fn empty(proof: Proof, unsupported: Vec<String>) -> Page {
    Page {
        items: Vec::new(),
        next: None,
        total: Some(0),
        uncounted: false,
        unsupported,
        proof,
    }
}
