//! The right to search.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use super::entry::EntryBuilder;
use super::{Gate, Refusal, Request};
use crate::access::{Ask, Decision, Denied, Facts, Verb};
use crate::audit::{Draft, Outcome};
use crate::class::{ClassSet, DataClass};
use crate::ids::{RecordType, SubjectId};

/// The right to run one search; it opens nothing.
///
/// A permit that is dropped without an entry makes one, without a count: the log has an entry for every admitted
/// search.
pub struct SearchPermit<'a> {
    gate: &'a Gate,
    request: Request<'a>,
    decision: Decision,
    asked: Searched<'a>,
    entered: AtomicBool,
}

impl fmt::Debug for SearchPermit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SearchPermit")
            .field("classes", &self.asked.classes)
            .finish_non_exhaustive()
    }
}

/// Maximum length of a query in bytes, so that its entry fits the log.
const MAX_QUERY: usize = 32 * 1024;

/// The target of a search.
#[derive(Clone, Copy)]
pub struct Searched<'a> {
    /// The type of the records.
    pub record_type: &'a RecordType,
    /// Whether they have a subject.
    pub has_subject: bool,
    /// The classes of the elements to filter or sort by.
    pub classes: ClassSet,
    /// The query: PHI, sealed in the entry.
    pub query: &'a [u8],
}

impl fmt::Debug for Searched<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Searched")
            .field("record_type", &self.record_type)
            .field("classes", &self.classes)
            .finish_non_exhaustive()
    }
}

impl Gate {
    /// Whether such a search is permitted, for a query that can be asked in several ways: no entry is made.
    #[must_use]
    pub fn may_search(&self, request: &Request<'_>, asked: &Searched<'_>, facts: &Facts) -> bool {
        self.decide_search(request, asked, facts).outcome.is_ok()
    }

    /// Admits a search; `facts` are those of the search as a whole. Every record found is decided again, by
    /// [`Self::admit_match`].
    ///
    /// # Errors
    /// [`Refusal`] if some class may not be searched by.
    pub fn admit_search<'a>(
        &'a self,
        request: &Request<'a>,
        asked: Searched<'a>,
        facts: &Facts,
    ) -> Result<SearchPermit<'a>, Box<Refusal>> {
        let decision = self.decide_search(request, &asked, facts);
        if let Err(denied) = decision.outcome {
            let draft = self
                .entry(request, Some(&decision))
                .of_type(asked.record_type)
                .with_classes(asked.classes)
                .refused("search", denied, request);
            return Err(self.refusal(denied, draft));
        }
        Ok(SearchPermit {
            gate: self,
            request: *request,
            decision,
            asked,
            entered: AtomicBool::new(false),
        })
    }

    fn decide_search(
        &self,
        request: &Request<'_>,
        asked: &Searched<'_>,
        facts: &Facts,
    ) -> Decision {
        let ask = Ask {
            verb: Verb::Search,
            record_type: asked.record_type,
            tenant: request.session.tenant(),
            has_subject: asked.has_subject,
            classes: asked.classes.with(DataClass::Operational),
            purpose: request.purpose,
        };
        let mut decision = self.decide(request, &ask, facts);
        // The entry would be too long for the log.
        if asked.query.len() > MAX_QUERY {
            decision.outcome = Err(Denied::TooLong);
        }
        decision
    }
}

impl SearchPermit<'_> {
    /// The entry of the search: the number of records that it opened, and the sealed query. It is also written if
    /// nothing was found: that is a disclosure too.
    pub fn entry(&self, count: u64) -> Draft {
        self.entered.store(true, Ordering::Relaxed);
        let query = self.asked.query;
        self.finish(self.begin().counting(count).detailed(query))
    }

    /// The entry of a patient that the search names: it is also written if nothing of that patient is found.
    pub fn names(&self, subject: SubjectId) -> Draft {
        self.finish(self.begin().of_subject(Some(subject), &self.request))
    }

    fn begin(&self) -> EntryBuilder<'_> {
        self.gate
            .entry(&self.request, Some(&self.decision))
            .of_type(self.asked.record_type)
            .with_classes(self.asked.classes)
    }

    fn finish(&self, entry: EntryBuilder<'_>) -> Draft {
        entry
            .draft("search", Outcome::Permitted, &self.request)
            .owed_to(&self.gate.log, &self.gate.clock)
    }
}

impl Drop for SearchPermit<'_> {
    fn drop(&mut self) {
        if !self.entered.load(Ordering::Relaxed) {
            // The number of found records is not known: some may have been opened, and have entries of their own.
            drop(self.finish(self.begin().detailed(self.asked.query)));
        }
    }
}
