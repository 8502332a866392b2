use std::fs;
use std::os::unix::fs::symlink;

use super::*;

const RECORD: Uuid = Uuid::from_u128(0x6f1c_6a52_0d4e_4c1b_9a55_5f6f_3a0e_7c11);
const TENANT: Uuid = Uuid::from_u128(0x0c0f_fee0_0000_4000_8000_0000_0000_0001);
const VALUE: &str = "Canary-Family";

fn search() -> Search {
    let values = [VALUE, "MRN-12345"].map(|value| Zeroizing::new(value.to_owned()));
    Search::new(&values, RECORD, TENANT).unwrap()
}

fn found(text: &[u8]) -> BTreeSet<Sought> {
    search().file("x", text)
}

fn postgres(records: bool, identity: bool, keys: bool) -> DatabaseSettings {
    let url = |there: bool| there.then(|| "postgres://db.example/x".to_owned());
    DatabaseSettings {
        records: url(records),
        identity: url(identity),
        keys: url(keys),
        ..DatabaseSettings::default()
    }
}

/// A data folder with the id of the record in the SQLite file of records.
fn data() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    fs::write(folder.path().join("data/records.db-wal"), RECORD.as_bytes()).unwrap();
    folder
}

fn of_dump(text: &[u8], settings: &DatabaseSettings) -> Storage {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    let mut search = search();
    search.dump(file.path()).unwrap();
    search.finish(2, settings, true)
}

#[test]
fn a_value_is_found_in_each_spelling_and_across_blocks() {
    use base64::Engine as _;
    let one = BTreeSet::from([Sought::Value(0)]);
    assert!(found(b"nothing of it").is_empty());
    assert_eq!(found(b"{\"family\":\"Canary-Family\"}"), one);
    let utf16: Vec<u8> = VALUE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(found(&utf16), one);
    assert_eq!(
        found(data_encoding::HEXLOWER.encode(VALUE.as_bytes()).as_bytes()),
        one
    );
    for before in ["", "x", "xy", "xyz"] {
        let text =
            base64::engine::general_purpose::STANDARD.encode(format!("{before}{VALUE} and more"));
        assert_eq!(found(text.as_bytes()), one, "{before:?}");
    }
    let mut long = vec![b'.'; BLOCK - 5];
    long.extend(VALUE.as_bytes());
    assert_eq!(found(&long), one);
}

#[test]
fn a_value_in_several_spellings_is_one_value() {
    let mut text = format!(
        "{VALUE} {} MRN-12345",
        data_encoding::HEXLOWER.encode(VALUE.as_bytes())
    )
    .into_bytes();
    text.extend(VALUE.encode_utf16().flat_map(u16::to_le_bytes));
    let mut search = search();
    search.file("data/notes", text.as_slice());
    assert_eq!(search.hits, BTreeMap::from([("data/notes".to_owned(), 2)]));
}

#[test]
fn the_control_is_the_id_of_the_record_where_the_records_are() {
    let folder = data();
    let storage = |settings: &DatabaseSettings| {
        let mut search = search();
        search.folder(folder.path());
        search.finish(2, settings, false)
    };
    let good = storage(&DatabaseSettings::default());
    assert!(good.control && good.elsewhere.is_none(), "{good:?}");
    // With PostgreSQL, an id in a file of the data folder proves nothing about the records.
    let other = storage(&postgres(true, false, false));
    assert!(!other.control && other.elsewhere.is_some(), "{other:?}");
    // The audit log names the record after every read.
    fs::remove_file(folder.path().join("data/records.db-wal")).unwrap();
    fs::write(folder.path().join("data/records.db"), "empty").unwrap();
    fs::write(folder.path().join("entries"), RECORD.to_string()).unwrap();
    assert!(!storage(&DatabaseSettings::default()).control);
}

#[test]
fn each_database_in_postgresql_needs_a_dump() {
    let all = postgres(true, true, true);
    let text = format!("COPY index_tags {TENANT} {RECORD}\nfamiliar_networks branch_keys");
    let whole = of_dump(text.as_bytes(), &all);
    assert!(whole.control && whole.elsewhere.is_none(), "{whole:?}");
    let keys = of_dump(text.as_bytes(), &postgres(false, false, true));
    assert!(keys.elsewhere.is_none(), "{keys:?}");
    // The links of people hold the id as well.
    let people = of_dump(
        format!("familiar_networks {TENANT} {RECORD}").as_bytes(),
        &all,
    );
    assert!(!people.control && people.elsewhere.unwrap().contains("records"));
    let some = of_dump(
        format!("index_tags {TENANT} {RECORD} branch_keys").as_bytes(),
        &all,
    );
    let elsewhere = some.elsewhere.unwrap();
    assert!(some.control && elsewhere.contains("identity") && !elsewhere.contains("keys"));
    // Names of tables without rows are a dump of the schema alone.
    let schema = of_dump(b"familiar_networks branch_keys", &all);
    assert!(!schema.control);
    let elsewhere = schema.elsewhere.unwrap();
    for name in ["records", "identity", "keys"] {
        assert!(elsewhere.contains(name), "{elsewhere}");
        let one = postgres(name == "records", name == "identity", name == "keys");
        let mut search = search();
        search.folder(data().path());
        let none = search.finish(2, &one, false).elsewhere.unwrap();
        assert!(none.contains(name) && none.contains("--dump"), "{none}");
    }
}

#[test]
fn a_packed_dump_is_told() {
    let settings = postgres(true, false, false);
    for begin in [&b"\x1f\x8b\x08\0"[..], b"PGDMP\x01", b"BZh9", b"PK\x03\x04"] {
        let text = [begin, RECORD.to_string().as_bytes()].concat();
        let storage = of_dump(&text, &settings);
        assert!(storage.elsewhere.unwrap().contains("packed"));
    }
}

#[test]
fn what_cannot_be_read_is_told() {
    let folder = data();
    symlink("/var/lib/elsewhere", folder.path().join("data/link")).unwrap();
    let mut search = search();
    search.folder(folder.path());
    // Opening a folder succeeds, reading it does not.
    search.file("data/odd", File::open(folder.path()).unwrap());
    let elsewhere = search
        .finish(2, &DatabaseSettings::default(), false)
        .elsewhere;
    let elsewhere = elsewhere.unwrap();
    assert!(
        elsewhere.contains("data/link is a link") && elsewhere.contains("data/odd cannot be read"),
        "{elsewhere}"
    );
    assert!(!elsewhere.contains("and 1 more"));
    assert!(
        told(vec!["x".to_owned(); NAMED + 1])
            .unwrap()
            .ends_with("; and 1 more")
    );
}

#[test]
fn a_dump_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("dump.sql");
    let refused = dumps(std::slice::from_ref(&missing)).unwrap_err();
    assert!(refused.to_string().ends_with("is not there"), "{refused}");
    dumps(&[folder.path().to_owned()]).unwrap_err();
    fs::write(&missing, "x").unwrap();
    assert_eq!(dumps(&[folder.path().to_owned()]).unwrap(), [missing]);
}
