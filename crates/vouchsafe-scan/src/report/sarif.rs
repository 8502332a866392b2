//! The report as SARIF 2.1.0, for code scanning.
//!
//! A rule is a class; a result is a group with its first places. Fingerprints are made of class and place, never of a
//! value, so that a result is known again after lines moved. Columns are left out: SARIF counts characters, the report
//! counts bytes.

use std::io::{self, Write};

use aws_lc_rs::digest;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::text::{place, standing};
use super::{Allowed, Document, Group, Report};
use crate::class::{Class, Confidence};
use crate::tally::Spot;

pub(super) fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: tool(report),
            invocations: [invocation(report)],
            column_kind: "utf16CodeUnits",
            results: Results(report),
            properties: properties(report),
        }],
    };
    serde_json::to_writer(&mut *out, &log)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Value,
    invocations: [Value; 1],
    column_kind: &'static str,
    results: Results<'a>,
    properties: Value,
}

/// The results one by one: there can be many.
struct Results<'a>(&'a Report);

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let listed = self.0.documents.iter().flat_map(|document| {
            let uri = uri(&document.tool_name);
            document
                .findings
                .iter()
                .map(move |group| result(document, &uri, group))
        });
        let more = self.0.not_listed.iter().map(|(class, count)| {
            let text = format!(
                "{}: {count} more, not listed; the count is exact",
                class.title()
            );
            json!({
                "ruleId": rule_id(*class),
                "ruleIndex": *class as usize,
                "level": "warning",
                "message": { "text": text },
                "occurrenceCount": count,
            })
        });
        to.collect_seq(listed.chain(more))
    }
}

fn tool(report: &Report) -> Value {
    let rule = |class: Class| {
        json!({
            "id": rule_id(class),
            "name": class.name(),
            "shortDescription": { "text": class.title() },
            "fullDescription": { "text": format!("{}, as named in {}", class.title(), class.source()) },
            "helpUri": help_uri(class),
            "help": { "text": "Leave the field out where it is logged or stored, or mask it. Revoke secrets first." },
            "properties": { "source": class.source(), "tags": ["security", "privacy", "hipaa"] },
        })
    };
    json!({ "driver": {
        "name": report.tool.name,
        "version": report.tool.version,
        "semanticVersion": report.tool.version,
        "informationUri": env!("CARGO_PKG_REPOSITORY"),
        "rules": Class::ALL.map(rule),
    }})
}

fn rule_id(class: Class) -> String {
    format!("vouchsafe-scan/{class}")
}

/// The paragraph in the Code of Federal Regulations.
fn help_uri(class: Class) -> String {
    let paragraph = class.source().trim_start_matches("45 CFR ");
    let section = paragraph.split('(').next().unwrap_or(paragraph);
    format!("https://www.ecfr.gov/current/title-45/section-{section}#p-{paragraph}")
}

fn invocation(report: &Report) -> Value {
    let problem = |problem: &super::Problem| {
        json!({
            "level": if problem.kind == "not-read" { "error" } else { "note" },
            "message": { "text": problem.reason },
            "locations": [{ "physicalLocation": { "artifactLocation": { "uri": uri(&problem.tool_name) } } }],
        })
    };
    json!({
        "executionSuccessful": report.not_read == 0,
        "startTimeUtc": report.started.to_string(),
        "exitCode": report.outcome.exit_code,
        "exitCodeDescription": report.outcome.meaning,
        "toolExecutionNotifications": report.problems.iter().map(problem).collect::<Vec<_>>(),
    })
}

fn result(document: &Document, uri: &str, group: &Group) -> Value {
    let field = group
        .field
        .map(|field| format!(", field {field}"))
        .unwrap_or_default();
    let place = place(group);
    let text = format!(
        "{} ({}{field}) at {place}: {}",
        group.class.title(),
        group.confidence,
        group.count
    );
    let mut result = json!({
        "ruleId": rule_id(group.class),
        "ruleIndex": group.class as usize,
        "level": level(group.confidence),
        "message": { "text": text },
        "locations": group.places.iter().map(|spot| location(uri, group, *spot)).collect::<Vec<_>>(),
        "occurrenceCount": group.count,
        "partialFingerprints": { "classAndPlace/v1": fingerprint(document, group) },
        "properties": { "confidence": group.confidence.name(), "field": group.field },
    });
    if let (Some(new), Some(members)) = (group.new, result.as_object_mut()) {
        members.insert(
            "baselineState".to_owned(),
            json!(if new { "new" } else { "unchanged" }),
        );
    }
    result
}

const fn level(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "error",
        Confidence::Medium => "warning",
        Confidence::Low => "note",
    }
}

fn location(uri: &str, group: &Group, spot: Spot) -> Value {
    let mut physical = json!({ "artifactLocation": { "uri": uri } });
    let region = match spot {
        Spot::Line { line, .. } => Some(json!({ "startLine": line.max(1) })),
        Spot::Offset(offset) => Some(json!({ "byteOffset": offset, "byteLength": 0 })),
        Spot::Name | Spot::Row(_) => None,
    };
    if let (Some(region), Some(members)) = (region, physical.as_object_mut()) {
        members.insert("region".to_owned(), region);
    }
    match (&group.part, spot) {
        (Some(part), Spot::Row(row)) => json!({
            "physicalLocation": physical,
            "logicalLocations": [{ "fullyQualifiedName": part, "kind": "column" }],
            "message": { "text": row.map_or_else(|| "a row without number".to_owned(), |row| format!("row {row}")) },
        }),
        (Some(part), _) => json!({ "physicalLocation": physical, "message": { "text": part } }),
        (None, _) => json!({ "physicalLocation": physical }),
    }
}

/// `SHA-256(class, document, part, field)`, each with its length before it. All are masked.
fn fingerprint(document: &Document, group: &Group) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for text in [
        group.class.name(),
        &document.tool_name,
        group.part.as_deref().unwrap_or_default(),
        group.field.unwrap_or_default(),
    ] {
        context.update(&(text.len() as u64).to_be_bytes());
        context.update(text.as_bytes());
    }
    context
        .finish()
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A name as a URI: relative, or `file:` for a path from the root.
fn uri(name: &str) -> String {
    let mut uri = String::from(if name.starts_with('/') { "file://" } else { "" });
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

fn properties(report: &Report) -> Value {
    let allowed = |allowed: &Allowed| {
        json!({
            "line": allowed.line, "reason": allowed.reason, "owner": allowed.owner,
            "until": allowed.until.to_string(), "state": allowed.state, "count": allowed.count,
            "standing": standing(allowed),
        })
    };
    let limits: serde_json::Map<String, Value> = report
        .limits
        .iter()
        .map(|(name, limit)| ((*name).to_owned(), json!(limit)))
        .collect();
    json!({
        "schema": report.schema,
        "outcome": report.outcome.outcome,
        "sources": report.sources,
        "documents": report.scanned.documents,
        "bytes": report.scanned.bytes,
        "lines": report.scanned.lines,
        "excluded": report.excluded,
        "settingsFile": report.settings_file,
        "lookedFor": report.looked_for.iter().map(|class| class.name()).collect::<Vec<_>>(),
        "minimumConfidence": report.minimum_confidence.name(),
        "limits": limits,
        "counts": report.counts,
        "notRead": report.not_read,
        "passedOver": report.passed_over,
        "allowances": report.allowances.iter().map(allowed).collect::<Vec<_>>(),
        "baseline": report.baseline,
        "controls": report.controls,
    })
}
