//! Keys in memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use vouchsafe::BoxFuture;
use vouchsafe::audit::AuditKeys;
use vouchsafe::ids::{NewSubject, TenantId};
use vouchsafe::keys::{KeyError, KeyService};
use vouchsafe::seal::{
    IndexKey, KeyVersion, Owner, RecordKeys, Secret, Suite, SystemKey, SystemPurpose,
};
use vouchsafe::trusted::Port;

#[derive(Default)]
pub(crate) struct MemoryKeys {
    records: Mutex<HashMap<(TenantId, Owner), Arc<RecordKeys>>>,
    /// Whether none can be made.
    failing: AtomicBool,
}

impl MemoryKeys {
    pub(crate) fn fail(&self, failing: bool) {
        self.failing.store(failing, Ordering::SeqCst);
    }
}

fn make(tenant: TenantId, owner: Owner) -> Arc<RecordKeys> {
    Arc::new(vouchsafe::trusted::record_keys(
        tenant,
        owner,
        KeyVersion::FIRST,
        Secret::random(),
    ))
}

impl Port for MemoryKeys {}

impl KeyService for MemoryKeys {
    fn record_keys<'a>(
        &'a self,
        tenant: TenantId,
        owner: Owner,
    ) -> BoxFuture<'a, Result<Arc<RecordKeys>, KeyError>> {
        Box::pin(async move {
            let mut records = self.records.lock().unwrap();
            match (records.get(&(tenant, owner)), owner) {
                (Some(keys), _) => Ok(Arc::clone(keys)),
                (None, Owner::Subject(_)) => Err(KeyError::Missing),
                (None, Owner::Tenant) => {
                    let keys = make(tenant, owner);
                    records.insert((tenant, owner), Arc::clone(&keys));
                    Ok(keys)
                }
            }
        })
    }

    fn create_record_keys<'a>(
        &'a self,
        subjects: &'a [NewSubject],
    ) -> BoxFuture<'a, Result<Vec<Arc<RecordKeys>>, KeyError>> {
        Box::pin(async move {
            if self.failing.load(Ordering::SeqCst) {
                return Err(KeyError::Unavailable);
            }
            let mut records = self.records.lock().unwrap();
            let made = subjects.iter().map(|new| {
                let (tenant, owner) = (new.tenant(), Owner::Subject(new.subject()));
                let keys = make(tenant, owner);
                records.insert((tenant, owner), Arc::clone(&keys));
                keys
            });
            Ok(made.collect())
        })
    }

    fn index_key<'a>(&'a self, tenant: TenantId) -> BoxFuture<'a, Result<Arc<IndexKey>, KeyError>> {
        let key = vouchsafe::trusted::index_key(Secret::from_bytes([3; 32]), tenant, 1);
        Box::pin(async move { Ok(Arc::new(key)) })
    }

    fn system_key<'a>(
        &'a self,
        tenant: TenantId,
        purpose: SystemPurpose,
    ) -> BoxFuture<'a, Result<Arc<SystemKey>, KeyError>> {
        let branch = Secret::from_bytes([4; 32]);
        let key = vouchsafe::trusted::system_key(
            Suite::Xaes256Gcm,
            &branch,
            tenant,
            purpose,
            KeyVersion::FIRST,
        );
        Box::pin(async move { Ok(Arc::new(key)) })
    }

    fn audit_keys<'a>(
        &'a self,
        tenant: TenantId,
    ) -> BoxFuture<'a, Result<Arc<AuditKeys>, KeyError>> {
        let keys =
            vouchsafe::trusted::audit_keys(&[5; 32], tenant, 1).map_err(|_| KeyError::Damaged);
        Box::pin(async move { keys.map(Arc::new) })
    }
}
