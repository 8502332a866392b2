//! Key services and the store of wrapped keys.
//!
//! ```text
//! root key (a file or a key service, never in the database)
//!   |-- branch key (tenant, version)
//!   |     |-- subject key (random: a derived one could not be destroyed)
//!   |     |-- key of records without a subject
//!   |     `-- system keys (derived, one per purpose)
//!   |-- index key (tenant, version)
//!   `-- audit key (tenant, shard)
//! ```
//!
//! Every stored key is wrapped with its tenant, subject, purpose and version as context, so a row that is copied to
//! another place opens nothing there.

pub mod local;

mod context;
mod root;
mod store;

pub use root::{PATIENCE, RootKey, RootRefused};
pub use store::{CacheLimits, KeyAge, KeyStore, StoreError, TenantKeys};
