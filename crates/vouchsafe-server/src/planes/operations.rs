//! The operations plane: probes and metrics; never PHI.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use crate::listeners::{Ends, Listener};
use crate::shared::Shared;

pub(crate) const NAME: &str = "operations";

/// Probes and metrics answer until the last request has ended.
pub(super) const LISTENER: Listener<Arc<Shared>> = Listener {
    name: NAME,
    address: |settings| settings.operations_listen,
    routes,
    guard: |router, _| router,
    tls: |shared| Arc::clone(&shared.installation.tls().config),
    proxies: |_| Arc::default(),
    ends: Ends::Last,
};

fn routes(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(Arc::clone(shared))
}

/// The process answers.
async fn livez() -> &'static str {
    "ok\n"
}

/// Requests for PHI are answered.
async fn readyz(State(shared): State<Arc<Shared>>) -> Response {
    let stopping = shared.stop.is_cancelled();
    if shared.is_ready() && !stopping {
        return "ready\n".into_response();
    }
    let report = shared.report.load();
    let failing: Vec<&str> = report.failing().map(|check| check.name).collect();
    let text = match stopping {
        true => "stopping\n".to_owned(),
        false if failing.is_empty() => {
            "not ready: a connection to a database was lost or refused writes; checking again\n"
                .to_owned()
        }
        false => format!("not ready: {}\n", failing.join(", ")),
    };
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}

async fn metrics(State(shared): State<Arc<Shared>>) -> String {
    shared.metrics.render()
}
