//! Attacks on tokens: every one is refused, and for the expected reason.

use super::*;

const ISSUER: &str = "https://vouchsafe.example";
const AUDIENCE: &str = "https://vouchsafe.example/fhir/R4";
const SEED: [u8; 32] = [7; 32];

fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

fn later(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

fn issuer() -> Issuer {
    Issuer::new(&SEED, ISSUER, AUDIENCE, AccessTtl::default()).unwrap()
}

fn verifier() -> Verifier {
    Verifier::new(
        VerifyingKeys::new([issuer().public_key()]),
        ISSUER,
        AUDIENCE,
    )
}

fn new_session() -> NewSession {
    NewSession {
        id: SessionId::from_uuid(uuid::Uuid::from_u128(1)),
        tenant: TenantId::from_uuid(uuid::Uuid::from_u128(2)),
        principal: Principal::Person(PersonId::from_uuid(uuid::Uuid::from_u128(3))),
        assurance: Assurance::TwoFactor,
    }
}

fn b64(text: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// A token with exactly this header and these claims, with a valid signature by our own key.
fn signed(header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", b64(header), b64(claims));
    let signature = issuer().key.sign(signed.as_bytes());
    format!("{signed}.{}", b64(signature.as_ref()))
}

fn header() -> String {
    format!(
        r#"{{"alg":"EdDSA","kid":"{}","typ":"at+jwt"}}"#,
        issuer().key_id()
    )
}

fn claims() -> serde_json::Value {
    serde_json::json!({
        "acr": "two-factor", "aud": AUDIENCE, "client_id": "vouchsafe",
        "exp": now().as_second() + 900, "iat": now().as_second(), "nbf": now().as_second(),
        "iss": ISSUER, "jti": "1", "sid": new_session().id.to_string(),
        "sub": new_session().principal.label(), "tenant": new_session().tenant.to_string(),
    })
}

/// Our claims with one of them replaced.
fn claims_with(name: &str, value: impl Into<serde_json::Value>) -> String {
    let mut claims = claims();
    claims[name] = value.into();
    claims.to_string()
}

fn verify(token: &str) -> Result<Session, TokenRefused> {
    verifier().verify(token, now())
}

fn refused(token: &str) -> TokenRefused {
    verify(token).expect_err("the token must be refused")
}

#[test]
fn a_token_gives_back_its_session() {
    let new = new_session();
    let session = verify(&issuer().issue(&new, now())).unwrap();
    assert_eq!(session.id(), new.id);
    assert_eq!(session.tenant(), new.tenant);
    assert_eq!(session.principal(), new.principal);
    assert_eq!(session.assurance(), new.assurance);
    assert_eq!(session.issued_at(), now());
    assert_eq!(session.expires_at(), later(900));
    assert!(session.is_live(later(899)) && !session.is_live(later(900)));
}

#[test]
fn services_and_local_programs_have_tokens_too() {
    let new = NewSession {
        principal: Principal::Service(ServiceId::random()),
        assurance: Assurance::Local,
        ..new_session()
    };
    let session = verify(&issuer().issue(&new, now())).unwrap();
    assert_eq!(session.principal(), new.principal);
    assert_eq!(session.assurance(), Assurance::Local);
}

#[test]
fn the_hand_made_token_of_these_tests_is_a_good_one() {
    verify(&signed(&header(), &claims().to_string())).unwrap();
}

#[test]
fn no_other_algorithm_is_accepted() {
    let kid = issuer().key_id().to_owned();
    let claims = claims().to_string();
    for algorithm in [
        "none", "None", "NONE", "", "HS256", "HS512", "RS256", "ES256", "PS256", "Ed25519",
        "eddsa", "EDDSA",
    ] {
        let header = format!(r#"{{"alg":"{algorithm}","kid":"{kid}","typ":"at+jwt"}}"#);
        assert_eq!(
            refused(&signed(&header, &claims)),
            TokenRefused::Header,
            "{algorithm}"
        );
        let unsigned = format!("{}.{}.", b64(&header), b64(&claims));
        assert_eq!(
            refused(&unsigned),
            TokenRefused::Header,
            "{algorithm} unsigned"
        );
    }
}

#[test]
fn a_token_without_signature_is_refused() {
    let unsigned = format!("{}.{}.", b64(header()), b64(claims().to_string()));
    assert_eq!(refused(&unsigned), TokenRefused::Signature);
    assert_eq!(
        refused(unsigned.trim_end_matches('.')),
        TokenRefused::Malformed
    );
}

#[test]
fn the_public_key_is_no_hmac_secret() {
    let kid = issuer().key_id().to_owned();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, issuer().public_key());
    for algorithm in ["HS256", "EdDSA"] {
        let header = format!(r#"{{"alg":"{algorithm}","kid":"{kid}","typ":"at+jwt"}}"#);
        let signed = format!("{}.{}", b64(header), b64(claims().to_string()));
        let tag = aws_lc_rs::hmac::sign(&key, signed.as_bytes());
        assert!(verify(&format!("{signed}.{}", b64(tag.as_ref()))).is_err());
    }
}

#[test]
fn no_other_type_is_accepted() {
    let kid = issuer().key_id().to_owned();
    for kind in [
        "JWT",
        "jwt",
        "at+JWT",
        "application/at+jwt",
        "id+jwt",
        "logout+jwt",
        "",
    ] {
        let header = format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"{kind}"}}"#);
        assert_eq!(
            refused(&signed(&header, &claims().to_string())),
            TokenRefused::Header,
            "{kind}"
        );
    }
}

#[test]
fn a_header_names_no_key_by_url_or_value_and_no_extension() {
    let kid = issuer().key_id().to_owned();
    let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#;
    for extra in [
        r#""jku":"https://evil.example/jwks""#,
        r#""x5u":"https://evil.example/cert""#,
        r#""x5c":["AAAA"]"#,
        &format!(r#""jwk":{jwk}"#),
        r#""crit":["exp"]"#,
        r#""crit":[]"#,
        r#""b64":false"#,
        r#""zip":"DEF""#,
        r#""cty":"JWT""#,
    ] {
        let header = format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"at+jwt",{extra}}}"#);
        assert_eq!(
            refused(&signed(&header, &claims().to_string())),
            TokenRefused::Header,
            "{extra}"
        );
    }
}

#[test]
fn a_key_id_is_one_of_ours_or_refused() {
    for kid in ["", "other", "../../etc/passwd", "' OR 1=1 --"] {
        let header = format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"at+jwt"}}"#);
        assert_eq!(
            refused(&signed(&header, &claims().to_string())),
            TokenRefused::UnknownKey
        );
    }
    let none = r#"{"alg":"EdDSA","typ":"at+jwt"}"#;
    assert_eq!(
        refused(&signed(none, &claims().to_string())),
        TokenRefused::Header
    );
}

#[test]
fn another_key_under_our_key_id_does_not_verify() {
    let other = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
    let signed = format!("{}.{}", b64(header()), b64(claims().to_string()));
    let token = format!("{signed}.{}", b64(other.sign(signed.as_bytes()).as_ref()));
    assert_eq!(refused(&token), TokenRefused::Signature);
}

#[test]
fn doubled_members_are_refused() {
    let kid = issuer().key_id().to_owned();
    let header_twice = format!(r#"{{"alg":"none","alg":"EdDSA","kid":"{kid}","typ":"at+jwt"}}"#);
    assert_eq!(
        refused(&signed(&header_twice, &claims().to_string())),
        TokenRefused::Header
    );
    let claims = claims().to_string();
    for name in ["sub", "exp", "aud", "tenant"] {
        let doubled = claims.replacen('{', &format!(r#"{{"{name}":{},"#, value_of(name)), 1);
        assert_eq!(
            refused(&signed(&header(), &doubled)),
            TokenRefused::Claims,
            "{name}"
        );
    }
}

fn value_of(name: &str) -> String {
    claims()[name].to_string()
}

#[test]
fn claims_of_another_shape_are_refused() {
    let times = ["exp", "iat", "nbf"];
    let texts = [
        "acr",
        "aud",
        "iss",
        "sub",
        "sid",
        "tenant",
        "jti",
        "client_id",
    ];
    for name in times.iter().chain(&texts) {
        let mut missing = claims();
        missing.as_object_mut().unwrap().remove(*name);
        assert_eq!(
            refused(&signed(&header(), &missing.to_string())),
            TokenRefused::Claims,
            "{name}"
        );
        let null = claims_with(name, serde_json::Value::Null);
        assert_eq!(
            refused(&signed(&header(), &null)),
            TokenRefused::Claims,
            "{name}"
        );
    }
    for name in times {
        let text = claims_with(name, "2026-11-24T12:15:00Z");
        assert_eq!(
            refused(&signed(&header(), &text)),
            TokenRefused::Claims,
            "{name} as text"
        );
        let digits = claims_with(name, now().as_second().to_string());
        assert_eq!(
            refused(&signed(&header(), &digits)),
            TokenRefused::Claims,
            "{name} as digits"
        );
        let fraction = claims_with(name, 1_764_000_000.5);
        assert_eq!(
            refused(&signed(&header(), &fraction)),
            TokenRefused::Claims,
            "{name} as fraction"
        );
    }
    let audiences = claims_with(
        "aud",
        serde_json::json!([AUDIENCE, "https://other.example"]),
    );
    assert_eq!(
        refused(&signed(&header(), &audiences)),
        TokenRefused::Claims
    );
    let roles = claims_with("roles", serde_json::json!(["clinician"]));
    assert_eq!(refused(&signed(&header(), &roles)), TokenRefused::Claims);
}

#[test]
fn ids_are_of_our_form() {
    let uuid = new_session().tenant.to_string();
    for (name, value) in [
        ("sub", "person".to_owned()),
        ("sub", uuid.clone()),
        ("sub", format!("admin/{uuid}")),
        ("sub", format!("person/{uuid}/x")),
        ("sub", "person/".to_owned()),
        ("sub", format!("Person/{uuid}")),
        ("tenant", "*".to_owned()),
        ("tenant", uuid.replace('-', "")),
        ("tenant", format!("{{{uuid}}}")),
        ("sid", String::new()),
        ("acr", "three-factor".to_owned()),
        ("acr", String::new()),
    ] {
        let token = signed(&header(), &claims_with(name, value.clone()));
        assert_eq!(refused(&token), TokenRefused::Claims, "{name}={value}");
    }
}

#[test]
fn a_token_for_or_by_somebody_else_is_refused() {
    for (name, value) in [
        ("aud", "https://other.example"),
        ("aud", "https://vouchsafe.example/fhir/R4/"),
        ("aud", ""),
        ("iss", "https://vouchsafe.example.evil.example"),
        ("iss", "https://vouchsafe.example/"),
        ("iss", ""),
    ] {
        let token = signed(&header(), &claims_with(name, value));
        assert_eq!(refused(&token), TokenRefused::NotForUs, "{name}={value}");
    }
}

#[test]
fn no_token_lives_longer_than_30_minutes_whoever_signed_it() {
    let life = |seconds: i64| claims_with("exp", now().as_second() + seconds);
    verify(&signed(&header(), &life(1800))).unwrap();
    for seconds in [
        1801,
        86_400,
        i64::from(u32::MAX),
        i64::MAX - now().as_second(),
    ] {
        let refused = refused(&signed(&header(), &life(seconds)));
        assert!(
            matches!(refused, TokenRefused::TooLong | TokenRefused::Claims),
            "{seconds}"
        );
    }
    for seconds in [0, -1, -86_400] {
        assert_eq!(
            refused(&signed(&header(), &life(seconds))),
            TokenRefused::TooLong
        );
    }
    for (issued, expires) in [(i64::MIN, i64::MAX), (i64::MAX, i64::MIN), (-1, i64::MAX)] {
        let mut claims = claims();
        claims["iat"] = issued.into();
        claims["exp"] = expires.into();
        assert!(verify(&signed(&header(), &claims.to_string())).is_err());
    }
}

#[test]
fn an_expired_token_is_refused_from_its_second_on() {
    let token = issuer().issue(&new_session(), now());
    verifier().verify(&token, later(899)).unwrap();
    for seconds in [900, 901, 1_000_000] {
        assert_eq!(
            verifier().verify(&token, later(seconds)).unwrap_err(),
            TokenRefused::Expired
        );
    }
}

#[test]
fn a_token_of_the_future_is_refused_but_for_a_little_skew() {
    let token = issuer().issue(&new_session(), now());
    verifier().verify(&token, later(-5)).unwrap();
    assert_eq!(
        verifier().verify(&token, later(-6)).unwrap_err(),
        TokenRefused::NotYet
    );
    let not_before = signed(&header(), &claims_with("nbf", now().as_second() + 60));
    assert_eq!(refused(&not_before), TokenRefused::NotYet);
}

#[test]
fn what_is_no_token_is_malformed() {
    let good = issuer().issue(&new_session(), now());
    let parts: Vec<_> = good.split('.').collect();
    for bad in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "a.b".to_owned(),
        format!(" {good}"),
        format!("{good} "),
        format!("{good}="),
        format!("Bearer {good}"),
        good.replace('.', ".."),
        format!(
            "{}.{}.{}.{}.{}",
            parts[0], parts[1], parts[2], parts[0], parts[1]
        ),
        format!("{}\0", good),
        "ä".repeat(100),
        "A".repeat(MAX_TOKEN_BYTES + 1),
        format!("{}.{}.{}", parts[0], "A".repeat(MAX_TOKEN_BYTES), parts[2]),
    ] {
        assert!(verify(&bad).is_err(), "{bad:?}");
    }
}

#[test]
fn no_changed_character_is_accepted() {
    let good = issuer().issue(&new_session(), now());
    for at in 0..good.len() {
        let mut changed = good.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(verify(&changed).is_err(), "position {at}");
    }
}

#[test]
fn several_keys_are_accepted_while_they_rotate() {
    let next = Issuer::new(&[9; 32], ISSUER, AUDIENCE, AccessTtl::default()).unwrap();
    let both = Verifier::new(
        VerifyingKeys::new([issuer().public_key(), next.public_key()]),
        ISSUER,
        AUDIENCE,
    );
    for issuer in [&issuer(), &next] {
        both.verify(&issuer.issue(&new_session(), now()), now())
            .unwrap();
    }
    let token = next.issue(&new_session(), now());
    assert_eq!(
        verifier().verify(&token, now()).unwrap_err(),
        TokenRefused::UnknownKey
    );
}

#[test]
fn the_key_id_is_the_thumbprint_of_rfc_8037() {
    // RFC 8037, appendix A: the public key and its thumbprint.
    let key = URL_SAFE_NO_PAD
        .decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
        .unwrap();
    assert_eq!(
        thumbprint(&key),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
}

#[test]
fn the_jwks_shows_public_keys_only() {
    let jwks = verifier().keys().jwks();
    let key = &jwks["keys"][0];
    assert_eq!(key["kid"], issuer().key_id());
    assert_eq!(key["x"], b64(issuer().public_key()));
    assert!(key.get("d").is_none());
}

#[test]
fn debug_shows_no_key() {
    let shown = format!("{:?}", issuer());
    assert!(
        !shown.contains('7'.to_string().repeat(3).as_str()),
        "{shown}"
    );
}

#[test]
fn no_life_over_30_minutes_can_be_held() {
    assert_eq!(AccessTtl::default().seconds(), 900);
    assert_eq!(AccessTtl::from_seconds(1800).unwrap().seconds(), 1800);
    for seconds in [0, 1801, 3600, u32::MAX] {
        assert!(AccessTtl::from_seconds(seconds).is_err(), "{seconds}");
    }
}
