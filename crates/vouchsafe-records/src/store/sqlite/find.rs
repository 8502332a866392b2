//! Queries as SQL. Each begins at what finds the fewest records, and says so: SQLite has no
//! statistics of a database that was just filled, and would read a type's records one by one.

use jiff::Timestamp;
use uuid::Uuid;
use vouchsafe_database::{Builder, Statement};

use crate::search::Order;
use crate::store::bounded;
use crate::store::rows::{Care, Sought, TagsOf, VersionRow};

/// The records of a page of the query, each with its current version.
pub(in crate::store) fn candidates<'a>(sought: &Sought<'_>) -> Statement<'a, VersionRow> {
    let mut sql = select(WITH_VERSIONS, sought);
    sql.push(
        ") r CROSS JOIN versions v ON v.tenant = r.tenant AND v.type = r.type AND v.id = r.id \
         AND v.version = r.version ORDER BY ",
    );
    sql.push(order(sought.query.order));
    sql.build()
}

/// The ids of the records of a page.
pub(super) fn ids<'a>(sought: &Sought<'_>) -> Statement<'a, Uuid> {
    let mut sql = select("SELECT r.id FROM (", sought);
    sql.push(") r");
    sql.build()
}

const WITH_VERSIONS: &str = "SELECT v.id, v.version, v.subject, v.deleted, v.last_updated, \
    v.manifest, v.sealed FROM (";

const fn order(order: Order) -> &'static str {
    match order {
        Order::Id => "r.id",
        Order::LastUpdated => "r.last_updated, r.id",
        Order::LastUpdatedDescending => "r.last_updated DESC, r.id DESC",
    }
}

pub(in crate::store) fn in_care<'a>(care: Care<'_>) -> Statement<'a, Uuid> {
    subjects("", care).build()
}

/// The records that a page of the query has.
fn select<'a>(prefix: &str, sought: &Sought<'_>) -> Builder<'a> {
    let mut sql = Builder::new(format!(
        "{prefix}SELECT r.tenant, r.type, r.id, r.version, r.last_updated "
    ));
    conditions(&mut sql, sought);
    let query = sought.query;
    if let Some(after) = query.after {
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
    sql.push(" ORDER BY ")
        .push(order(query.order))
        .push(" LIMIT ")
        .push_bind(bounded(query.limit));
    sql
}

fn conditions(sql: &mut Builder<'_>, sought: &Sought<'_>) {
    let query = sought.query;
    let mut others = sought.lookups.iter();
    match (&query.ids, others.next(), &query.subjects) {
        (None, Some(first), _) => {
            sql.push("FROM (SELECT DISTINCT t.id FROM index_tags t WHERE ");
            tagged(sql, sought, first);
            sql.push(") c CROSS JOIN records r ON r.id = c.id");
        }
        (None, None, Some(_)) => {
            sql.push("FROM records r INDEXED BY records_by_subject");
        }
        (Some(_), _, _) | (None, None, None) => {
            others = sought.lookups.iter();
            sql.push("FROM records r");
        }
    }
    sql.push(" WHERE r.tenant = ")
        .push_bind(sought.tenant.uuid());
    sql.push(" AND r.type = ")
        .push_bind(sought.record_type)
        .push(" AND r.deleted = 0");
    if let Some(ids) = &query.ids {
        sql.push(" AND ");
        among_ids(sql, "r.id", ids.iter().map(|id| id.uuid()));
    }
    if let Some(subjects) = &query.subjects {
        sql.push(" AND ");
        among_ids(
            sql,
            "r.subject",
            subjects.iter().map(|subject| subject.uuid()),
        );
    }
    for tags in others {
        sql.push(" AND EXISTS (SELECT 1 FROM index_tags t WHERE t.id = r.id AND ");
        tagged(sql, sought, tags);
        sql.push(")");
    }
    let (from, until) = query.updated.microseconds();
    if let Some(from) = from {
        sql.push(" AND r.last_updated >= ").push_bind(from);
    }
    if let Some(until) = until {
        sql.push(" AND r.last_updated < ").push_bind(until);
    }
}

fn tagged(sql: &mut Builder<'_>, sought: &Sought<'_>, tags: &TagsOf) {
    sql.push("t.tenant = ").push_bind(sought.tenant.uuid());
    sql.push(" AND t.type = ").push_bind(sought.record_type);
    sql.push(" AND t.index_name = ").push_bind(tags.index);
    sql.push(" AND t.index_version = ")
        .push_bind(tags.index_version)
        .push(" AND ");
    sql.push("t.tag IN (");
    for (number, tag) in tags.any.iter().enumerate() {
        sql.push(if number == 0 { "" } else { ", " });
        sql.push_bind(tag.clone());
    }
    sql.push(")");
}

/// The subjects in somebody's care; a part for each beneficiary.
fn subjects<'a>(prefix: &str, care: Care<'_>) -> Builder<'a> {
    let mut sql = Builder::new(prefix);
    let now = care.now.as_microsecond();
    for (number, (record_type, id)) in care.beneficiaries.iter().enumerate() {
        sql.push(if number == 0 { "" } else { " UNION " });
        sql.push("SELECT DISTINCT subject FROM relations WHERE tenant = ")
            .push_bind(care.tenant.uuid());
        sql.push(" AND beneficiary_type = ").push_bind(*record_type);
        sql.push(" AND beneficiary = ").push_bind(*id);
        if let Some(subjects) = care.subjects {
            sql.push(" AND ");
            among_ids(
                &mut sql,
                "subject",
                subjects.iter().map(|subject| subject.uuid()),
            );
        }
        sql.push(" AND from_at <= ")
            .push_bind(now)
            .push(" AND until_at > ")
            .push_bind(now);
    }
    sql.push(" ORDER BY subject");
    sql
}

/// `column IN (...)`, the ids as one value: SQLite takes no more than 32,766 values.
fn among_ids(sql: &mut Builder<'_>, column: &str, ids: impl Iterator<Item = Uuid>) {
    let mut packed = Vec::new();
    ids.for_each(|id| packed.extend_from_slice(id.as_bytes()));
    let count = bounded(packed.len() / 16);
    sql.push(column)
        .push(" IN (WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ")
        .push_bind(count)
        .push(") SELECT substr(")
        .push_bind(packed)
        .push(", i * 16 + 1, 16) FROM n)");
}

#[cfg(test)]
mod tests {
    use vouchsafe::ids::{RecordId, SubjectId, TenantId};
    use vouchsafe::seal::IndexTag;

    use super::*;
    use crate::search::Window;
    use crate::store::names::Names;
    use crate::store::{Create, Database, Location, Lookup, Query, SCHEMA, intern};

    struct Plans {
        database: Database,
        names: Names,
        _folder: tempfile::TempDir,
    }

    impl Plans {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("records.db");
            let location = Location::Sqlite { path };
            let opened = Database::open(&location, Create::IfMissing, &SCHEMA).await;
            let database = opened.unwrap();
            let wanted = ["Customer", "family", "given"];
            let names = Names::new(intern(&database, &wanted).await.unwrap());
            Self {
                database,
                names,
                _folder: folder,
            }
        }

        async fn explain(&self, sql: Builder<'_>) -> String {
            let mut reader = self.database.reader().await.unwrap();
            let rows: Vec<(i64, i64, i64, String)> =
                sql.build().fetch_all(&mut reader).await.unwrap();
            rows.into_iter().map(|row| row.3 + "\n").collect()
        }

        async fn of(&self, change: impl Fn(&mut Query)) -> String {
            let mut query = Query {
                record_type: "Customer".parse().unwrap(),
                ids: None,
                subjects: None,
                lookups: Vec::new(),
                updated: Window::default(),
                order: Order::Id,
                after: None,
                limit: 10,
            };
            change(&mut query);
            let sought = Sought::new(TenantId::random(), &query, &self.names).unwrap();
            self.explain(select("EXPLAIN QUERY PLAN ", &sought)).await
        }
    }

    fn lookup(index: &str) -> Lookup {
        Lookup {
            index: index.into(),
            version: 1,
            any: vec![IndexTag([1; 16]), IndexTag([2; 16])],
        }
    }

    #[tokio::test]
    async fn no_query_reads_more_than_it_must() {
        let plans = Plans::new().await;
        let by_subject = plans
            .of(|query| query.subjects = Some(vec![SubjectId::random()]))
            .await;
        assert!(
            by_subject.contains("records_by_subject (tenant=? AND subject=? AND type=?)"),
            "{by_subject}"
        );
        let by_id = plans
            .of(|query| query.ids = Some(vec![RecordId::random()]))
            .await;
        assert!(by_id.contains("(tenant=? AND type=? AND id=?)"), "{by_id}");
        let by_tags = plans
            .of(|query| query.lookups = vec![lookup("family"), lookup("given")])
            .await;
        let first =
            "PRIMARY KEY (tenant=? AND type=? AND index_name=? AND index_version=? AND tag=?)";
        let others = "PRIMARY KEY (tenant=? AND type=? AND index_name=? AND index_version=? AND tag=? AND id=?)";
        assert!(
            by_tags.contains(first) && by_tags.contains(others),
            "{by_tags}"
        );
        assert!(
            by_tags.contains("SEARCH r USING PRIMARY KEY (tenant=? AND type=? AND id=?)"),
            "{by_tags}"
        );
        let of_type = plans.of(|_| {}).await;
        assert!(
            of_type.contains("USING PRIMARY KEY (tenant=? AND type=?)"),
            "{of_type}"
        );
        for plan in [by_subject, by_id, by_tags] {
            assert!(!plan.contains("SCAN r"), "{plan}");
        }
    }

    #[tokio::test]
    async fn care_is_looked_up() {
        let plans = Plans::new().await;
        let one = [SubjectId::random()];
        let beneficiaries = [(1, Uuid::new_v4()), (1, Uuid::new_v4())];
        let care = Care {
            tenant: TenantId::random(),
            beneficiaries: &beneficiaries,
            subjects: Some(&one),
            now: Timestamp::UNIX_EPOCH,
        };
        let plan = plans.explain(subjects("EXPLAIN QUERY PLAN ", care)).await;
        let key = "(tenant=? AND beneficiary_type=? AND beneficiary=? AND subject=?)";
        assert_eq!(plan.matches(key).count(), 2, "{plan}");
    }
}
