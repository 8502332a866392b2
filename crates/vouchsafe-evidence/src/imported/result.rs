//! What a report says, whichever tool wrote it.

use jiff::Timestamp;
use serde_json::Value;

use super::{Import, RESULT, Tool, sarif, scanners, vulnerabilities};
use crate::inputs::{Context, Known};
use crate::judgement::Severity;

/// A finding of a tool.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Finding {
    /// The tool.
    pub(super) tool: String,
    /// Its rule or advisory.
    pub(super) rule: String,
    /// What it is about: a package, a resource.
    pub(super) subject: String,
    /// A file and line.
    pub(super) place: Option<String>,
    /// Nothing where the tool does not say.
    pub(super) severity: Option<Severity>,
    /// Whether the tool was told to pass it over.
    pub(super) suppressed: bool,
}

/// What a report says.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Report {
    pub(crate) findings: Vec<Finding>,
    /// When it says that it was made.
    pub(super) made: Option<Timestamp>,
    /// When the database of advisories that was used was made.
    pub(super) database: Option<Timestamp>,
    /// The tools of a SARIF report, each with the rules that it lists.
    pub(super) runs: Vec<(String, Vec<String>)>,
}

/// Reads a report.
///
/// # Errors
/// In words, when it is not whole or its own marks say that the tool failed. An empty report is never "no findings".
pub(crate) fn read(tool: Tool, bytes: &[u8]) -> Result<Report, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let json = || -> Result<Value, String> {
        serde_json::from_slice(bytes)
            .map_err(|error| format!("it is no JSON, or was cut (line {})", error.line()))
    };
    let mut report = match tool {
        Tool::Sarif => sarif::read(&json()?)?,
        Tool::Prowler => scanners::prowler(&json()?)?,
        Tool::KubeLinter => scanners::kube_linter(&json()?)?,
        Tool::Checkov => scanners::checkov(&json()?)?,
        Tool::Govulncheck => vulnerabilities::govulncheck(&stream(bytes)?)?,
        Tool::CargoDeny => vulnerabilities::cargo_deny(&stream(bytes)?)?,
        Tool::OsvScanner => vulnerabilities::osv_scanner(&json()?)?,
        Tool::CargoAudit => vulnerabilities::cargo_audit(&json()?)?,
        Tool::NpmAudit => vulnerabilities::npm_audit(&json()?)?,
    };
    report.findings.sort();
    report.findings.dedup();
    Ok(report)
}

fn stream(bytes: &[u8]) -> Result<Vec<Value>, String> {
    let values = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    let values: Result<Vec<_>, _> = values.collect();
    values.map_err(|error| {
        format!(
            "it is no stream of JSON, or was cut (line {})",
            error.line()
        )
    })
}

/// The reports of the last collection, whole and not too old.
pub(super) fn all(context: &Context<'_>) -> Result<Vec<(String, Report)>, String> {
    let last = context
        .last(RESULT)
        .ok_or("no report of a tool was collected")?;
    let moment = last.at;
    let hours = i64::from(
        context
            .check
            .cadence_hours
            .saturating_add(context.check.grace_hours),
    );
    if seconds(moment, context.at) > hours.saturating_mul(3600) {
        return Err(format!(
            "the last reports were collected at {moment}: collect again"
        ));
    }
    let imports = match context.last(crate::project::SETTINGS) {
        Some(_) => context.settings()?.imports.clone(),
        None => Vec::new(),
    };
    let mut reports = Vec::new();
    let of_run = context.of_last_run(RESULT).iter();
    let mut known: Vec<&Known> = of_run.map(AsRef::as_ref).collect();
    known.sort_by(|a, b| {
        (&a.evidence.source, &a.evidence.request).cmp(&(&b.evidence.source, &b.evidence.request))
    });
    for known in known {
        let path = known.evidence.request.clone();
        let report = one(context, known, &imports).map_err(|why| format!("{path}: {why}"))?;
        reports.push((path, report));
    }
    Ok(reports)
}

fn one(context: &Context<'_>, known: &Known, imports: &[Import]) -> Result<Report, String> {
    if let Some(why) = &known.evidence.failed {
        return Err(format!("could not be collected: {why}"));
    }
    let source = &known.evidence.source;
    let tool = Tool::of_source(source).ok_or_else(|| format!("{source} is no known tool"))?;
    let report = read(tool, &context.content(known)?)?;
    let days = imports
        .iter()
        .filter(|import| import.tool == tool)
        .map(|import| import.max_age_days)
        .min();
    let limit = i64::from(days.unwrap_or(7)).saturating_mul(86_400);
    let dates = [
        Some(known.evidence.collected_at),
        report.made,
        report.database,
    ];
    for (date, what) in
        dates
            .into_iter()
            .zip(["the report", "the report", "its database of advisories"])
    {
        let Some(date) = date else { continue };
        let age = seconds(date, context.at);
        if age > limit {
            return Err(format!(
                "{what} is of {date}: older than {} days",
                limit / 86_400
            ));
        }
        if age < -86_400 {
            return Err(format!("{what} is of {date}, which is to come"));
        }
    }
    Ok(report)
}

fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.as_second().saturating_sub(from.as_second())
}

/// Text of a field below several.
pub(super) fn text<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    at(value, path)?.as_str()
}

/// A field below several.
pub(super) fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter()
        .try_fold(value, |value, key| value.get(key))
        .filter(|value| !value.is_null())
}

/// A list below several fields; none where there is no such list.
pub(super) fn list<'a>(value: &'a Value, path: &[&str]) -> &'a [Value] {
    at(value, path)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// A severity by its name.
pub(super) fn severity(name: &str) -> Option<Severity> {
    match name.to_ascii_lowercase().as_str() {
        "critical" | "fatal" => Some(Severity::Critical),
        "high" | "error" => Some(Severity::High),
        "medium" | "moderate" | "warning" => Some(Severity::Medium),
        "low" | "note" | "info" | "informational" => Some(Severity::Low),
        _ => None,
    }
}

/// A severity by a score of CVSS.
pub(super) fn scored(score: &str) -> Option<Severity> {
    let score: f64 = score.parse().ok()?;
    match score {
        9.0..=10.0 => Some(Severity::Critical),
        7.0..9.0 => Some(Severity::High),
        4.0..7.0 => Some(Severity::Medium),
        0.0..4.0 if score > 0.0 => Some(Severity::Low),
        _ => None,
    }
}
