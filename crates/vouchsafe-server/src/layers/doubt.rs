//! An answer of 503 casts doubt on what the service stands on: a preflight is asked for.

use std::sync::Arc;

use axum::response::Response;
use tower::util::MapResponseLayer;

use crate::shared::Shared;

/// Heeds every answer. It is inside the deadline: a request that took too long says nothing about a database.
pub(super) fn layer(
    shared: Arc<Shared>,
) -> MapResponseLayer<impl FnOnce(Response) -> Response + Clone> {
    MapResponseLayer::new(move |response: Response| {
        shared.heed(response.status());
        response
    })
}
