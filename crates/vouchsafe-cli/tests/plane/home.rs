//! Where an installation lives: a folder, with SQLite files in it or with databases of a PostgreSQL.

use std::path::{Path, PathBuf};
use std::process::Command;

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
const DATABASES: [&str; 3] = ["records", "identity", "keys"];

/// Where one installation lives; it is gone when this is dropped.
pub(crate) struct Home {
    folder: tempfile::TempDir,
    server: Option<Server>,
}

impl Home {
    /// A folder that is all there is.
    pub(crate) fn sqlite() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            server: None,
        }
    }

    /// A folder, and three fresh databases; says that the test is skipped when there is no server.
    pub(crate) fn postgres() -> Option<Self> {
        let server = Server::of_the_tests()?;
        for name in DATABASES {
            assert!(server.did(&format!("CREATE DATABASE {}", server.database(name))));
        }
        Some(Self {
            server: Some(server),
            ..Self::sqlite()
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Ends every connection that the installation has to its databases.
    pub(crate) fn hang_up(&self) {
        let Some(server) = &self.server else { return };
        let sql =
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname LIKE";
        assert!(server.did(&format!("{sql} 'plane_%_{}'", server.suffix)));
    }

    /// Copies the database of records, which nobody has open.
    pub(crate) fn copy_records(&self) {
        match &self.server {
            None => drop(std::fs::copy(self.records(), self.copy()).expect("a copy")),
            Some(server) => {
                let (records, copy) = (server.database("records"), server.database("copy"));
                assert!(server.did(&format!("CREATE DATABASE {copy} TEMPLATE {records}")));
            }
        }
    }

    /// Puts the copy in the place of what is there now.
    pub(crate) fn put_copy_back(&self) {
        match &self.server {
            None => std::fs::rename(self.copy(), self.records()).expect("renamed"),
            Some(server) => {
                let (records, copy) = (server.database("records"), server.database("copy"));
                assert!(server.did(&format!("DROP DATABASE {records} WITH (FORCE)")));
                assert!(server.did(&format!("ALTER DATABASE {copy} RENAME TO {records}")));
            }
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
            ca: Some(server.ca.clone()),
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
            server.ca.display().to_string(),
        )];
        for name in DATABASES {
            let variable = format!("VOUCHSAFE_DATABASE__{}", name.to_uppercase());
            variables.push((variable, server.url(name)));
        }
        variables
    }
}

/// The PostgreSQL of the tests (`tools/pg`), and what this installation's databases are called there.
struct Server {
    admin: String,
    ca: PathBuf,
    suffix: String,
}

impl Server {
    fn of_the_tests() -> Option<Self> {
        let variable = |name: &str| {
            let value = std::env::var(name).ok();
            if value.is_none() {
                eprintln!("skipped: {name} is not set (see tools/pg)");
            }
            value
        };
        Some(Self {
            admin: variable("VOUCHSAFE_TEST_PG_ADMIN")?,
            ca: variable("VOUCHSAFE_TEST_PG_CA")?.into(),
            suffix: uuid::Uuid::new_v4().simple().to_string(),
        })
    }

    fn database(&self, name: &str) -> String {
        format!("plane_{name}_{}", self.suffix)
    }

    fn url(&self, name: &str) -> String {
        let (server, _) = self.admin.rsplit_once('/').expect("a URL");
        format!("{server}/{}", self.database(name))
    }

    fn did(&self, sql: &str) -> bool {
        let Self { admin, ca, .. } = self;
        Command::new("psql")
            .args(["-qX", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1", "-c", sql])
            .arg(format!(
                "{admin}?sslmode=verify-full&sslrootcert={}",
                ca.display()
            ))
            .status()
            .is_ok_and(|ended| ended.success())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for name in DATABASES {
            // A service that was killed may still have connections there.
            let database = self.database(name);
            let dropped = self.did(&format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)"));
            // A case that failed has shown why: a second panic would hide it.
            assert!(dropped || std::thread::panicking(), "{database} is left");
        }
    }
}
