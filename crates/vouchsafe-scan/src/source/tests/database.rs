//! Databases: made by hand, by SQLite itself where it is installed, and damaged.

use std::fs;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::*;

/// The size of a page in the files that are made by hand.
const PAGE: usize = 512;

/// A record of these types and values.
fn record(types: &[u8], body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(types.len() + 1).unwrap();
    [&[length], types, body].concat()
}

/// A cell of a leaf of a table.
fn row(number: u8, record: &[u8]) -> Vec<u8> {
    let length = u8::try_from(record.len()).unwrap();
    [&[length, number], record].concat()
}

/// A page with these cells at its end.
fn page(front: &[u8], kind: u8, right: &[u8], cells: &[Vec<u8>]) -> Vec<u8> {
    let mut page = front.to_vec();
    let mut end = PAGE;
    let mut places = Vec::new();
    let mut bytes = vec![0; PAGE];
    for cell in cells {
        let start = end - cell.len();
        bytes[start..end].copy_from_slice(cell);
        places.extend(u16::try_from(start).unwrap().to_be_bytes());
        end = start;
    }
    let count = u16::try_from(cells.len()).unwrap().to_be_bytes();
    let start = u16::try_from(end).unwrap().to_be_bytes();
    page.extend([&[kind, 0, 0], &count[..], &start, &[0], right, &places].concat());
    bytes[..page.len()].copy_from_slice(&page);
    bytes
}

/// A database with one table, `people(id INTEGER PRIMARY KEY, name)`, whose root is page 2.
fn database(pages: &[Vec<u8>]) -> Vec<u8> {
    let mut header = vec![0; 100];
    header[..16].copy_from_slice(b"SQLite format 3\0");
    header[16..18].copy_from_slice(&[2, 0]);
    header[31] = u8::try_from(pages.len() + 1).unwrap();
    header[59] = 1;
    let sql = "CREATE TABLE people(id INTEGER PRIMARY KEY, name)";
    let types = [
        13 + 10,
        13 + 12,
        13 + 12,
        1,
        u8::try_from(13 + sql.len() * 2).unwrap(),
    ];
    let body = [b"tablepeoplepeople\x02", sql.as_bytes()].concat();
    let first = page(&header, 13, &[], &[row(1, &record(&types, &body))]);
    [first, pages.concat()].concat()
}

/// A row of `people` whose name has up to 50 characters.
fn person(number: u8, name: &str) -> Vec<u8> {
    let types = [0, u8::try_from(13 + name.len() * 2).unwrap()];
    row(number, &record(&types, name.as_bytes()))
}

/// What belongs to `people` or to no table.
fn people(seen: &Seen) -> Vec<&str> {
    assert_eq!(seen.documents.len(), 1);
    let lines = seen.documents[0].1.iter();
    lines
        .map(String::as_str)
        .filter(|line| !line.starts_with("sqlite_schema"))
        .collect()
}

#[test]
fn rows_are_read_with_table_and_column() {
    let leaf = page(&[], 13, &[], &[person(1, "Jane Doe"), person(2, "Jim")]);
    let seen = seen(&database(&[leaf]));
    assert_eq!(seen.problems, []);
    let rows = [
        "people[1].id: 1",
        "people[1].name: Jane Doe",
        "people[2].id: 2",
        "people[2].name: Jim",
    ];
    assert_eq!(people(&seen), rows);
    let schema: Vec<_> = seen.documents[0]
        .1
        .iter()
        .filter(|line| line.contains("CREATE"))
        .collect();
    assert_eq!(schema.len(), 1);
}

#[test]
fn trees_are_read_from_the_left_to_the_right() {
    let inner = page(&[], 5, &[0, 0, 0, 4], &[vec![0, 0, 0, 3, 1]]);
    let leaves = ["Jane Doe", "Jim Doe"].map(|name| page(&[], 13, &[], &[person(1, name)]));
    let seen = seen(&database(&[&[inner][..], &leaves].concat()));
    assert_eq!(seen.problems, []);
    assert_eq!(people(&seen)[1], "people[1].name: Jane Doe");
    assert_eq!(people(&seen)[3], "people[1].name: Jim Doe");
}

#[test]
fn a_long_value_goes_on_in_other_pages() {
    let text = "0123456789".repeat(140);
    // On the page itself: 39 bytes and what does not fill a page of the chain, up to 477.
    let record = record(&[0, 0x95, 0x7d], text.as_bytes());
    let local = 39 + (record.len() - 39) % 508;
    let mut cell = vec![0x8a, 0x7c, 1];
    cell.extend(&record[..local]);
    cell.extend([0, 0, 0, 3]);
    let mut chain: Vec<Vec<u8>> = record[local..]
        .chunks(508)
        .map(|part| [&[0; 4], part].concat())
        .collect();
    let last = chain.len() - 1;
    for (index, page) in chain.iter_mut().enumerate() {
        page.resize(PAGE, 0);
        page[3] = if index < last {
            u8::try_from(index + 4).unwrap()
        } else {
            0
        };
    }
    let whole = database(&[vec![page(&[], 13, &[], &[cell])], chain].concat());
    let seen = seen(&whole);
    assert_eq!(seen.problems, []);
    assert_eq!(people(&seen)[1], format!("people[1].name: {text}"));
    // A chain that leads back into itself, or nowhere, gives what it has.
    for next in [2, 3, 99] {
        let mut looped = whole.clone();
        looped[2 * PAGE + 3] = next;
        let seen = super::seen(&looped);
        assert_eq!(
            seen.problems,
            [("x".into(), Problem::Damaged(Format::Sqlite))]
        );
    }
}

#[test]
fn packed_values_are_unpacked() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, b"Jane Doe\n078-05-1120").unwrap();
    let packed = packed.finish().unwrap();
    let types = [0, u8::try_from(12 + packed.len() * 2).unwrap()];
    let cell = row(1, &record(&types, &packed));
    let cut = &packed[..packed.len() - 9];
    let types = [0, u8::try_from(12 + cut.len() * 2).unwrap()];
    let broken = row(2, &record(&types, cut));
    let seen = seen(&database(&[page(&[], 13, &[], &[cell, broken])]));
    let rows = [
        "people[1].id: 1",
        "people[1].name: Jane Doe",
        "people[1].name+9: 078-05-1120",
    ];
    assert_eq!(people(&seen)[..3], rows);
    assert_eq!(
        seen.problems,
        [("x".into(), Problem::Truncated(Format::Gzip))]
    );
}

#[test]
fn loops_of_pages_end() {
    for child in [2, 3, 1, 0, 99] {
        let inner = page(&[], 5, &[0, 0, 0, 3], &[vec![0, 0, 0, child, 1]]);
        let leaf = page(&[], 13, &[], &[person(1, "Jane Doe")]);
        let seen = seen(&database(&[inner, leaf]));
        assert_eq!(people(&seen)[1], "people[1].name: Jane Doe");
        let problem = ("x".into(), Problem::Damaged(Format::Sqlite));
        assert_eq!(seen.problems, [problem]);
    }
}

#[test]
fn a_truncated_database_is_read_as_far_as_it_goes() {
    let leaves = ["Jane Doe", "Jim Doe"].map(|name| page(&[], 13, &[], &[person(1, name)]));
    let inner = page(&[], 5, &[0, 0, 0, 4], &[vec![0, 0, 0, 3, 1]]);
    let bytes = database(&[&[inner][..], &leaves].concat());
    let cut = &bytes[..3 * PAGE + 100];
    let seen = seen(cut);
    assert_eq!(
        seen.problems,
        [("x".into(), Problem::Truncated(Format::Sqlite))]
    );
    assert_eq!(people(&seen)[1], "people[1].name: Jane Doe");
    let seen = super::seen(&bytes[..60]);
    assert_eq!(seen.problems[0].1, Problem::Damaged(Format::Sqlite));
}

#[test]
fn pages_that_no_table_has_are_read_too() {
    let leaf = page(&[], 13, &[], &[person(1, "Jane Doe")]);
    let lost = page(&[], 13, &[], &[person(7, "Jim Doe")]);
    let mut trunk = vec![0; PAGE];
    trunk[300..318].copy_from_slice(b"Jack Doe, 555-1234");
    let seen = seen(&database(&[leaf, lost, trunk]));
    assert_eq!(seen.problems, []);
    let rest = ["[7].: Jim Doe", "@1836: Jack Doe, 555-1234"];
    assert_eq!(people(&seen)[2..], rest);
}

#[test]
fn a_page_whose_cells_overlap_gives_no_more_than_its_size() {
    let mut leaf = page(&[], 13, &[], &[person(1, &"x".repeat(50))]);
    let place = [leaf[8], leaf[9]];
    leaf[3..5].copy_from_slice(&[0, 200]);
    leaf[8..408].copy_from_slice(&place.repeat(200));
    let seen = seen(&database(&[leaf]));
    assert_eq!(
        seen.problems,
        [("x".into(), Problem::Damaged(Format::Sqlite))]
    );
    assert!(people(&seen).len() < 30);
}

#[test]
fn damaged_rows_are_read_as_bytes() {
    let mut broken = person(1, "Jane Doe, 555-1234");
    // A type that is reserved.
    broken[4] = 10;
    let leaf = page(&[], 13, &[], &[broken, person(2, "Jim")]);
    let seen = seen(&database(&[leaf]));
    assert_eq!(
        seen.problems,
        [("x".into(), Problem::Damaged(Format::Sqlite))]
    );
    let lines = people(&seen);
    assert!(
        lines
            .iter()
            .any(|line| line.ends_with(": Jane Doe, 555-1234"))
    );
    assert!(lines.contains(&"people[2].name: Jim"));
}

#[test]
fn nothing_that_is_written_into_a_database_makes_it_fail() {
    let inner = page(&[], 5, &[0, 0, 0, 4], &[vec![0, 0, 0, 3, 1]]);
    let leaves = ["Jane Doe", "Jim Doe"].map(|name| page(&[], 13, &[], &[person(1, name)]));
    let whole = database(&[&[inner][..], &leaves].concat());
    let edits = proptest::collection::vec((0..whole.len(), any::<u8>()), 1..8);
    proptest!(|(edits in edits, length in 0..=whole.len())| {
        let mut bytes = whole.clone();
        for (at, byte) in edits {
            bytes[at] = byte;
        }
        bytes.truncate(length);
        let seen = seen(&bytes);
        let read: usize = seen.documents.iter().flat_map(|(_, lines)| lines).map(String::len).sum();
        prop_assert!(read < 50_000);
    });
}

/// Runs a script with SQLite's own program. None where it is not installed.
fn sqlite(file: &Path, script: &str) -> Option<Vec<String>> {
    let child = Command::new("sqlite3")
        .args(["-batch", "-bail"])
        .arg(file)
        .arg(script)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output();
    let Ok(output) = child else {
        println!("skipped: sqlite3 is not installed");
        return None;
    };
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(str::to_owned).collect())
}

const TABLES: &str = "
    CREATE TABLE people(id INTEGER PRIMARY KEY, \"first name\" TEXT, born DATE, weight REAL, photo BLOB, note);
    CREATE TABLE visits(a, b, c, d, PRIMARY KEY (d, b)) WITHOUT ROWID;
    CREATE TABLE wide(x TEXT, y AS (x || '!') VIRTUAL, z AS (upper(x)) STORED);
    CREATE INDEX by_name ON people(\"first name\", note);
    CREATE VIEW v AS SELECT * FROM people;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
    INSERT INTO people SELECT i * 3, 'J\u{fc}rgen ' || i, CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN i * 1000003 ELSE '1984-03-02' END,
        i + 0.5, CAST('blob ' || i AS BLOB), substr(replace(hex(zeroblob(3000)), '0', '\u{e4}bcdefg '), 1, (i * i) % 9000) FROM n;
    UPDATE people SET note = -i FROM (SELECT 7 AS i) WHERE id % 7 = 0;
    UPDATE people SET born = -9223372036854775807 - 1 WHERE id = 9;
    INSERT INTO visits SELECT id, note || id, NULL, id % 2 FROM people WHERE length(note) < 700;
    INSERT INTO wide(x) SELECT \"first name\" FROM people WHERE id < 100;
    ALTER TABLE wide ADD COLUMN later DEFAULT 'x';
    INSERT INTO wide(x, later) VALUES ('last', 'later');";

const ROWS: &str = "
    SELECT 'people['||id||'].id: '||id FROM people;
    SELECT 'people['||id||'].first name: '||\"first name\" FROM people;
    SELECT 'people['||id||'].born: '||born FROM people WHERE born IS NOT NULL;
    SELECT 'people['||id||'].weight: '||weight FROM people;
    SELECT 'people['||id||'].photo: '||CAST('blob '||(id/3) AS TEXT) FROM people;
    SELECT 'people['||id||'].note: '||note FROM people WHERE note IS NOT '';
    SELECT 'visits.a: '||a FROM visits;
    SELECT 'visits.b: '||b FROM visits WHERE b IS NOT '';
    SELECT 'visits.d: '||d FROM visits;
    SELECT 'wide['||rowid||'].x: '||x FROM wide;
    SELECT 'wide['||rowid||'].z: '||z FROM wide;
    SELECT 'wide['||rowid||'].later: '||later FROM wide WHERE later IS NOT 'x';";

#[test]
fn all_rows_are_read_as_sqlite_itself_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    for (index, (encoding, page, vacuum)) in [
        ("UTF-8", 512, 0),
        ("UTF-8", 4096, 1),
        ("UTF-16le", 1024, 2),
        ("UTF-16be", 65536, 0),
    ]
    .into_iter()
    .enumerate()
    {
        let file = folder.path().join(format!("{index}.db"));
        let settings = format!(
            "PRAGMA encoding='{encoding}'; PRAGMA page_size={page}; PRAGMA auto_vacuum={vacuum};"
        );
        let Some(_) = sqlite(&file, &(settings + TABLES)) else {
            return;
        };
        let mut expected = sqlite(&file, ROWS).unwrap();
        expected.sort();
        let before = fs::read_dir(folder.path()).unwrap().count();
        let (seen, summary) = scanned(&[file], &Options::default());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), before);
        assert_eq!((seen.problems.as_slice(), summary.documents), (&[][..], 1));
        let lines = seen.documents[0].1.iter();
        let of_table = |line: &&String| {
            ["people", "visits", "wide"]
                .iter()
                .any(|table| line.starts_with(table))
        };
        let mut rows: Vec<_> = lines.filter(of_table).cloned().collect();
        // Pages that were balanced have copies of rows in their gaps, which have no number.
        rows.retain(|row| row.starts_with("visits.") || row.contains('['));
        rows.sort();
        let numbered = |rows: &[String]| rows.iter().filter(|row| row.contains("].")).count();
        assert_eq!(numbered(&rows), numbered(&expected), "{encoding}");
        rows.dedup();
        expected.dedup();
        assert_eq!(rows.len(), expected.len(), "{encoding}");
        for (row, expected) in rows.iter().zip(&expected) {
            assert_eq!(row, expected, "{encoding}");
        }
    }
}

#[test]
fn deleted_rows_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.db");
    let script = "PRAGMA secure_delete=0; CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, ssn TEXT, mail TEXT);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
        INSERT INTO t SELECT i, 'Jane Doe', '078-05-' || (1000 + i), 'jane' || i || '@example.org' FROM n;
        DELETE FROM t WHERE id BETWEEN 500 AND 1000 OR id % 50 = 0;";
    let Some(_) = sqlite(&file, script) else {
        return;
    };
    let bytes = fs::read(&file).unwrap();
    let (seen, _) = scanned(&[file], &Options::default());
    assert_eq!(seen.problems, []);
    let all = seen.documents[0].1.join("\n");
    // A few were overwritten when pages were balanced.
    let is_there = |text: &String| memchr::memmem::find(&bytes, text.as_bytes()).is_some();
    let texts: Vec<_> = (1..=2000)
        .map(|i| format!("078-05-{}", 1000 + i))
        .filter(is_there)
        .collect();
    assert!(texts.len() > 1900, "{}", texts.len());
    assert!(texts.iter().all(|text| all.contains(text)));
    let rows = |lines: &[String], at: &str| lines.iter().filter(|line| line.contains(at)).count();
    let lines = &seen.documents[0].1;
    // Most pages that were freed are still whole, and most rows in gaps can be made out.
    let (freed, made_out) = (rows(lines, "].: 078-05-"), rows(lines, "t.ssn: 078-05-"));
    println!("{} there, {freed} freed, {made_out} made out", texts.len());
    assert!(freed > 300 && made_out > 60, "{freed}, {made_out}");
    let run_together = lines.iter().filter(|line| line.contains("Doe078-05"));
    assert!(run_together.count() < 10);
}

#[test]
fn the_log_beside_a_database_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.db");
    let script = "PRAGMA journal_mode=wal; CREATE TABLE t(name TEXT);
        INSERT INTO t VALUES ('Jane Doe'), ('a longer name than that');";
    let child = Command::new("sqlite3")
        .args(["-batch", "-cmd", ".dbconfig no_ckpt_on_close on"])
        .arg(&file)
        .arg(script)
        .output();
    let Ok(output) = child else {
        println!("skipped: sqlite3 is not installed");
        return;
    };
    assert!(output.status.success());
    let wal = folder.path().join("a.db-wal");
    assert!(wal.exists(), "SQLite left no log");
    let (seen, summary) = scanned(&[wal], &Options::default());
    assert_eq!((seen.problems.as_slice(), summary.documents), (&[][..], 1));
    assert!(seen.documents[0].1.contains(&"[1].: Jane Doe".to_owned()));
}

#[test]
fn databases_in_archives_are_read_while_they_are_small() {
    let leaf = page(&[], 13, &[], &[person(1, "Jane Doe")]);
    let small = database(&[leaf]);
    assert_eq!(people(&seen(&small))[1], "people[1].name: Jane Doe");
    let large = [small, vec![0; 17 << 20]].concat();
    let seen = seen(&large);
    assert_eq!(
        seen.problems,
        [("x".into(), Problem::NotSeekable(Format::Sqlite))]
    );
    assert!(
        seen.documents[0]
            .1
            .iter()
            .any(|line| line.contains("Jane Doe"))
    );
    // As a file it is read as what it is.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.db");
    fs::write(&file, large).unwrap();
    let (seen, _) = scanned(&[file], &Options::default());
    assert_eq!(seen.problems, []);
}
