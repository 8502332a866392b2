//! SQLite files, read by a reader of our own: see `docs/decisions/sqlite-reader.md`.
//!
//! Format: <https://www.sqlite.org/fileformat2.html>. Each page is read once. The rows of tables become cells; what no
//! row covers (deleted rows, free pages, gaps, what is damaged) is read as rows of no table where it has their form, and
//! as runs of text where it has not. Indexes repeat what tables hold; only their gaps are read.

mod deleted;
mod log;
mod number;
mod packed;
mod pages;
mod payload;
mod rows;
mod schema;
mod tree;

use super::format::Format;
use super::reader::Reader;
use super::{DocumentName, Problem, Sink};

pub(super) use self::log::log;
pub(super) use self::pages::{Bytes, Opened};
use self::pages::{HEADER, Pages, Shape};
use self::rows::{Rows, Table};
use self::schema::{Column, columns};
use self::tree::{Kind, Node, Tree};

/// The most text of the schema that is held: the tables beyond it have no names.
const SCHEMA: usize = 2 << 20;

/// Reads a database. Returns false when it is none, or none that can be read, and nothing was read.
pub(super) fn database<S: Sink>(
    reader: &mut Reader<'_, S>,
    bytes: &dyn Bytes,
    name: &DocumentName,
) -> bool {
    let mut header = [0; HEADER];
    let read = bytes.read_at(&mut header, 0).unwrap_or_default();
    let Some(shape) = Shape::read(header.get(..read).unwrap_or_default()) else {
        reader.problem(name, Problem::Damaged(Format::Sqlite));
        return false;
    };
    let count = Pages::count(bytes.length(), &shape);
    let held = bytes.length() / shape.page as u64 / 8;
    let memory = reader.memory;
    let claim = count.and_then(|count| Some((count, memory.claim(held)?)));
    let Some((count, _claim)) = claim else {
        let mebibytes = u32::try_from(held >> 20).unwrap_or(u32::MAX);
        reader.problem(name, Problem::NeedsMemory(Format::Sqlite, mebibytes));
        return false;
    };
    reader.summary.documents += 1;
    reader.sink.begin(name);
    let missing = shape.counted.is_some_and(|counted| counted > count);
    let pages = Pages::new(bytes, shape, count, reader.progress);
    let mut database = Database {
        rows: Rows::new(pages, reader),
        page: Vec::new(),
        unknown: false,
    };
    database.read(bytes.length());
    let Database { rows, unknown, .. } = database;
    let (damaged, failure, packed) = (rows.damaged, rows.pages.failure, rows.unpacking.problem);
    reader.sink.end();
    for (is, problem) in [
        (missing, Problem::Truncated(Format::Sqlite)),
        (damaged && !missing, Problem::Damaged(Format::Sqlite)),
        (unknown, Problem::UnknownTable(Format::Sqlite)),
    ] {
        if is {
            reader.problem(name, problem);
        }
    }
    for problem in failure.map(Problem::Unreadable).into_iter().chain(packed) {
        reader.problem(name, problem);
    }
    true
}

/// A table or an index, as the schema has it.
#[derive(Debug)]
struct Entry {
    name: String,
    is_table: bool,
    root: u32,
    sql: String,
}

struct Database<'d, 'b, S> {
    rows: Rows<'d, 'b, S>,
    page: Vec<u8>,
    /// Whether the columns of a table are not known.
    unknown: bool,
}

impl<S: Sink> Database<'_, '_, S> {
    fn read(&mut self, length: u64) {
        let entries = self.schema();
        self.rows.pages.forget();
        let schema = ["type", "name", "tbl_name", "rootpage", "sql"];
        let column = |name: &str| Column {
            name: name.to_owned(),
            is_row: false,
        };
        let schema = Table {
            name: "sqlite_schema",
            columns: schema.map(column).into(),
        };
        self.tree(1, |_| Some(schema.clone()));
        for entry in &entries {
            let mut unknown = false;
            self.tree(entry.root, |kind| {
                if !entry.is_table {
                    return None;
                }
                let has_rows = matches!(kind, Kind::TableInterior | Kind::TableLeaf);
                let columns = columns(&entry.sql, has_rows);
                unknown = columns.is_none();
                Some(Table {
                    name: &entry.name,
                    columns: columns.unwrap_or_default(),
                })
            });
            self.unknown |= unknown;
        }
        for number in 1..=self.rows.pages.count {
            if !self.rows.pages.is_reached(number) && self.rows.pages.load(number, &mut self.page) {
                let at = self.rows.pages.offset(number);
                self.rows.lost(number, &self.page, at);
            }
        }
        let end = u64::from(self.rows.pages.count) * self.rows.pages.shape.page as u64;
        let rest = usize::try_from(length.saturating_sub(end)).unwrap_or_default();
        self.page.resize(rest.min(self.rows.pages.shape.page), 0);
        self.rows.pages.load_at(end, &mut self.page);
        self.rows.raw(&self.page, end);
    }

    /// Reads the rows of a tree. What they belong to is asked once the kind of the tree is known; None for an index.
    fn tree<'t>(&mut self, root: u32, table: impl FnOnce(Kind) -> Option<Table<'t>>) {
        let mut tree = Tree::new(root);
        let usable = self.rows.pages.shape.usable;
        let mut ask = Some(table);
        let mut table = None;
        while let Some(number) = tree.next(&mut self.rows.pages, &mut self.page) {
            let Some(node) = Node::read(number, &self.page, usable) else {
                continue;
            };
            if let Some(ask) = ask.take() {
                table = ask(node.kind);
                table
                    .iter()
                    .for_each(|table| self.rows.remember(&table.columns));
            }
            let at = self.rows.pages.offset(number);
            self.rows.node(node, at, table.as_ref());
            self.rows.raw(
                self.page.get(usable..).unwrap_or_default(),
                at + usable as u64,
            );
        }
        self.rows.damaged |= tree.damaged;
    }

    /// The tables and indexes.
    fn schema(&mut self) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut held = 0;
        let mut tree = Tree::new(1);
        let usable = self.rows.pages.shape.usable;
        while let Some(number) = tree.next(&mut self.rows.pages, &mut self.page) {
            let Some(node) = Node::read(number, &self.page, usable) else {
                continue;
            };
            if node.kind != Kind::TableLeaf {
                continue;
            }
            for cell in node.cells().flatten() {
                let mut values = self
                    .rows
                    .values(&cell, SCHEMA.saturating_sub(held))
                    .into_iter();
                let mut next = || values.next().unwrap_or_default();
                let (kind, name, _, root, sql) = (next(), next(), next(), next(), next());
                self.unknown |= held >= SCHEMA;
                held += kind.len() + name.len() + sql.len() + size_of::<Entry>();
                let entry = Entry {
                    is_table: kind == "table",
                    name,
                    root: root.parse().unwrap_or_default(),
                    sql,
                };
                // Views and triggers have no pages.
                if entry.root > 1 {
                    entries.push(entry);
                }
            }
        }
        entries
    }
}
