//! The content of one write: a bundle as it came, or one made of resources.

use std::sync::{Mutex, PoisonError};

use vouchsafe::document::Document;
use vouchsafe_fhir::Resource;
use zeroize::Zeroizing;

use super::ids::{Entry, Ids};

/// A bundle to write; a transaction is written all or nothing.
pub(super) struct Chunk {
    /// The name of the file, only for messages at the terminal.
    pub(super) name: std::sync::Arc<str>,
    /// The idempotency key, derived from the content and the number of the chunk.
    pub(super) key: String,
    pub(super) content: Content,
}

/// The content of a chunk.
pub(super) enum Content {
    /// The text of a bundle, as it came.
    Bundle(Zeroizing<Vec<u8>>),
    /// Resources with their lines; they become a transaction.
    Resources(Vec<Line>),
}

/// A resource in a file.
pub(super) struct Line {
    /// Its line, from 1; 0 if it is alone in its file.
    pub(super) number: u64,
    pub(super) text: Zeroizing<Vec<u8>>,
    /// The parsed text, until it is written. A retry parses it again.
    read: Mutex<Option<Document>>,
    /// Number of equal lines before it in the file, if it has no id.
    pub(super) again: u32,
}

impl Line {
    pub(super) fn new(
        number: u64,
        text: Zeroizing<Vec<u8>>,
        (read, again): (Option<Document>, u32),
    ) -> Self {
        Self {
            number,
            text,
            read: Mutex::new(read),
            again,
        }
    }

    /// The resource, as in the line.
    pub(super) fn document(&self) -> Result<Document, NotAResource> {
        let read = self
            .read
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match read {
            Some(document) => Ok(document),
            None => Document::parse(&self.text).map_err(|_| NotAResource),
        }
    }
}

/// A line that is not a resource.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct NotAResource;

/// The resources to write: each under its id, if it has one, so that it is the same record in every import.
///
/// # Errors
/// The place of the first line that is not a resource.
pub(super) fn resources(lines: &[Line], ids: &Ids) -> Result<Vec<Resource>, usize> {
    let entry = |(place, line): (usize, &Line)| {
        let Entry {
            record_type,
            id,
            document,
            ..
        } = ids.entry(line).map_err(|NotAResource| place)?;
        Ok(Resource {
            record_type,
            id,
            document,
        })
    };
    lines.iter().enumerate().map(entry).collect()
}

impl Line {
    /// The line as an entry of a transaction, for a remote host.
    fn entry(&self, ids: &Ids, out: &mut Vec<u8>) -> Result<(), NotAResource> {
        let Entry {
            record_type,
            id,
            document,
            changed,
        } = ids.entry(self)?;
        out.extend_from_slice(br#"{"resource":"#);
        match changed {
            true => document.write_json(out),
            false => out.extend_from_slice(&self.text),
        }
        let request = match id {
            Some(id) => format!(r#"{{"method":"PUT","url":"{record_type}/{id}"}}"#),
            None => format!(r#"{{"method":"POST","url":"{record_type}"}}"#),
        };
        out.extend_from_slice(format!(r#","request":{request}}}"#).as_bytes());
        Ok(())
    }
}

/// The text of the transaction that writes these resources; numbers keep their text.
///
/// # Errors
/// The place of the first line that is not a resource.
pub(super) fn transaction(lines: &[Line], ids: &Ids) -> Result<Zeroizing<Vec<u8>>, usize> {
    let length: usize = lines.iter().map(|line| line.text.len() + 160).sum();
    let mut out = Zeroizing::new(Vec::with_capacity(length + 64));
    out.extend_from_slice(br#"{"resourceType":"Bundle","type":"transaction","entry":["#);
    for (place, line) in lines.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        line.entry(ids, &mut out).map_err(|NotAResource| place)?;
    }
    out.extend_from_slice(b"]}");
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use vouchsafe::ids::TenantId;
    use vouchsafe::seal::Secret;

    use super::*;

    fn lines(texts: &[&str]) -> Vec<Line> {
        let line = |(number, text): (u64, &&str)| {
            let text = Zeroizing::new(text.as_bytes().to_vec());
            Line::new(number, text, (None, 0))
        };
        (1..).zip(texts).map(line).collect()
    }

    /// Ids as an installation makes them; two instances never agree.
    fn keyed() -> Ids {
        let key = vouchsafe::trusted::index_key(Secret::random(), TenantId::random(), 1);
        Ids::by(Arc::new(key))
    }

    /// The entries of the transaction that these lines make.
    fn entries(texts: &[&str], ids: &Ids) -> Vec<(String, String, String)> {
        let text = transaction(&lines(texts), ids).unwrap();
        let bundle: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let entry = |entry: &serde_json::Value| {
            let request = &entry["request"];
            (
                text(&request["method"]),
                text(&request["url"]),
                entry["resource"].to_string(),
            )
        };
        bundle["entry"]
            .as_array()
            .unwrap()
            .iter()
            .map(entry)
            .collect()
    }

    const KEPT: &str =
        r#"{"resourceType":"Patient","id":"6a1c5c3e-0d2b-4a52-8d3e-3f2f0c9d1b77","x":1.50}"#;

    #[test]
    fn a_uuid_is_kept_and_the_text_with_it() {
        for ids in [keyed(), Ids::default()] {
            let text = transaction(&lines(&[KEPT]), &ids).unwrap();
            let text = std::str::from_utf8(&text).unwrap();
            assert!(text.contains(KEPT), "{text}");
            let entries = entries(&[KEPT], &ids);
            assert_eq!(entries[0].0, "PUT");
            assert_eq!(entries[0].1, "Patient/6a1c5c3e-0d2b-4a52-8d3e-3f2f0c9d1b77");
        }
    }

    #[test]
    fn any_other_id_is_the_same_record_in_every_import() {
        let patient = r#"{"id":"MRN.17","resourceType":"Patient","n":1.10}"#;
        let corrected = r#"{"id":"MRN.17","resourceType":"Patient","n":1.20}"#;
        let about = r##"{"resourceType":"Observation","id":"1","subject":{"reference":"Patient/MRN.17"},
            "focus":[{"reference":"Patient/MRN.17/_history/3"},{"reference":"Patient/MRN.18"}],
            "performer":[{"reference":"https://a.example/Patient/MRN.17"},{"reference":"#c"},
            {"reference":"Practitioner?identifier=a|b"},{"reference":"urn:uuid:x"}]}"##;
        let ids = keyed();
        let text = transaction(&lines(&[patient]), &ids).unwrap();
        let text = std::str::from_utf8(&text).unwrap();
        assert!(
            text.contains("\"n\":1.10"),
            "numbers keep their text: {text}"
        );
        let entries = entries(&[patient, about, corrected], &ids);
        let url = entries[0].1.clone();
        assert!(entries.iter().all(|entry| entry.0 == "PUT"), "{entries:?}");
        assert_eq!(entries[2].1, url);
        let id = url.strip_prefix("Patient/").unwrap();
        assert!(
            entries[0].2.contains(&format!("\"id\":\"{id}\"")),
            "{entries:?}"
        );
        let made: uuid::Uuid = id.parse().unwrap();
        assert_eq!(made.get_version_num(), 8);
        let about = &entries[1].2;
        assert_eq!(about.matches(&url).count(), 2, "{about}");
        for kept in [
            "https://a.example/Patient/MRN.17",
            "#c",
            "a|b",
            "urn:uuid:x",
        ] {
            assert!(about.contains(kept), "{about}");
        }
        assert!(!about.contains("MRN.18"), "{about}");
    }

    #[test]
    fn the_same_id_is_another_record_of_another_type_or_installation() {
        let patient = r#"{"id":"17","resourceType":"Patient"}"#;
        let group = r#"{"id":"17","resourceType":"Group"}"#;
        let here = entries(&[patient, group], &keyed());
        let there = entries(&[patient], &keyed());
        assert_ne!(
            here[0].1.split_once('/').unwrap().1,
            here[1].1.split_once('/').unwrap().1
        );
        assert_ne!(here[0].1, there[0].1);
    }

    #[test]
    fn without_an_id_the_same_text_is_the_same_record_and_told_apart_in_one_file() {
        let text = r#"{"resourceType":"Patient","active":true}"#;
        let ids = keyed();
        let mut twice = lines(&[text, text]);
        twice[1].again = 1;
        let bundle = transaction(&twice, &ids).unwrap();
        assert_eq!(bundle, transaction(&twice, &ids).unwrap());
        let first = &entries(&[text], &ids)[0].1;
        let bundle = std::str::from_utf8(&bundle).unwrap();
        assert_eq!(bundle.matches(&format!("\"url\":\"{first}\"")).count(), 1);
    }

    #[test]
    fn without_a_key_ids_are_left_to_the_service() {
        let texts = [
            r#"{"id":"17","resourceType":"Patient"}"#,
            r#"{"resourceType":"Patient","id":"6A1C5C3E-0D2B-4A52-8D3E-3F2F0C9D1B77"}"#,
            r#"{"resourceType":"Patient"}"#,
        ];
        for entry in entries(&texts, &Ids::default()) {
            assert_eq!((&*entry.0, &*entry.1), ("POST", "Patient"));
        }
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
                transaction(&lines(&[good, bad, good]), &keyed()).err(),
                Some(1),
                "{bad}"
            );
        }
    }
}
