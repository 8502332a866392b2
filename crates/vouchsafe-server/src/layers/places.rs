//! Limits the number of concurrent requests; further ones get 503 at once.
//!
//! `tower`'s load shed over its concurrency limit is nearly the same. But its limit waits in a queue, and its load shed
//! takes a short wait for an overload; here a free place is always used.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use crate::answer::refusal;
use crate::shared::Shared;

/// Marks the answer to a request without a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Busy;

/// Holds a place until the answer is ready.
pub(super) async fn layer(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let Ok(_place) = shared.places.try_acquire() else {
        let mut busy = refusal(
            StatusCode::SERVICE_UNAVAILABLE,
            "throttled",
            "too many requests at once; try again",
        );
        busy.extensions_mut().insert(Busy);
        return busy;
    };
    next.run(request).await
}
