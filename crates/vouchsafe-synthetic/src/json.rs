//! JSON as text that keeps its input: the order of members and the digits of numbers.

use std::fmt;

/// A JSON value. Members without a value are left out, since FHIR has no empty ones.
#[derive(Clone)]
pub(crate) enum Json {
    /// A number or `true`, as its text.
    Plain(String),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(&'static str, Self)>),
}

/// A string.
pub(crate) fn text(value: impl Into<String>) -> Json {
    Json::Text(value.into())
}

/// A number, with the digits that it is written with.
pub(crate) fn number(digits: impl fmt::Display) -> Json {
    Json::Plain(digits.to_string())
}

/// `true`.
pub(crate) fn yes() -> Json {
    Json::Plain("true".to_owned())
}

/// A list.
pub(crate) fn list(items: impl IntoIterator<Item = Json>) -> Json {
    Json::List(items.into_iter().collect())
}

/// An object.
pub(crate) fn object(members: impl IntoIterator<Item = (&'static str, Json)>) -> Json {
    Json::Object(members.into_iter().collect())
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(digits) => f.write_str(digits),
            Self::Text(value) => write_text(f, value),
            Self::List(items) => {
                f.write_str("[")?;
                for (at, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if at == 0 { "" } else { "," })?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (at, (name, value)) in members.iter().enumerate() {
                    write!(f, "{}\"{name}\":{value}", if at == 0 { "" } else { "," })?;
                }
                f.write_str("}")
            }
        }
    }
}

/// A string with the escapes of RFC 8259, section 7.
fn write_text(f: &mut fmt::Formatter<'_>, value: &str) -> fmt::Result {
    f.write_str("\"")?;
    for sign in value.chars() {
        match sign {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            sign if sign < ' ' => write!(f, "\\u{:04x}", u32::from(sign))?,
            sign => write!(f, "{sign}")?,
        }
    }
    f.write_str("\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_digits_stay() {
        let json = object([
            ("z", number("36.60")),
            ("a", list([yes(), text("q\"\\\n\u{1}é")])),
        ]);
        let written = json.to_string();
        assert_eq!(
            written,
            "{\"z\":36.60,\"a\":[true,\"q\\\"\\\\\\n\\u0001é\"]}"
        );
        let read: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(read["a"][1], "q\"\\\n\u{1}é");
    }
}
