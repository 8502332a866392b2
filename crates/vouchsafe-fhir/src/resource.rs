//! Resources on their way in and out: what the server sets is taken off and put back.

use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use vouchsafe::document::{Document, Node, Object};
use vouchsafe::ids::{RecordId, RecordType, Version};
use vouchsafe_records::engine::{Failure, Released};

use crate::outcome::Problem;

/// The tag of a resource that was shown in part (HL7 v3 `ObservationValue`).
const SUBSETTED_SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";
const SUBSETTED: &str = "SUBSETTED";

/// Reads one resource.
pub(crate) fn parse(body: &[u8]) -> Result<Document, Problem> {
    Document::parse(body).map_err(|error| Problem {
        // Says what is wrong with the JSON and at which byte; it holds no text of the body.
        text: error.to_string().into(),
        ..Problem::bad("structure", "not JSON")
    })
}

/// Reads one resource, beside the runtime if it is large: others wait for it otherwise.
pub(crate) async fn parse_apart(body: &Bytes) -> Result<Document, Problem> {
    apart(body, parse).await
}

/// Reads a body, beside the runtime if it is large.
pub(crate) async fn apart<T: Send + 'static>(
    body: &Bytes,
    read: fn(&[u8]) -> Result<T, Problem>,
) -> Result<T, Problem> {
    const LARGE: usize = 256 * 1024;
    if body.len() <= LARGE {
        return read(body);
    }
    let body = body.clone();
    let reading = tokio::task::spawn_blocking(move || read(&body));
    let stopped = || Problem {
        logged: false,
        ..Problem::from(&Failure::Unavailable)
    };
    reading.await.unwrap_or_else(|_| Err(stopped()))
}

/// Takes off what the server sets: `id`, `meta.versionId`, `meta.lastUpdated` and the tag of
/// partial sight. Yields the id that was there.
pub(crate) fn strip(document: &mut Document) -> Option<Node> {
    let root = document.root_mut().as_object_mut()?;
    let id = root.remove("id");
    let empty = root
        .get_mut("meta")
        .and_then(Node::as_object_mut)
        .is_some_and(|meta| {
            let was_empty = meta.is_empty();
            meta.remove("versionId");
            meta.remove("lastUpdated");
            if let Some(tags) = meta.get_mut("tag").and_then(Node::as_array_mut) {
                let before = tags.len();
                tags.retain(|tag| !is_subsetted(tag));
                if tags.is_empty() && before > 0 {
                    meta.remove("tag");
                }
            }
            // One that came empty is the validation's to refuse.
            meta.is_empty() && !was_empty
        });
    if empty {
        root.remove("meta");
    }
    id
}

fn is_subsetted(tag: &Node) -> bool {
    let is = |name, value| tag.get(name).and_then(Node::as_str) == Some(value);
    is("system", SUBSETTED_SYSTEM) && is("code", SUBSETTED)
}

/// The resource's type must be that of the address.
pub(crate) fn check_type(document: &Document, record_type: &RecordType) -> Result<(), Problem> {
    if document.root().get("resourceType").and_then(Node::as_str) == Some(record_type.as_str()) {
        return Ok(());
    }
    Err(Problem::bad(
        "invalid",
        "resourceType must be there and be that of the URL",
    ))
}

/// The id in a body must be that of the address.
pub(crate) fn check_id(in_body: Option<&Node>, id: RecordId) -> Result<(), Problem> {
    if in_body
        .and_then(Node::as_str)
        .is_some_and(|text| id_of(text).is_ok_and(|own| own == id))
    {
        return Ok(());
    }
    Err(Problem::bad(
        "invalid",
        "the resource's id must be there and be that of the URL",
    ))
}

/// The name of a type, if it can be one.
pub(crate) fn type_of(name: &str) -> Result<RecordType, Problem> {
    name.parse().map_err(|_| Problem::unknown_type())
}

/// An id, in its one spelling.
pub(crate) fn id_of(text: &str) -> Result<RecordId, Problem> {
    const WRONG: Problem = Problem::new(
        StatusCode::BAD_REQUEST,
        "value",
        "ids are UUIDs in lower case with hyphens",
    );
    // No id begins so: it is an interaction or an operation that we do not serve.
    if text.starts_with(['_', '$']) {
        return Err(Problem::not_served());
    }
    let id: RecordId = text.parse().map_err(|_| WRONG)?;
    if id.to_string() == text {
        Ok(id)
    } else {
        Err(WRONG)
    }
}

/// What the server sets in a resource.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServerSet {
    pub(crate) id: RecordId,
    pub(crate) version: Version,
    pub(crate) last_updated: Timestamp,
    pub(crate) subsetted: bool,
}

impl ServerSet {
    /// What goes into a resource that was released.
    pub(crate) const fn of(released: &Released) -> Self {
        Self {
            id: released.id,
            version: released.version,
            last_updated: released.last_updated,
            subsetted: released.subsetted,
        }
    }

    /// Appends the resource with these set: `resourceType`, `id` and `meta` first.
    pub(crate) fn write(&self, mut document: Document, out: &mut Vec<u8>) {
        let Some(root) = document.root_mut().as_object_mut() else {
            return;
        };
        let mut meta = Object::new();
        meta.insert("versionId", Node::string(&self.version.to_string()));
        meta.insert("lastUpdated", Node::string(&instant(self.last_updated)));
        if let Some(Node::Object(mut own)) = root.remove("meta") {
            for (name, value) in own.iter_mut() {
                if name != "versionId" && name != "lastUpdated" {
                    meta.insert(name, std::mem::replace(value, Node::Null));
                }
            }
        }
        if self.subsetted {
            tag(&mut meta);
        }
        let resource_type = root.remove("resourceType").unwrap_or(Node::Null);
        let mut dressed = Object::new();
        dressed.insert("resourceType", resource_type);
        dressed.insert("id", Node::string(&self.id.to_string()));
        dressed.insert("meta", Node::Object(meta));
        root.remove("id");
        for (name, value) in root.iter_mut() {
            dressed.insert(name, std::mem::replace(value, Node::Null));
        }
        Document::from_object(dressed).write_json(out);
    }
}

fn tag(meta: &mut Object) {
    let coding = [("system", SUBSETTED_SYSTEM), ("code", SUBSETTED)];
    let coding: Object = coding
        .into_iter()
        .map(|(name, value)| (name, Node::string(value)))
        .collect();
    match meta.get_mut("tag").and_then(Node::as_array_mut) {
        Some(tags) => tags.push(Node::Object(coding)),
        None => {
            meta.insert("tag", Node::Array(vec![Node::Object(coding)]));
        }
    }
}

/// A FHIR `instant`, to the millisecond.
pub(crate) fn instant(time: Timestamp) -> String {
    format!("{time:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0a4ac1b8-1f0b-4bd4-8d7c-3f6a1d2b9e01";

    fn document(text: &str) -> Document {
        Document::parse(text.as_bytes()).unwrap()
    }

    fn stripped(text: &str) -> String {
        let mut document = document(text);
        strip(&mut document);
        document.to_json()
    }

    fn dressed(text: &str, subsetted: bool) -> String {
        let set = ServerSet {
            id: ID.parse().unwrap(),
            version: Version::new(4).unwrap(),
            last_updated: "2026-11-24T09:05:03.123456Z".parse().unwrap(),
            subsetted,
        };
        let mut out = Vec::new();
        set.write(document(text), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_the_server_sets_is_taken_off() {
        let text = format!(
            r#"{{"resourceType":"Patient","id":"{ID}","meta":{{"versionId":"9","lastUpdated":"x","profile":["p"]}},"active":true}}"#
        );
        assert_eq!(
            stripped(&text),
            r#"{"resourceType":"Patient","meta":{"profile":["p"]},"active":true}"#
        );
        assert_eq!(
            stripped(r#"{"meta":{"versionId":"9"},"a":1.50}"#),
            r#"{"a":1.50}"#
        );
    }

    #[test]
    fn odd_metas_are_left_to_the_validation() {
        for text in [
            r#"{"meta":{}}"#,
            r#"{"meta":"x"}"#,
            r#"{"meta":{"tag":[]}}"#,
            r#"{"meta":[1]}"#,
        ] {
            assert_eq!(stripped(text), text);
        }
    }

    #[test]
    fn the_tag_of_partial_sight_is_not_stored() {
        let coding = format!(r#"{{"system":"{SUBSETTED_SYSTEM}","code":"SUBSETTED"}}"#);
        assert_eq!(
            stripped(&format!(r#"{{"meta":{{"tag":[{coding}]}}}}"#)),
            "{}"
        );
        assert_eq!(
            stripped(&format!(
                r#"{{"meta":{{"tag":[{{"code":"SUBSETTED"}},{coding}]}}}}"#
            )),
            r#"{"meta":{"tag":[{"code":"SUBSETTED"}]}}"#
        );
    }

    #[test]
    fn a_resource_is_dressed_and_stripped_again() {
        let text = r#"{"resourceType":"Patient","meta":{"tag":[{"code":"x"}],"profile":["p"]},"active":true}"#;
        let full = dressed(text, false);
        assert!(full.starts_with(&format!(
            r#"{{"resourceType":"Patient","id":"{ID}","meta":{{"versionId":"4","lastUpdated":"2026-11-24T09:05:03.123Z","tag""#
        )));
        assert_eq!(stripped(&full), text);
        let part = dressed(text, true);
        assert!(part.contains(r#""code":"SUBSETTED""#));
        assert_eq!(stripped(&part), text);
        assert_eq!(
            stripped(&dressed(r#"{"resourceType":"Patient"}"#, true)),
            r#"{"resourceType":"Patient"}"#
        );
    }

    #[test]
    fn ids_have_one_spelling() {
        assert!(id_of(ID).is_ok());
        for text in [
            "",
            "1",
            &ID.to_uppercase(),
            &ID.replace('-', ""),
            &format!("{{{ID}}}"),
            "../../x",
        ] {
            assert_eq!(
                id_of(text).unwrap_err().status,
                StatusCode::BAD_REQUEST,
                "{text}"
            );
        }
        let id = ID.parse().unwrap();
        assert!(check_id(Some(&Node::string(ID)), id).is_ok());
        assert!(check_id(Some(&Node::string(&ID.to_uppercase())), id).is_err());
        assert!(check_id(Some(&Node::Null), id).is_err());
        assert!(check_id(None, id).is_err());
    }

    #[test]
    fn a_broken_body_is_told_by_its_place() {
        let canary = "zebra-secret";
        let hostile = [
            format!("{{\"a\":\"{canary}\""),
            format!("{{\"{canary}\":1,\"{canary}\":2}}"),
            format!("[\"{canary}\"]"),
            format!("{{\"a\":\"{canary}\\ud800\"}}"),
            format!("{}{canary}", "[".repeat(1000)),
            format!("\"{canary}\""),
            format!("{{\"a\":01,\"b\":\"{canary}\"}}"),
        ];
        for text in &hostile {
            let problem = parse(text.as_bytes()).unwrap_err();
            assert_eq!(problem.status, StatusCode::BAD_REQUEST);
            assert!(!problem.body().to_string().contains(canary), "{text}");
        }
        assert!(parse(b"{\"a\":\"\xff\"}").is_err());
    }
}
