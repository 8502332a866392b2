//! Public keys as an attacker would write them: as the secret of an HMAC (RFC 8725, section 2.1).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// `SubjectPublicKeyInfo` up to the key: Ed25519 (RFC 8410), P-256 (RFC 5480, uncompressed).
const ED25519: &[u8] = &[
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
const P256: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
];
/// The algorithm `rsaEncryption` with no parameters.
const RSA: &[u8] = &[
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];

/// Each way to write the keys of a JWK set as bytes, with its name.
pub(super) fn as_secrets(set: &Value, kid: Option<&str>) -> Vec<(&'static str, Vec<u8>)> {
    let keys = set.get("keys").and_then(Value::as_array);
    let all = keys.into_iter().flatten();
    let named = |key: &&Value| kid.is_none() || key.get("kid").and_then(Value::as_str) == kid;
    all.filter(named).take(4).flat_map(ways).collect()
}

fn ways(key: &Value) -> Vec<(&'static str, Vec<u8>)> {
    let part = |name: &str| {
        let text = key.get(name).and_then(Value::as_str)?;
        URL_SAFE_NO_PAD.decode(text).ok()
    };
    let kind = key.get("kty").and_then(Value::as_str).unwrap_or_default();
    let mut ways = Vec::new();
    let der = match kind {
        "OKP" => part("x").map(|x| {
            ways.push(("raw", x.clone()));
            [ED25519, x.as_slice()].concat()
        }),
        "EC" => part("x")
            .zip(part("y"))
            .map(|(x, y)| [P256, &x, &y].concat()),
        "RSA" => part("n").zip(part("e")).map(|(n, e)| rsa(&n, &e)),
        _ => None,
    };
    if let Some(der) = der {
        let pem = pem(&der);
        ways.push(("pem", pem.trim_end().as_bytes().to_vec()));
        ways.push(("pem-line", pem.into_bytes()));
        ways.push(("der", der));
    }
    ways.push(("jwk", key.to_string().into_bytes()));
    ways
}

/// RFC 8017, appendix A.1.1.
fn rsa(n: &[u8], e: &[u8]) -> Vec<u8> {
    let key = der(0x30, &[integer(n), integer(e)].concat());
    let bits = der(0x03, &[&[0], key.as_slice()].concat());
    der(0x30, &[RSA, &bits].concat())
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let high = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let sign: &[u8] = if high { &[0] } else { &[] };
    der(0x02, &[sign, bytes].concat())
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match u8::try_from(length) {
        Ok(short @ ..=0x7f) => out.push(short),
        _ => {
            let bytes = length.to_be_bytes();
            let from = bytes.iter().position(|byte| *byte != 0).unwrap_or(0);
            let bytes = bytes.get(from..).unwrap_or_default();
            out.push(0x80 | u8::try_from(bytes.len()).unwrap_or(8));
            out.extend_from_slice(bytes);
        }
    }
    out.extend_from_slice(content);
    out
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut out = "-----BEGIN PUBLIC KEY-----\n".to_owned();
    for line in text.as_bytes().chunks(64) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push('\n');
    }
    out.push_str("-----END PUBLIC KEY-----\n");
    out
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RsaKeyPair};
    use serde_json::json;

    use super::*;

    fn way<'w>(ways: &'w [(&str, Vec<u8>)], name: &str) -> &'w [u8] {
        let found = ways.iter().find(|(known, _)| *known == name);
        &found.unwrap().1
    }

    #[test]
    fn keys_are_written_as_their_standards_say() {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let key = pair.public_key();
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        // PKCS #1: a sequence of the modulus, which has a zero in front, and of 65537.
        let pkcs1 = key.as_ref();
        let (n, e) = (&pkcs1[9..265], &pkcs1[pkcs1.len() - 3..]);
        let set = json!({"keys": [{"kty": "RSA", "kid": "a", "n": text(n), "e": text(e)}]});
        let ways = as_secrets(&set, Some("a"));
        let standard: PublicKeyX509Der<'_> = key.as_der().unwrap();
        assert_eq!(way(&ways, "der"), standard.as_ref());
        assert!(way(&ways, "pem").starts_with(b"-----BEGIN PUBLIC KEY-----\nMIIB"));
        assert!(as_secrets(&set, Some("b")).is_empty());

        let pair = Ed25519KeyPair::generate().unwrap();
        let set = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": text(pair.public_key().as_ref())}]});
        let ways = as_secrets(&set, None);
        assert_eq!(way(&ways, "raw"), pair.public_key().as_ref());
        let standard: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        assert_eq!(way(&ways, "der"), standard.as_ref());
        assert!(as_secrets(&json!({}), None).is_empty());
    }
}
