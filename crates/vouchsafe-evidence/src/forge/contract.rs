//! The recorded contract: the fields of a forge's answers that checks read, and what they may hold.
//!
//! A field that changed is a gap and not a pass: the page is stored with a mark, and the run says so.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::Dialect;
use super::endpoint::Endpoint;

/// So many changes of a page are named.
const NAMED: usize = 20;

/// The contract.
#[derive(Debug)]
pub(crate) struct Contract(BTreeMap<String, BTreeMap<String, Field>>);

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
    /// The contract of a forge. It is read in a test too, so that it can be read.
    pub(crate) fn of(dialect: &Dialect) -> Self {
        let recorded = serde_json::from_str::<Recorded>(dialect.contract);
        Self(
            recorded
                .map(|recorded| recorded.endpoints)
                .unwrap_or_default(),
        )
    }

    /// What is not as the contract says; sorted, without any value of the page.
    pub(crate) fn changes(&self, endpoint: &Endpoint, body: &Value) -> Vec<String> {
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
    pub(crate) fn hidden(&self, endpoint: &Endpoint, body: &Value) -> Vec<String> {
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
impl Contract {
    /// The endpoints that it has, with the number of fields of each.
    pub(crate) fn endpoints(&self) -> BTreeMap<&str, usize> {
        let fields = self.0.iter();
        fields
            .map(|(path, fields)| (path.as_str(), fields.len()))
            .collect()
    }
}
