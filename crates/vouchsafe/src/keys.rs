//! The port for keys, of records and of the audit log.

use std::sync::Arc;

use crate::BoxFuture;
use crate::audit::AuditKeys;
use crate::ids::{NewSubject, TenantId};
use crate::port::Port;
use crate::seal::{IndexKey, Owner, RecordKeys, SystemKey, SystemPurpose};

/// Returns unwrapped keys. Implemented over the stores of wrapped keys, and by tests.
pub trait KeyService: Port {
    /// The keys of a subject's records, or of the tenant's own records, which are made at first use.
    fn record_keys<'a>(
        &'a self,
        tenant: TenantId,
        owner: Owner,
    ) -> BoxFuture<'a, Result<Arc<RecordKeys>, KeyError>>;

    /// New keys for new subjects, in order. They MUST be durable before this returns.
    fn create_record_keys<'a>(
        &'a self,
        subjects: &'a [NewSubject],
    ) -> BoxFuture<'a, Result<Vec<Arc<RecordKeys>>, KeyError>>;

    /// The tenant's key of blind indexes.
    fn index_key<'a>(&'a self, tenant: TenantId) -> BoxFuture<'a, Result<Arc<IndexKey>, KeyError>>;

    /// The tenant's key for the system's own secrets of one purpose.
    fn system_key<'a>(
        &'a self,
        tenant: TenantId,
        purpose: SystemPurpose,
    ) -> BoxFuture<'a, Result<Arc<SystemKey>, KeyError>>;

    /// The tenant's keys of tokens and sealed detail in the audit log.
    fn audit_keys<'a>(
        &'a self,
        tenant: TenantId,
    ) -> BoxFuture<'a, Result<Arc<AuditKeys>, KeyError>>;
}

/// The reason why there is no key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyError {
    /// It was never made.
    #[error("no such key")]
    Missing,
    /// It was destroyed: nothing that it sealed can be opened.
    #[error("the key was destroyed")]
    Destroyed,
    /// The key service or its store cannot be reached, or the key is disabled.
    #[error("keys are not available")]
    Unavailable,
    /// It does not unwrap.
    #[error("the wrapped key is damaged or of another place")]
    Damaged,
}
