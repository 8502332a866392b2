//! Entries, and drafts of them.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::AuditKeys;
use crate::ids::IntentId;
use crate::phi::Opened;

/// What an entry is to the recorder: it keeps account of intents that have no outcome yet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EntryKind {
    /// Something that happened.
    Event,
    /// A write is about to commit.
    Intent(IntentId),
    /// How that write ended.
    Outcome(IntentId),
}

/// Which release an entry allows once it is in the log.
#[derive(Debug)]
pub(crate) struct ReleaseTag(pub(crate) Opened);

/// An entry that is not in the log yet.
///
/// Not `Clone`, and made only by the gate and by [`super::Event`]: whoever holds one can append
/// it, and nothing else.
#[derive(Debug)]
pub struct Draft {
    kind: EntryKind,
    time: Timestamp,
    bytes: Bytes,
    pub(crate) release: Option<ReleaseTag>,
}

impl Draft {
    /// What it is to the recorder.
    #[must_use]
    pub const fn kind(&self) -> EntryKind {
        self.kind
    }

    /// When it was made; the recorder refuses it when that is far from its own clock.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        self.time
    }

    /// The entry: JSON in the canonical form of RFC 8785.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

/// Which record an entry is about.
#[derive(Debug, Serialize)]
pub(crate) struct ResourceEntry {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) record_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<u32>,
}

/// Readable detail under encryption, and what it commits to after the key is gone.
#[derive(Debug, Serialize)]
pub(crate) struct Detail {
    commitment: String,
    sealed: String,
}

/// An entry's members, in canonical order: serialised as they stand.
///
/// INVARIANT (canonical-entry): names are ASCII and declared in ascending order, values are
/// strings and integers, so that `serde_json` writes the form of RFC 8785.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Entry {
    pub(crate) actor: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) assurance: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bundle: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) classes: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<Detail>,
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) intent: Option<IntentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) network: Option<String>,
    pub(crate) operation: &'static str,
    pub(crate) outcome: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) policies: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) purpose: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request: Option<crate::ids::RequestId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resource: Option<ResourceEntry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) roles: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session: Option<crate::ids::SessionId>,
    pub(crate) stream: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tenant: Option<crate::ids::TenantId>,
    pub(crate) time: String,
    pub(crate) v: u8,
}

impl Entry {
    /// The draft of this entry, stamped with a fresh id and the time; `detail` is sealed into it.
    pub(crate) fn draft(
        mut self,
        kind: EntryKind,
        detail: Option<(&AuditKeys, &[u8])>,
        release: Option<ReleaseTag>,
        now: Timestamp,
    ) -> Draft {
        let id = Uuid::now_v7();
        self.id = id.as_hyphenated().to_string();
        self.detail = detail.and_then(|(keys, plain)| detail_of(keys, id, plain));
        self.time = format!("{now:.6}");
        self.v = 1;
        // Strings, integers and lists of them always serialise; an empty entry would be refused.
        let bytes = serde_json::to_vec(&self).unwrap_or_default();
        Draft {
            kind,
            time: now,
            bytes: bytes.into(),
            release,
        }
    }
}

/// Seals `salt || plain` and commits to it, so that the log's proofs outlive the detail's key.
fn detail_of(keys: &AuditKeys, entry: Uuid, plain: &[u8]) -> Option<Detail> {
    let mut salted = Uuid::new_v4().as_bytes().to_vec();
    salted.extend_from_slice(plain);
    Some(Detail {
        commitment: URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &salted)),
        sealed: keys.seal_detail(entry, &salted)?,
    })
}
