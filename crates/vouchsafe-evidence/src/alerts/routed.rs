//! The checks `alerts.routed` and `alerts.deadman`: each alert reaches a person, and silence is noticed.

use super::amtool::{Receiver, Said};
use super::rules::{self, Alert};
use super::{ROUTES, Settings};
use crate::files;
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity, Unobservable};

/// The check `alerts.routed`.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let alerts = rules::all(context)?;
    let said = said(context)?;
    let mut deviations = Vec::new();
    let mut unobservable = Vec::new();
    let all = alerts.iter().flat_map(|(alerts, _)| alerts);
    for alert in all.filter(|alert| !alert.is_watchdog()) {
        if let Some(label) = alert
            .open_labels()
            .find(|label| said.matched.contains(*label))
        {
            unobservable.push(Unobservable {
                item: alert.item(),
                what: format!("routes look at the label {label}, whose value is a template: write it, or route by another label"),
            });
            continue;
        }
        let reached = reached(&said, alert)?;
        if let Some((code, text)) = fault(&reached) {
            let found = Deviation::new(code, alert.item(), text);
            deviations.push(found.severity(Severity::High).at(alert.place()));
        }
    }
    Ok(verdict(&said, deviations, unobservable))
}

/// The check `alerts.deadman`.
pub(super) fn deadman(context: &Context<'_>) -> Result<Judgement, String> {
    let alerts = rules::all(context)?;
    let said = said(context)?;
    let settings = match context.last(crate::project::SETTINGS) {
        Some(_) => context.settings()?.alerts.clone(),
        None => Settings::default(),
    };
    let words: Vec<String> = context.check.parameter("receiver_words")?;
    let is_switch = |receiver: &Receiver| {
        let bare: String = receiver
            .name
            .to_lowercase()
            .chars()
            .filter(|char| char.is_alphanumeric())
            .collect();
        settings.deadman.contains(&receiver.name)
            || words.iter().any(|word| bare.contains(word.as_str()))
    };
    let watchdogs: Vec<&Alert> = alerts
        .iter()
        .flat_map(|(alerts, _)| alerts)
        .filter(|alert| alert.is_watchdog())
        .collect();
    let mut deviations = Vec::new();
    if watchdogs.is_empty() {
        let text =
            "no alert fires all the time (expr: vector(1)): when alerting is dead, nothing says so";
        deviations.push(Deviation::new("DEADMAN_MISSING", "rules", text).severity(Severity::High));
    }
    for alert in watchdogs {
        let reached = reached(&said, alert)?;
        let switches: Vec<&Receiver> = reached
            .iter()
            .copied()
            .filter(|receiver| is_switch(receiver))
            .collect();
        let found = if switches.is_empty() {
            Some((
                "DEADMAN_NOT_ROUTED",
                "it goes to no receiver that is a dead man's switch; name that in `deadman` under [alerts]",
            ))
        } else if fault(&switches).is_some() {
            Some((
                "DEADMAN_NOWHERE",
                "its receiver tells nobody: no integration, or an address that leads nowhere",
            ))
        } else {
            None
        };
        if let Some((code, text)) = found {
            deviations.push(
                Deviation::new(code, alert.item(), text)
                    .severity(Severity::High)
                    .at(alert.place()),
            );
        }
    }
    Ok(verdict(&said, deviations, Vec::new()))
}

fn verdict(
    said: &Said,
    mut deviations: Vec<Deviation>,
    unobservable: Vec<Unobservable>,
) -> Judgement {
    if said.check.exit != Some(0) {
        let text = "amtool check-config refuses the configuration of Alertmanager";
        deviations = vec![
            Deviation::new("ALERTMANAGER_INVALID", &said.configuration.path, text)
                .severity(Severity::High),
        ];
    }
    let judgement = Judgement::of(deviations, unobservable)
        .noting(format!("{}; network: {}", said.version, said.network));
    if said.muted {
        return judgement.noting("a route is muted at times: when it is, is not judged");
    }
    judgement
}

fn said(context: &Context<'_>) -> Result<Said, String> {
    let [known] = files::collected(context, ROUTES)?
        .try_into()
        .map_err(|_| "amtool was run more than once at one moment".to_owned())?;
    let said: Said = serde_json::from_slice(&context.content(known)?)
        .map_err(|error| format!("the output of amtool: {error}"))?;
    if said.check.exit.is_none() {
        return Err("amtool check-config did not end in time".to_owned());
    }
    Ok(said)
}

/// The receivers that an alert reaches.
fn reached<'a>(said: &'a Said, alert: &Alert) -> Result<Vec<&'a Receiver>, String> {
    if said.check.exit != Some(0) {
        return Ok(Vec::new());
    }
    let labels = alert.fixed_labels();
    let route = said
        .routes
        .iter()
        .find(|route| route.labels == labels)
        .ok_or_else(|| {
            format!(
                "amtool was not asked where {} goes: collect again",
                alert.item()
            )
        })?;
    if route.run.exit != Some(0) {
        return Err(format!("amtool does not say where {} goes", alert.item()));
    }
    let names = route.run.stdout.trim().split(',').map(str::trim);
    names
        .map(|name| {
            let found = said.receivers.iter().find(|receiver| receiver.name == name);
            found.ok_or_else(|| {
                format!(
                    "amtool names a receiver that the configuration does not have ({})",
                    alert.item()
                )
            })
        })
        .collect()
}

/// Why receivers tell nobody.
fn fault(receivers: &[&Receiver]) -> Option<(&'static str, String)> {
    let all: Vec<_> = receivers
        .iter()
        .flat_map(|receiver| &receiver.integrations)
        .collect();
    let names: Vec<_> = receivers
        .iter()
        .map(|receiver| receiver.name.as_str())
        .collect();
    let names = names.join(", ");
    if all.is_empty() {
        return Some((
            "ROUTE_NULL",
            format!("it goes to {names}, which tells nobody"),
        ));
    }
    let nowhere = all
        .iter()
        .all(|one| !one.hosts.is_empty() && one.hosts.iter().all(|host| is_nowhere(host)));
    if nowhere {
        return Some((
            "ROUTE_NOWHERE",
            format!("it goes to {names}, whose addresses lead nowhere"),
        ));
    }
    None
}

/// Hosts that are this machine, or names that are reserved for examples (RFC 2606, RFC 6761).
fn is_nowhere(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    if let Ok(address) = host.parse::<std::net::IpAddr>() {
        return address.is_loopback() || address.is_unspecified();
    }
    let ends = |name: &str| {
        host == name
            || host
                .strip_suffix(name)
                .is_some_and(|rest| rest.ends_with('.'))
    };
    host.is_empty()
        || [
            "localhost",
            "invalid",
            "test",
            "example",
            "example.com",
            "example.net",
            "example.org",
        ]
        .iter()
        .any(|name| ends(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_lead_nowhere_are_known() {
        for host in [
            "localhost",
            "127.0.0.1",
            "::1",
            "0.0.0.0",
            "a.invalid",
            "hooks.example.com",
            "",
            "LOCALHOST".to_lowercase().as_str(),
        ] {
            assert!(is_nowhere(host), "{host}");
        }
        for host in [
            "pager.internal",
            "bridge.monitoring.svc",
            "10.0.0.4",
            "notexample.com",
            "localhost.io",
        ] {
            assert!(!is_nowhere(host), "{host}");
        }
    }
}
