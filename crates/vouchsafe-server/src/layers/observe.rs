//! A log line and metrics for each request: by its route, never by its URL.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use vouchsafe::ids::RequestId;
use vouchsafe_installation::logging::{Level, event};

/// The label of a route's template. The set of labels is bounded: templates that are registered here, never the
/// requested path.
pub(crate) type RouteName = fn(&str) -> &'static str;

/// Observes the request.
pub(super) async fn layer(State(name): State<RouteName>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request.extensions().get::<RequestId>().copied();
    let method = method_name(request.method());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", |path| name(path.as_str()));
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let taken = started.elapsed();
    if let Some(id) = id {
        let milliseconds = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX);
        event(
            Level::Debug,
            "answered",
            &[
                ("request", &id),
                ("method", &method),
                ("route", &route),
                ("status", &status),
                ("milliseconds", &milliseconds),
            ],
        );
    }
    let status = status.to_string();
    metrics::counter!("vouchsafe_http_requests_total", "route" => route, "method" => method, "status" => status)
        .increment(1);
    metrics::histogram!("vouchsafe_http_request_seconds", "route" => route, "method" => method)
        .record(taken.as_secs_f64());
    response
}

fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        _ => "other",
    }
}
