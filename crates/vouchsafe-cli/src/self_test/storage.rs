//! Searches raw storage for the values of a record. The values are read from the service, kept in memory, and never
//! printed.
//!
//! A search that finds nothing proves nothing by itself. So it also searches for two controls that must be found: the
//! id of the record, stored in clear beside it, in the place of the records; and for each other database, in a dump of
//! it, the tenant beside the name of a table.

mod canary;
mod spelling;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use uuid::Uuid;
use vouchsafe_evidence::selftest::Storage;
use vouchsafe_installation::Installation;
use vouchsafe_installation::settings::DatabaseSettings;
use zeroize::Zeroizing;

use super::Args;
use super::walk::walk;
use spelling::spellings;

pub(super) use canary::Canary;

/// Shorter values occur everywhere by chance.
const SHORTEST: usize = 6;
/// Bytes of a file that are read at a time.
const BLOCK: usize = 1 << 20;
/// Number of unsearched files that the report names.
const NAMED: usize = 20;
/// The records database in the data folder; its write-ahead log and index are beside it.
const RECORDS: &str = "data/records.db";

pub(super) async fn search(args: &Args, installation: &Installation) -> anyhow::Result<Storage> {
    let (Some(canary), Some(token)) = (&args.canary, &args.token_file) else {
        anyhow::bail!("no --canary was given");
    };
    let dumps = dumps(&args.dumps)?;
    let values = canary.values(args, token).await?;
    let tenant = installation.tenant().to_string();
    let tenant = tenant
        .parse()
        .map_err(|_| anyhow::anyhow!("the tenant has no id"))?;
    let mut search = Search::new(&values, canary.id, tenant)?;
    search.folder(installation.folder().path());
    for dump in &dumps {
        search.dump(dump)?;
    }
    Ok(search.finish(
        values.len(),
        &installation.settings().database,
        !dumps.is_empty(),
    ))
}

/// The files of dumps. A missing or partial dump is an error, since it proves nothing.
fn dumps(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        let walked = walk(path);
        if let Some((path, why)) = walked.left_out.first() {
            anyhow::bail!("the dump {} {why}", path.display());
        }
        anyhow::ensure!(
            !walked.files.is_empty(),
            "the dump {} has no file",
            path.display()
        );
        files.extend(walked.files);
    }
    Ok(files)
}

/// A database of an installation.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Database {
    Records,
    Identity,
    Keys,
}

impl Database {
    fn name(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Identity => "identity",
            Self::Keys => "keys",
        }
    }

    /// The databases that are in PostgreSQL.
    fn in_postgres(settings: &DatabaseSettings) -> Vec<Self> {
        let all = [
            (Self::Records, &settings.records),
            (Self::Identity, &settings.identity),
            (Self::Keys, &settings.keys),
        ];
        let there = all.into_iter().filter(|(_, url)| url.is_some());
        there.map(|(database, _)| database).collect()
    }
}

/// A pattern of the search.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Sought {
    /// A value of the record, by its index.
    Value(usize),
    /// The id of the record.
    Record,
    /// The id of the tenant, which every database holds.
    Tenant,
    /// The name of a table of a database, which every dump holds.
    Table(Database),
}

/// A search, and its results so far.
struct Search {
    searcher: AhoCorasick,
    /// The meaning of each pattern.
    sought: Vec<Sought>,
    longest: usize,
    files: u64,
    bytes: u64,
    hits: BTreeMap<String, u64>,
    /// Databases that the searched files contain.
    seen: BTreeSet<(Origin, Database)>,
    not_searched: Vec<String>,
}

/// The origin of a file.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Origin {
    Folder,
    Dump,
}

impl Search {
    fn new(values: &[Zeroizing<String>], record: Uuid, tenant: Uuid) -> anyhow::Result<Self> {
        let mut patterns: Vec<(Sought, Zeroizing<Vec<u8>>)> = Vec::new();
        for (place, value) in values.iter().enumerate() {
            let all = spellings(value).into_iter();
            patterns.extend(all.map(|pattern| (Sought::Value(place), pattern)));
        }
        // SQLite stores an id as its bytes, a dump of PostgreSQL as text.
        for (sought, id) in [(Sought::Record, record), (Sought::Tenant, tenant)] {
            let text = id.hyphenated().to_string().into_bytes();
            for pattern in [text, id.as_bytes().to_vec()] {
                patterns.push((sought, Zeroizing::new(pattern)));
            }
        }
        for (database, table) in [
            (Database::Records, "index_tags"),
            (Database::Identity, "familiar_networks"),
            (Database::Keys, "branch_keys"),
        ] {
            let pattern = Zeroizing::new(table.as_bytes().to_vec());
            patterns.push((Sought::Table(database), pattern));
        }
        let lengths = patterns.iter().map(|(_, pattern)| pattern.len());
        Ok(Self {
            longest: lengths.max().unwrap_or(0),
            searcher: AhoCorasick::new(patterns.iter().map(|(_, pattern)| pattern.as_slice()))?,
            sought: patterns.into_iter().map(|(sought, _)| sought).collect(),
            files: 0,
            bytes: 0,
            hits: BTreeMap::new(),
            seen: BTreeSet::new(),
            not_searched: Vec::new(),
        })
    }

    /// Searches all files of the data folder.
    fn folder(&mut self, root: &Path) {
        let walked = walk(root);
        let name = |path: &Path| {
            path.strip_prefix(root)
                .unwrap_or(path)
                .display()
                .to_string()
        };
        for (path, why) in &walked.left_out {
            self.not_searched.push(format!("{} {why}", name(path)));
        }
        for path in &walked.files {
            let name = name(path);
            let file = match File::open(path) {
                Ok(file) => file,
                // A file that has been removed meanwhile is no storage.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(_) => {
                    self.not_searched.push(format!("{name} cannot be read"));
                    continue;
                }
            };
            let found = self.file(&name, file);
            if name.starts_with(RECORDS) && found.contains(&Sought::Record) {
                self.seen.insert((Origin::Folder, Database::Records));
            }
        }
    }

    /// Searches a file of a dump.
    fn dump(&mut self, path: &Path) -> anyhow::Result<()> {
        let unreadable = |_| anyhow::anyhow!("the dump {} cannot be read", path.display());
        let found = self.file("dump", File::open(path).map_err(unreadable)?);
        // The links of people hold the id, too: only a dump with the tables of records proves that records were
        // searched.
        if found.contains(&Sought::Record) && found.contains(&Sought::Table(Database::Records)) {
            self.seen.insert((Origin::Dump, Database::Records));
        }
        for database in [Database::Identity, Database::Keys] {
            if found.contains(&Sought::Table(database)) && found.contains(&Sought::Tenant) {
                self.seen.insert((Origin::Dump, database));
            }
        }
        Ok(())
    }

    /// Searches a file, and counts the values of the record in it: a value in several spellings counts once.
    fn file(&mut self, name: &str, mut file: impl Read) -> BTreeSet<Sought> {
        let mut found = BTreeSet::new();
        let mut window: Vec<u8> = Vec::with_capacity(BLOCK + self.longest);
        let mut bytes = 0;
        loop {
            match file.by_ref().take(BLOCK as u64).read_to_end(&mut window) {
                Ok(0) => break,
                Ok(read) => {
                    if let Some(format) = packed(&window).filter(|_| bytes == 0) {
                        let text = format!("{name} is packed ({format}): unpack it first");
                        self.not_searched.push(text);
                    }
                    bytes += read as u64;
                }
                Err(_) => {
                    self.not_searched
                        .push(format!("{name} cannot be read to its end"));
                    break;
                }
            }
            let hits = self.searcher.find_overlapping_iter(&window);
            let sought = hits.filter_map(|hit| self.sought.get(hit.pattern().as_usize()));
            found.extend(sought.copied());
            // A pattern across two blocks is found with the next block.
            let keep = window.len().saturating_sub(self.longest);
            window.drain(..keep);
        }
        self.files += 1;
        self.bytes += bytes;
        let values = found.iter().filter(|one| matches!(one, Sought::Value(_)));
        let values = values.count() as u64;
        if values > 0 {
            *self.hits.entry(name.to_owned()).or_default() += values;
        }
        found
    }

    /// The searched and the unsearched files.
    fn finish(mut self, values: usize, settings: &DatabaseSettings, dumped: bool) -> Storage {
        let in_postgres = Database::in_postgres(settings);
        let records = match in_postgres.contains(&Database::Records) {
            true => Origin::Dump,
            false => Origin::Folder,
        };
        for database in in_postgres {
            let name = database.name();
            if !dumped {
                let text = format!("the {name} database is in PostgreSQL, and there is no --dump");
                self.not_searched.push(text);
            } else if !self.seen.contains(&(Origin::Dump, database)) {
                let text = format!(
                    "the {name} database was not found in any --dump (a plain-text dump is needed)"
                );
                self.not_searched.push(text);
            }
        }
        Storage {
            values: values as u64,
            files: self.files,
            bytes: self.bytes,
            hits: self.hits,
            control: self.seen.contains(&(records, Database::Records)),
            elsewhere: told(self.not_searched),
        }
    }
}

/// The first of many, and the number of the others.
fn told(mut all: Vec<String>) -> Option<String> {
    let more = all.len().saturating_sub(NAMED);
    all.truncate(NAMED);
    if more > 0 {
        all.push(format!("and {more} more"));
    }
    (!all.is_empty()).then(|| all.join("; "))
}

/// The format of a file whose text cannot be searched, because it is packed or encoded.
fn packed(front: &[u8]) -> Option<&'static str> {
    let formats: [(&[u8], &str); 9] = [
        (b"\x1f\x8b\x08", "gzip"),
        (b"BZh", "bzip2"),
        (b"\xfd7zXZ\0", "xz"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"\x04\x22\x4d\x18", "lz4"),
        (b"PK\x03\x04", "zip"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (
            b"PGDMP",
            "pg_dump in a format of its own; --format=plain is searched",
        ),
        (b"age-encryption.org/", "age"),
    ];
    let mut formats = formats.into_iter();
    formats
        .find(|(begin, _)| front.starts_with(begin))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests;
