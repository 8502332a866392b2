//! `mgmt.exposure`: what manages a service is not reached from where its callers are.

use super::super::Reach;
use super::{Attack, NOT_CONFIGURED, probes};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity};

pub(crate) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let (newest, mut unobservable) = probes(context)?;
    let mut deviations = Vec::new();
    if newest.is_empty() && unobservable.is_empty() {
        return Ok(Judgement::not_applicable(NOT_CONFIGURED));
    }
    for probe in newest.values() {
        for (of, answer) in probe.of(Attack::ManagementPath) {
            let item = format!("{} {of}", probe.url);
            if answer.is_success() {
                let text = "a management path answers without a credential on the public listener";
                deviations.push(
                    Deviation::new("MANAGEMENT_OPEN", item, text).severity(Severity::Critical),
                );
            } else if answer.status.is_none() {
                unobservable.push(probe.missing(format!("{of}: no answer")));
            }
        }
        let Some(places) = &probe.management else {
            unobservable.push(probe.missing(
                "management: evidence.toml names no place (`management`; an empty list says that there is none)",
            ));
            continue;
        };
        for place in places {
            match place.seen {
                Reach::Reached => {
                    let item = format!("{} {}", probe.url, place.at);
                    let text = "the management port accepts connections from where the probe ran";
                    deviations.push(
                        Deviation::new("MANAGEMENT_REACHED", item, text).severity(Severity::High),
                    );
                }
                Reach::Refused | Reach::Silent => {}
                Reach::Unknown => unobservable
                    .push(probe.missing(format!("{}: the host is unknown here", place.at))),
            }
        }
    }
    Ok(Judgement::of(deviations, unobservable))
}
