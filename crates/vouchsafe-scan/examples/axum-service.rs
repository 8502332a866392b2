//! A service that logs a whole request body by mistake, and what comes out.
//!
//! ```sh
//! cargo run -p vouchsafe-scan --no-default-features --features tracing --example axum-service
//! curl -d '{"name":{"family":"Example","given":"Ada"},"ssn":"219-09-9999","visits":3}' http://127.0.0.1:3000/patients
//! ```
//!
//! The log then has `"ssn":"[SSN]"` and `"visits":3`.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use tracing_subscriber::fmt::MakeWriter;
use vouchsafe_scan::layer::{Count, MaskedFields, MaskingWriter};

/// The routes of the service.
pub(crate) fn routes() -> Router {
    Router::new().route("/patients", post(add_patient))
}

async fn add_patient(body: String) -> StatusCode {
    // The mistake. It would also be one in `Debug` of a struct, in an error, in a URL.
    tracing::info!(body, "patient received");
    // What the type allows: neither `body` nor any other text of a caller would compile here.
    vouchsafe_scan::log!(
        INFO,
        "patient stored",
        status = 201_u16,
        bytes = Count(body.len() as u64)
    );
    StatusCode::CREATED
}

/// The log of the service: these are the five lines.
pub(crate) fn log(
    writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static,
) -> impl tracing::Subscriber + Send + Sync {
    tracing_subscriber::fmt()
        .fmt_fields(MaskedFields::new())
        .with_writer(MaskingWriter::new(writer))
        .finish()
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    tracing::subscriber::set_global_default(log(std::io::stderr)).map_err(std::io::Error::other)?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, routes()).await
}
