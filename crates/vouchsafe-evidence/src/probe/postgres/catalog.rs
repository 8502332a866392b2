//! Reads the catalogs of PostgreSQL, over TLS with the server's certificate and name verified (`verify-full`).

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use vouchsafe_postgres::tokio_postgres::types::Oid;
use vouchsafe_postgres::tokio_postgres::{self, Client, Row};
use vouchsafe_postgres::{Connector, Fault, Target};

use super::{ActsAs, May, PostgresProbe, PostgresTarget, Table};
use crate::bounded;
use crate::forge::Token;

/// How long connecting and reading may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Certificates of authorities are far smaller.
const AUTHORITIES: u64 = 4 << 20;

/// `$1` the table.
const TABLES: &str = "\
WITH RECURSIVE below(oid) AS ( \
    SELECT $1::text::regclass::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN below b ON i.inhparent = b.oid) \
SELECT c.oid, c.oid::regclass::text AS name, c.relpersistence = 'u' AS unlogged, c.relkind IN ('r', 'p') AS is_table, \
    c.relowner, n.nspname::text AS schema, n.nspowner, \
    ARRAY(SELECT t.tgname::text FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D' \
        ORDER BY 1) AS triggers \
FROM below b JOIN pg_class c ON c.oid = b.oid JOIN pg_namespace n ON n.oid = c.relnamespace \
ORDER BY c.oid = $1::text::regclass::oid DESC, 2";

/// `$1` the role. Of a superuser every role would be one that it may become: it is named itself, and that is enough.
const ROLES: &str = "\
SELECT r.oid, r.rolname::text AS role, r.rolsuper, r.rolcreaterole, \
    (SELECT d.datdba = r.oid FROM pg_database d WHERE d.datname = current_database()) AS owns_database \
FROM pg_roles r, pg_roles me \
WHERE me.rolname = $1 AND (r.oid = me.oid OR (NOT me.rolsuper AND pg_has_role(me.oid, r.oid, 'MEMBER'))) \
ORDER BY r.oid = me.oid DESC, 2";

/// `$1` roles, `$2` tables: what each may do to each, where it may anything. A right to some columns is a right.
const RIGHTS: &str = "\
SELECT * FROM ( \
    SELECT r.oid AS role, t.oid AS of_table, \
        has_table_privilege(r.oid, t.oid, 'INSERT') OR has_any_column_privilege(r.oid, t.oid, 'INSERT') AS insert, \
        has_table_privilege(r.oid, t.oid, 'UPDATE') OR has_any_column_privilege(r.oid, t.oid, 'UPDATE') AS update, \
        has_table_privilege(r.oid, t.oid, 'DELETE') AS delete, \
        has_table_privilege(r.oid, t.oid, 'TRUNCATE') AS truncate, \
        has_table_privilege(r.oid, t.oid, 'TRIGGER') AS trigger \
    FROM unnest($1::oid[]) AS r(oid) CROSS JOIN unnest($2::oid[]) AS t(oid)) AS rights \
WHERE insert OR update OR delete OR truncate OR trigger";

/// `$1` the role, `$2` the tables of the log.
const OTHERS: &str = "\
SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' \
    AND NOT c.oid = ANY($2) AND c.relname <> '_sqlx_migrations' \
    AND has_table_privilege($1::oid, c.oid, 'INSERT')";

/// Reads what catalogs say.
///
/// # Errors
/// In words.
pub(super) async fn read(
    target: &PostgresTarget,
    root: &Path,
    now: Timestamp,
) -> Result<PostgresProbe, String> {
    let connector = connector(target, root)?;
    let reading = async {
        let client = connector.connect(drop).await.map_err(told)?;
        all(&client, target, now).await
    };
    let late = |_| "the server did not answer in time".to_owned();
    tokio::time::timeout(PATIENCE, reading)
        .await
        .map_err(late)?
}

async fn all(
    client: &Client,
    target: &PostgresTarget,
    now: Timestamp,
) -> Result<PostgresProbe, String> {
    // One snapshot, in which nothing can be written.
    client
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await
        .map_err(fault)?;
    let server = client
        .query_one("SELECT current_setting('server_version')", &[])
        .await
        .map_err(fault)?;
    let found = client
        .query(TABLES, &[&target.table])
        .await
        .map_err(|error| absent(error.into(), &target.table))?;
    let (tables, owned) = tables(&found, &target.table)?;
    let roles = client.query(ROLES, &[&target.role]).await.map_err(fault)?;
    let me: Oid = match roles.first() {
        Some(row) => row.try_get("oid").map_err(fault)?,
        None => return Err(format!("there is no role {:?} in that server", target.role)),
    };
    let oids: Vec<Oid> = owned.iter().map(|table| table.oid).collect();
    let holders: Vec<Oid> = roles
        .iter()
        .map(|row| row.try_get("oid"))
        .collect::<Result<_, _>>()
        .map_err(fault)?;
    let rights = rights(client, &holders, &oids).await.map_err(fault)?;
    let acts_as = roles.iter().map(|row| role(row, &owned, &rights));
    let acts_as = acts_as.collect::<Result<_, _>>().map_err(fault)?;
    let others = client.query_one(OTHERS, &[&me, &oids]).await;
    Ok(PostgresProbe {
        v: 1,
        name: target.name(),
        at: now,
        server: server.try_get(0).map_err(fault)?,
        role: target.role.clone(),
        tables,
        acts_as,
        other_tables: others.map_err(fault)?.try_get(0).map_err(fault)?,
    })
}

/// Who owns a table and its schema.
struct Owned {
    oid: Oid,
    name: String,
    owner: Oid,
    schema: String,
    schema_owner: Oid,
}

/// The table and those below it, and who owns them.
fn tables(rows: &[Row], named: &str) -> Result<(Vec<Table>, Vec<Owned>), String> {
    let (mut tables, mut owned) = (Vec::new(), Vec::new());
    for row in rows {
        if !row.try_get::<_, bool>("is_table").map_err(fault)? {
            return Err(format!("{named} is no table"));
        }
        tables.push(Table {
            name: row.try_get("name").map_err(fault)?,
            unlogged: row.try_get("unlogged").map_err(fault)?,
            triggers: row.try_get("triggers").map_err(fault)?,
        });
        owned.push(Owned {
            oid: row.try_get("oid").map_err(fault)?,
            name: row.try_get("name").map_err(fault)?,
            owner: row.try_get("relowner").map_err(fault)?,
            schema: row.try_get("schema").map_err(fault)?,
            schema_owner: row.try_get("nspowner").map_err(fault)?,
        });
    }
    Ok((tables, owned))
}

/// What roles may do to tables, by role and table.
type Rights = BTreeMap<(Oid, Oid), Vec<&'static str>>;

async fn rights(
    client: &Client,
    roles: &[Oid],
    tables: &[Oid],
) -> Result<Rights, tokio_postgres::Error> {
    let rows = client.query(RIGHTS, &[&roles, &tables]).await?;
    let mut rights = Rights::new();
    for row in &rows {
        let (role, table): (Oid, Oid) = (row.try_get("role")?, row.try_get("of_table")?);
        let mut may = Vec::new();
        for right in ["insert", "update", "delete", "truncate", "trigger"] {
            if row.try_get::<_, bool>(right)? {
                may.push(right);
            }
        }
        rights.insert((role, table), may);
    }
    Ok(rights)
}

fn role(row: &Row, tables: &[Owned], rights: &Rights) -> Result<ActsAs, tokio_postgres::Error> {
    let oid: Oid = row.try_get("oid")?;
    let mut may = Vec::new();
    let mut owns_schemas = Vec::new();
    for table in tables {
        let owns = (table.owner == oid).then_some("owner");
        let given = rights.get(&(oid, table.oid)).into_iter().flatten();
        may.extend(owns.into_iter().chain(given.copied()).map(|what| May {
            table: table.name.clone(),
            what: what.to_owned(),
        }));
        if table.schema_owner == oid {
            owns_schemas.push(table.schema.clone());
        }
    }
    owns_schemas.sort();
    owns_schemas.dedup();
    Ok(ActsAs {
        role: row.try_get("role")?,
        superuser: row.try_get("rolsuper")?,
        createrole: row.try_get("rolcreaterole")?,
        owns_database: row.try_get("owns_database")?,
        owns_schemas,
        may,
    })
}

/// How the connection is made: TLS with `verify-full`.
fn connector(target: &PostgresTarget, root: &Path) -> Result<Connector, String> {
    let url = plain_url(&target.url)?;
    let ca = root.join(&target.ca);
    let authorities =
        bounded::file(&ca, AUTHORITIES).map_err(|_| format!("{} cannot be read", ca.display()))?;
    let Some(password) = password(target, root)? else {
        return Err("no password: give `password_file` or `password_env`".to_owned());
    };
    let connector = Connector::new(&Target {
        url,
        password: Some(password.expose()),
        application: "vouchsafe-evidence",
        settings: &[],
        authorities: &authorities,
        patience: PATIENCE,
    });
    connector.map_err(|fault| match fault {
        Fault::Authorities => format!("{} holds no certificate (PEM)", ca.display()),
        Fault::Url(what) => format!("`url` is refused: {what}"),
        other => told(other),
    })
}

/// A URL that names user, host and database, and nothing else.
fn plain_url(url: &str) -> Result<&str, String> {
    let wrong =
        "`url` must be postgres://USER@HOST[:PORT]/DATABASE, with no password and no parameter";
    let rest = url
        .strip_prefix("postgres://")
        .or_else(|| url.strip_prefix("postgresql://"));
    let (authority, database) = rest.and_then(|rest| rest.split_once('/')).ok_or(wrong)?;
    let (user, host) = authority.rsplit_once('@').ok_or(wrong)?;
    let bare = |text: &str| !text.is_empty() && !text.contains([':', '@', '?', '#', '/', '%']);
    if !bare(user)
        || !bare(database)
        || host.is_empty()
        || host.starts_with(':')
        || host.contains(['?', '#', '@'])
    {
        return Err(wrong.to_owned());
    }
    Ok(url)
}

fn password(target: &PostgresTarget, root: &Path) -> Result<Option<Token>, String> {
    let fault = |error: crate::forge::TokenError| error.to_string();
    match (&target.password_file, &target.password_env) {
        (Some(_), Some(_)) => Err("give `password_file` or `password_env`, not both".to_owned()),
        (Some(file), None) => Token::read(&root.join(file)).map(Some).map_err(fault),
        (None, Some(name)) => {
            let value =
                std::env::var(name).map_err(|_| format!("the variable {name} is not set"))?;
            Token::new(&value, name).map(Some).map_err(fault)
        }
        (None, None) => Ok(None),
    }
}

fn fault(error: tokio_postgres::Error) -> String {
    told(error.into())
}

/// What went wrong, in words of our own: the server's may quote what it was sent.
fn told(fault: Fault) -> String {
    match (fault, fault.code()) {
        (_, Some("28P01" | "28000")) | (Fault::Proof, _) => {
            "the server refuses the user or its password".to_owned()
        }
        (_, Some("3D000")) => "there is no such database".to_owned(),
        (_, Some("42501")) => "the user may not read a catalog".to_owned(),
        (_, Some(code)) => format!("the server answers with SQLSTATE {code}"),
        (Fault::Tls, _) => "the server speaks no TLS, or its certificate is not of the given authority for that host".to_owned(),
        (Fault::Unreachable, _) => "nobody answers there".to_owned(),
        _ => "the connection failed, or the server answers in a way that is not known".to_owned(),
    }
}

/// `42P01` undefined table, `3F000` undefined schema, `42602` invalid name.
fn absent(fault: Fault, table: &str) -> String {
    match fault.code() {
        Some("42P01" | "3F000" | "42602") => {
            format!("there is no table {table:?} in that database")
        }
        _ => told(fault),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_user_host_and_database_and_no_more() {
        for url in [
            "postgres://probe@db.example/audit",
            "postgresql://probe@db.example:5432/audit",
        ] {
            assert_eq!(plain_url(url), Ok(url));
        }
        for url in [
            "postgres://probe:secret@db.example/audit",
            "postgres://db.example/audit",
            "postgres://probe@db.example/audit?sslmode=disable",
            "postgres://probe@db.example",
            "postgres://probe@/audit",
            "postgres://probe@%2Frun/audit",
            "mysql://probe@db.example/audit",
            "",
        ] {
            let refused = plain_url(url);
            // The socket is refused by what it comes to.
            assert!(refused.is_err() || url.contains("%2F"), "{url}");
            assert!(!refused.err().unwrap_or_default().contains("secret"));
        }
    }
}
