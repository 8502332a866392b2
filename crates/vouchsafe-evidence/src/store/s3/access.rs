//! Where the storage is, and with which credentials: `[log.s3]`, and the variables and files of the AWS SDKs.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::blocking::Client;
use reqwest::{Certificate, Url};
use rusty_s3::{Credentials, UrlStyle};
use serde::Deserialize;

use super::credentials::credentials;

/// `[log.s3]` of `evidence.toml`. What is not set comes from the environment.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// The address of the storage, without the bucket.
    pub(crate) endpoint: Option<String>,
    /// The region that calls are signed for.
    pub(crate) region: Option<String>,
    /// How the bucket is named in addresses.
    pub(crate) addressing: Option<Addressing>,
    /// A file with certificates (PEM) that are trusted in the place of the system's.
    pub(crate) ca: Option<PathBuf>,
    /// Days for which the storage keeps every object locked.
    pub(crate) retain_days: Option<u32>,
    /// How it is locked.
    pub(crate) retain_mode: Option<Mode>,
}

/// Whether the bucket stands in the path or in the name of the host.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Addressing {
    /// `https://HOST/BUCKET/KEY`.
    Path,
    /// `https://BUCKET.HOST/KEY`.
    VirtualHost,
}

/// How an object is locked.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mode {
    /// Nobody can remove it, the account's owner neither.
    Compliance,
    /// Who has a permission of its own can.
    Governance,
}

impl Mode {
    /// As S3 writes it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Compliance => "COMPLIANCE",
            Self::Governance => "GOVERNANCE",
        }
    }

    pub(super) fn of(word: &str) -> Option<Self> {
        [Self::Compliance, Self::Governance]
            .into_iter()
            .find(|mode| mode.word() == word)
    }
}

/// A lock on an object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Lock {
    pub(crate) mode: Mode,
    pub(crate) until: Timestamp,
}

/// Why no call can be made. No secret is named.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccessError {
    #[error(
        "log.store: write s3:BUCKET/PREFIX; names and prefixes of letters, digits, -, _, . and /, without . or .. as a part"
    )]
    Place,
    #[error("[log.s3] has no region, and neither AWS_REGION nor AWS_DEFAULT_REGION is set")]
    Region,
    #[error(
        "the endpoint of [log.s3] (or AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL) is no https:// address without user and query; http:// is for a loopback address only"
    )]
    Endpoint,
    #[error("[log.s3] retain_mode needs retain_days: set both, or neither")]
    Retention,
    #[error(
        "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or name a profile of {0} with a key; roles, single sign-on and instance metadata come in by `aws configure export-credentials --format env`"
    )]
    NoCredentials(PathBuf),
    #[error("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: one is set without the other")]
    HalfCredentials,
    #[error("{0} can be read by others than its owner: chmod 600 it")]
    Open(PathBuf),
    #[error("{path}: {error}")]
    File {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("{0} holds no certificate (PEM)")]
    Certificates(PathBuf),
    #[error("the client for the storage could not be made")]
    Client,
}

/// All that a call needs.
pub(super) struct Access {
    pub(super) bucket: rusty_s3::Bucket,
    pub(super) prefix: String,
    pub(super) credentials: Credentials,
    pub(super) lock: Option<Lock>,
    certificates: Option<Vec<Certificate>>,
    plain: bool,
}

/// A variable of the environment.
pub(super) type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Access {
    pub(super) fn of(
        place: &str,
        settings: &Settings,
        root: &Path,
        variable: Variable<'_>,
    ) -> Result<Self, AccessError> {
        let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let (bucket, prefix) = split(place).ok_or(AccessError::Place)?;
        let region = settings.region.clone();
        let region = region
            .or_else(|| set("AWS_REGION"))
            .or_else(|| set("AWS_DEFAULT_REGION"))
            .filter(|region| {
                region
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            })
            .ok_or(AccessError::Region)?;
        let named = settings.endpoint.clone();
        let named = named
            .or_else(|| set("AWS_ENDPOINT_URL_S3"))
            .or_else(|| set("AWS_ENDPOINT_URL"));
        let style = settings
            .addressing
            .unwrap_or(if named.is_some() || bucket.contains('.') {
                Addressing::Path
            } else {
                Addressing::VirtualHost
            });
        let endpoint = named.unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com"));
        let endpoint = endpoint_of(&endpoint).ok_or(AccessError::Endpoint)?;
        let plain = endpoint.scheme() == "http";
        let style = match style {
            Addressing::Path => UrlStyle::Path,
            Addressing::VirtualHost => UrlStyle::VirtualHost,
        };
        let ca = settings.ca.as_ref().map(|path| root.join(path));
        let ca = ca.or_else(|| set("AWS_CA_BUNDLE").map(PathBuf::from));
        Ok(Self {
            bucket: rusty_s3::Bucket::new(endpoint, style, bucket.to_owned(), region)
                .map_err(|_| AccessError::Endpoint)?,
            prefix: prefix.to_owned(),
            credentials: credentials(&set)?,
            lock: lock(settings)?,
            certificates: ca.as_deref().map(certificates).transpose()?,
            plain,
        })
    }

    /// The client: TLS to a trusted name, no redirects, which would take a signed address elsewhere.
    pub(super) fn client(&self) -> Result<Client, AccessError> {
        let mut builder = Client::builder()
            .user_agent(crate::collect::PROGRAM)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(Duration::from_secs(20))
            .timeout(Duration::from_mins(5));
        builder = match &self.certificates {
            // No TLS, so nobody's certificate is trusted, and no proxy sees it.
            _ if self.plain => builder.no_proxy().tls_certs_only([]),
            Some(certificates) => builder
                .https_only(true)
                .tls_certs_only(certificates.clone()),
            None => builder.https_only(true),
        };
        builder.build().map_err(|_| AccessError::Client)
    }
}

/// `BUCKET/PREFIX`. A part that is `.` or `..` would be another key in an address.
pub(crate) fn split(place: &str) -> Option<(&str, &str)> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_/.".contains(&byte);
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    let prefix = prefix.trim_end_matches('/');
    let mut parts = prefix.split('/');
    let whole = prefix.is_empty() || parts.all(|part| !matches!(part, "" | "." | ".."));
    let named =
        (3..=63).contains(&bucket.len()) && !bucket.starts_with('.') && !bucket.contains("..");
    (place.bytes().all(plain) && whole && named).then_some((bucket, prefix))
}

/// An address that credentials may sign calls for.
fn endpoint_of(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(may_be_called)
}

/// Whether an address has TLS, or is on this machine, and has neither user nor query.
pub(crate) fn may_be_called(url: &Url) -> bool {
    let host = url.host_str().map(|host| host.trim_matches(['[', ']']));
    let loopback = host
        .and_then(|host| host.parse::<std::net::IpAddr>().ok())
        .is_some_and(|address| address.is_loopback());
    let named = !url.username().is_empty() || url.password().is_some();
    let whole = host.is_some() && !named && url.query().is_none() && url.fragment().is_none();
    whole && (url.scheme() == "https" || url.scheme() == "http" && loopback)
}

fn lock(settings: &Settings) -> Result<Option<Lock>, AccessError> {
    let Some(days) = settings.retain_days.filter(|days| *days > 0) else {
        return match settings.retain_mode {
            Some(_) => Err(AccessError::Retention),
            None => Ok(None),
        };
    };
    let until = Timestamp::now()
        .checked_add(SignedDuration::from_hours(24 * i64::from(days)))
        .map_err(|_| AccessError::Retention)?;
    // To the second, as S3 keeps it.
    let until = Timestamp::from_second(until.as_second()).map_err(|_| AccessError::Retention)?;
    Ok(Some(Lock {
        mode: settings.retain_mode.unwrap_or(Mode::Compliance),
        until,
    }))
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, AccessError> {
    let text = fs::read(path).map_err(|error| AccessError::File {
        path: path.to_path_buf(),
        error,
    })?;
    Certificate::from_pem_bundle(&text)
        .ok()
        .filter(|found| !found.is_empty())
        .ok_or_else(|| AccessError::Certificates(path.to_path_buf()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn open(
        place: &str,
        settings: &Settings,
        variables: &[(&str, &str)],
    ) -> Result<Access, AccessError> {
        let variables: BTreeMap<_, _> = variables.iter().copied().collect();
        let variable = |name: &str| variables.get(name).map(|value| (*value).to_owned());
        Access::of(place, settings, Path::new("/nowhere"), &variable)
    }

    const KEYS: [(&str, &str); 3] = [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "canary-secret"),
        ("AWS_REGION", "eu-central-1"),
    ];

    #[test]
    fn the_bucket_is_in_the_host_at_aws_and_in_the_path_elsewhere() {
        let aws = open("evidence/app", &Settings::default(), &KEYS)
            .ok()
            .unwrap();
        assert_eq!(
            aws.bucket.object_url("app/checkpoint").as_str(),
            "https://evidence.s3.eu-central-1.amazonaws.com/app/checkpoint"
        );
        let settings = Settings {
            endpoint: Some("https://storage.example:9000".to_owned()),
            ..Settings::default()
        };
        let own = open("evidence/app", &settings, &KEYS).ok().unwrap();
        assert_eq!(
            own.bucket.object_url("app/checkpoint").as_str(),
            "https://storage.example:9000/evidence/app/checkpoint"
        );
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for (endpoint, taken) in [
            ("http://127.0.0.1:9000", true),
            ("http://[::1]:9000", true),
            ("http://localhost:9000", false),
            ("http://storage.example", false),
            ("https://user@storage.example", false),
            ("https://storage.example/?x=1", false),
            ("ftp://127.0.0.1", false),
        ] {
            assert_eq!(endpoint_of(endpoint).is_some(), taken, "{endpoint}");
        }
    }

    #[test]
    fn a_place_that_could_be_another_key_is_refused() {
        assert_eq!(split("evidence/a/b/"), Some(("evidence", "a/b")));
        assert_eq!(split("evidence"), Some(("evidence", "")));
        for wrong in [
            "",
            "ab",
            "bucket//a",
            "bucket/../a",
            "bucket/a?x",
            "bucket/a b",
            "a..b/c",
            "bucket/./a",
            "/a",
        ] {
            assert_eq!(split(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_lock_without_an_end_is_refused() {
        let settings = Settings {
            retain_mode: Some(Mode::Governance),
            ..Settings::default()
        };
        assert!(matches!(
            open("bucket/a", &settings, &KEYS),
            Err(AccessError::Retention)
        ));
        let settings = Settings {
            retain_days: Some(10),
            ..Settings::default()
        };
        let lock = open("bucket/a", &settings, &KEYS)
            .ok()
            .unwrap()
            .lock
            .unwrap();
        assert_eq!(lock.mode, Mode::Compliance);
    }
}
