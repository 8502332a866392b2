//! From a request to the caller that it comes from.

use axum::http::{HeaderMap, StatusCode, header};
use vouchsafe::audit::Context;
use vouchsafe::ids::RequestId;
use vouchsafe::session::Principal;
use vouchsafe_identity::{Activity, AuthenticationRefused, NetworkPrefix};
use vouchsafe_records::engine::{Caller, Links};

use crate::listener::Peer;
use crate::service::{Service, now};

/// Header by which a caller states why they ask: an HL7 v3 `PurposeOfUse` code.
const PURPOSE: &str = "vouchsafe-purpose";
/// Header by which a client says that a person did this now (`user`); all else is background.
const ACTIVITY: &str = "vouchsafe-activity";

/// Why a request has no caller.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Unknown {
    pub(crate) status: StatusCode,
    /// A fixed word, for the log.
    pub(crate) reason: &'static str,
    /// Fixed words, for the answer.
    pub(crate) text: &'static str,
}

const NO_TOKEN: Unknown = Unknown {
    status: StatusCode::UNAUTHORIZED,
    reason: "no-token",
    text: "an access token is needed: Authorization: Bearer ...",
};
const BAD_PURPOSE: Unknown = Unknown {
    status: StatusCode::BAD_REQUEST,
    reason: "bad-purpose",
    text: "Vouchsafe-Purpose must be TREAT, HPAYMT, HOPERAT, PATRQT or SYSADMN",
};
const UNAVAILABLE: Unknown = Unknown {
    status: StatusCode::SERVICE_UNAVAILABLE,
    reason: "identity-unavailable",
    text: "people and rights cannot be looked up now; nothing was done",
};

/// Where a request comes from, for the log.
pub(crate) async fn context(service: &Service, peer: Peer, request: RequestId) -> Context {
    let network = NetworkPrefix::of(peer.0.ip()).to_string();
    let token = service
        .audit_keys()
        .await
        .ok()
        .map(|keys| keys.token("network", network.as_bytes()));
    Context {
        request: Some(request),
        network: token,
    }
}

/// The caller of a request.
pub(crate) async fn authenticate(
    service: &Service,
    headers: &HeaderMap,
    context: Context,
) -> Result<Caller, Unknown> {
    let token = bearer(headers).ok_or(NO_TOKEN)?;
    let activity = match headers.get(ACTIVITY).map(|value| value.as_bytes()) {
        Some(b"user") => Activity::User,
        _ => Activity::Background,
    };
    let at = now();
    let session = service
        .identity
        .authenticate(token, activity, at)
        .await
        .map_err(unknown)?;
    let rights = service
        .identity
        .rights_of(session.principal(), at)
        .await
        .map_err(|_| UNAVAILABLE)?;
    let links = match session.principal() {
        Principal::Person(person) => service
            .identity
            .links_of(person)
            .await
            .map_err(|_| UNAVAILABLE)?
            .iter()
            .map(|link| (link.record_type.clone(), link.id))
            .collect(),
        Principal::Service(_) => Links::default(),
    };
    let purpose = match headers.get(PURPOSE) {
        Some(value) => value
            .to_str()
            .ok()
            .and_then(|code| code.parse().ok())
            .ok_or(BAD_PURPOSE)?,
        None => service.bundle.usual_purpose(&rights),
    };
    Ok(Caller {
        session,
        rights,
        links,
        purpose,
        context,
        now: at,
    })
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    // Two of them could mean one thing to a proxy and another to us.
    if values.next().is_some() {
        return None;
    }
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

fn unknown(refused: AuthenticationRefused) -> Unknown {
    let (status, reason, text) = match refused {
        AuthenticationRefused::Token(_) => (
            StatusCode::UNAUTHORIZED,
            "bad-token",
            "the access token is not valid, or no longer; sign in again",
        ),
        AuthenticationRefused::Unavailable(_) => return UNAVAILABLE,
        _ => (
            StatusCode::UNAUTHORIZED,
            "session-over",
            "the session is over; sign in again",
        ),
    };
    Unknown {
        status,
        reason,
        text,
    }
}
