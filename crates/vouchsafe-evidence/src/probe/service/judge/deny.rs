//! `access.default-deny`: without a credential nothing is let in that nobody declared as public; and what policies allow
//! to somebody who has no right is nothing.

use super::{Answer, Attack, NOT_CONFIGURED, ServiceProbe, probes};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity, Unobservable};
use crate::selftest;

pub(crate) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let (newest, mut unobservable) = probes(context)?;
    let mut deviations = Vec::new();
    let mut notes = Vec::new();
    for probe in newest.values() {
        notes.push(service(probe, &mut deviations, &mut unobservable));
    }
    let tests = selftest::newest(context)?;
    if newest.is_empty() && unobservable.is_empty() && tests.is_empty() {
        return Ok(Judgement::not_applicable(format!(
            "{NOT_CONFIGURED}; and no self-test of an installation was imported"
        )));
    }
    notes.extend(tests.judge_matrix(&mut deviations, &mut unobservable));
    let judgement = Judgement::of(deviations, unobservable);
    Ok(notes.into_iter().fold(judgement, Judgement::noting))
}

fn service(
    probe: &ServiceProbe,
    deviations: &mut Vec<Deviation>,
    unobservable: &mut Vec<Unobservable>,
) -> String {
    let (mut refused, mut tried) = (0_u64, 0_u64);
    for attack in [
        Attack::NoCredential,
        Attack::AnyCredential,
        Attack::OtherMethod,
    ] {
        for (of, answer) in probe.of(attack) {
            if probe.public.iter().any(|public| public == of) {
                continue;
            }
            tried += 1;
            match verdict(attack, answer) {
                Verdict::Refused => refused += 1,
                Verdict::Open(what) => {
                    let item = format!("{} {of}", probe.url);
                    let text = format!("{what} ({})", answer.said());
                    deviations.push(
                        Deviation::new("OPEN_ROUTE", item, text).severity(Severity::Critical),
                    );
                }
                Verdict::Unclear => unobservable.push(Unobservable {
                    item: format!("{} {of}", probe.url),
                    what: format!(
                        "access without a credential: {} instead of 401 or 403",
                        answer.said()
                    ),
                }),
            }
        }
    }
    if let Some(why) = probe.control_failed() {
        unobservable.push(probe.missing(why));
    } else if !probe.lets_in() {
        unobservable.push(probe.missing(
            "access: neither a token nor a public route was accepted, so refusals prove nothing; give a `token_file`",
        ));
    }
    if tried == 0 {
        unobservable.push(probe.missing("access: every known route is public"));
    }
    format!(
        "{}: {tried} requests without a valid credential, {refused} refused; {} public routes; routes from {}",
        probe.url,
        probe.public.len(),
        probe.routes_from.join(", ")
    )
}

enum Verdict {
    Refused,
    Open(&'static str),
    Unclear,
}

fn verdict(attack: Attack, answer: &Answer) -> Verdict {
    if answer.is_success() {
        return Verdict::Open(match attack {
            Attack::AnyCredential => "an invalid credential was accepted",
            Attack::OtherMethod => "an undeclared method was accepted without a credential",
            _ => "the route answered without a credential and is not declared public",
        });
    }
    match answer.status {
        Some(401 | 403) => Verdict::Refused,
        // There is no such method.
        Some(404 | 405 | 501) if attack == Attack::OtherMethod => Verdict::Refused,
        _ => Verdict::Unclear,
    }
}
