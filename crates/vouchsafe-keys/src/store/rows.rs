//! The statements. Both databases understand the same text, except for the batch.

use std::collections::HashSet;

use uuid::Uuid;
use vouchsafe::ids::{SubjectId, TenantId};
use vouchsafe_database::{
    Connection, Database, DatabaseError, PgPools, Work, query, query_as, reading, writing,
};

/// The permitted use of a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    Active,
    DecryptOnly,
    Disabled,
    Destroyed,
}

impl State {
    fn parse(text: &str) -> Result<Self, DatabaseError> {
        match text {
            "active" => Ok(Self::Active),
            "decrypt-only" => Ok(Self::DecryptOnly),
            "disabled" => Ok(Self::Disabled),
            "destroyed" => Ok(Self::Destroyed),
            _ => Err(DatabaseError::Schema),
        }
    }
}

/// A row with a wrapped key.
pub(super) struct Wrapped {
    pub(super) version: u32,
    /// The branch that wraps it; 0 if the root does.
    pub(super) branch_version: u32,
    pub(super) wrapped: Option<Vec<u8>>,
    pub(super) state: State,
}

type Row = (i32, i32, Option<Vec<u8>>, String);

impl TryFrom<Row> for Wrapped {
    type Error = DatabaseError;

    fn try_from((version, branch_version, wrapped, state): Row) -> Result<Self, DatabaseError> {
        let number = |number: i32| u32::try_from(number).map_err(|_| DatabaseError::Schema);
        Ok(Self {
            version: number(version)?,
            branch_version: number(branch_version)?,
            wrapped,
            state: State::parse(&state)?,
        })
    }
}

fn wrapped(rows: Vec<Row>) -> Result<Vec<Wrapped>, DatabaseError> {
    rows.into_iter().map(Wrapped::try_from).collect()
}

/// The root that wraps the keys: its id, and a secret under it.
pub(super) async fn root(database: &Database) -> Result<Option<(String, Vec<u8>)>, DatabaseError> {
    Ok(reading!(database, on => query_as(
        "SELECT root_id, wrapped FROM roots ORDER BY number DESC LIMIT 1",
    )
    .fetch_optional(on))?)
}

/// Writes the first root, unless there is one, or keys that lost theirs.
pub(super) async fn adopt_root(
    database: &Database,
    root_id: &str,
    wrapped: &[u8],
    now: i64,
) -> Result<(), DatabaseError> {
    writing!(database, on => {
        query(
            "INSERT INTO roots (number, root_id, wrapped, created_at) \
             SELECT 1, $1, $2, $3 WHERE NOT EXISTS (SELECT 1 FROM branch_keys) \
             ON CONFLICT DO NOTHING",
        )
        .bind(root_id)
        .bind(wrapped)
        .bind(now)
        .execute(&mut *on)
        .await?;
    });
    Ok(())
}

/// A new tenant's wrapped keys.
pub(super) struct TenantRows {
    pub(super) branch: Vec<u8>,
    pub(super) index: Vec<u8>,
    pub(super) audit: Vec<u8>,
    pub(super) records: Vec<u8>,
}

/// Writes a tenant's first keys, all or none; returns whether it did.
pub(super) async fn create_tenant(
    database: &Database,
    root_id: &str,
    tenant: TenantId,
    rows: &TenantRows,
    now: i64,
) -> Result<bool, DatabaseError> {
    let tenant = tenant.uuid();
    let of_root = [
        (
            "INSERT INTO index_keys (tenant, version, root_id, wrapped, state, created_at) VALUES ($1, 1, $2, $3, 'active', $4)",
            &rows.index,
        ),
        (
            "INSERT INTO audit_keys (tenant, version, root_id, wrapped, state, created_at) VALUES ($1, 1, $2, $3, 'active', $4)",
            &rows.audit,
        ),
    ];
    let created = writing!(database, on => {
        // The transaction that inserts the branch writes the rest; another replica waits here and then finds it.
        let branch = query(
            "INSERT INTO branch_keys (tenant, version, root_id, wrapped, state, created_at) \
             VALUES ($1, 1, $2, $3, 'active', $4) ON CONFLICT DO NOTHING",
        )
        .bind(tenant).bind(root_id).bind(&rows.branch).bind(now)
        .execute(&mut *on)
        .await?;
        if branch == 0 {
            return Ok(false);
        }
        for (statement, wrapped) in of_root {
            query(statement)
                .bind(tenant).bind(root_id).bind(wrapped).bind(now)
                .execute(&mut *on)
                .await?;
        }
        query(
            "INSERT INTO tenant_keys (tenant, version, branch_version, wrapped, state, created_at) \
             VALUES ($1, 1, 1, $2, 'active', $3)",
        )
        .bind(tenant).bind(&rows.records).bind(now)
        .execute(&mut *on)
        .await?;
        true
    });
    Ok(created)
}

/// A tenant's branch keys, newest first.
pub(super) async fn branches(
    database: &Database,
    tenant: TenantId,
) -> Result<Vec<Wrapped>, DatabaseError> {
    by_tenant(
        database,
        tenant,
        "SELECT version, 0, wrapped, state FROM branch_keys WHERE tenant = $1 ORDER BY version DESC",
    )
    .await
}

/// A tenant's index keys, newest first.
pub(super) async fn index_keys(
    database: &Database,
    tenant: TenantId,
) -> Result<Vec<Wrapped>, DatabaseError> {
    by_tenant(
        database,
        tenant,
        "SELECT version, 0, wrapped, state FROM index_keys WHERE tenant = $1 ORDER BY version DESC",
    )
    .await
}

/// A tenant's audit keys, newest shard first.
pub(super) async fn audit_keys(
    database: &Database,
    tenant: TenantId,
) -> Result<Vec<Wrapped>, DatabaseError> {
    by_tenant(
        database,
        tenant,
        "SELECT version, 0, wrapped, state FROM audit_keys WHERE tenant = $1 ORDER BY version DESC",
    )
    .await
}

async fn by_tenant(
    database: &Database,
    tenant: TenantId,
    statement: &'static str,
) -> Result<Vec<Wrapped>, DatabaseError> {
    let rows: Vec<Row> = reading!(database, on => query_as(statement)
        .bind(tenant.uuid())
        .fetch_all(on))?;
    wrapped(rows)
}

/// The keys of a subject's records or, without one, of the tenant's own; newest first.
pub(super) async fn record_keys(
    database: &Database,
    tenant: TenantId,
    subject: Option<SubjectId>,
) -> Result<Vec<Wrapped>, DatabaseError> {
    let Some(subject) = subject else {
        return by_tenant(
            database,
            tenant,
            "SELECT version, branch_version, wrapped, state FROM tenant_keys \
             WHERE tenant = $1 ORDER BY version DESC",
        )
        .await;
    };
    let rows: Vec<Row> = reading!(database, on => query_as(
        "SELECT version, branch_version, wrapped, state FROM subject_keys \
         WHERE tenant = $1 AND subject = $2 ORDER BY version DESC",
    )
    .bind(tenant.uuid())
    .bind(subject.uuid())
    .fetch_all(on))?;
    wrapped(rows)
}

/// New subject keys, all under one branch.
pub(super) struct Fresh {
    branch_version: u32,
    subjects: Vec<Uuid>,
    wrapped: Vec<Vec<u8>>,
}

impl Fresh {
    pub(super) fn of_branch(branch_version: u32, capacity: usize) -> Self {
        Self {
            branch_version,
            subjects: Vec::with_capacity(capacity),
            wrapped: Vec::with_capacity(capacity),
        }
    }

    pub(super) fn push(&mut self, subject: SubjectId, wrapped: Vec<u8>) {
        self.subjects.push(subject.uuid());
        self.wrapped.push(wrapped);
    }
}

/// Writes new subject keys in one transaction; returns the subjects that had none before.
pub(super) async fn insert_subjects(
    database: &Database,
    tenant: TenantId,
    fresh: Fresh,
    now: i64,
) -> Result<HashSet<Uuid>, DatabaseError> {
    let fresh = Insert {
        tenant: tenant.uuid(),
        branch_version: i32::try_from(fresh.branch_version).map_err(|_| DatabaseError::Schema)?,
        subjects: fresh.subjects,
        wrapped: fresh.wrapped,
        now,
    };
    match database {
        // Together with others who create keys at the same time.
        Database::Sqlite(file) => file.write(fresh).await,
        Database::Postgres(pools) => fresh.at_once(pools).await,
    }
}

/// New keys of subjects that have none.
struct Insert {
    tenant: Uuid,
    branch_version: i32,
    subjects: Vec<Uuid>,
    wrapped: Vec<Vec<u8>>,
    now: i64,
}

impl Insert {
    async fn at_once(self, pools: &PgPools) -> Result<HashSet<Uuid>, DatabaseError> {
        let mut lane = pools.writer().await?;
        let inserted = query_as(
            "INSERT INTO subject_keys \
             (tenant, subject, version, branch_version, wrapped, state, created_at) \
             SELECT $1, s, 1, $2, w, 'active', $3 \
             FROM UNNEST($4::uuid[], $5::bytea[]) AS fresh (s, w) \
             ORDER BY s ON CONFLICT DO NOTHING RETURNING subject",
        )
        .bind(self.tenant)
        .bind(self.branch_version)
        .bind(self.now)
        .bind_array(self.subjects)
        .bind_array(self.wrapped)
        .fetch_all(&mut lane)
        .await;
        let inserted: Vec<Uuid> = lane.done(inserted)?;
        Ok(inserted.into_iter().collect())
    }
}

impl Work for Insert {
    type Output = HashSet<Uuid>;
    type Error = DatabaseError;

    async fn run(self, on: &mut Connection) -> Result<HashSet<Uuid>, DatabaseError> {
        let mut inserted = HashSet::with_capacity(self.subjects.len());
        for (subject, wrapped) in self.subjects.into_iter().zip(self.wrapped) {
            let done = query(
                "INSERT INTO subject_keys \
                 (tenant, subject, version, branch_version, wrapped, state, created_at) \
                 VALUES ($1, $2, 1, $3, $4, 'active', $5) ON CONFLICT DO NOTHING",
            )
            .bind(self.tenant)
            .bind(subject)
            .bind(self.branch_version)
            .bind(wrapped)
            .bind(self.now)
            .execute(&mut *on)
            .await?;
            if done == 1 {
                inserted.insert(subject);
            }
        }
        Ok(inserted)
    }
}
