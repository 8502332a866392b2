//! JSON as a [`Node`]: a key that stands there twice is refused, which `serde_json::Value` would pass over.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Node, Value};

/// Reads a JSON text. Nothing when it is no JSON: it may be YAML that begins with a bracket.
///
/// The depth is limited by `serde_json` (128), the size by the caller.
pub(super) fn read(text: &str) -> Option<Result<Node, String>> {
    match serde_json::from_str::<Json>(text) {
        Ok(Json(node)) => Some(Ok(node)),
        Err(error) if error.is_data() => {
            let line = error.line();
            Some(Err(format!(
                "line {line}: a key of a map stands there twice"
            )))
        }
        Err(_) => None,
    }
}

struct Json(Node);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = deserializer.deserialize_any(Any)?;
        Ok(Self(Node { line: 0, value }))
    }
}

struct Any;

fn plain(text: impl Into<String>) -> Value {
    let text = text.into();
    Value::Scalar { text, plain: true }
}

impl<'de> Visitor<'de> for Any {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(plain(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(plain(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(plain(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(plain(value.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(plain("null"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        let text = text.to_owned();
        Ok(Value::Scalar { text, plain: false })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Json(node)) = parts.next_element()? {
            list.push(node);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut parts: A) -> Result<Value, A::Error> {
        let (mut entries, mut seen) = (Vec::new(), HashSet::new());
        while let Some(key) = parts.next_key::<String>()? {
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom("a key stands there twice"));
            }
            let Json(node) = parts.next_value()?;
            entries.push((key, node));
        }
        Ok(Value::Map(entries))
    }
}
