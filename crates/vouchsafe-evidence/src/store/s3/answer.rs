//! What the storage answers when it does not do what it was asked to.

use jiff::Timestamp;
use reqwest::blocking::Response;

use super::access::{Lock, Mode};
use super::{FAULT_BYTES, body, header};

/// What is wrong with an answer. Nothing of the body is told but its code.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Problem {
    /// No connection, or none that is trusted.
    #[error("the storage cannot be reached")]
    Unreachable,
    /// The certificate is not trusted, or there is no TLS where it should be.
    #[error("no connection that can be trusted: {0}")]
    Connection(&'static str),
    /// It took too long.
    #[error("the storage does not answer in time")]
    TimedOut,
    /// A status that says no.
    #[error("the storage answers {status} {code}{}", hint(*status, code))]
    Refused {
        /// The status.
        status: u16,
        /// The code of the fault, or what is known in its place.
        code: String,
    },
    /// The bucket is elsewhere.
    #[error("the bucket is in the region {0}: set that in [log.s3] or AWS_REGION")]
    Region(String),
    /// The body ended early.
    #[error("the answer was cut")]
    Cut,
    /// The body is longer than an object may be.
    #[error("the object is longer than it may be")]
    TooLong,
    /// No ETag, without which no later write can name this version.
    #[error("the answer has no ETag")]
    NoEtag,
}

impl Problem {
    /// Reads a refusal.
    pub(super) fn of(response: Response) -> Self {
        let status = response.status().as_u16();
        if (300..400).contains(&status)
            && let Some(region) =
                header(&response, "x-amz-bucket-region").filter(|name| is_word(name))
        {
            return Self::Region(region);
        }
        let code = body(response, FAULT_BYTES)
            .ok()
            .and_then(|body| code_of(&body));
        Self::Refused {
            status,
            code: code.unwrap_or_else(|| "without a code".to_owned()),
        }
    }

    /// What the client says of a call without an answer; its own text would hold the address.
    pub(super) fn of_transport(error: &reqwest::Error) -> Self {
        let mut source = std::error::Error::source(error);
        while let Some(inner) = source {
            if inner.to_string().contains("certificate") {
                return Self::Connection(
                    "the certificate of the storage is not one that is trusted here",
                );
            }
            source = inner.source();
        }
        if error.is_timeout() {
            Self::TimedOut
        } else {
            Self::Unreachable
        }
    }

    /// Whether the same call may be answered in a moment.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable | Self::TimedOut | Self::Cut => true,
            Self::Refused { status, code } => {
                matches!(status, 429 | 500..=599)
                    || *status == 409 && code == "ConditionalRequestConflict"
            }
            Self::Connection(_) | Self::Region(_) | Self::TooLong | Self::NoEtag => false,
        }
    }

    /// The nearest kind of fault of a file.
    pub(crate) const fn kind(&self) -> std::io::ErrorKind {
        use std::io::ErrorKind;
        match self {
            Self::Unreachable | Self::Connection(_) | Self::Region(_) => ErrorKind::NotConnected,
            Self::TimedOut => ErrorKind::TimedOut,
            Self::Refused {
                status: 401 | 403, ..
            } => ErrorKind::PermissionDenied,
            Self::Refused { .. } | Self::NoEtag => ErrorKind::Other,
            Self::Cut => ErrorKind::UnexpectedEof,
            Self::TooLong => ErrorKind::FileTooLarge,
        }
    }
}

/// What to do about a code that people meet.
fn hint(status: u16, code: &str) -> &'static str {
    match (status, code) {
        (403, "AccessDenied") => {
            ": the credentials need s3:GetObject and s3:PutObject on the prefix, and s3:ListBucket on the bucket (without it, an object that is not there is denied, too)"
        }
        (403, "RequestTimeTooSkewed") => ": set the clock of this machine",
        (403, "SignatureDoesNotMatch" | "InvalidAccessKeyId") => {
            ": the credentials or the region are wrong"
        }
        (400, "ExpiredToken" | "InvalidToken") => ": the credentials have expired",
        (400, "InvalidRequest") => ": does the bucket have Object Lock, as retain_days asks for?",
        (404, "NoSuchBucket") => ": there is no such bucket",
        (404, _) => ": this is no answer of S3; check the endpoint",
        (409, _) => ": others write there at the same time; run again",
        _ => "",
    }
}

/// The code of a fault: the first `<Code>` of its XML.
pub(crate) fn code_of(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    is_word(code).then(|| code.to_owned())
}

fn is_word(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !text.is_empty() && text.len() <= 64 && text.bytes().all(plain)
}

/// How long an object cannot be removed, as the storage says.
pub(super) fn lock_of(response: &Response) -> Option<Lock> {
    let mode = Mode::of(&header(response, "x-amz-object-lock-mode")?)?;
    let until = header(response, "x-amz-object-lock-retain-until-date")?;
    let until: Timestamp = until.parse().ok()?;
    Some(Lock { mode, until })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_short_word_and_nothing_else_of_an_answer_is_told() {
        let body = b"<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Key>secret</Key></Error>";
        assert_eq!(code_of(body).as_deref(), Some("NoSuchKey"));
        for wrong in [
            &b"<html>not found</html>"[..],
            b"<Code></Code>",
            b"<Code>a secret</Code>",
            b"<Code>NoSuchKey",
            b"\xff<Code>NoSuchKey</Code>",
        ] {
            assert_eq!(code_of(wrong), None);
        }
        let long = format!("<Code>{}</Code>", "x".repeat(65));
        assert_eq!(code_of(long.as_bytes()), None);
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let refused = |status, code: &str| Problem::Refused {
            status,
            code: code.to_owned(),
        };
        for problem in [
            refused(500, "InternalError"),
            refused(503, "SlowDown"),
            refused(429, "x"),
            refused(409, "ConditionalRequestConflict"),
            Problem::Cut,
            Problem::Unreachable,
        ] {
            assert!(problem.may_pass(), "{problem}");
        }
        for problem in [
            refused(403, "AccessDenied"),
            refused(404, "NoSuchBucket"),
            refused(409, "BucketAlreadyExists"),
            Problem::Connection("x"),
            Problem::NoEtag,
        ] {
            assert!(!problem.may_pass(), "{problem}");
        }
    }
}
