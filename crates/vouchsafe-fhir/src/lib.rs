//! The FHIR R4 REST dialect (<https://hl7.org/fhir/R4/http.html>) over the record engine.
//!
//! It knows no HTTP server: it is given an [`Interaction`], headers and a body, and answers an
//! [`http::Response`]. No answer repeats a value that was submitted: not in diagnostics, not in
//! links, not the name of a type or parameter that we do not know. What it refuses before the
//! engine is asked is written to the log as well.

mod bundle;
mod capability;
mod dialect;
mod headers;
mod interaction;
mod outcome;
mod pack;
mod query;
mod references;
mod refusal;
mod resource;
mod searchset;
mod values;

pub use bundle::{
    BundleError, BundleRequest, EntryOutcome, MAX_BODY_BYTES, MAX_ENTRIES, Resource, execute,
    parse_bundle,
};
pub use capability::capability_statement;
pub use dialect::{Dialect, FhirRequest, Subject};
pub use interaction::{Interaction, ROUTES, Route};
pub use outcome::{FHIR_JSON, failure, outcome};
pub use pack::pack;
pub use references::map_references;
pub use values::{R4, reference};

/// What the dialect answers.
pub type Response = http::Response<bytes::Bytes>;
