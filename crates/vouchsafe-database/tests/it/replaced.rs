//! A file that is moved, deleted, replaced or damaged.

use std::path::{Path, PathBuf};

use vouchsafe_database::{
    Connection, Create, Database, DatabaseError, Location, Work, query, query_as, reading, writing,
};

use crate::fixture::Fixture;

/// A line, as a write that waits with others.
struct Line;

impl Work for Line {
    type Output = ();
    type Error = DatabaseError;

    async fn run(self, on: &mut Connection) -> Result<(), DatabaseError> {
        query("INSERT INTO lines (text) VALUES ('later')")
            .execute(on)
            .await
            .map(drop)
    }
}

async fn insert(database: &Database, text: &str) -> Result<(), DatabaseError> {
    writing!(database, on => {
        query("INSERT INTO lines (text) VALUES ($1)").bind(text).execute(&mut *on).await?;
    });
    Ok(())
}

async fn count(database: &Database) -> Result<i64, DatabaseError> {
    reading!(database, on => query_as("SELECT COUNT(*) FROM lines").fetch_one(on))
}

fn path(fixture: &Fixture) -> PathBuf {
    match &fixture.location {
        Location::Sqlite { path } => path.clone(),
        Location::Postgres(_) => panic!("a file"),
    }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    format!("{}{end}", path.display()).into()
}

/// What somebody does to the file; what was committed before is in `lines` three times.
async fn rescued_after(change: impl FnOnce(&Path)) {
    let fixture = Fixture::sqlite();
    let database = fixture.open(Create::IfMissing).await.unwrap();
    for text in ["one", "two", "three"] {
        insert(&database, text).await.unwrap();
    }
    assert_eq!(database.pulse().await, Ok(()));
    let path = path(&fixture);
    change(&path);
    let replaced = Err(DatabaseError::Replaced);
    assert_eq!(insert(&database, "four").await, replaced);
    let Database::Sqlite(file) = &database else {
        panic!("a file");
    };
    assert_eq!(file.write(Line).await, replaced);
    assert_eq!(database.pulse().await, replaced);
    database.close().await;

    // All of it is beside its old place, and opens there.
    let rescued = beside(&path, ".1.rescued");
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(beside(&path, end));
    }
    std::fs::rename(rescued, &path).unwrap();
    assert_eq!(Database::inspect(&fixture.location).await, Ok(()));
    let again = fixture.open(Create::Never).await.unwrap();
    assert_eq!(count(&again).await, Ok(3));
    insert(&again, "four").await.unwrap();
    again.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_in_its_place_takes_no_write_and_what_was_committed_is_rescued() {
    rescued_after(|path| {
        let copy = beside(path, ".copy");
        std::fs::copy(path, &copy).unwrap();
        std::fs::rename(copy, path).unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_deleted_takes_no_write_and_what_was_committed_is_rescued() {
    rescued_after(|path| std::fs::remove_file(path).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_moved_away_takes_no_write_and_what_was_committed_is_rescued() {
    rescued_after(|path| std::fs::rename(path, beside(path, ".away")).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_deleted_takes_no_write_and_what_was_committed_is_rescued() {
    rescued_after(|path| std::fs::remove_file(beside(path, "-wal")).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_that_opens_and_closes_the_file_changes_nothing() {
    let fixture = Fixture::sqlite();
    let database = fixture.open(Create::IfMissing).await.unwrap();
    for _ in 0..3 {
        insert(&database, "one").await.unwrap();
        let other = fixture.open(Create::Never).await.unwrap();
        insert(&other, "two").await.unwrap();
        other.close().await;
        assert_eq!(database.pulse().await, Ok(()));
    }
    assert_eq!(count(&database).await, Ok(6));
    database.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_is_found_and_left_as_it_is() {
    let fixture = Fixture::sqlite();
    let path = path(&fixture);
    let missing = Err(DatabaseError::Missing);
    assert_eq!(Database::inspect(&fixture.location).await, missing);
    let database = fixture.open(Create::IfMissing).await.unwrap();
    for _ in 0..200 {
        insert(&database, &"x".repeat(500)).await.unwrap();
    }
    database.close().await;
    assert_eq!(Database::inspect(&fixture.location).await, Ok(()));
    let whole = std::fs::read(&path).unwrap();
    for from in [0, 4_096, 5 * 4_096] {
        let mut damaged = whole.clone();
        damaged[from..from + 100].fill(0xa5);
        std::fs::write(&path, &damaged).unwrap();
        let found = Database::inspect(&fixture.location).await;
        assert_eq!(found, Err(DatabaseError::Damaged), "{from}");
        assert!(std::fs::read(&path).unwrap() == damaged, "{from}");
    }
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(Database::inspect(&fixture.location).await, Ok(()));
}

/// The log beside a file may hold what was committed last: to look is not to take it in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_look_for_damage_leaves_the_log_where_it_is() {
    let fixture = Fixture::sqlite();
    let path = path(&fixture);
    let database = fixture.open(Create::IfMissing).await.unwrap();
    insert(&database, "one").await.unwrap();
    // As after a kill: copies of a moment.
    let killed = fixture.folder.path().join("killed.db");
    for end in ["", "-wal"] {
        std::fs::copy(beside(&path, end), beside(&killed, end)).unwrap();
    }
    database.close().await;
    let log = std::fs::read(beside(&killed, "-wal")).unwrap();
    let file = std::fs::read(&killed).unwrap();
    let location = Location::Sqlite {
        path: killed.clone(),
    };
    assert_eq!(Database::inspect(&location).await, Ok(()));
    assert!(std::fs::read(&killed).unwrap() == file);
    assert!(std::fs::read(beside(&killed, "-wal")).unwrap() == log);
}
