//! `service.answers`: what a service answers is kept by nobody in between, and reveals nothing of its inside.

use std::collections::BTreeSet;

use super::super::Group;
use super::{Answer, Attack, NOT_CONFIGURED, ServiceProbe, probes};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity};

pub(crate) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let (newest, mut unobservable) = probes(context)?;
    let mut deviations = Vec::new();
    if newest.is_empty() && unobservable.is_empty() {
        return Ok(Judgement::not_applicable(NOT_CONFIGURED));
    }
    for probe in newest.values() {
        let mut said = BTreeSet::new();
        for group in &probe.answers {
            let Answer {
                status,
                headers,
                marks,
            } = &group.answer;
            if status.is_none() {
                continue;
            }
            let private = !matches!(group.attack, Attack::ManagementPath)
                && group.of.iter().any(|of| !probe.public.contains(of));
            let header = |name: &str| headers.get(name).map(|value| value.to_ascii_lowercase());
            let kept = header("cache-control");
            if private && !kept.is_some_and(|value| value.contains("no-store")) {
                said.insert(("CACHEABLE", Severity::Medium, example(probe, group)));
            }
            if header("strict-transport-security").is_none() {
                said.insert(("NO_HSTS", Severity::Low, String::new()));
            }
            if header("x-content-type-options").is_none_or(|value| value != "nosniff") {
                said.insert(("NO_NOSNIFF", Severity::Low, String::new()));
            }
            let versioned = |name: &str| {
                header(name).is_some_and(|value| value.bytes().any(|byte| byte.is_ascii_digit()))
            };
            if versioned("server") || headers.contains_key("x-powered-by") {
                said.insert(("SERVER_VERSION", Severity::Low, String::new()));
            }
            for mark in marks {
                let found = match mark.as_str() {
                    "stack-trace" => ("STACK_TRACE", Severity::High),
                    "database-error" => ("DATABASE_ERROR", Severity::High),
                    _ => ("TOKEN_SHOWN", Severity::High),
                };
                said.insert((found.0, found.1, example(probe, group)));
            }
        }
        for (code, severity, item) in said {
            let item = if item.is_empty() {
                probe.url.clone()
            } else {
                item
            };
            deviations.push(Deviation::new(code, item, words(code)).severity(severity));
        }
        if !probe
            .answers
            .iter()
            .any(|group| group.attack == Attack::Malformed)
        {
            unobservable
                .push(probe.missing("what errors reveal: no request was sent that is malformed"));
        }
    }
    Ok(Judgement::of(deviations, unobservable))
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
            "an answer of a route that is not public may be kept in between: no Cache-Control: no-store"
        }
        "NO_HSTS" => "browsers are not told to come over HTTPS only (Strict-Transport-Security)",
        "NO_NOSNIFF" => "browsers may guess what an answer is (X-Content-Type-Options: nosniff)",
        "SERVER_VERSION" => "it tells which program and version answers (Server, X-Powered-By)",
        "STACK_TRACE" => "an answer shows a stack trace",
        "DATABASE_ERROR" => "an answer shows an error of the database",
        _ => "an answer shows a token",
    }
}
