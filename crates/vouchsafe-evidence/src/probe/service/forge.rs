//! Tokens that nobody issued, made of one that somebody did.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::jwk;

/// Ten years.
const LONG_SECONDS: i64 = 315_360_000;
/// Secrets that stand in examples.
const WEAK: [&str; 6] = [
    "secret",
    "password",
    "changeme",
    "your-256-bit-secret",
    "test",
    "jwt",
];

/// A valid token in its parts.
pub(super) struct Parts<'t> {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    signed: &'t str,
    signature: Vec<u8>,
}

/// A forged token.
pub(super) struct Forged {
    pub(super) name: String,
    pub(super) token: String,
}

impl<'t> Parts<'t> {
    /// The parts of a JWT (RFC 7515, section 3.1); none when it is none.
    pub(super) fn of(token: &'t str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        Some(Self {
            header: object(header)?,
            claims: object(claims)?,
            signed,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
        .filter(|parts| !parts.signature.is_empty())
    }

    /// The issuer that the token names.
    pub(super) fn issuer(&self) -> Option<&str> {
        self.claims.get("iss").and_then(Value::as_str)
    }

    /// All forged tokens but those that need the issuer's public keys.
    ///
    /// # Errors
    /// When no key of the attacker can be made.
    pub(super) fn forge(&self, now: Timestamp) -> Result<Vec<Forged>, String> {
        let own = Ed25519KeyPair::generate().map_err(|_| "no random numbers")?;
        let mut all = self.broken_signatures();
        all.extend(self.changed_claims(now));
        all.extend(self.own_keys(&own));
        all.extend(self.weak_secrets());
        Ok(all)
    }

    /// HS256 with each way to write the issuer's public keys as the secret.
    pub(super) fn confused(&self, set: &Value) -> Vec<Forged> {
        let kid = self.header.get("kid").and_then(Value::as_str);
        let secrets = jwk::as_secrets(set, kid);
        let forged = secrets.into_iter().map(|(way, secret)| {
            let name = format!("hs256-public-key-{way}");
            self.with_secret(&name, &secret, None)
        });
        forged.collect()
    }

    fn broken_signatures(&self) -> Vec<Forged> {
        let mut flipped = self.signature.clone();
        if let Some(byte) = flipped.first_mut() {
            *byte ^= 1;
        }
        let mut short = self.signature.clone();
        short.pop();
        let of = |name: &str, signature: &[u8]| named(name, self.signed, signature);
        let mut all = vec![
            of("signature-flipped", &flipped),
            of("signature-short", &short),
            of("signature-none", &[]),
        ];
        for algorithm in ["none", "None", "nOnE"] {
            let header = self.header_with("alg", algorithm);
            let signed = format!("{}.{}", part(&header), part(&self.claims));
            all.push(named(&format!("alg-{algorithm}"), &signed, &[]));
            all.push(named(
                &format!("alg-{algorithm}-signature-kept"),
                &signed,
                &self.signature,
            ));
        }
        all
    }

    /// Other claims under the signature of the valid token, and under none.
    fn changed_claims(&self, now: Timestamp) -> Vec<Forged> {
        let second = now.as_second();
        let changed = |changes: &[(&str, Value)]| {
            let mut claims = self.claims.clone();
            for (claim, value) in changes {
                match value {
                    Value::Null => drop(claims.remove(*claim)),
                    value => drop(claims.insert((*claim).to_owned(), value.clone())),
                }
            }
            claims
        };
        let elsewhere = "https://elsewhere.invalid";
        let expired = [
            ("iat", json!(second - 7200)),
            ("nbf", json!(second - 7200)),
            ("exp", json!(second - 3600)),
        ];
        let cases = [
            ("no-exp", changed(&[("exp", Value::Null)])),
            (
                "long-exp",
                changed(&[("exp", json!(second + LONG_SECONDS))]),
            ),
            ("expired", changed(&expired)),
            ("wrong-aud", changed(&[("aud", json!(elsewhere))])),
            ("wrong-iss", changed(&[("iss", json!(elsewhere))])),
            (
                "other-subject",
                changed(&[("sub", json!("person/somebody-else"))]),
            ),
        ];
        let none = part(&self.header_with("alg", "none"));
        let header = self.signed.split('.').next().unwrap_or_default();
        let forged = cases.into_iter().flat_map(|(name, claims)| {
            let claims = part(&claims);
            [
                named(
                    &format!("{name}-signature-kept"),
                    &format!("{header}.{claims}"),
                    &self.signature,
                ),
                named(
                    &format!("{name}-alg-none"),
                    &format!("{none}.{claims}"),
                    &[],
                ),
            ]
        });
        forged.collect()
    }

    /// A signature that is good, by a key that is nobody's.
    fn own_keys(&self, own: &Ed25519KeyPair) -> Vec<Forged> {
        let public = URL_SAFE_NO_PAD.encode(own.public_key().as_ref());
        let jwk =
            json!({"kty": "OKP", "crv": "Ed25519", "x": public, "kid": "attacker", "alg": "EdDSA"});
        let sign = |name: &str, changes: &[(&str, Value)]| {
            let mut header = self.header_with("alg", "EdDSA");
            for (field, value) in changes {
                header.insert((*field).to_owned(), value.clone());
            }
            let signed = format!("{}.{}", part(&header), part(&self.claims));
            let signature = own.sign(signed.as_bytes());
            named(name, &signed, signature.as_ref())
        };
        let thumbprint = json!("zZFAbiD3nqRhXuYS1VpdVbsfEIZYIhlvkZlcXU5PIVg");
        vec![
            sign("foreign-key", &[]),
            sign("foreign-kid", &[("kid", thumbprint)]),
            sign("empty-kid", &[("kid", json!(""))]),
            sign("key-in-header", &[("kid", json!("attacker")), ("jwk", jwk)]),
        ]
    }

    fn weak_secrets(&self) -> Vec<Forged> {
        let weak = WEAK.into_iter().map(|secret| {
            let name = format!("hs256-secret-{secret}");
            self.with_secret(&name, secret.as_bytes(), None)
        });
        let empty = [
            self.with_secret("hs256-empty-secret", b"", None),
            self.with_secret(
                "hs256-kid-of-an-empty-file",
                b"",
                Some("../../../../../../dev/null"),
            ),
        ];
        weak.chain(empty).collect()
    }

    fn with_secret(&self, name: &str, secret: &[u8], kid: Option<&str>) -> Forged {
        let mut header = self.header_with("alg", "HS256");
        if let Some(kid) = kid {
            header.insert("kid".to_owned(), json!(kid));
        }
        let signed = format!("{}.{}", part(&header), part(&self.claims));
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        named(name, &signed, hmac::sign(&key, signed.as_bytes()).as_ref())
    }

    fn header_with(&self, field: &str, value: &str) -> Map<String, Value> {
        let mut header = self.header.clone();
        header.insert(field.to_owned(), json!(value));
        header
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn part(object: &Map<String, Value>) -> String {
    URL_SAFE_NO_PAD.encode(Value::Object(object.clone()).to_string())
}

fn named(name: &str, signed: &str, signature: &[u8]) -> Forged {
    Forged {
        name: name.to_owned(),
        token: format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_forged_token_is_another_and_none_is_the_valid_one() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","kid":"k","typ":"at+jwt"}"#);
        let claims =
            URL_SAFE_NO_PAD.encode(r#"{"iss":"https://a","sub":"x","exp":9,"aud":"b","iat":1}"#);
        let valid = format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode([9; 64]));
        let parts = Parts::of(&valid).unwrap();
        assert_eq!(parts.issuer(), Some("https://a"));
        let forged = parts.forge(Timestamp::UNIX_EPOCH).unwrap();
        let tokens: BTreeSet<_> = forged.iter().map(|one| one.token.as_str()).collect();
        let names: BTreeSet<_> = forged.iter().map(|one| one.name.as_str()).collect();
        assert_eq!((tokens.len(), names.len()), (forged.len(), forged.len()));
        assert!(!tokens.contains(valid.as_str()));
        let no_exp = forged
            .iter()
            .find(|one| one.name == "no-exp-signature-kept")
            .unwrap();
        assert!(!Parts::of(&no_exp.token).unwrap().claims.contains_key("exp"));
        let own = forged
            .iter()
            .find(|one| one.name == "key-in-header")
            .unwrap();
        let own = Parts::of(&own.token).unwrap();
        let key = own.header["jwk"]["x"].as_str().unwrap();
        let key = URL_SAFE_NO_PAD.decode(key).unwrap();
        let key = aws_lc_rs::signature::UnparsedPublicKey::new(&aws_lc_rs::signature::ED25519, key);
        key.verify(own.signed.as_bytes(), &own.signature).unwrap();
        let keys =
            json!({"keys": [{"kty": "OKP", "kid": "k", "x": URL_SAFE_NO_PAD.encode([1; 32])}]});
        assert_eq!(parts.confused(&keys).len(), 5);
    }

    #[test]
    fn what_is_no_jwt_is_none() {
        for text in ["", "a.b.c", "opaque", "e30.e30.", "e30.W10.AA"] {
            assert!(Parts::of(text).is_none(), "{text}");
        }
    }
}
