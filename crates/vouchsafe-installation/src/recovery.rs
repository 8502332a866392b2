//! Acts by which an installation goes on after a loss: of its clock, of its audit log, of records.
//!
//! None of them is silent. Each is an entry of the log with who did it and why, is kept beside the pins in
//! `installation.json`, and is shown by `check` and `audit verify` for ever. What is replaced is never deleted.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use vouchsafe::audit::{AuditKeys, AuditLog as _, Context, Event, Outcome, Stream};
use vouchsafe_ledger::client::RecorderClient;
use vouchsafe_ledger::reader::{Log, ReadError};
use vouchsafe_ledger::{RecorderError, recorder};
use vouchsafe_records::store::Store;
use vouchsafe_tlog::NoteVerifier;

use crate::checkpoint::{self, Missing};
use crate::clock::now;
use crate::entry::Entry;
use crate::folder::{Folder, Pinned};
pub use crate::loss::{LogKeys, Lost, Recover, Recovery};
use crate::opening::OpenError;

/// Entries under a false clock are told apart up to so many.
const TOLD: usize = 100_000;

/// Makes an empty log in the place of one that is gone, and pins its keys beside those of the one before. Called again, it
/// finishes what was cut off.
pub(crate) fn begin_log(
    folder: &Folder,
    pinned: &mut Pinned,
    recover: &Recover,
) -> Result<(), OpenError> {
    let before = LogKeys {
        log: pinned.log.clone(),
        recorder: pinned.recorder.clone(),
    };
    let logs = pinned.recoveries.iter();
    let number = logs.filter(|done| done.lost == Lost::Log).count() + 2;
    let origin = format!("vouchsafe.local/{}/{number}", pinned.tenant);
    let audit = folder.audit();
    // Whatever is there may be evidence, also what is no log any more.
    if has_content(&audit) && !is_begun(folder, &origin) {
        return Err(OpenError::LogIsThere(audit));
    }
    let identity = match recorder::init(&audit, &origin) {
        Err(RecorderError::AlreadyInitialised { .. }) => recorder::identity(&audit)?,
        made => made?,
    };
    let key = before.log.as_deref().unwrap_or("unknown");
    let found = format!(
        "a new log, {origin}, was begun; the one before it has the key {key}, and what it recorded is in its own folder alone"
    );
    pinned.log = Some(identity.log.to_string());
    pinned.recorder = Some(data_encoding::HEXLOWER.encode(identity.recorder.public_key()));
    pinned.recoveries.push(Recovery {
        before: Some(before),
        ..Recovery::new(recover, found)
    });
    Ok(folder.keep(pinned)?)
}

/// Whether the log that is there was made by an act that was cut off: of that name, and empty.
fn is_begun(folder: &Folder, origin: &str) -> bool {
    Log::open(&folder.audit()).is_ok_and(|log| log.origin() == origin && log.size() == 0)
}

fn has_content(folder: &Path) -> bool {
    folder
        .read_dir()
        .is_ok_and(|mut entries| entries.next().is_some())
}

/// What is known of the log that was replaced, from the database.
pub(crate) async fn tell_of_log(pinned: &mut Pinned, store: &Store) -> Result<(), OpenError> {
    let open = |done: &&mut Recovery| done.lost == Lost::Log && done.entry.is_none();
    for recovery in pinned.recoveries.iter_mut().filter(open) {
        let key = recovery
            .before
            .as_ref()
            .and_then(|keys| keys.log.as_deref());
        let Some(key) = key.and_then(|key| key.parse::<NoteVerifier>().ok()) else {
            continue;
        };
        let seen = store.checkpoint(key.name().as_str()).await;
        let seen = seen.map_err(checkpoint::CheckpointError::from)?;
        if let Some(size) = seen.and_then(|note| checkpoint::size(&note, &key)) {
            recovery.found += &format!("; {size} entries of it were seen last");
        }
    }
    Ok(())
}

/// What the log has from a clock that was false, or how far this clock is ahead of it; none when they agree.
pub(crate) fn clock(log: &Log, recover: &Recover) -> Result<Option<Recovery>, OpenError> {
    let at = now();
    let found = under_false_clock(log, at).map_err(checkpoint::CheckpointError::from)?;
    let found = match found {
        Some(found) => Some(found),
        None => ahead(log, at).map_err(checkpoint::CheckpointError::from)?,
    };
    Ok(found.map(|found| Recovery::new(recover, found)))
}

/// Entries that were recorded later than now: the last ones, if there are any.
fn under_false_clock(log: &Log, at: Timestamp) -> Result<Option<String>, ReadError> {
    let Some(newest) = log.size().checked_sub(1) else {
        return Ok(None);
    };
    let is_later =
        |index| Ok::<bool, ReadError>(recorded(log, index)?.is_some_and(|time| time > at));
    if !is_later(newest)? {
        return Ok(None);
    }
    // Back in growing steps to one that is not, then between: times went back before only where a clock was set right.
    let (mut low, mut high, mut step) = (0, newest, 1);
    while high > 0 {
        let probe = newest.saturating_sub(step);
        if !is_later(probe)? {
            low = probe + 1;
            break;
        }
        (high, step) = (probe, step.saturating_mul(2));
    }
    while low < high {
        let middle = low + (high - low) / 2;
        match is_later(middle)? {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    let (mut what, mut last) = (BTreeMap::<String, u64>::new(), at);
    for entry in log.entries(low)?.take(TOLD) {
        let entry = entry?;
        last = last.max(entry.recorded);
        let operation = Entry::read(entry.index, &entry.json);
        let operation = operation.map_or_else(|_| "unknown".to_owned(), |entry| entry.operation);
        *what.entry(operation).or_default() += 1;
    }
    let what: Vec<String> = what
        .iter()
        .map(|(operation, count)| format!("{count} {operation}"))
        .collect();
    Ok(Some(format!(
        "under a clock that was ahead, up to {last:.0}, entries {low} to {} were recorded: {}. What they made (sessions, links, rights, \
         versions of records) has times that were not; idempotency keys and ended sessions may have been deleted too soon",
        newest,
        what.join(", ")
    )))
}

/// The last entry is so old that only somebody who looked at the clock goes on from it.
fn ahead(log: &Log, at: Timestamp) -> Result<Option<String>, ReadError> {
    let Some(index) = log.size().checked_sub(1) else {
        return Ok(None);
    };
    let Some(last) = recorded(log, index)? else {
        return Ok(None);
    };
    let days = at.duration_since(last).as_hours() / 24;
    Ok((days > 31).then(|| {
        format!(
            "nothing had been recorded for {days} days, since {last:.0}; the clock was confirmed"
        )
    }))
}

fn recorded(log: &Log, index: u64) -> Result<Option<Timestamp>, ReadError> {
    let mut entries = log.entries(index)?;
    let entry = entries.next().transpose()?;
    Ok(entry.map(|entry| entry.recorded))
}

/// That writes of the log are not in the database, as somebody accepts it.
pub(crate) fn database(missing: &Missing, recover: &Recover) -> Recovery {
    Recovery::new(recover, missing.to_string())
}

/// Records what was done and is not in the log yet.
pub(crate) async fn write_down(
    (folder, pinned): (&Folder, &mut Pinned),
    log: &RecorderClient,
    keys: &AuditKeys,
) -> Result<(), OpenError> {
    let (context, tenant) = (Context::default(), pinned.tenant);
    let mut written = false;
    for recovery in pinned
        .recoveries
        .iter_mut()
        .filter(|done| done.entry.is_none())
    {
        let detail = serde_json::to_vec(recovery).unwrap_or_default();
        let event = Event {
            actor: Some(recovery.by.clone()),
            tenant: Some(tenant),
            detail: Some((keys, &detail)),
            ..Event::new(
                Stream::System,
                recovery.lost.operation(),
                Outcome::Permitted,
                &context,
            )
        };
        let recorded = log.append(vec![event.draft(now())]).await?;
        recovery.entry = recorded.entries().first().map(|entry| entry.index());
        written = true;
    }
    if written {
        folder.keep(pinned)?;
    }
    Ok(())
}
