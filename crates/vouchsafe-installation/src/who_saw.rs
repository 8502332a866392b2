//! Reports who saw a patient's records.
//!
//! This turns tokens of the log back into people, so it is an access itself: the policies decide it for the holder of
//! the token, and its entry is in the log before a line of it is returned.

use std::collections::HashMap;

use serde::Serialize;
use vouchsafe::access::{Denied, Verb};
use vouchsafe::audit::Context;
use vouchsafe::ids::{InvalidId, RecordId, RecordType};
use vouchsafe::keys::KeyError;
use vouchsafe_database::DatabaseError;
use vouchsafe_identity::{Activity, AuthenticationRefused};
use vouchsafe_ledger::reader::{Log, ReadError};
use vouchsafe_records::store::StoreError;

use crate::action::{ActionError, admit};
use crate::caller;
use crate::checkpoint::CheckpointError;
use crate::entry::{Entry, UnknownForm};
use crate::installation::Installation;

/// The result.
#[derive(Debug, Serialize)]
pub struct Seen {
    /// The Patient record.
    pub patient: RecordId,
    /// Its accesses, in the order of the log.
    pub accesses: Vec<Access>,
    /// The origin of the log.
    pub origin: String,
    /// Number of entries that were read, from the first on: all entries.
    pub entries: u64,
    /// The root of the checkpoint that proves them.
    pub root: String,
    /// The index of the entry of this request.
    pub asked: u64,
}

/// One access, or an attempt.
#[derive(Debug, Serialize)]
pub struct Access {
    /// Its index in the log.
    pub index: u64,
    /// The time when the recorder accepted it.
    pub recorded: String,
    /// The actor, as named in the log: `person/...`, `service/...`.
    pub actor: String,
    /// Their name.
    pub name: String,
    /// Their roles at that time.
    pub roles: Vec<String>,
    /// The operation.
    pub operation: String,
    /// The record: `Patient v2`.
    pub about: String,
    /// The data classes that were seen or written.
    pub classes: Vec<String>,
    /// The stated purpose.
    pub purpose: Option<String>,
    /// The outcome.
    pub outcome: String,
    /// The write that it belongs to.
    #[serde(skip)]
    intent: Option<String>,
}

/// The reason why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum WhoSawError {
    /// The token was refused.
    #[error("the access token is not accepted; sign in again: {0}")]
    Token(#[from] AuthenticationRefused),
    /// The policies refused it.
    #[error("{0}: this takes the role auditor or privacy-officer")]
    Denied(Denied),
    /// There is no such patient. Only a caller who may ask gets this answer.
    #[error("there is no Patient/{0}")]
    NoPatient(RecordId),
    /// The request could not be logged.
    #[error(transparent)]
    NotLogged(ActionError),
    /// The keys of the log are not available.
    #[error("keys: {0}")]
    Keys(#[from] KeyError),
    /// The records database failed.
    #[error("records: {0}")]
    Records(#[from] StoreError),
    /// The names of actors could not be read.
    #[error("identity: {0}")]
    Names(#[from] DatabaseError),
    /// The log is not the one that was pinned, or cannot be opened.
    #[error(transparent)]
    Log(#[from] CheckpointError),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// An entry of the log has an unknown form.
    #[error(transparent)]
    Entry(#[from] UnknownForm),
    /// The record type of patients is not valid.
    #[error(transparent)]
    Type(#[from] InvalidId),
    /// The entry of this request was not published in time.
    #[error("the log has not published its latest entries; look at the recorder's messages")]
    NotPublished,
    /// The thread that reads the log ended too early.
    #[error("reading the log was interrupted")]
    CutOff,
}

/// The accesses to a patient's records, for the holder of this token.
///
/// # Errors
/// [`WhoSawError`].
pub async fn who_saw(
    installation: &Installation,
    token: &str,
    patient: RecordId,
) -> Result<Seen, WhoSawError> {
    let kind: RecordType = "Patient".parse()?;
    let caller = caller::of_token(installation, token, Activity::User, Context::default()).await?;
    let tenant = installation.tenant();
    let head = installation.engine().store().head(tenant, &kind, patient);
    let subject = head.await?.and_then(|head| head.subject);
    let admitted = admit(installation, &caller, Verb::ResolveAudit, (&kind, subject)).await;
    let asked = admitted.map_err(refused)?.index();
    let subject = subject.ok_or(WhoSawError::NoPatient(patient))?;
    let keys = installation.audit_keys().await?;
    let wanted = keys.token("subject", subject.uuid().as_bytes());
    let names = names(installation).await?;
    let log = installation.published_log_with(asked).await?;
    let log = log.ok_or(WhoSawError::NotPublished)?;
    let (tenant, entries) = (tenant.to_string(), log.size());
    let origin = log.origin().to_owned();
    let root = log.root().to_string();
    let reading = tokio::task::spawn_blocking(move || read(&log, &tenant, &wanted, &names));
    Ok(Seen {
        patient,
        accesses: reading.await.map_err(|_| WhoSawError::CutOff)??,
        origin,
        entries,
        root,
        asked,
    })
}

fn refused(error: ActionError) -> WhoSawError {
    match error {
        ActionError::Denied(denied) => WhoSawError::Denied(denied),
        error => WhoSawError::NotLogged(error),
    }
}

/// The names of actors.
async fn names(installation: &Installation) -> Result<HashMap<String, String>, DatabaseError> {
    let (tenant, identity) = (installation.tenant(), installation.identity());
    let people = identity.people(tenant).await?.into_iter();
    let services = identity.services(tenant).await?.into_iter();
    let people = people.map(|person| (format!("person/{}", person.id), person.name));
    let services = services.map(|service| (format!("service/{}", service.id), service.name));
    Ok(people.chain(services).collect())
}

fn read(
    log: &Log,
    tenant: &str,
    wanted: &str,
    names: &HashMap<String, String>,
) -> Result<Vec<Access>, WhoSawError> {
    let mut accesses = Vec::new();
    let mut settled = HashMap::new();
    for log_entry in log.entries(0)? {
        let log_entry = log_entry?;
        let entry = Entry::read(log_entry.index, &log_entry.json)?;
        if let Some(intent) = entry.intent.as_ref().filter(|_| entry.outcome != "intent") {
            settled.insert(intent.clone(), entry.outcome.clone());
        }
        // Tokens differ between tenants, so this check only confirms it; it costs nothing.
        let of_tenant = entry.tenant.as_deref() == Some(tenant);
        if of_tenant && entry.subject.as_deref() == Some(wanted) {
            let name = names.get(&entry.actor).cloned();
            accesses.push(Access {
                index: log_entry.index,
                recorded: format!("{:.3}", log_entry.recorded),
                name: name.unwrap_or_else(|| entry.actor.clone()),
                about: entry.about(),
                outcome: entry.ended(),
                intent: entry.within.or(entry.intent),
                actor: entry.actor,
                roles: entry.roles,
                operation: entry.operation,
                classes: entry.classes,
                purpose: entry.purpose,
            });
        }
    }
    // A later entry has the outcome of a write.
    for access in accesses
        .iter_mut()
        .filter(|access| access.outcome == "intent")
    {
        let ended = access
            .intent
            .as_ref()
            .and_then(|intent| settled.get(intent));
        access.outcome = ended.cloned().unwrap_or_else(|| "open".to_owned());
    }
    Ok(accesses)
}
