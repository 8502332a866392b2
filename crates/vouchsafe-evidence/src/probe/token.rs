//! What a token says of itself. Its signature is not judged, and no value of it is kept but its times.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Tokens are far shorter.
const LONGEST: usize = 64 << 10;
/// So many claims are named.
const CLAIMS: usize = 100;

/// The header and claims of a token: `probe.token/1`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenProbe {
    /// The version of this format: 1.
    #[serde(deserialize_with = "crate::format::version_1")]
    pub(crate) v: u8,
    /// What the token is for, as the project says.
    pub(crate) name: String,
    /// When it was looked at.
    pub(crate) at: Timestamp,
    /// The algorithm that its header names.
    pub(crate) algorithm: String,
    /// Whether it has a signature.
    pub(crate) signed: bool,
    /// Names of its claims, sorted; a name that is none of the trade is `(other)`.
    pub(crate) claims: Vec<String>,
    /// Seconds since 1970, where the claim is a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) exp: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) iat: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) nbf: Option<i64>,
}

/// Why a token says nothing. No character of it is named.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error(
        "it is no JWT of three parts: how long an opaque token lives is a setting of its issuer"
    )]
    Opaque,
    #[error("it is an encrypted JWT: its claims cannot be seen")]
    Encrypted,
    #[error("a part of it is no JSON object in base64url")]
    Damaged,
}

/// Reads a token (RFC 7519, RFC 7515 section 3.1).
///
/// # Errors
/// When it is no JWT, or none that can be read.
pub(crate) fn read(text: &str, name: &str, at: Timestamp) -> Result<TokenProbe, TokenError> {
    let text = text.trim();
    let text = text.strip_prefix("Bearer ").unwrap_or(text).trim();
    if text.len() > LONGEST {
        return Err(TokenError::Opaque);
    }
    let parts: Vec<&str> = text.split('.').collect();
    let (header, claims, signature) = match parts.as_slice() {
        [header, claims, signature] => (*header, *claims, *signature),
        [_, _, _, _, _] => return Err(TokenError::Encrypted),
        _ => return Err(TokenError::Opaque),
    };
    let (header, claims) = (object(header)?, object(claims)?);
    let number = |claim: &str| claims.get(claim).and_then(seconds);
    let mut names: Vec<String> = claims.keys().map(|claim| known_name(claim)).collect();
    names.sort_unstable();
    names.dedup();
    names.truncate(CLAIMS);
    let algorithm = header
        .get("alg")
        .and_then(Value::as_str)
        .unwrap_or_default();
    Ok(TokenProbe {
        v: 1,
        name: name.to_owned(),
        at,
        algorithm: known_name(algorithm),
        signed: !signature.is_empty(),
        claims: names,
        exp: number("exp"),
        iat: number("iat"),
        nbf: number("nbf"),
    })
}

fn object(part: &str) -> Result<Map<String, Value>, TokenError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| TokenError::Damaged)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenError::Damaged)
}

/// A `NumericDate`, without its fraction.
fn seconds(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| format!("{:.0}", value.as_f64()?.floor()).parse().ok())
}

/// A name, when it is of the kind that claims and algorithms have.
fn known_name(name: &str) -> String {
    let letters = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':' | b'/' | b'#')
    };
    // Numbers as names would be somebody's.
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    if !name.is_empty() && name.len() <= 80 && digits <= 4 && name.bytes().all(letters) {
        name.to_owned()
    } else {
        "(other)".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn token(header: &Value, claims: &Value, signature: &str) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.{signature}", part(header), part(claims))
    }

    fn of(text: &str) -> Result<TokenProbe, TokenError> {
        read(text, "test", Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn only_names_and_times_are_kept() {
        let claims = json!({"sub": "canary-subject", "exp": 1_700_000_900, "iat": 1_700_000_000.7, "aud": "canary",
            "123-45-6789": "canary", "https://example.org/role": 1});
        let text = token(&json!({"alg": "EdDSA", "kid": "canary"}), &claims, "c2ln");
        let probe = of(&format!("Bearer {text}\n")).unwrap();
        assert_eq!(
            probe.claims,
            [
                "(other)",
                "aud",
                "exp",
                "https://example.org/role",
                "iat",
                "sub"
            ]
        );
        assert_eq!(
            (probe.exp, probe.iat, probe.nbf),
            (Some(1_700_000_900), Some(1_700_000_000), None)
        );
        assert!(probe.signed && probe.algorithm == "EdDSA");
        let stored = serde_json::to_string(&probe).unwrap();
        assert!(
            !stored.contains("canary") && !stored.contains("6789"),
            "{stored}"
        );
    }

    #[test]
    fn what_is_no_token_is_refused_without_its_text() {
        assert_eq!(of("canary"), Err(TokenError::Opaque));
        assert_eq!(of("a.b.c.d.e"), Err(TokenError::Encrypted));
        assert_eq!(of("a.b.c"), Err(TokenError::Damaged));
        assert_eq!(
            of(&token(&json!([]), &json!({}), "x")),
            Err(TokenError::Damaged)
        );
        assert_eq!(
            of(&token(&json!({}), &json!("x"), "x")),
            Err(TokenError::Damaged)
        );
        assert_eq!(of(&"a".repeat(LONGEST + 1)), Err(TokenError::Opaque));
        // A time that is no number is no time.
        let text = token(
            &json!({"alg": "none"}),
            &json!({"exp": "never", "iat": 1e300}),
            "",
        );
        let probe = of(&text).unwrap();
        assert!(probe.exp.is_none() && probe.iat.is_none() && !probe.signed);
    }
}
