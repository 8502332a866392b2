//! `OperationOutcome` (<https://hl7.org/fhir/R4/operationoutcome.html>) for every error.
//!
//! INVARIANT (no-echo): all text of an outcome is ours: fixed words, paths of elements that the
//! pack declares, numbers of entries and byte offsets.

pub(crate) mod words;

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};
use vouchsafe_records::engine::Failure;

/// The media type of FHIR JSON.
pub const FHIR_JSON: &str = "application/fhir+json";

/// Where something is wrong, and what.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    /// A simple FHIRPath, or `http.` and the name of a parameter that we know.
    pub(crate) path: String,
    pub(crate) code: &'static str,
    pub(crate) text: Cow<'static, str>,
}

/// An error: status, issue type (value set `issue-type`) and words of our own.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) text: Cow<'static, str>,
    pub(crate) spots: Vec<Spot>,
    /// Whether the engine has written the refusal down already.
    pub(crate) logged: bool,
}

impl Problem {
    pub(crate) const fn new(status: StatusCode, code: &'static str, text: &'static str) -> Self {
        Self {
            status,
            code,
            text: Cow::Borrowed(text),
            spots: Vec::new(),
            logged: false,
        }
    }

    pub(crate) const fn bad(code: &'static str, text: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, text)
    }

    pub(crate) const fn unprocessable(code: &'static str, text: &'static str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, text)
    }

    /// What a type that is not served is answered, whether its name could be one or not.
    pub(crate) fn unknown_type() -> Self {
        Self::from(&Failure::UnknownType)
    }

    /// What an address is answered where nothing is.
    pub(crate) const fn not_served() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-supported",
            "nothing is served at this address",
        )
    }

    /// What absent and hidden records are answered.
    pub(crate) fn not_found() -> Self {
        Self {
            logged: false,
            ..Self::from(&Failure::NotFound)
        }
    }

    /// Whether another write came between, so that the same may go through the next time.
    pub(crate) fn is_busy(&self) -> bool {
        self.code == Self::from(&Failure::Busy).code
    }

    #[must_use]
    pub(crate) fn at(mut self, path: impl Into<String>) -> Self {
        self.spots.push(Spot {
            path: path.into(),
            code: self.code,
            text: self.text.clone(),
        });
        self
    }

    /// The same, seen from the bundle that it is an entry of.
    #[must_use]
    pub(crate) fn within(mut self, entry: usize) -> Self {
        for spot in &mut self.spots {
            let below = spot.path.split_once('.').map(|(_, below)| below);
            spot.path = match (spot.path.chars().next(), below) {
                // `Patient.name[0]`: of the entry's resource. `request.url`: of the entry.
                (Some('A'..='Z'), Some(below)) => format!("Bundle.entry[{entry}].resource.{below}"),
                (Some('A'..='Z'), None) => format!("Bundle.entry[{entry}].resource"),
                _ => format!("Bundle.entry[{entry}].{}", spot.path),
            };
        }
        if self.spots.is_empty() {
            self = self.at(format!("Bundle.entry[{entry}]"));
        }
        self
    }

    /// The code and words to tell first, with the path where there is one.
    pub(crate) fn first(&self) -> (&'static str, &str, Option<&str>) {
        match self.spots.first() {
            Some(spot) => (spot.code, &spot.text, Some(&spot.path)),
            None => (self.code, &self.text, None),
        }
    }

    pub(crate) fn body(&self) -> Value {
        let issues: Vec<Value> = if self.spots.is_empty() {
            vec![issue("error", self.code, &self.text, None)]
        } else {
            self.spots
                .iter()
                .map(|spot| issue("error", spot.code, &spot.text, Some(&spot.path)))
                .collect()
        };
        json!({"resourceType": "OperationOutcome", "issue": issues})
    }

    pub(crate) fn response(&self) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from(self.body().to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(FHIR_JSON));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// One `OperationOutcome.issue`.
pub(crate) fn issue(severity: &str, code: &str, text: &str, path: Option<&str>) -> Value {
    let mut issue = json!({"severity": severity, "code": code, "diagnostics": text});
    if let (Some(path), Some(object)) = (path, issue.as_object_mut()) {
        object.insert("expression".into(), json!([path]));
    }
    issue
}

/// An error that the server itself answers, in FHIR's form.
#[must_use]
pub fn outcome(status: StatusCode, code: &'static str, text: &'static str) -> Response<Bytes> {
    Problem::new(status, code, text).response()
}

/// What a failure of the engine looks like from outside.
#[must_use]
pub fn failure(failure: &Failure) -> Response<Bytes> {
    Problem::from(failure).response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_move_into_the_entry() {
        let within = |path: &str| {
            let problem = Problem::bad("value", "no").at(path).within(3);
            problem.spots[0].path.clone()
        };
        assert_eq!(
            within("Patient.name[0].given[1]"),
            "Bundle.entry[3].resource.name[0].given[1]"
        );
        assert_eq!(within("Patient"), "Bundle.entry[3].resource");
        assert_eq!(within("request.url"), "Bundle.entry[3].request.url");
        let bare = Problem::bad("value", "no").within(0);
        assert_eq!(bare.first(), ("value", "no", Some("Bundle.entry[0]")));
    }

    #[test]
    fn absent_hidden_and_impossible_look_alike() {
        let hidden = failure(&Failure::NotFound);
        let impossible = Problem::not_found().response();
        assert_eq!(hidden.status(), impossible.status());
        assert_eq!(hidden.body(), impossible.body());
        assert_eq!(
            failure(&Failure::UnknownType).body(),
            Problem::unknown_type().response().body()
        );
    }

    #[test]
    fn what_may_help_later_says_when() {
        let busy = failure(&Failure::Busy);
        assert_eq!(busy.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(busy.headers().contains_key(RETRY_AFTER));
        assert!(
            !failure(&Failure::NotFound)
                .headers()
                .contains_key(RETRY_AFTER)
        );
    }

    #[test]
    fn parameters_are_named_only_if_they_are_ours() {
        let known = failure(&Failure::Unsupported("birthdate".into()));
        assert!(String::from_utf8_lossy(known.body()).contains("http.birthdate"));
        for name in [
            "?",
            "",
            "Smith",
            "family=Smith",
            "smith:exact",
            "1970-01-01",
        ] {
            let text = failure(&Failure::BadParam(name.into()));
            assert!(
                !String::from_utf8_lossy(text.body()).contains("expression"),
                "{name}"
            );
        }
    }
}
