//! The id of a request: for the log, and as `X-Request-Id` of the answer.
//!
//! The id is always our own. `tower_http::request_id` would keep an id that a client sends, which could hold anything.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use vouchsafe::ids::RequestId;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Adds an id to the request.
pub(super) async fn layer(mut request: Request, next: Next) -> Response {
    let id = RequestId::random();
    request.extensions_mut().insert(id);
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}
