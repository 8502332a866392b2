//! A fresh database for every test.

use vouchsafe_database::testing::{self, variable};
use vouchsafe_database::{Create, Database, DatabaseError, Location, Schema, migrations};

pub(crate) const SCHEMA: Schema = Schema {
    sqlite: migrations![1 "lines" "../migrations/sqlite/0001_lines.sql"],
    postgres: migrations![1 "lines" "../migrations/postgres/0001_lines.sql"],
    tables: &["lines"],
    session: &[("jit", "off")],
};

pub(crate) struct Fixture {
    pub(crate) location: Location,
    pub(crate) folder: tempfile::TempDir,
    /// The name of the database, to drop it again.
    name: Option<String>,
}

impl Fixture {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines.db");
        Self {
            location: Location::Sqlite { path },
            folder,
            name: None,
        }
    }

    /// `None`, and a printed line, if there is no PostgreSQL to test with.
    pub(crate) async fn postgres() -> Option<Self> {
        let (url, ca) = (
            variable("VOUCHSAFE_TEST_PG")?,
            variable("VOUCHSAFE_TEST_PG_CA")?,
        );
        let (server, role) = url.rsplit_once('/').unwrap();
        let name = format!("floor_{}", uuid::Uuid::new_v4().simple());
        administer(&format!("CREATE DATABASE {name} OWNER {role}")).await;
        Some(Self {
            location: Location::postgres(format!("{server}/{name}"), ca),
            folder: tempfile::tempdir().unwrap(),
            name: Some(name),
        })
    }

    pub(crate) async fn open(&self, create: Create) -> Result<Database, DatabaseError> {
        Database::open(&self.location, create, &SCHEMA).await
    }

    /// The name of the database on the server.
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap()
    }

    /// Runs a statement directly, past the program.
    pub(crate) async fn sql(&self, statement: &'static str) {
        testing::run(&self.location, statement).await.unwrap();
    }

    /// Drops the database.
    pub(crate) async fn remove(self) {
        if let Some(name) = &self.name {
            administer(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
        drop(self.folder);
    }
}

/// Runs a statement as the administrator of the server.
pub(crate) async fn administer(statement: &str) {
    testing::administer(statement.to_owned()).await.unwrap();
}

/// Runs tests on both databases.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(&crate::fixture::Fixture::sqlite()).await;
            }
        )*}
        mod postgres {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(fixture) = crate::fixture::Fixture::postgres().await {
                    super::$name(&fixture).await;
                    fixture.remove().await;
                }
            }
        )*}
    };
}
pub(crate) use on_both;
