//! Tests of the way from a path to lines and cells.

mod database;
mod files;
mod packed;
mod plain;

use std::io::Read;
use std::path::{Path, PathBuf};

use super::*;

/// What a sink was given, in words.
#[derive(Debug, Default)]
struct Seen {
    /// Each document with its lines, pieces and cells.
    documents: Vec<(String, Vec<String>)>,
    problems: Vec<(String, Problem)>,
    open: bool,
}

impl Sink for Seen {
    fn begin(&mut self, document: &DocumentName) {
        assert!(
            !std::mem::replace(&mut self.open, true),
            "documents in one another"
        );
        self.documents.push((words(document), Vec::new()));
    }

    fn line(&mut self, line: Line<'_>) {
        assert!(!line.bytes.contains(&b'\n') && !line.bytes.contains(&b'\r'));
        let place = match (line.place, line.offset) {
            (Place::Line(number), 0) => format!("{number}"),
            (Place::Line(number), offset) => format!("{number}+{offset}"),
            (Place::Byte(at), _) => format!("@{at}"),
        };
        let text = String::from_utf8_lossy(line.bytes);
        self.add(format!("{place}: {text}"));
    }

    fn cell(&mut self, cell: Cell<'_>) {
        let Cell {
            table,
            column,
            row,
            offset,
            bytes,
        } = cell;
        let row = row.map_or_else(String::new, |row| format!("[{row}]"));
        let offset = if offset > 0 {
            format!("+{offset}")
        } else {
            String::new()
        };
        let text = String::from_utf8_lossy(bytes);
        self.add(format!("{table}{row}.{column}{offset}: {text}"));
    }

    fn end(&mut self) {
        assert!(std::mem::replace(&mut self.open, false));
    }

    fn problem(&mut self, document: &DocumentName, problem: Problem) {
        assert!(!problem.to_string().is_empty());
        self.problems.push((words(document), problem));
    }
}

impl Seen {
    fn add(&mut self, entry: String) {
        assert!(self.open);
        self.documents.last_mut().unwrap().1.push(entry);
    }

    /// The documents in the order of their names, each with its lines.
    fn sorted(mut self) -> Vec<(String, Vec<String>)> {
        self.documents.sort();
        self.documents
    }

    fn names(self) -> Vec<String> {
        self.sorted().into_iter().map(|(name, _)| name).collect()
    }

    /// The lines of the only document.
    fn lines(self) -> Vec<String> {
        assert_eq!(self.problems, []);
        let [(_, lines)] = <[_; 1]>::try_from(self.documents).unwrap();
        lines
    }
}

fn words(name: &DocumentName) -> String {
    String::from_utf8_lossy(name.as_bytes()).into_owned()
}

/// What a document of these bytes, named `x`, is read as.
fn seen(bytes: &[u8]) -> Seen {
    seen_from(bytes, &Options::default())
}

fn seen_from(reader: impl Read, options: &Options) -> Seen {
    let mut seen = Seen::default();
    let name = DocumentName::of_path(Path::new("x"));
    let summary = read_from(&name, reader, options, &Progress::new(), &mut seen);
    assert!(!seen.open);
    let told = summary.incomplete + summary.passed_over;
    assert_eq!(told, seen.problems.len() as u64);
    assert_eq!(summary.documents, seen.documents.len() as u64);
    seen
}

/// What these paths are read as, by one worker.
fn scanned(paths: &[PathBuf], options: &Options) -> (Seen, Summary) {
    let mut sinks = [Seen::default()];
    let summary = read(paths, options, &Progress::new(), &mut sinks);
    let [seen] = sinks;
    (seen, summary)
}
