//! Writing the rows of a batch: one statement per table, its columns as arrays.

use sqlx::postgres::PgConnection;
use uuid::Uuid;

use crate::store::StoreError;
use crate::store::batch::{Batch, RecordNo, VersionLine};
use crate::store::error::translate;

/// Bytes of versions in one statement, about.
const STATEMENT_BYTES: usize = 4 << 20;
/// Rows of other tables in one statement.
const STATEMENT_ROWS: usize = 10_000;

pub(super) async fn intent(
    connection: &mut PgConnection,
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
    connection: &mut PgConnection,
    batch: &Batch<'_>,
) -> Result<(), StoreError> {
    created(connection, batch).await?;
    updated(connection, batch).await?;
    versions(connection, batch).await?;
    tags(connection, batch).await?;
    relations(connection, batch).await
}

/// A column of the rows.
fn column<T, V>(lines: &[T], value: impl Fn(&T) -> V) -> Vec<V> {
    lines.iter().map(value).collect()
}

/// The columns that name records.
fn places<T>(lines: &[T], record: impl Fn(&T) -> RecordNo) -> (Vec<i32>, Vec<Uuid>) {
    lines
        .iter()
        .map(record)
        .map(|record| (record.record_type, record.id))
        .unzip()
}

async fn created(connection: &mut PgConnection, batch: &Batch<'_>) -> Result<(), StoreError> {
    for lines in batch.created.chunks(STATEMENT_ROWS) {
        let (types, ids) = places(lines, |line| line.record);
        let inserted = sqlx::query(
            "INSERT INTO records (tenant, type, id, version, subject, deleted, last_updated) \
             SELECT $1, type, id, version, subject, deleted, $2 FROM unnest($3::integer[], \
             $4::uuid[], $5::bigint[], $6::uuid[], $7::boolean[]) \
             AS w(type, id, version, subject, deleted)",
        )
        .bind(batch.tenant.uuid())
        .bind(batch.now)
        .bind(types)
        .bind(ids)
        .bind(column(lines, |line| line.version))
        .bind(column(lines, |line| line.subject))
        .bind(column(lines, |line| line.deleted))
        .execute(&mut *connection)
        .await;
        inserted.map_err(|error| translate(error).of_record())?;
    }
    Ok(())
}

async fn updated(connection: &mut PgConnection, batch: &Batch<'_>) -> Result<(), StoreError> {
    for lines in batch.updated.chunks(STATEMENT_ROWS) {
        let (types, ids) = places(lines, |line| line.record);
        let done = sqlx::query(
            "UPDATE records r SET version = w.version, deleted = w.deleted, last_updated = $2 \
             FROM unnest($3::integer[], $4::uuid[], $5::bigint[], $6::bigint[], $7::uuid[], \
             $8::boolean[]) AS w(type, id, version, expects, subject, deleted) \
             WHERE r.tenant = $1 AND r.type = w.type AND r.id = w.id AND r.version = w.expects \
             AND r.subject IS NOT DISTINCT FROM w.subject",
        )
        .bind(batch.tenant.uuid())
        .bind(batch.now)
        .bind(types)
        .bind(ids)
        .bind(column(lines, |line| line.version))
        .bind(column(lines, |line| line.expects))
        .bind(column(lines, |line| line.subject))
        .bind(column(lines, |line| line.deleted))
        .execute(&mut *connection)
        .await
        .map_err(translate)?;
        if done.rows_affected() != lines.len() as u64 {
            return Err(StoreError::Conflict);
        }
    }
    Ok(())
}

async fn versions(connection: &mut PgConnection, batch: &Batch<'_>) -> Result<(), StoreError> {
    let mut rest = batch.versions.as_slice();
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = rest
            .iter()
            .take(STATEMENT_ROWS)
            .take_while(|line| {
                let begins = bytes == 0;
                bytes += line.sealed.len() + line.manifest.len();
                begins || bytes <= STATEMENT_BYTES
            })
            .count();
        let (lines, later) = rest.split_at(fits);
        rest = later;
        some_versions(connection, batch, lines).await?;
    }
    Ok(())
}

async fn some_versions(
    connection: &mut PgConnection,
    batch: &Batch<'_>,
    lines: &[VersionLine],
) -> Result<(), StoreError> {
    let (types, ids) = places(lines, |line| line.record);
    let bytes = |value: fn(&VersionLine) -> &[u8]| lines.iter().map(value).collect::<Vec<&[u8]>>();
    sqlx::query(
        "INSERT INTO versions (tenant, type, id, version, subject, deleted, last_updated, intent, \
         key_version, suites, manifest, sealed) \
         SELECT $1, type, id, version, subject, deleted, $2, $3, key_version, suites, manifest, \
         sealed FROM unnest($4::integer[], $5::uuid[], $6::bigint[], $7::uuid[], $8::boolean[], \
         $9::bigint[], $10::smallint[], $11::bytea[], $12::bytea[]) \
         AS w(type, id, version, subject, deleted, key_version, suites, manifest, sealed)",
    )
    .bind(batch.tenant.uuid())
    .bind(batch.now)
    .bind(batch.intent.uuid())
    .bind(types)
    .bind(ids)
    .bind(column(lines, |line| line.version))
    .bind(column(lines, |line| line.subject))
    .bind(column(lines, |line| line.deleted))
    .bind(column(lines, |line| line.key_version))
    .bind(column(lines, |line| line.suites))
    .bind(bytes(|line| &line.manifest))
    .bind(bytes(|line| &line.sealed))
    .execute(connection)
    .await
    .map_err(translate)?;
    Ok(())
}

async fn tags(connection: &mut PgConnection, batch: &Batch<'_>) -> Result<(), StoreError> {
    for lines in batch.cleared_tags.chunks(STATEMENT_ROWS) {
        let (types, ids) = places(lines, |line| line.record);
        sqlx::query(
            "DELETE FROM index_tags t \
             USING unnest($2::integer[], $3::uuid[], $4::integer[]) AS w(type, id, index_name) \
             WHERE t.tenant = $1 AND t.type = w.type AND t.id = w.id \
             AND t.index_name = w.index_name",
        )
        .bind(batch.tenant.uuid())
        .bind(types)
        .bind(ids)
        .bind(column(lines, |line| line.index))
        .execute(&mut *connection)
        .await
        .map_err(translate)?;
    }
    for lines in batch.tags.chunks(STATEMENT_ROWS) {
        let (types, ids) = places(lines, |line| line.record);
        // Two values of a record may have one tag.
        sqlx::query(
            "INSERT INTO index_tags (tenant, type, index_name, index_version, tag, id) \
             SELECT $1, type, index_name, index_version, tag, id FROM unnest($2::integer[], \
             $3::uuid[], $4::integer[], $5::bigint[], $6::bytea[]) \
             AS w(type, id, index_name, index_version, tag) ON CONFLICT DO NOTHING",
        )
        .bind(batch.tenant.uuid())
        .bind(types)
        .bind(ids)
        .bind(column(lines, |line| line.index))
        .bind(column(lines, |line| line.index_version))
        .bind(column(lines, |line| line.tag.clone()))
        .execute(&mut *connection)
        .await
        .map_err(translate)?;
    }
    Ok(())
}

async fn relations(connection: &mut PgConnection, batch: &Batch<'_>) -> Result<(), StoreError> {
    let tenant = batch.tenant.uuid();
    for lines in batch.cleared_relations.chunks(STATEMENT_ROWS) {
        let (types, ids) = places(lines, |record| *record);
        sqlx::query(
            "DELETE FROM relations r USING unnest($2::integer[], $3::uuid[]) AS w(type, id) \
             WHERE r.tenant = $1 AND r.source_type = w.type AND r.source = w.id",
        )
        .bind(tenant)
        .bind(types)
        .bind(ids)
        .execute(&mut *connection)
        .await
        .map_err(translate)?;
    }
    for lines in batch.relations.chunks(STATEMENT_ROWS) {
        let (types, ids) = places(lines, |line| line.beneficiary);
        let (source_types, sources) = places(lines, |line| line.source);
        sqlx::query(
            "INSERT INTO relations (tenant, beneficiary_type, beneficiary, subject, source_type, \
             source, kind, from_at, until_at) SELECT $1, * FROM unnest($2::integer[], \
             $3::uuid[], $4::uuid[], $5::integer[], $6::uuid[], $7::integer[], $8::bigint[], \
             $9::bigint[])",
        )
        .bind(tenant)
        .bind(types)
        .bind(ids)
        .bind(column(lines, |line| line.subject))
        .bind(source_types)
        .bind(sources)
        .bind(column(lines, |line| line.kind))
        .bind(column(lines, |line| line.from))
        .bind(column(lines, |line| line.until))
        .execute(&mut *connection)
        .await
        .map_err(translate)?;
    }
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
