//! Versions of formats in which evidence is written.

use serde::de::{Deserialize, Deserializer, Error};

/// Reads the version of a format that has one so far. What a later version means is not known here, so that it is no
/// evidence of this one.
pub(crate) fn version_1<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    match u8::deserialize(deserializer)? {
        1 => Ok(1),
        other => Err(D::Error::custom(format_args!(
            "version {other} of the format is not known: 1 is"
        ))),
    }
}

#[cfg(test)]
mod tests {
    #[derive(Debug, serde::Deserialize)]
    struct Versioned {
        #[serde(deserialize_with = "super::version_1")]
        v: u8,
    }

    #[test]
    fn only_version_1_is_known() {
        let read = serde_json::from_str::<Versioned>;
        assert_eq!(read(r#"{"v": 1}"#).unwrap().v, 1);
        for other in [r#"{"v": 0}"#, r#"{"v": 2}"#, r#"{"v": "1"}"#, "{}"] {
            read(other).unwrap_err();
        }
    }
}
