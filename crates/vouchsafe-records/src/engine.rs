//! The way of a request over stored records: decide, open, write down, release.
//!
//! Nothing here can open a record without the gate's permit or hand it out without the receipt of
//! a durable entry; what the engine adds is the order in which that happens, and what is true of
//! the caller and the subject ([`Facts`]).

mod api;
mod conditions;
mod cursor;
mod reading;
mod searching;
mod settling;
mod subjects;
mod writing;

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use vouchsafe::access::{Bundle, Facts};
use vouchsafe::audit::{Appended, AuditKeys, AuditLog, Draft, Event};
use vouchsafe::class::ClassSet;
use vouchsafe::gate::{Gate, Receipt, Refusal, Request, receipts};
use vouchsafe::ids::{RecordId, RecordType, SubjectId, TenantId};
use vouchsafe::keys::{KeyError, KeyService};
use vouchsafe::seal::{Owner, RecordKeys};

pub use api::{
    Caller, Condition, Failure, Found, Idempotent, Met, Op, OpResult, Page, Proof, Refused,
    Released, Search, Unmet, WriteOptions,
};

use crate::pack::{Pack, RecordTypeDecl, Reference};
use crate::store::{Head, Store, StoreError};

/// Says what time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Stored records behind the gate.
pub struct Engine {
    store: Store,
    keys: Arc<dyn KeyService>,
    log: Arc<dyn AuditLog>,
    bundle: Arc<Bundle>,
    pack: Arc<Pack>,
    clock: Clock,
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
    pub fn new(
        store: Store,
        keys: Arc<dyn KeyService>,
        log: Arc<dyn AuditLog>,
        bundle: Arc<Bundle>,
        pack: Arc<Pack>,
        clock: Clock,
    ) -> Self {
        Self {
            store,
            keys,
            log,
            bundle,
            pack,
            clock,
        }
    }

    /// The record types that it serves.
    #[must_use]
    pub fn pack(&self) -> &Pack {
        &self.pack
    }

    /// Where its records are.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn gate(&self) -> Gate<'_> {
        Gate::new(&self.bundle, self.log.recorder())
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

    /// What is true now between the caller and a subject.
    async fn facts(&self, caller: &Caller, subject: Option<SubjectId>) -> Result<Facts, Failure> {
        let mut facts = Facts {
            rights: caller.rights.clone(),
            care: false,
            own: false,
        };
        let Some(subject) = subject else {
            return Ok(facts);
        };
        let tenant = caller.session.tenant();
        let staff = caller.staff();
        if !staff.is_empty() {
            facts.care = self
                .store
                .in_care(tenant, &staff, subject, self.now())
                .await?;
        }
        if caller.patients().next().is_some() {
            facts.own = self.own_subjects(caller).await?.contains(&subject);
        }
        Ok(facts)
    }

    /// The subjects that the caller is.
    async fn own_subjects(&self, caller: &Caller) -> Result<Vec<SubjectId>, Failure> {
        let mut own = Vec::new();
        for (record_type, id) in caller.patients() {
            let head = self.head(caller, &record_type, id).await?;
            own.extend(head.and_then(|head| head.subject));
        }
        Ok(own)
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

    async fn append(&self, drafts: &[Draft]) -> Result<Vec<Appended>, Failure> {
        self.log
            .append(drafts)
            .await
            .map_err(|_| Failure::Unavailable)
    }

    /// Appends one entry that releases nothing.
    async fn note(&self, draft: Draft) -> Result<(), Failure> {
        self.append(&[draft]).await.map(drop)
    }

    /// Appends a refusal; only then it may be told.
    async fn refuse(&self, refusal: Box<Refusal>, failure: Failure) -> Failure {
        match self.note(refusal.draft).await {
            Ok(()) => failure,
            Err(unavailable) => unavailable,
        }
    }

    async fn record(&self, drafts: Vec<Draft>) -> Result<(Vec<Receipt>, Vec<Appended>), Failure> {
        let appended = self.append(&drafts).await?;
        let receipts = receipts(drafts, &appended).map_err(|_| Failure::Unavailable)?;
        Ok((receipts, appended))
    }

    /// Appends events of sign-in, rights and the service itself, before they take effect.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] when they are not durable.
    pub async fn append_events(&self, events: Vec<Event<'_>>) -> Result<(), Failure> {
        let now = self.now();
        let drafts: Vec<Draft> = events.into_iter().map(|event| event.draft(now)).collect();
        self.append(&drafts).await.map(drop)
    }
}

impl Caller {
    fn request<'a>(&'a self, keys: &'a AuditKeys, now: Timestamp) -> Request<'a> {
        Request {
            session: &self.session,
            purpose: self.purpose,
            context: &self.context,
            keys,
            now,
        }
    }

    /// The records of staff that stand for the caller.
    fn staff(&self) -> Vec<Reference> {
        self.linked()
            .filter(|(record_type, _)| record_type.as_str() != SUBJECT_TYPE)
            .map(|(record_type, id)| Reference::Local {
                record_type,
                id,
                version: None,
            })
            .collect()
    }

    /// The records that the caller is the subject of.
    fn patients(&self) -> impl Iterator<Item = (RecordType, RecordId)> {
        self.linked()
            .filter(|(record_type, _)| record_type.as_str() == SUBJECT_TYPE)
    }

    fn linked(&self) -> impl Iterator<Item = (RecordType, RecordId)> {
        self.links
            .iter()
            .filter_map(|link| match Reference::parse(link) {
                Reference::Local {
                    record_type, id, ..
                } => Some((record_type, id)),
                _ => None,
            })
    }
}

/// The type whose records are people themselves.
const SUBJECT_TYPE: &str = "Patient";

impl Proof {
    fn of(appended: &Appended) -> Self {
        let ack = appended.batch.get();
        Self {
            origin: ack.origin.clone(),
            index: appended.index(),
            leaf: ack
                .leaves
                .get(appended.position)
                .copied()
                .unwrap_or_default(),
            recorded: ack.recorded,
        }
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

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            StoreError::Conflict => Self::VersionConflict,
            StoreError::Duplicate | StoreError::Serialization => Self::Busy,
            StoreError::Unavailable => Self::Unavailable,
            StoreError::Damaged => Self::Damaged,
        }
    }
}

/// All classes but `operational`: what a deleted record is asked for.
const ANY_PHI: ClassSet =
    ClassSet::ALL.without(ClassSet::of(vouchsafe::class::DataClass::Operational));
