//! `rate-limit`: many failed sign-ins in a row are throttled.

use super::{NOT_CONFIGURED, probes};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity};

pub(crate) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let most: usize = context.check.parameter("attempts")?;
    let (newest, mut unobservable) = probes(context)?;
    let mut deviations = Vec::new();
    if newest.is_empty() && unobservable.is_empty() {
        return Ok(Judgement::not_applicable(NOT_CONFIGURED));
    }
    for probe in newest.values() {
        let Some(tried) = &probe.sign_in else {
            unobservable.push(
                probe.missing("throttling: the settings do not allow failed sign-ins (`sign_in`)"),
            );
            continue;
        };
        let item = format!("{} {}", probe.url, tried.route);
        let mut say = |code, severity, text: String| {
            deviations.push(Deviation::new(code, &item, text).severity(severity));
        };
        let throttled = tried.statuses.iter().position(|status| *status == 429);
        let failed = |status: &&u16| matches!(**status, 0 | 404 | 405 | 500..);
        if tried
            .statuses
            .iter()
            .any(|status| (200..300).contains(status))
        {
            let text = "a made-up user was signed in";
            say("SIGN_IN_OPEN", Severity::Critical, text.to_owned());
        } else if let Some(after) = throttled {
            if after > most {
                let text =
                    format!("sign-ins are throttled after {after} failures, more than {most}");
                say("THROTTLED_LATE", Severity::Medium, text);
            }
            if !tried.retry_after {
                let text = "a throttled attempt gets no Retry-After";
                say("NO_RETRY_AFTER", Severity::Low, text.to_owned());
            }
        } else if let Some(status) = tried.statuses.iter().find(failed) {
            unobservable
                .push(probe.missing(format!("throttling: {} answered {status}", tried.route)));
        } else if tried.statuses.len() <= most {
            unobservable.push(probe.missing(format!(
                "throttling: {} attempts are too few (`attempts`)",
                tried.statuses.len()
            )));
        } else {
            let text = format!(
                "{} failed sign-ins in a row were not throttled",
                tried.statuses.len()
            );
            say("NOT_THROTTLED", Severity::High, text);
        }
    }
    Ok(Judgement::of(deviations, unobservable))
}
