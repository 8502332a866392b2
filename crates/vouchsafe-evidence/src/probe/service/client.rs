//! Requests of a probe: HTTPS only, no redirect followed, bounded in time and bytes.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use reqwest::blocking::{Client as Http, RequestBuilder};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Certificate, Method, Url};

use super::{Answer, marks};
use crate::bounded;

/// How long a connection, the head of an answer, or the whole of its body may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// So much of a body is looked at.
const BODY: u64 = 1 << 20;
/// Certificates of authorities are far smaller.
const AUTHORITIES: u64 = 4 << 20;
/// Headers that are stored.
const HEADERS: [&str; 7] = [
    "cache-control",
    "content-type",
    "pragma",
    "server",
    "strict-transport-security",
    "x-content-type-options",
    "x-powered-by",
];
/// Headers of which it is stored that they are there: their values are the answer's own.
const PRESENT: [&str; 3] = ["location", "retry-after", "www-authenticate"];

/// A client of one service.
#[derive(Debug)]
pub(super) struct Client {
    http: Http,
    url: Url,
}

/// A request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    /// Path and query, from the root of the host.
    pub(super) path: &'a str,
    pub(super) bearer: Option<&'a str>,
    /// JSON, or what should be.
    pub(super) body: Option<&'a str>,
}

impl Client {
    /// A client of the service at a URL, whose certificate the system or the given authority signed.
    ///
    /// # Errors
    /// In words, when the URL is none of HTTPS, or the authority cannot be read.
    pub(super) fn new(url: &str, ca: Option<&Path>) -> Result<Self, String> {
        let url: Url = url.parse().map_err(|_| "it is no URL")?;
        let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        if url.scheme() != "https" || url.host_str().is_none() || !bare {
            return Err("the service must be given as https://HOST[:PORT][/BASE]".to_owned());
        }
        let mut builder = Http::builder()
            .user_agent(crate::collect::PROGRAM)
            .https_only(true)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(PATIENCE)
            .timeout(PATIENCE);
        if let Some(path) = ca {
            let unreadable = || format!("{} holds no certificate (PEM)", path.display());
            let pem = bounded::file(path, AUTHORITIES).map_err(|_| unreadable())?;
            let certificates = Certificate::from_pem_bundle(&pem).map_err(|_| unreadable())?;
            if certificates.is_empty() {
                return Err(unreadable());
            }
            // Who gives an authority means a service of their own, and no proxy to it.
            builder = builder.tls_certs_only(certificates).no_proxy();
        }
        let http = builder.build().map_err(|_| "TLS cannot be set up")?;
        Ok(Self { http, url })
    }

    /// The path of the URL, without a slash at its end.
    pub(super) fn base(&self) -> &str {
        self.url.path().trim_end_matches('/')
    }

    /// Whether the URL is of the same origin.
    pub(super) fn is_origin_of(&self, url: &Url) -> bool {
        url.origin() == self.url.origin()
    }

    /// Sends a request, and says what came back.
    pub(super) fn send(&self, request: Request<'_>) -> Answer {
        self.send_and_read(request).0
    }

    /// Sends a request; says what came back, and gives the body to look into. It is not to be kept.
    pub(super) fn send_and_read(&self, request: Request<'_>) -> (Answer, Vec<u8>) {
        let nothing = Answer {
            status: None,
            headers: BTreeMap::new(),
            marks: Vec::new(),
        };
        let Some(builder) = self.builder(request) else {
            return (nothing, Vec::new());
        };
        let Ok(response) = builder.send() else {
            return (nothing, Vec::new());
        };
        let mut headers = BTreeMap::new();
        for (name, value) in response.headers() {
            let name = name.as_str();
            if HEADERS.contains(&name) {
                headers.insert(name.to_owned(), printable(value));
            } else if PRESENT.contains(&name) {
                headers.insert(name.to_owned(), "present".to_owned());
            }
        }
        let status = Some(response.status().as_u16());
        // A body that breaks off, is too long or too slow has the marks that came before.
        let (body, _) = bounded::front(response, BODY, PATIENCE);
        let marks = marks::of(&body, request.bearer);
        let answer = Answer {
            status,
            headers,
            marks,
        };
        (answer, body)
    }

    fn builder(&self, request: Request<'_>) -> Option<RequestBuilder> {
        let url = self.url.join(request.path).ok()?;
        // A path is never another host.
        if !self.is_origin_of(&url) {
            return None;
        }
        let method = Method::from_bytes(request.method.as_bytes()).ok()?;
        let mut builder = self.http.request(method, url);
        if let Some(token) = request.bearer {
            let mut value = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
            value.set_sensitive(true);
            builder = builder.header(AUTHORIZATION, value);
        }
        if let Some(body) = request.body {
            builder = builder
                .header(CONTENT_TYPE, "application/json")
                .body(body.to_owned());
        }
        Some(builder)
    }
}

/// A value of a header, cut, without what is no letter of the trade.
fn printable(value: &HeaderValue) -> String {
    let text = value.to_str().unwrap_or_default();
    let letters = text
        .chars()
        .filter(|letter| letter.is_ascii() && !letter.is_ascii_control());
    letters.take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_is_probed() {
        for url in [
            "http://api.example.org",
            "api.example.org",
            "https://u:p@api.example.org",
            "https://api.example.org/?a=b",
            "",
        ] {
            Client::new(url, None).unwrap_err();
        }
        let client = Client::new("https://api.example.org/fhir/", None).unwrap();
        assert_eq!(client.base(), "/fhir");
    }

    #[test]
    fn an_authority_that_is_none_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        Client::new("https://api.example.org", Some(file.path())).unwrap_err();
    }
}
