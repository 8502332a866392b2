//! The layers of `tower` around requests, one file each.
//!
//! [`guard`] is around every request of the data plane. [`safeguards`], [`authentication`] and [`turn`] are around the
//! routes that need them: a handler that takes a `Caller` without the authentication layer always answers 500.

pub(crate) mod authentication;
mod context;
mod deadline;
mod doubt;
mod headers;
mod observe;
mod request_id;
pub(crate) mod safeguards;
pub(crate) mod turn;
mod upload;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use tower::ServiceBuilder;

use crate::shared::Shared;

pub(crate) use observe::RouteName;

/// Puts the guard around a router. `route` gives the labels of metrics.
pub(crate) fn guard(router: Router, shared: &Arc<Shared>, route: RouteName) -> Router {
    let shared = || Arc::clone(shared);
    router.layer(
        // The first is the outermost.
        ServiceBuilder::new()
            .layer(from_fn(request_id::layer))
            .layer(headers::layers())
            .layer(from_fn_with_state(route, observe::layer))
            .layer(from_fn_with_state(shared(), upload::layer))
            .layer(from_fn_with_state(shared(), context::layer))
            .layer(from_fn_with_state(shared(), deadline::layer))
            .layer(doubt::layer(shared())),
    )
}
