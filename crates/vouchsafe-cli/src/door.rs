//! The two ways to sign-in and enrolment: over HTTPS to the running service, or directly on the installation of this
//! host if none runs.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use reqwest::{Certificate, Client, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use vouchsafe_identity::{Credentials, EnrolmentToken, Password};
use vouchsafe_installation::{Installation, Origin, enrol, now, sign_in};
use zeroize::Zeroizing;

use crate::installation::DataFolder;
use crate::told;

/// One of the two ways.
pub(crate) enum Door {
    /// To a running service.
    Remote(Remote),
    /// On the installation itself.
    Local(Box<Installation>),
}

/// A running service, and the client that trusts it.
pub(crate) struct Remote {
    base: String,
    client: Client,
}

/// The content of the page behind an enrolment link.
#[derive(Deserialize)]
pub(crate) struct Enrolment {
    pub(crate) name: String,
    pub(crate) login: String,
    #[serde(deserialize_with = "secret")]
    pub(crate) secret: Zeroizing<String>,
    #[serde(deserialize_with = "secret")]
    pub(crate) uri: Zeroizing<String>,
}

/// A new session's token.
#[derive(Deserialize)]
pub(crate) struct SignedIn {
    #[serde(deserialize_with = "secret")]
    pub(crate) access_token: Zeroizing<String>,
    /// Lifetime in seconds.
    pub(crate) expires_in: i64,
}

fn secret<'de, D: serde::Deserializer<'de>>(text: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(text).map(Zeroizing::new)
}

impl Door {
    /// The way to the installation in a folder, or to the service at a URL.
    pub(crate) async fn find(
        data: &DataFolder,
        url: Option<&str>,
        ca: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let settings = data.settings()?;
        let own_ca = data.certificate(&settings);
        let ca = ca.or_else(|| own_ca.is_file().then_some(own_ca.as_path()));
        let base = url.map_or_else(|| settings.base_url(), str::to_owned);
        let remote = Remote::new(&base, ca)?;
        match remote.answers().await {
            Ok(()) => Ok(Self::Remote(remote)),
            // A given URL means that service, unless it is this installation's own.
            Err(error) if data.is_there() && base == settings.base_url() && is_absent(&error) => {
                Ok(Self::Local(Box::new(data.open().await?)))
            }
            Err(error) => Err(unreachable_service(&base, &error)),
        }
    }

    /// The content of the page behind an enrolment link.
    pub(crate) async fn enrolment(&self, token: &str) -> anyhow::Result<Enrolment> {
        match self {
            Self::Remote(remote) => {
                remote
                    .post("/auth/enrolment", &json!({"token": token}))
                    .await
            }
            Self::Local(installation) => {
                let token = EnrolmentToken::from_link(token);
                let shown = enrol::enrolment(installation, &token).await;
                let shown = shown.map_err(|error| told(&error))?;
                Ok(Enrolment {
                    name: shown.name,
                    login: shown.login,
                    secret: shown.secret,
                    uri: shown.uri,
                })
            }
        }
    }

    /// Uses an enrolment link.
    pub(crate) async fn enrol(
        &self,
        token: &str,
        password: &str,
        code: &str,
    ) -> anyhow::Result<()> {
        match self {
            Self::Remote(remote) => {
                let body = json!({"token": token, "password": password, "code": code});
                remote.send("/auth/enrol", &body).await.map(drop)
            }
            Self::Local(installation) => enrol(installation, token, password, code).await,
        }
    }

    /// Signs a person in.
    pub(crate) async fn sign_in(
        &self,
        login: &str,
        password: &str,
        code: &str,
    ) -> anyhow::Result<SignedIn> {
        match self {
            Self::Remote(remote) => {
                let body = json!({"login": login, "password": password, "code": code});
                remote.post("/auth/sign-in", &body).await
            }
            Self::Local(installation) => sign_in(installation, login, password, code).await,
        }
    }

    /// Closes the installation or the client.
    pub(crate) async fn close(self) {
        if let Self::Local(installation) = self {
            installation.close().await;
        }
    }
}

/// Uses an enrolment link, on the installation itself.
pub(crate) async fn enrol(
    installation: &Installation,
    token: &str,
    password: &str,
    code: &str,
) -> anyhow::Result<()> {
    let (token, password) = (EnrolmentToken::from_link(token), Password::new(password));
    let factors = (&password, code);
    let enrolled = enrol::enrol(installation, &token, factors, &Origin::terminal()).await;
    enrolled.map(drop).map_err(|error| told(&error))
}

/// Signs a person in, on the installation itself.
pub(crate) async fn sign_in(
    installation: &Installation,
    login: &str,
    password: &str,
    code: &str,
) -> anyhow::Result<SignedIn> {
    let credentials = Credentials::new(login, Password::new(password), code);
    let done = sign_in::sign_in(installation, &credentials, &Origin::terminal())
        .await
        .map_err(|error| told(&error))?;
    Ok(SignedIn {
        access_token: Zeroizing::new(done.token.expose().to_owned()),
        expires_in: done.expires_at.duration_since(now()).as_secs(),
    })
}

impl Remote {
    /// The service at this URL, verified with only this certificate (PEM), or with the system's certificates.
    pub(crate) fn new(base: &str, ca: Option<&Path>) -> anyhow::Result<Self> {
        if !base.starts_with("https://") {
            anyhow::bail!("the service's URL must begin with https://");
        }
        Ok(Self {
            base: base.trim_end_matches('/').to_owned(),
            client: client(ca, Duration::from_secs(30))?,
        })
    }

    /// Whether a trusted service answers.
    async fn answers(&self) -> Result<(), reqwest::Error> {
        let url = format!("{}/.well-known/jwks.json", self.base);
        self.client
            .get(url)
            .send()
            .await?
            .error_for_status()
            .map(drop)
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &serde_json::Value,
    ) -> anyhow::Result<T> {
        let response = self.send(path, body).await?;
        let body = Zeroizing::new(response.bytes().await.map_err(|_| lost())?.to_vec());
        serde_json::from_slice(&body)
            .map_err(|_| anyhow::anyhow!("the answer of the service has an unknown format"))
    }

    async fn send(
        &self,
        path: &str,
        body: &serde_json::Value,
    ) -> anyhow::Result<reqwest::Response> {
        let request = self.client.post(format!("{}{path}", self.base)).json(body);
        let response = request
            .send()
            .await
            .map_err(|error| unreachable_service(&self.base, &error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        Err(refused(status, &response.bytes().await.unwrap_or_default()))
    }
}

/// An HTTPS client that trusts only this certificate (PEM), or the system's certificates.
pub(crate) fn client(ca: Option<&Path>, timeout: Duration) -> anyhow::Result<Client> {
    let mut builder = Client::builder()
        .https_only(true)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(timeout);
    if let Some(ca) = ca {
        let pem = std::fs::read(ca).with_context(|| format!("cannot read {}", ca.display()))?;
        let certificates = Certificate::from_pem_bundle(&pem)
            .map_err(|_| anyhow::anyhow!("{} is not a PEM certificate", ca.display()))?;
        // A service with a given certificate is on this host or near it: no proxy is used.
        builder = builder.tls_certs_only(certificates).no_proxy();
    }
    builder.build().context("cannot set up TLS")
}

/// No process listens, or another service does: another installation, with another certificate.
fn is_absent(error: &reqwest::Error) -> bool {
    error.is_connect()
}

fn unreachable_service(base: &str, error: &reqwest::Error) -> anyhow::Error {
    let why = match error {
        error if error.is_timeout() => "it does not answer in time",
        error if error.is_connect() => {
            "no service answers there, or its certificate is not trusted here (--ca FILE)"
        }
        _ => "its answer has an unknown format",
    };
    anyhow::anyhow!("cannot reach the service at {base}: {why}")
}

fn lost() -> anyhow::Error {
    anyhow::anyhow!("the connection was lost before the answer was read")
}

/// A refusal in the service's own fixed words (RFC 9457).
fn refused(status: StatusCode, body: &[u8]) -> anyhow::Error {
    #[derive(Deserialize)]
    struct Problem {
        title: String,
    }
    match serde_json::from_slice::<Problem>(body) {
        Ok(problem) => anyhow::anyhow!("{}", problem.title),
        Err(_) => anyhow::anyhow!("the service answered {status}"),
    }
}
