//! After an answer of 503 a dependency may have failed: this layer asks for a preflight. The answer to a request for which
//! there is no place says nothing of dependencies.

use std::sync::Arc;

use axum::response::Response;
use tower::util::MapResponseLayer;

use super::turn::Busy;
use crate::shared::Shared;

/// Watches every answer. It is inside the deadline: a request that took too long proves nothing about a database.
pub(super) fn layer(
    shared: Arc<Shared>,
) -> MapResponseLayer<impl FnOnce(Response) -> Response + Clone> {
    MapResponseLayer::new(move |response: Response| {
        if response.extensions().get::<Busy>().is_none() {
            shared.heed(response.status());
        }
        response
    })
}
