//! `learn`: makes known values of a team's own tables.

use std::io;
use std::path::PathBuf;

use super::Failed;
use super::names::Names;
use super::output::{complain, say, shown};
use super::place::name_of;
use crate::class::Class;
use crate::columns::Table;
use crate::known::{KnownError, KnownValues, Learned, new_key, read_key};
use crate::source::{self, Cell, DocumentName, Line, Options, Problem, Progress, Sink};
use crate::vocabulary;

const EXAMPLES: &str = "\
Reads tables: CSV with a header, dumps of pg_dump (COPY), SQLite files; packed or not. A column is learned when its
name says what it holds (last_name, mrn, phone); --column says it of others.

What is written holds no value, and is PHI all the same: with the key, short numbers can be guessed from their hashes.
Neither the key nor the values may be inside a git work tree, or readable by others.

Examples:
  vouchsafe-scan learn --key /etc/scan.key --new-key -o /etc/known.values patients.csv
  vouchsafe-scan learn --key /etc/scan.key -o /etc/known.values --column kunde=name clinic.db dump.sql.gz

Then, in vouchsafe-scan.toml:
  [known]
  file = \"/etc/known.values\"
  key = \"/etc/scan.key\"";

/// Learns a team's own names and numbers from its tables, as keyed hashes
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Learn {
    /// Tables to learn from; - for standard input
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// The file of the key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Make the key first
    #[arg(long)]
    new_key: bool,
    /// Where the hashes go; what is there already is added to
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// What a column holds: COLUMN=CLASS, or COLUMN=none to leave it out
    #[arg(long, value_name = "COLUMN=CLASS", value_parser = column)]
    column: Vec<(String, Option<Class>)>,
}

fn column(text: &str) -> Result<(String, Option<Class>), String> {
    let (name, class) = text.split_once('=').ok_or("COLUMN=CLASS is needed")?;
    let class = match class {
        "none" => None,
        class => Some(super::class(class)?),
    };
    Ok((name.to_lowercase(), class))
}

/// Learns, and says how much.
pub(super) fn run(learn: &Learn) -> Result<u8, Failed> {
    let failed = |path: &PathBuf| {
        let shown = shown(path);
        move |error: KnownError| Failed::File(shown, error.to_string())
    };
    if learn.new_key {
        new_key(&learn.key).map_err(failed(&learn.key))?;
    }
    let key = read_key(&learn.key).map_err(failed(&learn.key))?;
    let known = match KnownValues::read(&learn.output, &key) {
        Err(KnownError::Io(io::ErrorKind::NotFound)) => KnownValues::new(&key),
        known => known.map_err(failed(&learn.output))?,
    };
    let mut learner = Learner {
        known,
        columns: &learn.column,
        table: Table::default(),
        first: true,
        read: 0,
        added: 0,
        too_common: 0,
        incomplete: 0,
    };
    let workers = std::slice::from_mut(&mut learner);
    source::read(&learn.paths, &Options::default(), &Progress::new(), workers);
    if learner.read == 0 {
        return Err(Failed::Argument(
            "no column with a name that says what it holds was found; --column NAME=CLASS says it"
                .to_owned(),
        ));
    }
    learner
        .known
        .write(&learn.output)
        .map_err(failed(&learn.output))?;
    say(&format!(
        "{} values read: {} new, {} too short or ordinary to be looked for; {} known in all",
        learner.read,
        learner.added,
        learner.too_common,
        learner.known.len()
    ));
    Ok(u8::from(learner.incomplete > 0))
}

struct Learner<'a> {
    known: KnownValues,
    columns: &'a [(String, Option<Class>)],
    table: Table,
    first: bool,
    read: u64,
    added: u64,
    too_common: u64,
    incomplete: u64,
}

impl Learner<'_> {
    fn learn(&mut self, column: &str, value: &[u8]) {
        if value.is_empty() || value.eq_ignore_ascii_case(b"null") || value == b"\\N" {
            return;
        }
        let given = self
            .columns
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(column));
        let class = match given {
            Some((_, class)) => *class,
            None => vocabulary::meaning_of(column.as_bytes())
                .and_then(|meaning| meaning.classes.first())
                .map(|(class, _)| *class),
        };
        let Some(class) = class else {
            return;
        };
        self.read += 1;
        match self.known.learn(class, value) {
            Learned::Added => self.added += 1,
            Learned::Known => {}
            Learned::TooCommon => self.too_common += 1,
        }
    }
}

impl Sink for Learner<'_> {
    fn begin(&mut self, _document: &DocumentName) {
        self.table = Table::default();
        self.first = true;
    }

    fn line(&mut self, line: Line<'_>) {
        let header = self.table.header(line.bytes, self.first)
            || self.first && self.table.any_header(line.bytes);
        self.first = false;
        if !header {
            for (column, value) in self.table.named_cells(line.bytes) {
                self.learn(&column, &value);
            }
        }
    }

    fn cell(&mut self, cell: Cell<'_>) {
        if cell.offset == 0 {
            self.learn(cell.column, cell.bytes);
        }
    }

    fn end(&mut self) {}

    fn problem(&mut self, document: &DocumentName, problem: Problem) {
        self.incomplete += u64::from(problem.is_incomplete());
        let name = Names::default().mask(name_of(document));
        complain(&format!("{name}: {problem}"));
    }
}
