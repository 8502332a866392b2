//! What all documents are made of.

use serde_json::{Map, Value, json};

use crate::catalogue::Framework;
use crate::check::CheckKind;
use crate::digest::Digest;
use crate::report::Report;
use crate::report::text::shown;

/// The version that the documents follow.
pub(super) const VERSION: &str = "1.2.1";
/// Whose properties these are.
pub(super) const NAMESPACE: &str = "https://github.com/vouchsafe/vouchsafe/ns/oscal";

/// A UUID from a stable name: the form of version 5 (RFC 9562), over SHA-256.
pub(super) fn uuid(parts: &[&str]) -> String {
    let name = parts.join("\u{1f}");
    let digits: Vec<char> = Digest::of(name.as_bytes()).to_string().chars().collect();
    let of = |from: usize, count: usize| digits.iter().skip(from).take(count).collect::<String>();
    // The variant is one of 8, 9, a, b.
    let variant = match digits.get(16) {
        Some('0' | '4' | '8' | 'c') => '8',
        Some('1' | '5' | '9' | 'd') => '9',
        Some('2' | '6' | 'a' | 'e') => 'a',
        _ => 'b',
    };
    format!(
        "{}-{}-5{}-{variant}{}-{}",
        of(0, 8),
        of(8, 4),
        of(13, 3),
        of(17, 3),
        of(20, 12)
    )
}

/// A UUID that belongs to one report.
pub(super) fn own(report: &Report<'_>, parts: &[&str]) -> String {
    let findings = report.findings;
    let window = format!("{} {}", findings.window.from, findings.window.to);
    let (before, as_of) = (findings.before.to_string(), findings.as_of.to_string());
    let mut name = vec![report.origin, &window, &before, &as_of];
    name.extend(parts);
    uuid(&name)
}

/// The program, as a component and as an actor.
pub(super) fn tool(report: &Report<'_>) -> String {
    uuid(&["tool", report.program])
}

pub(super) fn metadata(report: &Report<'_>, title: &str) -> Value {
    json!({
        "title": format!("{title}: {}", line(report.project)),
        "last-modified": report.findings.as_of.to_string(),
        "version": line(report.program),
        "oscal-version": VERSION,
        "remarks": "Not legal advice, and no attestation. Which controls apply is for counsel and for the auditor to say.",
    })
}

/// One line of text that is not empty.
pub(super) fn line(text: &str) -> String {
    let text = shown(text);
    match text.trim() {
        "" => "none".to_owned(),
        text => text.to_owned(),
    }
}

pub(super) fn property(name: &str, value: &str) -> Value {
    json!({ "name": name, "ns": NAMESPACE, "value": line(value) })
}

/// Puts a list where it is not empty.
pub(super) fn put(into: &mut Value, name: &str, list: Vec<Value>) {
    if let (Some(object), false) = (into.as_object_mut(), list.is_empty()) {
        object.insert(name.to_owned(), Value::Array(list));
    }
}

/// The id of a control: `hipaa-164.312.a.1`, `soc2-CC8.1`.
pub(super) fn control_id(framework: Framework, id: &str) -> String {
    let prefix = match framework {
        Framework::Hipaa => "hipaa",
        Framework::Soc2 => "soc2",
    };
    let plain = id.chars().filter(|character| *character != ')');
    let plain = plain.map(|character| match character {
        '(' => '.',
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' => character,
        _ => '_',
    });
    format!("{prefix}-{}", plain.collect::<String>())
}

/// The id of what a control asks.
pub(super) fn objective_id(framework: Framework, id: &str) -> String {
    format!("{}_obj", control_id(framework, id))
}

/// By which method a check comes to its verdict.
pub(super) const fn method(kind: CheckKind) -> &'static str {
    match kind {
        CheckKind::State | CheckKind::Population | CheckKind::SelfTest => "TEST",
        CheckKind::Register => "EXAMINE",
    }
}

pub(super) fn document(name: &str, content: Value) -> Value {
    let mut document = Map::new();
    document.insert(name.to_owned(), content);
    Value::Object(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_of_version_5_and_depends_on_every_part() {
        let one = uuid(&["a", "b"]);
        assert_eq!(one, uuid(&["a", "b"]));
        assert_ne!(one, uuid(&["ab"]));
        let marks: Vec<char> = one.chars().collect();
        assert_eq!((one.len(), marks[14]), (36, '5'));
        assert!("89ab".contains(marks[19]));
    }

    #[test]
    fn ids_of_controls_are_tokens() {
        assert_eq!(
            control_id(Framework::Hipaa, "164.308(a)(5)(ii)(A)"),
            "hipaa-164.308.a.5.ii.A"
        );
        assert_eq!(control_id(Framework::Soc2, "CC8.1"), "soc2-CC8.1");
        assert_eq!(control_id(Framework::Soc2, "a b\"c"), "soc2-a_b_c");
    }
}
