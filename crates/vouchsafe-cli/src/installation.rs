//! The data folder that a command works on.

use std::path::{Path, PathBuf};

use vouchsafe_installation::folder::Folder;
use vouchsafe_installation::recovery::{Lost, Recover};
use vouchsafe_installation::settings::Settings;
use vouchsafe_installation::{Administrator, Installation, Opened, Opening};
use vouchsafe_ledger::Gap;

use crate::principal;
use crate::told;

/// The argument that selects the installation.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct DataFolder {
    /// The data folder of the installation
    #[arg(
        long = "data",
        value_name = "DIR",
        env = "VOUCHSAFE_DATA",
        hide_env_values = true,
        default_value = "./.vouchsafe"
    )]
    path: PathBuf,
}

impl DataFolder {
    /// The data folder at this path.
    pub(crate) fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The path as given, for messages.
    pub(crate) fn given(&self) -> &Path {
        &self.path
    }

    /// The arguments with which another command finds the same folder.
    pub(crate) fn argument(&self) -> String {
        if self.path == Path::new("./.vouchsafe") {
            return String::new();
        }
        format!(" --data {}", quoted(&self.path.to_string_lossy()))
    }

    /// The canonical path: the recorder's socket may be named after it, so all commands must use the same spelling.
    pub(crate) fn folder(&self) -> anyhow::Result<Folder> {
        let absolute = std::path::absolute(&self.path)?;
        if let Ok(path) = absolute.canonicalize() {
            return Ok(Folder::new(path));
        }
        let parent = absolute
            .parent()
            .and_then(|parent| parent.canonicalize().ok());
        Ok(Folder::new(match (parent, absolute.file_name()) {
            (Some(parent), Some(name)) => parent.join(name),
            _ => absolute,
        }))
    }

    /// Whether the folder holds an installation.
    pub(crate) fn is_there(&self) -> bool {
        self.path.join("installation.json").is_file()
    }

    /// The settings for a command beside a running service. If the system chose the port, they contain that port.
    pub(crate) fn settings(&self) -> anyhow::Result<Settings> {
        let mut settings = self.settings_to_serve()?;
        if settings.data_listen.port() == 0
            && let Some(port) = self.folder()?.port()
        {
            settings.data_listen.set_port(port);
        }
        Ok(settings)
    }

    /// The settings, with the overrides of the environment.
    pub(crate) fn settings_to_serve(&self) -> anyhow::Result<Settings> {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            // A variable that is not text is not a setting.
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Settings::load(&self.path, variables).map_err(|error| told(&error))
    }

    /// The certificate of the service's listeners, the only one that clients trust.
    pub(crate) fn certificate(&self, settings: &Settings) -> PathBuf {
        let own = || self.path.join("tls").join("certificate.pem");
        settings.tls.certificate.clone().unwrap_or_else(own)
    }

    /// Opens an existing installation.
    pub(crate) async fn open(&self) -> anyhow::Result<Installation> {
        let settings = self.settings()?;
        let opened = self.open_with(settings, None).await?;
        Ok(opened.installation)
    }

    /// Opens the installation; with an administrator, creates what a first start creates.
    pub(crate) async fn open_with(
        &self,
        settings: Settings,
        administrator: Option<Administrator>,
    ) -> anyhow::Result<Opened> {
        let opening = self.opening(settings, administrator)?;
        let opened = Installation::open(opening).await;
        opened.map_err(|error| told(&error))
    }

    /// Opens the installation, which goes on after a loss because the user of this command says so.
    pub(crate) async fn recover(
        &self,
        settings: Settings,
        administrator: Option<Administrator>,
        (lost, reason): (Lost, &str),
    ) -> anyhow::Result<Opened> {
        let opening = self.opening(settings, administrator)?;
        let recover = Recover {
            lost,
            by: principal::actor().label(),
            reason: reason.to_owned(),
        };
        let opened = Installation::recover(opening, recover).await;
        opened.map_err(|error| told(&error))
    }

    fn opening(
        &self,
        settings: Settings,
        administrator: Option<Administrator>,
    ) -> anyhow::Result<Opening> {
        Ok(Opening {
            folder: self.folder()?.path().to_owned(),
            program: std::env::current_exe()?,
            create: administrator.is_some(),
            administrator: administrator.unwrap_or_else(principal::default_administrator),
            gap: Gap::Refused,
            settings,
        })
    }
}

/// A text quoted as one word for a shell.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_the_shell_stay_one_word() {
        assert_eq!(quoted("/a/b-c.d"), "/a/b-c.d");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("a'b"), "'a'\\''b'");
        assert_eq!(quoted("x#y"), "'x#y'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn a_relative_path_and_its_absolute_one_are_the_same_folder() {
        let here = std::env::current_dir().unwrap();
        let relative = DataFolder::at("./not-there").folder().unwrap();
        let absolute = DataFolder::at(here.join("not-there")).folder().unwrap();
        assert_eq!(relative.path(), absolute.path());
        assert_eq!(relative.socket(), absolute.socket());
    }
}
