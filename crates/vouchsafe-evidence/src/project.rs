//! A project under evidence: its folder, its repository and `evidence/evidence.toml`.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use crate::area::{Area, EvidenceType, People};
use crate::collect::{Call, Collected, Collector, Sink};
use crate::git::{Git, GitError};
use crate::register::Day;
use crate::store::WriteError;

/// The folder of registers and settings, below the top folder of the repository.
pub(crate) const FOLDER: &str = "evidence";
/// The file of settings in it.
pub(crate) const FILE: &str = "evidence/evidence.toml";
/// The type of evidence that the settings are.
pub(crate) const SETTINGS: &str = "settings/1";

/// The type of evidence that the definition of a check is; its source is the id of the check.
pub(crate) const DEFINITION: &str = "check.definition/1";
/// The type of evidence that the catalogue of controls is.
pub(crate) const CATALOGUE: &str = "catalogue/1";

pub(crate) const AREA: Area = Area {
    types: &[
        EvidenceType {
            name: SETTINGS,
            title: "evidence/evidence.toml: branches, limits, places",
            people: People::Workforce,
        },
        EvidenceType {
            name: DEFINITION,
            title: "the definition of a check, with its cases",
            people: People::Anybody,
        },
        EvidenceType {
            name: CATALOGUE,
            title: "the catalogue of controls",
            people: People::Anybody,
        },
    ],
    collectors: &[&SettingsFile],
    checks: &[],
    evaluators: &[],
};

/// `evidence/evidence.toml`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) project: ProjectSettings,
    pub(crate) log: LogSettings,
    #[serde(default, rename = "witness")]
    pub(crate) witnesses: Vec<crate::witness::Witness>,
    #[serde(default)]
    pub(crate) change: crate::change::Settings,
    #[serde(default)]
    pub(crate) vulnerabilities: crate::exposure::Settings,
    #[serde(default)]
    pub(crate) kubernetes: crate::kubernetes::Settings,
    #[serde(default)]
    pub(crate) alerts: crate::alerts::Settings,
    #[serde(default)]
    pub(crate) pipeline: crate::pipeline::Settings,
    #[serde(default)]
    pub(crate) probe: crate::probe::Settings,
    #[serde(default, rename = "import")]
    pub(crate) imports: Vec<crate::imported::Import>,
    #[serde(default)]
    pub(crate) facts: Vec<crate::own::Facts>,
    #[serde(default)]
    pub(crate) terraform: crate::imported::TerraformSettings,
    #[serde(default, rename = "self_test")]
    pub(crate) self_tests: Vec<crate::selftest::SelfTest>,
}

/// `[project]`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProjectSettings {
    /// Its name in reports.
    pub(crate) name: String,
    /// The first day that must be covered; with or without quotation marks.
    #[serde(deserialize_with = "day")]
    pub(crate) since: Date,
}

/// A day, as registers write it.
fn day<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    Day::deserialize(deserializer).map(|day| day.0)
}

/// `[log]`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogSettings {
    /// `folder:PATH`, `branch:NAME` or `s3:BUCKET/PREFIX`.
    pub(crate) store: String,
    /// How S3-compatible storage is called.
    #[serde(default)]
    pub(crate) s3: crate::store::s3::Settings,
    /// The public key of the log (a C2SP vkey); its name is the origin of the log.
    pub(crate) key: String,
    /// Public keys of witnesses that others ask.
    #[serde(default)]
    pub(crate) witnesses: Vec<String>,
}

/// Why a project cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProjectError {
    #[error("{folder} is in no git repository: {error}")]
    NoRepository { folder: PathBuf, error: GitError },
    #[error("there is no {FILE} in {folder}: run `vouchsafe evidence init` first")]
    NotInitialised { folder: PathBuf },
    #[error("{path}: {error}")]
    Unreadable {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("{FILE}: {0}")]
    Settings(#[from] SettingsError),
}

/// What is wrong in `evidence.toml`.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct SettingsError(String);

/// A project.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    pub(crate) git: Git,
    pub(crate) settings: Settings,
    pub(crate) settings_text: Vec<u8>,
    /// The clock, read once for each run.
    pub(crate) now: Timestamp,
}

impl Settings {
    /// Reads settings.
    ///
    /// # Errors
    /// With line and field.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, SettingsError> {
        let text = std::str::from_utf8(bytes)
            .map_err(|_| SettingsError("the file is not UTF-8".to_owned()))?;
        let settings: Self =
            toml::from_str(text).map_err(|error| SettingsError(error.to_string()))?;
        let mut names: Vec<&str> = settings
            .facts
            .iter()
            .map(|facts| facts.name.as_str())
            .collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair.first() == pair.last()) {
            Some(pair) => Err(SettingsError(format!(
                "two rows [[facts]] have the name {:?}",
                pair.first().unwrap_or(&"")
            ))),
            None => Ok(settings),
        }
    }
}

impl Project {
    /// Opens the project that a folder belongs to.
    ///
    /// # Errors
    /// When it is in no repository, or has no readable settings.
    pub(crate) fn open(folder: &Path, now: Timestamp) -> Result<Self, ProjectError> {
        let git = Git::at(folder).map_err(|error| ProjectError::NoRepository {
            folder: folder.to_path_buf(),
            error,
        })?;
        let path = git.root().join(FILE);
        let settings_text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ProjectError::NotInitialised {
                    folder: git.root().to_path_buf(),
                });
            }
            Err(error) => return Err(ProjectError::Unreadable { path, error }),
        };
        let settings = Settings::parse(&settings_text)?;
        Ok(Self {
            git,
            settings,
            settings_text,
            now,
        })
    }

    /// The top folder of its repository.
    pub(crate) fn root(&self) -> &Path {
        self.git.root()
    }
}

/// Collects `evidence/evidence.toml`.
#[derive(Debug)]
struct SettingsFile;

impl Collector for SettingsFile {
    fn name(&self) -> &'static str {
        "settings"
    }

    fn plan(&self, _: &Project) -> Vec<Call> {
        vec![Call::new(format!("read {FILE}"), "none")]
    }

    fn collect(&self, project: &Project, sink: &mut Sink<'_>) -> Result<(), WriteError> {
        sink.put(&Collected {
            schema: SETTINGS,
            source: "file",
            request: FILE,
            collected_at: None,
            effective: None,
            content: &project.settings_text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_day_is_read_with_and_without_quotation_marks_and_nothing_else_is() {
        let read = |since: &str| {
            let text = format!(
                "[project]\nname = \"p\"\nsince = {since}\n[log]\nstore = \"folder:x\"\nkey = \"k\"\n"
            );
            Settings::parse(text.as_bytes())
        };
        assert_eq!(read("2026-01-01"), read("\"2026-01-01\""));
        assert!(read("2026-01-01").is_ok());
        for wrong in ["\"2026-13-01\"", "2026", "\"yesterday\"", "[]"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let misspelt = read("2026-01-01\nsicne = 1").unwrap_err().to_string();
        assert!(misspelt.contains("sicne"), "{misspelt}");
    }
}
