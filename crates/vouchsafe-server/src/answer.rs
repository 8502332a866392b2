//! Answers of the dialect, as HTTP responses.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use vouchsafe_fhir::outcome;

/// The dialect's answer.
pub(crate) fn answer(response: vouchsafe_fhir::Response) -> Response {
    response.map(Body::from)
}

/// An `OperationOutcome` of fixed words.
pub(crate) fn refusal(status: StatusCode, code: &'static str, text: &'static str) -> Response {
    answer(outcome(status, code, text))
}
