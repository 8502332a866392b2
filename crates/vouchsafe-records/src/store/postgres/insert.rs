//! Writing the rows of a batch: one statement per table, its columns as arrays.

use uuid::Uuid;
use vouchsafe_database::{Statement, query};

use crate::store::StoreError;
use crate::store::batch::{Batch, RecordNo, VersionLine};

/// Bytes of versions in one statement, about.
const STATEMENT_BYTES: usize = 4 << 20;
/// Rows of other tables in one statement.
const STATEMENT_ROWS: usize = 10_000;

/// A statement, and what its end means.
pub(super) struct Step<'a> {
    pub(super) statement: Statement<'a>,
    pub(super) end: End,
}

/// What the end of a statement means.
#[derive(Clone, Copy)]
pub(super) enum End {
    /// As the database says.
    Any,
    /// A row that is there already is one of a record with another version.
    OfRecords,
    /// All these rows must have been there.
    All(usize, StoreError),
}

impl End {
    pub(super) const fn of_error(self, error: StoreError) -> StoreError {
        match self {
            Self::OfRecords => error.of_record(),
            _ => error,
        }
    }

    pub(super) const fn of_rows(self, changed: u64) -> Result<(), StoreError> {
        match self {
            Self::All(rows, missing) if changed != rows as u64 => Err(missing),
            _ => Ok(()),
        }
    }
}

/// The statements that write a batch, in their order.
pub(super) fn steps(batch: &Batch) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    intent(&mut steps, batch);
    created(&mut steps, batch);
    updated(&mut steps, batch);
    versions(&mut steps, batch);
    tags(&mut steps, batch);
    relations(&mut steps, batch);
    steps
}

fn add<'a>(steps: &mut Vec<Step<'a>>, statement: Statement<'a>, end: End) {
    steps.push(Step { statement, end });
}

fn intent<'a>(steps: &mut Vec<Step<'a>>, batch: &'a Batch) {
    let statement = query("INSERT INTO intents (id, state, at) VALUES ($1, 1, $2)")
        .bind(batch.intent.uuid())
        .bind(batch.now);
    add(steps, statement, End::Any);
    if let Some((idempotency, result)) = &batch.idempotency {
        let statement = query(
            "INSERT INTO idempotency (tenant, key, request, result, at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(batch.tenant.uuid())
        .bind(&idempotency.key.0[..])
        .bind(&idempotency.request.0[..])
        .bind(result)
        .bind(batch.now);
        add(steps, statement, End::Any);
    }
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

fn created<'a>(steps: &mut Vec<Step<'a>>, batch: &'a Batch) {
    for lines in batch.created.chunks(STATEMENT_ROWS) {
        let (types, ids) = places(lines, |line| line.record);
        let inserted = query(
            "INSERT INTO records (tenant, type, id, version, subject, deleted, last_updated) \
             SELECT $1, type, id, version, subject, deleted, $2 FROM unnest($3::integer[], \
             $4::uuid[], $5::bigint[], $6::uuid[], $7::boolean[]) \
             AS w(type, id, version, subject, deleted)",
        )
        .bind(batch.tenant.uuid())
        .bind(batch.now)
        .bind_array(types)
        .bind_array(ids)
        .bind_array(column(lines, |line| line.version))
        .bind_array(column(lines, |line| line.subject))
        .bind_array(column(lines, |line| line.deleted));
        add(steps, inserted, End::OfRecords);
    }
}

fn updated<'a>(steps: &mut Vec<Step<'a>>, batch: &'a Batch) {
    for lines in batch.updated.chunks(STATEMENT_ROWS) {
        let (types, ids) = places(lines, |line| line.record);
        let done = query(
            "UPDATE records r SET version = w.version, deleted = w.deleted, last_updated = $2 \
             FROM unnest($3::integer[], $4::uuid[], $5::bigint[], $6::bigint[], $7::uuid[], \
             $8::boolean[]) AS w(type, id, version, expects, subject, deleted) \
             WHERE r.tenant = $1 AND r.type = w.type AND r.id = w.id AND r.version = w.expects \
             AND r.subject IS NOT DISTINCT FROM w.subject",
        )
        .bind(batch.tenant.uuid())
        .bind(batch.now)
        .bind_array(types)
        .bind_array(ids)
        .bind_array(column(lines, |line| line.version))
        .bind_array(column(lines, |line| line.expects))
        .bind_array(column(lines, |line| line.subject))
        .bind_array(column(lines, |line| line.deleted));
        let end = End::All(lines.len(), StoreError::Conflict);
        add(steps, done, end);
    }
}

fn versions<'a>(steps: &mut Vec<Step<'a>>, batch: &'a Batch) {
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
        // Of two updates at once, the second changes no record, and is told so here first: its version is there already.
        add(steps, some_versions(batch, lines), End::OfRecords);
    }
}

fn some_versions<'a>(batch: &'a Batch, lines: &'a [VersionLine]) -> Statement<'a> {
    let (types, ids) = places(lines, |line| line.record);
    let bytes = |value: fn(&VersionLine) -> &[u8]| lines.iter().map(value).collect::<Vec<&[u8]>>();
    query(
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
    .bind_array(types)
    .bind_array(ids)
    .bind_array(column(lines, |line| line.version))
    .bind_array(column(lines, |line| line.subject))
    .bind_array(column(lines, |line| line.deleted))
    .bind_array(column(lines, |line| line.key_version))
    .bind_array(column(lines, |line| line.suites))
    .bind_array(bytes(|line| &line.manifest))
    .bind_array(bytes(|line| &line.sealed))
}

fn tags<'a>(steps: &mut Vec<Step<'a>>, batch: &'a Batch) {
    for lines in batch.cleared_tags.chunks(STATEMENT_ROWS) {
        let (types, ids) = places(lines, |line| line.record);
        let statement = query(
            "DELETE FROM index_tags t \
             USING unnest($2::integer[], $3::uuid[], $4::integer[]) AS w(type, id, index_name) \
             WHERE t.tenant = $1 AND t.type = w.type AND t.id = w.id \
             AND t.index_name = w.index_name",
        )
        .bind(batch.tenant.uuid())
        .bind_array(types)
        .bind_array(ids)
        .bind_array(column(lines, |line| line.index));
        add(steps, statement, End::Any);
    }
    for lines in batch.tags.chunks(STATEMENT_ROWS) {
        let (types, ids) = places(lines, |line| line.record);
        // Two values of a record may have one tag.
        let statement = query(
            "INSERT INTO index_tags (tenant, type, index_name, index_version, tag, id) \
             SELECT $1, type, index_name, index_version, tag, id FROM unnest($2::integer[], \
             $3::uuid[], $4::integer[], $5::bigint[], $6::bytea[]) \
             AS w(type, id, index_name, index_version, tag) ON CONFLICT DO NOTHING",
        )
        .bind(batch.tenant.uuid())
        .bind_array(types)
        .bind_array(ids)
        .bind_array(column(lines, |line| line.index))
        .bind_array(column(lines, |line| line.index_version))
        .bind_array(column(lines, |line| line.tag.clone()));
        add(steps, statement, End::Any);
    }
}

fn relations<'a>(steps: &mut Vec<Step<'a>>, batch: &'a Batch) {
    let tenant = batch.tenant.uuid();
    for lines in batch.cleared_relations.chunks(STATEMENT_ROWS) {
        let (types, ids) = places(lines, |record| *record);
        let statement = query(
            "DELETE FROM relations r USING unnest($2::integer[], $3::uuid[]) AS w(type, id) \
             WHERE r.tenant = $1 AND r.source_type = w.type AND r.source = w.id",
        )
        .bind(tenant)
        .bind_array(types)
        .bind_array(ids);
        add(steps, statement, End::Any);
    }
    for lines in batch.relations.chunks(STATEMENT_ROWS) {
        let (types, ids) = places(lines, |line| line.beneficiary);
        let (source_types, sources) = places(lines, |line| line.source);
        let statement = query(
            "INSERT INTO relations (tenant, beneficiary_type, beneficiary, subject, source_type, \
             source, kind, from_at, until_at) SELECT $1, * FROM unnest($2::integer[], \
             $3::uuid[], $4::uuid[], $5::integer[], $6::uuid[], $7::integer[], $8::bigint[], \
             $9::bigint[])",
        )
        .bind(tenant)
        .bind_array(types)
        .bind_array(ids)
        .bind_array(column(lines, |line| line.subject))
        .bind_array(source_types)
        .bind_array(sources)
        .bind_array(column(lines, |line| line.kind))
        .bind_array(column(lines, |line| line.from))
        .bind_array(column(lines, |line| line.until));
        add(steps, statement, End::Any);
    }
}
