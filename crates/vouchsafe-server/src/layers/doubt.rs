//! After an answer of 503 a dependency may have failed: this layer asks for a preflight.

use std::sync::Arc;

use axum::response::Response;
use tower::util::MapResponseLayer;

use crate::shared::Shared;

/// Watches every answer. It is inside the deadline: a request that took too long proves nothing about a database.
pub(super) fn layer(
    shared: Arc<Shared>,
) -> MapResponseLayer<impl FnOnce(Response) -> Response + Clone> {
    MapResponseLayer::new(move |response: Response| {
        shared.heed(response.status());
        response
    })
}
