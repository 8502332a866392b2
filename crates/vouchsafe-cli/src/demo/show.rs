//! The output of a demo, for people and for programs.

use serde_json::{Map, Value, json};

use super::people::{Cast, INTEGRATION};
use super::stand::Stand;
use super::tour::Guide;
use crate::installation::quoted;
use crate::output;

/// Prints the signed-in people and commands to try.
pub(super) fn text(guide: &Guide, cast: &Cast) -> anyhow::Result<()> {
    let scene = &guide.scene;
    let fate = if guide.is_removed {
        "  (removed at the end)"
    } else {
        ""
    };
    output::say(format_args!(
        "A synthetic clinic of {} patients, {} records: everybody in it is made up.\n\n  \
         records      {}/fhir/R4\n  \
         certificate  SHA-256 {}\n  \
         data folder  {}{fate}\n",
        scene.patients,
        scene.resources,
        guide.base,
        guide.fingerprint,
        guide.folder.display(),
    ))?;
    output::say(
        "Signed in. A token is good for 15 minutes; those in the files are renewed while this runs:",
    )?;
    let mut rows: Vec<[String; 3]> = cast
        .people()
        .iter()
        .map(|member| {
            [
                member.role.to_owned(),
                member.name.clone(),
                Stand::token_file(member.role),
            ]
        })
        .collect();
    let service = [INTEGRATION, "(a service)", &Stand::token_file(INTEGRATION)];
    rows.push(service.map(str::to_owned));
    for line in output::table(&rows) {
        output::say(format_args!("  {line}"))?;
    }
    let program = program();
    output::say(format_args!(
        "\nTry it, in another terminal:\n\n  cd {}\n",
        quoted(&guide.folder.to_string_lossy())
    ))?;
    for stop in &guide.stops {
        output::say(format_args!(
            "  # {} ({})\n  curl --cacert tls/certificate.pem -H @{} {}\n",
            stop.title,
            stop.status,
            Stand::token_file(stop.role),
            quoted(&guide.url(stop)),
        ))?;
    }
    output::say(format_args!(
        "  # The auditor sees who saw whom, refusals too\n  \
         {program} audit who-saw {} --data . --token-file {}\n\n  \
         # The audit log proves itself\n  {program} audit verify --data .\n\n  \
         # Every safeguard, checked\n  {program} check --data .\n\nCtrl-C ends the demo.",
        scene.in_care.id,
        Stand::token_file("auditor"),
    ))
}

/// The same as one JSON object.
pub(super) fn json(guide: &Guide, cast: &Cast) -> anyhow::Result<()> {
    let scene = &guide.scene;
    let tokens: Map<String, Value> = cast
        .tokens()
        .map(|(role, token)| (role.to_owned(), token.into()))
        .collect();
    let files: Map<String, Value> = cast
        .tokens()
        .map(|(role, _)| {
            let path = guide.folder.join(Stand::token_file(role));
            (role.to_owned(), path.to_string_lossy().into_owned().into())
        })
        .collect();
    let requests: Vec<Value> = guide
        .stops
        .iter()
        .map(|stop| {
            json!({
                "title": stop.title, "role": stop.role, "method": "GET",
                "url": guide.url(stop), "status": stop.status,
            })
        })
        .collect();
    output::say_json(&json!({
        "synthetic": true,
        "base": guide.base,
        "fhir": format!("{}/fhir/R4", guide.base),
        "cacert": guide.certificate,
        "data": guide.folder,
        "tokens": tokens,
        "token_files": files,
        "practitioner": scene.practitioner.id,
        "patients": {"in_care": scene.in_care.id, "out_of_care": scene.out_of_care.id},
        "appointment": scene.appointment,
        "condition": scene.condition,
        "requests": requests,
    }))
}

/// The path of this program, valid from any folder.
fn program() -> String {
    let called = std::env::args_os().next().unwrap_or_default();
    let path = std::env::current_exe().ok();
    match path {
        Some(path) if called.to_string_lossy().contains('/') => quoted(&path.to_string_lossy()),
        _ => "vouchsafe".to_owned(),
    }
}
