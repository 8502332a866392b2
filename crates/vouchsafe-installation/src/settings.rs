//! Settings: one TOML file, every key overridable by an environment variable, read once.
//!
//! Names that are not known are refused with the nearest known one. What a setting cannot do is
//! switch a safeguard off: there is none for that.

mod overrides;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;
use vouchsafe::session::AccessTtl;

use overrides::override_by;

/// Why the settings were refused.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read {path}: {kind}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        kind: std::io::ErrorKind,
    },
    /// The file is not valid.
    #[error("{path}: {message}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        message: String,
    },
    /// An environment variable is not valid.
    #[error("{name}: {message}")]
    Variable {
        /// The variable.
        name: String,
        /// What is wrong with it.
        message: String,
    },
}

/// Where records, people and keys are kept.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseSettings {
    /// URL of the records database; without it, SQLite files in the data folder are used.
    pub records: Option<String>,
    /// URL of the identity database.
    pub identity: Option<String>,
    /// URL of the database of wrapped keys.
    pub keys: Option<String>,
    /// The CA that signed PostgreSQL's certificate (PEM). Needed for PostgreSQL: TLS is always
    /// verified in full, chain and host name.
    pub ca: Option<PathBuf>,
    /// How many connections this process may open to each PostgreSQL database.
    pub connections: Option<ConnectionSettings>,
}

/// How many connections a process opens to PostgreSQL; their sum (32 by default), times the replicas, must be below the
/// server's `max_connections`. Three of eight write, the others read.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConnectionSettings {
    /// To the records database.
    #[serde(deserialize_with = "connections")]
    pub records: u32,
    /// To the identity database.
    #[serde(deserialize_with = "connections")]
    pub identity: u32,
    /// To the database of wrapped keys.
    #[serde(deserialize_with = "connections")]
    pub keys: u32,
}

impl Default for ConnectionSettings {
    fn default() -> Self {
        Self {
            records: 16,
            identity: 8,
            keys: 8,
        }
    }
}

/// One that reads and one that writes are the fewest.
fn connections<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        number @ 2..=1_000 => Ok(number),
        _ => Err(serde::de::Error::custom(
            "a number of connections is from 2 to 1000",
        )),
    }
}

/// Where the root key is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RootKeySettings {
    /// Its file; `keys/root.key` in the data folder if nothing is said. It belongs on another disk than the databases.
    pub file: Option<PathBuf>,
    /// A file, its owner's alone, whose first line is the passphrase that the key file is sealed with.
    pub passphrase_file: Option<PathBuf>,
}

/// TLS of the listeners.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsSettings {
    /// Certificate chain (PEM); without it, one is made at the first start.
    pub certificate: Option<PathBuf>,
    /// Its private key (PEM).
    pub key: Option<PathBuf>,
    /// The lowest version that is spoken: `1.2` or `1.3`.
    pub minimum: TlsVersion,
}

/// A version of TLS; below 1.2 there is none.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246), AEAD suites only.
    #[serde(rename = "1.2")]
    #[default]
    Tls12,
    /// TLS 1.3 (RFC 8446).
    #[serde(rename = "1.3")]
    Tls13,
}

/// How much is logged. However much it is, no line can hold PHI: see [`crate::logging`].
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What somebody must look at.
    Error,
    /// And what somebody should look at.
    Warn,
    /// And what happens now and then.
    #[default]
    Info,
    /// And every request, by its route.
    Debug,
}

impl LogLevel {
    /// All of them, least first.
    pub const ALL: [Self; 4] = [Self::Error, Self::Warn, Self::Info, Self::Debug];

    /// Its name in settings and arguments.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// A name of no level.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a level is error, warn, info or debug")]
pub struct UnknownLevel;

impl FromStr for LogLevel {
    type Err = UnknownLevel;

    fn from_str(name: &str) -> Result<Self, UnknownLevel> {
        let mut levels = Self::ALL.into_iter();
        levels
            .find(|level| level.name() == name)
            .ok_or(UnknownLevel)
    }
}

/// The life of an access token, bounded by its type.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ttl(pub AccessTtl);

impl<'de> Deserialize<'de> for Ttl {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = u32::deserialize(deserializer)?;
        AccessTtl::from_seconds(seconds)
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

/// All settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Listener of the data plane: records and sign-in.
    pub data_listen: SocketAddr,
    /// Listener of the operations plane: metrics and probes.
    pub operations_listen: SocketAddr,
    /// The URL by which clients reach the data plane; it is the tokens' issuer and audience.
    pub public_url: Option<String>,
    /// Names and addresses in the certificate that is made at the first start.
    pub host_names: Vec<String>,
    /// Life of access tokens in seconds, 1 to 1800.
    pub access_token_seconds: Ttl,
    /// The largest request body in bytes.
    pub body_limit_bytes: usize,
    /// How long a request may take, in seconds.
    pub request_timeout_seconds: u64,
    /// How many requests are worked on at once; more are answered by 503.
    pub concurrency_limit: usize,
    /// How much is logged.
    pub log_level: LogLevel,
    /// The databases.
    pub database: DatabaseSettings,
    /// The root key.
    pub root_key: RootKeySettings,
    /// TLS of the listeners.
    pub tls: TlsSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data_listen: SocketAddr::from(([127, 0, 0, 1], 8443)),
            operations_listen: SocketAddr::from(([127, 0, 0, 1], 9464)),
            public_url: None,
            host_names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            access_token_seconds: Ttl::default(),
            body_limit_bytes: 16 * 1024 * 1024,
            request_timeout_seconds: 60,
            concurrency_limit: 512,
            log_level: LogLevel::default(),
            database: DatabaseSettings::default(),
            root_key: RootKeySettings::default(),
            tls: TlsSettings::default(),
        }
    }
}

impl Settings {
    /// The settings of a data folder: its `vouchsafe.toml`, if there is one, under the overrides
    /// of the environment (`VOUCHSAFE_DATA_LISTEN`, `VOUCHSAFE_DATABASE__RECORDS`, ...: two
    /// underscores for each dot).
    ///
    /// # Errors
    /// [`SettingsError`], with the file or the variable and what is wrong with it.
    pub fn load(
        folder: &Path,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, SettingsError> {
        let path = folder.join("vouchsafe.toml");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                return Err(SettingsError::Unreadable {
                    path,
                    kind: error.kind(),
                });
            }
        };
        // The message only: the whole error quotes the line, which may hold a password.
        let mut table: toml::Table =
            toml::from_str(&text).map_err(|error| invalid(&path, error.message()))?;
        // The whole error: it names the setting, and has no line to quote any more.
        let mut settings = read(&table).map_err(|error| invalid(&path, &error.to_string()))?;
        for (name, value) in variables {
            let refused = |message| SettingsError::Variable {
                name: name.clone(),
                message,
            };
            if override_by(&mut table, &name, &value).map_err(refused)? {
                settings = read(&table).map_err(|error| refused(one_line(&error.to_string())))?;
            }
        }
        Ok(settings)
    }

    /// Whether the URL depends on a port that the system has yet to choose.
    #[must_use]
    pub const fn url_is_open(&self) -> bool {
        self.data_listen.port() == 0 && self.public_url.is_none()
    }

    /// The URL by which clients reach the data plane; not one while [`Self::url_is_open`].
    #[must_use]
    pub fn base_url(&self) -> String {
        self.public_url.clone().map_or_else(
            || format!("https://localhost:{}", self.data_listen.port()),
            |url| url.trim_end_matches('/').to_owned(),
        )
    }
}

fn invalid(path: &Path, message: &str) -> SettingsError {
    SettingsError::Invalid {
        path: path.to_owned(),
        message: one_line(message),
    }
}

fn one_line(message: &str) -> String {
    message.trim().replace('\n', " ")
}

fn read(table: &toml::Table) -> Result<Settings, toml::de::Error> {
    table.clone().try_into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("vouchsafe.toml"), text).expect("written");
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Settings::load(folder.path(), variables.into_iter())
    }

    #[test]
    fn an_unknown_name_is_refused() {
        let error = load("data_listn = \"127.0.0.1:1\"", &[]).expect_err("refused");
        assert!(error.to_string().contains("data_listn"), "{error}");
    }

    #[test]
    fn a_token_cannot_live_longer_than_its_type_allows() {
        assert!(load("access_token_seconds = 1800", &[]).is_ok());
        assert!(load("access_token_seconds = 1801", &[]).is_err());
        assert!(load("", &[("VOUCHSAFE_ACCESS_TOKEN_SECONDS", "86400")]).is_err());
    }

    #[test]
    fn the_environment_overrides_the_file() {
        let settings = load(
            "[database]\nrecords = \"postgres://a/b\"",
            &[
                ("VOUCHSAFE_DATABASE__RECORDS", "postgres://c/d"),
                ("VOUCHSAFE_DATA_LISTEN", "127.0.0.1:9999"),
            ],
        )
        .expect("valid");
        assert_eq!(settings.database.records.as_deref(), Some("postgres://c/d"));
        assert_eq!(settings.data_listen.port(), 9999);
    }

    #[test]
    fn a_variable_that_is_nearly_ours_is_refused_by_its_name() {
        for (name, value) in [
            ("VOUCHSAFE_DATABASE__RECORD", "postgres://c/d"),
            ("VOUCHSAFE_DATABASE_RECORDS", "postgres://c/d"),
            ("VOUCHSAFE_DATA_LISTEN", "everywhere"),
            ("VOUCHSAFE_TLS__MINIMUM", "1.1"),
            ("VOUCHSAFE_BODY_LIMIT_BYTES", "16M"),
        ] {
            let error = load("", &[(name, value)]).expect_err(name).to_string();
            assert!(error.contains(name), "{error}");
            assert!(!error.contains("vouchsafe.toml"), "{error}");
        }
        let error = load(
            "data_listen = \"everywhere\"",
            &[("VOUCHSAFE_LOG_LEVEL", "info")],
        );
        let error = error.expect_err("refused").to_string();
        assert!(error.contains("vouchsafe.toml"), "{error}");
        for name in [
            "VOUCHSAFE_DATA",
            "VOUCHSAFE_TOKEN",
            "VOUCHSAFE_PORT_8443_TCP_ADDR",
        ] {
            assert!(load("", &[(name, "x")]).is_ok(), "{name}");
        }
    }

    #[test]
    fn tls_below_1_2_has_no_name() {
        assert!(load("[tls]\nminimum = \"1.1\"", &[]).is_err());
        assert!(load("[tls]\nminimum = \"1.3\"", &[]).is_ok());
    }

    #[test]
    fn a_level_has_one_of_four_names() {
        for level in LogLevel::ALL {
            let text = format!("log_level = \"{}\"", level.name());
            assert_eq!(load(&text, &[]).expect("valid").log_level, level);
            assert_eq!(level.name().parse(), Ok(level));
            let variable = [("VOUCHSAFE_LOG_LEVEL", level.name())];
            assert_eq!(load("", &variable).expect("valid").log_level, level);
        }
        assert_eq!(load("", &[]).expect("valid").log_level, LogLevel::Info);
        for name in ["trace", "INFO", "off", ""] {
            assert!(load(&format!("log_level = \"{name}\""), &[]).is_err());
            assert_eq!(name.parse::<LogLevel>(), Err(UnknownLevel));
        }
    }
}
