//! What is written at once: a bundle as it came, or one made of resources.

use serde::Deserialize;
use vouchsafe::ids::RecordId;
use zeroize::Zeroizing;

/// A bundle to be written, all or nothing where it is a transaction.
pub(super) struct Chunk {
    /// The file, as people know it: for messages at the terminal, and nowhere else.
    pub(super) name: std::sync::Arc<str>,
    /// Which chunk of which content: the idempotency key comes from it.
    pub(super) key: String,
    pub(super) content: Content,
}

/// What a chunk is made of.
pub(super) enum Content {
    /// A bundle's text, as it came.
    Bundle(Zeroizing<Vec<u8>>),
    /// Resources, with the line that each one stands in; they become a transaction.
    Resources(Vec<Line>),
}

/// A resource in a file.
pub(super) struct Line {
    /// Its line, from 1; 0 when it is alone in its file.
    pub(super) number: u64,
    pub(super) text: Zeroizing<Vec<u8>>,
}

/// What is read of a resource to write its entry.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "resourceType")]
    resource_type: String,
    id: Option<String>,
}

/// A line that is no resource.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct NotAResource;

/// The resource's type, when the text is a JSON object that says one.
pub(super) fn type_of(text: &[u8]) -> Option<String> {
    serde_json::from_slice::<Head>(text)
        .ok()
        .map(|head| head.resource_type)
}

impl Line {
    /// The line as an entry of a transaction: a resource whose id is a UUID keeps it, so that what
    /// refers to it finds it; any other one gets a new id.
    fn entry(&self, out: &mut Vec<u8>) -> Result<(), NotAResource> {
        let head: Head = serde_json::from_slice(&self.text).map_err(|_| NotAResource)?;
        let name = head.resource_type;
        // The name goes into our JSON as it is.
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(NotAResource);
        }
        let id = head
            .id
            .and_then(|id| Some((id.parse::<RecordId>().ok()?, id)));
        let request = match id {
            Some((id, text)) if id.to_string() == text => {
                format!(r#"{{"method":"PUT","url":"{name}/{id}"}}"#)
            }
            _ => format!(r#"{{"method":"POST","url":"{name}"}}"#),
        };
        out.extend_from_slice(br#"{"resource":"#);
        out.extend_from_slice(&self.text);
        out.extend_from_slice(format!(r#","request":{request}}}"#).as_bytes());
        Ok(())
    }
}

/// The transaction that writes these resources; numbers keep their text.
///
/// # Errors
/// The place of the first line that is no resource.
pub(super) fn transaction(lines: &[Line]) -> Result<Zeroizing<Vec<u8>>, usize> {
    let length: usize = lines.iter().map(|line| line.text.len() + 160).sum();
    let mut out = Zeroizing::new(Vec::with_capacity(length + 64));
    out.extend_from_slice(br#"{"resourceType":"Bundle","type":"transaction","entry":["#);
    for (place, line) in lines.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        line.entry(&mut out).map_err(|NotAResource| place)?;
    }
    out.extend_from_slice(b"]}");
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(texts: &[&str]) -> Vec<Line> {
        let line = |(number, text): (u64, &&str)| Line {
            number,
            text: Zeroizing::new(text.as_bytes().to_vec()),
        };
        (1..).zip(texts).map(line).collect()
    }

    #[test]
    fn a_uuid_is_kept_and_any_other_id_is_not() {
        let text = transaction(&lines(&[
            r#"{"resourceType":"Patient","id":"6a1c5c3e-0d2b-4a52-8d3e-3f2f0c9d1b77","x":1.50}"#,
            r#"{"id":"17","resourceType":"Patient"}"#,
            r#"{"resourceType":"Patient","id":"6A1C5C3E-0D2B-4A52-8D3E-3F2F0C9D1B77"}"#,
        ]))
        .unwrap();
        let text = std::str::from_utf8(&text).unwrap();
        assert!(text.contains("\"x\":1.50"), "{text}");
        let bundle: serde_json::Value = serde_json::from_str(text).unwrap();
        let requests: Vec<_> = bundle["entry"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| {
                let request = &entry["request"];
                (
                    request["method"].as_str().unwrap(),
                    request["url"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            requests,
            [
                ("PUT", "Patient/6a1c5c3e-0d2b-4a52-8d3e-3f2f0c9d1b77"),
                ("POST", "Patient"),
                ("POST", "Patient"),
            ]
        );
    }

    #[test]
    fn a_line_that_is_no_resource_is_pointed_at() {
        let good = r#"{"resourceType":"Patient"}"#;
        for bad in [
            "",
            "{",
            "[]",
            "{}",
            r#"{"resourceType":"Pa\"tient"}"#,
            r#"{"resourceType":""}"#,
        ] {
            assert_eq!(
                transaction(&lines(&[good, bad, good])).err(),
                Some(1),
                "{bad}"
            );
        }
    }
}
