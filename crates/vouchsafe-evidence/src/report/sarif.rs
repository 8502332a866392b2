//! What a run found, as SARIF 2.1.0, for code scanning: a rule is a check, a result is a deviation or a gap.

use serde_json::{Value, json};

use crate::check::Check;
use crate::digest::Digest;
use crate::judgement::{Deviation, Judgement, Outcome, Severity, Unobservable};
use crate::project::FILE;

/// The document for what checks came to in one run.
pub(crate) fn sarif(outcomes: &[(&Check, &Judgement)]) -> Value {
    let rules: Vec<Value> = outcomes.iter().map(|(check, _)| rule(check)).collect();
    let mut results = Vec::new();
    for (number, (check, judgement)) in outcomes.iter().enumerate() {
        let rule = (check.id.as_str(), number);
        let deviations = judgement.deviations.iter();
        results.extend(deviations.map(|one| deviation(rule, one, None)));
        let excepted = judgement.excepted.iter();
        results.extend(excepted.map(|one| deviation(rule, &one.deviation, Some(&one.exception))));
        let unobservable = judgement.unobservable.iter();
        results.extend(unobservable.map(|one| gap(rule, &one.item, &unseen(one))));
        if judgement.outcome == Outcome::Error && judgement.unobservable.is_empty() {
            results.push(gap(rule, "", &judgement.notes.join("; ")));
        }
    }
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "vouchsafe-evidence",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            }},
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    })
}

fn rule(check: &Check) -> Value {
    json!({
        "id": check.id,
        "shortDescription": {"text": check.title},
        "fullDescription": {"text": format!("{}. For {}", check.title, check.controls.join(", "))},
        "help": {"text": check.remedy.replace('\n', " ")},
        "defaultConfiguration": {"level": level(check.severity)},
        "properties": {
            "tags": check.controls,
            "security-severity": score(check.severity),
        },
    })
}

/// The id of a rule, and its place among them.
type Rule<'a> = (&'a str, usize);

fn deviation((id, number): Rule<'_>, deviation: &Deviation, exception: Option<&str>) -> Value {
    let key = format!("{id}\n{}\n{}", deviation.code, deviation.item);
    let suppressions = exception.map(|exception| {
        let reason = format!("exception {exception}");
        json!({"kind": "external", "status": "accepted", "justification": reason})
    });
    json!({
        "ruleId": id,
        "ruleIndex": number,
        "kind": "fail",
        "level": level(deviation.severity),
        "message": {"text": format!("{} {}: {}", deviation.code, deviation.item, deviation.text)},
        "locations": [location(deviation.place.as_deref(), &deviation.item)],
        "partialFingerprints": {"checkCodeItem/v1": Digest::of(key.as_bytes()).to_string()},
        "suppressions": suppressions.into_iter().collect::<Vec<_>>(),
    })
}

/// What could not be judged: neither pass nor fail, which SARIF calls open.
fn gap((id, number): Rule<'_>, item: &str, why: &str) -> Value {
    json!({
        "ruleId": id,
        "ruleIndex": number,
        "kind": "open",
        "level": "none",
        "message": {"text": why},
        "locations": [location(None, item)],
    })
}

fn unseen(one: &Unobservable) -> String {
    format!("{}: {}", one.item, one.what)
}

/// A file and line, where the place is one; else the settings, since code scanning takes no result without a file.
fn location(place: Option<&str>, item: &str) -> Value {
    let (path, line) = match place.and_then(|place| place.rsplit_once(':')) {
        Some((path, line)) if line.parse::<u32>().is_ok_and(|line| line > 0) => {
            (path, line.parse::<u32>().ok())
        }
        _ => (place.unwrap_or(FILE), None),
    };
    let artifact = json!({"uri": uri(path), "uriBaseId": "%SRCROOT%"});
    let physical = match line {
        Some(line) => json!({"artifactLocation": artifact, "region": {"startLine": line}}),
        None => json!({"artifactLocation": artifact}),
    };
    json!({
        "physicalLocation": physical,
        "logicalLocations": [{"fullyQualifiedName": item}],
    })
}

/// A relative path as a URI reference (RFC 3986).
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

/// The number by which code scanning sorts, on the scale of CVSS.
const fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "3.0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Excepted;

    fn results(judgement: &Judgement) -> Vec<Value> {
        let check = Check::all().unwrap().remove(0);
        let sarif = sarif(&[(&check, judgement)]);
        sarif["runs"][0]["results"].as_array().unwrap().clone()
    }

    fn deviation(place: Option<&str>) -> Deviation {
        Deviation {
            item: "api".to_owned(),
            code: "NO_HPA".to_owned(),
            text: "it has no autoscaler".to_owned(),
            severity: Severity::High,
            since: None,
            until: None,
            place: place.map(str::to_owned),
        }
    }

    #[test]
    fn a_deviation_has_its_line_and_what_has_none_the_settings() {
        for (place, path, line) in [
            (
                Some("deploy/my api.yaml:12"),
                "deploy/my%20api.yaml",
                json!(12),
            ),
            (Some("deploy/api.yaml"), "deploy/api.yaml", Value::Null),
            (Some("a:b"), "a%3Ab", Value::Null),
            (None, "evidence/evidence.toml", Value::Null),
        ] {
            let judgement = Judgement::of(vec![deviation(place)], Vec::new());
            let found = results(&judgement);
            let physical = &found[0]["locations"][0]["physicalLocation"];
            assert_eq!(physical["artifactLocation"]["uri"], path);
            assert_eq!(physical["region"]["startLine"], line);
            assert_eq!(found[0]["level"], "error");
        }
    }

    #[test]
    fn a_gap_is_open_and_no_pass_and_an_exception_suppresses() {
        let found = results(&Judgement::error("no evidence"));
        let [gap] = found.as_slice() else {
            panic!("{found:?}");
        };
        assert_eq!(
            (&gap["kind"], &gap["level"]),
            (&json!("open"), &json!("none"))
        );
        let nothing = Judgement::of(Vec::new(), Vec::new());
        assert_eq!(results(&nothing), Vec::<Value>::new());
        let mut excepted = nothing;
        excepted.excepted.push(Excepted {
            exception: "EX-1".to_owned(),
            deviation: deviation(None),
        });
        let found = results(&excepted);
        assert_eq!(
            found[0]["suppressions"][0]["justification"],
            "exception EX-1"
        );
    }
}
