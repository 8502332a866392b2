//! A listening service, signed-in people, and a log to read afterwards.

use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use totp_rs::{Builder, Secret};
use vouchsafe::audit::Context;
use vouchsafe::session::Principal;
use vouchsafe_identity::{
    Actor, Approval, NewPerson, NewService, OsUser, RecordLink, RightSpec, ServiceOwner,
};
use vouchsafe_installation::settings::Settings;
use vouchsafe_installation::{Installation, Opened, Opening};
use vouchsafe_ledger::Gap;
use vouchsafe_server::serve::{Ports, Running, ServeError};

use super::home::Home;

pub(crate) const PASSWORD: &str = "correct horse battery staple 7";
/// A sent value that must never be in an error or in the log.
pub(crate) const CANARY: &str = "Zanzibarcanary";

/// A running service.
pub(crate) struct Plane {
    pub(crate) base: String,
    pub(crate) operations: String,
    home: Home,
    pub(crate) client: Client,
    pub(crate) integration: String,
    stop: CancellationToken,
    serving: JoinHandle<Result<(), ServeError>>,
}

pub(crate) fn opening(home: &Home) -> Opening {
    Opening {
        gap: Gap::Refused,
        folder: home.path().to_owned(),
        program: PathBuf::from(env!("CARGO_BIN_EXE_vouchsafe")),
        administrator: "Ada Example <ada@example.org>".parse().expect("valid"),
        create: true,
        settings: Settings {
            data_listen: "127.0.0.1:0".parse().expect("an address"),
            operations_listen: "127.0.0.1:0".parse().expect("an address"),
            public_url: Some("https://localhost".to_owned()),
            database: home.settings(),
            ..Settings::default()
        },
    }
}

pub(crate) fn in_hours(hours: i64) -> Timestamp {
    Timestamp::now()
        .saturating_add(SignedDuration::from_hours(hours))
        .expect("in range")
}

fn console() -> Approval {
    Approval::by(Actor::OsUser(OsUser::new("tester").expect("a name")))
}

fn right(role: &str, hours: i64) -> RightSpec {
    RightSpec {
        role: role.parse().expect("a role"),
        from: Timestamp::now(),
        until: in_hours(hours),
        reason: "a test".to_owned(),
    }
}

impl Plane {
    /// Starts without an enrolled administrator: PHI routes are closed.
    pub(crate) async fn closed(home: Home) -> Self {
        let opened = Installation::open(opening(&home)).await.expect("opens");
        Self::serve(opened.installation, home, String::new()).await
    }

    /// Starts with an enrolled administrator and a token for everything.
    pub(crate) async fn open(home: Home) -> Self {
        Self::open_with(home, |_| ()).await
    }

    /// The same with other settings.
    pub(crate) async fn open_with(home: Home, set: impl FnOnce(&mut Settings)) -> Self {
        let mut opening = opening(&home);
        set(&mut opening.settings);
        let Opened {
            installation,
            invitation,
            ..
        } = Installation::open(opening).await.expect("opens");
        let integration = integration_token(&installation).await;
        let invitation = invitation.expect("a first start");
        let link = invitation.token.expose().to_owned();
        let plane = Self::serve(installation, home, integration).await;
        plane.enrol(&link).await;
        for _ in 0..100 {
            if plane.ready().await {
                return plane;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("PHI routes did not open");
    }

    pub(crate) async fn serve(installation: Installation, home: Home, integration: String) -> Self {
        let certificate = std::fs::read(&installation.tls().certificate).expect("a certificate");
        let client = Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(&certificate).expect("PEM")])
            .build()
            .expect("a client");
        let stop = CancellationToken::new();
        let ports = Ports::open(&mut installation.settings().clone()).await;
        let running = Running::on(ports.expect("listens"), installation, stop.clone())
            .await
            .expect("serves");
        let port = running.address().expect("bound").port();
        let operations = running.operations_address().expect("bound").port();
        Self {
            base: format!("https://localhost:{port}"),
            operations: format!("https://localhost:{operations}"),
            home,
            client,
            integration,
            stop,
            serving: tokio::spawn(running.serve()),
        }
    }

    pub(crate) async fn ready(&self) -> bool {
        let url = format!("{}/readyz", self.operations);
        let response = self.client.get(url).send().await.expect("answers");
        response.status() == StatusCode::OK
    }

    /// Enrols with a one-time link; returns the secret of the one-time codes.
    pub(crate) async fn enrol(&self, link: &str) -> String {
        let shown: Value = self
            .client
            .post(format!("{}/auth/enrolment", self.base))
            .json(&json!({"token": link}))
            .send()
            .await
            .expect("answers")
            .json()
            .await
            .expect("JSON");
        let secret = shown["secret"].as_str().expect("a secret").to_owned();
        // The code of the previous step, so that the current one can be used for the sign-in.
        let body = json!({"token": link, "password": PASSWORD, "code": code(&secret, -30)});
        let response = self
            .client
            .post(format!("{}/auth/enrol", self.base))
            .json(&body)
            .send()
            .await
            .expect("answers");
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        secret
    }

    pub(crate) async fn sign_in(&self, login: &str, password: &str, code: &str) -> Response {
        self.client
            .post(format!("{}/auth/sign-in", self.base))
            .json(&json!({"login": login, "password": password, "code": code}))
            .send()
            .await
            .expect("answers")
    }

    /// A request on the FHIR dialect.
    pub(crate) async fn fhir(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Response {
        let url = format!("{}/fhir/R4{path}", self.base);
        let mut request = self.client.request(method, url).bearer_auth(token);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/fhir+json")
                .body(body);
        }
        request.send().await.expect("answers")
    }

    /// Stops in order; stored data stay.
    pub(crate) async fn stop(self) -> Home {
        self.stop.cancel();
        self.serving.await.expect("no panic").expect("served");
        self.home.assert_one_place();
        self.home
    }
}

/// The code of an authenticator, `offset` seconds from now.
pub(crate) fn code(secret: &str, offset: i64) -> String {
    let bytes: [u8; 20] = base32(secret).try_into().expect("160 bits");
    let secret = Secret::from(bytes);
    let totp = Builder::new()
        .with_secret(secret)
        .build()
        .expect("a generator");
    let now = Timestamp::now().as_second() + offset;
    totp.generate(u64::try_from(now).expect("after 1970"))
        .to_string()
}

/// RFC 4648, section 6, without padding.
fn base32(text: &str) -> Vec<u8> {
    let mut bits = 0_u64;
    let mut held = 0;
    let mut out = Vec::new();
    for byte in text.bytes() {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
            .iter()
            .position(|letter| *letter == byte)
            .expect("base32");
        bits = bits << 5 | value as u64;
        held += 5;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held & 0xff) as u8);
        }
    }
    out
}

/// A service's token for everything, as in an import.
pub(crate) async fn integration_token(installation: &Installation) -> String {
    let (identity, tenant, now) = (
        installation.identity(),
        installation.tenant(),
        Timestamp::now(),
    );
    let user = OsUser::new("tester").expect("a name");
    let new = NewService {
        name: "test import".to_owned(),
        owner: ServiceOwner::OsUser(user.clone()),
        purpose: "a test".to_owned(),
        expires_at: in_hours(2),
    };
    let context = Context::default();
    let prepared = identity
        .add_service(tenant, &new, &console(), now)
        .await
        .expect("allowed");
    let id = installation.change(prepared, &context).await.expect("done");
    let holder = Principal::Service(id);
    let prepared = identity
        .give_right(tenant, holder, &right("integration", 1), &console(), now)
        .await
        .expect("allowed");
    installation.change(prepared, &context).await.expect("done");
    let prepared = identity
        .local_session(tenant, id, &user, now)
        .await
        .expect("allowed");
    let local = installation.change(prepared, &context).await.expect("done");
    local.token.expose().to_owned()
}

/// Invites a person with a role and a linked record; returns the link's token.
pub(crate) async fn invite(
    installation: &Installation,
    login: &str,
    role: &str,
    record: Option<&str>,
) -> String {
    let (identity, tenant, now) = (
        installation.identity(),
        installation.tenant(),
        Timestamp::now(),
    );
    let new = NewPerson {
        name: format!("Person {login}"),
        login: login.to_owned(),
        rights: vec![right(role, 8)],
    };
    let context = Context::default();
    let prepared = identity
        .add_person(tenant, &new, &console(), now)
        .await
        .expect("allowed");
    let invitation = installation.change(prepared, &context).await.expect("done");
    if let Some(record) = record {
        let (record_type, id) = record.split_once('/').expect("a reference");
        let link = RecordLink {
            record_type: record_type.parse().expect("a type"),
            id: id.parse().expect("an id"),
        };
        let actor = Actor::OsUser(OsUser::new("tester").expect("a name"));
        let prepared = identity
            .link(tenant, invitation.person, &link, actor, now)
            .await
            .expect("allowed");
        installation.change(prepared, &context).await.expect("done");
    }
    invitation.token.expose().to_owned()
}
