//! Requests that must be refused, each in its own way, and none without a trace.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;
use vouchsafe_fhir::{ROUTES, Route};

use super::house::{CANARY, House, Place, on_both};

on_both!(
    no_phi_route_opens_before_an_administrator_is_enrolled,
    no_phi_route_answers_without_a_valid_token,
    a_purpose_that_is_no_purpose_is_refused,
    the_refusal_of_a_request_that_no_route_takes_is_in_the_log,
    bad_input_is_refused_precisely_and_never_repeated,
    a_body_is_as_long_as_its_limit_and_of_the_type_that_is_served,
);

fn phi_routes() -> impl Iterator<Item = Route> {
    let routes = ROUTES.into_iter();
    routes.filter(|route| route.interaction.touches_phi())
}

/// An address of a template, with ids that nothing has.
fn address(template: &str) -> String {
    template
        .replace("{type}", "Patient")
        .replace("{id}", &Uuid::new_v4().to_string())
        .replace("{version}", "1")
}

async fn no_phi_route_opens_before_an_administrator_is_enrolled(place: Place) {
    let house = House::start(place, |_| ()).await;
    assert_eq!(house.probe("/livez").await.status, StatusCode::OK);
    let probed = house.probe("/readyz").await;
    assert_eq!(probed.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(probed.text, "not ready: administrator\n");
    // A token that would be good for everything.
    let token = house.integration().await;
    for Route { method, path, .. } in phi_routes() {
        let body = Some(b"{}".to_vec());
        let answer = house.fhir(&token, method, &address(path), body).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(answer.text.contains("transient"), "{}", answer.text);
    }
    house.stop().await;
}

async fn no_phi_route_answers_without_a_valid_token(place: Place) {
    let house = House::open(place).await;
    let token = house.integration().await;
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"at+jwt","kid":"x"}"#);
    let claims = URL_SAFE_NO_PAD.encode(r#"{"sub":"person/x"}"#);
    let credentials = [
        vec![],
        vec![String::new()],
        vec!["Bearer".to_owned()],
        vec![format!("Bearer {CANARY}")],
        vec![format!("Bearer {none}.{claims}.")],
        vec![format!("Bearer {token}x")],
        vec![format!("Bearer {}", token.replace('.', ".."))],
        vec![format!("Basic {token}")],
        // A proxy might have judged the other one.
        vec![format!("Bearer {token}"), format!("Bearer {token}")],
    ];
    let mut asked = 0;
    for Route { method, path, .. } in phi_routes() {
        for credentials in &credentials {
            let uri = format!("/fhir/R4{}", address(path));
            let mut request = Request::builder().method(&method).uri(uri);
            for value in credentials {
                request = request.header("authorization", value);
            }
            let answer = house.send(request.body(Body::from("{}")).unwrap()).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
            let text = answer.text;
            assert!(text.contains("OperationOutcome") && !text.contains(CANARY));
            asked += 1;
        }
    }
    // Strangers' refusals are counted: few entries, and each refusal is in one.
    let (mut entries, mut counted) = (0, 0);
    for entry in house.stop().await.entries() {
        if entry["operation"] == "authenticate" {
            entries += 1;
            counted += entry["count"].as_u64().unwrap();
        }
    }
    assert_eq!(counted, asked);
    assert!(entries <= 20, "{entries}");
}

async fn a_purpose_that_is_no_purpose_is_refused(place: Place) {
    let house = House::open(place).await;
    let token = house.integration().await;
    let asked = async |purpose: &[u8]| {
        let request = Request::get(format!("/fhir/R4/Patient/{}", Uuid::new_v4()))
            .header("authorization", format!("Bearer {token}"))
            .header(
                "vouchsafe-purpose",
                HeaderValue::from_bytes(purpose).unwrap(),
            );
        house.send(request.body(Body::empty()).unwrap()).await
    };
    assert_eq!(asked(b"HOPERAT").await.status, StatusCode::NOT_FOUND);
    for purpose in [CANARY.as_bytes(), b"", b"TREAT,HPAYMT", b"\xff"] {
        let answer = asked(purpose).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        let text = answer.text;
        assert!(text.contains("TREAT") && !text.contains(CANARY), "{text}");
    }
    house.stop().await;
}

/// As an entry if the caller is known, as a count if not.
async fn the_refusal_of_a_request_that_no_route_takes_is_in_the_log(place: Place) {
    let house = House::open(place).await;
    let token = house.integration().await;
    let patient = format!("/fhir/R4/Patient/{}", Uuid::new_v4());
    let at = |path: &str| format!("{patient}{path}");
    let cases = [
        (Method::GET, at("/_history"), "TREAT", 404, "not-served"),
        (Method::GET, at("/$everything"), "TREAT", 404, "not-served"),
        (
            Method::GET,
            format!("/{CANARY}"),
            "TREAT",
            404,
            "not-served",
        ),
        (Method::PATCH, patient.clone(), "TREAT", 405, "wrong-method"),
        (Method::GET, patient.clone(), CANARY, 400, "bad-purpose"),
        (
            Method::GET,
            "/fhir/R4/Patient/_history".to_owned(),
            "TREAT",
            404,
            "not-supported",
        ),
    ];
    for (method, path, purpose, status, reason) in &cases {
        for known in [true, false] {
            let mut request = Request::builder().method(method).uri(path);
            request = request.header("vouchsafe-purpose", *purpose);
            if known {
                request = request.header("authorization", format!("Bearer {token}"));
            }
            let answer = house.send(request.body(Body::empty()).unwrap()).await;
            let right = answer.status == *status || !known && answer.status == 401;
            assert!(right, "{reason} {known}: {} {}", answer.status, answer.text);
            assert!(!answer.text.contains(CANARY), "{}", answer.text);
        }
    }
    let entries = house.stop().await.entries();
    for reason in ["not-served", "wrong-method", "bad-purpose", "not-supported"] {
        let expected = cases.iter().filter(|case| case.4 == reason).count();
        let of_caller = |entry: &&serde_json::Value| {
            let actor = entry["actor"].as_str().unwrap_or_default();
            entry["reason"] == reason && actor.starts_with("service/")
        };
        assert_eq!(
            entries.iter().filter(of_caller).count(),
            expected,
            "{reason}"
        );
    }
    assert!(!format!("{entries:?}").contains(CANARY));
}

/// Method, path, body and the status that is right.
type Case = (Method, String, Option<String>, u16);

fn malformed() -> Vec<Case> {
    let (post, patient) = (|| Method::POST, || "/Patient".to_owned());
    let bodies = [
        format!("{{\"resourceType\":\"{CANARY}"),
        format!("{}{}", "{\"a\":".repeat(2000), "1"),
        "[]".to_owned(),
        "{\"resourceType\":\"Patient\",\"resourceType\":\"Patient\"}".to_owned(),
        format!("{{\"resourceType\":\"{CANARY}\"}}"),
    ];
    let bodies = bodies.map(|body| (post(), patient(), Some(body), 400));
    let bundles = [
        (
            "{\"resourceType\":\"Bundle\",\"type\":\"history\"}".to_owned(),
            400,
        ),
        (
            format!(
                "{{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{{\"request\":{{\"method\":\"POST\",\
                 \"url\":\"{CANARY}\"}},\"resource\":{{\"resourceType\":\"{CANARY}\"}}}}]}}"
            ),
            422,
        ),
    ];
    let bundles = bundles.map(|(body, status)| (post(), "/".to_owned(), Some(body), status));
    bodies.into_iter().chain(bundles).collect()
}

fn invalid() -> Vec<Case> {
    let nobody = Uuid::new_v4();
    let observation = |subject: &str| {
        let rest = "\"status\":\"final\",\"code\":{\"text\":\"x\"}";
        format!("{{\"resourceType\":\"Observation\",{rest}{subject}}}")
    };
    let about = format!(",\"subject\":{{\"reference\":\"Patient/{nobody}\"}}");
    let patient =
        |member: &str| format!("{{\"resourceType\":\"Patient\",\"{member}\":\"{CANARY}\"}}");
    let post =
        |path: &str, body: String, status| (Method::POST, path.to_owned(), Some(body), status);
    vec![
        post(
            &format!("/{CANARY}"),
            format!("{{\"resourceType\":\"{CANARY}\"}}"),
            404,
        ),
        post("/Patient", patient("birthDate"), 422),
        post("/Patient", patient("name"), 422),
        post("/Observation", observation(""), 422),
        post("/Observation", observation(&about), 422),
    ]
}

fn of_nothing() -> Vec<Case> {
    let nobody = format!("/Patient/{}", Uuid::new_v4());
    let get = |path: String, status| (Method::GET, path, None, status);
    let with = |method, body: &str, status| (method, nobody.clone(), Some(body.to_owned()), status);
    vec![
        get(format!("/Patient/{CANARY}"), 400),
        get(nobody.clone(), 404),
        get(format!("{nobody}/_history/0"), 404),
        get(format!("/Patient?{CANARY}=1"), 400),
        get(format!("/Patient?birthdate={CANARY}"), 400),
        get(format!("/Patient?_cursor={CANARY}"), 400),
        with(Method::PUT, "{\"resourceType\":\"Patient\"}", 400),
        (Method::DELETE, nobody.clone(), None, 404),
        with(Method::PATCH, "{}", 405),
    ]
}

async fn bad_input_is_refused_precisely_and_never_repeated(place: Place) {
    let house = House::open(place).await;
    let token = house.integration().await;
    for (method, path, body, expected) in [malformed(), invalid(), of_nothing()].concat() {
        let body = body.map(String::into_bytes);
        let answer = house.fhir(&token, method.clone(), &path, body).await;
        let text = &answer.text;
        assert_eq!(answer.status, expected, "{method} {path}: {text}");
        assert!(answer.headers.contains_key("x-request-id"));
        assert!(text.contains("OperationOutcome"), "{method} {path}: {text}");
        assert!(!text.contains(CANARY), "{method} {path}: {text}");
    }
    let no_text = Some(vec![0xff, 0xfe, 0x00]);
    let answer = house.fhir(&token, Method::POST, "/Patient", no_text).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
    let place = house.stop().await;
    assert!(!format!("{:?}", place.entries()).contains(CANARY));
}

async fn a_body_is_as_long_as_its_limit_and_of_the_type_that_is_served(place: Place) {
    let house = House::open_with(place, |settings| settings.body_limit_bytes = 1000).await;
    let token = house.integration().await;
    let patient = |length: usize| {
        let mut body = b"{\"resourceType\":\"Patient\"}".to_vec();
        body.resize(length, b' ');
        Some(body)
    };
    let posted = async |body| house.fhir(&token, Method::POST, "/Patient", body).await;
    let answer = posted(patient(1000)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let answer = posted(patient(1001)).await;
    assert_eq!(
        answer.status,
        StatusCode::PAYLOAD_TOO_LARGE,
        "{}",
        answer.text
    );
    for media_type in [Some("text/plain"), Some("application/fhir+xml"), None] {
        let mut request =
            Request::post("/fhir/R4/Patient").header("authorization", format!("Bearer {token}"));
        if let Some(media_type) = media_type {
            request = request.header("content-type", media_type);
        }
        let body = Body::from("{\"resourceType\":\"Patient\"}");
        let answer = house.send(request.body(body).unwrap()).await;
        let expected = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        assert_eq!(answer.status, expected, "{media_type:?} {}", answer.text);
    }
    let entries = house.stop().await.entries();
    let too_long = entries.iter().filter(|entry| entry["reason"] == "too-long");
    let actors: Vec<bool> = too_long.map(|entry| entry["actor"].is_string()).collect();
    assert_eq!(actors, [true]);
}
