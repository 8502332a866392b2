//! A server that is driven: its connections, and the patients known to be on it.

use std::{
    fmt,
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use reqwest::{
    Certificate, Client, Method, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION},
    redirect,
};
use serde::Serialize;

use super::{
    answer::{Answer, Wrong},
    patient,
};

/// Which of the two servers.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    /// The one that is measured.
    Base,
    /// The one that it is compared with.
    Beside,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Base => "base",
            Self::Beside => "beside",
        })
    }
}

/// Whose certificates are trusted.
#[derive(Debug)]
pub(super) enum Trust {
    /// These, and no others.
    Only(Vec<Certificate>),
    /// Any: the servers are on this machine.
    Any,
}

impl Trust {
    /// Trust in the certificates of these files, or in any.
    pub(super) fn new(files: &[PathBuf], insecure: bool) -> anyhow::Result<Self> {
        if insecure {
            return Ok(Self::Any);
        }
        let mut certificates = Vec::new();
        for file in files {
            let pem = std::fs::read(file).with_context(|| file.display().to_string())?;
            let bundle = Certificate::from_pem_bundle(&pem);
            certificates.extend(bundle.with_context(|| file.display().to_string())?);
        }
        Ok(Self::Only(certificates))
    }
}

#[derive(Clone, Debug)]
struct Known {
    id: String,
    number: u64,
}

/// A server that is driven.
#[derive(Debug)]
pub(super) struct Target {
    /// Which of the two it is.
    pub(super) role: Role,
    patients: Url,
    clients: Vec<Client>,
    seed: u64,
    next_number: AtomicU64,
    known: Mutex<Vec<Known>>,
}

impl Target {
    /// Prepares `count` clients for the server at `base`.
    pub(super) fn new(
        role: Role,
        base: &Url,
        token: Option<&str>,
        trust: &Trust,
        count: u32,
    ) -> anyhow::Result<Self> {
        let base = base.as_str().trim_end_matches('/');
        let patients = Url::parse(&format!("{base}/fhir/R4/Patient")).context("address")?;
        let clients = (0..count)
            .map(|_| client(token, trust))
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            role,
            patients,
            clients,
            // Every session of the driver has patients of its own, so a server can be driven again.
            seed: uuid::Uuid::new_v4().as_u64_pair().0,
            next_number: AtomicU64::new(0),
            known: Mutex::default(),
        })
    }

    /// Its clients, each with a connection of its own.
    pub(super) fn clients(&self) -> &[Client] {
        &self.clients
    }

    /// Creates the next patient.
    pub(super) async fn create(&self, client: &Client) -> Result<(), Wrong> {
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        let sent = patient::patient(self.seed, number);
        let body = sent.to_string();
        let answer = self
            .send(client, Method::POST, "", Some((FHIR, body)))
            .await?;
        let id = answer.created(&sent)?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.push(Known { id, number });
        Ok(())
    }

    /// Reads a known patient.
    pub(super) async fn read(&self, client: &Client, pick: u64) -> Result<(), Wrong> {
        let Known { id, number } = self.pick(pick).ok_or(Wrong::NoId)?;
        let answer = self
            .send(client, Method::GET, &format!("/{id}"), None)
            .await?;
        answer.read(&id, &patient::patient(self.seed, number))
    }

    /// Searches a known patient by identifier.
    pub(super) async fn search(&self, client: &Client, pick: u64) -> Result<(), Wrong> {
        let Known { id, number } = self.pick(pick).ok_or(Wrong::NoId)?;
        let value = patient::identifier(self.seed, number);
        // Both parts consist of unreserved characters and colons; only `|` needs escaping as form data.
        let body = format!(
            "identifier={}%7C{value}",
            patient::SYSTEM.replace(':', "%3A")
        );
        let answer = self
            .send(client, Method::POST, "/_search", Some((FORM, body)))
            .await?;
        answer.found(&id, &patient::patient(self.seed, number))
    }

    fn pick(&self, pick: u64) -> Option<Known> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let at = usize::try_from(pick).ok()?.checked_rem(known.len())?;
        known.get(at).cloned()
    }

    async fn send(
        &self,
        client: &Client,
        method: Method,
        path: &str,
        body: Option<(&'static str, String)>,
    ) -> Result<Answer, Wrong> {
        let mut request = client.request(method, format!("{}{path}", self.patients));
        if let Some((content_type, body)) = body {
            request = request.header(CONTENT_TYPE, content_type).body(body);
        }
        let response = request.send().await.map_err(no_answer)?;
        let location = response.headers().get(LOCATION);
        Ok(Answer {
            status: response.status().as_u16(),
            location: location.and_then(|value| Some(value.to_str().ok()?.to_owned())),
            body: response.bytes().await.map_err(no_answer)?.into(),
        })
    }
}

/// The innermost cause, which says what the outer ones wrap.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that map_err takes"
)]
fn no_answer(error: reqwest::Error) -> Wrong {
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    Wrong::NoAnswer(cause.to_string())
}

const FHIR: &str = "application/fhir+json";
const FORM: &str = "application/x-www-form-urlencoded";

fn client(token: Option<&str>, trust: &Trust) -> anyhow::Result<Client> {
    let mut headers = HeaderMap::new();
    if let Some(token) = token {
        let mut value = HeaderValue::try_from(format!("Bearer {token}"))
            .ok()
            .context("the token file holds no token")?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    let builder = Client::builder()
        .http1_only()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .pool_max_idle_per_host(1)
        .timeout(Duration::from_secs(30))
        .default_headers(headers);
    let builder = match trust {
        Trust::Only(certificates) if certificates.is_empty() => builder,
        Trust::Only(certificates) => builder.tls_certs_only(certificates.iter().cloned()),
        Trust::Any => builder.tls_danger_accept_invalid_certs(true),
    };
    builder.build().context("HTTP client")
}
