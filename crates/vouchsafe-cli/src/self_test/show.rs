//! The report of a self-test in words.

use vouchsafe_evidence::selftest::Report;

use super::Found;
use crate::output;

/// The faults in words. The checks decide how serious each is.
pub(super) fn faults(report: &Report) -> Vec<String> {
    let mut faults = Vec::new();
    if let Some(access) = &report.access {
        for (count, whom) in [
            (access.allowed_without_role, "without a role"),
            (access.allowed_elsewhere, "in another tenant"),
            (
                access.allowed_out_of_time,
                "after the session or the right ended",
            ),
        ] {
            if count > 0 {
                faults.push(format!("the policies allow {count} accesses {whom}"));
            }
        }
    }
    let refused = report.tokens.iter();
    for token in refused.filter(|token| token.refused == (token.fault == "valid")) {
        faults.push(format!(
            "the verifier {} a token: {}",
            match token.refused {
                true => "refuses",
                false => "accepts",
            },
            token.fault
        ));
    }
    if let Some(log) = &report.log {
        if !log.sound {
            faults.push("the audit log does not verify (`vouchsafe audit verify`)".to_owned());
        }
        if log.without_actor > 0 {
            faults.push(format!(
                "{} log entries about records do not name one actor",
                log.without_actor
            ));
        }
    }
    let sealed = report.seal.iter().flat_map(|seal| &seal.attacks);
    let copied = report.log.iter().flat_map(|log| &log.attacks);
    for attack in sealed
        .chain(copied)
        .filter(|attack| attack.seen < attack.tried)
    {
        faults.push(format!(
            "{}: detected {} of {}",
            attack.attack, attack.seen, attack.tried
        ));
    }
    if report.seal.as_ref().is_some_and(|seal| !seal.opens) {
        faults.push("a sealed record does not open".to_owned());
    }
    for (file, hits) in report.storage.iter().flat_map(|storage| &storage.hits) {
        faults.push(format!("{file}: {hits} values of the record in clear text"));
    }
    for (class, count) in report.leaks.iter().flat_map(|leaks| &leaks.found) {
        faults.push(format!("{count} values in logs look like {class}"));
    }
    faults
}

/// Prints the tests, their results, and the faults.
pub(super) fn show(report: &Report, found: &Found) -> anyhow::Result<()> {
    let mut rows: Vec<[String; 2]> = parts(report)
        .into_iter()
        .map(|(name, text)| [name.to_owned(), text])
        .collect();
    let not_done = report.not_done.iter();
    let not_done = not_done.map(|one| format!("{}: {}", one.part, one.why));
    // A requested part that did not run is a gap.
    rows.extend(
        not_done
            .filter(|text| !found.gaps.contains(text))
            .map(|text| ["not tried".to_owned(), text]),
    );
    let gaps = found.gaps.iter().map(|gap| ("GAP", gap));
    let faults = found.faults.iter().map(|fault| ("FINDING", fault));
    rows.extend(
        gaps.chain(faults)
            .map(|(kind, text)| [kind.to_owned(), text.clone()]),
    );
    for line in output::table(&rows) {
        output::say(format_args!("  {line}"))?;
    }
    output::say("as evidence: `vouchsafe self-test --json`, and [[self_test]] in evidence.toml")
}

fn parts(report: &Report) -> Vec<(&'static str, String)> {
    let mut parts = Vec::new();
    if let Some(access) = &report.access {
        let allowed: u64 = access.allowed.values().sum();
        let without =
            access.allowed_without_role + access.allowed_elsewhere + access.allowed_out_of_time;
        let asks = access.asks;
        let text =
            format!("{asks} decisions, {allowed} allowed, {without} of these without a right");
        parts.push(("access", text));
    }
    let refused = report.tokens.iter().filter(|token| token.refused).count();
    parts.push(("tokens", format!("{refused} with valid signatures refused")));
    if let Some(identity) = &report.identity {
        let people = identity.people.len();
        parts.push(("people", format!("{people} active or invited")));
    }
    if let Some(log) = &report.log {
        let (entries, about) = (log.entries, log.about_records);
        parts.push(("log", format!("{entries} entries, {about} about records")));
    }
    let copied = report.log.iter().flat_map(|log| &log.attacks);
    let sealed = report.seal.iter().flat_map(|seal| &seal.attacks);
    parts.extend(copied.chain(sealed).map(|one| {
        let text = format!("{}: detected {} of {}", one.attack, one.seen, one.tried);
        ("attack", text)
    }));
    parts.push(("keys", format!("{} listed", report.keys.len())));
    if let Some(storage) = &report.storage {
        let (values, bytes) = (storage.values, storage.bytes);
        parts.push((
            "storage",
            format!("{values} values searched for in {bytes} bytes"),
        ));
    }
    if let Some(leaks) = &report.leaks {
        parts.push((
            "logs",
            format!("{} lines of {} files", leaks.lines, leaks.files),
        ));
    }
    parts
}
