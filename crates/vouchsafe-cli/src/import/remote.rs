//! Importing into a service over HTTPS.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::{Client, StatusCode};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::ids::Ids;
use super::target::{Ending, Failed, Why};
use crate::door::client;
use crate::token_file;

/// Large bundles take long.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A remote service, and the token for it.
pub(super) struct Remote {
    url: String,
    client: Client,
    token_file: PathBuf,
    token: RwLock<Arc<Zeroizing<String>>>,
    ids: Ids,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    response: Option<Response>,
}

#[derive(Deserialize)]
struct Response {
    status: String,
    outcome: Option<Outcome>,
}

/// An OperationOutcome. Ours holds fixed words and paths. Another server's may hold anything, so its words are left out
/// if they are long.
#[derive(Deserialize)]
struct Outcome {
    #[serde(default)]
    issue: Vec<Issue>,
}

#[derive(Deserialize)]
struct Issue {
    diagnostics: Option<String>,
    #[serde(default)]
    expression: Vec<String>,
}

impl Remote {
    pub(super) fn new(base: &str, token_file: PathBuf, ca: Option<&Path>) -> anyhow::Result<Self> {
        if !base.starts_with("https://") {
            anyhow::bail!("the service's URL must begin with https://");
        }
        // The URL appears in errors and in lists of processes, so it must not contain a secret.
        if base.contains(['@', '?', '#']) {
            anyhow::bail!(
                "the service's URL may have no user, password or parameter: give a token by --token-file"
            );
        }
        let base = base.trim_end_matches('/');
        let base = base.strip_suffix("/fhir/R4").unwrap_or(base);
        let token = token_file::read(&token_file)?;
        Ok(Self {
            url: format!("{base}/fhir/R4"),
            client: client(ca, TIMEOUT)?,
            token_file,
            token: RwLock::new(Arc::new(token)),
            ids: Ids::default(),
        })
    }

    /// No keys: the service makes the ids.
    pub(super) const fn ids(&self) -> &Ids {
        &self.ids
    }

    pub(super) async fn write(
        &self,
        text: &Zeroizing<Vec<u8>>,
        key: &str,
    ) -> Result<Vec<Ending>, Failed> {
        let token = self.token();
        let request = self
            .client
            .post(&self.url)
            .bearer_auth(&**token)
            .header("content-type", "application/fhir+json")
            .header("idempotency-key", key)
            .header("prefer", "return=minimal")
            .body(text.to_vec());
        let response = request.send().await.map_err(|error| self.lost(&error))?;
        let status = response.status();
        let body = response.bytes().await.map_err(|error| self.lost(&error))?;
        match status {
            StatusCode::OK => {
                let answer: Answer = serde_json::from_slice(&body).map_err(|_| self.unknown())?;
                Ok(answer.entry.into_iter().map(ending).collect())
            }
            StatusCode::UNAUTHORIZED => Err(self.signed_out(&token)),
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => {
                Err(Failed::Transient(format!("the service answers {status}")))
            }
            status if status.is_client_error() => Err(Failed::Refused(refusal(status, &body))),
            status => Err(Failed::Stop(anyhow::anyhow!(
                "the service answers {status}"
            ))),
        }
    }

    fn token(&self) -> Arc<Zeroizing<String>> {
        Arc::clone(&self.token.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The token has expired. If the file holds a new one, the import continues with it.
    fn signed_out(&self, refused: &Zeroizing<String>) -> Failed {
        match token_file::read(&self.token_file) {
            Ok(token) if *token != **refused => {
                *self.token.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(token);
                Failed::Transient("the access token has ended".to_owned())
            }
            _ => Failed::Stop(anyhow::anyhow!(
                "the access token is invalid or has expired; write a new one to {} and run the \
                 command again to continue",
                self.token_file.display()
            )),
        }
    }

    fn lost(&self, error: &reqwest::Error) -> Failed {
        let why = match error {
            error if error.is_timeout() => "it does not answer in time",
            error if error.is_connect() => {
                "no service answers there, or its certificate is not trusted here (--ca FILE)"
            }
            _ => "the connection was lost",
        };
        Failed::Transient(format!("{}: {why}", self.url))
    }

    fn unknown(&self) -> Failed {
        Failed::Stop(anyhow::anyhow!(
            "{} does not answer as FHIR R4 does",
            self.url
        ))
    }
}

fn ending(entry: Entry) -> Ending {
    let Some(response) = entry.response else {
        return Ending::Failed(Why::new(
            None,
            None,
            "the service's answer says nothing of it",
        ));
    };
    match response.status.split(' ').next() {
        Some("201") => Ending::Created,
        Some("200" | "204") => Ending::Matched,
        _ => Ending::Failed(told(None, response.outcome)),
    }
}

/// The reason why a whole bundle was refused.
fn refusal(status: StatusCode, body: &[u8]) -> Why {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        let words = "the bundle is too large for the service: split it, or raise body_limit_bytes";
        return Why::new(None, None, words);
    }
    let outcome: Option<Outcome> = serde_json::from_slice(body).ok();
    let entry = outcome.as_ref().and_then(|outcome| {
        let path = outcome.issue.first()?.expression.first()?;
        let (number, _) = path.strip_prefix("Bundle.entry[")?.split_once(']')?;
        number.parse().ok()
    });
    told(entry, outcome)
}

fn told(entry: Option<usize>, outcome: Option<Outcome>) -> Why {
    const LONGEST: usize = 200;
    let issue = outcome.and_then(|outcome| outcome.issue.into_iter().next());
    let (words, path) = issue.map_or((None, None), |issue| {
        (issue.diagnostics, issue.expression.into_iter().next())
    });
    let words = words.filter(|words| words.len() <= LONGEST);
    Why::new(
        entry,
        path.as_deref(),
        words.as_deref().unwrap_or("the service refuses it"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_entry_and_the_element() {
        let body = br#"{"resourceType":"OperationOutcome","issue":[{"severity":"error",
            "code":"value","diagnostics":"not a date",
            "expression":["Bundle.entry[12].resource.birthDate"]}]}"#;
        let why = refusal(StatusCode::UNPROCESSABLE_ENTITY, body);
        assert_eq!(
            why,
            Why {
                entry: Some(12),
                path: Some("birthDate".to_owned()),
                words: "not a date".to_owned(),
            }
        );
        let why = refusal(StatusCode::BAD_REQUEST, b"<html>");
        assert_eq!(
            (why.entry, why.words.as_str()),
            (None, "the service refuses it")
        );
    }

    #[test]
    fn an_answer_is_counted_by_its_statuses() {
        let answer: Answer = serde_json::from_slice(
            br#"{"resourceType":"Bundle","type":"batch-response","entry":[
                {"response":{"status":"201 Created"}},{"response":{"status":"200"}},
                {"response":{"status":"422 Unprocessable Entity"}},{}]}"#,
        )
        .unwrap();
        let kinds: Vec<char> = answer
            .entry
            .into_iter()
            .map(|entry| match ending(entry) {
                Ending::Created => 'c',
                Ending::Matched => 'm',
                Ending::Failed(_) => 'f',
            })
            .collect();
        assert_eq!(kinds, ['c', 'm', 'f', 'f']);
    }

    #[test]
    fn a_token_is_never_sent_in_the_clear() {
        let folder = tempfile::tempdir().unwrap();
        let token = folder.path().join("t");
        std::fs::write(&token, "abc").unwrap();
        assert!(Remote::new("http://localhost:8443", token.clone(), None).is_err());
        let remote = Remote::new("https://localhost:8443/fhir/R4/", token, None).unwrap();
        assert_eq!(remote.url, "https://localhost:8443/fhir/R4");
    }
}
