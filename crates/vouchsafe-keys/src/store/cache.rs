//! Unwrapped keys in memory: bounded, for minutes, each loaded once for all concurrent callers.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use vouchsafe::audit::AuditKeys;
use vouchsafe::ids::{SubjectId, TenantId};
use vouchsafe::keys::KeyError;
use vouchsafe::seal::{IndexKey, RecordKeys, SystemKey, SystemPurpose};

use super::Branch;

/// Cache weight of a subject's keys, including derived field keys, in bytes.
const RECORD_KEYS_BYTES: u32 = 4096;
const MAX_TENANTS: u64 = 10_000;

/// The limits of the cache.
#[derive(Clone, Copy, Debug)]
pub struct CacheLimits {
    /// Memory for subject keys, in bytes.
    pub subject_bytes: u64,
    /// Lifetime of a cached subject key: a destroyed key may stay in memory this long.
    pub subject_ttl: Duration,
    /// Lifetime of cached branch, index, system and audit keys, and so the longest outage of the root key's service
    /// that is survived.
    pub tenant_ttl: Duration,
}

impl Default for CacheLimits {
    /// 64 MiB of subject keys for 5 minutes, tenant keys for 10.
    fn default() -> Self {
        Self {
            subject_bytes: 64 << 20,
            subject_ttl: Duration::from_mins(5),
            tenant_ttl: Duration::from_mins(10),
        }
    }
}

pub(super) struct Caches {
    pub(super) branches: Cache<TenantId, Arc<Vec<Branch>>>,
    pub(super) records: Cache<(TenantId, Option<SubjectId>), Arc<RecordKeys>>,
    pub(super) index: Cache<TenantId, Arc<IndexKey>>,
    pub(super) system: Cache<(TenantId, SystemPurpose), Arc<SystemKey>>,
    pub(super) audit: Cache<TenantId, Arc<AuditKeys>>,
}

impl Caches {
    pub(super) fn new(limits: CacheLimits) -> Self {
        Self {
            branches: per_tenant(limits),
            records: Cache::builder()
                .weigher(|_, _| RECORD_KEYS_BYTES)
                .max_capacity(limits.subject_bytes)
                .time_to_live(limits.subject_ttl)
                .build(),
            index: per_tenant(limits),
            system: per_tenant(limits),
            audit: per_tenant(limits),
        }
    }
}

fn per_tenant<K, V>(limits: CacheLimits) -> Cache<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder()
        .max_capacity(MAX_TENANTS)
        .time_to_live(limits.tenant_ttl)
        .build()
}

/// The cached value, or the loaded one: one load for all concurrent callers; errors are not cached.
pub(super) async fn single_flight<K, V>(
    cache: &Cache<K, V>,
    key: K,
    load: impl Future<Output = Result<V, KeyError>>,
) -> Result<V, KeyError>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    cache.try_get_with(key, load).await.map_err(|error| *error)
}
