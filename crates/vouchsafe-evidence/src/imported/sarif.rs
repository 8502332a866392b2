//! SARIF 2.1.0, the format that most code scanners write.

use serde_json::Value;

use super::result::{Finding, Report, at, list, scored, severity, text};
use crate::judgement::Severity;

/// Reads it. Marks of a failed or partial run are errors.
pub(super) fn read(root: &Value) -> Result<Report, String> {
    let version = text(root, &["version"]).ok_or("it is no SARIF: it has no version")?;
    if version != "2.1.0" {
        return Err("it is not SARIF 2.1.0".to_owned());
    }
    let runs = list(root, &["runs"]);
    if runs.is_empty() {
        return Err("it has no runs: the tool looked at nothing".to_owned());
    }
    let mut report = Report::default();
    for run in runs {
        whole(run)?;
        let tool = text(run, &["tool", "driver", "name"]).ok_or("a run names no tool")?;
        let rules = rules(run);
        for invocation in list(run, &["invocations"]) {
            let ended = text(invocation, &["endTimeUtc"]).and_then(|time| time.parse().ok());
            report.made = report.made.max(ended);
        }
        for result in list(run, &["results"]) {
            if let Some(found) = finding(tool, &rules, result)? {
                report.findings.push(found);
            }
        }
        let names = rules
            .iter()
            .filter_map(|rule| text(rule, &["id"]))
            .map(str::to_owned);
        report.runs.push((tool.to_owned(), names.collect()));
    }
    Ok(report)
}

fn whole(run: &Value) -> Result<(), String> {
    for invocation in list(run, &["invocations"]) {
        if at(invocation, &["executionSuccessful"]).and_then(Value::as_bool) != Some(true) {
            return Err("the tool says that it failed (executionSuccessful)".to_owned());
        }
        let kinds = [
            "toolExecutionNotifications",
            "toolConfigurationNotifications",
        ];
        let errors = kinds.iter().flat_map(|kind| list(invocation, &[kind]));
        let count = errors
            .filter(|one| text(one, &["level"]) == Some("error"))
            .count();
        if count > 0 {
            return Err(format!(
                "the tool names {count} errors of its own: it did not look at everything"
            ));
        }
    }
    if at(run, &["results"]).and_then(Value::as_array).is_none() {
        return Err("a run has no list of results: the tool did not get that far".to_owned());
    }
    if at(run, &["externalPropertyFileReferences", "results"]).is_some() {
        return Err("its results are in other files: write one report".to_owned());
    }
    Ok(())
}

/// The rules of the driver, then those of its extensions: an index of a result is one of the driver.
fn rules(run: &Value) -> Vec<&Value> {
    let of_driver = list(run, &["tool", "driver", "rules"]).iter();
    let extensions = list(run, &["tool", "extensions"]).iter();
    of_driver
        .chain(extensions.flat_map(|one| list(one, &["rules"])))
        .collect()
}

fn finding(tool: &str, rules: &[&Value], result: &Value) -> Result<Option<Finding>, String> {
    let kind = text(result, &["kind"]).unwrap_or("fail");
    if !matches!(kind, "fail" | "open" | "review")
        || text(result, &["baselineState"]) == Some("absent")
    {
        return Ok(None);
    }
    let by_index = at(result, &["ruleIndex"])
        .and_then(Value::as_u64)
        .and_then(|index| rules.get(usize::try_from(index).ok()?).copied());
    let id = text(result, &["ruleId"])
        .or_else(|| text(result, &["rule", "id"]))
        .or_else(|| by_index.and_then(|rule| text(rule, &["id"])))
        .ok_or("a result names no rule")?;
    let known = rules
        .iter()
        .copied()
        .find(|rule| text(rule, &["id"]) == Some(id));
    let rule = known.or(by_index);
    let score = |value: &Value| {
        let given = at(value, &["properties", "security-severity"])?;
        let text = given
            .as_str()
            .map_or_else(|| given.to_string(), str::to_owned);
        scored(&text)
    };
    let level = text(result, &["level"])
        .or_else(|| rule.and_then(|rule| text(rule, &["defaultConfiguration", "level"])))
        .unwrap_or("warning");
    let by_level = if level == "none" {
        Some(Severity::Low)
    } else {
        severity(level)
    };
    let accepted = |one: &&Value| text(one, &["status"]).is_none_or(|status| status == "accepted");
    Ok(Some(Finding {
        tool: tool.to_owned(),
        rule: id.to_owned(),
        subject: String::new(),
        place: place(result),
        severity: score(result).or_else(|| rule.and_then(score)).or(by_level),
        suppressed: list(result, &["suppressions"])
            .iter()
            .any(|one| accepted(&one)),
    }))
}

fn place(result: &Value) -> Option<String> {
    let first = list(result, &["locations"]).first()?;
    let physical = at(first, &["physicalLocation"])?;
    let file = text(physical, &["artifactLocation", "uri"])?;
    match at(physical, &["region", "startLine"]).and_then(Value::as_u64) {
        Some(line) => Some(format!("{file}:{line}")),
        None => Some(file.to_owned()),
    }
}
