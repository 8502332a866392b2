//! A saved page: one line of a file of pages (`forge.pages/1`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// Headers that are kept; no other is.
const KEPT: &[&str] = &[
    "link",
    "etag",
    "last-modified",
    "date",
    "x-github-request-id",
    "retry-after",
    "x-oauth-scopes",
    "x-accepted-github-permissions",
    "github-authentication-token-expiration",
    "x-github-api-version-selected",
];

/// Text that people and machines write at length, and credentials: no check reads it, and it is where PHI and secrets
/// come in. It is not stored.
const WITHHELD: &[&str] = &[
    "body",
    "body_html",
    "body_text",
    "description",
    "description_html",
    "payload",
    "summary",
    "text",
];

/// One page.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Page {
    /// The version of this format.
    pub(crate) page: u8,
    pub(crate) method: String,
    /// The path that was asked, below the address of the interface.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) status: u16,
    /// When it was asked, by the clock of this machine.
    pub(crate) at: Timestamp,
    pub(crate) headers: BTreeMap<String, String>,
    /// Whether the body came whole and is JSON.
    pub(crate) complete: bool,
    /// Whether the forge said that the page of an earlier time still stands; it is stored again with its new time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) revalidated: bool,
    /// Names of fields whose values were not stored: null stands there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) withheld: Vec<String>,
    /// What is not as the recorded contract says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) changed: Vec<String>,
    pub(crate) body: Option<Box<RawValue>>,
}

impl Page {
    /// Whether it is an answer that counts: whole, with status 200.
    pub(crate) const fn is_answer(&self) -> bool {
        self.status == 200 && self.complete
    }

    /// The body, or null.
    pub(crate) fn value(&self) -> Value {
        let body = self.body.as_deref();
        body.and_then(|body| serde_json::from_str(body.get()).ok())
            .unwrap_or_default()
    }

    /// The line, with the line feed at its end and none within.
    pub(crate) fn line(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut line = serde_json::to_vec(self)?;
        // Within JSON a line break can only be white space: in strings it is escaped.
        for byte in &mut line {
            if matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
        line.push(b'\n');
        Ok(line)
    }

    /// Reads a line.
    pub(crate) fn read(line: &[u8]) -> Option<Self> {
        let page: Self = serde_json::from_slice(line).ok()?;
        (page.page == 1).then_some(page)
    }
}

/// Whether a header is kept.
pub(crate) fn is_kept(name: &str) -> bool {
    let limits = ["x-ratelimit-", "ratelimit-"];
    KEPT.contains(&name) || limits.iter().any(|limit| name.starts_with(limit))
}

/// Takes out what is not stored; the names of the fields that had something.
pub(crate) fn withhold(value: &mut Value) -> Vec<String> {
    let mut names = Vec::new();
    take_out(value, &mut names);
    names.sort_unstable();
    names.dedup();
    names
}

fn take_out(value: &mut Value, names: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| take_out(item, names)),
        Value::Object(fields) => {
            for (name, field) in fields {
                if is_withheld(name) && !is_empty(field) {
                    *field = Value::Null;
                    names.push(name.clone());
                } else {
                    take_out(field, names);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_withheld(name: &str) -> bool {
    WITHHELD.contains(&name) || name == "token" || name.ends_with("_token")
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_text_and_credentials_are_not_stored() {
        let mut value = serde_json::json!({
            "title": "Mend the form",
            "body": "the patient of bed 7",
            "head": {"repo": {"temp_clone_token": "canary"}},
            "runners_token": "canary-of-gitlab",
            "list": [{"output": {"title": "t", "summary": "long", "text": null}}],
        });
        assert_eq!(
            withhold(&mut value),
            ["body", "runners_token", "summary", "temp_clone_token"]
        );
        let text = value.to_string();
        assert!(!text.contains("canary") && !text.contains("bed 7") && !text.contains("long"));
        assert!(text.contains("Mend the form"));
    }

    #[test]
    fn a_page_is_one_line_whatever_its_body() {
        let body = RawValue::from_string("{\"a\":\n\r\n [1.50, 9007199254740993]}".to_owned());
        let page = Page {
            page: 1,
            method: "GET".to_owned(),
            path: "/x".to_owned(),
            query: String::new(),
            status: 200,
            at: Timestamp::UNIX_EPOCH,
            headers: BTreeMap::new(),
            complete: true,
            revalidated: false,
            withheld: Vec::new(),
            changed: Vec::new(),
            body: Some(body.unwrap()),
        };
        let line = page.line().unwrap();
        assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
        let text = String::from_utf8(line.clone()).unwrap();
        // Numbers keep their text.
        assert!(text.contains("[1.50, 9007199254740993]"), "{text}");
        assert!(Page::read(&line).unwrap().is_answer());
        assert!(Page::read(line.get(..line.len() - 4).unwrap()).is_none());
    }
}
