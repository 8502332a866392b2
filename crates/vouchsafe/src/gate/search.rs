//! The right to search.

use crate::access::{Decision, Purpose};
use crate::audit::{Context, Draft, Outcome};
use crate::class::ClassSet;
use crate::ids::{RecordType, SubjectId};
use crate::session::Session;

use super::{Request, entry};

/// The right to run one search; it opens nothing.
#[derive(Debug)]
pub struct SearchPermit {
    session: Session,
    purpose: Purpose,
    context: Context,
    decision: Decision,
    record_type: RecordType,
    classes: ClassSet,
}

impl SearchPermit {
    pub(super) fn new(
        request: &Request<'_>,
        decision: Decision,
        record_type: RecordType,
        classes: ClassSet,
    ) -> Self {
        Self {
            session: request.session.clone(),
            purpose: request.purpose,
            context: request.context.clone(),
            decision,
            record_type,
            classes,
        }
    }

    /// The entry of the search: how many records it opened, and the query, sealed. It is written
    /// also when nothing was found: that is a disclosure too.
    ///
    /// It names the session that was admitted; of `request`, only keys and time count.
    pub fn entry(&self, request: &Request<'_>, query: &[u8], count: u64) -> Draft {
        let request = &self.admitted(request);
        entry::of(request, Some(&self.decision))
            .of_type(&self.record_type)
            .with_classes(self.classes)
            .counting(count)
            .detailed(query)
            .draft("search", Outcome::Permitted, request)
    }

    /// The entry of a patient whom the search names: it is written also when nothing of them is found.
    ///
    /// As of [`Self::entry`], only keys and time of `request` count.
    pub fn names(&self, request: &Request<'_>, subject: SubjectId) -> Draft {
        let request = &self.admitted(request);
        entry::of(request, Some(&self.decision))
            .of_type(&self.record_type)
            .of_subject(Some(subject), request)
            .with_classes(self.classes)
            .draft("search", Outcome::Permitted, request)
    }

    /// The request as it was admitted: of another one, only keys and time count.
    const fn admitted<'a>(&'a self, request: &Request<'a>) -> Request<'a> {
        Request {
            session: &self.session,
            purpose: self.purpose,
            context: &self.context,
            keys: request.keys,
            now: request.now,
        }
    }
}
