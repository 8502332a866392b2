//! Sign-in, sign-out, enrolment, and the public keys of our tokens.

mod page;

use std::sync::Arc;

use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use vouchsafe::audit::Context;
use vouchsafe_identity::{Credentials, EnrolmentRefused, EnrolmentToken, Password};
use vouchsafe_installation::enrol::{self, EnrolError};
use vouchsafe_installation::sign_in::{self, SignInError};
use vouchsafe_installation::{Origin, now};
use vouchsafe_records::engine::Caller;

use crate::layers::turn::TooLong;
use crate::layers::{authentication, turn};
use crate::listener::Peer;
use crate::shared::Shared;

/// The paths, for metrics.
pub(super) const PATHS: [&str; 9] = [
    "/auth/sign-in",
    "/auth/sign-out",
    "/auth/enrolment",
    "/auth/enrol",
    "/auth/enrol.css",
    "/auth/enrol.js",
    "/auth/qr.js",
    "/auth/me",
    "/.well-known/jwks.json",
];

pub(super) fn routes(shared: &Arc<Shared>) -> Router {
    let known = Router::new()
        .route("/auth/sign-out", post(sign_out))
        .route("/auth/me", get(me))
        .route_layer(from_fn_with_state(Arc::clone(shared), turn::of_callers))
        .route_layer(from_fn_with_state(
            Arc::clone(shared),
            authentication::layer,
        ));
    Router::new()
        .route("/auth/sign-in", post(sign_in))
        .route("/auth/enrolment", post(enrolment))
        .route("/auth/enrol", get(page::page).post(enrol))
        .route("/auth/enrol.css", get(page::style))
        .route("/auth/enrol.js", get(page::script))
        .route("/auth/qr.js", get(page::qr_script))
        .route("/.well-known/jwks.json", get(jwks))
        .route_layer(from_fn_with_state(Arc::clone(shared), turn::of_strangers))
        .merge(known)
        .with_state(Arc::clone(shared))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    login: String,
    password: String,
    code: String,
}

async fn sign_in(
    State(shared): State<Arc<Shared>>,
    Extension(Peer(peer)): Extension<Peer>,
    Extension(context): Extension<Context>,
    Small(typed): Small<SignIn>,
) -> Response {
    let credentials = Credentials::new(&typed.login, Password::new(&typed.password), &typed.code);
    let origin = Origin::client(peer.ip(), context.clone());
    let error = match sign_in::sign_in(&shared.installation, &credentials, &origin).await {
        Ok(signed_in) => {
            return Json(json!({
                "access_token": signed_in.token.expose(),
                "token_type": "Bearer",
                "expires_in": signed_in.expires_at.duration_since(now()).as_secs(),
            }))
            .into_response();
        }
        Err(error) => error,
    };
    if matches!(error, SignInError::Wrong | SignInError::Throttled(_)) {
        metrics::counter!("vouchsafe_sign_ins_refused_total").increment(1);
    }
    match error {
        SignInError::Wrong => problem(StatusCode::UNAUTHORIZED, "login, password or code is wrong"),
        SignInError::Throttled(at) => {
            // Strangers can send any number of these requests, so they are only counted and do not fill the log.
            shared.refusals.count(&context, "sign-in-throttled");
            throttled(at)
        }
        SignInError::Unavailable(_) | SignInError::NotDone(_) => unavailable(),
    }
}

fn throttled(until: Timestamp) -> Response {
    let mut response = problem(
        StatusCode::TOO_MANY_REQUESTS,
        "too many attempts; try again later",
    );
    let seconds = until.duration_since(now()).as_secs().max(1);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, seconds.into());
    response
}

async fn sign_out(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
) -> Response {
    let Caller {
        session, context, ..
    } = caller;
    match sign_in::sign_out(&shared.installation, &session, &context).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(_) => unavailable(),
    }
}

/// The caller's identity and roles, for programs that adapt their display.
async fn me(Extension(caller): Extension<Caller>) -> Response {
    Json(json!({
        "principal": caller.session.principal().label(),
        "session": caller.session.id(),
        "expires": caller.session.expires_at().to_string(),
        "purpose": caller.purpose.code(),
        "rights": caller.rights.iter().map(|right| json!({
            "role": right.role.as_str(), "until": right.until.to_string(),
        })).collect::<Vec<_>>(),
    }))
    .into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Link {
    token: String,
}

/// The content of the page behind an enrolment link.
async fn enrolment(
    State(shared): State<Arc<Shared>>,
    Extension(context): Extension<Context>,
    Small(link): Small<Link>,
) -> Response {
    let token = EnrolmentToken::from_link(&link.token);
    match enrol::enrolment(&shared.installation, &token).await {
        Ok(enrolment) => Json(json!({
            "name": enrolment.name,
            "login": enrolment.login,
            "secret": *enrolment.secret,
            "uri": *enrolment.uri,
        }))
        .into_response(),
        Err(refused) => enrolment_refused(&shared, &context, &refused),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Enrol {
    token: String,
    password: String,
    code: String,
}

async fn enrol(
    State(shared): State<Arc<Shared>>,
    Extension(Peer(peer)): Extension<Peer>,
    Extension(context): Extension<Context>,
    Small(typed): Small<Enrol>,
) -> Response {
    let token = EnrolmentToken::from_link(&typed.token);
    let password = Password::new(&typed.password);
    let origin = Origin::client(peer.ip(), context.clone());
    let factors = (&password, typed.code.as_str());
    match enrol::enrol(&shared.installation, &token, factors, &origin).await {
        Ok(_) => {
            shared.recheck.notify_one();
            StatusCode::NO_CONTENT.into_response()
        }
        Err(EnrolError::Refused(refused)) => enrolment_refused(&shared, &context, &refused),
        Err(EnrolError::NotDone(_)) => unavailable(),
    }
}

fn enrolment_refused(shared: &Shared, context: &Context, refused: &EnrolmentRefused) -> Response {
    match refused {
        EnrolmentRefused::Link => {
            shared.refusals.count(context, "bad-link");
            problem(
                StatusCode::NOT_FOUND,
                "this link is unknown, used or expired: ask for a new one",
            )
        }
        EnrolmentRefused::Password(_) => field_refused("password", refused),
        EnrolmentRefused::Code => field_refused("code", refused),
        EnrolmentRefused::Busy | EnrolmentRefused::Damaged | EnrolmentRefused::Database(_) => {
            unavailable()
        }
    }
}

async fn jwks(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(shared.installation.identity().verifying_keys().jwks())
}

/// A JSON body from an unauthenticated client, as its [`turn`] admitted it. Bodies that are too large or malformed are
/// counted.
struct Small<T>(T);

impl<T: DeserializeOwned> FromRequest<Arc<Shared>> for Small<T> {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Response> {
        // Without the context layer a refusal would have no origin.
        let context: Context = request
            .extensions()
            .get()
            .cloned()
            .ok_or_else(unavailable)?;
        let too_long = request.extensions().get::<TooLong>().is_some();
        let bytes = axum::body::to_bytes(request.into_body(), usize::MAX).await;
        let Some(bytes) = bytes.ok().filter(|_| !too_long) else {
            shared.refusals.count(&context, "body-too-large");
            let title = "the body is too large, or was cut off";
            return Err(problem(StatusCode::PAYLOAD_TOO_LARGE, title));
        };
        serde_json::from_slice(&bytes).map(Self).map_err(|_| {
            shared.refusals.count(&context, "malformed");
            let title = "the body is not the JSON object that this address expects";
            problem(StatusCode::BAD_REQUEST, title)
        })
    }
}

fn unavailable() -> Response {
    let mut response = problem(
        StatusCode::SERVICE_UNAVAILABLE,
        "not available now; nothing was done",
    );
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// A problem document (RFC 9457).
fn problem(status: StatusCode, title: &'static str) -> Response {
    problem_document(status, &json!({"title": title, "status": status.as_u16()}))
}

/// A problem with one of the typed values; the member `field` names it.
fn field_refused(field: &'static str, refused: &EnrolmentRefused) -> Response {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let title = refused.to_string();
    problem_document(
        status,
        &json!({"title": title, "status": status.as_u16(), "field": field}),
    )
}

fn problem_document(status: StatusCode, document: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/problem+json")];
    (status, headers, document.to_string()).into_response()
}
