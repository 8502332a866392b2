//! The data plane: records and sign-in.
//!
//! Routes that touch PHI come only from the dialect's table, each with its interaction. They have the layers for
//! safeguards and authentication.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use axum::{Extension, Router};
use vouchsafe::audit::Context;
use vouchsafe_fhir::{Dialect, FhirRequest, Interaction, ROUTES, Route, Subject};
use vouchsafe_installation::now;
use vouchsafe_records::engine::Caller;

use super::auth;
use crate::answer::{answer, refusal};
use crate::layers;
use crate::layers::turn::TooLong;
use crate::listeners::{Ends, Listener};
use crate::shared::Shared;

/// The path of the FHIR dialect.
const FHIR_BASE: &str = "/fhir/R4";

pub(crate) const NAME: &str = "data";

/// Records and sign-in.
pub(super) const LISTENER: Listener<Arc<Shared>> = Listener {
    name: NAME,
    address: |settings| settings.data_listen,
    routes,
    guard: |router, shared| layers::guard(router, shared, route_name),
    tls: |shared| Arc::clone(&shared.installation.tls().config),
    proxies: |shared| shared.installation.settings().proxies.as_slice().into(),
    ends: Ends::AtStop,
};

fn routes(shared: &Arc<Shared>) -> Router {
    let installation = &shared.installation;
    let dialect = Dialect::new(
        Arc::clone(installation.engine()),
        format!("{}{FHIR_BASE}", installation.settings().base_url()),
    );
    let (nowhere, wrongly) = (Arc::clone(shared), Arc::clone(shared));
    Router::new()
        .merge(fhir_routes(shared).with_state(dialect))
        .merge(auth::routes(shared))
        .fallback(move |from: Extension<Context>, headers: HeaderMap| {
            refuse(Arc::clone(&nowhere), NOT_SERVED, from, headers)
        })
        .method_not_allowed_fallback(move |from: Extension<Context>, headers: HeaderMap| {
            refuse(Arc::clone(&wrongly), WRONG_METHOD, from, headers)
        })
        .layer(DefaultBodyLimit::disable())
}

/// The dialect's routes; a route cannot be added without its interaction.
fn fhir_routes(shared: &Arc<Shared>) -> Router<Dialect> {
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
            route_of(shared, filter, interaction),
        );
        match path {
            // The base itself, with and without the final slash.
            "/" => router.route(FHIR_BASE, route_of(shared, filter, interaction)),
            _ => router,
        }
    })
}

/// The route of an interaction. The capabilities are public; all other interactions touch PHI.
fn route_of(
    shared: &Arc<Shared>,
    filter: MethodFilter,
    interaction: Interaction,
) -> MethodRouter<Dialect> {
    if interaction == Interaction::Capabilities {
        return on(filter, async |State(dialect): State<Dialect>| {
            answer(dialect.capabilities(now()))
        })
        .route_layer(from_fn_with_state(
            Arc::clone(shared),
            layers::turn::of_strangers,
        ));
    }
    on(
        filter,
        move |State(dialect): State<Dialect>,
              Extension(caller): Extension<Caller>,
              path: Option<Path<Vec<(String, String)>>>,
              RawQuery(query): RawQuery,
              headers: HeaderMap,
              too_long: Option<Extension<TooLong>>,
              body: Bytes| async move {
            let asked = Asked {
                interaction,
                parts: path.map(|Path(parts)| parts).unwrap_or_default(),
                query: query.unwrap_or_default(),
                headers,
            };
            answer(match too_long {
                None => asked.handle(dialect, caller, body).await,
                Some(_) => dialect.too_large(interaction, &caller).await,
            })
        },
    )
    .route_layer(from_fn_with_state(
        Arc::clone(shared),
        layers::turn::of_callers,
    ))
    .route_layer(from_fn_with_state(
        Arc::clone(shared),
        layers::authentication::layer,
    ))
    // The last layer is the outermost: authentication runs only when the safeguards work.
    .route_layer(from_fn_with_state(
        Arc::clone(shared),
        layers::safeguards::layer,
    ))
}

struct Asked {
    interaction: Interaction,
    parts: Vec<(String, String)>,
    query: String,
    headers: HeaderMap,
}

impl Asked {
    async fn handle(
        self,
        dialect: Dialect,
        caller: Caller,
        body: Bytes,
    ) -> vouchsafe_fhir::Response {
        let part = |name: &str| {
            let mut parts = self.parts.iter();
            let found = parts.find(|(key, _)| key == name);
            found.map(|(_, value)| value.as_str())
        };
        let request = FhirRequest {
            subject: Subject {
                record_type: part("type"),
                id: part("id"),
                version: part("version"),
            },
            query: &self.query,
            headers: &self.headers,
            body,
        };
        dialect.handle(self.interaction, request, &caller).await
    }
}

/// What is said of an address or a method that is not served.
#[derive(Clone, Copy)]
struct Unserved {
    status: StatusCode,
    /// A fixed word, for the log.
    reason: &'static str,
    text: &'static str,
}

const NOT_SERVED: Unserved = Unserved {
    status: StatusCode::NOT_FOUND,
    reason: "not-served",
    text: "nothing is served at this address",
};
const WRONG_METHOD: Unserved = Unserved {
    status: StatusCode::METHOD_NOT_ALLOWED,
    reason: "wrong-method",
    text: "this address does not take this method",
};

/// Refuses what no route takes: in the log before it is told, as all refusals of callers who are known.
async fn refuse(
    shared: Arc<Shared>,
    unserved: Unserved,
    Extension(from): Extension<Context>,
    headers: HeaderMap,
) -> Response {
    let Unserved {
        status,
        reason,
        text,
    } = unserved;
    match layers::authentication::refused(&shared, &from, &headers, reason).await {
        Ok(()) => refusal(status, "not-supported", text),
        Err(unavailable) => unavailable,
    }
}

/// The label of a registered template.
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
