//! Routes that touch PHI answer 503 until the preflight passes.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use crate::answer::refusal;
use crate::shared::Shared;

/// Lets requests through while PHI routes are open.
pub(crate) async fn layer(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    if shared.open.load(Ordering::Acquire) {
        return next.run(request).await;
    }
    refusal(
        StatusCode::SERVICE_UNAVAILABLE,
        "transient",
        "a safeguard is not in place yet; run `vouchsafe check` to see which",
    )
}
