//! Statements that both databases understand.

use jiff::Timestamp;
use vouchsafe::ids::{IntentId, TenantId};
use vouchsafe::seal::IndexTag;
use vouchsafe_database::{Statement, query, query_as};

use super::rows::{CareRow, One, RepeatedRow};

/// All names there are.
pub(super) fn names<'a>() -> Statement<'a, (i32, String)> {
    query_as("SELECT no, name FROM names")
}

pub(super) fn relations<'a>(of: One) -> Statement<'a, CareRow> {
    query_as(
        "SELECT kind, beneficiary_type, beneficiary, from_at, until_at FROM relations \
         WHERE tenant = $1 AND source_type = $2 AND source = $3 \
         ORDER BY beneficiary_type, beneficiary, kind, from_at",
    )
    .bind(of.tenant.uuid())
    .bind(of.record_type)
    .bind(of.id.uuid())
}

pub(super) fn repeated<'a>(tenant: TenantId, key: IndexTag) -> Statement<'a, RepeatedRow> {
    query_as("SELECT request, result FROM idempotency WHERE tenant = $1 AND key = $2")
        .bind(tenant.uuid())
        .bind(key.0.to_vec())
}

/// How many rows one [`forget`] deletes at most.
pub(super) const FORGOTTEN_AT_ONCE: u64 = 1_000;

pub(super) fn forget<'a>(before: Timestamp) -> Statement<'a> {
    query(
        "DELETE FROM idempotency WHERE (tenant, key) IN \
         (SELECT tenant, key FROM idempotency WHERE at < $1 ORDER BY at LIMIT 1000)",
    )
    .bind(before.as_microsecond())
}

pub(super) fn keep_checkpoint<'a>(origin: &'a str, size: i64, note: &'a [u8]) -> Statement<'a> {
    query(
        "INSERT INTO checkpoints (origin, size, note) VALUES ($1, $2, $3) \
         ON CONFLICT (origin) DO UPDATE SET size = excluded.size, note = excluded.note \
         WHERE checkpoints.size < excluded.size",
    )
    .bind(origin)
    .bind(size)
    .bind(note)
}

pub(super) fn checkpoint(origin: &str) -> Statement<'_, Vec<u8>> {
    query_as("SELECT note FROM checkpoints WHERE origin = $1").bind(origin)
}

/// On PostgreSQL the insert waits for a transaction that has the same id; then it is there, or it is not.
pub(super) fn abort<'a>(intent: IntentId, now: Timestamp) -> Statement<'a> {
    query("INSERT INTO intents (id, state, at) VALUES ($1, 2, $2) ON CONFLICT DO NOTHING")
        .bind(intent.uuid())
        .bind(now.as_microsecond())
}

/// When the latest write was, of those whose intents are the latest.
pub(super) fn latest_write<'a>() -> Statement<'a, i64> {
    query_as(
        "SELECT at FROM (SELECT at FROM intents ORDER BY id DESC LIMIT 1000) latest \
         ORDER BY at DESC LIMIT 1",
    )
}

/// How a write ended.
pub(super) fn state<'a>(intent: IntentId) -> Statement<'a, i16> {
    query_as("SELECT state FROM intents WHERE id = $1").bind(intent.uuid())
}
