//! Requests that were sent and not answered yet, and their counters.
//!
//! The recorder accepts counters without gaps. If it refuses a request, the requests sent after it have counters that
//! it will never accept: the driver sends nothing new until all of them are answered, then gives them new counters.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::oneshot;
use vouchsafe::audit::{Acknowledged, AppendError, RecorderKey, Source};
use vouchsafe::ids::IntentId;

use super::{Append, Placed as Entries};
use crate::wire::{self, Entry, Placed, Refusal, Reply, RequestId, Welcome};

/// A request without an answer.
#[derive(Debug)]
enum Pending {
    Append {
        append: Append,
        first_counter: u64,
        repeated: bool,
    },
    Unsettled(oneshot::Sender<Result<Vec<IntentId>, AppendError>>),
}

/// The driver's next action after an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Then {
    GoOn,
    /// End this connection and make another.
    Reconnect,
}

/// The requests in flight of one source.
#[derive(Debug)]
pub(super) struct Flight {
    source: Source,
    recorder: RecorderKey,
    pending: BTreeMap<RequestId, Pending>,
    next_request: RequestId,
    /// The counter of the next entry sent.
    next_counter: u64,
    /// The highest counter that the recorder has acknowledged.
    acknowledged: u64,
    /// Requests that were refused for the gap of another one, to be sent again with other counters.
    misnumbered: Vec<Append>,
    /// A request was refused: its counters, and those after it, are free again.
    renumber: bool,
}

impl Flight {
    pub(super) const fn new(source: Source, recorder: RecorderKey) -> Self {
        Self {
            source,
            recorder,
            pending: BTreeMap::new(),
            // Request 0 is the hello of each connection.
            next_request: 1,
            next_counter: 1,
            acknowledged: 0,
            misnumbered: Vec::new(),
            renumber: false,
        }
    }

    pub(super) const fn source(&self) -> &Source {
        &self.source
    }

    /// Whether new requests may be sent now.
    pub(super) const fn open(&self) -> bool {
        !self.renumber
    }

    /// Sends entries with the next counters.
    pub(super) fn append(&mut self, append: Append, out: &mut Vec<u8>) {
        let first_counter = self.next_counter;
        self.next_counter += append.entries.len() as u64;
        self.put(append, first_counter, false, out);
    }

    pub(super) fn unsettled(
        &mut self,
        reply: oneshot::Sender<Result<Vec<IntentId>, AppendError>>,
        out: &mut Vec<u8>,
    ) {
        let request = self.request();
        wire::put_unsettled(out, request);
        self.pending.insert(request, Pending::Unsettled(reply));
    }

    /// Begins a connection: the welcome MUST come from the pinned recorder and include every acknowledged entry.
    ///
    /// Stored requests are asked for again. The others are sent with the next counters, unless their caller got `Late`.
    pub(super) fn welcome(
        &mut self,
        welcome: &Welcome,
        out: &mut Vec<u8>,
    ) -> Result<(), AppendError> {
        if welcome.last_counter < self.acknowledged {
            return Err(AppendError::Untrusted);
        }
        let mut unsent = std::mem::take(&mut self.misnumbered);
        self.renumber = false;
        self.acknowledged = welcome.last_counter;
        self.next_counter = welcome.last_counter + 1;
        for pending in std::mem::take(&mut self.pending).into_values() {
            match pending {
                Pending::Append {
                    append,
                    first_counter,
                    ..
                } if first_counter <= welcome.last_counter => {
                    self.put(append, first_counter, true, out);
                }
                Pending::Append { append, .. } => unsent.push(append),
                Pending::Unsettled(reply) => self.unsettled(reply, out),
            }
        }
        self.resend(unsent, out);
        Ok(())
    }

    /// Handles an answer.
    pub(super) fn reply(&mut self, reply: Reply, out: &mut Vec<u8>) -> Then {
        let then = match reply {
            Reply::Committed(acknowledgement, placed) => {
                let batch = self
                    .recorder
                    .verify(acknowledgement)
                    .map_err(|_| AppendError::Untrusted);
                for placed in placed {
                    self.committed(&batch, placed);
                }
                Then::GoOn
            }
            Reply::Unsettled(request, intents) => {
                if let Some(Pending::Unsettled(reply)) = self.pending.remove(&request) {
                    // The caller may have given up.
                    let _ = reply.send(Ok(intents));
                }
                Then::GoOn
            }
            Reply::Refused(request, refusal) => self.refused(request, refusal),
            // A second welcome violates the protocol.
            Reply::Welcome(..) => Then::Reconnect,
        };
        let appending = |pending: &Pending| matches!(pending, Pending::Append { .. });
        if self.renumber && !self.pending.values().any(appending) {
            self.renumber = false;
            self.next_counter = self.acknowledged + 1;
            let misnumbered = std::mem::take(&mut self.misnumbered);
            self.resend(misnumbered, out);
        }
        then
    }

    fn committed(&mut self, batch: &Result<Arc<Acknowledged>, AppendError>, placed: Placed) {
        let Some(Pending::Append {
            append,
            first_counter,
            ..
        }) = self.pending.remove(&placed.request)
        else {
            return;
        };
        let last_counter = first_counter + append.entries.len() as u64 - 1;
        self.acknowledged = self.acknowledged.max(last_counter);
        let stored = batch.as_ref().map_err(|error| *error).and_then(|batch| {
            let position = usize::try_from(placed.position).map_err(|_| AppendError::Untrusted)?;
            Ok(Entries {
                batch: Arc::clone(batch),
                position,
                first_counter,
            })
        });
        // The caller may have given up.
        let _ = append.reply.send(stored);
    }

    fn refused(&mut self, request: RequestId, refusal: Refusal) -> Then {
        if matches!(refusal, Refusal::Stopping | Refusal::Superseded) {
            // The next connection will show whether it is stored.
            return Then::Reconnect;
        }
        let Some(Pending::Append {
            append, repeated, ..
        }) = self.pending.remove(&request)
        else {
            return Then::Reconnect;
        };
        self.renumber = true;
        if refusal == Refusal::Gap {
            self.misnumbered.push(append);
            return Then::GoOn;
        }
        // A repeated request that the recorder can no longer compare may well be stored.
        let unknown = repeated && refusal == Refusal::Conflict;
        let _ = append.reply.send(Err(if unknown {
            AppendError::Late
        } else {
            AppendError::Refused
        }));
        Then::GoOn
    }

    fn resend(&mut self, unsent: Vec<Append>, out: &mut Vec<u8>) {
        // The recorder compares the time with its clock, and may have been away for longer than it allows.
        let now = Timestamp::now();
        for mut append in unsent.into_iter().filter(|append| !append.is_late()) {
            let entries = append.entries.iter_mut();
            entries.for_each(|entry| entry.leave_again(now));
            self.append(append, out);
        }
    }

    fn put(&mut self, append: Append, first_counter: u64, repeated: bool, out: &mut Vec<u8>) {
        let request = self.request();
        let entries = append
            .entries
            .iter()
            .enumerate()
            .map(|(place, sent)| Entry {
                kind: sent.kind(),
                time: sent.time(),
                counter: first_counter + place as u64,
                bytes: sent.bytes(),
            });
        wire::put_append(out, request, entries);
        self.pending.insert(
            request,
            Pending::Append {
                append,
                first_counter,
                repeated,
            },
        );
    }

    fn request(&mut self) -> RequestId {
        let request = self.next_request;
        self.next_request += 1;
        request
    }
}
