//! Conditions that one record at most should meet: conditional creates and references.
//!
//! Matching by identifier is an oracle: for types with a subject it takes the right
//! `match-identifier`, and every candidate that is opened has its entry.

use std::sync::Arc;

use vouchsafe::access::Verb;
use vouchsafe::audit::Draft;
use vouchsafe::class::ClassSet;
use vouchsafe::document::Document;
use vouchsafe::gate::{Request, SearchPermit, Searched};
use vouchsafe::phi::Phi;
use vouchsafe::trusted;

use super::searching::{planned, query_text};
use super::{Caller, Condition, Engine, Failure, Found, Met, Unmet};
use crate::pack::SubjectKind;
use crate::search::{Order, Scope};
use crate::store::{Guard, Query};

/// Candidates of one condition that are opened at most.
pub(super) const MAX_CANDIDATES: usize = 16;

/// The records that meet a condition, and what is asked again when one is made that none met.
type Matches = (Guard, Vec<Found>);

/// A candidate of the n-th condition that was opened.
type Waiting = (usize, Found, Phi<Option<Document>>);

impl Engine {
    /// The record that meets each condition, on the state of now; all in one batch of the log.
    ///
    /// # Errors
    /// [`Failure`] for all when they cannot be asked; for one, [`Failure::Several`],
    /// [`Failure::TooCostly`], and what its parameters are refused for.
    pub async fn find(
        &self,
        caller: &Caller,
        conditions: &[Condition],
    ) -> Result<Vec<Result<Met, Failure>>, Failure> {
        let met = |(guard, mut found): (Guard, Vec<Found>)| match (found.pop(), found.pop()) {
            (None, _) => Ok(Met::Not(Unmet(Arc::new(guard)))),
            (Some(found), None) => Ok(Met::By(found)),
            (Some(_), Some(_)) => Err(Failure::Several),
        };
        let found = self.matches(caller, conditions).await?;
        Ok(found.into_iter().map(|found| found.and_then(met)).collect())
    }

    /// All records that meet each condition, as [`Self::find`].
    ///
    /// # Errors
    /// As [`Self::find`]; that there are several is none.
    pub async fn find_all(
        &self,
        caller: &Caller,
        conditions: &[Condition],
    ) -> Result<Vec<Result<Vec<Found>, Failure>>, Failure> {
        let found = self.matches(caller, conditions).await?;
        let found = found.into_iter();
        Ok(found.map(|found| found.map(|(_, found)| found)).collect())
    }

    async fn matches(
        &self,
        caller: &Caller,
        conditions: &[Condition],
    ) -> Result<Vec<Result<Matches, Failure>>, Failure> {
        if conditions.is_empty() {
            return Ok(Vec::new());
        }
        let audit = self.audit_keys(caller.session.tenant()).await?;
        let request = caller.request(&audit);
        let mut drafts = Vec::new();
        let mut waiting: Vec<Waiting> = Vec::new();
        let mut results = Vec::with_capacity(conditions.len());
        for (place, condition) in conditions.iter().enumerate() {
            let asked = self
                .ask(
                    caller,
                    &request,
                    (place, condition),
                    &mut drafts,
                    &mut waiting,
                )
                .await;
            match asked {
                Ok(guard) => results.push(Ok((guard, Vec::new()))),
                Err(Failure::Unavailable) => return Err(Failure::Unavailable),
                Err(failure) => results.push(Err(failure)),
            }
        }
        let receipts = self.record(drafts).await?.into_receipts();
        for ((place, found, phi), receipt) in waiting.into_iter().zip(receipts) {
            let matched = phi
                .release(receipt)
                .map_err(|_| Failure::Damaged)?
                .is_some();
            if let (true, Some(Ok((_, all)))) = (matched, results.get_mut(place)) {
                all.push(found);
            }
        }
        Ok(results)
    }

    async fn ask(
        &self,
        caller: &Caller,
        request: &Request<'_>,
        (place, condition): (usize, &Condition),
        drafts: &mut Vec<Draft>,
        waiting: &mut Vec<Waiting>,
    ) -> Result<Guard, Failure> {
        let declared = self.declared(&condition.record_type)?;
        let tenant = caller.session.tenant();
        let (plan, _) = planned(declared, &condition.params, false)?;
        if plan.subjects.is_some() || !matches!(plan.scope, Scope::Ids | Scope::Index) {
            // A condition must be answered by an index; anything else would open at random.
            return Err(match plan.unserved {
                Some(refused) => Failure::Unserved(refused),
                None => Failure::Unsupported("?".to_owned()),
            });
        }
        let text = query_text(&condition.params)?;
        let asked = Searched {
            record_type: declared.record_type(),
            has_subject: declared.subject_kind() != SubjectKind::None,
            classes: plan.classes,
            query: &text,
        };
        let permit = self.admit_condition(caller, request, asked, drafts).await?;
        let query = Query {
            record_type: condition.record_type.clone(),
            ids: plan.ids.clone(),
            subjects: None,
            lookups: self.lookups(tenant, declared, &plan).await?,
            updated: plan.updated,
            order: Order::Id,
            after: None,
            limit: MAX_CANDIDATES + 1,
        };
        let found = self.store.candidates(tenant, &query).await?;
        // Also of too many: that there are so many is told.
        drafts.push(permit.entry(found.len() as u64));
        if found.len() > MAX_CANDIDATES {
            return Err(Failure::TooCostly);
        }
        let candidates = found.iter().map(|stored| stored.record.key.id).collect();
        let subjects = found.iter().filter_map(|stored| stored.subject);
        let standing = self.standing(caller, subjects).await?;
        for stored in found {
            let opened = self.open_match(request, &standing, &stored, ClassSet::NONE);
            if let Some(opened) = opened.await? {
                drafts.push(opened.draft);
                let found = Found {
                    id: stored.record.key.id,
                    version: stored.record.version,
                    last_updated: stored.last_updated,
                };
                waiting.push((place, found, opened.phi.filter(&plan.predicates)));
            }
        }
        Ok(Guard {
            query,
            found: candidates,
        })
    }

    /// Matching takes a right of its own where records are about somebody, beside that to search for what the condition
    /// looks at.
    async fn admit_condition<'a>(
        &'a self,
        caller: &Caller,
        request: &Request<'a>,
        asked: Searched<'a>,
        drafts: &mut Vec<Draft>,
    ) -> Result<SearchPermit<'a>, Failure> {
        let record_type = asked.record_type;
        let facts = trusted::facts(Arc::clone(&caller.rights), false, false);
        let gate = &self.gate;
        if asked.has_subject {
            match gate.admit(request, Verb::MatchIdentifier, record_type, None, &facts) {
                Ok(draft) => drafts.push(draft),
                Err(refusal) => return Err(self.refuse(refusal, Failure::Forbidden).await),
            }
        }
        match gate.admit_search(request, asked, &facts) {
            Ok(permit) => Ok(permit),
            Err(refusal) => Err(self.refuse(refusal, Failure::Forbidden).await),
        }
    }
}
