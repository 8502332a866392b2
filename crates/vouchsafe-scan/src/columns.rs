//! Tables in text: CSV under its header, `COPY` of `pg_dump`, `INSERT` with columns, rows in errors of databases.

pub(crate) mod statement;

use memchr::memmem::Finder;

use crate::bytes::{
    BAR, BRACKET, DOLLAR, HEADER, Needle, OPEN, at, before, is_idle, is_word, kind_end, number,
    part, run_end, run_within,
};
use crate::checks;
use crate::class::{Class, Confidence};
use crate::company::is_of_records;
use crate::digits;
use crate::finding::Finding;
use crate::person;
use crate::text::Text;
use crate::value::Value;
use crate::vocabulary::{Meaning, Strength, meaning_of};
use crate::when;

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
}

/// A row without names of columns is no longer than this.
const ROW: usize = 4096;

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
        if self.copy || !is_like_header(line) {
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

impl Text<'_, '_> {
    /// Adds what stands in `INSERT … (columns) VALUES (…)`, and in the rows that errors of PostgreSQL show.
    pub(crate) fn rows(&mut self) {
        let text = self.text;
        if self.marks & OPEN != 0
            && let Some(start) = after(text, b"Parameters: ")
        {
            self.typed(start);
        }
        let mut place = 0;
        let dollars = if self.marks & DOLLAR == 0 { &[] } else { text };
        for mark in memchr::memchr_iter(b'$', dollars) {
            let front = part(text, mark.saturating_sub(12), mark);
            if mark >= place && front.eq_ignore_ascii_case(b"parameters: ") {
                place = self.parameters(mark);
            }
        }
        let brackets = if self.marks & OPEN == 0 { &[] } else { text };
        let mut row_end = 0;
        for open in memchr::memchr_iter(b'(', brackets) {
            let front = part(text, open.saturating_sub(24), open);
            let shown = ends_with(front, b"row contains ") || ends_with(front, b"key value is ");
            if open >= row_end && shown {
                row_end = self.failing_row(open);
            } else if ends_with(front, b"values ") || ends_with(front, b"values") {
                self.inserted(open);
            } else if front.ends_with(b")=") || front.ends_with(b") = ") {
                // Key (last_name, dob)=(Roe, 1980-01-31) already exists
                self.inserted(open);
            }
        }
        self.refused();
        // psql, expanded: resident_name     | Roe
        if self.marks & BAR != 0
            && let Some(bar) = memchr::memchr(b'|', text)
            && before(text, bar) == b' '
            && at(text, bar + 1) == b' '
            && memchr::memchr(b'|', part(text, bar + 1, text.len())).is_none()
        {
            let (start, end) = crate::bytes::trimmed(text, 0, bar);
            let name = part(text, start, end);
            let is_one = name.iter().all(|byte| is_word(*byte));
            let meaning = is_one.then(|| meaning_of(name)).flatten();
            if let Some(meaning) = meaning.filter(|meaning| !meaning.is_nothing()) {
                cell(self, (bar + 2, text.len()), meaning);
            }
        }
        // Hibernate: binding parameter [2] as [DATE] - [1931-08-02]
        static BINDING: Needle = Needle::new(|| Finder::new(b"binding parameter"));
        if self.marks & BRACKET != 0
            && BINDING.find(text).is_some()
            && let Some(open) = text.iter().rposition(|byte| *byte == b'[')
        {
            let end = run_within(text, open, text.len(), |byte| byte != b']');
            self.unnamed(open + 1, end);
        }
        // A row as mysqlbinlog shows it.
        if let Some(rest) = text.strip_prefix(b"###   @") {
            let mark = run_end(rest, 0, |byte| byte.is_ascii_digit());
            let start = text.len() - rest.len() + mark + 1;
            if at(rest, mark) == b'=' {
                let end = run_within(text, start, text.len(), |byte| byte != b'/');
                self.unnamed(start, end);
            }
        }
    }

    /// `Duplicate entry 'V' for key 'drivers.license_number'`, `Incorrect date value: 'V' for column 'dob'`, as MySQL refuses
    /// them.
    fn refused(&mut self) {
        let text = self.text;
        static FOR: Needle = Needle::new(|| Finder::new(b"' for "));
        let Some(place) = FOR.find(text) else {
            return;
        };
        let rest = part(text, place + 6, text.len());
        if !rest.starts_with(b"column ") && !rest.starts_with(b"key ") {
            return;
        }
        let is_of_name = |byte: u8| is_word(byte) || matches!(byte, b'.' | b'`' | b'\'' | b'-');
        let start = run_end(text, place + 6, |byte| byte != b' ') + 1;
        let end = run_within(text, start, start + 96, is_of_name);
        let (_, end) = crate::bytes::trimmed(text, start, end);
        let first = crate::bytes::word_start(text, end, 64);
        let open = part(text, place.saturating_sub(128), place)
            .iter()
            .rposition(|byte| *byte == b'\'')
            .map(|open| place.saturating_sub(128) + open + 1);
        if let (Some(open), Some(meaning)) = (open, meaning_of(part(text, first, end)))
            && !meaning.is_nothing()
        {
            cell(self, (open, place), meaning);
        }
    }

    /// The values of a statement, as PostgreSQL logs them: `parameters: $1 = 'Jane', $2 = 'Roe'`. Returns where they end.
    fn parameters(&mut self, start: usize) -> usize {
        let text = self.text;
        let mut place = start;
        for _ in 0..256 {
            let Some(open) = memchr::memchr(b'\'', part(text, place, text.len())) else {
                return text.len();
            };
            let from = place + open + 1;
            let to = run_end(text, from, |byte| byte != b'\'');
            self.unnamed(from, to);
            place = to + 1;
        }
        place
    }

    /// The values of a statement, as MyBatis logs them: `Parameters: Jane Roe(String), 1980-01-31(Date)`.
    fn typed(&mut self, start: usize) {
        let text = self.text;
        let mut place = start;
        while place < text.len() {
            let end = run_end(text, place, |byte| byte != b',');
            let open = part(text, place, end)
                .iter()
                .rposition(|byte| *byte == b'(');
            if let Some(open) = open.filter(|_| before(text, end) == b')') {
                self.unnamed(place, place + open);
            }
            place = end + 1;
        }
    }

    /// A cell that is a day, of a column that says nothing.
    fn dated(&mut self, (start, end): (usize, usize)) {
        let text = self.text;
        let (start, end) = crate::bytes::trimmed(text, start, end);
        let cell = part(text, start, end);
        let compact = cell.len() == 8
            && cell.iter().all(u8::is_ascii_digit)
            && (1900..=2100).contains(&number(part(cell, 0, 4)))
            && checks::date(
                number(part(cell, 0, 4)),
                number(part(cell, 4, 6)),
                number(part(cell, 6, 8)),
            );
        if compact || cell.len() <= 12 && when::date_end(text, start) == Some(end) {
            self.add(
                Class::Date,
                Confidence::Medium,
                (start, end),
                Some("row of a person"),
            );
        }
    }

    /// A value without the name of its column.
    fn unnamed(&mut self, start: usize, end: usize) {
        let text = self.text;
        digits::read_in(part(text, start, end));
        let (from, to) = crate::bytes::trimmed(text, start, end);
        let stamp = to > from + 10;
        if when::date_end(text, from) == Some(to) && !stamp {
            self.add(Class::Date, Confidence::Medium, (from, to), Some("row"));
        } else if let Some((from, to, _)) = person::shape(text, from, to, true) {
            self.add(Class::Name, Confidence::Medium, (from, to), Some("row"));
        } else if to - from >= 3 && person::is_one(part(text, from, to)) {
            // A city stands after its street.
            let street = |finding: &Finding| {
                finding.class == Class::Geography
                    && finding.span.end < from
                    && finding.span.end + 4 >= from
            };
            let class = if self.found.iter().rev().take(8).any(street) {
                Class::Geography
            } else {
                Class::Name
            };
            self.add(class, Confidence::Medium, (from, to), Some("row"));
        }
    }

    /// A row without the names of its columns: what looks like a name or a date there is one. Returns where it ends.
    fn failing_row(&mut self, open: usize) -> usize {
        let text = self.text;
        let limit = text.len().min(open + ROW);
        let end = run_within(text, open + 1, limit, |byte| byte != b')');
        let mut start = open + 1;
        while start < end {
            let stop = run_within(text, start, end, |byte| byte != b',');
            self.unnamed(start, stop);
            start = stop + 1;
        }
        end
    }

    /// The tuples after `VALUES`, under the columns before it.
    fn inserted(&mut self, open: usize) {
        let text = self.text;
        digits::read();
        let floor = open.saturating_sub(4096);
        let front = part(text, floor, open);
        let Some(close) = front.iter().rposition(|byte| *byte == b')') else {
            return;
        };
        let Some(list) = part(front, 0, close).iter().rposition(|byte| *byte == b'(') else {
            return;
        };
        let columns = names(part(front, list + 1, close));
        if columns.iter().flatten().all(|meaning| meaning.is_nothing()) {
            return;
        }
        let mut place = open;
        while at(text, place) == b'(' {
            place = self.tuple(place + 1, &columns);
            place = run_end(text, place, |byte| matches!(byte, b',' | b' ' | b')'));
        }
    }

    pub(crate) fn tuple(&mut self, start: usize, columns: &Columns) -> usize {
        let text = self.text;
        let mut place = start;
        for meaning in columns {
            place = run_end(text, place, |byte| byte == b' ');
            let slashes = run_end(text, place, |byte| byte == b'\\');
            let quote = at(text, slashes);
            let (from, to, next) = if matches!(quote, b'\'' | b'"') {
                let mut end = slashes + 1;
                while end < text.len() {
                    end = run_end(text, end, |byte| byte != quote);
                    if at(text, end + 1) != quote || quote == b'"' {
                        break;
                    }
                    end += 2;
                }
                let next = run_end(text, end, |byte| !matches!(byte, b',' | b')'));
                (slashes + 1, end, next)
            } else {
                let end = run_end(text, place, |byte| !matches!(byte, b',' | b')'));
                (place, end, end)
            };
            if let Some(meaning) = meaning.filter(|_| to <= text.len() && from <= to) {
                cell(self, (from, to), meaning);
            }
            if at(text, next) != b',' {
                return next + 1;
            }
            place = next + 1;
        }
        run_end(text, place, |byte| byte != b')') + 1
    }
}

/// Where a text goes on after these words, if it has them.
fn after(text: &[u8], words: &[u8]) -> Option<usize> {
    let first = *words.first()?;
    memchr::memchr_iter(first, text)
        .find(|place| part(text, *place, place + words.len()) == words)
        .map(|place| place + words.len())
}

fn ends_with(front: &[u8], words: &[u8]) -> bool {
    let tail = part(front, front.len().saturating_sub(words.len()), front.len());
    tail.eq_ignore_ascii_case(words) && !is_word(before(front, front.len() - tail.len()))
}
