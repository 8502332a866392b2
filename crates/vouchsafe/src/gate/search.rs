//! The right to search.

use crate::access::Decision;
use crate::audit::{Draft, Outcome};
use crate::class::ClassSet;
use crate::ids::RecordType;

use super::{Request, entry};

/// The right to run one search; it opens nothing.
#[derive(Debug)]
pub struct SearchPermit {
    decision: Decision,
    record_type: RecordType,
    classes: ClassSet,
}

impl SearchPermit {
    pub(super) const fn new(
        decision: Decision,
        record_type: RecordType,
        classes: ClassSet,
    ) -> Self {
        Self {
            decision,
            record_type,
            classes,
        }
    }

    /// The entry of the search: how many records it opened, and the query, sealed. It is written
    /// also when nothing was found: that is a disclosure too.
    #[must_use]
    pub fn entry(&self, request: &Request<'_>, query: &[u8], count: u64) -> Draft {
        entry::of(request, Some(&self.decision))
            .of_type(&self.record_type)
            .with_classes(self.classes)
            .counting(count)
            .detailed(query)
            .draft("search", Outcome::Permitted, None, request)
    }
}
