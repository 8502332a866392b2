//! Tokens with a good signature that must be refused. They are tested on this program's verifier, for the issuer and
//! audience of the installation, with a key made for the test. The installation's own keys sign nothing here.

use anyhow::anyhow;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};
use vouchsafe::ids::{PersonId, SessionId};
use vouchsafe::session::{
    AccessTtl, Assurance, Issuer, NewSession, Principal, Verifier, VerifyingKeys,
};
use vouchsafe::trusted;
use vouchsafe_evidence::selftest::TokenTried;
use vouchsafe_installation::{Installation, now};

use super::somebody;

/// Tries each token.
pub(super) fn attack(installation: &Installation) -> anyhow::Result<Vec<TokenTried>> {
    let at = now();
    let url = installation.settings().base_url();
    let seed = somebody::seed()?;
    let issuer = Issuer::new(&seed, &url, &url, AccessTtl::default())?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| anyhow!("no key"))?;
    let new = NewSession {
        id: SessionId::random(),
        tenant: installation.tenant(),
        principal: Principal::Person(PersonId::random()),
        assurance: Assurance::TwoFactor,
    };
    let valid = issuer.issue(&new, at);
    let mine = trusted::verifier(VerifyingKeys::new([issuer.public_key()]), &url, &url);
    // The key that signed is missing, as after it was retired.
    let others = trusted::verifier(VerifyingKeys::new([[1_u8; 32].as_slice()]), &url, &url);
    let mut tried = vec![
        outcome("valid", &mine, &valid, at),
        outcome("old-key", &others, &valid, at),
    ];
    let (header, claims) = parts(&valid)?;
    for (fault, claims) in faults(&claims, at.as_second()) {
        tried.push(outcome(fault, &mine, &signed(&pair, &header, &claims), at));
    }
    for algorithm in ["none", "HS256"] {
        let mut other = header.clone();
        set(&mut other, "alg", json!(algorithm));
        let fault = if algorithm == "none" {
            "alg-none"
        } else {
            "alg-other"
        };
        tried.push(outcome(fault, &mine, &signed(&pair, &other, &claims), at));
    }
    Ok(tried)
}

fn faults(claims: &Value, second: i64) -> Vec<(&'static str, Value)> {
    let with = |changes: &[(&str, Value)]| {
        let mut changed = claims.clone();
        for (claim, value) in changes {
            set(&mut changed, claim, value.clone());
        }
        changed
    };
    let mut no_exp = claims.clone();
    if let Some(claims) = no_exp.as_object_mut() {
        claims.remove("exp");
    }
    let elsewhere = json!("https://elsewhere.invalid");
    let past = [
        ("iat", json!(second - 7200)),
        ("nbf", json!(second - 7200)),
        ("exp", json!(second - 6300)),
    ];
    vec![
        ("expired", with(&past)),
        ("no-exp", no_exp),
        ("long-exp", with(&[("exp", json!(second + 86_400))])),
        ("wrong-aud", with(&[("aud", elsewhere.clone())])),
        ("wrong-iss", with(&[("iss", elsewhere)])),
    ]
}

fn outcome(fault: &str, verifier: &Verifier, token: &str, at: Timestamp) -> TokenTried {
    TokenTried {
        fault: fault.to_owned(),
        refused: trusted::session(verifier, token, at).is_err(),
    }
}

fn parts(token: &str) -> anyhow::Result<(Value, Value)> {
    let mut parts = token.split('.').map(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
        serde_json::from_slice(&bytes).ok()
    });
    match (parts.next().flatten(), parts.next().flatten()) {
        (Some(header), Some(claims)) => Ok((header, claims)),
        _ => Err(anyhow!("the issued token is malformed")),
    }
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

fn signed(pair: &Ed25519KeyPair, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = pair.sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_refused_and_the_same_claims_signed_again_are_not() {
        let (seed, at, url) = ([7; 32], now(), "https://api.example");
        let issuer = Issuer::new(&seed, url, url, AccessTtl::default()).unwrap();
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        let new = NewSession {
            id: SessionId::random(),
            tenant: vouchsafe::ids::TenantId::random(),
            principal: Principal::Person(PersonId::random()),
            assurance: Assurance::TwoFactor,
        };
        let verifier = trusted::verifier(VerifyingKeys::new([issuer.public_key()]), url, url);
        let (header, claims) = parts(&issuer.issue(&new, at)).unwrap();
        // Without this control, an error in the signing would look like a refusal.
        assert!(!outcome("valid", &verifier, &signed(&pair, &header, &claims), at).refused);
        for (fault, claims) in faults(&claims, at.as_second()) {
            assert!(
                outcome(fault, &verifier, &signed(&pair, &header, &claims), at).refused,
                "{fault}"
            );
        }
    }
}
