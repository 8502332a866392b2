//! Access tokens: `at+jwt` (RFC 9068) with Ed25519 (RFC 8037), the only algorithm.
//!
//! The header is compared with a closed form rather than interpreted: a token can name neither another algorithm, nor a
//! key by URL, nor an extension.

use std::fmt;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{self, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AccessTtl, Assurance, Principal, Session};
use crate::ids::{PersonId, ServiceId, SessionId, TenantId};

/// Maximum length of a token in bytes; a longer one is refused unread.
const MAX_TOKEN_BYTES: usize = 2048;
/// How far another replica's clock may be ahead of ours.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(5);

/// The reason why a token was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TokenRefused {
    /// Not three base64url parts, or too long.
    #[error("the token is malformed")]
    Malformed,
    /// Another algorithm or type, or an unknown header parameter.
    #[error("the token's header is not that of our access tokens")]
    Header,
    /// No key has that id.
    #[error("the token names an unknown key")]
    UnknownKey,
    /// The signature is not valid.
    #[error("the token's signature does not hold")]
    Signature,
    /// Claims are missing, unknown, duplicate or of the wrong type.
    #[error("the token's claims are not those of our access tokens")]
    Claims,
    /// Issuer or audience is another installation.
    #[error("the token was made by or for somebody else")]
    NotForUs,
    /// The lifetime is longer than allowed.
    #[error("the token's life is longer than 30 minutes")]
    TooLong,
    /// Not valid yet.
    #[error("the token is not valid yet")]
    NotYet,
    /// Expired.
    #[error("the token has expired")]
    Expired,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    acr: String,
    aud: String,
    client_id: String,
    exp: i64,
    iat: i64,
    iss: String,
    jti: String,
    nbf: i64,
    sid: String,
    sub: String,
    tenant: String,
}

/// The claims of a session that an identity service has just made.
#[derive(Clone, Copy, Debug)]
pub struct NewSession {
    /// The session's id.
    pub id: SessionId,
    /// The tenant.
    pub tenant: TenantId,
    /// The principal.
    pub principal: Principal,
    /// The strength of the authentication.
    pub assurance: Assurance,
}

/// Signs access tokens.
pub struct Issuer {
    key: Ed25519KeyPair,
    key_id: String,
    issuer: String,
    audience: String,
    ttl: AccessTtl,
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer")
            .field("key_id", &self.key_id)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

impl Issuer {
    /// An issuer with this key, for this issuer and audience URL.
    ///
    /// # Errors
    /// [`TokenRefused::UnknownKey`] if the 32-byte seed (RFC 8032) is not valid.
    pub fn new(
        seed: &[u8; 32],
        issuer: &str,
        audience: &str,
        ttl: AccessTtl,
    ) -> Result<Self, TokenRefused> {
        let key =
            Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| TokenRefused::UnknownKey)?;
        let key_id = thumbprint(key.public_key().as_ref());
        Ok(Self {
            key,
            key_id,
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            ttl,
        })
    }

    /// The public key (32 bytes), for a [`Verifier`] or a JWKS.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        self.key.public_key().as_ref()
    }

    /// The key's id: its JWK thumbprint (RFC 7638).
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The lifetime of the tokens that this issuer signs.
    #[must_use]
    pub const fn ttl(&self) -> AccessTtl {
        self.ttl
    }

    /// A token for a session, valid from `now`.
    #[must_use]
    pub fn issue(&self, new: &NewSession, now: Timestamp) -> String {
        let header = Header {
            alg: "EdDSA".into(),
            kid: self.key_id.clone(),
            typ: "at+jwt".into(),
        };
        let claims = Claims {
            acr: new.assurance.name().into(),
            aud: self.audience.clone(),
            client_id: "vouchsafe".into(),
            exp: now.as_second() + i64::from(self.ttl.seconds()),
            iat: now.as_second(),
            iss: self.issuer.clone(),
            jti: uuid::Uuid::new_v4().to_string(),
            nbf: now.as_second(),
            sid: new.id.to_string(),
            sub: new.principal.label(),
            tenant: new.tenant.to_string(),
        };
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

/// The public keys whose tokens are accepted, by key id.
#[derive(Clone, Debug, Default)]
pub struct VerifyingKeys(Vec<(String, Vec<u8>)>);

impl VerifyingKeys {
    /// These keys (32 bytes each), with their thumbprints as ids.
    pub fn new<'a>(keys: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self(
            keys.into_iter()
                .map(|key| (thumbprint(key), key.to_vec()))
                .collect(),
        )
    }

    /// The keys as a JWK set (RFC 7517).
    #[must_use]
    pub fn jwks(&self) -> serde_json::Value {
        let keys: Vec<_> = self
            .0
            .iter()
            .map(|(id, key)| {
                serde_json::json!({
                    "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
                    "kid": id, "x": URL_SAFE_NO_PAD.encode(key),
                })
            })
            .collect();
        serde_json::json!({ "keys": keys })
    }
}

/// Makes sessions from access tokens; nothing else does. It comes from [`crate::trusted::verifier`], and
/// [`crate::trusted::session`] uses it.
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: VerifyingKeys,
    issuer: String,
    audience: String,
}

impl Verifier {
    /// A verifier of tokens by this issuer for this audience, with these keys.
    pub(crate) fn new(keys: VerifyingKeys, issuer: &str, audience: &str) -> Self {
        Self {
            keys,
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
        }
    }

    /// The keys whose tokens are accepted.
    #[must_use]
    pub const fn keys(&self) -> &VerifyingKeys {
        &self.keys
    }

    /// The session of a token at that time.
    ///
    /// # Errors
    /// [`TokenRefused`], also if the token lives longer than [`AccessTtl::MAX_SECONDS`], whoever signed it.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Result<Session, TokenRefused> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenRefused::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenRefused::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenRefused::Malformed)?;
        let header: Header = decode(header, TokenRefused::Header)?;
        if header.alg != "EdDSA" || header.typ != "at+jwt" {
            return Err(TokenRefused::Header);
        }
        let (_, key) = self
            .keys
            .0
            .iter()
            .find(|(id, _)| *id == header.kid)
            .ok_or(TokenRefused::UnknownKey)?;
        let signature = URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| TokenRefused::Malformed)?;
        UnparsedPublicKey::new(&signature::ED25519, key)
            .verify(signed.as_bytes(), &signature)
            .map_err(|_| TokenRefused::Signature)?;
        self.session(&decode(claims, TokenRefused::Claims)?, now)
    }

    fn session(&self, claims: &Claims, now: Timestamp) -> Result<Session, TokenRefused> {
        if claims.iss != self.issuer || claims.aud != self.audience {
            return Err(TokenRefused::NotForUs);
        }
        let issued_at = seconds(claims.iat)?;
        let expires_at = seconds(claims.exp)?;
        let life = claims
            .exp
            .checked_sub(claims.iat)
            .ok_or(TokenRefused::Claims)?;
        if !(1..=i64::from(AccessTtl::MAX_SECONDS)).contains(&life) {
            return Err(TokenRefused::TooLong);
        }
        if now >= expires_at {
            return Err(TokenRefused::Expired);
        }
        let soon = now
            .saturating_add(CLOCK_SKEW)
            .map_err(|_| TokenRefused::Claims)?;
        if soon < issued_at || soon < seconds(claims.nbf)? {
            return Err(TokenRefused::NotYet);
        }
        Ok(Session {
            id: claims
                .sid
                .parse::<SessionId>()
                .map_err(|_| TokenRefused::Claims)?,
            tenant: claims
                .tenant
                .parse::<TenantId>()
                .map_err(|_| TokenRefused::Claims)?,
            principal: principal(&claims.sub).ok_or(TokenRefused::Claims)?,
            assurance: assurance(&claims.acr).ok_or(TokenRefused::Claims)?,
            issued_at,
            expires_at,
        })
    }
}

fn principal(subject: &str) -> Option<Principal> {
    match subject.split_once('/')? {
        ("person", id) => id.parse::<PersonId>().ok().map(Principal::Person),
        ("service", id) => id.parse::<ServiceId>().ok().map(Principal::Service),
        _ => None,
    }
}

fn assurance(name: &str) -> Option<Assurance> {
    [
        Assurance::Local,
        Assurance::ServiceKey,
        Assurance::TwoFactor,
    ]
    .into_iter()
    .find(|assurance| assurance.name() == name)
}

fn seconds(value: i64) -> Result<Timestamp, TokenRefused> {
    Timestamp::from_second(value).map_err(|_| TokenRefused::Claims)
}

fn encode<T: Serialize>(part: &T) -> String {
    // Structs of strings and integers always serialise; an empty part would never verify.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(part).unwrap_or_default())
}

fn decode<T: for<'de> Deserialize<'de>>(
    part: &str,
    refused: TokenRefused,
) -> Result<T, TokenRefused> {
    let bytes = URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| TokenRefused::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| refused)
}

/// The JWK thumbprint (RFC 7638, RFC 8037 appendix A.3) of an Ed25519 public key.
fn thumbprint(key: &[u8]) -> String {
    let jwk = format!(
        r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#,
        URL_SAFE_NO_PAD.encode(key)
    );
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, jwk.as_bytes()))
}

#[cfg(test)]
mod tests;
