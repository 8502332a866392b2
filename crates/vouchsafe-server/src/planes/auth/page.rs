//! The page behind an enrolment link, and its resources.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

/// The page behind an enrolment link. The token is in the link's fragment, which browsers do not send, so no log on the
/// way has it.
pub(super) async fn page() -> Response {
    let mut response = include_str!("enrol.html").into_response();
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

pub(super) async fn style() -> Response {
    asset(include_str!("enrol.css"), "text/css; charset=utf-8")
}

pub(super) async fn script() -> Response {
    asset(include_str!("enrol.js"), "text/javascript; charset=utf-8")
}

pub(super) async fn qr_script() -> Response {
    asset(include_str!("qr.js"), "text/javascript; charset=utf-8")
}

fn asset(text: &'static str, media_type: &'static str) -> Response {
    ([(header::CONTENT_TYPE, media_type)], text).into_response()
}
