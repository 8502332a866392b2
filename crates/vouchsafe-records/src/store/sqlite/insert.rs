//! Writing the rows of a batch, many rows a statement.

use sqlx::Arguments as _;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};

use crate::store::StoreError;
use crate::store::batch::Batch;
use crate::store::error::translate;

/// Rows of a statement: few sizes, so that the statements stay prepared.
const SIZES: [usize; 3] = [64, 8, 1];

pub(super) async fn intent(
    connection: &mut SqliteConnection,
    batch: &Batch<'_>,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO intents (id, state, at) VALUES ($1, 1, $2)")
        .bind(batch.intent.uuid())
        .bind(batch.now)
        .execute(&mut *connection)
        .await
        .map_err(translate)?;
    if let Some((idempotency, result)) = &batch.idempotency {
        sqlx::query(
            "INSERT INTO idempotency (tenant, key, request, result, at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(batch.tenant.uuid())
        .bind(idempotency.key.0.to_vec())
        .bind(idempotency.request.0.to_vec())
        .bind(result.clone())
        .bind(batch.now)
        .execute(connection)
        .await
        .map_err(translate)?;
    }
    Ok(())
}

pub(super) async fn batch(
    connection: &mut SqliteConnection,
    batch: &Batch<'_>,
) -> Result<(), StoreError> {
    records(connection, batch).await?;
    versions(connection, batch).await?;
    tags(connection, batch).await?;
    relations(connection, batch).await
}

async fn records(connection: &mut SqliteConnection, batch: &Batch<'_>) -> Result<(), StoreError> {
    let tenant = batch.tenant.uuid();
    let insert =
        "INSERT INTO records (tenant, type, id, version, subject, deleted, last_updated) VALUES ";
    rows(connection, insert, &batch.created, &|row, line| {
        row.add(tenant)?;
        row.add(line.record.record_type)?;
        row.add(line.record.id)?;
        row.add(line.version)?;
        row.add(line.subject)?;
        row.add(line.deleted)?;
        row.add(batch.now)
    })
    .await
    .map_err(StoreError::of_record)?;
    for line in &batch.updated {
        let updated = sqlx::query(
            "UPDATE records SET version = $1, deleted = $2, last_updated = $3 WHERE tenant = $4 \
             AND type = $5 AND id = $6 AND version = $7 AND subject IS $8",
        )
        .bind(line.version)
        .bind(line.deleted)
        .bind(batch.now)
        .bind(tenant)
        .bind(line.record.record_type)
        .bind(line.record.id)
        .bind(line.expects)
        .bind(line.subject)
        .execute(&mut *connection)
        .await
        .map_err(translate)?;
        if updated.rows_affected() != 1 {
            return Err(StoreError::Conflict);
        }
    }
    Ok(())
}

async fn versions(connection: &mut SqliteConnection, batch: &Batch<'_>) -> Result<(), StoreError> {
    let tenant = batch.tenant.uuid();
    let insert = "INSERT INTO versions (tenant, type, id, version, subject, deleted, last_updated, \
        intent, key_version, suites, manifest, sealed) VALUES ";
    rows(connection, insert, &batch.versions, &|row, line| {
        row.add(tenant)?;
        row.add(line.record.record_type)?;
        row.add(line.record.id)?;
        row.add(line.version)?;
        row.add(line.subject)?;
        row.add(line.deleted)?;
        row.add(batch.now)?;
        row.add(batch.intent.uuid())?;
        row.add(line.key_version)?;
        row.add(line.suites)?;
        row.add(line.manifest.clone())?;
        row.add(line.sealed.clone())
    })
    .await
}

async fn tags(connection: &mut SqliteConnection, batch: &Batch<'_>) -> Result<(), StoreError> {
    let tenant = batch.tenant.uuid();
    for line in &batch.cleared_tags {
        sqlx::query(
            "DELETE FROM index_tags WHERE tenant = $1 AND type = $2 AND id = $3 AND index_name = $4",
        )
        .bind(tenant)
        .bind(line.record.record_type)
        .bind(line.record.id)
        .bind(line.index)
        .execute(&mut *connection)
        .await
        .map_err(translate)?;
    }
    // Two values of a record may have one tag.
    let insert = "INSERT OR IGNORE INTO index_tags \
        (tenant, type, index_name, index_version, tag, id) VALUES ";
    rows(connection, insert, &batch.tags, &|row, line| {
        row.add(tenant)?;
        row.add(line.record.record_type)?;
        row.add(line.index)?;
        row.add(line.index_version)?;
        row.add(line.tag.clone())?;
        row.add(line.record.id)
    })
    .await
}

async fn relations(connection: &mut SqliteConnection, batch: &Batch<'_>) -> Result<(), StoreError> {
    let tenant = batch.tenant.uuid();
    for record in &batch.cleared_relations {
        sqlx::query("DELETE FROM relations WHERE tenant = $1 AND source_type = $2 AND source = $3")
            .bind(tenant)
            .bind(record.record_type)
            .bind(record.id)
            .execute(&mut *connection)
            .await
            .map_err(translate)?;
    }
    let insert = "INSERT INTO relations (tenant, beneficiary_type, beneficiary, subject, \
        source_type, source, kind, from_at, until_at) VALUES ";
    rows(connection, insert, &batch.relations, &|row, line| {
        row.add(tenant)?;
        row.add(line.beneficiary.record_type)?;
        row.add(line.beneficiary.id)?;
        row.add(line.subject)?;
        row.add(line.source.record_type)?;
        row.add(line.source.id)?;
        row.add(line.kind)?;
        row.add(line.from)?;
        row.add(line.until)
    })
    .await?;
    let Some(ended) = batch.ended else {
        return Ok(());
    };
    let done = sqlx::query(
        "UPDATE relations SET until_at = $1 \
         WHERE tenant = $2 AND source_type = $3 AND source = $4 AND until_at > $1",
    )
    .bind(batch.now)
    .bind(tenant)
    .bind(ended.record_type)
    .bind(ended.id)
    .execute(connection)
    .await
    .map_err(translate)?;
    if done.rows_affected() == 0 {
        Err(StoreError::NotFound)
    } else {
        Ok(())
    }
}

type Bound = Result<(), sqlx::error::BoxDynError>;

/// Inserts rows of one table.
async fn rows<T: Sync>(
    connection: &mut SqliteConnection,
    insert: &str,
    mut lines: &[T],
    bind: &(dyn Fn(&mut SqliteArguments, &T) -> Bound + Sync),
) -> Result<(), StoreError> {
    while let Some(size) = SIZES.into_iter().find(|size| *size <= lines.len()) {
        let (now, later) = lines.split_at(size);
        lines = later;
        let mut values = SqliteArguments::default();
        for line in now {
            bind(&mut values, line).map_err(|_| StoreError::Damaged)?;
        }
        let columns = values.len() / size;
        let row = format!("(?{})", ", ?".repeat(columns.saturating_sub(1)));
        let others = format!(", {row}").repeat(size - 1);
        // Text of ours and question marks.
        sqlx::query_with(
            sqlx::AssertSqlSafe(format!("{insert}{row}{others}")),
            values,
        )
        .execute(&mut *connection)
        .await
        .map_err(translate)?;
    }
    Ok(())
}
