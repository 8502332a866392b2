//! `vouchsafe audit who-saw`: the accesses to a patient's records, with the names of people.
//!
//! It turns tokens of the log back, so it is an access itself: decided by the policies for whoever
//! holds the token, and in the log before a line of it is shown.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Serialize;
use vouchsafe::access::{Facts, Verb};
use vouchsafe::audit::AuditLog as _;
use vouchsafe::gate::{Gate, Request};
use vouchsafe::ids::{RecordId, RecordType, SubjectId};
use vouchsafe::session::Session;
use vouchsafe_identity::Activity;
use vouchsafe_ledger::reader::Log;
use vouchsafe_server::service::{Service, now};

use super::entry::Entry;
use crate::installation::DataFolder;
use crate::principal::caller;
use crate::token_file::TokenArgs;
use crate::{Ended, block_on, output, told};

const EXAMPLES: &str = "\
Examples:
  vouchsafe person sign-in otto@example.org --token-file otto.header
  vouchsafe audit who-saw 9d0f5b7a-52c5-4b0e-8a41-2b6f7f0a3c55 --token-file otto.header
  VOUCHSAFE_TOKEN=... vouchsafe audit who-saw PATIENT --json

It takes the role auditor or privacy-officer, and is itself written into the log before it answers.
It reads the whole log, up to and with its own entry.";

/// Show who saw a patient's records: when, what, why, with which outcome
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The Patient, by id or as `Patient/ID`
    #[arg(value_parser = patient)]
    patient: RecordId,
    #[command(flatten)]
    token: TokenArgs,
    #[command(flatten)]
    data: DataFolder,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

fn patient(text: &str) -> Result<RecordId, &'static str> {
    let id = text.strip_prefix("Patient/").unwrap_or(text);
    id.parse()
        .map_err(|_| "give the id of the Patient record, a UUID, or Patient/ID")
}

/// What was found.
#[derive(Debug, Serialize)]
pub(crate) struct Seen {
    pub(crate) patient: RecordId,
    pub(crate) accesses: Vec<Access>,
    /// The log that was read.
    pub(crate) origin: String,
    /// How many of its entries were read, from the first on: all that there were.
    pub(crate) entries: u64,
    /// The root of the checkpoint that they were proven against.
    pub(crate) root: String,
    /// The index of the entry that says that this was asked.
    pub(crate) asked: u64,
}

/// One access, or an attempt.
#[derive(Debug, Serialize)]
pub(crate) struct Access {
    pub(crate) index: u64,
    pub(crate) recorded: String,
    /// As the log names them: `person/...`, `service/...`.
    pub(crate) actor: String,
    /// Their name.
    pub(crate) name: String,
    pub(crate) roles: Vec<String>,
    pub(crate) operation: String,
    pub(crate) about: String,
    pub(crate) classes: Vec<String>,
    pub(crate) purpose: Option<String>,
    pub(crate) outcome: String,
    /// The write that it is a part of.
    #[serde(skip)]
    intent: Option<String>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Ended> {
    let token = args.token.token()?;
    let seen = block_on(async {
        let service = args.data.open().await?;
        let seen = who_saw(&service, &token, args.patient).await;
        service.close().await;
        seen
    })?;
    match args.json {
        true => output::say_json(&seen)?,
        false => show(&seen)?,
    }
    Ok(Ended::Well)
}

/// Who saw a patient, for the holder of this token.
pub(crate) async fn who_saw(
    service: &Service,
    token: &str,
    patient: RecordId,
) -> anyhow::Result<Seen> {
    let session = service
        .identity
        .authenticate(token, Activity::User, now())
        .await
        .map_err(|error| told(&error).context("the access token is not accepted; sign in again"))?;
    let kind: RecordType = "Patient".parse().map_err(|error| told(&error))?;
    let tenant = service.tenant();
    let head = service.engine.store().head(tenant, &kind, patient).await;
    let subject = head
        .map_err(|error| told(&error))?
        .and_then(|head| head.subject);
    let asked = admit(service, session, &kind, subject).await?;
    let subject = subject.with_context(|| format!("there is no Patient/{patient}"))?;
    let keys = service.audit_keys().await.map_err(|error| told(&error))?;
    let wanted = keys.token("subject", subject.uuid().as_bytes());
    let names = names(service).await?;
    let log = published(service, asked).await?;
    let (tenant, entries) = (tenant.to_string(), log.size());
    let origin = log.origin().to_owned();
    let root = log.root().to_string();
    let accesses =
        tokio::task::spawn_blocking(move || read(&log, &tenant, &wanted, &names)).await??;
    Ok(Seen {
        patient,
        accesses,
        origin,
        entries,
        root,
        asked,
    })
}

/// Decides whether the log may be resolved for this session, and writes the answer down; the index
/// of that entry.
async fn admit(
    service: &Service,
    session: Session,
    kind: &RecordType,
    subject: Option<SubjectId>,
) -> anyhow::Result<u64> {
    let caller = caller(service, session, now()).await?;
    let keys = service.audit_keys().await.map_err(|error| told(&error))?;
    let request = Request {
        session: &caller.session,
        purpose: caller.purpose,
        context: &caller.context,
        keys: &keys,
        now: caller.now,
    };
    let facts = Facts {
        rights: caller.rights.clone(),
        ..Facts::default()
    };
    let gate = Gate::new(&service.bundle, service.log.recorder());
    match gate.admit(&request, Verb::ResolveAudit, kind, subject, &facts) {
        Ok(draft) => {
            let appended = service
                .log
                .append(&[draft])
                .await
                .map_err(|error| told(&error))?;
            let own = appended
                .first()
                .context("the log did not say where the entry is")?;
            Ok(own.index())
        }
        Err(refusal) => {
            service
                .append(&[refusal.draft])
                .await
                .map_err(|error| told(&error))?;
            anyhow::bail!(
                "{}: this takes the role auditor or privacy-officer",
                refusal.denied
            )
        }
    }
}

/// The log, once its checkpoint covers the entry of this index: one is signed every second.
async fn published(service: &Service, index: u64) -> anyhow::Result<Log> {
    let deadline = Instant::now() + Duration::from_secs(15);
    loop {
        let log = super::open(&service.folder)?;
        if log.size() > index {
            return Ok(log);
        }
        if Instant::now() > deadline {
            anyhow::bail!(
                "the log has not published its latest entries; look at the recorder's messages"
            );
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What actors are called.
async fn names(service: &Service) -> anyhow::Result<HashMap<String, String>> {
    let (tenant, identity) = (service.tenant(), &service.identity);
    let people = identity
        .people(tenant)
        .await
        .map_err(|error| told(&error))?;
    let services = identity
        .services(tenant)
        .await
        .map_err(|error| told(&error))?;
    let people = people
        .into_iter()
        .map(|person| (format!("person/{}", person.id), person.name));
    let services = services
        .into_iter()
        .map(|service| (format!("service/{}", service.id), service.name));
    Ok(people.chain(services).collect())
}

fn read(
    log: &Log,
    tenant: &str,
    wanted: &str,
    names: &HashMap<String, String>,
) -> anyhow::Result<Vec<Access>> {
    let mut accesses = Vec::new();
    let mut settled = HashMap::new();
    for log_entry in log.entries(0).map_err(|error| told(&error))? {
        let log_entry = log_entry.map_err(|error| told(&error))?;
        let entry = Entry::read(log_entry.index, &log_entry.json)?;
        if let Some(intent) = entry.intent.as_ref().filter(|_| entry.outcome != "intent") {
            settled.insert(intent.clone(), entry.outcome.clone());
        }
        // Tokens are a tenant's own; that it is asked too costs nothing.
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
    // How a write ended is said by a later entry.
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

/// Prints it as a table.
pub(crate) fn show(seen: &Seen) -> anyhow::Result<()> {
    let rows: Vec<[String; 7]> = seen
        .accesses
        .iter()
        .map(|access| {
            let who = match access.roles.is_empty() {
                true => access.name.clone(),
                false => format!("{} ({})", access.name, access.roles.join(", ")),
            };
            [
                access.recorded.clone(),
                who,
                access.operation.clone(),
                access.about.clone(),
                access.outcome.clone(),
                access.purpose.clone().unwrap_or_default(),
                access.classes.join(","),
            ]
        })
        .collect();
    output::table(&rows).iter().try_for_each(output::say)?;
    output::say(format_args!(
        "{} entries about Patient/{}, of all {} entries of the log {} (root {}).\n\
         That this was asked is entry {}.",
        seen.accesses.len(),
        seen.patient,
        seen.entries,
        seen.origin,
        seen.root,
        seen.asked,
    ))
}
