//! The store of wrapped keys, and the key service over it.

mod cache;
mod inventory;
mod rows;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use vouchsafe::BoxFuture;
use vouchsafe::audit::AuditKeys;
use vouchsafe::ids::{NewSubject, SubjectId, TenantId};
use vouchsafe::keys::{KeyError, KeyService};
use vouchsafe::seal::{
    IndexKey, KeyVersion, Owner, RecordKeys, Secret, Suite, SystemKey, SystemPurpose, WrappingKey,
};
use vouchsafe::trusted::Port;

use crate::context::{Purpose, context};
use crate::root::{RootKey, RootRefused, patiently};
use cache::Caches;
use rows::{Fresh, State, TenantRows, Wrapped};
use vouchsafe_database::{Check, Create, Database, DatabaseError, Location, Schema, migrations};

pub use cache::CacheLimits;
pub use inventory::KeyAge;

const SCHEMA: Schema = Schema {
    sqlite: migrations![1 "keys" "../migrations/sqlite/0001_keys.sql"],
    postgres: migrations![1 "keys" "../migrations/postgres/0001_keys.sql"],
    tables: &[
        "roots",
        "branch_keys",
        "index_keys",
        "audit_keys",
        "tenant_keys",
        "subject_keys",
    ],
    session: &[],
};

/// The reason why the store of keys could not be opened, or failed its check.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// The database failed.
    #[error("key database: {0}")]
    Database(#[from] DatabaseError),
    /// The root key could not be used.
    #[error("{0}: see to the key service, and start again")]
    Root(#[from] RootRefused),
    /// The keys are wrapped by another root key.
    #[error(
        "the keys are wrapped by root key {expected}, and the root key file has {given}: wrong key file or wrong database"
    )]
    WrongRoot {
        /// The id of the required root key.
        expected: String,
        /// The id of the given root key.
        given: String,
    },
    /// A required row is missing, or does not unwrap with the right root key.
    #[error("the key database is damaged ({0}): restore it from a backup")]
    Damaged(&'static str),
}

/// The result for a tenant's first keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TenantKeys {
    /// They were created.
    Created,
    /// They existed.
    Existed,
}

/// Keys that wrap and derive others; one per tenant and version.
struct Branch {
    version: u32,
    state: State,
    secret: Secret,
    wrapping: WrappingKey,
}

/// The store of wrapped keys on one database, under one root key.
pub struct KeyStore {
    database: Database,
    root: Box<dyn RootKey>,
    root_id: String,
    caches: Caches,
}

impl fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyStore")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

impl KeyStore {
    /// Opens the store and proves that the root key is the one that wraps its keys.
    ///
    /// # Errors
    /// [`StoreError`]; with [`Create::Never`] a missing or empty database is an error.
    pub async fn open(
        location: &Location,
        create: Create,
        root: impl RootKey + 'static,
        limits: CacheLimits,
    ) -> Result<Self, StoreError> {
        let database = Database::open(location, create, &SCHEMA).await?;
        let root_id = patiently(|| root.id()).await?;
        let store = Self {
            database,
            root: Box::new(root),
            root_id,
            caches: Caches::new(limits),
        };
        if create == Create::IfMissing {
            store.adopt_root().await?;
        }
        store.check().await?;
        Ok(store)
    }

    /// Writes the first root row, if there is no row of any kind.
    async fn adopt_root(&self) -> Result<(), StoreError> {
        let wrapped = self.wrap(Purpose::Check, None, &Secret::random()).await?;
        Ok(rows::adopt_root(&self.database, &self.root_id, &wrapped, now()).await?)
    }

    /// Closes the database's connections, after running operations have ended.
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// The state of the database: tables, durability, TLS.
    ///
    /// # Errors
    /// [`DatabaseError`] if the database does not answer.
    pub async fn check_database(&self) -> Result<Check, DatabaseError> {
        self.database.check(&SCHEMA).await
    }

    /// Whether the database answers and takes writes, as far as it says: [`Database::pulse`].
    ///
    /// # Errors
    /// [`DatabaseError`]. The caller MUST give up in time.
    pub async fn pulse(&self) -> Result<(), DatabaseError> {
        self.database.pulse().await
    }

    /// Whether the database answers and the root key unwraps.
    ///
    /// # Errors
    /// [`StoreError`], which names the fault.
    pub async fn check(&self) -> Result<(), StoreError> {
        let (expected, wrapped) = rows::root(&self.database)
            .await?
            .ok_or(StoreError::Damaged("no root row"))?;
        if expected != self.root_id {
            return Err(StoreError::WrongRoot {
                expected,
                given: self.root_id.clone(),
            });
        }
        let at = context(Purpose::Check, None, 1);
        match patiently(|| self.root.unwrap(&at, &wrapped)).await {
            Ok(_) => Ok(()),
            Err(RootRefused::Damaged) => Err(StoreError::Damaged("root row")),
            Err(refused) => Err(refused.into()),
        }
    }

    /// Creates a tenant's first keys (branch, records without subject, index, audit): all or none.
    ///
    /// No other function creates them: lost keys are an error, and are never silently replaced by fresh ones that open
    /// nothing.
    ///
    /// # Errors
    /// [`KeyError::Unavailable`] if the database does not answer.
    pub async fn create_tenant(&self, tenant: TenantId) -> Result<TenantKeys, KeyError> {
        let branch = Secret::random();
        let of_root = async |purpose, secret: &Secret| {
            let wrapped = self.wrap(purpose, Some(tenant), secret).await;
            wrapped.map_err(refused)
        };
        let rows = TenantRows {
            branch: of_root(Purpose::Branch, &branch).await?,
            index: of_root(Purpose::Index, &Secret::random()).await?,
            audit: of_root(Purpose::Audit, &Secret::random()).await?,
            records: WrappingKey::new(branch, KeyVersion::FIRST).wrap(
                &context(Purpose::TenantRecords, Some(tenant), 1),
                &Secret::random(),
            ),
        };
        let created = rows::create_tenant(&self.database, &self.root_id, tenant, &rows, now())
            .await
            .map_err(unavailable)?;
        Ok(if created {
            TenantKeys::Created
        } else {
            TenantKeys::Existed
        })
    }

    /// Drops a subject's key from the cache, as after its destruction on another replica.
    pub async fn forget(&self, tenant: TenantId, subject: SubjectId) {
        self.caches
            .records
            .invalidate(&(tenant, Some(subject)))
            .await;
    }

    /// The tenant's branches, newest first.
    async fn branches(&self, tenant: TenantId) -> Result<Arc<Vec<Branch>>, KeyError> {
        let load = async {
            let rows = rows::branches(&self.database, tenant)
                .await
                .map_err(unavailable)?;
            let mut branches = Vec::with_capacity(rows.len());
            for row in rows {
                if let (State::Active | State::DecryptOnly, Some(wrapped)) =
                    (row.state, &row.wrapped)
                {
                    branches.push(self.branch(tenant, &row, wrapped).await?);
                }
            }
            if branches.is_empty() {
                Err(KeyError::Missing)
            } else {
                Ok(Arc::new(branches))
            }
        };
        cache::single_flight(&self.caches.branches, tenant, load).await
    }

    async fn branch(
        &self,
        tenant: TenantId,
        row: &Wrapped,
        wrapped: &[u8],
    ) -> Result<Branch, KeyError> {
        let secret = self.unwrap(Purpose::Branch, tenant, row.version, wrapped);
        let secret = secret.await?;
        let wrapping = WrappingKey::new(
            Secret::from_bytes(*secret.expose()),
            KeyVersion::new(row.version),
        );
        Ok(Branch {
            version: row.version,
            state: row.state,
            secret,
            wrapping,
        })
    }

    /// Wraps the first version of a key with the root.
    async fn wrap(
        &self,
        purpose: Purpose,
        tenant: Option<TenantId>,
        secret: &Secret,
    ) -> Result<Vec<u8>, RootRefused> {
        let at = context(purpose, tenant, 1);
        patiently(|| self.root.wrap(&at, secret)).await
    }

    /// Unwraps a key that the root wraps.
    async fn unwrap(
        &self,
        purpose: Purpose,
        tenant: TenantId,
        version: u32,
        wrapped: &[u8],
    ) -> Result<Secret, KeyError> {
        let at = context(purpose, Some(tenant), version);
        let unwrapped = patiently(|| self.root.unwrap(&at, wrapped)).await;
        unwrapped.map_err(|error| {
            let version = u64::from(version);
            // Errors are not cached, so this is logged for each attempt of a caller; unwrapped values are cached.
            tracing::warn!(target: "vouchsafe", %error, version, "the root key did not unwrap a key");
            refused(error)
        })
    }

    /// The newest usable row, or the reason why none is usable.
    fn usable(rows: Vec<Wrapped>) -> Result<(Wrapped, Vec<u8>), KeyError> {
        let newest = rows.into_iter().next().ok_or(KeyError::Missing)?;
        match (newest.state, newest.wrapped.clone()) {
            (State::Active, Some(wrapped)) => Ok((newest, wrapped)),
            // A key that only opens needs its own variant in the port; no code creates one yet.
            (State::DecryptOnly | State::Disabled, _) => Err(KeyError::Unavailable),
            (State::Destroyed, _) => Err(KeyError::Destroyed),
            (State::Active, None) => Err(KeyError::Damaged),
        }
    }

    async fn load_record_keys(
        &self,
        tenant: TenantId,
        subject: Option<SubjectId>,
    ) -> Result<Arc<RecordKeys>, KeyError> {
        let rows = rows::record_keys(&self.database, tenant, subject)
            .await
            .map_err(unavailable)?;
        let (row, wrapped) = Self::usable(rows)?;
        let branches = self.branches(tenant).await?;
        let wraps = |branch: &&Branch| branch.version == row.branch_version;
        let Some(branch) = branches.iter().find(wraps) else {
            // The branch may be newer than the cache: the next attempt reads it.
            self.caches.branches.invalidate(&tenant).await;
            return Err(KeyError::Unavailable);
        };
        let (purpose, owner) = match subject {
            Some(subject) => (Purpose::Subject(subject), Owner::Subject(subject)),
            None => (Purpose::TenantRecords, Owner::Tenant),
        };
        let secret = branch
            .wrapping
            .unwrap(&context(purpose, Some(tenant), row.version), &wrapped)
            .map_err(|_| KeyError::Damaged)?;
        Ok(Arc::new(vouchsafe::trusted::record_keys(
            tenant,
            owner,
            KeyVersion::new(row.version),
            secret,
        )))
    }

    async fn create(&self, subjects: &[NewSubject]) -> Result<Vec<Arc<RecordKeys>>, KeyError> {
        let Some(tenant) = subjects.first().map(NewSubject::tenant) else {
            return Ok(Vec::new());
        };
        // One request belongs to one tenant, and its keys are under one branch.
        if subjects.iter().any(|new| new.tenant() != tenant) {
            return Err(KeyError::Missing);
        }
        let subjects: Vec<SubjectId> = subjects.iter().map(NewSubject::subject).collect();
        let branches = self.branches(tenant).await?;
        let branch = branches
            .iter()
            .find(|branch| branch.state == State::Active)
            .ok_or(KeyError::Unavailable)?;
        let mut fresh = Fresh::of_branch(branch.version, subjects.len());
        let mut secrets = HashMap::with_capacity(subjects.len());
        for subject in &subjects {
            // A subject that is named twice has one key.
            if let Entry::Vacant(entry) = secrets.entry(*subject) {
                let secret = entry.insert(Secret::random());
                let at = context(Purpose::Subject(*subject), Some(tenant), 1);
                fresh.push(*subject, branch.wrapping.wrap(&at, secret));
            }
        }
        let inserted = rows::insert_subjects(&self.database, tenant, fresh, now())
            .await
            .map_err(unavailable)?;
        let mut keys = Vec::with_capacity(subjects.len());
        for subject in &subjects {
            let owner = Owner::Subject(*subject);
            let secret = secrets
                .remove(subject)
                .filter(|_| inserted.contains(&subject.uuid()));
            keys.push(match secret {
                Some(secret) => {
                    let made = Arc::new(vouchsafe::trusted::record_keys(
                        tenant,
                        owner,
                        KeyVersion::FIRST,
                        secret,
                    ));
                    self.caches
                        .records
                        .insert((tenant, Some(*subject)), Arc::clone(&made))
                        .await;
                    made
                }
                // A repeated request: the subject has a key, which stays.
                None => self.record_keys(tenant, owner).await?,
            });
        }
        Ok(keys)
    }
}

impl Port for KeyStore {}

impl KeyService for KeyStore {
    /// The keys of a subject's records, or of the tenant's own.
    ///
    /// [`KeyStore::create_tenant`] created the tenant's own.
    fn record_keys<'a>(
        &'a self,
        tenant: TenantId,
        owner: Owner,
    ) -> BoxFuture<'a, Result<Arc<RecordKeys>, KeyError>> {
        let subject = match owner {
            Owner::Subject(subject) => Some(subject),
            Owner::Tenant => None,
        };
        Box::pin(async move {
            let load = self.load_record_keys(tenant, subject);
            cache::single_flight(&self.caches.records, (tenant, subject), load).await
        })
    }

    fn create_record_keys<'a>(
        &'a self,
        subjects: &'a [NewSubject],
    ) -> BoxFuture<'a, Result<Vec<Arc<RecordKeys>>, KeyError>> {
        Box::pin(self.create(subjects))
    }

    fn index_key<'a>(&'a self, tenant: TenantId) -> BoxFuture<'a, Result<Arc<IndexKey>, KeyError>> {
        let load = async move {
            let rows = rows::index_keys(&self.database, tenant)
                .await
                .map_err(unavailable)?;
            let (row, wrapped) = Self::usable(rows)?;
            let secret = self.unwrap(Purpose::Index, tenant, row.version, &wrapped);
            let secret = secret.await?;
            Ok(Arc::new(vouchsafe::trusted::index_key(
                secret,
                tenant,
                row.version,
            )))
        };
        Box::pin(cache::single_flight(&self.caches.index, tenant, load))
    }

    fn system_key<'a>(
        &'a self,
        tenant: TenantId,
        purpose: SystemPurpose,
    ) -> BoxFuture<'a, Result<Arc<SystemKey>, KeyError>> {
        let load = async move {
            let branches = self.branches(tenant).await?;
            let branch = branches
                .iter()
                .find(|branch| branch.state == State::Active)
                .ok_or(KeyError::Unavailable)?;
            let version = KeyVersion::new(branch.version);
            Ok(Arc::new(vouchsafe::trusted::system_key(
                Suite::Xaes256Gcm,
                &branch.secret,
                tenant,
                purpose,
                version,
            )))
        };
        Box::pin(cache::single_flight(
            &self.caches.system,
            (tenant, purpose),
            load,
        ))
    }

    fn audit_keys<'a>(
        &'a self,
        tenant: TenantId,
    ) -> BoxFuture<'a, Result<Arc<AuditKeys>, KeyError>> {
        let load = async move {
            let rows = rows::audit_keys(&self.database, tenant)
                .await
                .map_err(unavailable)?;
            let (row, wrapped) = Self::usable(rows)?;
            let secret = self.unwrap(Purpose::Audit, tenant, row.version, &wrapped);
            let secret = secret.await?;
            vouchsafe::trusted::audit_keys(secret.expose(), tenant, row.version)
                .map(Arc::new)
                .map_err(|_| KeyError::Damaged)
        };
        Box::pin(cache::single_flight(&self.caches.audit, tenant, load))
    }
}

/// Microseconds since the epoch.
fn now() -> i64 {
    Timestamp::now().as_microsecond()
}

const fn refused(refused: RootRefused) -> KeyError {
    match refused {
        RootRefused::Unavailable | RootRefused::Forbidden => KeyError::Unavailable,
        RootRefused::Damaged => KeyError::Damaged,
    }
}

fn unavailable(error: DatabaseError) -> KeyError {
    match error {
        DatabaseError::Schema => KeyError::Damaged,
        _ => KeyError::Unavailable,
    }
}
