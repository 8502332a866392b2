//! Rows without a header above them: `INSERT`, errors of databases, values of statements.

use memchr::memmem::Finder;

use crate::bytes::{
    BAR, BRACKET, DOLLAR, Needle, OPEN, at, before, is_word, number, part, run_end, run_within,
};
use crate::checks;
use crate::class::{Class, Confidence};
use crate::columns::{Columns, cell, literal_end, names};
use crate::digits;
use crate::finding::Finding;
use crate::person;
use crate::text::Text;
use crate::vocabulary::meaning_of;
use crate::when;

/// A row without names of columns is no longer than this.
const ROW: usize = 4096;

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
            self.vista(open);
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
        self.conditions();
        self.expanded();
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

    /// The values of a statement, as PostgreSQL logs them: `parameters: $1 = 'Jane', $2 = 'Roe'`. Returns where they end.
    fn parameters(&mut self, start: usize) -> usize {
        let text = self.text;
        let mut place = start;
        for _ in 0..256 {
            let Some(open) = memchr::memchr(b'\'', part(text, place, text.len())) else {
                return text.len();
            };
            let from = place + open + 1;
            let to = literal_end(text, from, text.len());
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

    /// A cell that is a day, of a column that says nothing; in the column of an event also one with a time.
    pub(super) fn dated(&mut self, (start, end): (usize, usize), event: bool) {
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
        let long = if event { 32 } else { 12 };
        if compact || cell.len() <= long && when::date_end(text, start) == Some(end) {
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

    /// `resident_name     | Roe`: a field of a record, as psql expands it.
    fn expanded(&mut self) {
        let text = self.text;
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
            // CAST(N'1942-06-13' AS Date)
            let cast = part(text, place, place + 5).eq_ignore_ascii_case(b"cast(");
            place += if cast { 5 } else { 0 };
            place += usize::from(part(text, place, place + 2) == b"N'");
            let slashes = run_end(text, place, |byte| byte == b'\\');
            let quote = at(text, slashes);
            let (from, to, next) = if matches!(quote, b'\'' | b'"') {
                let end = if quote == b'\'' {
                    literal_end(text, slashes + 1, text.len())
                } else {
                    run_end(text, slashes + 1, |byte| byte != quote)
                };
                let next = run_end(text, end, |byte| !matches!(byte, b',' | b')'));
                let next = if cast {
                    run_end(text, next + 1, |byte| !matches!(byte, b',' | b')'))
                } else {
                    next
                };
                (slashes + 1, end, next)
            } else {
                // (415) 555-2671, without quotes: its bracket does not end the row.
                let bracket = run_within(text, place, place + 5, |byte| byte != b')');
                let opened = at(text, place) == b'(' && at(text, bracket) == b')';
                let from = if opened { bracket + 1 } else { place };
                let end = run_end(text, from, |byte| !matches!(byte, b',' | b')'));
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
