//! Settings: one TOML file, with an environment variable to override each key, read once.
//!
//! Unknown names are refused with the nearest known one. No setting switches a safeguard off.

mod overrides;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ipnet::IpNet;
use serde::Deserialize;
use vouchsafe::session::AccessTtl;

use overrides::override_by;

/// The reason why the settings were refused.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read {path}: {kind}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        kind: std::io::ErrorKind,
    },
    /// The file is not valid.
    #[error("{path}: {message}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The fault, and its place.
        message: String,
    },
    /// An environment variable is not valid.
    #[error("{name}: {message}")]
    Variable {
        /// The variable.
        name: String,
        /// The fault.
        message: String,
    },
}

/// The databases of records, people and keys.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseSettings {
    /// URL of the records database; without it, SQLite files in the data folder are used.
    pub records: Option<String>,
    /// URL of the identity database.
    pub identity: Option<String>,
    /// URL of the database of wrapped keys.
    pub keys: Option<String>,
    /// The CA that signed PostgreSQL's certificate (PEM). Required for PostgreSQL: TLS is always fully verified, chain
    /// and host name.
    pub ca: Option<PathBuf>,
    /// Maximum number of connections of this process to each PostgreSQL database.
    pub connections: Option<ConnectionSettings>,
}

/// Numbers of connections of a process to PostgreSQL. Their sum (32 by default), times the replicas, must be below the
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

/// At least one connection must read and one must write.
fn connections<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        number @ 2..=1_000 => Ok(number),
        _ => Err(serde::de::Error::custom(
            "a number of connections is from 2 to 1000",
        )),
    }
}

/// The location of the root key.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RootKeySettings {
    /// Its file; `keys/root.key` in the data folder by default. It belongs on another disk than the databases.
    pub file: Option<PathBuf>,
    /// A private file whose first line is the passphrase that seals the root key file.
    pub passphrase_file: Option<PathBuf>,
}

/// TLS of the listeners.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsSettings {
    /// Certificate chain (PEM); without it, the first start creates one.
    pub certificate: Option<PathBuf>,
    /// Its private key (PEM).
    pub key: Option<PathBuf>,
    /// The lowest accepted version: `1.2` or `1.3`.
    pub minimum: TlsVersion,
}

/// A version of TLS, at least 1.2.
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

/// The log level. At no level can a line hold PHI: see [`crate::logging`].
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Events that an operator must look at.
    Error,
    /// Also events that an operator should look at.
    Warn,
    /// Also ordinary events.
    #[default]
    Info,
    /// Also every request, by its route.
    Debug,
}

impl LogLevel {
    /// All levels, least first.
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

/// A name that is not a level.
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

/// The lifetime of an access token, limited by its type.
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

/// The address of a proxy, or the network of several.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Proxy(IpNet);

impl Proxy {
    /// Whether an address is this one, or of this network.
    #[must_use]
    pub fn has(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

/// A text that is no address and no network.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a proxy is an address (10.0.0.5) or a network (10.0.0.0/24)")]
pub struct InvalidProxy;

impl FromStr for Proxy {
    type Err = InvalidProxy;

    fn from_str(text: &str) -> Result<Self, InvalidProxy> {
        let network = text.parse::<IpNet>();
        let network = network.or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Self).map_err(|_| InvalidProxy)
    }
}

impl<'de> Deserialize<'de> for Proxy {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
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
    /// The URL that clients use for the data plane; it is the tokens' issuer and audience.
    pub public_url: Option<String>,
    /// Names and addresses in the certificate that the first start creates.
    pub host_names: Vec<String>,
    /// Lifetime of access tokens in seconds, 1 to 1800.
    pub access_token_seconds: Ttl,
    /// The largest request body in bytes.
    pub body_limit_bytes: usize,
    /// Time limit of a request in seconds.
    pub request_timeout_seconds: u64,
    /// Maximum number of concurrent requests; further ones get 503.
    pub concurrency_limit: usize,
    /// Proxies in front of the data plane: each of their connections MUST begin with a PROXY protocol v2 header.
    pub proxies: Vec<Proxy>,
    /// The log level.
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
            proxies: Vec::new(),
            log_level: LogLevel::default(),
            database: DatabaseSettings::default(),
            root_key: RootKeySettings::default(),
            tls: TlsSettings::default(),
        }
    }
}

impl Settings {
    /// The settings of a data folder: its `vouchsafe.toml`, if there is one, with the overrides of the environment
    /// (`VOUCHSAFE_DATA_LISTEN`, `VOUCHSAFE_DATABASE__RECORDS`, ...: two underscores for each dot).
    ///
    /// # Errors
    /// [`SettingsError`], with the file or the variable and its fault.
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
        // Only the message: the whole error quotes the line, which may hold a password.
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

    /// The URL that clients use for the data plane; not valid while [`Self::url_is_open`].
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
    fn a_proxy_is_an_address_or_a_network() {
        let settings = load("proxies = [\"10.0.0.5\", \"fd00::/8\"]", &[]).expect("valid");
        let known = |address: &str| {
            let address = address.parse().expect("an address");
            settings.proxies.iter().any(|proxy| proxy.has(address))
        };
        assert!(known("10.0.0.5") && known("::ffff:10.0.0.5") && known("fd12::1"));
        assert!(!known("10.0.0.6") && !known("fe80::1"));
        let variable = [("VOUCHSAFE_PROXIES", "10.0.0.0/24, 10.1.0.1")];
        assert_eq!(load("", &variable).expect("valid").proxies.len(), 2);
        for refused in ["proxy.example", "10.0.0.0/33", "10.0.0", "*", ""] {
            let error = load(&format!("proxies = [\"{refused}\"]"), &[]).expect_err(refused);
            assert!(error.to_string().contains("10.0.0.0/24"), "{error}");
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
