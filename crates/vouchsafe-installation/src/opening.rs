//! The arguments and errors of opening an installation.

use std::path::PathBuf;

use jiff::Timestamp;
use vouchsafe::access::BundleRefused;
use vouchsafe::keys::KeyError;
use vouchsafe_ledger::Gap;
use vouchsafe_ledger::client::{ChildError, ConnectError};

use crate::change::ChangeError;
use crate::checkpoint::{CheckpointError, Missing};
use crate::first::Administrator;
use crate::folder::FolderError;
use crate::settings::{Settings, SettingsError};
use crate::tls::TlsError;

/// The arguments for opening an installation.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The data folder.
    pub folder: PathBuf,
    /// The program of the recorder: this program.
    pub program: PathBuf,
    /// The first administrator, if this is the first start.
    pub administrator: Administrator,
    /// Whether a missing installation is created.
    pub create: bool,
    /// Whether an operator confirmed that the clock is right, though it is far ahead of the log.
    pub gap: Gap,
    /// The settings.
    pub settings: Settings,
}

/// The reason why an installation could not be opened. The text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data folder is not usable.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The clock is before this program was built.
    #[error(
        "the clock says {0:.0}, and this program is younger: set the clock right, then start again"
    )]
    ClockPast(Timestamp),
    /// The settings are refused.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The root key is not available.
    #[error("root key: {0}")]
    Root(#[from] vouchsafe_keys::local::RootError),
    /// The database of keys cannot be opened.
    #[error("keys: {0}")]
    Keys(#[from] vouchsafe_keys::StoreError),
    /// A key is not available.
    #[error("keys: {0}")]
    Key(#[from] KeyError),
    /// The audit log's folder is not usable.
    #[error("audit log: {0}")]
    Recorder(#[from] vouchsafe_ledger::RecorderError),
    /// The recorder does not start.
    #[error("audit log: {0}")]
    Child(#[from] ChildError),
    /// The recorder does not answer.
    #[error("audit log: {0}")]
    Connect(#[from] ConnectError),
    /// The log is not the one that was pinned at the first start.
    #[error(
        "the audit log in this folder is not the one that is pinned: its keys are others; restore the log's folder from a \
         backup. If there is none, docs/recovery.md says how to go on with a new log"
    )]
    OtherLog,
    /// The log that was pinned is gone.
    #[error(
        "the audit log is gone from {0}: restore the folder as it was last. If there is no copy, docs/recovery.md says how to go \
         on with a new log"
    )]
    NoLog(PathBuf),
    /// The log is older than what was seen of it, or another one.
    #[error("audit log: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The database of records is older than the log.
    #[error(
        "records: {0}: this is an older copy, or another file. Nothing was changed. Restore the database as it was last; if \
         there is no newer one, `vouchsafe recover database --reason ...` goes on without them, and records that"
    )]
    Behind(Missing),
    /// A new log was asked for where there is one.
    #[error(
        "there is something in {0}: move the folder away first and keep it, the log in it is evidence"
    )]
    LogIsThere(PathBuf),
    /// A loss was to be got over, and there is none.
    #[error("nothing is lost: {0}. Nothing was changed")]
    NothingLost(&'static str),
    /// A loss cannot be got over beside a process that works.
    #[error("the installation is in use: stop the service, and every command that works on it")]
    InUse,
    /// The log takes nothing.
    #[error("audit log: {0}")]
    Append(#[from] vouchsafe::audit::AppendError),
    /// The policies are refused.
    #[error("policies: {0}")]
    Policies(#[from] BundleRefused),
    /// A file of the policies cannot be read or written.
    #[error("policies: {0} is missing or malformed")]
    PolicyFile(PathBuf),
    /// The identity database cannot be opened.
    #[error("identity: {0}")]
    Identity(#[from] vouchsafe_identity::OpenError),
    /// The first administrator cannot be added.
    #[error("first administrator: {0}")]
    Administrator(#[from] vouchsafe_identity::AdminError),
    /// A change of the first start did not happen.
    #[error("first start: {0}")]
    NotDone(#[from] ChangeError),
    /// A database server cannot be used.
    #[error("{setting} ({place}): {error}")]
    Database {
        /// The setting.
        setting: &'static str,
        /// Host, port and database.
        place: String,
        /// The fault, and what to do.
        error: vouchsafe_database::DatabaseError,
    },
    /// A database file is missing or damaged.
    #[error("{path}: {error}. Nothing was changed; docs/recovery.md says what to do", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: vouchsafe_database::DatabaseError,
    },
    /// The database of records.
    #[error("records: {0}")]
    Records(#[from] vouchsafe_database::DatabaseError),
    /// The record types are not valid.
    #[error("record types: {0}")]
    Pack(#[from] vouchsafe_records::pack::PackError),
    /// Interrupted writes could not be settled.
    #[error("writes that were cut off could not be settled: {0}")]
    Settle(vouchsafe_records::engine::Failure),
    /// TLS cannot be set up.
    #[error("TLS: {0}")]
    Tls(#[from] TlsError),
    /// PostgreSQL is only partly configured.
    #[error(
        "set all of database.records, database.identity, database.keys and database.ca for PostgreSQL, or none of them and no database.connections for SQLite"
    )]
    HalfPostgres,
}
