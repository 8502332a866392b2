//! A listening service, signed-in people, and a log to read afterwards.

use std::path::PathBuf;
use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use totp_rs::{Builder, Secret};
use vouchsafe::audit::Context;
use vouchsafe::session::Principal;
use vouchsafe_identity::{Actor, Approval, NewService, OsUser, RightSpec, ServiceOwner};
use vouchsafe_installation::settings::Settings;
use vouchsafe_installation::{Installation, Opened, Opening};
use vouchsafe_ledger::Gap;
use vouchsafe_server::serve::{Ports, Running, ServeError};

use super::home::Home;

const PASSWORD: &str = "correct horse battery staple 7";

/// A running service.
pub(crate) struct Plane {
    pub(crate) base: String,
    operations: String,
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

fn in_hours(hours: i64) -> Timestamp {
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
    /// Starts with an enrolled administrator and a token for everything.
    pub(crate) async fn open(home: Home) -> Self {
        let Opened {
            installation,
            invitation,
            ..
        } = Installation::open(opening(&home)).await.expect("opens");
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

    async fn ready(&self) -> bool {
        let url = format!("{}/readyz", self.operations);
        let response = self.client.get(url).send().await.expect("answers");
        response.status() == StatusCode::OK
    }

    /// Enrols with a one-time link; returns the secret of the one-time codes.
    async fn enrol(&self, link: &str) -> String {
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

    /// Stops in order; stored data stay.
    pub(crate) async fn stop(self) -> Home {
        self.stop.cancel();
        self.serving.await.expect("no panic").expect("served");
        self.home.assert_one_place();
        self.home
    }
}

/// The code of an authenticator, `offset` seconds from now.
fn code(secret: &str, offset: i64) -> String {
    let secret = BASE32_NOPAD.decode(secret.as_bytes()).expect("base32");
    let secret = Secret::from(<[u8; 20]>::try_from(secret).expect("160 bits"));
    let totp = Builder::new().with_secret(secret).build();
    let now = Timestamp::now().as_second() + offset;
    let now = u64::try_from(now).expect("after 1970");
    totp.expect("a generator").generate(now).to_string()
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
