//! Patients as FHIR R4 JSON: what the server adds, what is searched.

use serde_json::{Map, Value, json};
use uuid::Uuid;

/// A patient that is about to be stored.
#[derive(Debug)]
pub(crate) struct NewPatient {
    /// The id that the server gave it.
    pub(crate) id: Uuid,
    /// The JSON that is stored and served.
    pub(crate) body: String,
    /// System and value of each identifier; the system may be empty.
    pub(crate) identifiers: Vec<(String, String)>,
}

/// Reads a patient from a request body and gives it an id; `None` when it is none.
pub(crate) fn new(body: &[u8], last_updated: &str) -> Option<NewPatient> {
    let mut patient: Map<String, Value> = serde_json::from_slice(body).ok()?;
    if patient.get("resourceType")?.as_str()? != "Patient" {
        return None;
    }
    let id = Uuid::new_v4();
    patient.insert("id".to_owned(), id.to_string().into());
    let meta = json!({"versionId": "1", "lastUpdated": last_updated});
    patient.insert("meta".to_owned(), meta);
    let identifiers = patient.get("identifier").and_then(Value::as_array);
    let identifiers = identifiers.into_iter().flatten().filter_map(pair).collect();
    Some(NewPatient {
        id,
        body: Value::Object(patient).to_string(),
        identifiers,
    })
}

fn pair(identifier: &Value) -> Option<(String, String)> {
    let text = |name: &str| {
        identifier
            .get(name)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    Some((text("system").unwrap_or_default(), text("value")?))
}

/// What an `identifier` search asks for: `value`, `system|value` or `|value` (FHIR R4 search.html#token).
pub(crate) fn token(text: &str) -> (Option<&str>, &str) {
    match text.split_once('|') {
        Some((system, value)) => (Some(system), value),
        None => (None, text),
    }
}

/// A `searchset` of these stored patients.
pub(crate) fn bundle(found: &[(Uuid, String)]) -> String {
    let entries: Vec<Value> = found
        .iter()
        .map(|(id, body)| {
            let resource: Value = serde_json::from_str(body).unwrap_or(Value::Null);
            json!({"fullUrl": format!("urn:uuid:{id}"), "resource": resource, "search": {"mode": "match"}})
        })
        .collect();
    json!({"resourceType": "Bundle", "type": "searchset", "total": entries.len(), "entry": entries})
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_patients_are_taken_and_identifiers_are_found() {
        assert!(new(br#"{"resourceType":"Observation"}"#, "").is_none());
        assert!(new(b"{", "").is_none());
        let body = br#"{"resourceType":"Patient","id":"x","identifier":[{"system":"s","value":"v"},{"value":"w"},{}]}"#;
        let patient = new(body, "2026-01-01T00:00:00Z").unwrap();
        let pairs = [("s", "v"), ("", "w")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(patient.identifiers, pairs);
        assert!(patient.body.contains(&patient.id.to_string()));
    }

    #[test]
    fn a_token_has_a_system_or_none() {
        assert_eq!(token("a|b"), (Some("a"), "b"));
        assert_eq!(token("|b"), (Some(""), "b"));
        assert_eq!(token("b"), (None, "b"));
    }
}
