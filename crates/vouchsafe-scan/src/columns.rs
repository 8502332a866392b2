//! Tables in text: CSV under its header, `COPY` of `pg_dump`, `INSERT` with columns, rows in errors of databases.

mod condition;
mod refused;
mod rows;
pub(crate) mod statement;

use crate::bytes::{HEADER, at, is_idle, is_word, kind_end, part, run_end};
use crate::class::Class;
use crate::company::is_of_records;
use crate::text::Text;
use crate::value::Value;
use crate::vocabulary::{Meaning, Strength, meaning_of};

/// What the columns of a table mean, in order.
type Columns = Vec<Option<&'static Meaning>>;

/// The table that the lines of a document belong to.
#[derive(Debug, Default)]
pub(crate) struct Table {
    columns: Columns,
    /// The names of the columns, as they stand in the header.
    names: Vec<Vec<u8>>,
    separator: u8,
    /// Rows of `COPY`, until `\.`.
    copy: bool,
    /// Each row is the name of a field and its value.
    pairs: bool,
    /// The column whose cell goes on in the next line, and for how many lines it may.
    open: Option<(usize, u8)>,
}

/// The lines of a cell are no more than this.
const LINES: u8 = 32;

/// More columns than this are not looked at.
const MOST: usize = 512;

impl Table {
    /// Whether no line belongs to a table.
    pub(crate) const fn is_none(&self) -> bool {
        self.columns.is_empty() && !self.copy
    }

    /// Takes the header of a table, if the line is one; says whether it was.
    pub(crate) fn header(&mut self, line: &[u8], first: bool) -> bool {
        // The mark of UTF-8 at the beginning of a file.
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        if let Some(columns) = copy_header(line) {
            *self = Self {
                columns,
                names: copy_names(line),
                separator: b'\t',
                copy: true,
                ..Self::default()
            };
            return true;
        }
        if self.copy || self.open.is_some() || !is_like_header(line) {
            return false;
        }
        let framed = unframed(line);
        for separator in [b',', b'\t', b';', b'|', b'~', b'^'] {
            if let Some(columns) = csv_header(framed, separator, first) {
                let names = cell_texts(framed, separator);
                *self = Self {
                    pairs: is_of_pairs(&names),
                    columns,
                    names,
                    separator,
                    ..Self::default()
                };
                return true;
            }
        }
        if let Some(columns) = aligned_header(line) {
            *self = Self {
                columns,
                names: cell_texts(line, b' '),
                separator: b' ',
                ..Self::default()
            };
            return true;
        }
        false
    }

    /// Takes the first line of a table for its header, whatever the names are.
    #[cfg(feature = "command")]
    pub(crate) fn any_header(&mut self, line: &[u8]) -> bool {
        let separator = [b',', b'\t', b';', b'|']
            .into_iter()
            .max_by_key(|separator| line.iter().filter(|byte| *byte == separator).count())
            .unwrap_or(b',');
        let names = cell_texts(line, separator);
        *self = Self {
            columns: vec![None; names.len()],
            names,
            separator,
            ..Self::default()
        };
        true
    }

    /// The values of a row, with the names of their columns.
    #[cfg(feature = "command")]
    pub(crate) fn named_cells(&self, line: &[u8]) -> Vec<(String, Vec<u8>)> {
        let cells = cell_texts(line, self.separator);
        if cells.len() != self.names.len() {
            return Vec::new();
        }
        let names = self
            .names
            .iter()
            .map(|name| String::from_utf8_lossy(name).into_owned());
        names.zip(cells).collect()
    }

    /// A row that is the name of a field and its value; says whether it was.
    fn pair(&self, text: &mut Text<'_, '_>) -> bool {
        let line = text.text;
        let cells = cells(line, self.separator);
        let &[(start, end), value] = cells.as_slice() else {
            return false;
        };
        let (start, end) = crate::bytes::trimmed(line, start, end);
        if let Some(meaning) = meaning_of(part(line, start, end)) {
            cell(text, value, meaning);
        }
        true
    }

    /// Adds what stands in a line in which a cell in quotes begins that ends in a further one, or goes on; says whether it
    /// does.
    fn broken(&mut self, text: &mut Text<'_, '_>) -> bool {
        let line = text.text;
        let quoted = matches!(self.separator, b',' | b';' | b'|') && !self.copy;
        let odd = quoted && memchr::memchr_iter(b'"', line).count() % 2 == 1;
        // 5'11": a quote that opens no cell.
        let opens = |line| {
            let last = cells(line, self.separator).pop().unwrap_or_default();
            at(line, last.0) == b'"'
        };
        let odd = odd && (self.open.is_some() || opens(line));
        let open = self.open.take();
        if open.is_none() && !odd {
            return false;
        }
        let (first, start, mut left) = match open {
            None => (0, 0, LINES),
            Some((column, left)) => {
                let end = memchr::memchr(b'"', line).unwrap_or(line.len());
                if let Some(Some(meaning)) = self.columns.get(column) {
                    cell(text, (0, end), meaning);
                }
                let next = run_end(line, end, |byte| byte != self.separator);
                (column + 1, next + 1, left)
            }
        };
        let mut column = first;
        if start <= line.len() && (odd || open.is_none()) {
            for (from, to) in cells(part(line, start, line.len()), self.separator) {
                if let Some(Some(meaning)) = self.columns.get(column) {
                    cell(text, (from + start, to + start), meaning);
                }
                column += 1;
            }
        }
        // One quote opens the last cell, or closes the one that was open.
        let goes_on = odd == open.is_none();
        left = left.saturating_sub(1);
        if goes_on && left > 0 && column <= self.columns.len() {
            self.open = Some((column.saturating_sub(1), left));
        }
        true
    }

    /// Adds what stands in the cells of a row.
    pub(crate) fn row(&mut self, text: &mut Text<'_, '_>) {
        if self.columns.is_empty() {
            return;
        }
        let line = text.text;
        if self.copy && line == b"\\." {
            *self = Self::default();
            return;
        }
        if self.pairs && self.pair(text) {
            return;
        }
        if self.broken(text) {
            return;
        }
        let start = line.len() - unframed_start(line).len();
        let mut found: Vec<(usize, usize)> = cells(unframed(line), self.separator)
            .into_iter()
            .map(|(from, to)| (from + start, to + start))
            .collect();
        // The numbers of rows have no name.
        if self.separator == b' ' && found.len() == self.columns.len() + 1 {
            found.remove(0);
        }
        let cells = joined(line, found, self.columns.len());
        if is_rule(line) {
            return;
        }
        if cells.len() != self.columns.len() {
            // Another table, or no table.
            // What blanks part is a table for as long as its rows follow one another.
            if !self.copy && (cells.len() < 2 || self.separator == b' ') {
                *self = Self::default();
            }
            return;
        }
        let before = text.found.len();
        for (span, meaning) in cells.iter().zip(&self.columns) {
            if let Some(meaning) = meaning {
                cell(text, *span, meaning);
            }
        }
        // The other dates in the row of a person are about that person.
        if text.found.len() > before {
            for (place, (span, meaning)) in cells.iter().zip(&self.columns).enumerate() {
                let own = self
                    .names
                    .get(place)
                    .is_some_and(|name| is_of_records(name));
                let nothing = meaning.is_some_and(|meaning| meaning.is_nothing());
                if own || nothing && meaning.is_some_and(|meaning| !meaning.is_free_text) {
                    text.desk.quiet.push(*span);
                }
                let said = meaning
                    .is_none_or(|meaning| meaning.is_nothing() || meaning.is_of(Class::Date));
                if said && !own {
                    text.dated(*span);
                }
            }
        }
    }
}

/// A line of a table without the bars around it.
fn unframed(line: &[u8]) -> &[u8] {
    let inner = unframed_start(line);
    if inner.len() == line.len() {
        return line;
    }
    let end = inner
        .iter()
        .rposition(|byte| !byte.is_ascii_whitespace())
        .map_or(0, |place| place + 1);
    let inner = part(inner, 0, end);
    inner.strip_suffix(b"|").unwrap_or(inner)
}

/// A line of a table without the bar before it.
fn unframed_start(line: &[u8]) -> &[u8] {
    let start = run_end(line, 0, |byte| byte == b' ');
    match part(line, start, line.len()) {
        [b'|', inner @ ..] if !inner.is_empty() => inner,
        _ => line,
    }
}

/// A line between the rows of a table: +-----+-----+
fn is_rule(line: &[u8]) -> bool {
    line.iter()
        .all(|byte| matches!(byte, b'+' | b'-' | b'=' | b'|' | b' ' | b':'))
}

/// Whether the columns are the names of fields and their values.
fn is_of_pairs(names: &[Vec<u8>]) -> bool {
    let is =
        |name: &[u8], known: &[&[u8]]| known.iter().any(|known| known.eq_ignore_ascii_case(name));
    match names {
        [name, value] => {
            is(
                name,
                &[
                    b"field",
                    b"key",
                    b"name",
                    b"attribute",
                    b"question",
                    b"property",
                    b"column",
                    b"label",
                ],
            ) && is(value, &[b"value", b"answer", b"content", b"data"])
        }
        _ => false,
    }
}

/// The header of a table whose columns blanks part, as pandas, psql and kubectl print it.
fn aligned_header(line: &[u8]) -> Option<Columns> {
    if line.len() > 512 || !line.windows(2).any(|two| two == b"  ") {
        return None;
    }
    let words: Vec<&[u8]> = line
        .split(|byte| *byte == b' ')
        .filter(|word| !word.is_empty())
        .collect();
    let plain = words
        .iter()
        .all(|word| word.iter().all(|byte| is_word(*byte)) && !word.iter().all(u8::is_ascii_digit));
    if !(2..=40).contains(&words.len()) || !plain {
        return None;
    }
    let columns: Columns = words.iter().map(|word| meaning_of(word)).collect();
    // Names of fields, not words of a sentence.
    let sure = |meaning: &Meaning| {
        meaning
            .classes
            .iter()
            .any(|(_, strength)| *strength == Strength::Field)
    };
    let known = columns
        .iter()
        .flatten()
        .filter(|meaning| sure(meaning))
        .count();
    (known >= 2 && known * 3 >= columns.len()).then_some(columns)
}

/// Cells under a header of fewer: "Roe, Jane" without quotes is one, as the blank says.
fn joined(line: &[u8], cells: Vec<(usize, usize)>, columns: usize) -> Vec<(usize, usize)> {
    let mut surplus = cells.len().saturating_sub(columns);
    if surplus == 0 {
        return cells;
    }
    let mut joined: Vec<(usize, usize)> = Vec::with_capacity(columns);
    for (start, end) in cells {
        match joined.last_mut() {
            Some(last) if surplus > 0 && at(line, start) == b' ' => {
                last.1 = end;
                surplus -= 1;
            }
            _ => joined.push((start, end)),
        }
    }
    joined
}

fn cell(text: &mut Text<'_, '_>, (start, end): (usize, usize), meaning: &'static Meaning) {
    let value = Value {
        text: text.text,
        start,
        end,
        bounded: true,
    };
    text.take(meaning, value);
}

/// The texts of the cells of a line.
fn cell_texts(line: &[u8], separator: u8) -> Vec<Vec<u8>> {
    cells(line, separator)
        .into_iter()
        .map(|(start, end)| {
            let (start, end) = crate::bytes::trimmed(line, start, end);
            part(line, start, end).to_vec()
        })
        .collect()
}

/// The names in the header of `COPY`.
fn copy_names(line: &[u8]) -> Vec<Vec<u8>> {
    let open = line.iter().position(|byte| *byte == b'(');
    let close = line.iter().rposition(|byte| *byte == b')');
    match (open, close) {
        (Some(open), Some(close)) => cell_texts(part(line, open + 1, close), b','),
        _ => Vec::new(),
    }
}

/// The places of the cells of a line; quotes may hold separators.
fn cells(line: &[u8], separator: u8) -> Vec<(usize, usize)> {
    let mut cells = Vec::new();
    let mut start = 0;
    if separator == b' ' {
        while cells.len() <= MOST {
            start = run_end(line, start, |byte| byte == b' ');
            if start >= line.len() {
                break;
            }
            let end = run_end(line, start, |byte| byte != b' ');
            cells.push((start, end));
            start = end;
        }
        return cells;
    }
    while start <= line.len() && cells.len() <= MOST {
        let end = if at(line, start) == b'"' && separator != b'\t' {
            let mut place = start + 1;
            while place < line.len() && !(at(line, place) == b'"' && at(line, place + 1) != b'"') {
                place += 1 + usize::from(at(line, place) == b'"');
            }
            run_end(line, place, |byte| byte != separator)
        } else {
            run_end(line, start, |byte| byte != separator)
        };
        cells.push((start, end));
        start = end + 1;
    }
    cells
}

/// Whether a line begins with a name, and has names and separators and nothing else: most end here at their first colon
/// or equals sign.
fn is_like_header(line: &[u8]) -> bool {
    let start = run_end(line, 0, |byte| is_idle(byte) || byte == b'|');
    let first = at(line, start);
    (first.is_ascii_alphabetic() || first == b'_')
        && line.len() <= 8192
        && kind_end(line, start, HEADER) == line.len()
}

/// A line of names of fields, some of which are those of identifiers.
fn csv_header(line: &[u8], separator: u8, first: bool) -> Option<Columns> {
    let separators = line.iter().filter(|byte| **byte == separator).count();
    if separators < if first { 1 } else { 2 } {
        return None;
    }
    let cells = cells(line, separator);
    let mut columns = Columns::new();
    let mut known = 0;
    let names: Vec<Vec<u8>> = cells
        .iter()
        .map(|&(start, end)| {
            let (start, end) = crate::bytes::trimmed(line, start, end);
            part(line, start, end).to_vec()
        })
        .collect();
    let has = |word: &[u8]| names.iter().any(|name| name.eq_ignore_ascii_case(word));
    let halves = has(b"first") && has(b"last");
    for name in &names {
        let sound = (1..=48).contains(&name.len())
            && name
                .first()
                .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
            && name.iter().all(|byte| {
                is_word(*byte) || matches!(byte, b' ' | b'-' | b'.' | b'(' | b')' | b'/' | b'#')
            });
        if !sound {
            return None;
        }
        let half =
            halves && (name.eq_ignore_ascii_case(b"first") || name.eq_ignore_ascii_case(b"last"));
        let meaning = if half {
            meaning_of(b"last name")
        } else {
            meaning_of(name)
        };
        known += usize::from(meaning.is_some_and(|meaning| !meaning.is_nothing()));
        columns.push(meaning);
    }
    // Within a document a header has to be clearer than at its beginning.
    let enough = if first {
        columns.len() >= 2 && known >= 1
    } else {
        columns.len() >= 3 && known >= 2
    };
    enough.then_some(columns)
}

/// `COPY public.patients (id, last_name, ssn) FROM stdin;`
fn copy_header(line: &[u8]) -> Option<Columns> {
    let rest = line.strip_prefix(b"COPY ")?;
    let open = rest.iter().position(|byte| *byte == b'(')?;
    let close = rest.iter().rposition(|byte| *byte == b')')?;
    let tail = part(rest, close + 1, rest.len());
    tail.starts_with(b" FROM stdin")
        .then(|| names(part(rest, open + 1, close)))
}

fn names(list: &[u8]) -> Columns {
    list.split(|byte| *byte == b',')
        .take(MOST)
        .map(meaning_of)
        .collect()
}
