//! The data plane: records and sign-in.
//!
//! Routes that touch PHI come from the dialect's table alone, each with its interaction. They
//! answer 503 until the preflight says that every safeguard works.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, MatchedPath, Path, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use axum::{Extension, Router};
use vouchsafe::audit::Context;
use vouchsafe::ids::RequestId;
use vouchsafe_fhir::{Dialect, FhirRequest, Interaction, ROUTES, Route, Subject, outcome};

use crate::auth;
use crate::caller::{Unknown, authenticate, context};
use crate::listener::Peer;
use crate::logging::{Level, event};
use crate::serve::Shared;
use crate::upload;

/// Where the FHIR dialect is.
pub(crate) const FHIR_BASE: &str = "/fhir/R4";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What every handler has.
#[derive(Clone)]
pub(crate) struct Plane {
    pub(crate) shared: Arc<Shared>,
    dialect: Dialect,
}

/// The router of the data plane.
pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    let service = &shared.service;
    let dialect = Dialect::new(
        Arc::clone(&service.engine),
        format!("{}{FHIR_BASE}", service.settings.base_url()),
    );
    let plane = Plane {
        shared: Arc::clone(shared),
        dialect,
    };
    let limit = service.settings.body_limit_bytes;
    Router::new()
        .merge(fhir_routes())
        .merge(auth::routes())
        .fallback(not_served)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(plane.clone(), guard))
        .layer(Extension(BodyLimit(limit)))
        .with_state(plane)
}

/// The largest body, in bytes.
#[derive(Clone, Copy)]
struct BodyLimit(usize);

/// The dialect's routes; there is no way to add one without its interaction.
fn fhir_routes() -> Router<Plane> {
    ROUTES.into_iter().fold(Router::new(), |router, route| {
        let Route {
            method,
            path,
            interaction,
        } = route;
        let Ok(filter) = MethodFilter::try_from(method) else {
            return router;
        };
        let router = router.route(
            &format!("{FHIR_BASE}{path}"),
            phi_route(filter, interaction),
        );
        match path {
            // The base itself, with and without the slash at its end.
            "/" => router.route(FHIR_BASE, phi_route(filter, interaction)),
            _ => router,
        }
    })
}

fn phi_route(filter: MethodFilter, interaction: Interaction) -> MethodRouter<Plane> {
    on(
        filter,
        move |State(plane): State<Plane>,
              Extension(from): Extension<Context>,
              Extension(limit): Extension<BodyLimit>,
              path: Option<Path<Vec<(String, String)>>>,
              RawQuery(query): RawQuery,
              headers: HeaderMap,
              body: Body| async move {
            if interaction == Interaction::Capabilities {
                return respond(plane.dialect.capabilities(crate::service::now()));
            }
            let parts = path.map(|Path(parts)| parts).unwrap_or_default();
            let asked = Asked {
                interaction,
                parts,
                query: query.unwrap_or_default(),
                headers,
            };
            respond(phi(&plane, from, limit, asked, body).await)
        },
    )
}

struct Asked {
    interaction: Interaction,
    parts: Vec<(String, String)>,
    query: String,
    headers: HeaderMap,
}

async fn phi(
    plane: &Plane,
    from: Context,
    limit: BodyLimit,
    asked: Asked,
    body: Body,
) -> vouchsafe_fhir::Response {
    let shared = &plane.shared;
    if !shared.open.load(Ordering::Acquire) {
        return outcome(
            StatusCode::SERVICE_UNAVAILABLE,
            "transient",
            "a safeguard is not in place yet; `vouchsafe check` says which",
        );
    }
    let network = from.network.clone().unwrap_or_default();
    let caller = match authenticate(&shared.service, &asked.headers, from).await {
        Ok(caller) => caller,
        Err(unknown) => return refused(shared, &network, unknown),
    };
    let Ok(body) = axum::body::to_bytes(body, limit.0).await else {
        return plane.dialect.too_large(asked.interaction, &caller).await;
    };
    let part = |name: &str| {
        asked
            .parts
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    let request = FhirRequest {
        subject: Subject {
            record_type: part("type"),
            id: part("id"),
            version: part("version"),
        },
        query: &asked.query,
        headers: &asked.headers,
        body,
    };
    plane
        .dialect
        .handle(asked.interaction, request, &caller)
        .await
}

/// A refusal before authentication: counted, not written down one by one.
fn refused(shared: &Shared, network: &str, unknown: Unknown) -> vouchsafe_fhir::Response {
    shared.refusals.count(network, unknown.reason);
    let code = match unknown.status {
        StatusCode::UNAUTHORIZED => "login",
        StatusCode::SERVICE_UNAVAILABLE => "transient",
        _ => "value",
    };
    let mut response = outcome(unknown.status, code, unknown.text);
    if unknown.status == StatusCode::UNAUTHORIZED {
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

fn respond(response: vouchsafe_fhir::Response) -> Response {
    response.map(Body::from)
}

async fn not_served() -> Response {
    respond(outcome(
        StatusCode::NOT_FOUND,
        "not-supported",
        "nothing is served at this address",
    ))
}

async fn wrong_method() -> Response {
    respond(outcome(
        StatusCode::METHOD_NOT_ALLOWED,
        "not-supported",
        "this address does not take this method",
    ))
}

/// Around every request: its id, its place among those that run, its time, its metrics, and the
/// headers that all answers have.
async fn guard(
    State(plane): State<Plane>,
    Extension(peer): Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let shared = &plane.shared;
    let id = RequestId::random();
    let started = Instant::now();
    let method = request.method().clone();
    let template = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", |path| route_name(path.as_str()));
    let Ok(place) = shared.places.try_acquire() else {
        return busy(id);
    };
    let from = context(&shared.service, peer, id).await;
    let network = from.network.clone().unwrap_or_default();
    request.extensions_mut().insert(from);
    let (request, rest) = upload::keep(request);
    let limit = Duration::from_secs(shared.service.settings.request_timeout_seconds);
    let mut response = match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => {
            shared.heed(response.status());
            response
        }
        Err(_) => {
            // Of whom is not known here: what was cut off may have been before it was known to anybody.
            shared.refusals.count(&network, "timeout");
            respond(outcome(
                StatusCode::SERVICE_UNAVAILABLE,
                "timeout",
                "the request took too long; a write may or may not have happened",
            ))
        }
    };
    dress(&mut response, id);
    // The work is done; who is still sending takes nobody's place.
    drop(place);
    if let Some(rest) = rest {
        rest.read_on(shared.service.settings.body_limit_bytes).await;
    }
    let status = response.status().as_u16();
    let method = method_name(&method);
    let taken = started.elapsed();
    let milliseconds = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX);
    event(
        Level::Debug,
        "answered",
        &[
            ("request", &id),
            ("method", &method),
            ("route", &template),
            ("status", &status),
            ("milliseconds", &milliseconds),
        ],
    );
    let status = status.to_string();
    metrics::counter!("vouchsafe_http_requests_total", "route" => template, "method" => method, "status" => status)
        .increment(1);
    metrics::histogram!("vouchsafe_http_request_seconds", "route" => template, "method" => method)
        .record(taken.as_secs_f64());
    response
}

/// The answer to a request that finds no place among those that run.
fn busy(id: RequestId) -> Response {
    let mut response = respond(outcome(
        StatusCode::SERVICE_UNAVAILABLE,
        "throttled",
        "too many requests at once; try again",
    ));
    dress(&mut response, id);
    response
}

/// The headers that all answers have; nothing of it is to be kept by anybody between.
fn dress(response: &mut Response, id: RequestId) {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=31536000"),
    );
}

/// Labels are of a bounded set: templates that we registered, never what was asked for.
fn route_name(template: &str) -> &'static str {
    let below = template.strip_prefix(FHIR_BASE);
    if let Some(below) = below {
        let below = if below.is_empty() { "/" } else { below };
        let found = ROUTES.into_iter().find(|route| route.path == below);
        return found.map_or("none", |route| route.path);
    }
    auth::PATHS
        .into_iter()
        .find(|path| *path == template)
        .unwrap_or("none")
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

/// What a handler outside the dialect needs of a caller.
pub(crate) async fn caller_of(
    plane: &Plane,
    from: Context,
    headers: &HeaderMap,
) -> Result<vouchsafe_records::engine::Caller, Response> {
    let network = from.network.clone().unwrap_or_default();
    authenticate(&plane.shared.service, headers, from)
        .await
        .map_err(|unknown| respond(refused(&plane.shared, &network, unknown)))
}
