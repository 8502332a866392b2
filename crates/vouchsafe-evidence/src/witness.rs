//! Witnesses: outside parties that cosign the heads of the log, and no head that contradicts one they saw before.
//!
//! A head is given to them only when others see it: a head that another run overtakes would be a fork for a witness, for
//! ever. So each run begins with the head of the one before it, where a witness did not cosign that; what comes of it is
//! evidence of this run. It ends with its own.

mod ask;
mod judge;

use reqwest::Url;
use serde::Deserialize;
use vouchsafe_tlog::{Checkpoint, NoteVerifier, SignatureKind, SignedNote};

use crate::area::{Area, EvidenceType, People};
use crate::collect::{Call, Collected, Sink};
use crate::store::WriteError;

pub(crate) use ask::{Heads, ask};

/// The type of evidence that a head of the log is, with its cosignatures.
pub(crate) const HEAD: &str = "log.head/1";
/// The type of evidence that the refusal of a witness is.
pub(crate) const ANSWER: &str = "log.witness/1";
/// The first word of a refusal that says that the log is not what the witness saw.
const CONFLICT: &str = "conflict";

pub(crate) const AREA: Area = Area {
    types: &[
        EvidenceType {
            name: HEAD,
            title: "the head of the log before a run, with the cosignatures of witnesses",
            people: People::Nobody,
        },
        EvidenceType {
            name: ANSWER,
            title: "a witness that did not cosign the head of the log",
            people: People::Nobody,
        },
    ],
    collectors: &[],
    checks: &[include_str!("../data/checks/log-witnessed.toml")],
    evaluators: &[("log.witnessed", judge::judge)],
};

/// `[[witness]]` of `evidence.toml`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Witness {
    /// Its name in reports.
    pub(crate) name: String,
    /// Its public key (a C2SP vkey).
    pub(crate) key: String,
    /// The address below which it takes `add-checkpoint`.
    pub(crate) url: String,
}

/// What is wrong with a row.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum WitnessError {
    #[error("the key of the witness {0} is no public key of a witness (kind cosignature/v1)")]
    Key(String),
    #[error(
        "the url of the witness {0} is no https:// address without user and query; http:// is for a loopback address only"
    )]
    Url(String),
    #[error("the key of the witness {0} is that of another witness, too")]
    Twice(String),
}

impl Witness {
    /// Its key.
    pub(crate) fn verifier(&self) -> Result<NoteVerifier, WitnessError> {
        let key: Option<NoteVerifier> = self.key.parse().ok();
        key.filter(|key| key.kind() == SignatureKind::CosignatureV1)
            .ok_or_else(|| WitnessError::Key(self.name.clone()))
    }

    /// The address of its one call.
    fn address(&self) -> Result<Url, WitnessError> {
        let fault = || WitnessError::Url(self.name.clone());
        let mut url = Url::parse(&self.url).map_err(|_| fault())?;
        if !crate::store::s3::may_be_called(&url) {
            return Err(fault());
        }
        let path = format!("{}/add-checkpoint", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Ok(url)
    }
}

/// The keys of all witnesses.
///
/// # Errors
/// At the first row that is wrong.
pub(crate) fn keys(witnesses: &[Witness]) -> Result<Vec<NoteVerifier>, WitnessError> {
    let mut keys: Vec<NoteVerifier> = Vec::new();
    for witness in witnesses {
        let key = witness.verifier()?;
        witness.address()?;
        if keys.contains(&key) {
            return Err(WitnessError::Twice(witness.name.clone()));
        }
        keys.push(key);
    }
    Ok(keys)
}

/// What will be called, and what is sent.
pub(crate) fn plan(witnesses: &[Witness]) -> Vec<Call> {
    let call = |witness: &Witness| {
        Call::new(
            format!(
                "post the size, root and signature of the log, and no evidence, to {}",
                witness.url
            ),
            format!(
                "none; the witness {} must know the key of the log",
                witness.name
            ),
        )
    };
    witnesses.iter().map(call).collect()
}

/// Records the head before this run, and the witnesses that did not cosign it. `before` is the size of the log that the run
/// found when nobody else could write it any more.
///
/// # Errors
/// When the log cannot be written.
pub(crate) fn record(heads: &Heads, before: u64, sink: &mut Sink<'_>) -> Result<(), WriteError> {
    let Some(note) = &heads.note else {
        return Ok(());
    };
    sink.put_screened(&Collected {
        schema: HEAD,
        source: "log",
        request: "the head before this run",
        collected_at: None,
        effective: None,
        content: note.to_string().as_bytes(),
    })?;
    let moved = log_size(note).is_some_and(|asked| asked < before);
    for (name, why) in &heads.refused {
        // What a witness saw of a log that went on meanwhile is no other log.
        let why = match why.starts_with(CONFLICT) && moved {
            true => "another run went on while it was asked",
            false => why,
        };
        sink.failed(ANSWER, name, "add-checkpoint", why)?;
    }
    Ok(())
}

fn log_size(note: &SignedNote) -> Option<u64> {
    let checkpoint = Checkpoint::parse(note.text()).ok()?;
    Some(checkpoint.size)
}

#[cfg(test)]
mod tests;
