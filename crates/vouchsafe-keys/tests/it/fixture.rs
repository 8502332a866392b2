//! A fresh database for every test.

use vouchsafe_database::testing::{self, administer, variable};
use vouchsafe_database::{Create, Location};
use vouchsafe_keys::local::LocalRoot;
use vouchsafe_keys::{CacheLimits, KeyStore, StoreError};

pub(crate) struct Fixture {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) location: Location,
    /// The name of the database, to drop it again.
    postgres: Option<String>,
}

impl Fixture {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite {
            path: folder.path().join("keys.db"),
        };
        Self {
            folder,
            location,
            postgres: None,
        }
    }

    /// `None`, and a printed line, if there is no PostgreSQL to test with.
    pub(crate) async fn postgres() -> Option<Self> {
        let (url, ca) = (
            variable("VOUCHSAFE_TEST_PG_KEYS")?,
            variable("VOUCHSAFE_TEST_PG_CA")?,
        );
        let (server, role) = url.rsplit_once('/').unwrap();
        let name = format!("keys_{}", uuid::Uuid::new_v4().simple());
        for statement in [
            format!("CREATE DATABASE {name} OWNER {role}"),
            format!("REVOKE ALL ON DATABASE {name} FROM PUBLIC"),
        ] {
            administer(statement).await.unwrap();
        }
        let location = Location::postgres(format!("{server}/{name}"), ca);
        let folder = tempfile::tempdir().unwrap();
        Some(Self {
            folder,
            location,
            postgres: Some(name),
        })
    }

    /// Drops the database.
    pub(crate) async fn remove(self) {
        if let Some(name) = self.postgres {
            let statement = format!("DROP DATABASE {name} WITH (FORCE)");
            administer(statement).await.unwrap();
        }
    }

    /// The root key of this fixture, created at first use.
    pub(crate) fn root(&self) -> LocalRoot {
        let path = self.folder.path().join("root.key");
        if path.exists() {
            LocalRoot::open(&path, None).unwrap()
        } else {
            LocalRoot::create(&path, None).unwrap()
        }
    }

    pub(crate) async fn open(&self, create: Create) -> Result<KeyStore, StoreError> {
        KeyStore::open(&self.location, create, self.root(), CacheLimits::default()).await
    }

    /// An existing store.
    pub(crate) async fn store(&self) -> KeyStore {
        self.open(Create::IfMissing).await.unwrap()
    }

    /// Runs a statement directly, past the store; returns the number of changed rows.
    pub(crate) async fn sql(&self, statement: &'static str) -> u64 {
        testing::run(&self.location, statement).await.unwrap()
    }
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
