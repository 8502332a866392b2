//! People: named, and with factors that fit what they may do.

use super::{days, each};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity, Unobservable};
use crate::selftest::{Identity, Person, Report};

/// `identity.unique`: everybody is somebody, once, and uses it.
pub(in super::super) fn unique(context: &Context<'_>) -> Result<Judgement, String> {
    let longest: i64 = context.check.parameter("idle_days")?;
    each(context, |report, deviations, unobservable| {
        let Some(identity) = people(report, unobservable) else {
            return;
        };
        // The entries of a log that does not hold are not read.
        let was_read = report.log.as_ref().is_some_and(|log| log.sound);
        for group in &identity.same {
            let text = format!(
                "{} people share a name or login: {}",
                group.len(),
                group.join(", ")
            );
            deviations.push(report.deviation("SAME_NAME", Severity::Medium, text));
        }
        for person in &identity.people {
            if person.generic {
                let text = "the account is named after a role or a machine";
                deviations.push(of(person, "GENERIC_NAME", Severity::High, text));
            }
            let works = person.factors.is_some() && !person.roles.is_empty();
            if works && person.last_active.is_none() && !was_read {
                unobservable.push(Unobservable {
                    item: format!("person {}", person.id),
                    what: "last activity: the audit log was not read".to_owned(),
                });
                continue;
            }
            let since = person.last_active.unwrap_or(person.added);
            let idle = days(since, report.at);
            if works && idle > longest {
                let text = format!("rights, and no activity for {idle} days");
                deviations.push(of(person, "IDLE", Severity::Medium, &text));
            }
        }
        if identity.services_without_owner > 0 {
            let text = format!(
                "{} services have an owner who was disabled",
                identity.services_without_owner
            );
            deviations.push(report.deviation("SERVICE_WITHOUT_OWNER", Severity::High, text));
        }
    })
}

/// `auth.mfa`: a second factor for everybody, and for whoever administers one that cannot be phished.
pub(in super::super) fn mfa(context: &Context<'_>) -> Result<Judgement, String> {
    let privileged: Vec<String> = context.check.parameter("privileged")?;
    each(context, |report, deviations, unobservable| {
        let Some(identity) = people(report, unobservable) else {
            return;
        };
        let mut administrators = 0_u64;
        for person in &identity.people {
            let administers = person.roles.iter().any(|role| privileged.contains(role));
            administrators += u64::from(administers);
            let Some(factors) = person.factors else {
                continue;
            };
            let second = factors.totp || factors.phishing_resistant;
            if !second && administers {
                let text = "an administrator without a second factor";
                deviations.push(of(
                    person,
                    "ADMINISTRATOR_WITHOUT_SECOND_FACTOR",
                    Severity::Critical,
                    text,
                ));
            } else if !second {
                let text = "no second factor";
                deviations.push(of(person, "NO_SECOND_FACTOR", Severity::High, text));
            } else if administers && !factors.phishing_resistant {
                let text = "an administrator with one-time codes, which a phishing page can relay: a passkey is needed";
                deviations.push(of(
                    person,
                    "ADMINISTRATOR_CAN_BE_PHISHED",
                    Severity::Medium,
                    text,
                ));
            }
        }
        if administrators == 0 {
            unobservable
                .push(report.missing("factors of administrators: there is no administrator"));
        }
    })
}

fn people<'r>(report: &'r Report, unobservable: &mut Vec<Unobservable>) -> Option<&'r Identity> {
    let identity = report.identity.as_ref();
    match identity {
        None => unobservable.push(report.not_done("identity")),
        Some(identity) if identity.people.is_empty() => {
            unobservable.push(report.missing("people: there are none"));
        }
        Some(_) => return identity,
    }
    None
}

fn of(person: &Person, code: &str, severity: Severity, text: &str) -> Deviation {
    Deviation::new(code, format!("person {}", person.id), text).severity(severity)
}
