//! The operations plane: probes and metrics; never PHI.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use vouchsafe_installation::logging;

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
        // What is recorded from now on is not less sound by it, so requests are answered.
        return match shared.log_is_unsound() {
            true => "ready; but the audit log does not hold: `vouchsafe audit verify` says why\n",
            false => "ready\n",
        }
        .into_response();
    }
    let text = match stopping {
        true => "stopping\n".to_owned(),
        false => format!("not ready: {}\n", why(&shared)),
    };
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}

/// Which safeguards do not work, by the names of their checks.
fn why(shared: &Shared) -> String {
    let report = shared.report.load();
    let mut failing: Vec<&str> = report.failing().map(|check| check.name).collect();
    let log_is_away = !shared.installation.log().is_connected();
    let now = shared.failing.load();
    let now = now
        .iter()
        .copied()
        .chain(log_is_away.then_some("audit-log"));
    for name in now {
        if !failing.contains(&name) {
            failing.push(name);
        }
    }
    match failing.is_empty() {
        true => "the log or a database failed; checking again".to_owned(),
        false => failing.join(", "),
    }
}

/// Counters that are kept elsewhere are brought up to date first.
async fn metrics(State(shared): State<Arc<Shared>>) -> String {
    metrics::counter!("vouchsafe_log_lines_lost_total").absolute(logging::lines_lost());
    shared.metrics.render()
}
