//! The requests that show the safeguards: printed for people, or sent and checked.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;
use vouchsafe_installation::Installation;
use vouchsafe_installation::who_saw::{Seen, who_saw};

use super::clinic::Scene;
use super::people::Cast;
use super::stand::Stand;
use super::stops::{Stop, stops};
use crate::{Ended, audit, door, output, told};

/// The patients and addresses that the tour uses.
pub(super) struct Guide {
    pub(super) base: String,
    pub(super) certificate: PathBuf,
    pub(super) fingerprint: String,
    pub(super) folder: PathBuf,
    pub(super) is_removed: bool,
    pub(super) scene: Scene,
    pub(super) stops: Vec<Stop>,
}

impl Guide {
    pub(super) fn new(installation: &Installation, stand: &Stand, scene: &Scene) -> Self {
        Self {
            base: installation.settings().base_url(),
            certificate: installation.tls().certificate.clone(),
            fingerprint: installation.tls().fingerprint.clone(),
            folder: stand.folder().to_owned(),
            is_removed: stand.is_removed(),
            stops: stops(scene),
            scene: scene.clone(),
        }
    }

    pub(super) fn url(&self, stop: &Stop) -> String {
        format!("{}/fhir/R4/{}", self.base, stop.path)
    }
}

/// The result of a stop.
#[derive(Debug, Serialize)]
struct Outcome {
    title: &'static str,
    role: &'static str,
    url: String,
    status: u16,
    expected: u16,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    wrong: Option<String>,
    /// The names of the members in the answer.
    members: Vec<String>,
}

#[derive(Serialize)]
struct Walked {
    ok: bool,
    requests: Vec<Outcome>,
    who_saw: Seen,
    log_entries: u64,
    log_holds: bool,
}

/// Sends the requests, reads the log, and checks everything.
pub(super) async fn walk(
    guide: &Guide,
    cast: &Cast,
    installation: &Installation,
    json: bool,
) -> anyhow::Result<Ended> {
    let client = door::client(Some(&guide.certificate), Duration::from_secs(30))?;
    if !json {
        output::say(format_args!(
            "A synthetic clinic of {} patients, {} records: everybody in it is made up.\n",
            guide.scene.patients, guide.scene.resources
        ))?;
    }
    let mut requests = Vec::with_capacity(guide.stops.len());
    for stop in &guide.stops {
        let request = client
            .get(guide.url(stop))
            .bearer_auth(cast.token(stop.role)?);
        let response = request
            .send()
            .await
            .context("the service does not answer")?;
        let status = response.status().as_u16();
        let body = response.text().await.context("the connection was lost")?;
        let result = judge(guide, stop, status, &body);
        if !json {
            show(&result)?;
        }
        requests.push(result);
    }
    let seen = who_saw(installation, cast.token("auditor")?, guide.scene.in_care.id)
        .await
        .map_err(|error| told(&error))?;
    let report = audit::open(installation.folder())?.verify();
    let told = accesses_are_told(&seen, &requests, guide);
    let ok = told && report.is_sound() && requests.iter().all(|result| result.ok);
    let walked = Walked {
        ok,
        requests,
        who_saw: seen,
        log_entries: report.entries,
        log_holds: report.is_sound(),
    };
    match json {
        true => output::say_json(&walked)?,
        false => conclude(&walked, told, &report)?,
    }
    Ok(if ok { Ended::Well } else { Ended::Badly })
}

fn judge(guide: &Guide, stop: &Stop, status: u16, body: &str) -> Outcome {
    let answer: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let members = answer
        .as_object()
        .into_iter()
        .flat_map(|object| object.keys().cloned());
    let members: Vec<String> = members.collect();
    let is_there = |name: &&&str| members.iter().any(|member| member == **name);
    let holds = |text: &&String| body.contains(text.as_str());
    let wrong = if status != stop.status {
        Some(format!("{} was expected", stop.status))
    } else if let Some(name) = stop.has.iter().find(|name| !is_there(name)) {
        Some(format!("{name} is missing"))
    } else if let Some(name) = stop.lacks.iter().find(|name| is_there(name)) {
        Some(format!("{name} is shown"))
    } else if stop.shows.as_ref().is_some_and(|text| !holds(&text)) {
        Some("the name is missing".to_owned())
    } else if stop.hides.as_ref().is_some_and(|text| holds(&text)) {
        Some("the name is shown".to_owned())
    } else {
        None
    };
    Outcome {
        title: stop.title,
        role: stop.role,
        url: guide.url(stop),
        status,
        expected: stop.status,
        ok: wrong.is_none(),
        wrong,
        members,
    }
}

fn show(result: &Outcome) -> anyhow::Result<()> {
    let verdict = if result.ok { "ok  " } else { "FAIL" };
    output::say(format_args!("{verdict}  {}", result.title))?;
    output::say(format_args!("      {}: GET {}", result.role, result.url))?;
    let shown = match result.status {
        200 => format!("200, with {}", result.members.join(", ")),
        status => status.to_string(),
    };
    output::say(format_args!("      {shown}"))?;
    match &result.wrong {
        Some(wrong) => output::say(format_args!("      {wrong}")),
        None => Ok(()),
    }
}

/// Whether the log reports every request of the tour about the patient, allowed or refused.
fn accesses_are_told(seen: &Seen, requests: &[Outcome], guide: &Guide) -> bool {
    let patient = guide.scene.in_care.id.to_string();
    let about = |result: &&Outcome| result.url.ends_with(&patient);
    requests.iter().filter(about).all(|result| {
        seen.accesses.iter().any(|access| {
            let allowed = access.outcome == "permitted";
            let same_role = access.roles.iter().any(|role| role == result.role);
            access.about.starts_with("Patient") && same_role && allowed == (result.status == 200)
        })
    })
}

fn conclude(
    walked: &Walked,
    told: bool,
    report: &vouchsafe_ledger::reader::Report,
) -> anyhow::Result<()> {
    let verdict = |ok: bool| if ok { "ok  " } else { "FAIL" };
    output::say(format_args!(
        "{}  The auditor sees who saw whom, refusals too",
        verdict(told)
    ))?;
    audit::show_who_saw(&walked.who_saw)?;
    output::say(format_args!(
        "{}  The audit log holds: {} entries, root {}",
        verdict(walked.log_holds),
        report.entries,
        report.root
    ))?;
    output::say(match walked.ok {
        true => "\nEvery safeguard did what it must. All of it was about made-up people.",
        false => "\nSomething is not as it must be; see FAIL above.",
    })
}
