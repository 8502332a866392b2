//! What stands around every request: id, headers, places, deadline; and the addresses that are not served.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Extension;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::routing::get;
use hyper::body::{Body as HttpBody, Frame};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tower::ServiceExt as _;
use uuid::Uuid;
use vouchsafe_installation::settings::Settings;
use vouchsafe_records::engine::Caller;

use super::house::{Answer, House, Place, on_both};
use crate::layers;
use crate::listener::Peer;

on_both!(
    every_answer_has_the_headers_and_an_id_of_ours,
    a_handler_without_authentication_has_no_caller_and_answers_nothing,
    strangers_who_send_nothing_stop_nobody,
    a_caller_who_sends_slowly_stops_nobody_else,
    a_client_that_hangs_up_ends_nothing_that_has_begun,
    metrics_name_routes_and_never_what_was_asked_for,
);

fn guarded(headers: &HeaderMap) {
    assert_eq!(headers["strict-transport-security"], "max-age=31536000");
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    let id = headers["x-request-id"].to_str().unwrap();
    assert!(Uuid::try_parse(id).is_ok(), "{id}");
}

async fn every_answer_has_the_headers_and_an_id_of_ours(place: Place) {
    let house = House::open(place).await;
    let mut ids = Vec::new();
    for (method, path, status) in [
        ("GET", "/fhir/R4/metadata", 200),
        ("GET", "/fhir/R4/Patient/x", 401),
        ("GET", "/fhir/R4", 401),
        ("GET", "/fhir/R4/", 401),
        ("PATCH", "/fhir/R4/metadata", 405),
        ("GET", "/", 404),
        ("GET", "/fhir/R5/metadata", 404),
        ("GET", "/livez", 404),
        ("GET", "/metrics", 404),
        ("POST", "/auth/sign-in", 400),
        ("GET", "/auth/sign-in", 405),
        ("GET", "/auth/me", 401),
        ("GET", "/auth/enrol", 200),
        ("GET", "/.well-known/jwks.json", 200),
    ] {
        let request = Request::builder().method(method).uri(path);
        // An id that a client chose could hold anything.
        let request = request.header("x-request-id", "chosen");
        let answer = house.send(request.body(Body::empty()).unwrap()).await;
        // The base takes bundles alone.
        let allowed = [
            StatusCode::from_u16(status).unwrap(),
            StatusCode::METHOD_NOT_ALLOWED,
        ];
        let base = path.trim_end_matches('/') == "/fhir/R4";
        let right = allowed[0] == answer.status || base && allowed[1] == answer.status;
        assert!(right, "{method} {path}: {} {}", answer.status, answer.text);
        guarded(&answer.headers);
        ids.push(answer.headers["x-request-id"].clone());
    }
    let many = ids.len();
    ids.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    ids.dedup();
    assert_eq!(ids.len(), many);
    house.stop().await;
}

/// Somebody adds a route and forgets the layer.
async fn a_handler_without_authentication_has_no_caller_and_answers_nothing(place: Place) {
    let house = House::open(place).await;
    let token = house.integration().await;
    let tell = async |Extension(caller): Extension<Caller>| caller.session.principal().label();
    let router = Router::new().route("/told", get(tell));
    let router = layers::guard(router, &house.shared, |_| "none");
    let mut request = Request::get("/told")
        .header("authorization", format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap();
    request
        .extensions_mut()
        .insert(Peer("192.0.2.7:1".parse().unwrap()));
    let answer = router.oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let body = axum::body::to_bytes(answer.into_body(), 10_000)
        .await
        .unwrap();
    assert!(!String::from_utf8_lossy(&body).contains("service/"));
    house.stop().await;
}

/// A body that is sent as its pieces come.
struct Pieces(mpsc::Receiver<Bytes>);

impl HttpBody for Pieces {
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

/// A body of which nothing comes until its other end is dropped.
fn withheld() -> (Body, mpsc::Sender<Bytes>) {
    let (hold, pieces) = mpsc::channel(1);
    (Body::new(Pieces(pieces)), hold)
}

/// Sign-ins of one network without a body: as many as strangers' bodies may be waited for, many times.
async fn strangers_who_send_nothing_stop_nobody(place: Place) {
    let house = Arc::new(House::open(place).await);
    let token = house.integration().await;
    let (mut holds, mut asked) = (Vec::new(), JoinSet::new());
    for stranger in 0..600_u32 {
        let (body, hold) = withheld();
        holds.push(hold);
        let path = ["/auth/sign-in", "/auth/enrolment", "/auth/enrol"][stranger as usize % 3];
        let request = Request::post(path).body(body).unwrap();
        let house = Arc::clone(&house);
        let from = Ipv4Addr::from(0xc633_6400 + stranger % 256);
        asked.spawn(async move { house.send_from(from.into(), request).await.status });
    }
    let mut statuses = Vec::new();
    // All but the share of the network are refused at once.
    while statuses.len() < 600 - 64 {
        statuses.push(asked.join_next().await.unwrap().unwrap());
    }
    assert!(
        statuses
            .iter()
            .all(|status| *status == StatusCode::SERVICE_UNAVAILABLE)
    );
    // Meanwhile callers, and strangers of another network, are served.
    for _ in 0..20 {
        let nobody = format!("/Patient/{}", Uuid::new_v4());
        let answer = house.get(&token, &nobody).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.text);
    }
    let answer = house.sign_in("nobody@example.org", "wrong", "000000").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.text);
    // Those who waited are told when their time is over.
    while let Some(status) = asked.join_next().await {
        assert_eq!(status.unwrap(), StatusCode::REQUEST_TIMEOUT);
    }
    drop(holds);
    let house = Arc::into_inner(house).unwrap();
    let entries = house.stop().await.entries();
    assert_eq!(counted(&entries, "throttled"), 600 - 64);
    assert_eq!(counted(&entries, "body-too-slow"), 64);
}

fn counted(entries: &[Value], reason: &str) -> u64 {
    let of_reason = entries.iter().filter(|entry| entry["reason"] == reason);
    of_reason.filter_map(|entry| entry["count"].as_u64()).sum()
}

/// A caller who sends slowly has their share of the bodies that are waited for, and no place.
async fn a_caller_who_sends_slowly_stops_nobody_else(place: Place) {
    let set = |settings: &mut Settings| {
        (settings.concurrency_limit, settings.request_timeout_seconds) = (8, 2);
    };
    let house = Arc::new(House::open_with(place, set).await);
    let (slow, other) = (house.integration().await, house.integration().await);
    let upload = |token: &str, body: Body| {
        let request = Request::post("/fhir/R4/Patient")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/fhir+json")
            .body(body)
            .unwrap();
        let house = Arc::clone(&house);
        async move { house.send(request).await }
    };
    let (mut holds, mut asked) = (Vec::new(), JoinSet::new());
    for _ in 0..3 {
        let (body, hold) = withheld();
        holds.push(hold);
        asked.spawn(upload(&slow, body));
    }
    // The share of a caller is two of eight.
    let third = asked.join_next().await.unwrap().unwrap();
    assert_eq!(third.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(third.text.contains("throttled"), "{}", third.text);
    guarded(&third.headers);
    let patient = || Body::from("{\"resourceType\":\"Patient\"}");
    let answer = upload(&other, patient()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    // What needs no body, the slow one gets, too.
    let nobody = format!("/Patient/{}", Uuid::new_v4());
    let answer = house.get(&slow, &nobody).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.text);
    while let Some(answer) = asked.join_next().await {
        let answer = answer.unwrap();
        let told = [StatusCode::REQUEST_TIMEOUT, StatusCode::SERVICE_UNAVAILABLE];
        assert!(told.contains(&answer.status), "{}", answer.text);
        assert!(answer.text.contains("timeout"), "{}", answer.text);
    }
    // Their share is free again.
    drop(holds);
    let answer = upload(&slow, patient()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let house = Arc::into_inner(house).unwrap();
    let entries = house.stop().await.entries();
    let late = counted(&entries, "timeout") + counted(&entries, "body-too-slow");
    assert_eq!((late, counted(&entries, "throttled")), (2, 1));
}

/// Asks, and hangs up as soon as the request has begun.
async fn hang_up(house: &House, asked: impl Future<Output = Answer>) {
    // Those before have ended, or this one could not be told from them.
    while !house.shared.requests.is_empty() {
        tokio::task::yield_now().await;
    }
    let mut asked = pin!(asked);
    while house.shared.requests.is_empty() {
        assert!(futures_util::poll!(&mut asked).is_pending());
        tokio::task::yield_now().await;
    }
}

/// Clients that hang up: what they began is done, and in the log.
async fn a_client_that_hangs_up_ends_nothing_that_has_begun(place: Place) {
    let house = House::open(place).await;
    let token = house.integration().await;
    for _ in 0..5 {
        let patient = Some(b"{\"resourceType\":\"Patient\"}".to_vec());
        let created = house.fhir(&token, Method::POST, "/Patient", patient);
        hang_up(&house, created).await;
    }
    for _ in 0..3 {
        let guess = house.sign_in("nobody@example.org", "wrong", "000000");
        hang_up(&house, guess).await;
    }
    let entries = house.stop().await.entries();
    let count = |operation: &str, outcome: &str| {
        let of = |entry: &&Value| entry["operation"] == operation && entry["outcome"] == outcome;
        entries.iter().filter(of).count()
    };
    assert_eq!(count("create", "committed"), 5);
    assert_eq!(count("sign-in", "refused"), 3);
}

async fn metrics_name_routes_and_never_what_was_asked_for(place: Place) {
    let house = House::open(place).await;
    let token = house.integration().await;
    let id = Uuid::new_v4();
    house.get(&token, &format!("/Patient/{id}?secret=1")).await;
    let metrics = house.probe("/metrics").await.text;
    assert!(metrics.contains("vouchsafe_http_requests_total"));
    assert!(metrics.contains("route=\"/{type}/{id}\""), "{metrics}");
    assert!(!metrics.contains(&id.to_string()) && !metrics.contains("secret"));
    house.stop().await;
}
