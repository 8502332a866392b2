//! Scanners of clouds and of their definitions: Prowler, kube-linter, Checkov.

use serde_json::Value;

use super::result::{Finding, Report, at, list, severity, text};
use crate::judgement::Severity;

/// Prowler's OCSF JSON: a list of detections, passed ones too.
pub(super) fn prowler(root: &Value) -> Result<Report, String> {
    let all = root.as_array().ok_or("it is no list of OCSF findings")?;
    if all.is_empty() {
        return Err(
            "it has no findings, not even passed ones: Prowler looked at nothing".to_owned(),
        );
    }
    let mut report = Report::default();
    for one in all {
        let status = text(one, &["status_code"]).ok_or("a finding has no status_code")?;
        let made = text(one, &["time_dt"]).and_then(|time| time.parse().ok());
        report.made = report.made.max(made);
        let muted = status == "MUTED" || text(one, &["status"]) == Some("Suppressed");
        match status {
            "PASS" => continue,
            "FAIL" | "MUTED" => {}
            // Prowler leaves these to a person; they are no verdict.
            "MANUAL" => continue,
            _ => return Err("a finding has a status_code that is not known".to_owned()),
        }
        let rule = text(one, &["metadata", "event_code"]).ok_or("a finding names no check")?;
        let resource = list(one, &["resources"]).first();
        report.findings.push(Finding {
            tool: "prowler".to_owned(),
            rule: rule.to_owned(),
            subject: resource
                .and_then(|one| text(one, &["uid"]))
                .unwrap_or_default()
                .to_owned(),
            place: None,
            severity: text(one, &["severity"]).and_then(severity),
            suppressed: muted,
        });
    }
    Ok(report)
}

/// `kube-linter lint --format json`.
pub(super) fn kube_linter(root: &Value) -> Result<Report, String> {
    let status = text(root, &["Summary", "ChecksStatus"])
        .ok_or("it has no summary: it was cut, or is of another tool")?;
    if list(root, &["Checks"]).is_empty() {
        return Err("no checks were run".to_owned());
    }
    let reports = list(root, &["Reports"]);
    if (status == "Passed") != reports.is_empty() {
        return Err("its summary contradicts its reports".to_owned());
    }
    let mut report = Report {
        made: text(root, &["Summary", "CheckEndTime"]).and_then(|time| time.parse().ok()),
        ..Report::default()
    };
    for one in reports {
        let rule = text(one, &["Check"]).ok_or("a report names no check")?;
        let object = at(one, &["Object", "K8sObject"]);
        let part = |field: &str| {
            object
                .and_then(|object| text(object, &[field]))
                .unwrap_or_default()
        };
        let kind = object
            .and_then(|object| text(object, &["GroupVersionKind", "Kind"]))
            .unwrap_or_default();
        report.findings.push(Finding {
            tool: "kube-linter".to_owned(),
            rule: rule.to_owned(),
            subject: format!("{}/{kind}/{}", part("Namespace"), part("Name")),
            place: text(one, &["Object", "Metadata", "FilePath"]).map(str::to_owned),
            severity: Some(Severity::Medium),
            suppressed: false,
        });
    }
    Ok(report)
}

/// `checkov -o json`: a report, or a list of one for each framework.
pub(super) fn checkov(root: &Value) -> Result<Report, String> {
    let single = std::slice::from_ref(root);
    let all = root.as_array().map_or(single, Vec::as_slice);
    let mut report = Report::default();
    for one in all {
        let count = |field: &str| at(one, &["summary", field]).and_then(Value::as_u64);
        let failed = list(one, &["results", "failed_checks"]);
        let results = at(one, &["results"]);
        if results.is_none() || count("passed").zip(count("failed")).is_none() {
            return Err("it has no results: Checkov found nothing to look at".to_owned());
        }
        if count("parsing_errors").is_none_or(|count| count > 0)
            || !list(one, &["results", "parsing_errors"]).is_empty()
        {
            return Err("Checkov could not read some files".to_owned());
        }
        if count("failed") != Some(failed.len() as u64) {
            return Err("its summary contradicts its results".to_owned());
        }
        if count("passed") == Some(0) && failed.is_empty() && count("skipped").unwrap_or(0) == 0 {
            return Err("no check was run on anything".to_owned());
        }
        let skipped = list(one, &["results", "skipped_checks"]);
        let all = failed.iter().map(|check| (check, false));
        for (check, suppressed) in all.chain(skipped.iter().map(|check| (check, true))) {
            let line = list(check, &["file_line_range"])
                .first()
                .and_then(Value::as_u64);
            let file = text(check, &["file_path"])
                .unwrap_or_default()
                .trim_start_matches('/');
            report.findings.push(Finding {
                tool: "checkov".to_owned(),
                rule: text(check, &["check_id"])
                    .ok_or("a check has no id")?
                    .to_owned(),
                subject: text(check, &["resource"]).unwrap_or_default().to_owned(),
                place: Some(line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"))),
                severity: text(check, &["severity"]).and_then(severity),
                suppressed,
            });
        }
    }
    if all.is_empty() {
        return Err("it has no reports".to_owned());
    }
    Ok(report)
}
