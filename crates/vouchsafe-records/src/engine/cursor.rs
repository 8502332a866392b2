//! Cursors: where a search goes on. Sealed, for one principal, for a quarter of an hour; they
//! prove no right.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use vouchsafe::ids::RecordId;
use vouchsafe::seal::SystemKey;

use super::{Caller, Failure};

const LIFE: SignedDuration = SignedDuration::from_mins(15);
/// The purpose of the tenant's key for cursors.
pub(super) const PURPOSE: &str = "search-cursor";

#[derive(Serialize, Deserialize)]
pub(super) struct Position {
    record_type: String,
    pub(super) params: Vec<(String, String)>,
    pub(super) after: RecordId,
    expires: i64,
}

impl Position {
    pub(super) fn new(
        record_type: &str,
        params: &[(String, String)],
        after: RecordId,
        now: Timestamp,
    ) -> Self {
        Self {
            record_type: record_type.to_owned(),
            params: params.to_vec(),
            after,
            expires: now.as_second() + LIFE.as_secs(),
        }
    }

    pub(super) fn seal(&self, key: &SystemKey, caller: &Caller) -> String {
        // Strings and integers always serialise.
        let plain = serde_json::to_vec(self).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(key.seal(context(caller).as_bytes(), &plain))
    }

    pub(super) fn open(
        text: &str,
        record_type: &str,
        key: &SystemKey,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let sealed = URL_SAFE_NO_PAD.decode(text).map_err(|_| Failure::BadCursor)?;
        let plain = key
            .open(context(caller).as_bytes(), &sealed)
            .map_err(|_| Failure::BadCursor)?;
        let position: Self = serde_json::from_slice(&plain).map_err(|_| Failure::BadCursor)?;
        if position.record_type == record_type && now.as_second() < position.expires {
            Ok(position)
        } else {
            Err(Failure::BadCursor)
        }
    }
}

fn context(caller: &Caller) -> String {
    caller.session.principal().label()
}
