//! Writing the rows of a batch, many rows a statement.

use vouchsafe_database::{Connection, Statement, Value, query};

use crate::store::StoreError;
use crate::store::batch::Batch;
use crate::store::sqlite::tags::RecordTags;

/// Rows of a statement: few sizes, so that the statements stay prepared.
const SIZES: [usize; 3] = [64, 8, 1];

pub(super) async fn intent(on: &mut Connection, batch: &Batch) -> Result<(), StoreError> {
    query("INSERT INTO intents (id, state, at) VALUES ($1, 1, $2)")
        .bind(batch.intent.uuid())
        .bind(batch.now)
        .execute(on)
        .await?;
    if let Some((idempotency, result)) = &batch.idempotency {
        query(
            "INSERT INTO idempotency (tenant, key, request, result, at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(batch.tenant.uuid())
        .bind(&idempotency.key.0[..])
        .bind(&idempotency.request.0[..])
        .bind(result)
        .bind(batch.now)
        .execute(on)
        .await?;
    }
    Ok(())
}

pub(super) async fn batch(on: &mut Connection, batch: &Batch) -> Result<(), StoreError> {
    let tags = RecordTags::of(on, batch).await?;
    records(on, batch, &tags).await?;
    versions(on, batch).await?;
    index(on, batch, &tags).await?;
    relations(on, batch).await
}

async fn records(
    on: &mut Connection,
    batch: &Batch,
    tags: &RecordTags<'_>,
) -> Result<(), StoreError> {
    let tenant = batch.tenant.uuid();
    let created: Vec<_> = batch
        .created
        .iter()
        .map(|line| (line, tags.packed(line.record)))
        .collect();
    let insert = "INSERT INTO records \
        (tenant, type, id, version, subject, deleted, last_updated, tags) VALUES ";
    rows(on, insert, &created, &|row, (line, tags): &(_, Vec<u8>)| {
        row.push(tenant.into());
        row.push(line.record.record_type.into());
        row.push(line.record.id.into());
        row.push(line.version.into());
        row.push(line.subject.into());
        row.push(line.deleted.into());
        row.push(batch.now.into());
        row.push(tags.as_slice().into());
    })
    .await
    .map_err(StoreError::of_record)?;
    for line in &batch.updated {
        let updated = query(
            "UPDATE records SET version = $1, deleted = $2, last_updated = $3, tags = $9 \
             WHERE tenant = $4 AND type = $5 AND id = $6 AND version = $7 AND subject IS $8",
        )
        .bind(line.version)
        .bind(line.deleted)
        .bind(batch.now)
        .bind(tenant)
        .bind(line.record.record_type)
        .bind(line.record.id)
        .bind(line.expects)
        .bind(line.subject)
        .bind(tags.packed(line.record))
        .execute(on)
        .await?;
        if updated != 1 {
            return Err(StoreError::Conflict);
        }
    }
    Ok(())
}

async fn versions(on: &mut Connection, batch: &Batch) -> Result<(), StoreError> {
    let tenant = batch.tenant.uuid();
    let insert = "INSERT INTO versions (tenant, type, id, version, subject, deleted, last_updated, \
        intent, key_version, suites, manifest, sealed) VALUES ";
    rows(on, insert, &batch.versions, &|row, line| {
        row.push(tenant.into());
        row.push(line.record.record_type.into());
        row.push(line.record.id.into());
        row.push(line.version.into());
        row.push(line.subject.into());
        row.push(line.deleted.into());
        row.push(batch.now.into());
        row.push(batch.intent.uuid().into());
        row.push(line.key_version.into());
        row.push(line.suites.into());
        row.push(line.manifest.as_slice().into());
        row.push(line.sealed.as_slice().into());
    })
    .await
}

async fn index(
    on: &mut Connection,
    batch: &Batch,
    tags: &RecordTags<'_>,
) -> Result<(), StoreError> {
    let tenant = batch.tenant.uuid();
    for (record, tag) in tags.replaced() {
        query(
            "DELETE FROM index_tags WHERE tenant = $1 AND type = $2 AND index_name = $3 \
             AND index_version = $4 AND tag = $5 AND id = $6",
        )
        .bind(tenant)
        .bind(record.record_type)
        .bind(tag.index)
        .bind(tag.index_version)
        .bind(&*tag.tag)
        .bind(record.id)
        .execute(on)
        .await?;
    }
    // Two values of a record may have one tag.
    let insert = "INSERT OR IGNORE INTO index_tags \
        (tenant, type, index_name, index_version, tag, id) VALUES ";
    rows(on, insert, &batch.tags, &|row, line| {
        row.push(tenant.into());
        row.push(line.record.record_type.into());
        row.push(line.index.into());
        row.push(line.index_version.into());
        row.push(line.tag.as_slice().into());
        row.push(line.record.id.into());
    })
    .await
}

async fn relations(on: &mut Connection, batch: &Batch) -> Result<(), StoreError> {
    let tenant = batch.tenant.uuid();
    for record in &batch.cleared_relations {
        query("DELETE FROM relations WHERE tenant = $1 AND source_type = $2 AND source = $3")
            .bind(tenant)
            .bind(record.record_type)
            .bind(record.id)
            .execute(on)
            .await?;
    }
    let insert = "INSERT INTO relations (tenant, beneficiary_type, beneficiary, subject, \
        source_type, source, kind, from_at, until_at) VALUES ";
    rows(on, insert, &batch.relations, &|row, line| {
        row.push(tenant.into());
        row.push(line.beneficiary.record_type.into());
        row.push(line.beneficiary.id.into());
        row.push(line.subject.into());
        row.push(line.source.record_type.into());
        row.push(line.source.id.into());
        row.push(line.kind.into());
        row.push(line.from.into());
        row.push(line.until.into());
    })
    .await
}

/// Inserts rows of one table.
async fn rows<'a, T: Sync>(
    on: &mut Connection,
    insert: &str,
    mut lines: &'a [T],
    bind: &(dyn Fn(&mut Vec<Value<'a>>, &'a T) + Sync),
) -> Result<(), StoreError> {
    while let Some(size) = SIZES.into_iter().find(|size| *size <= lines.len()) {
        let (now, later) = lines.split_at(size);
        lines = later;
        let mut values = Vec::new();
        for line in now {
            bind(&mut values, line);
        }
        let columns = values.len() / size;
        let row = format!("(?{})", ", ?".repeat(columns.saturating_sub(1)));
        let others = format!(", {row}").repeat(size - 1);
        // Text of ours and question marks.
        let statement = query(format!("{insert}{row}{others}"));
        let statement = values.into_iter().fold(statement, Statement::bind);
        statement.execute(on).await?;
    }
    Ok(())
}
