//! A request's turn: first its body arrives, then it takes a place, and then it runs.
//!
//! A client that sends slowly, or nothing, has no place meanwhile; one that hangs up does not end what has begun. Strangers and callers have places of their own, and of
//! those a network or a caller has a share at most: so nobody who signs in, or tries to, stops those who have signed in.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use hyper::body::Body as _;
use vouchsafe::audit::Context;
use vouchsafe_identity::NetworkPrefix;
use vouchsafe_records::engine::Caller;

use crate::answer::refusal;
use crate::listener::Peer;
use crate::places::Room;
use crate::shared::Shared;

/// Marks the answer to a request whose body is not read, because too many are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Busy;

/// Marks a request whose body was longer than its limit, or was cut off; it comes without one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TooLong;

/// The turn of a request that needs no authentication.
pub(crate) async fn of_strangers(
    State(shared): State<Arc<Shared>>,
    Extension(Peer(peer)): Extension<Peer>,
    Extension(from): Extension<Context>,
    request: Request,
    next: Next,
) -> Response {
    let network = NetworkPrefix::of(peer.ip());
    take(&shared, &shared.strangers, (network, &from), request, next).await
}

/// The turn of a caller's request. It is inside the authentication.
pub(crate) async fn of_callers(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Extension(from): Extension<Context>,
    request: Request,
    next: Next,
) -> Response {
    let principal = caller.session.principal();
    take(&shared, &shared.callers, (principal, &from), request, next).await
}

async fn take<K: Clone + Eq + Hash + Send + 'static>(
    shared: &Shared,
    room: &Room<K>,
    (holder, from): (K, &Context),
    request: Request,
    next: Next,
) -> Response {
    let request = match request.body().is_end_stream() {
        true => request,
        false => {
            let Some(_waiting) = room.bodies.take(holder.clone()) else {
                return busy(shared, from);
            };
            match tokio::time::timeout(room.time, arrived(request, room.limit)).await {
                Ok(request) => request,
                Err(_) => {
                    shared.refusals.count(from, "body-too-slow");
                    let text = "the body took too long; nothing was done";
                    return refusal(StatusCode::REQUEST_TIMEOUT, "timeout", text);
                }
            }
        }
    };
    let Some(place) = room.places.take(holder) else {
        return busy(shared, from);
    };
    // A read that its client does not wait for is nothing. All else runs to its end, so that what was begun is counted,
    // done and in the log, whenever the client hangs up.
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let run = async move {
        let response = next.run(request).await;
        drop(place);
        response
    };
    let limit = Duration::from_secs(shared.installation.settings().request_timeout_seconds);
    let run = tokio::time::timeout(limit.saturating_mul(2), run);
    match shared.requests.spawn(run).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) | Err(_) => refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "exception",
            "the request was not answered; a write may or may not have happened",
        ),
    }
}

/// The request with its whole body.
async fn arrived(request: Request, limit: usize) -> Request {
    let (mut head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, limit).await.unwrap_or_else(|_| {
        head.extensions.insert(TooLong);
        axum::body::Bytes::new()
    });
    Request::from_parts(head, Body::from(body))
}

fn busy(shared: &Shared, from: &Context) -> Response {
    shared.refusals.count(from, "throttled");
    let mut busy = refusal(
        StatusCode::SERVICE_UNAVAILABLE,
        "throttled",
        "too many requests at once; try again",
    );
    busy.extensions_mut().insert(Busy);
    let second = HeaderValue::from_static("1");
    busy.headers_mut().insert(header::RETRY_AFTER, second);
    busy
}
