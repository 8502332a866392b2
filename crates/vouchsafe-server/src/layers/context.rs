//! The origin of a request, for the audit log: its id, and a token of its network.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use vouchsafe::audit::Context;
use vouchsafe::ids::RequestId;
use vouchsafe_identity::NetworkPrefix;

use crate::listener::Peer;
use crate::shared::Shared;

/// Adds the context to the request.
pub(super) async fn layer(
    State(shared): State<Arc<Shared>>,
    Extension(Peer(peer)): Extension<Peer>,
    Extension(id): Extension<RequestId>,
    mut request: Request,
    next: Next,
) -> Response {
    let network = NetworkPrefix::of(peer.ip()).to_string();
    let keys = shared.installation.audit_keys().await.ok();
    let token = keys.map(|keys| keys.token("network", network.as_bytes()));
    request.extensions_mut().insert(Context {
        request: Some(id),
        network: token,
    });
    next.run(request).await
}
