//! Finds the caller of a request.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use vouchsafe::audit::{Context, Event, Outcome, Stream};
use vouchsafe_identity::{Activity, AuthenticationRefused};
use vouchsafe_installation::{Installation, caller};
use vouchsafe_records::engine::Caller;

use crate::answer::refusal;
use crate::shared::Shared;

/// Header with the caller's purpose: an HL7 v3 `PurposeOfUse` code.
const PURPOSE: &str = "vouchsafe-purpose";
/// Header by which a client says that a person did this now (`user`); any other value means background.
const ACTIVITY: &str = "vouchsafe-activity";

/// Adds the [`Caller`] to the request; a request without one is refused here. The refusal of a known caller is an entry;
/// any other is counted.
pub(crate) async fn layer(
    State(shared): State<Arc<Shared>>,
    Extension(from): Extension<Context>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = authenticate(&shared.installation, request.headers(), from.clone()).await;
    match caller {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err((unknown, Some(caller))) => match note(&shared, &caller, unknown.reason).await {
            Ok(()) => unknown.answer(),
            Err(unavailable) => unavailable.answer(),
        },
        Err((unknown, None)) => {
            shared.refusals.count(&from, unknown.reason);
            unknown.answer()
        }
    }
}

/// Records the refusal of a request that no route takes: as an entry if the caller is known, else as a count.
///
/// # Errors
/// The answer to give instead, when that is not durable.
pub(crate) async fn refused(
    shared: &Shared,
    from: &Context,
    headers: &HeaderMap,
    reason: &'static str,
) -> Result<(), Response> {
    match authenticate(&shared.installation, headers, from.clone()).await {
        Ok(caller) | Err((_, Some(caller))) => {
            let noted = note(shared, &caller, reason).await;
            noted.map_err(Unknown::answer)
        }
        Err((_, None)) => {
            shared.refusals.count(from, reason);
            Ok(())
        }
    }
}

async fn note(shared: &Shared, caller: &Caller, reason: &'static str) -> Result<(), Unknown> {
    let event = Event {
        reason: Some(reason),
        session: Some(&caller.session),
        ..Event::new(Stream::Phi, "request", Outcome::Refused, &caller.context)
    };
    let appended = shared.installation.engine().append_events(vec![event]);
    appended.await.map_err(|_| LOG_UNAVAILABLE)
}

/// The reason why a request has no caller.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Unknown {
    status: StatusCode,
    /// A fixed word, for the log.
    reason: &'static str,
    /// Fixed words, for the answer.
    text: &'static str,
}

impl Unknown {
    fn answer(self) -> Response {
        let code = match self.status {
            StatusCode::UNAUTHORIZED => "login",
            StatusCode::SERVICE_UNAVAILABLE => "transient",
            _ => "value",
        };
        let mut response = refusal(self.status, code, self.text);
        if self.status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
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

const LOG_UNAVAILABLE: Unknown = Unknown {
    status: StatusCode::SERVICE_UNAVAILABLE,
    reason: "log-unavailable",
    text: "a safeguard is not available; nothing was done",
};

/// Who asks; or why that is not told, and who it is all the same.
async fn authenticate(
    installation: &Installation,
    headers: &HeaderMap,
    context: Context,
) -> Result<Caller, (Unknown, Option<Caller>)> {
    let token = bearer(headers).ok_or((NO_TOKEN, None))?;
    let activity = match headers.get(ACTIVITY).map(HeaderValue::as_bytes) {
        Some(b"user") => Activity::User,
        _ => Activity::Background,
    };
    let mut caller = caller::of_token(installation, token, activity, context)
        .await
        .map_err(|refused| (unknown(refused), None))?;
    if let Some(stated) = headers.get(PURPOSE) {
        let stated = stated.to_str().ok().and_then(|code| code.parse().ok());
        let Some(purpose) = stated else {
            return Err((BAD_PURPOSE, Some(caller)));
        };
        caller.purpose = purpose;
    }
    Ok(caller)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    // A proxy could use one of two values and this service the other.
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
            "the access token is invalid or has expired; sign in again",
        ),
        AuthenticationRefused::Unavailable(_) => return UNAVAILABLE,
        _ => (
            StatusCode::UNAUTHORIZED,
            "session-over",
            "the session has ended; sign in again",
        ),
    };
    Unknown {
        status,
        reason,
        text,
    }
}
