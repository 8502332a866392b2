//! Query strings and forms.

use vouchsafe::ids::RecordType;

use crate::outcome::Problem;

/// More parameters than this no search of ours has.
const MAX_PARAMETERS: usize = 64;

/// Parameters, decoded, in their order.
pub(crate) type Params = Vec<(String, String)>;

/// Decodes `application/x-www-form-urlencoded`, strictly.
pub(crate) fn decode(text: &str) -> Result<Params, Problem> {
    let mut params = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        if params.len() == MAX_PARAMETERS {
            return Err(Problem::bad("too-costly", "too many parameters"));
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match (unescape(name), unescape(value)) {
            (Some(name), Some(value)) => params.push((name, value)),
            _ => {
                return Err(Problem::bad(
                    "value",
                    "a parameter is not URL-encoded UTF-8",
                ));
            }
        }
    }
    Ok(params)
}

/// Decodes a condition (`If-None-Exist`, `Type?...`): one without parameters would fit everything.
pub(crate) fn condition(text: &str) -> Result<Params, Problem> {
    let params = decode(text.trim().trim_start_matches('?'))?;
    if params.is_empty() {
        return Err(Problem::bad(
            "required",
            "a condition needs a search parameter",
        ));
    }
    Ok(params)
}

/// Decodes the condition of a create (`If-None-Exist`), which may name its type: `Patient?identifier=...`.
pub(crate) fn condition_on(record_type: &RecordType, text: &str) -> Result<Params, Problem> {
    match text.split_once('?') {
        // Before a question mark that belongs to a value, there is its parameter.
        Some((before, query)) if !before.contains(['=', '&']) => {
            let before = before.trim();
            if !before.is_empty() && before != record_type.as_str() {
                return Err(Problem::bad(
                    "value",
                    "a condition is a query on the type of what is created, and names no other type",
                ));
            }
            condition(query)
        }
        _ => condition(text),
    }
}

/// Takes out what every interaction knows, `_format` and `_pretty`; the last `_format` is yielded.
pub(crate) fn take_format(params: &mut Params) -> Option<String> {
    let mut format = None;
    params.retain_mut(|(name, value)| match name.as_str() {
        "_format" => {
            format = Some(std::mem::take(value));
            false
        }
        "_pretty" => false,
        _ => true,
    });
    format
}

fn unescape(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => out.push(hex(bytes.next()?)? << 4 | hex(bytes.next()?)?),
            other => out.push(other),
        }
    }
    String::from_utf8(out).ok()
}

const fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Encodes for a query string.
pub(crate) fn encode(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |nibble: u8| {
        DIGITS
            .get(usize::from(nibble))
            .copied()
            .map_or('0', char::from)
    };
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn percent_and_plus_are_decoded() {
        let params = decode("identifier=http%3A%2F%2Fx%7C1+2&_count=5&flag&&=x").unwrap();
        assert_eq!(params[0].1, "http://x|1 2");
        assert_eq!(params[1], ("_count".into(), "5".into()));
        assert_eq!(params[2], ("flag".into(), String::new()));
        assert_eq!(params[3], (String::new(), "x".into()));
    }

    #[test]
    fn a_torn_escape_is_refused() {
        for text in [
            "a=%4",
            "a=%zz",
            "a=%ff",
            "%=a",
            "a=%",
            "a=%f0%28%8c%28",
            "a=%+1",
        ] {
            assert!(decode(text).is_err(), "{text}");
        }
    }

    #[test]
    fn parameters_have_a_bound() {
        assert_eq!(decode(&"a=1&".repeat(64)).unwrap().len(), 64);
        assert!(decode(&"a=1&".repeat(65)).is_err());
    }

    #[test]
    fn an_empty_condition_is_none() {
        for text in ["", " ", "?", "&&", "?&"] {
            assert!(condition(text).is_err(), "{text:?}");
        }
        assert_eq!(condition("?identifier=a|b").unwrap()[0].1, "a|b");
    }

    #[test]
    fn the_format_is_taken_out() {
        let mut params = decode("_format=json&a=1&_pretty=true&_format=xml").unwrap();
        assert_eq!(take_format(&mut params).as_deref(), Some("xml"));
        assert_eq!(params, [("a".to_owned(), "1".to_owned())]);
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(name in ".{0,20}", value in ".{0,40}") {
            let text = format!("{}={}", encode(&name), encode(&value));
            prop_assert_eq!(decode(&text).unwrap(), [(name, value)]);
        }

        #[test]
        fn decoding_never_panics(text in any::<String>()) {
            let _ = decode(&text);
        }
    }
}
