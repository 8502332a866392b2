//! S3-compatible storage: objects are read and put, never listed and never removed.
//!
//! The calls are signed by rusty-s3 over aws-lc-rs, as addresses that are valid for some minutes. Such an address is
//! never printed: it holds the signature, and the session token of short-lived credentials.

mod access;
pub(crate) mod answer;
mod credentials;

use std::thread;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{CONTENT_LENGTH, ETAG};
use rusty_s3::{Credentials, S3Action as _};

use access::Access;
pub(crate) use access::{AccessError, Lock, Settings, may_be_called, split};
use answer::{Problem, lock_of};

use crate::bounded::{self, Unread};

/// How long a signed address is valid: clocks may differ by some minutes.
const VALID: Duration = Duration::from_mins(15);
/// No object may have more bytes.
const OBJECT_BYTES: u64 = 512 << 20;
/// How long an answer may take to come whole.
const BODY_TIME: Duration = Duration::from_mins(10);
/// No report of a fault is read any further.
const FAULT_BYTES: u64 = 64 << 10;
/// How often a call is made that had no answer, or one that asks to come again.
const ATTEMPTS: u32 = 4;

/// A part of a bucket: every key begins with the same prefix.
pub(crate) struct Bucket {
    http: Client,
    bucket: rusty_s3::Bucket,
    credentials: Credentials,
    prefix: String,
    lock: Option<Lock>,
    first_wait: Duration,
}

/// An object as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) bytes: Vec<u8>,
    /// Names this version of it.
    pub(crate) etag: String,
    /// Until when the storage says that nobody can remove it.
    pub(crate) locked: Option<Lock>,
}

/// On which condition an object is put.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Condition<'a> {
    /// There is none yet.
    New,
    /// It is still the version of this name.
    Unchanged(&'a str),
    /// None. Only for a file that can have one content and no other.
    Whatever,
}

/// What became of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Put {
    /// It is there, and this names its version.
    Done(String),
    /// The condition did not hold. After a call whose answer was lost, it may be there all the same.
    Refused,
}

/// Why a call was not answered as it should be.
#[derive(Debug, thiserror::Error)]
#[error("{call} of {key}: {problem}")]
pub(crate) struct S3Error {
    pub(crate) call: &'static str,
    pub(crate) key: String,
    #[source]
    pub(crate) problem: Problem,
}

impl Bucket {
    /// The storage that `s3:BUCKET/PREFIX` and `[log.s3]` name, with the credentials of the environment.
    ///
    /// # Errors
    /// When the settings are wrong or there are no credentials. No call is made.
    pub(crate) fn open(
        place: &str,
        settings: &Settings,
        root: &std::path::Path,
    ) -> Result<Self, AccessError> {
        let access = Access::of(place, settings, root, &|name| std::env::var(name).ok())?;
        Ok(Self {
            http: access.client()?,
            bucket: access.bucket,
            credentials: access.credentials,
            prefix: access.prefix,
            lock: access.lock,
            first_wait: Duration::from_secs(1),
        })
    }

    /// Whether every object is to be locked, and how.
    pub(crate) const fn lock(&self) -> Option<&Lock> {
        self.lock.as_ref()
    }

    /// Names the place in one path: for a working folder.
    pub(crate) fn flat_name(&self) -> String {
        format!(
            "s3+{}+{}",
            self.bucket.name(),
            self.prefix.replace('/', "+")
        )
    }

    /// The key of a path of the log.
    pub(crate) fn key(&self, path: &str) -> String {
        if self.prefix.is_empty() {
            path.to_owned()
        } else {
            format!("{}/{path}", self.prefix)
        }
    }

    /// Reads an object; nothing when the storage says that there is none by its own word for that.
    ///
    /// # Errors
    /// Any other answer, and none at all.
    pub(crate) fn get(&self, path: &str) -> Result<Option<Object>, S3Error> {
        let key = self.key(path);
        let fault = |problem| S3Error {
            call: "GetObject",
            key: key.clone(),
            problem,
        };
        let send = || {
            let action = self.bucket.get_object(Some(&self.credentials), &key);
            self.http.get(action.sign(VALID).as_str())
        };
        let object = |response: Response| {
            let etag = header(&response, ETAG.as_str()).ok_or(Problem::NoEtag)?;
            let locked = lock_of(&response);
            let bytes = body(response, OBJECT_BYTES)?;
            Ok(Some(Object {
                bytes,
                etag,
                locked,
            }))
        };
        let answered = self.again(send, |response| match response.status().as_u16() {
            200 => object(response),
            404 => match Problem::of(response) {
                Problem::Refused { code, .. } if code == "NoSuchKey" => Ok(None),
                problem => Err(problem),
            },
            _ => Err(Problem::of(response)),
        });
        answered.map_err(fault)
    }

    /// Puts an object on a condition.
    ///
    /// # Errors
    /// Any answer but that it is there, or that the condition does not hold.
    pub(crate) fn put(
        &self,
        path: &str,
        bytes: &[u8],
        condition: Condition<'_>,
    ) -> Result<Put, S3Error> {
        let key = self.key(path);
        let fault = |problem| S3Error {
            call: "PutObject",
            key: key.clone(),
            problem,
        };
        let headers = self.headers(bytes, condition);
        let send = || {
            let mut action = self.bucket.put_object(Some(&self.credentials), &key);
            for (name, value) in &headers {
                action.headers_mut().insert(*name, value.as_str());
            }
            let request = self.http.put(action.sign(VALID).as_str());
            let request = headers.iter().fold(request, |request, (name, value)| {
                request.header(*name, value)
            });
            // An empty body has no length by itself.
            request
                .header(CONTENT_LENGTH, bytes.len())
                .body(bytes.to_vec())
        };
        let answered = self.again(send, |response| match response.status().as_u16() {
            200 => Ok(Put::Done(
                header(&response, ETAG.as_str()).ok_or(Problem::NoEtag)?,
            )),
            412 => Ok(Put::Refused),
            _ => Err(Problem::of(response)),
        });
        answered.map_err(fault)
    }

    fn headers(&self, bytes: &[u8], condition: Condition<'_>) -> Vec<(&'static str, String)> {
        // The signature covers no body: this header does, which it covers.
        let sum = STANDARD.encode(digest(&SHA256, bytes));
        let mut headers = vec![
            ("x-amz-checksum-sha256", sum),
            ("x-amz-sdk-checksum-algorithm", "SHA256".to_owned()),
        ];
        match condition {
            Condition::New => headers.push(("if-none-match", "*".to_owned())),
            Condition::Unchanged(etag) => headers.push(("if-match", etag.to_owned())),
            Condition::Whatever => {}
        }
        if let Some(lock) = &self.lock {
            headers.push(("x-amz-object-lock-mode", lock.mode.word().to_owned()));
            headers.push((
                "x-amz-object-lock-retain-until-date",
                lock.until.to_string(),
            ));
        }
        headers
    }

    /// Makes a call, and makes it again where that helps.
    fn again<T>(
        &self,
        send: impl Fn() -> RequestBuilder,
        take: impl Fn(Response) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let mut wait = self.first_wait;
        for attempt in 1.. {
            let taken = match send().send() {
                Ok(response) => take(response),
                Err(error) => Err(Problem::of_transport(&error)),
            };
            match taken {
                Err(problem) if problem.may_pass() && attempt < ATTEMPTS => thread::sleep(wait),
                taken => return taken,
            }
            wait *= 2;
        }
        Err(Problem::Unreachable)
    }
}

/// Neither credentials nor addresses.
impl std::fmt::Debug for Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bucket")
            .field("name", &self.bucket.name())
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

fn header(response: &Response, name: &str) -> Option<String> {
    let value = response.headers().get(name)?.to_str().ok()?;
    Some(value.to_owned())
}

/// The whole body, within a limit. A body that ends before its announced length is an error of the client's.
fn body(response: Response, limit: u64) -> Result<Vec<u8>, Problem> {
    let announced = response.content_length();
    let bytes = bounded::read(response, limit, BODY_TIME).map_err(|why| match why {
        Unread::TooLong => Problem::TooLong,
        Unread::Cut => Problem::Cut,
    })?;
    match announced {
        Some(length) if length != bytes.len() as u64 => Err(Problem::Cut),
        _ => Ok(bytes),
    }
}
