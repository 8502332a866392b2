//! The right to read the sealed detail of one entry of the log, once.

use std::fmt;

use uuid::Uuid;
use zeroize::Zeroizing;

use super::entry::LOG_ENTRY;
use super::permit::Term;
use super::{Gate, Refusal, Request};
use crate::access::{Facts, Verb};
use crate::audit::{AuditKeys, DetailRefused, Draft, Outcome, SealedDetail};
use crate::ids::{RecordType, TenantId};
use crate::phi::{Access, Opened, Phi, What};

/// The right to open the sealed detail of one entry, once, within a short time.
pub struct DetailPermit {
    access: Access,
    tenant: TenantId,
    entry: Uuid,
    term: Term,
}

impl fmt::Debug for DetailPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DetailPermit")
            .field("entry", &self.entry)
            .finish_non_exhaustive()
    }
}

/// The sealed detail of an entry, such as the query of a search: PHI like any other.
pub struct Detail(Zeroizing<Vec<u8>>);

impl fmt::Debug for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[PHI]")
    }
}

impl Detail {
    /// The sealed bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The reason why sealed detail was not opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DetailNotOpened {
    /// The permit is for another entry or tenant.
    #[error("the permit is for something else")]
    OtherEntry,
    /// The permit has expired, or its session has.
    #[error("the permit has expired")]
    Late,
    /// The detail does not open.
    #[error("the detail does not open: {0}")]
    Detail(#[from] DetailRefused),
}

impl Gate {
    /// Admits reading the detail of an entry of the log: [`Verb::ResolveAudit`].
    ///
    /// # Errors
    /// [`Refusal`] if it is not permitted.
    pub fn admit_detail(
        &self,
        request: &Request<'_>,
        detail: &SealedDetail,
        facts: &Facts,
    ) -> Result<(DetailPermit, Draft), Box<Refusal>> {
        let verb = Verb::ResolveAudit;
        let decision = self.decide_whole(request, verb, &log_entry(), None, facts);
        let entry = self
            .entry(request, Some(&decision))
            .of_entry(detail.entry());
        if let Err(denied) = decision.outcome {
            return Err(self.refusal(denied, entry.refused(verb.name(), denied, request)));
        }
        let permit = DetailPermit {
            access: self.access(request),
            tenant: request.session.tenant(),
            entry: detail.entry(),
            term: Term::of(request.session, self.now()),
        };
        let released = Opened {
            access: permit.access.clone(),
            what: permit.what(),
        };
        let draft = entry.releasing(verb.name(), Outcome::Permitted, released, request);
        Ok((permit, draft.owed_to(&self.log, &self.clock)))
    }

    /// Opens the detail that the permit names.
    ///
    /// # Errors
    /// [`DetailNotOpened`]; the permit is consumed in any case.
    pub fn open_detail(
        &self,
        permit: DetailPermit,
        detail: &SealedDetail,
        keys: &AuditKeys,
    ) -> Result<Phi<Detail>, DetailNotOpened> {
        let late = |_| DetailNotOpened::Late;
        permit.term.check(self.now()).map_err(late)?;
        if detail.entry() != permit.entry || keys.tenant() != permit.tenant {
            return Err(DetailNotOpened::OtherEntry);
        }
        let plain = Detail(detail.open(keys)?);
        let what = permit.what();
        let access = permit.access;
        Ok(Phi::new(plain, Opened { access, what }))
    }
}

/// The record type in requests about the log; no policy sees it.
#[expect(clippy::expect_used, reason = "a constant that is a type's name")]
fn log_entry() -> RecordType {
    LOG_ENTRY.parse().expect("letters only")
}

impl DetailPermit {
    const fn what(&self) -> What {
        What::Detail {
            tenant: self.tenant,
            entry: self.entry,
        }
    }
}
