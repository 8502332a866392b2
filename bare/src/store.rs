//! Patients in the clear, on SQLite or PostgreSQL, set up as the product sets up its own.

use std::{str::FromStr as _, time::Duration};

use anyhow::{Context as _, bail};
use sqlx::{
    PgPool, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use uuid::Uuid;

use crate::patient::NewPatient;

/// A database of patients.
#[derive(Clone, Debug)]
pub(crate) enum Store {
    /// One file; one connection writes, several read.
    Sqlite {
        /// The connection that writes.
        writer: SqlitePool,
        /// Connections that read.
        readers: SqlitePool,
    },
    /// A pool of connections.
    Postgres(PgPool),
}

impl Store {
    /// Opens or creates the database at `url`.
    pub(crate) async fn open(url: &str) -> anyhow::Result<Self> {
        match url.split_once(':') {
            Some(("sqlite", _)) => Self::open_sqlite(url).await,
            Some(("postgres" | "postgresql", _)) => Self::open_postgres(url).await,
            _ => bail!("the database is sqlite:FILE or postgres://..."),
        }
    }

    async fn open_sqlite(url: &str) -> anyhow::Result<Self> {
        let options = SqliteConnectOptions::from_str(url)
            .context("database")?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        let one = SqlitePoolOptions::new().max_connections(1);
        let writer = one
            .connect_with(options.clone())
            .await
            .context("database")?;
        for statement in SCHEMA_SQLITE {
            sqlx::query(statement)
                .execute(&writer)
                .await
                .context("schema")?;
        }
        let several = SqlitePoolOptions::new().max_connections(8);
        let readers = several
            .connect_with(options.read_only(true))
            .await
            .context("database")?;
        Ok(Self::Sqlite { writer, readers })
    }

    async fn open_postgres(url: &str) -> anyhow::Result<Self> {
        let options = PgConnectOptions::from_str(url).context("database")?;
        let pool = PgPoolOptions::new().max_connections(16);
        let pool = pool.connect_with(options).await.context("database")?;
        for statement in SCHEMA_POSTGRES {
            sqlx::query(statement)
                .execute(&pool)
                .await
                .context("schema")?;
        }
        Ok(Self::Postgres(pool))
    }

    /// Stores a patient with its identifiers in one transaction.
    pub(crate) async fn insert(&self, patient: &NewPatient) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite { writer, .. } => {
                let mut transaction = writer.begin().await?;
                sqlx::query("INSERT INTO bare_patient (id, body) VALUES (?, ?)")
                    .bind(patient.id)
                    .bind(&patient.body)
                    .execute(&mut *transaction)
                    .await?;
                for (system, value) in &patient.identifiers {
                    sqlx::query(
                        "INSERT INTO bare_identifier (value, system, patient) VALUES (?, ?, ?)",
                    )
                    .bind(value)
                    .bind(system)
                    .bind(patient.id)
                    .execute(&mut *transaction)
                    .await?;
                }
                transaction.commit().await
            }
            Self::Postgres(pool) => {
                let mut transaction = pool.begin().await?;
                sqlx::query("INSERT INTO bare_patient (id, body) VALUES ($1, $2)")
                    .bind(patient.id)
                    .bind(&patient.body)
                    .execute(&mut *transaction)
                    .await?;
                for (system, value) in &patient.identifiers {
                    sqlx::query(
                        "INSERT INTO bare_identifier (value, system, patient) VALUES ($1, $2, $3)",
                    )
                    .bind(value)
                    .bind(system)
                    .bind(patient.id)
                    .execute(&mut *transaction)
                    .await?;
                }
                transaction.commit().await
            }
        }
    }

    /// The patient with this id.
    pub(crate) async fn read(&self, id: Uuid) -> Result<Option<String>, sqlx::Error> {
        match self {
            Self::Sqlite { readers, .. } => {
                let query = sqlx::query_scalar("SELECT body FROM bare_patient WHERE id = ?");
                query.bind(id).fetch_optional(readers).await
            }
            Self::Postgres(pool) => {
                let query = sqlx::query_scalar("SELECT body FROM bare_patient WHERE id = $1");
                query.bind(id).fetch_optional(pool).await
            }
        }
    }

    /// The patients with this identifier, of any system when none is given.
    pub(crate) async fn search(
        &self,
        system: Option<&str>,
        value: &str,
    ) -> Result<Vec<(Uuid, String)>, sqlx::Error> {
        match self {
            Self::Sqlite { readers, .. } => {
                let query = sqlx::query_as(
                    "SELECT DISTINCT p.id, p.body FROM bare_identifier i JOIN bare_patient p ON p.id = i.patient \
                     WHERE i.value = ? AND (? IS NULL OR i.system = ?) LIMIT 50",
                );
                query
                    .bind(value)
                    .bind(system)
                    .bind(system)
                    .fetch_all(readers)
                    .await
            }
            Self::Postgres(pool) => {
                let query = sqlx::query_as(
                    "SELECT DISTINCT p.id, p.body FROM bare_identifier i JOIN bare_patient p ON p.id = i.patient \
                     WHERE i.value = $1 AND ($2::text IS NULL OR i.system = $2) LIMIT 50",
                );
                query.bind(value).bind(system).fetch_all(pool).await
            }
        }
    }
}

const SCHEMA_SQLITE: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS bare_patient (id BLOB PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS bare_identifier (value TEXT NOT NULL, system TEXT NOT NULL, patient BLOB NOT NULL REFERENCES bare_patient (id))",
    "CREATE INDEX IF NOT EXISTS bare_identifier_value ON bare_identifier (value, system)",
];

const SCHEMA_POSTGRES: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS bare_patient (id uuid PRIMARY KEY, body text NOT NULL)",
    "CREATE TABLE IF NOT EXISTS bare_identifier (value text NOT NULL, system text NOT NULL, patient uuid NOT NULL REFERENCES bare_patient (id))",
    "CREATE INDEX IF NOT EXISTS bare_identifier_value ON bare_identifier (value, system)",
];
