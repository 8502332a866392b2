//! The headers of all answers: no caching, no content sniffing, no requests without TLS.

use axum::http::{HeaderValue, header};
use tower_http::set_header::SetResponseHeaderLayer;

type Set = SetResponseHeaderLayer<HeaderValue>;

/// One layer for each header.
pub(super) fn layers() -> (Set, Set, Set) {
    let set = |name, value| Set::overriding(name, HeaderValue::from_static(value));
    (
        set(header::CACHE_CONTROL, "no-store"),
        set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
    )
}
