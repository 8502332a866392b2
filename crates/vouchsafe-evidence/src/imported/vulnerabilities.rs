//! Scanners of dependencies: govulncheck, osv-scanner, cargo-audit, cargo-deny, npm audit.

use std::collections::BTreeSet;

use serde_json::Value;

use super::result::{Finding, Report, at, list, scored, severity, text};
use crate::judgement::Severity;

fn found(tool: &str, rule: &str, subject: String, severity: Option<Severity>) -> Finding {
    Finding {
        tool: tool.to_owned(),
        rule: rule.to_owned(),
        subject,
        place: None,
        severity,
        suppressed: false,
    }
}

/// `govulncheck -format json`: a stream of messages, the first of which is its configuration.
pub(super) fn govulncheck(messages: &[Value]) -> Result<Report, String> {
    let configuration = messages
        .iter()
        .find_map(|message| at(message, &["config"]))
        .ok_or("it has no config message: govulncheck did not start")?;
    let level = text(configuration, &["scan_level"]).unwrap_or("symbol");
    // The configuration and at least one sign of work: a stream that ends before it says nothing.
    let worked = messages.iter().any(|message| {
        ["progress", "SBOM", "osv", "finding"]
            .iter()
            .any(|kind| at(message, &[kind]).is_some())
    });
    if !worked {
        return Err("it ends after its config message: govulncheck looked at nothing".to_owned());
    }
    let mut report = Report {
        database: text(configuration, &["db_last_modified"]).and_then(|time| time.parse().ok()),
        ..Report::default()
    };
    let mut called = BTreeSet::new();
    let mut there = BTreeSet::new();
    for finding in messages
        .iter()
        .filter_map(|message| at(message, &["finding"]))
    {
        let osv = text(finding, &["osv"]).ok_or("a finding names no advisory")?;
        let frame = list(finding, &["trace"])
            .first()
            .ok_or("a finding has no trace")?;
        let module = text(frame, &["module"]).unwrap_or_default();
        let version = text(frame, &["version"]).unwrap_or_default();
        let key = (osv, format!("{module} {version}"));
        // Where symbols were not looked at, whether it is called is not known.
        if level != "symbol" || text(frame, &["function"]).is_some() {
            called.insert(key.clone());
        }
        there.insert(key);
    }
    for (osv, subject) in there {
        let is_called = called.contains(&(osv, subject.clone()));
        let severity = if is_called { None } else { Some(Severity::Low) };
        report
            .findings
            .push(found("govulncheck", osv, subject, severity));
    }
    Ok(report)
}

/// `osv-scanner --format json --all-packages`.
pub(super) fn osv_scanner(root: &Value) -> Result<Report, String> {
    let results = list(root, &["results"]);
    let packages = results
        .iter()
        .flat_map(|result| list(result, &["packages"]));
    if packages.clone().next().is_none() {
        return Err("it lists no package, so nothing shows that any was looked at: run osv-scanner with --all-packages".to_owned());
    }
    let mut report = Report::default();
    for package in packages {
        let part = |field| text(package, &["package", field]).unwrap_or_default();
        let subject = format!("{} {}", part("name"), part("version"));
        let mut grouped = BTreeSet::new();
        for group in list(package, &["groups"]) {
            let ids: Vec<&str> = list(group, &["ids"])
                .iter()
                .filter_map(Value::as_str)
                .collect();
            let first = ids.first().ok_or("a group has no ids")?;
            let score = text(group, &["max_severity"]).and_then(scored);
            report
                .findings
                .push(found("osv-scanner", first, subject.clone(), score));
            grouped.extend(ids);
        }
        for one in list(package, &["vulnerabilities"]) {
            let id = text(one, &["id"]).ok_or("a vulnerability has no id")?;
            if !grouped.contains(id) {
                let named = text(one, &["database_specific", "severity"]).and_then(severity);
                report
                    .findings
                    .push(found("osv-scanner", id, subject.clone(), named));
            }
        }
    }
    Ok(report)
}

/// `cargo audit --json`.
pub(super) fn cargo_audit(root: &Value) -> Result<Report, String> {
    let count = |path: &[&str]| at(root, path).and_then(Value::as_u64);
    if count(&["database", "advisory-count"]).is_none_or(|count| count == 0) {
        return Err("its database has no advisories".to_owned());
    }
    if count(&["lockfile", "dependency-count"]).is_none_or(|count| count == 0) {
        return Err("it looked at no dependency".to_owned());
    }
    let all = list(root, &["vulnerabilities", "list"]);
    if count(&["vulnerabilities", "count"]) != Some(all.len() as u64) {
        return Err("its count contradicts its list".to_owned());
    }
    let updated = text(root, &["database", "last-updated"]);
    let mut report = Report {
        database: updated.and_then(|time| time.parse().ok()),
        ..Report::default()
    };
    if report.database.is_none() {
        return Err("it does not say of when its database is".to_owned());
    }
    let subject = |one: &Value| {
        let part = |field| text(one, &["package", field]).unwrap_or_default();
        format!("{} {}", part("name"), part("version"))
    };
    for one in all {
        let id = text(one, &["advisory", "id"]).ok_or("an advisory has no id")?;
        report
            .findings
            .push(found("cargo-audit", id, subject(one), None));
    }
    for ignored in list(root, &["settings", "ignore"])
        .iter()
        .filter_map(Value::as_str)
    {
        let mut one = found("cargo-audit", ignored, "ignored".to_owned(), None);
        one.suppressed = true;
        report.findings.push(one);
    }
    let warnings = at(root, &["warnings"]).and_then(Value::as_object);
    for (kind, list) in warnings.into_iter().flatten() {
        for one in list.as_array().into_iter().flatten() {
            let id = text(one, &["advisory", "id"]).unwrap_or(kind);
            let level = if kind == "unsound" {
                Severity::Medium
            } else {
                Severity::Low
            };
            report
                .findings
                .push(found("cargo-audit", id, subject(one), Some(level)));
        }
    }
    Ok(report)
}

/// `cargo deny --format json check`: a line for each diagnostic, and a summary at the end.
pub(super) fn cargo_deny(lines: &[Value]) -> Result<Report, String> {
    let of = |kind: &'static str| {
        let mine = lines
            .iter()
            .filter(move |line| text(line, &["type"]) == Some(kind));
        mine.filter_map(|line| at(line, &["fields"]))
    };
    if of("log")
        .any(|log| text(log, &["level"]).is_some_and(|level| level.eq_ignore_ascii_case("error")))
    {
        return Err("cargo-deny logged an error of its own".to_owned());
    }
    let summary = of("summary")
        .next_back()
        .and_then(Value::as_object)
        .ok_or("it has no summary: it was cut")?;
    if summary.is_empty() {
        return Err("its summary names no check".to_owned());
    }
    let errors: u64 = summary
        .values()
        .filter_map(|check| at(check, &["errors"])?.as_u64())
        .sum();
    let mut report = Report::default();
    let mut seen = 0_u64;
    for one in of("diagnostic") {
        let level = text(one, &["severity"]).ok_or("a diagnostic has no severity")?;
        let code = text(one, &["code"]).unwrap_or("no code");
        let rule = text(one, &["advisory", "id"]).unwrap_or(code);
        let krate = list(one, &["graphs"]).first();
        let part = |field: &str| {
            krate
                .and_then(|one| text(one, &["Krate", field]))
                .unwrap_or_default()
        };
        let level = match level {
            "error" => {
                seen = seen.saturating_add(1);
                Severity::High
            }
            "warning" => Severity::Low,
            _ => continue,
        };
        let subject = format!("{} {}", part("name"), part("version"));
        report.findings.push(found(
            "cargo-deny",
            rule,
            subject.trim().to_owned(),
            Some(level),
        ));
    }
    if errors > seen {
        return Err("its summary counts more errors than it lists".to_owned());
    }
    Ok(report)
}

/// `npm audit --json`, version 2.
pub(super) fn npm_audit(root: &Value) -> Result<Report, String> {
    if at(root, &["error"]).is_some() {
        return Err("npm says that its audit failed".to_owned());
    }
    if at(root, &["auditReportVersion"]).and_then(Value::as_u64) != Some(2) {
        return Err("it is no npm audit report of version 2".to_owned());
    }
    let count = |path: &[&str]| at(root, path).and_then(Value::as_u64);
    if count(&["metadata", "dependencies", "total"]).is_none_or(|count| count == 0) {
        return Err("it looked at no dependency".to_owned());
    }
    let all = at(root, &["vulnerabilities"])
        .and_then(Value::as_object)
        .ok_or("it has no vulnerabilities field")?;
    if count(&["metadata", "vulnerabilities", "total"]) != Some(all.len() as u64) {
        return Err("its count contradicts its list".to_owned());
    }
    let mut report = Report::default();
    for (package, about) in all {
        for via in list(about, &["via"]).iter().filter(|via| via.is_object()) {
            let url = text(via, &["url"]).unwrap_or_default();
            let rule = url
                .rsplit('/')
                .next()
                .filter(|id| !id.is_empty())
                .unwrap_or("advisory");
            let level = text(via, &["severity"]).and_then(severity);
            report
                .findings
                .push(found("npm-audit", rule, package.clone(), level));
        }
    }
    Ok(report)
}
