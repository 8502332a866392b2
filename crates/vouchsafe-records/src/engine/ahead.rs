//! Conditions asked of documents that are about to be written.

use std::collections::HashMap;

use vouchsafe::ids::{RecordId, RecordType};

use super::conditions::MAX_CANDIDATES;
use super::searching::planned;
use super::{Ahead, Condition, Engine, Failure};
use crate::pack::{IndexTerm, RecordTypeDecl};
use crate::search::{Lookup, Plan};

/// What the documents of one type are found by: their places.
#[derive(Default)]
struct OfType {
    terms: HashMap<IndexTerm, Vec<usize>>,
    ids: HashMap<RecordId, usize>,
}

impl Engine {
    /// Whether the record that would be made of a document meets a condition: is found by it, once it is there.
    ///
    /// # Errors
    /// What the condition's parameters are refused for.
    pub fn meets(&self, condition: &Condition, ahead: Ahead<'_>) -> Result<bool, Failure> {
        let meeting = self.meeting(std::slice::from_ref(condition), &[ahead]);
        let found = meeting.into_iter().next().unwrap_or(Ok(Vec::new()))?;
        Ok(!found.is_empty())
    }

    /// Which of the documents meet each condition, by their places; as a search would find them once they are there.
    ///
    /// # Errors
    /// Of one condition: what its parameters are refused for, and [`Failure::TooCostly`] for too many candidates.
    pub fn meeting(
        &self,
        conditions: &[Condition],
        ahead: &[Ahead<'_>],
    ) -> Vec<Result<Vec<usize>, Failure>> {
        let mut types: HashMap<&RecordType, OfType> = HashMap::new();
        let mut met = Vec::with_capacity(conditions.len());
        for condition in conditions {
            let plan = self.planned_ahead(condition);
            met.push(plan.and_then(|(declared, plan)| {
                let of_type = types
                    .entry(&condition.record_type)
                    .or_insert_with(|| OfType::of(declared, ahead));
                self.met(&plan, of_type, ahead)
            }));
        }
        met
    }

    fn planned_ahead(&self, condition: &Condition) -> Result<(&RecordTypeDecl, Plan), Failure> {
        let declared = self.declared(&condition.record_type)?;
        let (plan, _) = planned(declared, &condition.params, false)?;
        Ok((declared, plan))
    }

    fn met(
        &self,
        plan: &Plan,
        of_type: &OfType,
        ahead: &[Ahead<'_>],
    ) -> Result<Vec<usize>, Failure> {
        let mut met = of_type.candidates(plan);
        if met.len() > MAX_CANDIDATES {
            return Err(Failure::TooCostly);
        }
        // As windows count moments: from the beginning of 1970.
        let now = self.now().as_duration();
        let in_time = plan.updated.from.is_none_or(|from| from <= now)
            && plan.updated.until.is_none_or(|until| now < until);
        met.retain(|place| in_time && ahead.get(*place).is_some_and(|one| holds(plan, one)));
        Ok(met)
    }
}

fn holds(plan: &Plan, one: &Ahead<'_>) -> bool {
    let ids = plan.ids.as_ref();
    let mut tests = plan.predicates.iter();
    ids.is_none_or(|ids| ids.contains(&one.id)) && tests.all(|test| test.holds(one.document))
}

impl OfType {
    fn of(declared: &RecordTypeDecl, ahead: &[Ahead<'_>]) -> Self {
        let mut known = Self::default();
        for (place, one) in ahead.iter().enumerate() {
            if one.record_type == declared.record_type() {
                known.ids.insert(one.id, place);
                for term in declared.index_terms(one.document) {
                    known.terms.entry(term).or_default().push(place);
                }
            }
        }
        known
    }

    /// The documents that have an entry in each index, or an id, that the plan asks for. A plan with neither is refused
    /// when it is asked of what is stored.
    fn candidates(&self, plan: &Plan) -> Vec<usize> {
        let mut lookups = plan.lookups.iter().map(|lookup| self.entries(lookup));
        let Some(mut found) = lookups.next() else {
            let ids = plan.ids.iter().flatten();
            let mut found: Vec<usize> = ids.filter_map(|id| self.ids.get(id).copied()).collect();
            found.sort_unstable();
            found.dedup();
            return found;
        };
        for others in lookups {
            found.retain(|place| others.binary_search(place).is_ok());
        }
        found
    }

    fn entries(&self, lookup: &Lookup) -> Vec<usize> {
        let any = lookup.any.iter().filter_map(|entry| {
            self.terms.get(&IndexTerm {
                index: lookup.index.clone(),
                of: lookup.of.clone(),
                entry: entry.clone(),
                bits: lookup.bits,
                class: lookup.class,
            })
        });
        let mut found: Vec<usize> = any.flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}
