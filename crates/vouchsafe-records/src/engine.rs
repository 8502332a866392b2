//! The way of a request over stored records: decide, open, write down, release.
//!
//! Nothing here can open a record without the gate's permit or hand it out without the receipt of
//! a durable entry; what the engine adds is the order in which that happens, and what is true of
//! the caller and the subject ([`Facts`]).

mod ahead;
mod api;
mod conditions;
mod cursor;
mod reading;
mod searching;
mod settling;
mod stamps;
mod subjects;
mod writing;

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use vouchsafe::access::Facts;
use vouchsafe::audit::{AuditKeys, Draft, Event, Recorded};
use vouchsafe::class::ClassSet;
use vouchsafe::document::Document;
use vouchsafe::gate::{Gate, MatchClasses, OpenRefused, Refusal, Request, Target};
use vouchsafe::ids::{RecordId, RecordType, SubjectId, TenantId};
use vouchsafe::keys::{KeyError, KeyService};
use vouchsafe::phi::Phi;
use vouchsafe::seal::{Owner, RecordKeys};
use vouchsafe::trusted;

pub use api::{
    About, Ahead, Caller, Condition, Expected, Failure, Found, Idempotent, Links, Met, Op,
    OpResult, Page, Proof, Refused, Released, Search, Unmet, WriteOptions,
};

use crate::pack::{Pack, RecordTypeDecl};
use crate::store::{Head, Store, StoreError, StoredRecord};
use stamps::Stamps;

/// Stored records behind the gate.
pub struct Engine {
    store: Store,
    keys: Arc<dyn KeyService>,
    gate: Gate,
    pack: Arc<Pack>,
    stamps: Stamps,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("pack", &self.pack)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine over these parts; whoever chooses them is trusted.
    #[must_use]
    pub fn new(store: Store, keys: Arc<dyn KeyService>, gate: Gate, pack: Arc<Pack>) -> Self {
        Self {
            store,
            keys,
            gate,
            pack,
            stamps: Stamps::default(),
        }
    }

    /// The record types that it serves.
    #[must_use]
    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    /// The gate that decides and writes down.
    #[must_use]
    pub const fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Where its records are.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    fn now(&self) -> Timestamp {
        self.gate.now()
    }

    fn declared(&self, record_type: &RecordType) -> Result<&Arc<RecordTypeDecl>, Failure> {
        self.pack
            .record_type(record_type.as_str())
            .ok_or(Failure::UnknownType)
    }

    async fn audit_keys(&self, tenant: TenantId) -> Result<Arc<AuditKeys>, Failure> {
        self.keys.audit_keys(tenant).await.map_err(Failure::from)
    }

    async fn record_keys(
        &self,
        tenant: TenantId,
        subject: Option<SubjectId>,
    ) -> Result<Arc<RecordKeys>, Failure> {
        let owner = subject.map_or(Owner::Tenant, Owner::Subject);
        self.keys
            .record_keys(tenant, owner)
            .await
            .map_err(Failure::from)
    }

    /// What is true now between the caller and each of these subjects, asked once.
    async fn standing<'a>(
        &self,
        caller: &'a Caller,
        subjects: impl IntoIterator<Item = SubjectId>,
    ) -> Result<Standing<'a>, Failure> {
        let mut subjects: Vec<SubjectId> = subjects.into_iter().collect();
        subjects.sort_unstable();
        subjects.dedup();
        let mut standing = Standing {
            caller,
            own: Vec::new(),
            in_care: Vec::new(),
        };
        if subjects.is_empty() {
            return Ok(standing);
        }
        let staff = &caller.links.staff;
        let tenant = caller.session.tenant();
        if !staff.is_empty() {
            let care = self
                .store
                .in_care_many(tenant, staff, &subjects, self.now());
            let care = care.await?;
            let in_care = subjects.into_iter().zip(care);
            standing.in_care = in_care
                .filter_map(|(subject, care)| care.then_some(subject))
                .collect();
        }
        standing.own = self.own_subjects(caller).await?;
        Ok(standing)
    }

    /// What is true now between the caller and a subject.
    async fn facts(&self, caller: &Caller, subject: Option<SubjectId>) -> Result<Facts, Failure> {
        Ok(self.standing(caller, subject).await?.facts(subject))
    }

    /// The subjects that the caller is.
    async fn own_subjects(&self, caller: &Caller) -> Result<Vec<SubjectId>, Failure> {
        if caller.links.subjects.is_empty() {
            return Ok(Vec::new());
        }
        let tenant = caller.session.tenant();
        let heads = self.store.heads(tenant, &caller.links.subjects).await?;
        let heads = heads.into_iter().flatten();
        Ok(heads.filter_map(|head| head.subject).collect())
    }

    async fn head(
        &self,
        caller: &Caller,
        record_type: &RecordType,
        id: RecordId,
    ) -> Result<Option<Head>, Failure> {
        let tenant = caller.session.tenant();
        Ok(self.store.head(tenant, record_type, id).await?)
    }

    /// Opens a record that a query found, if the caller may see it and, of what it has, all of `needed`.
    async fn open_match(
        &self,
        request: &Request<'_>,
        standing: &Standing<'_>,
        stored: &StoredRecord,
        needed: ClassSet,
    ) -> Result<Option<Match>, Failure> {
        let target = Target {
            record: &stored.record.key,
            version: stored.record.version,
            subject: stored.subject,
            operation: "search-match",
        };
        let present = stored.record.manifest.classes();
        let classes = MatchClasses { present, needed };
        let facts = standing.facts(stored.subject);
        let Some((permit, draft)) = self.gate.admit_match(request, &target, classes, &facts) else {
            return Ok(None);
        };
        let subsetted = !permit.classes().includes(present);
        let keys = self
            .record_keys(stored.record.key.tenant, stored.subject)
            .await?;
        let phi = self.gate.open(permit, &stored.record, &keys)?;
        Ok(Some(Match {
            draft,
            phi,
            subsetted,
        }))
    }

    async fn record(&self, drafts: Vec<Draft>) -> Result<Recorded, Failure> {
        self.gate
            .record(drafts)
            .await
            .map_err(|_| Failure::Unavailable)
    }

    /// Appends one entry that releases nothing.
    async fn note(&self, draft: Draft) -> Result<(), Failure> {
        self.record(vec![draft]).await.map(drop)
    }

    /// Tells a refusal as this failure, once its entry is durable.
    async fn refuse(&self, refusal: Box<Refusal>, failure: Failure) -> Failure {
        match refusal.recorded().await {
            Ok(_) => failure,
            Err(_) => Failure::Unavailable,
        }
    }

    /// Appends events of sign-in, rights and the service itself, before they take effect.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when they are not durable.
    pub async fn append_events(&self, events: Vec<Event<'_>>) -> Result<(), Failure> {
        let now = self.now();
        let drafts = events.into_iter().map(|event| event.draft(now)).collect();
        self.record(drafts).await.map(drop)
    }
}

impl Caller {
    fn request<'a>(&'a self, keys: &'a AuditKeys) -> Request<'a> {
        Request {
            session: &self.session,
            purpose: self.purpose,
            context: &self.context,
            keys,
        }
    }
}

/// A record that was opened, and waits for the receipt of its entry.
struct Match {
    draft: Draft,
    phi: Phi<Document>,
    subsetted: bool,
}

/// What is true between a caller and some subjects.
struct Standing<'a> {
    caller: &'a Caller,
    /// Those who the caller is.
    own: Vec<SubjectId>,
    /// Those in the caller's care, in order.
    in_care: Vec<SubjectId>,
}

impl Standing<'_> {
    /// The facts of one of the subjects, or of a record that is about nobody.
    fn facts(&self, subject: Option<SubjectId>) -> Facts {
        let care = subject.is_some_and(|subject| self.in_care.binary_search(&subject).is_ok());
        let own = subject.is_some_and(|subject| self.own.contains(&subject));
        trusted::facts(Arc::clone(&self.caller.rights), care, own)
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Unavailable => Self::Unavailable,
            KeyError::Missing | KeyError::Destroyed | KeyError::Damaged => Self::Damaged,
        }
    }
}

impl From<OpenRefused> for Failure {
    fn from(refused: OpenRefused) -> Self {
        match refused {
            // The request was too slow; the record is as it was.
            OpenRefused::Late => Self::Unavailable,
            OpenRefused::OtherRecord | OpenRefused::Seal(_) => Self::Damaged,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::VersionConflict,
            StoreError::Duplicate | StoreError::Serialization => Self::Busy,
            StoreError::Unavailable => Self::Unavailable,
            StoreError::InDoubt => Self::OutcomeUnknown,
            StoreError::Damaged => Self::Damaged,
        }
    }
}

/// All classes but `operational`: what a deleted record is asked for.
const ANY_PHI: ClassSet =
    ClassSet::ALL.without(ClassSet::of(vouchsafe::class::DataClass::Operational));
