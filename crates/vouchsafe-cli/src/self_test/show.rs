//! A self-test in words.

use vouchsafe_evidence::selftest::Report;

use crate::output;

/// What is wrong, in words. How much it matters is for the checks.
pub(super) fn faults(report: &Report) -> Vec<String> {
    let mut faults = Vec::new();
    if let Some(access) = &report.access {
        for (count, whom) in [
            (access.allowed_without_role, "without a role"),
            (access.allowed_elsewhere, "in another tenant"),
            (
                access.allowed_out_of_time,
                "after the end of session or right",
            ),
        ] {
            if count > 0 {
                faults.push(format!("policies allow {count} asks {whom}"));
            }
        }
    }
    let refused = report.tokens.iter();
    for token in refused.filter(|token| token.refused == (token.fault == "valid")) {
        faults.push(format!(
            "the verifier judges a token wrongly: {}",
            token.fault
        ));
    }
    if let Some(log) = &report.log {
        if !log.sound {
            faults.push("the audit log does not hold".to_owned());
        }
        if log.without_actor > 0 {
            faults.push(format!(
                "{} entries name not exactly one actor",
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
            "{}: seen {} of {}",
            attack.attack, attack.seen, attack.tried
        ));
    }
    if report.seal.as_ref().is_some_and(|seal| !seal.opens) {
        faults.push("a sealed record does not open".to_owned());
    }
    for (file, hits) in report.storage.iter().flat_map(|storage| &storage.hits) {
        faults.push(format!(
            "{file}: {hits} values of the record stand in it in clear"
        ));
    }
    for (class, count) in report.leaks.iter().flat_map(|leaks| &leaks.found) {
        faults.push(format!("{count} values in logs look like {class}"));
    }
    faults
}

/// Prints what was tried, what came of it, and what is wrong.
pub(super) fn show(report: &Report, faults: &[String]) -> anyhow::Result<()> {
    let mut rows: Vec<[String; 2]> = parts(report)
        .into_iter()
        .map(|(name, text)| [name.to_owned(), text])
        .collect();
    let not_done = report.not_done.iter();
    rows.extend(not_done.map(|one| ["NOT TRIED".to_owned(), format!("{}: {}", one.part, one.why)]));
    rows.extend(
        faults
            .iter()
            .map(|fault| ["FINDING".to_owned(), fault.clone()]),
    );
    for line in output::table(&rows) {
        output::say(format_args!("  {line}"))?;
    }
    output::say("checks judge it: `vouchsafe self-test --json`, and [[self_test]] in evidence.toml")
}

fn parts(report: &Report) -> Vec<(&'static str, String)> {
    let mut parts = Vec::new();
    if let Some(access) = &report.access {
        let allowed: u64 = access.allowed.values().sum();
        let without =
            access.allowed_without_role + access.allowed_elsewhere + access.allowed_out_of_time;
        let asks = access.asks;
        let text = format!("{asks} asks, {allowed} allowed, {without} without a right");
        parts.push(("access", text));
    }
    let refused = report.tokens.iter().filter(|token| token.refused).count();
    parts.push(("tokens", format!("{refused} with good signatures refused")));
    if let Some(identity) = &report.identity {
        let people = identity.people.len();
        parts.push(("people", format!("{people} who are not disabled")));
    }
    if let Some(log) = &report.log {
        let (entries, about) = (log.entries, log.about_records);
        parts.push(("log", format!("{entries} entries, {about} about records")));
    }
    let copied = report.log.iter().flat_map(|log| &log.attacks);
    let sealed = report.seal.iter().flat_map(|seal| &seal.attacks);
    parts.extend(copied.chain(sealed).map(|one| {
        let text = format!("{}: seen {} of {}", one.attack, one.seen, one.tried);
        ("attack", text)
    }));
    parts.push(("keys", format!("{} listed", report.keys.len())));
    if let Some(storage) = &report.storage {
        let (values, bytes) = (storage.values, storage.bytes);
        parts.push((
            "storage",
            format!("{values} values looked for in {bytes} bytes"),
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
