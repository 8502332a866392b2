//! Queries as SQL. Each begins at what finds the fewest records: what is looked up for each of
//! these is fenced off (`LATERAL ... OFFSET 0`), since a planner without statistics, of a
//! database that was just filled, would rather read all of a tenant's records.

use jiff::Timestamp;
use uuid::Uuid;
use vouchsafe_database::{Builder, Statement};

use crate::search::Order;
use crate::store::bounded;
use crate::store::rows::{Care, Sought, TagsOf, VersionRow};

/// The records of a page of the query, each with its current version.
pub(in crate::store) fn candidates<'a>(sought: &Sought<'_>) -> Statement<'a, VersionRow> {
    let mut sql = Builder::new(
        "SELECT v.id, v.version, v.subject, v.deleted, v.last_updated, v.manifest, v.sealed FROM (",
    );
    page(&mut sql, sought);
    sql.push(") r CROSS JOIN LATERAL (SELECT v.* FROM versions v WHERE v.tenant = ")
        .push_bind(sought.tenant.uuid());
    sql.push(" AND v.type = ").push_bind(sought.record_type);
    sql.push(" AND v.id = r.id AND v.version = r.version OFFSET 0) v ORDER BY ");
    sql.push(order(sought.query.order));
    sql.build()
}

/// The ids of the records of a page.
pub(super) fn ids<'a>(sought: &Sought<'_>) -> Statement<'a, Uuid> {
    let mut sql = Builder::new("SELECT r.id FROM (");
    page(&mut sql, sought);
    sql.push(") r");
    sql.build()
}

fn page(sql: &mut Builder<'_>, sought: &Sought<'_>) {
    sql.push("SELECT r.id, r.version, r.last_updated ");
    source(sql, sought);
    sql.push(" ORDER BY ")
        .push(order(sought.query.order))
        .push(" LIMIT ")
        .push_bind(bounded(sought.query.limit));
}

const fn order(order: Order) -> &'static str {
    match order {
        Order::Id => "r.id",
        Order::LastUpdated => "r.last_updated, r.id",
        Order::LastUpdatedDescending => "r.last_updated DESC, r.id DESC",
    }
}

pub(in crate::store) fn in_care<'a>(care: Care<'_>) -> Statement<'a, Uuid> {
    let (types, ids): (Vec<i32>, Vec<Uuid>) = care.beneficiaries.iter().copied().unzip();
    let mut sql = Builder::new("SELECT DISTINCT r.subject FROM unnest(");
    sql.push_array(types)
        .push("::integer[], ")
        .push_array(ids)
        .push("::uuid[]) AS w(type, id) ");
    if let Some(subjects) = care.subjects {
        let subjects: Vec<Uuid> = subjects.iter().map(|subject| subject.uuid()).collect();
        sql.push("CROSS JOIN unnest(")
            .push_array(subjects)
            .push("::uuid[]) AS s(subject) ");
    }
    sql.push("CROSS JOIN LATERAL (SELECT r.subject FROM relations r WHERE r.tenant = ");
    sql.push_bind(care.tenant.uuid());
    sql.push(" AND r.beneficiary_type = w.type AND r.beneficiary = w.id");
    if care.subjects.is_some() {
        sql.push(" AND r.subject = s.subject");
    }
    let now = care.now.as_microsecond();
    sql.push(" AND r.from_at <= ")
        .push_bind(now)
        .push(" AND r.until_at > ")
        .push_bind(now);
    sql.push(" OFFSET 0) r ORDER BY r.subject");
    sql.build()
}

fn source(sql: &mut Builder<'_>, sought: &Sought<'_>) {
    let query = sought.query;
    let mut others = sought.lookups.iter();
    let mut first_of_subject = false;
    if let Some(ids) = &query.ids {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        sql.push("FROM (SELECT DISTINCT unnest(")
            .push_array(ids)
            .push("::uuid[]) AS id) c ");
    } else if let Some(first) = others.next() {
        sql.push("FROM (SELECT DISTINCT t.id FROM unnest(")
            .push_array(first.any.clone())
            .push("::bytea[]) AS w(tag) CROSS JOIN LATERAL (SELECT t.id FROM index_tags t WHERE ");
        tagged(sql, sought, first);
        sql.push(" AND t.tag = w.tag OFFSET 0) t) c ");
    } else if let Some(subjects) = &query.subjects {
        let subjects: Vec<Uuid> = subjects.iter().map(|subject| subject.uuid()).collect();
        sql.push("FROM (SELECT DISTINCT unnest(")
            .push_array(subjects)
            .push("::uuid[]) AS subject) c ");
        first_of_subject = true;
    } else {
        sql.push("FROM records r WHERE ");
        conditions(sql, sought);
        return;
    }
    sql.push("CROSS JOIN LATERAL (SELECT r.id, r.version, r.last_updated FROM records r WHERE ");
    conditions(sql, sought);
    if first_of_subject {
        sql.push(" AND r.subject = c.subject");
    } else {
        sql.push(" AND r.id = c.id");
        if let Some(subjects) = &query.subjects {
            let subjects: Vec<Uuid> = subjects.iter().map(|subject| subject.uuid()).collect();
            sql.push(" AND r.subject = ANY(")
                .push_array(subjects)
                .push(")");
        }
    }
    for tags in others {
        sql.push(" AND EXISTS (SELECT 1 FROM index_tags t WHERE t.id = r.id AND ");
        tagged(sql, sought, tags);
        sql.push(" AND t.tag = ANY(")
            .push_array(tags.any.clone())
            .push(") OFFSET 0)");
    }
    // Of each subject the page needs no more than its first: the index has them in order.
    if first_of_subject && query.order == Order::Id {
        sql.push(" ORDER BY r.id LIMIT ")
            .push_bind(bounded(query.limit))
            .push(") r");
    } else {
        sql.push(" OFFSET 0) r");
    }
}

fn conditions(sql: &mut Builder<'_>, sought: &Sought<'_>) {
    let query = sought.query;
    sql.push("r.tenant = ").push_bind(sought.tenant.uuid());
    sql.push(" AND r.type = ")
        .push_bind(sought.record_type)
        .push(" AND NOT r.deleted");
    let (from, until) = query.updated.microseconds();
    if let Some(from) = from {
        sql.push(" AND r.last_updated >= ").push_bind(from);
    }
    if let Some(until) = until {
        sql.push(" AND r.last_updated < ").push_bind(until);
    }
    let Some(after) = query.after else {
        return;
    };
    let updated = after.updated.map_or(0, Timestamp::as_microsecond);
    match query.order {
        Order::Id => sql.push(" AND (r.id) > ("),
        Order::LastUpdated => sql
            .push(" AND (r.last_updated, r.id) > (")
            .push_bind(updated)
            .push(", "),
        Order::LastUpdatedDescending => sql
            .push(" AND (r.last_updated, r.id) < (")
            .push_bind(updated)
            .push(", "),
    };
    sql.push_bind(after.id.uuid()).push(")");
}

fn tagged(sql: &mut Builder<'_>, sought: &Sought<'_>, tags: &TagsOf) {
    sql.push("t.tenant = ").push_bind(sought.tenant.uuid());
    sql.push(" AND t.type = ").push_bind(sought.record_type);
    sql.push(" AND t.index_name = ").push_bind(tags.index);
    sql.push(" AND t.index_version = ")
        .push_bind(tags.index_version);
}
