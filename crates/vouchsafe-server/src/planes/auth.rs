//! Sign-in, sign-out, enrolment, and the keys by which others verify our tokens.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use vouchsafe::audit::Context;
use vouchsafe_identity::{
    Credentials, EnrolmentRefused, EnrolmentToken, NetworkPrefix, Password, SignInFailed,
};

use crate::administration::draft;
use crate::data::{Plane, caller_of};
use crate::listener::Peer;
use crate::service::now;

/// The paths, for metrics.
pub(crate) const PATHS: [&str; 9] = [
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

pub(crate) fn routes() -> Router<Plane> {
    Router::new()
        .route("/auth/sign-in", post(sign_in))
        .route("/auth/sign-out", post(sign_out))
        .route("/auth/enrolment", post(enrolment))
        .route("/auth/enrol", get(page).post(enrol))
        .route("/auth/enrol.css", get(style))
        .route("/auth/enrol.js", get(script))
        .route("/auth/qr.js", get(qr_script))
        .route("/auth/me", get(me))
        .route("/.well-known/jwks.json", get(jwks))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    login: String,
    password: String,
    code: String,
}

async fn sign_in(
    State(plane): State<Plane>,
    Extension(peer): Extension<Peer>,
    Extension(context): Extension<Context>,
    body: Body,
) -> Response {
    let typed: SignIn = match parsed(&plane, &context, body).await {
        Ok(typed) => typed,
        Err(response) => return response,
    };
    let service = &plane.shared.service;
    let credentials = Credentials::new(&typed.login, Password::new(&typed.password), &typed.code);
    let network = NetworkPrefix::of(peer.0.ip());
    match service.identity.sign_in(&credentials, network, now()).await {
        Ok(prepared) => match service.change(prepared, &context).await {
            Ok(signed_in) => Json(json!({
                "access_token": signed_in.token.expose(),
                "token_type": "Bearer",
                "expires_in": signed_in.expires_at.duration_since(now()).as_secs(),
            }))
            .into_response(),
            Err(_) => unavailable(),
        },
        Err(SignInFailed::Refused { event, retry_at }) => {
            metrics::counter!("vouchsafe_sign_ins_refused_total").increment(1);
            if let Some(at) = retry_at {
                // Strangers can ask for as many of these as they like: counted, so that they do
                // not fill the log.
                count(&plane, &context, "sign-in-throttled");
                return throttled(at);
            }
            let Ok(keys) = service.audit_keys().await else {
                return unavailable();
            };
            // The refusal leaves only when it is written down.
            if service
                .append(&[draft(&event, &keys, &context, now())])
                .await
                .is_err()
            {
                return unavailable();
            }
            problem(StatusCode::UNAUTHORIZED, "login, password or code is wrong")
        }
        Err(SignInFailed::Busy | SignInFailed::Damaged | SignInFailed::Database(_)) => {
            unavailable()
        }
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

/// Counts a refusal of somebody who is not authenticated.
fn count(plane: &Plane, context: &Context, reason: &'static str) {
    let network = context.network.as_deref().unwrap_or_default();
    plane.shared.refusals.count(network, reason);
}

async fn sign_out(
    State(plane): State<Plane>,
    Extension(context): Extension<Context>,
    headers: HeaderMap,
) -> Response {
    let caller = match caller_of(&plane, context.clone(), &headers).await {
        Ok(caller) => caller,
        Err(response) => return response,
    };
    let service = &plane.shared.service;
    let prepared = service.identity.sign_out(&caller.session, now());
    match service.change(prepared, &context).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(_) => unavailable(),
    }
}

/// Who the caller is, and what they may be: for programs that ask before they show.
async fn me(
    State(plane): State<Plane>,
    Extension(context): Extension<Context>,
    headers: HeaderMap,
) -> Response {
    match caller_of(&plane, context, &headers).await {
        Ok(caller) => Json(json!({
            "principal": caller.session.principal().label(),
            "session": caller.session.id(),
            "expires": caller.session.expires_at().to_string(),
            "purpose": caller.purpose.code(),
            "rights": caller.rights.iter().map(|right| json!({
                "role": right.role.as_str(), "until": right.until.to_string(),
            })).collect::<Vec<_>>(),
        }))
        .into_response(),
        Err(response) => response,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Link {
    token: String,
}

/// What the page behind an enrolment link shows.
async fn enrolment(
    State(plane): State<Plane>,
    Extension(context): Extension<Context>,
    body: Body,
) -> Response {
    let link: Link = match parsed(&plane, &context, body).await {
        Ok(link) => link,
        Err(response) => return response,
    };
    let token = EnrolmentToken::from_link(&link.token);
    match plane.shared.service.identity.enrolment(&token, now()).await {
        Ok(enrolment) => Json(json!({
            "name": enrolment.name,
            "login": enrolment.login,
            "secret": *enrolment.secret,
            "uri": *enrolment.uri,
        }))
        .into_response(),
        Err(refused) => enrolment_refused(&plane, &context, &refused),
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
    State(plane): State<Plane>,
    Extension(peer): Extension<Peer>,
    Extension(context): Extension<Context>,
    body: Body,
) -> Response {
    let typed: Enrol = match parsed(&plane, &context, body).await {
        Ok(typed) => typed,
        Err(response) => return response,
    };
    let service = &plane.shared.service;
    let token = EnrolmentToken::from_link(&typed.token);
    let password = Password::new(&typed.password);
    let network = NetworkPrefix::of(peer.0.ip());
    let prepared = service
        .identity
        .enrol(&token, &password, &typed.code, network, now())
        .await;
    match prepared {
        Ok(prepared) => match service.change(prepared, &context).await {
            Ok(_) => {
                plane.shared.recheck.notify_one();
                StatusCode::NO_CONTENT.into_response()
            }
            Err(_) => unavailable(),
        },
        Err(refused) => enrolment_refused(&plane, &context, &refused),
    }
}

fn enrolment_refused(plane: &Plane, context: &Context, refused: &EnrolmentRefused) -> Response {
    match refused {
        EnrolmentRefused::Link => {
            count(plane, context, "bad-link");
            problem(
                StatusCode::NOT_FOUND,
                "this link is not valid, or no longer: ask for a new one",
            )
        }
        EnrolmentRefused::Password(_) => field_refused("password", refused),
        EnrolmentRefused::Code => field_refused("code", refused),
        EnrolmentRefused::Busy | EnrolmentRefused::Damaged | EnrolmentRefused::Database(_) => {
            unavailable()
        }
    }
}

async fn jwks(State(plane): State<Plane>) -> Json<Value> {
    Json(plane.shared.service.identity.verifying_keys().jwks())
}

/// The page behind an enrolment link. The token is in the link's fragment, which browsers do not
/// send: it is in no log on the way.
async fn page() -> Response {
    let mut response = include_str!("auth/enrol.html").into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
        ),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    response
}

async fn style() -> Response {
    asset(include_str!("auth/enrol.css"), "text/css; charset=utf-8")
}

async fn script() -> Response {
    asset(
        include_str!("auth/enrol.js"),
        "text/javascript; charset=utf-8",
    )
}

async fn qr_script() -> Response {
    asset(include_str!("auth/qr.js"), "text/javascript; charset=utf-8")
}

fn asset(text: &'static str, media_type: &'static str) -> Response {
    ([(header::CONTENT_TYPE, media_type)], text).into_response()
}

/// The small JSON body of somebody who is not authenticated; what is none is counted.
async fn parsed<T: for<'de> Deserialize<'de>>(
    plane: &Plane,
    context: &Context,
    body: Body,
) -> Result<T, Response> {
    const SMALL: usize = 16 * 1024;
    let Ok(bytes) = axum::body::to_bytes(body, SMALL).await else {
        count(plane, context, "body-too-large");
        return Err(problem(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the body is too large, or was cut off",
        ));
    };
    serde_json::from_slice(&bytes).map_err(|_| {
        count(plane, context, "malformed");
        problem(
            StatusCode::BAD_REQUEST,
            "the body is not the JSON that belongs here",
        )
    })
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

/// A problem with one of the things that were typed; the member `field` names it.
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
