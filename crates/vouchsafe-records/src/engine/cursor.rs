//! Cursors: where a search goes on. Sealed, for one principal, for a quarter of an hour; they
//! prove no right.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use vouchsafe::ids::RecordId;
use vouchsafe::seal::{SystemKey, SystemPurpose};
use vouchsafe::trusted::SystemCipher;

use super::{Caller, Failure};
use crate::store::After;

const LIFE: SignedDuration = SignedDuration::from_mins(15);
/// The purpose of the tenant's key for cursors.
pub(super) const PURPOSE: SystemPurpose = SystemPurpose::SearchCursor;

#[derive(Serialize, Deserialize)]
pub(super) struct Cursor {
    record_type: String,
    pub(super) params: Vec<(String, String)>,
    after: RecordId,
    /// Microseconds since 1970, where the order is one of time.
    updated: Option<i64>,
    /// How many there are on all pages, if they were counted.
    #[serde(default)]
    pub(super) total: Option<u64>,
    expires: i64,
}

impl Cursor {
    pub(super) fn new(
        record_type: &str,
        params: &[(String, String)],
        after: After,
        now: Timestamp,
    ) -> Self {
        Self {
            record_type: record_type.to_owned(),
            params: params.to_vec(),
            after: after.id,
            updated: after.updated.map(Timestamp::as_microsecond),
            total: None,
            expires: now.as_second() + LIFE.as_secs(),
        }
    }

    pub(super) fn counted(self, total: Option<u64>) -> Self {
        Self { total, ..self }
    }

    /// The record after which the search goes on.
    pub(super) fn after(&self) -> Result<After, Failure> {
        let updated = self.updated.map(Timestamp::from_microsecond);
        Ok(After {
            updated: updated.transpose().map_err(|_| Failure::BadCursor)?,
            id: self.after,
        })
    }

    pub(super) fn seal(&self, key: &SystemKey, caller: &Caller) -> String {
        // Strings and integers always serialise.
        let plain = serde_json::to_vec(self).unwrap_or_default();
        let sealed = SystemCipher::new(key).seal(context(caller).as_bytes(), &plain);
        URL_SAFE_NO_PAD.encode(sealed)
    }

    pub(super) fn open(
        text: &str,
        record_type: &str,
        key: &SystemKey,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let sealed = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| Failure::BadCursor)?;
        let plain = SystemCipher::new(key)
            .open(context(caller).as_bytes(), &sealed)
            .map_err(|_| Failure::BadCursor)?;
        let cursor: Self = serde_json::from_slice(&plain).map_err(|_| Failure::BadCursor)?;
        if cursor.record_type == record_type && now.as_second() < cursor.expires {
            Ok(cursor)
        } else {
            Err(Failure::BadCursor)
        }
    }
}

fn context(caller: &Caller) -> String {
    caller.session.principal().label()
}
