//! `service.answers`: what a service answers is kept by nobody in between, and reveals nothing of its inside.

use std::collections::BTreeSet;

use super::super::Group;
use super::{Answer, Attack, NOT_CONFIGURED, ServiceProbe, probes};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity, Unobservable};

pub(crate) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let (newest, mut unobservable) = probes(context)?;
    let mut deviations = Vec::new();
    if newest.is_empty() && unobservable.is_empty() {
        return Ok(Judgement::not_applicable(NOT_CONFIGURED));
    }
    for probe in newest.values() {
        let said: BTreeSet<Said> = probe
            .answers
            .iter()
            .flat_map(|group| of(probe, group))
            .collect();
        let all = said.into_iter().map(|(code, severity, item)| {
            Deviation::new(code, item, words(code)).severity(severity)
        });
        deviations.extend(all);
        unseen(probe, &mut unobservable);
    }
    Ok(Judgement::of(deviations, unobservable))
}

/// What of the answers was not seen.
fn unseen(probe: &ServiceProbe, unobservable: &mut Vec<Unobservable>) {
    let silent = probe
        .answers
        .iter()
        .filter(|one| one.answer.status.is_none());
    for of in silent.flat_map(|group| &group.of) {
        unobservable.push(probe.missing(format!("{of}: no answer")));
    }
    let came = |(_, answer): (&str, &Answer)| answer.status.is_some();
    if !probe.of(Attack::Malformed).any(came) {
        let what = "errors: no answer to a malformed request";
        unobservable.push(probe.missing(what));
    }
    // A refusal holds nothing: whether an answer with data may be kept is seen on one that has some.
    if let Some(why) = probe.control_failed() {
        unobservable.push(probe.missing(why));
    } else if probe.token.is_none() {
        let what = "caching: no token was given, so no answer of a route that is not public was seen (`token_file`)";
        unobservable.push(probe.missing(what));
    }
}

/// A code, how much it matters, and where.
type Said = (&'static str, Severity, String);

/// What is wrong with an answer.
fn of(probe: &ServiceProbe, group: &Group) -> Vec<Said> {
    let Answer {
        status,
        headers,
        marks,
    } = &group.answer;
    if status.is_none() {
        return Vec::new();
    }
    let header = |name: &str| headers.get(name).map(|value| value.to_ascii_lowercase());
    let mut said = Vec::new();
    let private = !matches!(group.attack, Attack::ManagementPath)
        && group.of.iter().any(|of| !probe.public.contains(of));
    if private && !header("cache-control").is_some_and(|value| value.contains("no-store")) {
        said.push(("CACHEABLE", Severity::Medium, example(probe, group)));
    }
    // Of the server as a whole: said once.
    let mut everywhere = |code| said.push((code, Severity::Low, probe.url.clone()));
    if header("strict-transport-security").is_none() {
        everywhere("NO_HSTS");
    }
    if header("x-content-type-options").is_none_or(|value| value != "nosniff") {
        everywhere("NO_NOSNIFF");
    }
    let version = |value: String| value.bytes().any(|byte| byte.is_ascii_digit());
    if header("server").is_some_and(version) || headers.contains_key("x-powered-by") {
        everywhere("SERVER_VERSION");
    }
    for mark in marks {
        let code = match mark.as_str() {
            "stack-trace" => "STACK_TRACE",
            "database-error" => "DATABASE_ERROR",
            _ => "TOKEN_SHOWN",
        };
        said.push((code, Severity::High, example(probe, group)));
    }
    said
}

/// One request of those that had the answer; of tokens, the route that they were tried at.
fn example(probe: &ServiceProbe, group: &Group) -> String {
    if matches!(
        group.attack,
        Attack::Control | Attack::Forged | Attack::BadToken
    ) {
        let control = probe.token.as_ref().map(|token| token.control.as_str());
        return format!("{} {}", probe.url, control.unwrap_or_default());
    }
    let private = group.of.iter().find(|of| !probe.public.contains(of));
    let first = private.or_else(|| group.of.first());
    format!("{} {}", probe.url, first.map_or("", String::as_str))
}

fn words(code: &str) -> &'static str {
    match code {
        "CACHEABLE" => {
            "caches may keep an answer of a route that is not public (Cache-Control: no-store is missing)"
        }
        "NO_HSTS" => "Strict-Transport-Security is missing",
        "NO_NOSNIFF" => "X-Content-Type-Options: nosniff is missing",
        "SERVER_VERSION" => "headers reveal program and version (Server, X-Powered-By)",
        "STACK_TRACE" => "an answer reveals a stack trace",
        "DATABASE_ERROR" => "an answer reveals a database error",
        _ => "an answer reveals a token",
    }
}
