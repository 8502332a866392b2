//! Asks witnesses for their cosignatures.

use std::time::Duration;

use reqwest::blocking::{Client, Response};
use vouchsafe_tlog::witness::{AddCheckpoint, cosignatures, size_seen};
use vouchsafe_tlog::{NoteSignature, NoteVerifier, SignedNote};

use super::{CONFLICT, Witness};
use crate::bounded::{self, Unread};
use crate::store::Log;

/// No answer may be longer.
const ANSWER_BYTES: u64 = 64 << 10;
/// How long a witness may take to begin its answer, and to end it.
const PATIENCE: Duration = Duration::from_secs(20);

/// A head of the log, with what witnesses said of it.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    /// The head with all cosignatures; none when there was nothing to ask about, or nobody to ask.
    pub(crate) note: Option<SignedNote>,
    /// Cosignatures that came in now.
    pub(crate) gained: usize,
    /// Names of witnesses that did not cosign, and why.
    pub(crate) refused: Vec<(String, String)>,
}

/// Asks each witness that did not cosign the head of a log yet. A witness that does not answer is no error: the reason is
/// printed and recorded.
pub(crate) fn ask(witnesses: &[Witness], log: &Log) -> Heads {
    let mut heads = Heads::default();
    let Ok(mut note) = SignedNote::parse(log.note()) else {
        return heads;
    };
    if witnesses.is_empty() || log.size() == 0 {
        return heads;
    }
    let client = Client::builder()
        .user_agent(crate::collect::PROGRAM)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .timeout(PATIENCE)
        .build();
    for witness in witnesses {
        let answer = match (&client, witness.verifier()) {
            (_, Ok(key)) if note.verify(&[&key]).is_ok() => continue,
            (Ok(client), Ok(key)) => Asking {
                client,
                witness,
                key,
                log,
            }
            .ask(&note),
            (Err(_), _) => Err("the client could not be made".to_owned()),
            (_, Err(error)) => Err(error.to_string()),
        };
        match answer.and_then(|line| note.add_signature(line).map_err(|error| error.to_string())) {
            Ok(()) => heads.gained += 1,
            Err(why) => heads.refused.push((witness.name.clone(), why)),
        }
    }
    heads.note = Some(note);
    heads
}

struct Asking<'a> {
    client: &'a Client,
    witness: &'a Witness,
    key: NoteVerifier,
    log: &'a Log,
}

impl Asking<'_> {
    fn ask(&self, note: &SignedNote) -> Result<NoteSignature, String> {
        // A witness that saw the log before says up to where; then it is shown that the log goes on from there.
        let (status, body) = self.call(note, 0)?;
        if status != 409 {
            return self.cosignature(note, status, &body);
        }
        let size = self.log.size();
        let seen = size_seen(&body).ok_or("it answers 409 without the size that it saw last")?;
        if seen > size {
            return Err(format!(
                "{CONFLICT}: it saw {seen} entries of this log, which has {size} now"
            ));
        }
        let (status, body) = self.call(note, seen)?;
        if status == 409 && size_seen(&body) != Some(seen) {
            return Err("another run went on while it was asked (409)".to_owned());
        }
        self.cosignature(note, status, &body)
    }

    fn call(&self, note: &SignedNote, seen: u64) -> Result<(u16, Vec<u8>), String> {
        let call = AddCheckpoint::new(self.log.tree(), seen, self.log.size(), note.clone())
            .map_err(|error| error.to_string())?;
        let address = self.witness.address().map_err(|error| error.to_string())?;
        let request = self.client.post(address).body(call.to_string());
        let answer = request.send().map_err(|error| said(&error))?;
        let status = answer.status().as_u16();
        Ok((status, body(answer)?))
    }

    fn cosignature(
        &self,
        note: &SignedNote,
        status: u16,
        body: &[u8],
    ) -> Result<NoteSignature, String> {
        match status {
            200 => {}
            403 => return Err("it does not trust the key of this log (403)".to_owned()),
            404 => return Err("it does not know this log (404)".to_owned()),
            409 => {
                return Err(format!(
                    "{CONFLICT}: it saw another root for this size (409)"
                ));
            }
            422 => {
                return Err(format!(
                    "{CONFLICT}: the log does not go on from what it saw (422)"
                ));
            }
            status => return Err(format!("it answers {status}")),
        }
        let lines = cosignatures(body).map_err(|error| format!("its answer: {error}"))?;
        let is_good = |line: &NoteSignature| {
            let note = SignedNote::new(note.text(), line.clone());
            note.is_ok_and(|note| note.verify(&[&self.key]).is_ok())
        };
        let mut good = lines.into_iter().filter(is_good);
        good.next()
            .ok_or_else(|| "its answer has no cosignature by its key".to_owned())
    }
}

fn said(error: &reqwest::Error) -> String {
    let why = if error.is_timeout() {
        "it does not answer in time"
    } else {
        "it cannot be reached"
    };
    why.to_owned()
}

fn body(answer: Response) -> Result<Vec<u8>, String> {
    bounded::read(answer, ANSWER_BYTES, PATIENCE).map_err(|why| {
        let why = match why {
            Unread::TooLong => "its answer is too long",
            Unread::Cut => "its answer was cut, or took too long",
        };
        why.to_owned()
    })
}
