//! Requests that must fail, each in its precise way, and none in silence.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use hyper::body::{Body, Frame};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use vouchsafe_fhir::ROUTES;
use vouchsafe_installation::settings::Settings;
use vouchsafe_ledger::reader::Log;

use super::home::{Home, on_both};
use super::plane::{CANARY, Plane};

on_both!(
    no_phi_route_opens_before_an_administrator_is_enrolled,
    every_phi_route_wants_a_token,
    bad_input_is_refused_precisely_and_never_repeated,
    what_no_route_takes_is_in_the_log,
    limits_hold,
    a_place_is_held_no_longer_than_a_request_may_take
);

/// A path for a template, with things in it that are nowhere.
fn address(template: &str) -> String {
    template
        .replace("{type}", "Patient")
        .replace("{id}", &uuid::Uuid::new_v4().to_string())
        .replace("{version}", "1")
}

async fn no_phi_route_opens_before_an_administrator_is_enrolled(home: Home) {
    let plane = Plane::closed(home).await;
    assert!(!plane.ready().await);
    for route in ROUTES
        .into_iter()
        .filter(|route| route.interaction.touches_phi())
    {
        let path = address(route.path);
        let response = plane
            .fhir(
                "anything",
                route.method.clone(),
                &path,
                Some(b"{}".to_vec()),
            )
            .await;
        assert_eq!(
            response.status(),
            StatusCode::SERVICE_UNAVAILABLE,
            "{}",
            route.path
        );
    }
    plane.stop().await;
}

async fn every_phi_route_wants_a_token(home: Home) {
    let plane = Plane::open(home).await;
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"at+jwt","kid":"x"}"#);
    let claims = URL_SAFE_NO_PAD.encode(r#"{"sub":"person/x"}"#);
    let tokens = [
        String::new(),
        CANARY.to_owned(),
        format!("{none}.{claims}."),
        format!("{}x", plane.integration),
        plane.integration.replace('.', ".."),
    ];
    for route in ROUTES
        .into_iter()
        .filter(|route| route.interaction.touches_phi())
    {
        for token in &tokens {
            let path = address(route.path);
            let response = plane
                .fhir(token, route.method.clone(), &path, Some(b"{}".to_vec()))
                .await;
            assert_eq!(
                response.status(),
                StatusCode::UNAUTHORIZED,
                "{} {token}",
                route.path
            );
            assert_eq!(response.headers()["www-authenticate"], "Bearer");
            let text = response.text().await.expect("text");
            assert!(text.contains("OperationOutcome") && !text.contains(CANARY));
        }
    }
    let home = plane.stop().await;
    // Strangers' refusals are counted: few entries, all of them accounted for.
    let log = Log::open(&home.path().join("audit")).expect("the log");
    let (mut entries, mut counted) = (0, 0);
    for entry in log.entries(0).expect("entries") {
        let entry = entry.expect("an entry");
        let entry: Value = serde_json::from_str(&entry.json).expect("JSON");
        if entry["operation"] == "authenticate" {
            entries += 1;
            counted += entry["count"].as_u64().expect("a count");
        }
    }
    let phi_routes = ROUTES
        .iter()
        .filter(|route| route.interaction.touches_phi())
        .count() as u64;
    assert!(counted >= phi_routes * tokens.len() as u64, "{counted}");
    assert!(entries <= 20, "{entries}");
}

async fn bad_input_is_refused_precisely_and_never_repeated(home: Home) {
    let plane = Plane::open(home).await;
    let token = plane.integration.clone();
    let deep = format!("{}{}", "{\"a\":".repeat(2000), "1");
    let id = uuid::Uuid::new_v4();
    let cases: Vec<(Method, String, Option<Vec<u8>>, u16)> = vec![
        (Method::POST, "/Patient".into(), Some(format!("{{\"resourceType\":\"{CANARY}").into_bytes()), 400),
        (Method::POST, "/Patient".into(), Some(deep.into_bytes()), 400),
        (Method::POST, "/Patient".into(), Some(vec![0xff, 0xfe, 0x00]), 400),
        (Method::POST, "/Patient".into(), Some(b"[]".to_vec()), 400),
        (Method::POST, "/Patient".into(), Some(b"{\"resourceType\":\"Patient\",\"resourceType\":\"Patient\"}".to_vec()), 400),
        (Method::POST, "/Patient".into(), Some(format!("{{\"resourceType\":\"{CANARY}\"}}").into_bytes()), 400),
        (Method::POST, format!("/{CANARY}"), Some(format!("{{\"resourceType\":\"{CANARY}\"}}").into_bytes()), 404),
        (Method::POST, "/Patient".into(), Some(format!("{{\"resourceType\":\"Patient\",\"birthDate\":\"{CANARY}\"}}").into_bytes()), 422),
        (Method::POST, "/Patient".into(), Some(format!("{{\"resourceType\":\"Patient\",\"name\":\"{CANARY}\"}}").into_bytes()), 422),
        (Method::POST, "/Observation".into(), Some(b"{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"text\":\"x\"}}".to_vec()), 422),
        (Method::POST, "/Observation".into(), Some(format!("{{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{{\"text\":\"x\"}},\"subject\":{{\"reference\":\"Patient/{id}\"}}}}").into_bytes()), 422),
        (Method::GET, format!("/Patient/{CANARY}"), None, 400),
        (Method::GET, format!("/Patient/{id}"), None, 404),
        (Method::GET, format!("/Patient/{id}/_history/0"), None, 404),
        (Method::GET, format!("/Patient?{CANARY}=1"), None, 400),
        (Method::GET, format!("/Patient?birthdate={CANARY}"), None, 400),
        (Method::GET, format!("/Patient?_cursor={CANARY}"), None, 400),
        (Method::PUT, format!("/Patient/{id}"), Some(b"{\"resourceType\":\"Patient\"}".to_vec()), 400),
        (Method::DELETE, format!("/Patient/{id}"), None, 404),
        (Method::PATCH, format!("/Patient/{id}"), Some(b"{}".to_vec()), 405),
        (Method::POST, "/".into(), Some(b"{\"resourceType\":\"Bundle\",\"type\":\"history\"}".to_vec()), 400),
        (Method::POST, "/".into(), Some(format!("{{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{{\"request\":{{\"method\":\"POST\",\"url\":\"{CANARY}\"}},\"resource\":{{\"resourceType\":\"{CANARY}\"}}}}]}}").into_bytes()), 422),
    ];
    for (method, path, body, expected) in cases {
        let response = plane.fhir(&token, method.clone(), &path, body).await;
        let status = response.status().as_u16();
        let id = response.headers().contains_key("x-request-id");
        let text = response.text().await.expect("text");
        assert_eq!(status, expected, "{method} {path}: {text}");
        assert!(
            id && text.contains("OperationOutcome"),
            "{method} {path}: {text}"
        );
        assert!(!text.contains(CANARY), "{method} {path}: {text}");
    }
    plane.stop().await;
}

/// As the caller's where it is known who asks, and counted where not.
async fn what_no_route_takes_is_in_the_log(home: Home) {
    let plane = Plane::open(home).await;
    let fhir = format!("{}/fhir/R4", plane.base);
    let id = uuid::Uuid::new_v4();
    let ask = async |token: Option<&str>, method: Method, url: String, purpose: &str| {
        let request = plane.client.request(method, url);
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let sent = request.header("vouchsafe-purpose", purpose).send().await;
        sent.expect("an answer").status().as_u16()
    };
    let cases = [
        (
            Method::GET,
            format!("{fhir}/Patient/{id}/_history"),
            "TREAT",
            404,
            "not-served",
        ),
        (
            Method::GET,
            format!("{fhir}/Patient/{id}/$everything"),
            "TREAT",
            404,
            "not-served",
        ),
        (
            Method::GET,
            format!("{}/{CANARY}", plane.base),
            "TREAT",
            404,
            "not-served",
        ),
        (
            Method::PATCH,
            format!("{fhir}/Patient/{id}"),
            "TREAT",
            405,
            "wrong-method",
        ),
        (
            Method::GET,
            format!("{fhir}/Patient/_search"),
            "TREAT",
            405,
            "wrong-method",
        ),
        (
            Method::GET,
            format!("{fhir}/Patient/{id}"),
            CANARY,
            400,
            "bad-purpose",
        ),
        (
            Method::GET,
            format!("{fhir}/Patient/_history"),
            "TREAT",
            404,
            "not-supported",
        ),
    ];
    for (method, url, purpose, status, _) in &cases {
        let token = Some(plane.integration.as_str());
        let told = ask(token, method.clone(), url.clone(), purpose).await;
        assert_eq!(told, *status, "{method} {url}");
        let told = ask(None, method.clone(), url.clone(), purpose).await;
        assert!([*status, 401].contains(&told), "{method} {url}: {told}");
    }
    let home = plane.stop().await;
    let log = Log::open(&home.path().join("audit")).expect("the log");
    let refused: Vec<Value> = log
        .entries(0)
        .expect("entries")
        .map(|entry| serde_json::from_str(&entry.expect("an entry").json).expect("JSON"))
        .filter(|entry: &Value| entry["outcome"] == "refused")
        .collect();
    let of = |reason: &str, known: bool| {
        let with = refused.iter().filter(|entry| entry["reason"] == reason);
        with.filter(|entry| entry["actor"].is_string() == known)
            .count()
    };
    for reason in ["not-served", "wrong-method", "bad-purpose", "not-supported"] {
        let expected = cases.iter().filter(|case| case.4 == reason).count();
        assert_eq!(of(reason, true), expected, "{reason}: {refused:?}");
    }
    assert!(
        of("not-served", false) > 0 && of("wrong-method", false) > 0,
        "{refused:?}"
    );
}

async fn limits_hold(home: Home) {
    let plane = Plane::open(home).await;
    let token = plane.integration.clone();
    let huge = vec![b' '; 17 * 1024 * 1024];
    let url = format!("{}/fhir/R4/Patient", plane.base);
    let sent = plane
        .client
        .post(url)
        .bearer_auth(&token)
        .header("content-type", "application/fhir+json")
        .body(huge)
        .timeout(Duration::from_secs(30))
        .send()
        .await;
    // It is told, or cut off while it still sends.
    if let Ok(response) = sent {
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
    let response = plane
        .client
        .post(format!("{}/fhir/R4/Patient", plane.base))
        .bearer_auth(&token)
        .header("content-type", "text/plain")
        .body(json!({"resourceType": "Patient"}).to_string())
        .send()
        .await
        .expect("answers");
    assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let metrics = plane
        .client
        .get(format!("{}/metrics", plane.operations))
        .send()
        .await
        .expect("answers")
        .text()
        .await
        .expect("text");
    assert!(
        metrics.contains("vouchsafe_http_requests_total"),
        "{metrics}"
    );
    assert!(!metrics.contains(CANARY));
    let sign_in = format!("{}/auth/sign-in", plane.base);
    for (body, status) in [
        (format!("{CANARY}{{"), StatusCode::BAD_REQUEST),
        (CANARY.repeat(10_000), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let sent = plane.client.post(&sign_in).body(body).send().await;
        let response = sent.expect("answers");
        assert_eq!(response.status(), status);
        let text = response.text().await.expect("text");
        assert!(
            text.contains("\"status\"") && !text.contains(CANARY),
            "{text}"
        );
    }
    too_large_is_in_the_log(&plane.stop().await);
}

/// A body that is sent as its pieces come.
struct Pieces(mpsc::Receiver<Bytes>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.0.poll_recv(context);
        piece.map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}

/// Who sends slowly holds the only place: others are told so at once, and have the place when the time of the first is over.
async fn a_place_is_held_no_longer_than_a_request_may_take(home: Home) {
    let set = |settings: &mut Settings| {
        (settings.concurrency_limit, settings.request_timeout_seconds) = (1, 5);
    };
    let plane = Plane::open_with(home, set).await;
    let token = plane.integration.clone();
    let (pieces, sent) = mpsc::channel(1);
    let slow = plane
        .client
        .post(format!("{}/fhir/R4/Patient", plane.base))
        .bearer_auth(&token)
        .header("content-type", "application/fhir+json")
        .body(reqwest::Body::wrap(Pieces(sent)))
        .send();
    let slow = tokio::spawn(slow);
    // More than is under way at any time: the handler reads, so it has its place.
    for _ in 0..128 {
        let piece = Bytes::from_static(&[b' '; 64 * 1024]);
        pieces.send(piece).await.expect("the service reads");
    }
    let other = async || {
        let path = format!("/Patient/{}", uuid::Uuid::new_v4());
        let response = plane.fhir(&token, Method::GET, &path, None).await;
        let headers = response.headers().clone();
        assert_eq!(headers["strict-transport-security"], "max-age=31536000");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        (response.status(), response.text().await.expect("text"))
    };
    let (status, text) = other().await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{text}");
    assert!(text.contains("throttled"), "{text}");
    let mut answered = other().await;
    while answered.0 == StatusCode::SERVICE_UNAVAILABLE {
        tokio::time::sleep(Duration::from_millis(50)).await;
        answered = other().await;
    }
    assert_eq!(answered.0, StatusCode::NOT_FOUND, "{}", answered.1);
    // The rest of it is read, so that its answer is seen.
    drop(pieces);
    let response = slow.await.expect("no panic").expect("answers");
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    let text = response.text().await.expect("text");
    assert!(text.contains("timeout"), "{text}");
    let home = plane.stop().await;
    let log = Log::open(&home.path().join("audit")).expect("the log");
    let timeouts = log
        .entries(0)
        .expect("entries")
        .map(|entry| serde_json::from_str(&entry.expect("an entry").json).expect("JSON"))
        .filter(|entry: &Value| entry["reason"] == "timeout" && entry["outcome"] == "refused")
        .count();
    assert_eq!(timeouts, 1);
}

/// As the caller's where it was known who asks, and counted where not.
fn too_large_is_in_the_log(home: &Home) {
    let log = Log::open(&home.path().join("audit")).expect("the log");
    let entries: Vec<Value> = log
        .entries(0)
        .expect("entries")
        .map(|entry| serde_json::from_str(&entry.expect("an entry").json).expect("JSON"))
        .filter(|entry: &Value| entry["outcome"] == "refused")
        .collect();
    let with = |reason: &str| {
        entries
            .iter()
            .filter(|entry| entry["reason"] == reason)
            .count()
    };
    let of_caller = |entry: &&Value| entry["reason"] == "too-long" && entry["actor"].is_string();
    assert_eq!(entries.iter().filter(of_caller).count(), 1, "{entries:?}");
    assert_eq!(
        (with("malformed"), with("body-too-large")),
        (1, 1),
        "{entries:?}"
    );
}
