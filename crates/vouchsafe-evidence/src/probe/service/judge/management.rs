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
                let text = "a path of the management answers to everybody at the public listener";
                deviations.push(
                    Deviation::new("MANAGEMENT_OPEN", item, text).severity(Severity::Critical),
                );
            } else if answer.status.is_none() {
                unobservable.push(probe.missing(format!("whether {of} answers: nothing came")));
            }
        }
        let Some(places) = &probe.management else {
            unobservable.push(probe.missing(
                "whether it can be managed from here: evidence.toml does not say where it is managed (`management`; an empty \
                 list says that there is no such place)",
            ));
            continue;
        };
        for place in places {
            match place.seen {
                Reach::Reached => {
                    let item = format!("{} {}", probe.url, place.at);
                    let text = "the management takes connections from where the probe ran";
                    deviations.push(
                        Deviation::new("MANAGEMENT_REACHED", item, text).severity(Severity::High),
                    );
                }
                Reach::Refused | Reach::Silent => {}
                Reach::Unknown => unobservable.push(probe.missing(format!(
                    "whether {} is reached from here: its host is not known here",
                    place.at
                ))),
            }
        }
    }
    Ok(Judgement::of(deviations, unobservable))
}
