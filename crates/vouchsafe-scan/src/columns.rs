//! Tables in text: CSV under its header, `COPY` of `pg_dump`, `INSERT` with columns, rows in errors of databases.

mod condition;
mod refused;
mod rows;
pub(crate) mod statement;
mod vista;

use crate::bytes::{HEADER, at, before, is_idle, is_word, kind_end, part, run_end, run_within};
use crate::class::Class;
use crate::company::{is_of_event, is_of_records};
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
    /// The column whose cell goes on in the next line, and how many breaks it may have from there on.
    open: Option<(usize, u8)>,
    /// Whether the last line was one above a header, or between rows: `+-----+-----+`.
    ruled: bool,
}

/// The breaks in a cell are no more than this.
const BREAKS: u8 = 32;

/// More columns than this are not looked at.
const MOST: usize = 512;

impl Table {
    /// Whether no line belongs to a table.
    pub(crate) const fn is_none(&self) -> bool {
        self.columns.is_empty() && !self.copy && !self.ruled
    }

    /// Takes the header of a table, if the line is one; says whether it was.
    pub(crate) fn header(&mut self, line: &[u8], first: bool) -> bool {
        // The mark of UTF-8 at the beginning of a file.
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        // Below a rule a table begins as clearly as at the beginning of a document.
        let first = first || self.ruled && self.columns.is_empty();
        self.ruled = line.starts_with(b"+-") && is_rule(line);
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
        let frame = line.len() - unframed_start(line).len();
        let cells = cells(unframed(line), self.separator);
        let &[(start, end), (from, to)] = cells.as_slice() else {
            return false;
        };
        let (start, end) = crate::bytes::trimmed(line, start + frame, end + frame);
        if let Some(meaning) = meaning_of(part(line, start, end)) {
            cell(text, (from + frame, to + frame), meaning);
        }
        true
    }

    /// Adds what stands in a line in which a cell in quotes begins that ends in a further one, or goes on; says whether
    /// it is no row of its own.
    fn broken(&mut self, text: &mut Text<'_, '_>) -> bool {
        let line = text.text;
        let open = self.open.take();
        let quoted = matches!(self.separator, b',' | b';' | b'|') && !self.copy;
        if !quoted || open.is_none() && memchr::memchr(b'"', line).is_none() {
            return false;
        }
        let (first, left) = open.unwrap_or((0, BREAKS));
        let (cells, goes_on) = quoted_cells(line, self.separator, open.is_some());
        if open.is_none() && !goes_on {
            return false;
        }
        for (span, meaning) in cells.iter().zip(self.columns.iter().skip(first)) {
            if let Some(meaning) = meaning {
                cell(text, *span, meaning);
            }
        }
        let last = first + cells.len().saturating_sub(1);
        if goes_on && left > 0 && last < self.columns.len() {
            self.open = Some((last, left - 1));
        }
        self.add_stray(text, open.is_some());
        true
    }

    /// Adds the cells of a line that is a whole row when a quote before it, or in it, opened nothing: `5'11"`. Whether it
    /// did shows only in lines to come, so such a line is read both ways.
    fn add_stray(&self, text: &mut Text<'_, '_>, inside: bool) {
        let line = text.text;
        let (mut cells, goes_on) = quoted_cells(line, self.separator, false);
        if goes_on && cells.len() < self.columns.len() {
            let (start, end) = cells.pop().unwrap_or_default();
            let rest = part(line, start, end).split(|byte| *byte == self.separator);
            let mut place = start;
            for piece in rest {
                cells.push((place, place + piece.len()));
                place += piece.len() + 1;
            }
        } else if !inside {
            return;
        }
        if cells.len() == self.columns.len() {
            self.read(text, &cells);
        }
    }

    /// The cells of a row that blanks part, without the number of the row, which has no name. Single blanks may be a part
    /// of cells ("Roe, Jane"): where wider gaps part as many cells as there are columns, those are the cells.
    fn aligned(&self, line: &[u8], narrow: Vec<(usize, usize)>) -> Vec<Vec<(usize, usize)>> {
        let columns = self.columns.len();
        let mut wide: Vec<(usize, usize)> = Vec::with_capacity(narrow.len());
        for &(start, end) in &narrow {
            match wide.last_mut() {
                Some(last) if start == last.1 + 1 => last.1 = end,
                _ => wide.push((start, end)),
            }
        }
        let is_numbered = |cells: &[(usize, usize)]| {
            let first = cells.first().map(|(start, end)| part(line, *start, *end));
            cells.len() == columns + 1 && first.is_some_and(|first| !first.contains(&b' '))
        };
        // The number of a row, as R and pandas print it, may stand one blank before the first cell: then nothing shows which
        // gaps part cells, and the row is read both ways.
        let counted = narrow.len() == columns + 1
            && narrow.first().is_some_and(|(start, end)| {
                part(line, *start, *end).iter().all(u8::is_ascii_digit)
            });
        let wider = wide.len() == columns || narrow.len() != columns && is_numbered(&wide);
        let mut readings = match (wider && wide != narrow, counted) {
            (true, true) => vec![wide, narrow],
            (true, false) => vec![wide],
            (false, _) => vec![narrow],
        };
        for cells in &mut readings {
            if is_numbered(cells) {
                cells.remove(0);
            }
        }
        readings
    }

    /// Adds what cells hold, by the names of their columns.
    fn read(&self, text: &mut Text<'_, '_>, cells: &[(usize, usize)]) {
        for (span, meaning) in cells.iter().zip(&self.columns) {
            if let Some(meaning) = meaning {
                cell(text, *span, meaning);
            }
        }
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
        if self.separator == b' ' {
            let mut readings = self.aligned(line, found);
            found = readings.pop().unwrap_or_default();
            let others = readings.iter();
            others
                .filter(|cells| cells.len() == self.columns.len())
                .for_each(|cells| self.read(text, cells));
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
        self.read(text, &cells);
        // The other dates in the row of a person are about that person.
        if text.found.len() > before {
            for (place, (span, meaning)) in cells.iter().zip(&self.columns).enumerate() {
                let own = self
                    .names
                    .get(place)
                    .is_some_and(|name| is_of_records(name));
                if (own || meaning.is_some_and(is_of_program)) && is_code(line, *span) {
                    text.desk.quiet.push(*span);
                }
                let said = meaning
                    .is_none_or(|meaning| meaning.is_nothing() || meaning.is_of(Class::Date));
                if said && !own {
                    let event = self.names.get(place).is_some_and(|name| is_of_event(name));
                    text.dated(*span, event);
                }
            }
        }
    }
}

/// Whether the cells of a column are ids, times and numbers of the program's own, whoever the row is about.
fn is_of_program(meaning: &'static Meaning) -> bool {
    // Columns that count people and things elsewhere hold those themselves in a table.
    let counted = meaning.phrase.split(' ').next_back().is_some_and(|last| {
        matches!(
            last,
            "members" | "names" | "patients" | "addresses" | "users" | "people"
        )
    });
    meaning.is_nothing() && !meaning.is_free_text && !counted
}

/// Whether a cell is one word or a time: a text of several words may tell of somebody, whatever its column.
fn is_code(line: &[u8], (start, end): (usize, usize)) -> bool {
    let (start, end) = crate::bytes::trimmed(line, start, end);
    let bytes = part(line, start, end);
    // 2024-01-31 08:51:21 UTC
    let letters = bytes
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic() || **byte >= 0x80);
    !bytes.contains(&b' ') || letters.count() <= 3
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
                    b"(index)",
                ],
            ) && is(
                value,
                &[b"value", b"values", b"answer", b"content", b"data"],
            )
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

/// Where a literal of SQL ends whose text begins at a place; `limit` is as far as it may go.
///
/// Two quotes together are one of the text (`'O''Brien'`), and so is one behind a backslash that a letter follows
/// (`'O\'Brien'`, as MySQL writes it): behind other backslashes the literal is over (`'C:\', 'x'`).
fn literal_end(text: &[u8], from: usize, limit: usize) -> usize {
    let mut place = from;
    loop {
        let quote = run_within(text, place, limit, |byte| byte != b'\'');
        let doubled = at(text, quote + 1) == b'\'';
        let escaped = quote > from
            && before(text, quote) == b'\\'
            && at(text, quote + 1).is_ascii_alphabetic();
        if quote >= limit || quote >= text.len() || !(doubled || escaped) {
            return quote;
        }
        // Two quotes and nothing between: an empty literal.
        if doubled && quote == from && !at(text, quote + 2).is_ascii_alphanumeric() {
            return quote;
        }
        place = quote + 1 + usize::from(doubled);
    }
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
    match separator {
        b' ' => blank_cells(line),
        b'\t' => line_cells(line, separator, Quotes::None).0,
        _ => line_cells(line, separator, Quotes::Around).0,
    }
}

/// The places of the cells of a line that may break within quotes, and whether the last of them goes on in the next line.
/// `inside` says that the line begins within quotes.
fn quoted_cells(line: &[u8], separator: u8, inside: bool) -> (Vec<(usize, usize)>, bool) {
    let quotes = if inside { Quotes::Open } else { Quotes::Around };
    line_cells(line, separator, quotes)
}

/// Where the quotes of a line stand.
#[derive(Clone, Copy, PartialEq)]
enum Quotes {
    /// Nowhere: they are bytes like others.
    None,
    /// Around cells.
    Around,
    /// Around cells, the first of which began in a line before.
    Open,
}

/// The cells between separators, and whether a quote of the last one is open at the end.
fn line_cells(line: &[u8], separator: u8, quotes: Quotes) -> (Vec<(usize, usize)>, bool) {
    let mut cells = Vec::new();
    let mut start = 0;
    let mut open = false;
    let mut inside = quotes == Quotes::Open;
    while start <= line.len() && cells.len() <= MOST {
        let quoted = quotes != Quotes::None && at(line, start) == b'"';
        let end = if inside || quoted {
            let from = start + usize::from(!inside);
            let close = closing_quote(line, from);
            open = close.is_none();
            let close = close.unwrap_or(line.len());
            run_end(line, close, |byte| byte != separator)
        } else {
            run_end(line, start, |byte| byte != separator)
        };
        inside = false;
        cells.push((start, end));
        start = end + 1;
    }
    (cells, open)
}

/// Where the quote stands that closes a cell: two together are one of its text.
fn closing_quote(line: &[u8], from: usize) -> Option<usize> {
    let mut place = from;
    loop {
        let quote = place + memchr::memchr(b'"', line.get(place..)?)?;
        if at(line, quote + 1) != b'"' {
            return Some(quote);
        }
        place = quote + 2;
    }
}

/// The cells that blanks part.
fn blank_cells(line: &[u8]) -> Vec<(usize, usize)> {
    let mut cells = Vec::new();
    let mut start = 0;
    while cells.len() <= MOST {
        start = run_end(line, start, |byte| byte == b' ');
        if start >= line.len() {
            break;
        }
        let end = run_end(line, start, |byte| byte != b' ');
        cells.push((start, end));
        start = end;
    }
    cells
}

/// Whether a line begins with a name, and has names and separators and nothing else: most end here at their first colon
/// or equals sign.
fn is_like_header(line: &[u8]) -> bool {
    let start = run_end(line, 0, |byte| is_idle(byte) || byte == b'|');
    let first = at(line, start);
    (first.is_ascii_alphabetic() || matches!(first, b'_' | b'('))
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
                .is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'('))
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
        columns.len() >= 2 && known >= 1 || is_of_pairs(&names)
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

#[cfg(test)]
mod tests;
