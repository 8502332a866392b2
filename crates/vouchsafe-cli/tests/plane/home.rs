//! The home of an installation: a folder, with SQLite files or with databases on PostgreSQL.

use std::path::{Path, PathBuf};

use vouchsafe_database::testing::Databases;
use vouchsafe_installation::settings::DatabaseSettings;

/// Runs each case on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                super::$case(crate::home::Home::sqlite()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                let Some(home) = crate::home::Home::postgres() else { return };
                super::$case(home).await;
            })*
        }
    };
}
pub(crate) use on_both;

/// The databases of an installation.
const DATABASES: &[&str] = &["records", "identity", "keys"];

/// The home of one installation; removed when this is dropped.
pub(crate) struct Home {
    folder: tempfile::TempDir,
    server: Option<Databases>,
}

impl Home {
    /// A folder with SQLite files.
    pub(crate) fn sqlite() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            server: None,
        }
    }

    /// A folder, and three fresh databases; prints that the test is skipped if there is no server.
    pub(crate) fn postgres() -> Option<Self> {
        let server = Databases::new(DATABASES)?;
        Some(Self {
            server: Some(server),
            ..Self::sqlite()
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Closes every connection of the installation to its databases.
    pub(crate) fn hang_up(&self) {
        if let Some(server) = &self.server {
            server.hang_up();
        }
    }

    /// Copies the database of records, which nobody has open.
    pub(crate) fn copy_records(&self) {
        match &self.server {
            None => drop(std::fs::copy(self.records(), self.copy()).expect("a copy")),
            Some(server) => server.copy("records"),
        }
    }

    /// Puts the copy in the place of what is there now.
    pub(crate) fn put_copy_back(&self) {
        match &self.server {
            None => std::fs::rename(self.copy(), self.records()).expect("renamed"),
            Some(server) => server.put_copy_back("records"),
        }
    }

    fn records(&self) -> PathBuf {
        self.path().join("data/records.db")
    }

    fn copy(&self) -> PathBuf {
        self.path().join("data/records.copy")
    }

    /// Proves that a case on PostgreSQL had no database in files.
    pub(crate) fn assert_one_place(&self) {
        for file in ["data/records.db", "data/identity.db", "keys/keys.db"] {
            assert_eq!(self.path().join(file).exists(), self.server.is_none());
        }
    }

    pub(crate) fn settings(&self) -> DatabaseSettings {
        let Some(server) = &self.server else {
            return DatabaseSettings::default();
        };
        DatabaseSettings {
            records: Some(server.url("records")),
            identity: Some(server.url("identity")),
            keys: Some(server.url("keys")),
            ca: Some(server.ca().to_owned()),
            connections: None,
        }
    }

    /// The same settings for the program, by its environment.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let Some(server) = &self.server else {
            return Vec::new();
        };
        let mut variables = vec![(
            "VOUCHSAFE_DATABASE__CA".to_owned(),
            server.ca().display().to_string(),
        )];
        for name in DATABASES {
            let variable = format!("VOUCHSAFE_DATABASE__{}", name.to_uppercase());
            variables.push((variable, server.url(name)));
        }
        variables
    }
}
