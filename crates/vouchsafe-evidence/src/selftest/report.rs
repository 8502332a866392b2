//! The report of a self-test: `vouchsafe.self-test/1`. Counts, ids and times; no name, no value of a record, no key.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A report.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The version of this format: 1.
    #[serde(deserialize_with = "crate::format::version_1")]
    pub v: u8,
    /// The program that tried, and its version.
    pub program: String,
    /// When.
    pub at: Timestamp,
    /// Which installation: its tenant.
    pub installation: String,
    /// Where it serves: issuer and audience of its tokens.
    pub url: String,
    /// What its policies allow.
    pub access: Option<Access>,
    /// Tokens with a good signature that must be refused.
    pub tokens: Vec<TokenTried>,
    /// Its people.
    pub identity: Option<Identity>,
    /// Its audit log.
    pub log: Option<Log>,
    /// Sealing.
    pub seal: Option<Seal>,
    /// Its keys: ids and times.
    pub keys: Vec<Key>,
    /// Values of a record that were looked for in raw storage.
    pub storage: Option<Storage>,
    /// What a scan for PHI found in files that must hold none.
    pub leaks: Option<Leaks>,
    /// What was not tried, and why.
    pub not_done: Vec<NotDone>,
}

/// What was not tried.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NotDone {
    /// Which part of the report.
    pub part: String,
    /// Why.
    pub why: String,
}

/// The matrix of decisions under the policies in force: each role, verb, class, purpose and situation, for some types of
/// records.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// The hash of the policies.
    pub bundle: String,
    /// Decisions that were asked for.
    pub asks: u64,
    /// Of those, allowed, by role.
    pub allowed: BTreeMap<String, u64>,
    /// SHA-256 over all decisions, in the order of the asks, which depends on the version of the program alone.
    pub matrix: String,
    /// Allowed to somebody without a role, or with one that the policies do not know.
    pub allowed_without_role: u64,
    /// Allowed in another tenant.
    pub allowed_elsewhere: u64,
    /// Allowed after the session, or outside of the time of the right.
    pub allowed_out_of_time: u64,
    /// Routes of the FHIR interface of the service.
    pub routes: u64,
}

/// A token with a good signature that must be refused.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TokenTried {
    /// What is wrong with it: `expired`, `no-exp`, `long-exp`, `wrong-aud`, `wrong-iss`, `old-key`, `alg-none`, `alg-other`;
    /// `valid` is the control.
    pub fault: String,
    /// Whether it was refused.
    pub refused: bool,
}

/// People, by their ids.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Everybody who is not disabled.
    pub people: Vec<Person>,
    /// Groups of people who have one name or login, however it is written.
    pub same: Vec<Vec<String>>,
    /// Services that are in force, and whose owner was disabled.
    pub services_without_owner: u64,
}

/// A person.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Their id.
    pub id: String,
    /// Whether the name or login is that of a role or a machine and of nobody: `admin`, `test`.
    pub generic: bool,
    /// Roles that are in force.
    pub roles: Vec<String>,
    /// Factors; none before they enrol.
    pub factors: Option<Factors>,
    /// When the audit log last names them as the actor; none where it never does, or was not read.
    pub last_active: Option<Timestamp>,
    /// When they were added.
    pub added: Timestamp,
}

/// Factors of a person.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Factors {
    /// A password.
    pub password: bool,
    /// One-time codes.
    pub totp: bool,
    /// A factor that no imitated page can use: a passkey.
    pub phishing_resistant: bool,
}

/// The audit log.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Entries under the checkpoint.
    pub entries: u64,
    /// Whether everything holds.
    pub sound: bool,
    /// Entries about records.
    pub about_records: u64,
    /// Of those, without exactly one named actor.
    pub without_actor: u64,
    /// The first indices of such entries.
    pub first_without: Vec<u64>,
    /// Attacks on a copy of it.
    pub attacks: Vec<Attacked>,
    /// Whether the user of the service, to whom the data folder belongs, may write the log: by owner, group or mode of its
    /// checkpoint or of the folders that it is in.
    pub writable_by_service: bool,
}

/// An attack on a copy.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Attacked {
    /// What was done: `flipped-byte`, `removed-entry`, `cut-off`.
    pub attack: String,
    /// How often it was tried.
    pub tried: u64,
    /// How often it was seen.
    pub seen: u64,
}

/// Sealing, tried on made-up records under keys that are made for it; nothing is stored.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// Whether the record opens when nothing was done to it: the control.
    pub opens: bool,
    /// What was done to it: `flipped-bit`, `swapped`, `moved`, `missing`. Seen is refused.
    pub attacks: Vec<Attacked>,
}

/// A key that wraps, signs or indexes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// What for: `root`, `branch`, `index`, `audit`, `token-signing`.
    pub purpose: String,
    /// Its number among those.
    pub version: u32,
    /// `active`, `retired`, `destroyed`.
    pub state: String,
    /// When it was made.
    pub made: Timestamp,
}

/// Values that the running service gave of a record, looked for in raw storage.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// How many values.
    pub values: u64,
    /// Files that were searched.
    pub files: u64,
    /// Bytes that were searched.
    pub bytes: u64,
    /// The files in which values were found, with how many different ones.
    pub hits: BTreeMap<String, u64>,
    /// Whether the id of the record was found where the records are: the control. Ids are in clear.
    #[serde(default)]
    pub control: bool,
    /// What of the storage was not searched, and why.
    pub elsewhere: Option<String>,
}

/// What a scan for PHI found.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Leaks {
    /// Files that were read.
    pub files: u64,
    /// Lines of text, and values of databases.
    pub lines: u64,
    /// Findings, by class.
    pub found: BTreeMap<String, u64>,
    /// Whether the detectors found what was planted in a text of their own: the control.
    pub control: bool,
    /// Why files, or parts of them, were not read; each with how many. Their names are not told.
    #[serde(default)]
    pub unread: BTreeMap<String, u64>,
}
