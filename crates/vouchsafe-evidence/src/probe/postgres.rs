//! A probe of a table in PostgreSQL that holds an audit log: what may the role of a service do to it? `probe.postgres/1`.
//!
//! Catalogs are read, in a transaction that may write nothing. Rows of the table are not.

mod catalog;
mod judge;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::dial::without_user;
use crate::collect::Call;

pub(crate) use judge::append_only;

/// The type of evidence that such a probe is.
pub(crate) const POSTGRES: &str = "probe.postgres/1";

/// `[[probe.postgres]]`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostgresTarget {
    /// `postgres://USER@HOST[:PORT]/DATABASE`, without a password.
    pub(crate) url: String,
    /// The authority that signed the server's certificate (PEM).
    pub(crate) ca: PathBuf,
    /// A file with the password, which its owner alone may read.
    #[serde(default)]
    pub(crate) password_file: Option<PathBuf>,
    /// The variable of the environment with the password.
    #[serde(default)]
    pub(crate) password_env: Option<String>,
    /// The table of the audit log: `SCHEMA.TABLE`.
    pub(crate) table: String,
    /// The role by which the service appends to it.
    pub(crate) role: String,
}

impl PostgresTarget {
    /// What it is called in evidence.
    pub(crate) fn name(&self) -> String {
        let url = without_user(&self.url);
        format!("{url} {} {}", self.table, self.role)
    }
}

/// What catalogs say of a table and a role.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostgresProbe {
    /// The version of this format: 1.
    #[serde(deserialize_with = "crate::format::version_1")]
    pub(crate) v: u8,
    /// The target, as [`PostgresTarget::name`] says it.
    pub(crate) name: String,
    /// When, by the clock of the machine that probed.
    pub(crate) at: Timestamp,
    /// The version of the server.
    pub(crate) server: String,
    pub(crate) role: String,
    /// The table, then its partitions and all that inherit from it.
    pub(crate) tables: Vec<Table>,
    /// The role itself, then each role that it is a member of, directly or not.
    pub(crate) acts_as: Vec<ActsAs>,
    /// Other tables of the same database into which the role may write.
    pub(crate) other_tables: i64,
}

/// A table.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(crate) name: String,
    /// Whether a crash empties it.
    pub(crate) unlogged: bool,
    /// Names of triggers that are on.
    pub(crate) triggers: Vec<String>,
}

/// A role, and what it may do.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActsAs {
    pub(crate) role: String,
    pub(crate) superuser: bool,
    /// Whether it may make roles and give memberships.
    pub(crate) createrole: bool,
    pub(crate) owns_database: bool,
    /// Schemas of the tables that it owns.
    pub(crate) owns_schemas: Vec<String>,
    /// By table: `owner`, `insert`, `update`, `delete`, `truncate`, `trigger`.
    pub(crate) may: Vec<May>,
}

/// Something that a role may do to a table.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct May {
    pub(crate) table: String,
    pub(crate) what: String,
}

/// What a probe will do, before it does it.
pub(crate) fn plan(target: &PostgresTarget) -> Call {
    let what = format!(
        "connect to {} and read catalogs: grants of {} and memberships of {}; no row of it",
        without_user(&target.url),
        target.table,
        target.role
    );
    Call::new(what, "to connect to that database; nothing else is needed")
}

/// Probes.
///
/// # Errors
/// In words, without a password or any text of the server's but its own.
pub(crate) fn probe(
    target: &PostgresTarget,
    root: &Path,
    now: Timestamp,
) -> Result<PostgresProbe, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(catalog::read(target, root, now))
}
