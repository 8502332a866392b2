//! `jwt.refused`: forged tokens, and tokens with a good signature that must not be taken, are refused.

use super::super::settings::Fault;
use super::{Answer, Attack, NOT_CONFIGURED, ServiceProbe, probes};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity, Unobservable};
use crate::selftest;

pub(crate) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let (newest, mut unobservable) = probes(context)?;
    let mut deviations = Vec::new();
    let mut notes = Vec::new();
    let tests = selftest::newest(context)?;
    if newest.is_empty() && unobservable.is_empty() && tests.is_empty() {
        return Ok(Judgement::not_applicable(format!(
            "{NOT_CONFIGURED}; and no self-test of an installation was imported"
        )));
    }
    notes.extend(tests.judge_tokens(&mut deviations, &mut unobservable));
    for probe in newest.values() {
        if probe.token.is_none() {
            unobservable.push(
                probe.missing(
                    "forged tokens: no valid token was given to forge from (`token_file`)",
                ),
            );
        }
        if let Some(why) = probe.control_failed() {
            unobservable.push(probe.missing(why));
            continue;
        }
        unobservable.extend(probe.untried(Attack::Forged));
        notes.push(forged(probe, &mut deviations, &mut unobservable));
        // The claims of a token whose signature is good can be seen from outside only with such tokens; the same program
        // tries them on itself.
        let seen = tests.tokens_of(&probe.url);
        for (fault, name) in Fault::ALL {
            let given = probe.of(Attack::BadToken).any(|(of, _)| of == name);
            let tried = given || seen.contains(&name);
            if !tried && fault != Fault::OldKey && probe.token.is_some() {
                unobservable.push(probe.missing(format!(
                    "validly signed token, {name}: not tried; give one by `bad_tokens`"
                )));
            }
        }
    }
    let judgement = Judgement::of(deviations, unobservable);
    Ok(notes.into_iter().fold(judgement, Judgement::noting))
}

fn forged(
    probe: &ServiceProbe,
    deviations: &mut Vec<Deviation>,
    unobservable: &mut Vec<Unobservable>,
) -> String {
    let (mut tried, mut refused) = (0_u64, 0_u64);
    for attack in [Attack::Forged, Attack::BadToken] {
        for (of, answer) in probe.of(attack) {
            tried += 1;
            if is_refused(answer) {
                refused += 1;
            } else if answer.is_success() {
                let (code, text) = match attack {
                    Attack::BadToken => (
                        "BAD_TOKEN_TAKEN",
                        format!("a validly signed token was accepted: {of}"),
                    ),
                    _ => (
                        "FORGED_TOKEN_TAKEN",
                        format!("a forged token was accepted: {of}"),
                    ),
                };
                let item = format!("{} {of}", probe.url);
                deviations.push(Deviation::new(code, item, text).severity(Severity::Critical));
            } else {
                unobservable.push(probe.missing(format!(
                    "token {of}: {} instead of a refusal",
                    answer.said()
                )));
            }
        }
    }
    format!("{}: {refused} of {tried} invalid tokens refused", probe.url)
}

/// RFC 6750, section 3.1: a malformed token may be answered with 400.
fn is_refused(answer: &Answer) -> bool {
    answer.is_refusal() || answer.status == Some(400)
}
