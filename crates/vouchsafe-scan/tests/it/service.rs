//! The example of a service that logs a whole body by mistake.

use std::io;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::Request;
use tower::ServiceExt as _;

#[expect(dead_code, reason = "a test does not listen")]
#[path = "../../examples/axum-service.rs"]
mod example;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_body_that_is_logged_by_mistake_comes_out_masked() {
    let log = Log::default();
    let writer = log.clone();
    let guard = tracing::subscriber::set_default(example::log(move || writer.clone()));
    let body = concat!(
        r#"{"name":{"family":"Example","given":"Ada"},"ssn":"219-09-9999","phone":"(415) 555-0132","#,
        r#""email":"ada@example.org","note":"SSN 219-09-9999 given by phone","visits":3}"#
    );
    let request = Request::post("/patients").body(Body::from(body)).unwrap();
    let response = example::routes().oneshot(request).await.unwrap();
    drop(guard);
    assert_eq!(response.status(), 201);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for value in ["219-09-9999", "555-0132", "ada@example.org"] {
        assert!(!text.contains(value), "{text}");
    }
    assert!(text.contains("patient received"), "{text}");
    assert!(text.contains(r#"\"visits\":3"#), "{text}");
    assert!(text.contains("patient stored"), "{text}");
    assert!(text.contains("status=201"), "{text}");
}
