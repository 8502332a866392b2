//! The recorded contract: the fields of GitHub's answers that checks read, and what they may hold.
//!
//! A field that changed is a gap and not a pass: the page is stored with a mark, and the run says so.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::endpoint::Endpoint;

/// `tests/github-double/contract.py` compares it with GitHub's own OpenAPI description.
const RECORDED: &str = include_str!("../../data/github-contract.json");
/// So many changes of a page are named.
const NAMED: usize = 20;

/// The contract.
#[derive(Debug)]
pub(super) struct Contract(BTreeMap<String, BTreeMap<String, Field>>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    /// Which description it was compared with.
    #[serde(rename = "source")]
    _source: String,
    endpoints: BTreeMap<String, BTreeMap<String, Field>>,
}

/// What a field may hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    #[serde(rename = "type")]
    types: Vec<Type>,
    /// Whether the forge may leave it out.
    #[serde(default)]
    optional: bool,
    /// All values that are known, where there are few.
    #[serde(default)]
    values: Vec<String>,
    /// Whether it is shown to administrators only.
    #[serde(default)]
    administrators: bool,
    /// Whether a check needs it, though the description calls it optional.
    #[serde(default, rename = "needed")]
    _needed: bool,
    /// Whether new values may come, which matter to no check.
    #[serde(default, rename = "open")]
    _open: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Type {
    Null,
    Boolean,
    Integer,
    String,
    /// A string that is a point in time.
    Timestamp,
    Object,
    Array,
}

impl Contract {
    /// The contract of this program. It is read in a test too, so that it can be read.
    pub(super) fn recorded() -> Self {
        let recorded = serde_json::from_str::<Recorded>(RECORDED);
        Self(
            recorded
                .map(|recorded| recorded.endpoints)
                .unwrap_or_default(),
        )
    }

    /// What is not as the contract says; sorted, without any value of the page.
    pub(super) fn changes(&self, endpoint: &Endpoint, body: &Value) -> Vec<String> {
        let Some(fields) = self.0.get(endpoint.path) else {
            return vec!["the contract has no such endpoint".to_owned()];
        };
        if body.is_null() {
            return vec!["there is nothing in it".to_owned()];
        }
        let mut changes = Vec::new();
        for (name, field) in fields {
            let mut steps: Vec<&str> = Vec::new();
            for part in name.split('.') {
                match part.strip_suffix("[]") {
                    Some("") => steps.push("[]"),
                    Some(list) => steps.extend([list, "[]"]),
                    None => steps.push(part),
                }
            }
            field.compare(name, body, &steps, &mut changes);
        }
        changes.sort_unstable();
        changes.dedup();
        changes.truncate(NAMED);
        changes
    }

    /// Fields that are shown to administrators only, and were not shown.
    pub(super) fn hidden(&self, endpoint: &Endpoint, body: &Value) -> Vec<String> {
        let fields = self.0.get(endpoint.path).into_iter().flatten();
        fields
            .filter(|(name, field)| {
                field.administrators && body.get(name.as_str()).is_none_or(Value::is_null)
            })
            .map(|(name, _)| name.clone())
            .collect()
    }
}

impl Field {
    /// Follows the steps. Where a step is missing or null, the field of that step says whether it may be.
    fn compare(&self, name: &str, value: &Value, steps: &[&str], changes: &mut Vec<String>) {
        let Some((step, rest)) = steps.split_first() else {
            return self.judge(name, value, changes);
        };
        match (value, *step) {
            (Value::Array(items), "[]") => {
                for item in items {
                    self.compare(name, item, rest, changes);
                }
            }
            (Value::Object(fields), step) if step != "[]" => match fields.get(step) {
                Some(value) => self.compare(name, value, rest, changes),
                None if rest.is_empty() && !self.optional => {
                    changes.push(format!("{name} is missing"));
                }
                None => {}
            },
            (Value::Null, _) => {}
            _ => changes.push(format!("what holds {name} is of another type")),
        }
    }

    fn judge(&self, name: &str, value: &Value, changes: &mut Vec<String>) {
        if !self.types.iter().any(|kind| kind.holds(value)) {
            changes.push(format!("{name} is of another type"));
        } else if let Some(text) = value.as_str()
            && !self.values.is_empty()
            && !self.values.iter().any(|known| known == text)
        {
            changes.push(format!("{name} has a value that is not known"));
        }
    }
}

impl Type {
    fn holds(self, value: &Value) -> bool {
        match self {
            Self::Null => value.is_null(),
            Self::Boolean => value.is_boolean(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::String => value.is_string(),
            Self::Timestamp => value
                .as_str()
                .is_some_and(|text| text.parse::<Timestamp>().is_ok()),
            Self::Object => value.is_object(),
            Self::Array => value.is_array(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::endpoint;
    use super::*;

    #[test]
    fn every_endpoint_has_a_contract() {
        let recorded: Recorded = serde_json::from_str(RECORDED).unwrap();
        for endpoint in endpoint::ALL {
            let fields = &recorded.endpoints[endpoint.path];
            assert!(!fields.is_empty(), "{endpoint:?}");
        }
        assert_eq!(recorded.endpoints.len(), endpoint::ALL.len());
    }

    #[test]
    fn a_changed_field_is_seen() {
        let contract = Contract::recorded();
        let changes = |body: Value| contract.changes(&endpoint::REVIEWS, &body);
        let review = json!([{"id": 1, "user": {"login": "a", "id": 2, "type": "User"}, "state": "APPROVED",
            "commit_id": "c0ffee", "submitted_at": "2026-01-01T00:00:00Z"}]);
        assert_eq!(changes(review.clone()), Vec::<String>::new());
        assert_eq!(changes(json!([])), Vec::<String>::new());

        let with = |change: &dyn Fn(&mut Value)| {
            let mut review = review.clone();
            change(&mut review[0]);
            changes(review)
        };
        let without_state = with(&|review| drop(review.as_object_mut().unwrap().remove("state")));
        assert_eq!(without_state, ["[].state is missing"]);
        assert_eq!(
            with(&|review| review["state"] = json!(7)),
            ["[].state is of another type"]
        );
        assert_eq!(
            with(&|review| review["state"] = json!("OK")),
            ["[].state has a value that is not known"]
        );
        assert_eq!(
            with(&|review| review["submitted_at"] = json!("yesterday")),
            ["[].submitted_at is of another type"]
        );
        // A user who is gone is null; the contract allows that.
        assert_eq!(
            with(&|review| review["user"] = Value::Null),
            Vec::<String>::new()
        );
        assert!(!with(&|review| review["user"] = json!("a")).is_empty());
        // A listing that is no list any more.
        assert!(!changes(json!({"reviews": []})).is_empty());
        assert!(!changes(Value::String("ok".to_owned())).is_empty());
    }
}
