//! Sign-in, sign-out and enrolment.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::house::{CANARY, House, Place, on_both};
use super::people::{PASSWORD, code};

on_both!(
    a_code_signs_in_once_and_a_sign_out_ends_the_token,
    guesses_are_throttled_alike_for_everybody,
    a_link_enrols_once,
    bodies_of_strangers_are_small_and_never_repeated,
);

async fn me(house: &House, token: &str) -> (StatusCode, String) {
    let request = Request::get("/auth/me").header("authorization", format!("Bearer {token}"));
    let answer = house.send(request.body(Body::empty()).unwrap()).await;
    (answer.status, answer.text)
}

async fn a_code_signs_in_once_and_a_sign_out_ends_the_token(place: Place) {
    let house = House::open(place).await;
    let link = house.invite("desk@example.org", "front-desk", None).await;
    let secret = house.enrol(&link).await;
    let once = code(&secret, 0);
    let answer = house.sign_in("desk@example.org", PASSWORD, &once).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let body = answer.json();
    assert_eq!(body["token_type"], "Bearer");
    assert!(body["expires_in"].as_i64().unwrap() <= 1800);
    let token = body["access_token"].as_str().unwrap();
    let again = house.sign_in("desk@example.org", PASSWORD, &once).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
    let (status, text) = me(&house, token).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        text.contains("front-desk") && text.contains("person/"),
        "{text}"
    );
    let out = Request::post("/auth/sign-out").header("authorization", format!("Bearer {token}"));
    let out = house.send(out.body(Body::empty()).unwrap()).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert_eq!(me(&house, token).await.0, StatusCode::UNAUTHORIZED);
    house.stop().await;
}

/// A login that exists and one that does not: the same answers, guess for guess.
async fn guesses_are_throttled_alike_for_everybody(place: Place) {
    let house = House::open(place).await;
    let link = house.invite("desk@example.org", "front-desk", None).await;
    house.enrol(&link).await;
    let mut answers = Vec::new();
    for login in ["desk@example.org", "nobody@example.org"] {
        let mut of_login = Vec::new();
        for _ in 0..7 {
            let answer = house.sign_in(login, CANARY, "000000").await;
            assert!(!answer.text.contains(CANARY));
            let waits = answer.headers.contains_key("retry-after");
            of_login.push((answer.status, answer.text, waits));
        }
        answers.push(of_login);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0][0].0, StatusCode::UNAUTHORIZED);
    assert_eq!(answers[0][6].0, StatusCode::TOO_MANY_REQUESTS);
    assert!(answers[0][6].2);
    let entries = house.stop().await.entries();
    let throttled = |entry: &&Value| entry["reason"] == "sign-in-throttled";
    assert!(entries.iter().any(|entry| throttled(&entry)));
}

async fn a_link_enrols_once(place: Place) {
    let house = House::open(place).await;
    let link = house.invite("desk@example.org", "front-desk", None).await;
    let enrol = async |password: &str, code: &str| {
        let body = json!({"token": link, "password": password, "code": code}).to_string();
        house.post("/auth/enrol", body).await
    };
    let shown = house.post("/auth/enrolment", json!({"token": link}).to_string());
    let secret = shown.await.json()["secret"].take();
    let secret = secret.as_str().unwrap();
    for (password, code, field) in [
        ("short", code(secret, 0), "password"),
        (PASSWORD, "000000".to_owned(), "code"),
    ] {
        let answer = enrol(password, &code).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.json()["field"], field, "{}", answer.text);
    }
    let answer = enrol(PASSWORD, &code(secret, 0)).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text);
    let answer = enrol(PASSWORD, &code(secret, 30)).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "{}", answer.text);
    let shown = house.post("/auth/enrolment", json!({"token": link}).to_string());
    assert_eq!(shown.await.status, StatusCode::NOT_FOUND);
    house.stop().await;
}

async fn bodies_of_strangers_are_small_and_never_repeated(place: Place) {
    let house = House::open(place).await;
    for path in ["/auth/sign-in", "/auth/enrolment", "/auth/enrol"] {
        let member = json!({ CANARY: CANARY }).to_string();
        for (body, status) in [
            (format!("{CANARY}{{"), StatusCode::BAD_REQUEST),
            (String::new(), StatusCode::BAD_REQUEST),
            (member, StatusCode::BAD_REQUEST),
            (CANARY.repeat(10_000), StatusCode::PAYLOAD_TOO_LARGE),
        ] {
            let answer = house.post(path, body).await;
            assert_eq!(answer.status, status, "{path}: {}", answer.text);
            let problem = &answer.headers["content-type"];
            assert_eq!(problem, "application/problem+json");
            assert!(!answer.text.contains(CANARY), "{path}: {}", answer.text);
        }
    }
    // They are no way to records, whoever asks.
    let token = house.integration().await;
    let answer = house
        .fhir(&token, Method::POST, "/auth/sign-in", None)
        .await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    let entries = house.stop().await.entries();
    let count = |reason: &str| {
        let of_reason = entries.iter().filter(|entry| entry["reason"] == reason);
        of_reason
            .filter_map(|entry| entry["count"].as_u64())
            .sum::<u64>()
    };
    assert_eq!((count("malformed"), count("body-too-large")), (9, 3));
}
