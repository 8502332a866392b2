//! The record whose values are searched for, as the running service returns it.

use std::str::FromStr;
use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::SHORTEST;
use crate::self_test::Args;
use crate::{door, token_file};

/// Largest body: no record is larger.
const LARGEST: usize = 32 << 20;
/// Elements whose values are codes and names of systems, which occur in every file of the program.
const NO_VALUES: [&str; 8] = [
    "system",
    "url",
    "code",
    "resourceType",
    "id",
    "versionId",
    "lastUpdated",
    "profile",
];

/// The reference to the record: `Patient/6a1c5c3e-0d2b-4a52-8d3e-3f2f0c9d1b77`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::self_test) struct Canary {
    record_type: String,
    pub(super) id: Uuid,
}

impl FromStr for Canary {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "give TYPE/ID, where ID is a UUID".to_owned();
        let (record_type, id) = text.split_once('/').ok_or_else(wrong)?;
        let named = record_type.starts_with(|letter: char| letter.is_ascii_uppercase())
            && record_type.bytes().all(|byte| byte.is_ascii_alphabetic());
        // The service writes ids only in the form with hyphens.
        let id = Uuid::parse_str(id)
            .ok()
            .filter(|uuid| uuid.hyphenated().to_string() == id);
        match (named, id) {
            (true, Some(id)) => Ok(Self {
                record_type: record_type.to_owned(),
                id,
            }),
            _ => Err(wrong()),
        }
    }
}

impl Canary {
    /// The values of the record that name or describe a person, without duplicates.
    pub(super) async fn values(
        &self,
        args: &Args,
        token: &std::path::Path,
    ) -> anyhow::Result<Vec<Zeroizing<String>>> {
        let settings = args.data.settings()?;
        let certificate = args.data.certificate(&settings);
        let client = door::client(Some(&certificate), Duration::from_secs(30))?;
        let token = token_file::read(token)?;
        let url = format!(
            "{}/fhir/R4/{}/{}",
            settings.base_url(),
            self.record_type,
            self.id
        );
        let response = client.get(url).bearer_auth(token.as_str()).send().await;
        let mut response = response.map_err(|_| {
            anyhow::anyhow!("the service does not answer: it must run for --canary")
        })?;
        let status = response.status();
        anyhow::ensure!(
            status.is_success(),
            "the record of --canary was not read: status {}",
            status.as_u16()
        );
        let mut body = Body::default();
        let cut = |_| anyhow::anyhow!("the answer was cut off");
        while let Some(chunk) = response.chunk().await.map_err(cut)? {
            body.add(&chunk)?;
        }
        self.values_in(&body.0)
    }

    fn values_in(&self, body: &[u8]) -> anyhow::Result<Vec<Zeroizing<String>>> {
        let record: Value =
            serde_json::from_slice(body).map_err(|_| anyhow::anyhow!("the answer is not JSON"))?;
        let field = |name: &str| record.get(name).and_then(Value::as_str);
        anyhow::ensure!(
            field("resourceType") == Some(&self.record_type)
                && field("id") == Some(&self.id.to_string()),
            "the answer is not the record of --canary"
        );
        let mut values = Vec::new();
        collect(&record, "", &mut values);
        values.sort_unstable_by(|one, other| one.as_str().cmp(other));
        values.dedup();
        anyhow::ensure!(
            !values.is_empty(),
            "the record of --canary holds no value that is long enough to look for"
        );
        Ok(values)
    }
}

/// The body of a response.
#[derive(Default)]
struct Body(Zeroizing<Vec<u8>>);

impl Body {
    fn add(&mut self, chunk: &[u8]) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.0.len() + chunk.len() <= LARGEST,
            "the answer is larger than {} MiB",
            LARGEST >> 20
        );
        self.0.extend_from_slice(chunk);
        Ok(())
    }
}

fn collect(value: &Value, name: &str, values: &mut Vec<Zeroizing<String>>) {
    match value {
        Value::String(text) => {
            let plain =
                text.len() >= SHORTEST && !text.contains("://") && !text.starts_with("urn:");
            // A reference is an id, and ids are in clear.
            if plain && !NO_VALUES.contains(&name) && name != "reference" && !is_code(text) {
                values.push(Zeroizing::new(text.clone()));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, name, values)),
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| collect(value, name, values)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Words of FHIR itself: `official`, `final`, `female`.
fn is_code(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "6f1c6a52-0d4e-4c1b-9a55-5f6f3a0e7c11";

    #[test]
    fn values_of_a_record_are_those_that_say_something_of_somebody() {
        let record = serde_json::json!({"resourceType": "Patient", "id": ID,
            "gender": "female", "name": [{"use": "official", "family": "Canary-Family", "given": ["Ada"]}],
            "identifier": [{"system": "urn:oid:1", "value": "MRN-12345"}], "managingOrganization": {"reference": "Organization/x"}});
        let canary: Canary = format!("Patient/{ID}").parse().unwrap();
        let values = canary.values_in(record.to_string().as_bytes()).unwrap();
        let values: Vec<&str> = values.iter().map(|value| value.as_str()).collect();
        assert_eq!(values, ["Canary-Family", "MRN-12345"]);
        // A search for another record proves nothing about this one.
        let other: Canary = format!("Person/{ID}").parse().unwrap();
        other.values_in(record.to_string().as_bytes()).unwrap_err();
        canary
            .values_in(b"{\"resourceType\":\"Patient\"}")
            .unwrap_err();
        canary.values_in(b"<html>").unwrap_err();
    }

    #[test]
    fn a_canary_is_a_type_and_an_id_and_no_other_path() {
        for wrong in [
            "Patient".to_owned(),
            "Patient/1".to_owned(),
            format!("patient/{ID}"),
            format!("../{ID}"),
            format!("Patient/{ID}/_history/1"),
            format!("Patient/{}", ID.to_uppercase()),
            format!("Patient/{ID}?_format=xml"),
            format!("/{ID}"),
        ] {
            wrong.parse::<Canary>().unwrap_err();
        }
    }

    #[test]
    fn an_answer_without_an_end_is_not_read_to_it() {
        let mut body = Body::default();
        let chunk = vec![b' '; LARGEST / 2];
        body.add(&chunk).unwrap();
        body.add(&chunk).unwrap();
        body.add(b" ").unwrap_err();
    }
}
