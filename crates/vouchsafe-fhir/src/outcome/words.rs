//! What the engine's failures are called here.

use std::sync::LazyLock;

use http::StatusCode;
use vouchsafe::ids::RecordType;
use vouchsafe_records::engine::{About, Failure};
use vouchsafe_records::pack::{Issue, IssueCode};
use vouchsafe_records::search::Why;

use super::{Problem, Spot};

/// The search and result parameters of R4 (4.0.1), of all types that we serve: names that may be told though no parameter
/// of ours has them.
const R4: &str = include_str!("parameters.txt");

type Words = (StatusCode, &'static str, &'static str);

impl From<&Failure> for Problem {
    fn from(failure: &Failure) -> Self {
        let (status, code, text) = words(failure);
        // A search that cannot be planned comes to no decision, and hence to no entry.
        let planning = matches!(
            failure,
            Failure::Unsupported(_)
                | Failure::Unserved(_)
                | Failure::BadParam(_)
                | Failure::BadCursor
                | Failure::TooCostly
                | Failure::UnknownType
        );
        let problem = Self {
            logged: !planning,
            ..Self::new(status, code, text)
        };
        match failure {
            Failure::Invalid(issues) => Self {
                spots: issues.iter().map(spot).collect(),
                ..problem
            },
            Failure::UnknownReference(about)
            | Failure::SubjectMissing(about)
            | Failure::SubjectForeign(about) => Self {
                text: whom(failure, about).into(),
                ..problem
            }
            .at(&about.path),
            // Names come from the caller: told are those that stand in our own tables.
            Failure::Unsupported(name) | Failure::BadParam(name) if is_parameter(name) => {
                problem.at(format!("http.{name}"))
            }
            Failure::Unserved(refused) if is_parameter(&refused.parameter) => {
                problem.at(format!("http.{}", refused.parameter))
            }
            _ => problem,
        }
    }
}

/// Whether this is the name of a search or result parameter, without modifier.
pub(crate) fn is_parameter(name: &str) -> bool {
    static NAMES: LazyLock<Vec<Box<str>>> = LazyLock::new(|| {
        let pack = crate::pack().ok();
        let types = pack.iter().flat_map(|pack| pack.types());
        types
            .flat_map(|declared| declared.search_params())
            .map(|param| param.name.clone())
            .collect()
    });
    R4.lines().any(|known| known == name) || NAMES.iter().any(|known| **known == *name)
}

/// The element, and what counts: its path and the types are those that the pack declares.
fn whom(failure: &Failure, about: &About) -> String {
    let types: Vec<&str> = about.types.iter().map(RecordType::as_str).collect();
    let what = match types.as_slice() {
        [] => "a resource about one patient".to_owned(),
        types => format!("a {}", types.join(" or a ")),
    };
    let why = match failure {
        Failure::SubjectMissing(_) => {
            "it is missing, and the resource has content that is about somebody"
        }
        Failure::SubjectForeign(_) => {
            "this names none: it is of another type, contained, of another server, or no reference by id"
        }
        _ => {
            "this names one that does not exist or that you may not see, or there is more than one"
        }
    };
    format!("{} must be {what} of this service; {why}", about.path)
}

fn spot(issue: &Issue) -> Spot {
    let (code, text) = match issue.code {
        IssueCode::RecordType => ("invalid", "the resource is of another type"),
        IssueCode::Required => ("required", "a required element is missing"),
        IssueCode::NotAnArray => ("structure", "the element repeats, so it must be an array"),
        IssueCode::AnArray => (
            "structure",
            "the element does not repeat, so it must not be an array",
        ),
        IssueCode::Empty => ("invariant", "the element is empty"),
        IssueCode::Kind => (
            "structure",
            "not the kind of JSON value that the datatype is written as",
        ),
        IssueCode::Syntax => ("value", "not the syntax of the datatype"),
        IssueCode::Choice => ("structure", "only one alternative of a choice may be there"),
        IssueCode::OfNobody => (
            "structure",
            "a resource about nobody holds nothing about somebody, and no element that its type does not declare, extensions aside",
        ),
        IssueCode::Rule(text) => ("invariant", text),
    };
    Spot {
        path: issue.path.clone(),
        code,
        text: text.into(),
    }
}

/// Exhaustive on purpose: a new failure must say here what it looks like.
const fn words(failure: &Failure) -> Words {
    match failure {
        Failure::NotFound => (
            StatusCode::NOT_FOUND,
            "not-found",
            "no such resource, or none that you may see",
        ),
        Failure::UnknownType => (
            StatusCode::NOT_FOUND,
            "not-supported",
            "this resource type is not served here",
        ),
        Failure::Gone(_) => (StatusCode::GONE, "deleted", "the resource was deleted"),
        Failure::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "you may not do this"),
        Failure::SelfRelation => (
            StatusCode::FORBIDDEN,
            "forbidden",
            "a caller cannot give themselves care of a patient",
        ),
        Failure::VersionConflict => (
            StatusCode::PRECONDITION_FAILED,
            "conflict",
            "the resource has another version",
        ),
        Failure::Several => (
            StatusCode::PRECONDITION_FAILED,
            "multiple-matches",
            "several resources match",
        ),
        Failure::Duplicate => (
            StatusCode::BAD_REQUEST,
            "invalid",
            "the same resource is written twice",
        ),
        Failure::Invalid(_)
        | Failure::UnknownReference(_)
        | Failure::SubjectMissing(_)
        | Failure::SubjectForeign(_)
        | Failure::SubjectChanged
        | Failure::IdempotencyMismatch => unprocessable(failure),
        Failure::Unsupported(_)
        | Failure::Unserved(_)
        | Failure::BadParam(_)
        | Failure::BadCursor
        | Failure::TooCostly => of_search(failure),
        Failure::OutcomeUnknown | Failure::Busy | Failure::Unavailable => of_service(failure),
        Failure::Damaged => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "exception",
            "the resource cannot be read; this is a fault of the service",
        ),
    }
}

const fn unprocessable(failure: &Failure) -> Words {
    let (code, text) = match failure {
        Failure::UnknownReference(_) => (
            "not-found",
            "the resource refers to a patient that does not exist or that you may not see, or to more than one patient",
        ),
        Failure::SubjectMissing(_) => (
            "required",
            "the resource must say which patient it is about",
        ),
        Failure::SubjectForeign(_) => (
            "value",
            "the resource must be about a patient of this service",
        ),
        Failure::SubjectChanged => (
            "business-rule",
            "the patient that a resource is about never changes",
        ),
        Failure::IdempotencyMismatch => (
            "business-rule",
            "the idempotency key was used for another request",
        ),
        _ => ("invalid", "the resource is not a valid one of its type"),
    };
    (StatusCode::UNPROCESSABLE_ENTITY, code, text)
}

const fn of_search(failure: &Failure) -> Words {
    let (code, text) = match failure {
        Failure::BadParam(_) => ("value", "a search parameter's value is malformed"),
        Failure::BadCursor => (
            "expired",
            "the page link is invalid or has expired; search again",
        ),
        Failure::Unserved(refused) => ("too-costly", unserved(refused.why)),
        Failure::TooCostly => (
            "too-costly",
            "the search would open too many resources; narrow it",
        ),
        _ => (
            "not-supported",
            "a search parameter, modifier or combination is not supported here; see metadata",
        ),
    };
    (StatusCode::BAD_REQUEST, code, text)
}

/// Why an index cannot find what is asked for.
const fn unserved(why: Why) -> &'static str {
    match why {
        Why::Short => {
            "the index of this parameter finds words by their first two letters or more; give more, or :exact, or another parameter"
        }
        Why::Wide => {
            "the index of this parameter finds at most 62 days, with a begin and an end; give fewer, or another parameter"
        }
        Why::Comparison | Why::Unknown | Why::Modifier | Why::Value | Why::Form => {
            "no index serves this comparison across patients; give another parameter beside it"
        }
    }
}

const fn of_service(failure: &Failure) -> Words {
    let (code, text) = match failure {
        Failure::OutcomeUnknown => (
            "incomplete",
            "the outcome is unknown; repeat the request with the same Idempotency-Key",
        ),
        Failure::Busy => (
            "lock-error",
            "another write changed the resource first; try again",
        ),
        _ => (
            "transient",
            "a safeguard or a database is not available; nothing was done",
        ),
    };
    (StatusCode::SERVICE_UNAVAILABLE, code, text)
}
