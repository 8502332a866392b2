//! `/fhir/R4/Patient`: create, read, search by identifier.

use std::collections::HashMap;
use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{Form, Path, Query, State},
    http::{
        StatusCode,
        header::{CONTENT_TYPE, ETAG, LOCATION},
    },
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::json;
use uuid::Uuid;

use crate::{patient, store::Store};

/// The routes over `store`.
pub(crate) fn router(store: Store) -> Router {
    Router::new()
        .route("/fhir/R4/Patient", post(create).get(search_by_query))
        .route("/fhir/R4/Patient/_search", post(search_by_form))
        .route("/fhir/R4/Patient/{id}", get(read))
        .with_state(store)
}

const FHIR: (axum::http::HeaderName, &str) = (CONTENT_TYPE, "application/fhir+json");

async fn create(State(store): State<Store>, body: Bytes) -> Response {
    let now = jiff::Timestamp::now().to_string();
    let Some(new) = patient::new(&body, &now) else {
        return outcome(StatusCode::BAD_REQUEST, "invalid");
    };
    let new = Arc::new(new);
    if store.insert(Arc::clone(&new)).await.is_err() {
        return outcome(StatusCode::INTERNAL_SERVER_ERROR, "exception");
    }
    let location = format!("/fhir/R4/Patient/{}/_history/1", new.id);
    let headers = [FHIR, (LOCATION, location.as_str()), (ETAG, "W/\"1\"")];
    (StatusCode::CREATED, headers, new.body.clone()).into_response()
}

async fn read(State(store): State<Store>, Path(id): Path<String>) -> Response {
    let Ok(id) = Uuid::parse_str(&id) else {
        return outcome(StatusCode::NOT_FOUND, "not-found");
    };
    match store.read(id).await {
        Ok(Some(body)) => ([FHIR, (ETAG, "W/\"1\"")], body).into_response(),
        Ok(None) => outcome(StatusCode::NOT_FOUND, "not-found"),
        Err(_) => outcome(StatusCode::INTERNAL_SERVER_ERROR, "exception"),
    }
}

type Parameters = HashMap<String, String>;

async fn search_by_query(
    State(store): State<Store>,
    Query(parameters): Query<Parameters>,
) -> Response {
    search(&store, &parameters).await
}

async fn search_by_form(
    State(store): State<Store>,
    Form(parameters): Form<Parameters>,
) -> Response {
    search(&store, &parameters).await
}

async fn search(store: &Store, parameters: &Parameters) -> Response {
    let Some(identifier) = parameters.get("identifier") else {
        return outcome(StatusCode::BAD_REQUEST, "not-supported");
    };
    let (system, value) = patient::token(identifier);
    match store.search(system, value).await {
        Ok(found) => ([FHIR], patient::bundle(&found)).into_response(),
        Err(_) => outcome(StatusCode::INTERNAL_SERVER_ERROR, "exception"),
    }
}

fn outcome(status: StatusCode, code: &str) -> Response {
    let issue = json!({"severity": "error", "code": code});
    let body = json!({"resourceType": "OperationOutcome", "issue": [issue]});
    (status, [FHIR], body.to_string()).into_response()
}
