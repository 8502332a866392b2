//! Migrations: the tables of a database, step by step.
//!
//! A table of the database records each step that ran, with a digest. Tables of a newer program, and steps that were
//! changed afterwards, are refused.

use aws_lc_rs::digest::{SHA384, digest};

use crate::{Connection, DatabaseError, query, query_as};

/// A step.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its number; higher than that of the step before.
    pub version: i64,
    /// Its name.
    pub name: &'static str,
    /// Its statements.
    pub text: &'static str,
}

/// The table of the steps that ran. (Its name and columns are those of the driver of earlier releases, so that their
/// databases continue to work.) `{}`: the type of bytes.
pub(crate) const TABLE: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations ( \
    version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, \
    checksum {} NOT NULL, execution_time BIGINT NOT NULL)";

/// The steps that ran.
const TAKEN: &str = "SELECT version, checksum, success FROM _sqlx_migrations ORDER BY version";

/// `$1` version, `$2` name, `$3` digest.
const TAKE: &str = "INSERT INTO _sqlx_migrations \
    (version, description, success, checksum, execution_time) VALUES ($1, $2, TRUE, $3, 0)";

/// The newest step that ran.
pub(crate) const NEWEST: &str = "SELECT MAX(version) FROM _sqlx_migrations WHERE success";

impl Migration {
    fn digest(&self) -> Vec<u8> {
        digest(&SHA384, self.text.as_bytes()).as_ref().to_vec()
    }
}

/// The version of the newest step.
pub(crate) fn newest(migrations: &[Migration]) -> Option<i64> {
    migrations.iter().map(|migration| migration.version).max()
}

/// Runs the missing steps in the open transaction.
pub(crate) async fn take(
    on: &mut Connection,
    migrations: &[Migration],
) -> Result<(), DatabaseError> {
    let taken: Vec<(i64, Vec<u8>, bool)> = query_as(TAKEN).fetch_all(on).await?;
    for step in missing(migrations, &taken)? {
        on.batch(step.text).await?;
        query(TAKE)
            .bind(step.version)
            .bind(step.name)
            .bind(step.digest())
            .execute(on)
            .await?;
    }
    Ok(())
}

/// The steps that have not run yet.
fn missing<'a>(
    migrations: &'a [Migration],
    taken: &[(i64, Vec<u8>, bool)],
) -> Result<&'a [Migration], DatabaseError> {
    for (at, (version, checksum, success)) in taken.iter().enumerate() {
        let migration = migrations.get(at).ok_or(DatabaseError::Newer)?;
        if *version > migration.version {
            return Err(DatabaseError::Newer);
        }
        if *version != migration.version || *checksum != migration.digest() || !success {
            return Err(DatabaseError::Schema);
        }
    }
    Ok(migrations.get(taken.len()..).unwrap_or_default())
}

/// The steps of a database: `migrations![1 "keys" "../migrations/sqlite/0001_keys.sql"]` reads a file beside the source.
#[macro_export]
macro_rules! migrations {
    ($($version:literal $name:literal $path:literal),+ $(,)?) => {
        &[$($crate::Migration {
            version: $version,
            name: $name,
            text: include_str!($path),
        }),+]
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [Migration; 2] = [
        Migration {
            version: 1,
            name: "one",
            text: "CREATE TABLE one (id INTEGER)",
        },
        Migration {
            version: 2,
            name: "two",
            text: "CREATE TABLE two (id INTEGER)",
        },
    ];

    fn taken(step: &Migration) -> (i64, Vec<u8>, bool) {
        (step.version, step.digest(), true)
    }

    fn left(taken: &[(i64, Vec<u8>, bool)]) -> Result<usize, DatabaseError> {
        missing(&STEPS, taken).map(<[_]>::len)
    }

    #[test]
    fn steps_are_taken_once_and_in_order() {
        let [one, two] = STEPS;
        assert_eq!(left(&[]), Ok(2));
        assert_eq!(left(&[taken(&one)]), Ok(1));
        assert_eq!(left(&[taken(&one), taken(&two)]), Ok(0));
        assert_eq!(left(&[taken(&two)]), Err(DatabaseError::Newer));
    }

    #[test]
    fn other_tables_are_refused() {
        let [one, two] = STEPS;
        let three = Migration { version: 3, ..two };
        let all = [taken(&one), taken(&two), taken(&three)];
        assert_eq!(left(&all), Err(DatabaseError::Newer));
        let changed = (1, two.digest(), true);
        assert_eq!(left(&[changed]), Err(DatabaseError::Schema));
        let (version, digest, _) = taken(&one);
        assert_eq!(
            left(&[(version, digest, false)]),
            Err(DatabaseError::Schema)
        );
    }
}
