//! The time limit of requests. A request that exceeds it is counted, and answered in the dialect's form.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use vouchsafe::audit::Context;

use crate::answer::refusal;
use crate::shared::Shared;

/// Ends the request after `request_timeout_seconds`.
pub(super) async fn layer(
    State(shared): State<Arc<Shared>>,
    Extension(from): Extension<Context>,
    request: Request,
    next: Next,
) -> Response {
    let limit = Duration::from_secs(shared.installation.settings().request_timeout_seconds);
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            // The caller is not known here: the request may have ended before its authentication.
            shared.refusals.count(&from, "timeout");
            refusal(
                StatusCode::SERVICE_UNAVAILABLE,
                "timeout",
                "the request took too long; a write may or may not have happened",
            )
        }
    }
}
