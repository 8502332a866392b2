//! Access tokens: only what our key signed is a session, and only by the rules, whoever signed it.
#![no_main]

use std::sync::LazyLock;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use uuid::Uuid;
use vouchsafe::ids::{PersonId, SessionId, TenantId};
use vouchsafe::session::{
    AccessTtl, Assurance, Issuer, NewSession, Principal, Session, Verifier, VerifyingKeys,
};
use vouchsafe::trusted;
use vouchsafe_fuzz::{edited, until};

const SEED: [u8; 32] = [7; 32];
const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "https://api.example";
const NOW: i64 = 1_800_000_000;
/// Stands in the input for the id of our key, which no fuzzer guesses.
const KEY_ID: &str = "KID";

struct Service {
    pair: Ed25519KeyPair,
    issuer: Issuer,
    verifier: Verifier,
    token: String,
}

static SERVICE: LazyLock<Service> = LazyLock::new(|| {
    let issuer = Issuer::new(&SEED, ISSUER, AUDIENCE, AccessTtl::default()).unwrap();
    let new = NewSession {
        id: SessionId::from_uuid(Uuid::from_u128(1)),
        tenant: TenantId::from_uuid(Uuid::from_u128(2)),
        principal: Principal::Person(PersonId::from_uuid(Uuid::from_u128(3))),
        assurance: Assurance::TwoFactor,
    };
    let keys = VerifyingKeys::new([issuer.public_key()]);
    Service {
        pair: Ed25519KeyPair::from_seed_unchecked(&SEED).unwrap(),
        verifier: trusted::verifier(keys, ISSUER, AUDIENCE),
        token: issuer.issue(&new, now()),
        issuer,
    }
});

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

// A header, a line feed, claims, a line feed, what is done to a good token.
fuzz_target!(|bytes: &[u8]| {
    let service = &*SERVICE;
    let verify = |token: &str| trusted::session(&service.verifier, token, now());
    assert!(verify(&String::from_utf8_lossy(bytes)).is_err());
    let mut rest = bytes;
    let header = String::from_utf8_lossy(until(&mut rest, b'\n'));
    let header = header.replace(KEY_ID, service.issuer.key_id());
    let claims = until(&mut rest, b'\n');
    if let Ok(session) = verify(&service.signed(header.as_bytes(), claims)) {
        by_the_rules(&session, &header, claims);
    }
    let changed = edited(service.token.as_bytes(), rest);
    let changed = String::from_utf8_lossy(&changed);
    assert_eq!(verify(&changed).is_ok(), *changed == *service.token);
});

impl Service {
    /// A token of our own key that says anything.
    fn signed(&self, header: &[u8], claims: &[u8]) -> String {
        let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = self.pair.sign(signed.as_bytes());
        format!("{signed}.{}", encode(signature.as_ref()))
    }
}

fn by_the_rules(session: &Session, header: &str, claims: &[u8]) {
    let header: Value = serde_json::from_str(header).expect("a header is JSON");
    assert_eq!(header.as_object().unwrap().len(), 3);
    assert_eq!(
        (&header["alg"], &header["typ"]),
        (&"EdDSA".into(), &"at+jwt".into())
    );
    let claims: Value = serde_json::from_slice(claims).expect("claims are JSON");
    assert_eq!(claims.as_object().unwrap().len(), 11);
    assert_eq!(
        (&claims["iss"], &claims["aud"]),
        (&ISSUER.into(), &AUDIENCE.into())
    );
    assert_eq!(claims["exp"], session.expires_at().as_second());
    assert_eq!(claims["acr"], session.assurance().name());
    let life = session.expires_at().duration_since(session.issued_at());
    assert!(life.is_positive() && life <= SignedDuration::from_mins(30));
    assert!(session.is_live(now()));
    assert!(session.issued_at() <= now() + SignedDuration::from_secs(5));
    assert!(claims["nbf"].as_i64().unwrap() <= NOW + 5);
    let same = |text: &Value, id: Uuid| text.as_str().unwrap().parse() == Ok(id);
    assert!(same(&claims["sid"], session.id().uuid()));
    assert!(same(&claims["tenant"], session.tenant().uuid()));
}
