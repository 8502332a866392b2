//! The requests that show the safeguards: printed for people, or sent and checked.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use serde::Serialize;
use vouchsafe_server::service::Service;

use super::clinic::Scene;
use super::people::Cast;
use super::stand::Stand;
use crate::audit::{self, Seen, who_saw};
use crate::{Ended, door, output};

/// A request, and what must come of it.
#[derive(Debug)]
pub(super) struct Stop {
    /// What it shows.
    pub(super) title: &'static str,
    pub(super) role: &'static str,
    /// Below the FHIR base.
    pub(super) path: String,
    pub(super) status: u16,
    /// What the answer must hold.
    shows: Vec<String>,
    /// And what it must not.
    hides: Vec<String>,
}

/// What is shown, and where.
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
    pub(super) fn new(service: &Service, stand: &Stand, scene: &Scene) -> anyhow::Result<Self> {
        Ok(Self {
            base: service.settings.base_url(),
            certificate: service.tls.certificate.clone(),
            fingerprint: service.tls.fingerprint.clone(),
            folder: stand.folder().to_owned(),
            is_removed: stand.is_removed(),
            stops: stops(scene),
            scene: scene.clone(),
        })
    }

    pub(super) fn url(&self, stop: &Stop) -> String {
        format!("{}/fhir/R4/{}", self.base, stop.path)
    }
}

fn stops(scene: &Scene) -> Vec<Stop> {
    let own = format!("Patient/{}", scene.in_care.id);
    let others = format!("Patient/{}", scene.out_of_care.id);
    let appointment = format!("Appointment/{}", scene.appointment);
    let condition = format!("Condition/{}", scene.condition);
    let family = family(&scene.in_care.name);
    let stop = |title, role, path: &str, status| Stop {
        title,
        role,
        path: path.to_owned(),
        status,
        shows: Vec::new(),
        hides: Vec::new(),
    };
    let quoted = |names: &[&str]| names.iter().map(|name| format!("\"{name}\"")).collect();
    vec![
        Stop {
            shows: vec![family.clone()],
            ..stop("The clinician reads a patient in their care", "clinician", &own, 200)
        },
        Stop {
            shows: vec![condition.replace("Condition/", "")],
            ..stop("... and that patient's diagnosis", "clinician", &condition, 200)
        },
        Stop {
            hides: vec![family_of(scene)],
            ..stop("The clinician is refused somebody else's patient", "clinician", &others, 404)
        },
        Stop {
            shows: quoted(&["start", "status"]),
            hides: [
                vec![family.clone()],
                quoted(&["reasonCode", "description", "serviceType"]),
            ]
            .concat(),
            ..stop(
                "The front desk sees an appointment: no name, no diagnosis",
                "front-desk",
                &appointment,
                200,
            )
        },
        stop("The front desk sees no patient", "front-desk", &own, 404),
        Stop {
            shows: [vec![family.clone()], quoted(&["birthDate", "address", "identifier"])].concat(),
            ..stop("Registration sees who the patient is", "registration", &own, 200)
        },
        stop("... and no diagnosis", "registration", &condition, 404),
        Stop {
            shows: vec![family],
            ..stop("The patient sees their own record", "patient", &own, 200)
        },
        stop("... and nobody else's", "patient", &others, 404),
        stop("The auditor sees no record", "auditor", &own, 404),
        stop("The security administrator sees none either", "security-administrator", &own, 404),
    ]
}

fn family(name: &str) -> String {
    name.split_whitespace().last().unwrap_or_default().to_owned()
}

fn family_of(scene: &Scene) -> String {
    family(&scene.out_of_care.name)
}

/// What came of a stop.
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
    /// The names of the members that came back.
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

/// Sends the requests, looks into the log, and checks all of it.
pub(super) async fn walk(
    guide: &Guide,
    cast: &Cast,
    service: &Service,
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
        let request = client.get(guide.url(stop)).bearer_auth(cast.token(stop.role)?);
        let response = request.send().await.context("the service does not answer")?;
        let status = response.status().as_u16();
        let body = response.text().await.context("the connection was lost")?;
        let result = judge(guide, stop, status, &body);
        if !json {
            show(&result)?;
        }
        requests.push(result);
    }
    let seen = who_saw(service, cast.token("auditor")?, guide.scene.in_care.id).await?;
    let report = audit::open(&service.folder)?.verify();
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
    let missing = stop.shows.iter().find(|text| !body.contains(text.as_str()));
    let leaked = stop.hides.iter().find(|text| body.contains(text.as_str()));
    let wrong = match (status == stop.status, missing, leaked) {
        (false, ..) => Some(format!("{} was expected, {status} came", stop.status)),
        (true, Some(text), _) => Some(format!("{text} is missing")),
        (true, None, Some(text)) => Some(format!("{text} is shown")),
        (true, None, None) => None,
    };
    let members: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let members = members.as_object().into_iter().flat_map(|object| object.keys().cloned());
    Outcome {
        title: stop.title,
        role: stop.role,
        url: guide.url(stop),
        status,
        expected: stop.status,
        ok: wrong.is_none(),
        wrong,
        members: members.collect(),
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

/// Whether the log tells of every request about the patient that was shown, allowed or refused.
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
