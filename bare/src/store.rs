//! Patients in the clear, on SQLite or PostgreSQL, with the drivers, settings and group commits of the product.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use uuid::Uuid;
use vouchsafe_database::{
    Connection, Create, Database, DatabaseError, Isolation, Location, Schema, Transaction, Work,
    migrations, query, query_as, reading,
};

use crate::patient::NewPatient;

const SCHEMA: Schema = Schema {
    sqlite: migrations![1 "patients" "sqlite.sql"],
    postgres: migrations![1 "patients" "postgres.sql"],
    tables: &["bare_patient", "bare_identifier"],
    session: &[],
};

/// A database of patients.
#[derive(Clone, Debug)]
pub(crate) struct Store(Database);

impl Store {
    /// Opens or creates the database at `url`.
    pub(crate) async fn open(url: &str) -> anyhow::Result<Self> {
        let database = Database::open(&location(url)?, Create::IfMissing, &SCHEMA).await;
        Ok(Self(database.context("database")?))
    }

    /// Stores a patient with its identifiers in one transaction.
    pub(crate) async fn insert(&self, patient: Arc<NewPatient>) -> Result<(), DatabaseError> {
        match &self.0 {
            Database::Sqlite(file) => file.write(Insert(patient)).await,
            Database::Postgres(pools) => {
                let mut statements = vec![
                    query("INSERT INTO bare_patient (id, body) VALUES ($1, $2)")
                        .bind(patient.id)
                        .bind(&patient.body),
                ];
                for (system, value) in &patient.identifiers {
                    statements.push(query(IDENTIFIER).bind(value).bind(system).bind(patient.id));
                }
                let mut transaction = pools.begin_with(Isolation::ReadCommitted).await?;
                let done = transaction.all(&statements).await;
                done.map_err(|(_, error)| error)?;
                Transaction::from(transaction).commit().await
            }
        }
    }

    /// The patient with this id.
    pub(crate) async fn read(&self, id: Uuid) -> Result<Option<String>, DatabaseError> {
        let found = query_as("SELECT body FROM bare_patient WHERE id = $1").bind(id);
        reading!(self.0, on => found.fetch_optional(on))
    }

    /// The patients with this identifier, of any system when none is given.
    pub(crate) async fn search(
        &self,
        system: Option<&str>,
        value: &str,
    ) -> Result<Vec<(Uuid, String)>, DatabaseError> {
        let found = match system {
            Some(system) => query_as(
                "SELECT DISTINCT p.id, p.body FROM bare_identifier i \
                 JOIN bare_patient p ON p.id = i.patient WHERE i.value = $1 AND i.system = $2 LIMIT 50",
            )
            .bind(value)
            .bind(system),
            None => query_as(
                "SELECT DISTINCT p.id, p.body FROM bare_identifier i \
                 JOIN bare_patient p ON p.id = i.patient WHERE i.value = $1 LIMIT 50",
            )
            .bind(value),
        };
        reading!(self.0, on => found.fetch_all(on))
    }
}

const IDENTIFIER: &str = "INSERT INTO bare_identifier (value, system, patient) VALUES ($1, $2, $3)";

struct Insert(Arc<NewPatient>);

impl Work for Insert {
    type Output = ();
    type Error = DatabaseError;

    async fn run(self, on: &mut Connection) -> Result<(), DatabaseError> {
        let Self(patient) = self;
        query("INSERT INTO bare_patient (id, body) VALUES ($1, $2)")
            .bind(patient.id)
            .bind(&patient.body)
            .execute(on)
            .await?;
        for (system, value) in &patient.identifiers {
            query(IDENTIFIER)
                .bind(value)
                .bind(system)
                .bind(patient.id)
                .execute(on)
                .await?;
        }
        Ok(())
    }
}

/// `sqlite:FILE`, or `postgres://...` with the authority as `sslrootcert`.
fn location(url: &str) -> anyhow::Result<Location> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = path.trim_start_matches("//").into();
        return Ok(Location::Sqlite { path });
    }
    if !url.starts_with("postgres") {
        bail!("the database is sqlite:FILE or postgres://...");
    }
    let (address, parameters) = url.split_once('?').unwrap_or((url, ""));
    let ca = parameters
        .split('&')
        .find_map(|parameter| parameter.strip_prefix("sslrootcert="))
        .context("the database needs ?sslrootcert=FILE: TLS is always verified")?;
    let mut location = Location::postgres(address, ca);
    if let Location::Postgres(server) = &mut location {
        // As many as the product has for records.
        server.connections = 16;
    }
    Ok(location)
}
