//! Calls the forge: one call after another, within its limits, with bounded answers.

use std::collections::BTreeMap;
use std::io::Read;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use reqwest::blocking::Response;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, IF_NONE_MATCH, LOCATION};

use super::origin::Api;
use super::pace::Pace;
use super::page::is_kept;
use super::token::Token;
use super::{CollectError, Dialect};

/// How much is waited for and taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How long a limit of the forge is waited for at a time.
    pub(crate) wait: Duration,
    /// How long a connection, or the next bytes of an answer, may take.
    pub(crate) stall: Duration,
    /// How long the body of an answer may take.
    pub(crate) body: SignedDuration,
    /// How many bytes the body of an answer may have.
    pub(crate) body_bytes: u64,
    /// How often a call is made again that failed or met a limit.
    pub(crate) attempts: u32,
    /// How many pages a listing may have.
    pub(crate) pages: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wait: Duration::from_mins(15),
            stall: Duration::from_secs(30),
            body: SignedDuration::from_secs(120),
            body_bytes: 32 << 20,
            attempts: 4,
            pages: 2000,
        }
    }
}

/// Why no more calls are made. What was saved stays, and a later start goes on from it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    #[error(
        "the forge's limit of calls is reached until {until}, which is longer than --max-wait-seconds: start again then, with the same --out"
    )]
    Limited { until: Timestamp },
    #[error("the forge does not accept the token (401): it is wrong, revoked or expired")]
    Token,
    #[error("the forge does not answer: start again later, with the same --out")]
    Unreachable,
    #[error(
        "the forge shows no such repository (status {0}): its name is wrong, or the token may not read it"
    )]
    Absent(u16),
    #[error(
        "the forge does not show the project: its name is wrong, the token may not read it, or it does not answer"
    )]
    Unshown,
    #[error("the repository is called {0} now: name it so")]
    Renamed(String),
    #[error(
        "the forge answers for the repository with a redirect, which is not followed: name the repository as it is called now"
    )]
    Redirected,
    #[error("{folder}: a page could not be saved: {error}")]
    Write {
        folder: std::path::PathBuf,
        error: std::io::Error,
    },
}

/// What the forge answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) at: Timestamp,
    /// The headers that are kept.
    pub(crate) headers: BTreeMap<String, String>,
    /// Where it redirects to.
    pub(crate) location: Option<Url>,
    pub(crate) body: Body,
}

/// What came as its body.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Body {
    /// All of it.
    Whole(String),
    /// The connection ended early or stalled.
    Cut,
    /// More than is taken.
    TooLong,
}

/// The client.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::blocking::Client,
    api: Api,
    dialect: &'static Dialect,
    limits: Limits,
    budget: Budget,
    /// Calls that were made.
    pub(crate) calls: u64,
    lost_in_a_row: u32,
}

/// What the forge last said of its limit of calls.
#[derive(Clone, Copy, Debug, Default)]
struct Budget {
    remaining: Option<u64>,
    reset: Option<Timestamp>,
}

/// What to do after an answer.
enum Then {
    Take,
    Retry,
    Wait(SignedDuration),
}

impl Client {
    pub(crate) fn new(
        api: &Api,
        dialect: &'static Dialect,
        token: Option<&Token>,
        limits: Limits,
    ) -> Result<Self, CollectError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(dialect.accept));
        if let Some(version) = dialect.version {
            headers.insert(version.header, HeaderValue::from_static(version.value));
        }
        if let Some(token) = token {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose()))
                .map_err(|_| CollectError::Client)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let mut builder = reqwest::blocking::Client::builder()
            .user_agent(crate::collect::PROGRAM)
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(limits.stall)
            .timeout(limits.stall);
        builder = if api.is_plain() {
            // No TLS, so nobody's certificate is trusted.
            builder.no_proxy().tls_certs_only([])
        } else {
            builder.https_only(true)
        };
        Ok(Self {
            http: builder.build().map_err(|_| CollectError::Client)?,
            api: api.clone(),
            dialect,
            limits,
            budget: Budget::default(),
            calls: 0,
            lost_in_a_row: 0,
        })
    }

    pub(crate) const fn dialect(&self) -> &'static Dialect {
        self.dialect
    }

    pub(crate) const fn api(&self) -> &Api {
        &self.api
    }

    /// Asks, again where that helps; none when there was no answer at all.
    ///
    /// # Errors
    /// When no more calls are to be made.
    pub(crate) fn ask(
        &mut self,
        path: &str,
        query: &str,
        etag: Option<&str>,
        pace: &mut dyn Pace,
    ) -> Result<Option<Answer>, Stop> {
        let mut last = None;
        for attempt in 0..=self.limits.attempts {
            self.wait_for_budget(pace)?;
            let answer = self.once(path, query, etag, pace);
            match answer
                .as_ref()
                .map_or(Then::Retry, |answer| self.then(answer, attempt))
            {
                Then::Take => {
                    self.lost_in_a_row = 0;
                    return Ok(answer);
                }
                Then::Wait(_) if attempt == self.limits.attempts => {
                    return Err(Stop::Limited { until: pace.now() });
                }
                Then::Wait(duration) => self.wait(duration, pace)?,
                Then::Retry if attempt == self.limits.attempts => {}
                Then::Retry => pace.sleep(Duration::from_secs(1 << attempt.min(5))),
            }
            last = answer.or(last);
        }
        self.lost_in_a_row += 1;
        if self.lost_in_a_row >= 3 {
            return Err(Stop::Unreachable);
        }
        Ok(last)
    }

    fn once(
        &mut self,
        path: &str,
        query: &str,
        etag: Option<&str>,
        pace: &mut dyn Pace,
    ) -> Option<Answer> {
        self.calls += 1;
        let mut request = self.http.get(self.api.url(path, query));
        if let Some(etag) = etag.and_then(|etag| HeaderValue::from_str(etag).ok()) {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let at = pace.now();
        let response = request.send().ok()?;
        let headers = kept(response.headers());
        if limit(&headers, "remaining").is_some() {
            self.budget = Budget {
                remaining: limit(&headers, "remaining").and_then(|left| left.trim().parse().ok()),
                reset: reset(&headers),
            };
        }
        let location = response
            .headers()
            .get(LOCATION)
            .and_then(|value| Url::parse(value.to_str().ok()?).ok());
        let status = response.status().as_u16();
        let body = self.body(response, pace);
        Some(Answer {
            status,
            at,
            headers,
            location,
            body,
        })
    }

    /// Reads the body within its bounds.
    fn body(&self, mut response: Response, pace: &mut dyn Pace) -> Body {
        let limit = self.limits.body_bytes;
        if response
            .content_length()
            .is_some_and(|length| length > limit)
        {
            return Body::TooLong;
        }
        let begun = pace.now();
        let mut bytes = Vec::new();
        let mut chunk = vec![0_u8; 1 << 16];
        loop {
            match response.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => bytes.extend_from_slice(chunk.get(..count).unwrap_or_default()),
                Err(_) => return Body::Cut,
            }
            if bytes.len() as u64 > limit {
                return Body::TooLong;
            }
            if pace.now().duration_since(begun) > self.limits.body {
                return Body::Cut;
            }
        }
        String::from_utf8(bytes).map_or(Body::Cut, Body::Whole)
    }

    fn then(&self, answer: &Answer, attempt: u32) -> Then {
        let whole = match &answer.body {
            Body::Whole(text) => Some(text.as_str()),
            Body::Cut | Body::TooLong => None,
        };
        match answer.status {
            403 | 429 => {
                limit_of(answer, whole.unwrap_or_default(), attempt).map_or(Then::Take, Then::Wait)
            }
            500..=599 => Then::Retry,
            _ if answer.body == Body::Cut => Then::Retry,
            200 if whole.is_some_and(|text| !is_json(text)) => Then::Retry,
            _ => Then::Take,
        }
    }

    /// Waits until the forge takes calls again, when it said that none is left.
    fn wait_for_budget(&mut self, pace: &mut dyn Pace) -> Result<(), Stop> {
        let (Some(0), Some(reset)) = (self.budget.remaining, self.budget.reset) else {
            return Ok(());
        };
        self.budget = Budget::default();
        let left = reset.duration_since(pace.now());
        if left.is_positive() {
            self.wait(left.saturating_add(SignedDuration::from_secs(1)), pace)?;
        }
        Ok(())
    }

    fn wait(&self, duration: SignedDuration, pace: &mut dyn Pace) -> Result<(), Stop> {
        let wait = Duration::try_from(duration).unwrap_or_default();
        if wait > self.limits.wait {
            let until = pace
                .now()
                .saturating_add(duration)
                .unwrap_or(Timestamp::MAX);
            return Err(Stop::Limited { until });
        }
        pace.sleep(wait);
        Ok(())
    }
}

/// How long to wait, when a refusal is a limit of calls and not of rights.
fn limit_of(answer: &Answer, body: &str, attempt: u32) -> Option<SignedDuration> {
    let header = |name: &str| answer.headers.get(name).map(String::as_str);
    let second = SignedDuration::from_secs(1);
    if let Some(after) = header("retry-after") {
        // Seconds; a date is taken for a minute.
        let seconds: i64 = after.trim().parse().unwrap_or(60);
        return Some(SignedDuration::from_secs(seconds.max(0)).saturating_add(second));
    }
    if limit(&answer.headers, "remaining") == Some("0") {
        let left = reset(&answer.headers).map(|reset| reset.duration_since(answer.at));
        return Some(
            left.unwrap_or(SignedDuration::from_mins(1))
                .max(second)
                .saturating_add(second),
        );
    }
    let says = [
        "secondary rate limit",
        "abuse detection",
        "rate limit exceeded",
    ];
    let named = says
        .iter()
        .any(|words| body.to_ascii_lowercase().contains(words));
    (answer.status == 429 || named).then(|| SignedDuration::from_mins(1_i64 << attempt.min(6)))
}

fn reset(headers: &BTreeMap<String, String>) -> Option<Timestamp> {
    let seconds = limit(headers, "reset")?.trim().parse().ok()?;
    Timestamp::from_second(seconds).ok()
}

/// What a forge says of its limit of calls: GitHub calls these headers `x-ratelimit-`, GitLab `ratelimit-`.
fn limit<'h>(headers: &'h BTreeMap<String, String>, what: &str) -> Option<&'h str> {
    let names = ["x-ratelimit-", "ratelimit-"].map(|prefix| format!("{prefix}{what}"));
    let found = names.iter().find_map(|name| headers.get(name));
    found.map(String::as_str)
}

fn kept(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut kept: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers {
        let Ok(value) = value.to_str() else { continue };
        if is_kept(name.as_str()) {
            let all = kept.entry(name.as_str().to_owned()).or_default();
            if !all.is_empty() {
                all.push_str(", ");
            }
            all.push_str(value);
        }
    }
    kept
}

/// Whether a text is JSON.
pub(crate) fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text).is_ok()
}
