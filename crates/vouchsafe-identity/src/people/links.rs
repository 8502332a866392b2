//! Links between people and the records that represent them or are about them.

use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;
use vouchsafe::ids::{PersonId, RecordId, RecordType, TenantId};
use vouchsafe::session::Principal;
use vouchsafe_database::{Database, DatabaseError, from_row, query, query_as, reading, writing};

use crate::admin::AdminError;
use crate::event::{Actor, Event, Occurrence};
use crate::identity::{Identity, maybe_time, time};
use crate::prepared::{NotDone, Prepared};

/// A record that represents a person, or is about them.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct RecordLink {
    /// The record's type.
    pub record_type: RecordType,
    /// Its id.
    pub id: RecordId,
}

impl fmt::Display for RecordLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.record_type, self.id)
    }
}

/// A link's row.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LinkRow {
    /// The record.
    pub record: RecordLink,
    /// When it was made.
    pub created_at: Timestamp,
    /// The actor who made it.
    pub created_by: String,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The actor who ended it.
    pub ended_by: Option<String>,
}

impl Identity {
    /// Prepares to link a person to a record. The record's care relations then become the person's, so nobody can do it
    /// for themselves.
    ///
    /// # Errors
    /// [`AdminError`], also if the record is linked already.
    pub async fn link(
        &self,
        tenant: TenantId,
        person: PersonId,
        record: &RecordLink,
        by: Actor,
        now: Timestamp,
    ) -> Result<Prepared<'_, ()>, AdminError> {
        let holder = self.holder(tenant, Principal::Person(person), now).await?;
        self.may_give(tenant, &by, &holder).await?;
        if linked(&self.database, tenant, record).await?.is_some() {
            return Err(AdminError::Linked);
        }
        let (label, record) = (by.label(), record.clone());
        let (kind, id) = (record.record_type.clone(), record.id);
        let event = Event::by(tenant, by, now, Occurrence::RecordLinked(person, kind, id));
        Ok(Prepared::new(vec![event], async move {
            insert(&self.database, tenant, person, &record, &label, now).await?;
            self.standing.forget_all();
            Ok(())
        }))
    }

    /// Prepares to end a link.
    ///
    /// # Errors
    /// [`AdminError::NoSuchLink`].
    pub async fn unlink(
        &self,
        tenant: TenantId,
        record: &RecordLink,
        by: Actor,
        now: Timestamp,
    ) -> Result<Prepared<'_, ()>, AdminError> {
        let person = linked(&self.database, tenant, record)
            .await?
            .ok_or(AdminError::NoSuchLink)?;
        let (label, record) = (by.label(), record.clone());
        let (kind, id) = (record.record_type.clone(), record.id);
        let event = Event::by(
            tenant,
            by,
            now,
            Occurrence::RecordUnlinked(person, kind, id),
        );
        Ok(Prepared::new(vec![event], async move {
            let ended = writing!(&self.database, on => {
                query(
                    "UPDATE record_links SET ended_at = $5, ended_by = $6 WHERE tenant = $1 \
                     AND record_type = $2 AND record = $3 AND person = $4 AND ended_at IS NULL",
                )
                .bind(tenant.uuid()).bind(record.record_type.as_str()).bind(record.id.uuid())
                .bind(person.uuid()).bind(now.as_microsecond()).bind(&label)
                .execute(&mut *on)
                .await?

            });
            self.standing.forget_all();
            if ended == 1 {
                Ok(())
            } else {
                Err(NotDone::Overtaken)
            }
        }))
    }
}

/// The person that a record is linked to.
async fn linked(
    database: &Database,
    tenant: TenantId,
    record: &RecordLink,
) -> Result<Option<PersonId>, DatabaseError> {
    let person: Option<Uuid> = reading!(database, on => query_as(
        "SELECT person FROM record_links \
         WHERE tenant = $1 AND record_type = $2 AND record = $3 AND ended_at IS NULL",
    )
    .bind(tenant.uuid())
    .bind(record.record_type.as_str())
    .bind(record.id.uuid())
    .fetch_optional(on))?;
    Ok(person.map(PersonId::from_uuid))
}

async fn insert(
    database: &Database,
    tenant: TenantId,
    person: PersonId,
    record: &RecordLink,
    by: &str,
    now: Timestamp,
) -> Result<(), NotDone> {
    let inserted = writing!(database, on => {
        query(
            "INSERT INTO record_links (id, tenant, person, record_type, record, created_at, created_by) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        )
        .bind(Uuid::new_v4()).bind(tenant.uuid()).bind(person.uuid())
        .bind(record.record_type.as_str()).bind(record.id.uuid())
        .bind(now.as_microsecond()).bind(by)
        .execute(&mut *on)
        .await?

    });
    if inserted == 1 {
        Ok(())
    } else {
        Err(NotDone::Overtaken)
    }
}

struct Row {
    record_type: String,
    record: Uuid,
    created_at: i64,
    created_by: String,
    ended_at: Option<i64>,
    ended_by: Option<String>,
}

from_row!(Row {
    record_type,
    record,
    created_at,
    created_by,
    ended_at,
    ended_by
});

/// All links of a person, oldest first.
pub(super) async fn rows(
    database: &Database,
    person: PersonId,
) -> Result<Vec<LinkRow>, DatabaseError> {
    let rows: Vec<Row> = reading!(database, on => query_as(
        "SELECT record_type, record, created_at, created_by, ended_at, ended_by \
         FROM record_links WHERE person = $1 ORDER BY created_at, id",
    )
    .bind(person.uuid())
    .fetch_all(on))?;
    rows.into_iter().map(LinkRow::try_from).collect()
}

impl TryFrom<Row> for LinkRow {
    type Error = DatabaseError;

    fn try_from(row: Row) -> Result<Self, DatabaseError> {
        let record_type = row.record_type.parse().map_err(|_| DatabaseError::Schema)?;
        Ok(Self {
            record: RecordLink {
                record_type,
                id: RecordId::from_uuid(row.record),
            },
            created_at: time(row.created_at)?,
            created_by: row.created_by,
            ended_at: maybe_time(row.ended_at)?,
            ended_by: row.ended_by,
        })
    }
}
