//! Rows that were deleted, found again in the gaps of a page.
//!
//! SQLite keeps no mark between the values of a row. Read as bytes, a name would run into the number behind it, and
//! neither would be found. So a gap is searched for cells that are still whole. Over the front of a row that is deleted
//! SQLite may write four bytes; what they held is then guessed from the columns of the table. Gaps of neighbours become
//! one, so that such a front can stand behind any row.

use super::number::{short, variable};
use super::pages::Encoding;
use super::payload::{Serial, read_types};
use super::rows::order;
use super::schema::Column;
use crate::source::utf16::Turn;

/// What SQLite writes over the front of a row: the place of the next gap, and the length of this one.
const OVERWRITTEN: usize = 4;
/// The most columns of a table whose rows are looked for.
const COLUMNS: usize = 100;
/// The shortest text by which a row is known.
const TEXT: u64 = 3;

/// Where a row is in a gap.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) start: usize,
    /// Where its values begin, and where they end.
    pub(super) body: usize,
    pub(super) end: usize,
}

/// What is known of the rows of a table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Shape {
    /// How many values a row has.
    columns: usize,
    /// Whether the first of them stands before the row, as its number.
    first_is_row: bool,
}

impl Shape {
    /// The shape of the rows of a table; None when it has too many columns, or none that are known.
    pub(super) fn of(columns: &[Column]) -> Option<Self> {
        let first_is_row = columns.first()?.is_row;
        let columns = columns.len();
        (columns <= COLUMNS).then_some(Self {
            columns,
            first_is_row,
        })
    }
}

/// The rows in a gap.
pub(super) struct Places<'g> {
    gap: &'g [u8],
    /// The shapes that rows can have.
    shapes: &'g [Shape],
    /// Whether a number stands before each row.
    has_rows: bool,
    encoding: Encoding,
    /// The size of the page.
    page: usize,
    at: usize,
    /// Where a front may have been written over.
    front: usize,
}

impl<'g> Places<'g> {
    pub(super) const fn new(
        gap: &'g [u8],
        shapes: &'g [Shape],
        has_rows: bool,
        encoding: Encoding,
        page: usize,
    ) -> Self {
        Self {
            gap,
            shapes,
            has_rows,
            encoding,
            page,
            at: 0,
            front: 0,
        }
    }

    /// The next row, and the types of its values.
    pub(super) fn next(&mut self, types: &mut Vec<Serial>) -> Option<Place> {
        while self.at < self.gap.len() {
            let start = self.at;
            let mut place = self.whole(start, types);
            if place.is_none() {
                place = self.without_front(start, types);
            }
            if let Some(place) = place {
                self.at = place.end.max(start + 1);
                self.front = self.at;
                return Some(place);
            }
            self.at += 1;
        }
        None
    }

    /// A whole cell: its length must be that of the record.
    fn whole(&self, start: usize, types: &mut Vec<Serial>) -> Option<Place> {
        let (length, mut rest) = variable(self.gap.get(start..)?)?;
        if self.has_rows {
            (_, rest) = variable(rest)?;
        }
        let header = self.gap.len() - rest.len();
        let place = self.record(start, header, types)?;
        ((place.end - header) as u64 == length).then_some(place)
    }

    /// A row that begins here, of which the first bytes were written over. Of what they can have held, the guess is
    /// taken that ends where SQLite says, else the one behind which a row follows. Where another row ends, the first guess
    /// that makes sense is good enough.
    fn without_front(&self, start: usize, types: &mut Vec<Serial>) -> Option<Place> {
        let length = short(self.gap, start + 2)?;
        let end = start + length;
        if !(2 * OVERWRITTEN..=self.page).contains(&length) {
            return None;
        }
        let mut first = None;
        let mut others = Vec::new();
        for shape in self.shapes {
            for guess in 0..4 {
                let Some(place) = self.guess(start, guess, *shape, end, types) else {
                    continue;
                };
                if place.end == end || self.follows(place.end, &mut others) {
                    return Some(place);
                }
                // Bytes of no form could be anything.
                let is_plain = !types
                    .iter()
                    .any(|serial| matches!(serial, Serial::Blob(1..)));
                first = first.or(is_plain.then_some((guess, *shape)));
            }
        }
        let (guess, shape) = first.filter(|_| start == self.front)?;
        self.guess(start, guess, shape, end, types)
    }

    /// Whether a row begins here.
    fn follows(&self, start: usize, types: &mut Vec<Serial>) -> bool {
        let mut guesses = self
            .shapes
            .iter()
            .flat_map(|shape| [(0, shape), (1, shape), (2, shape)]);
        self.whole(start, types).is_some()
            || guesses.any(|(guess, shape)| self.guess(start, guess, *shape, 0, types).is_some())
    }

    /// A guess: the header is whole, perhaps behind the end of a number; its length is lost; the first type is lost, too.
    fn guess(
        &self,
        start: usize,
        guess: u8,
        shape: Shape,
        end: usize,
        types: &mut Vec<Serial>,
    ) -> Option<Place> {
        let after = start + OVERWRITTEN;
        types.clear();
        match guess {
            0 => return self.record(start, after, types),
            1 => return self.record(start, after + 1, types),
            2 => {}
            _ => types.push(Serial::Null),
        }
        let mut rest = self.gap.get(after..)?;
        while types.len() < shape.columns {
            let (code, after) = variable(rest)?;
            types.push(Serial::new(code)?);
            rest = after;
        }
        let body = self.gap.len() - rest.len();
        if guess == 3 && !shape.first_is_row {
            // What the other values leave of the length that SQLite wrote is the first value.
            let mut lengths = types.iter().map(|serial| serial.length());
            let others = lengths.try_fold(0_u64, u64::checked_add)?;
            let first = end.checked_sub(body)? as u64;
            *types.first_mut()? = Serial::Text(first.checked_sub(others)?);
        }
        self.place(start, body, types)
    }

    /// A row whose record begins here.
    fn record(&self, start: usize, header: usize, types: &mut Vec<Serial>) -> Option<Place> {
        let length = usize::from(*self.gap.get(header)?);
        if !(2..=COLUMNS).contains(&length) {
            return None;
        }
        types.clear();
        let body = header + length;
        let read = read_types(self.gap.get(header + 1..body)?, types);
        // Columns that were added later are missing in older rows.
        let most = self.shapes.iter().map(|shape| shape.columns).max();
        (read && types.len() <= most.unwrap_or(COLUMNS))
            .then(|| self.place(start, body, types))
            .flatten()
    }

    /// The place of a row whose values begin here, if they can be what their types say.
    fn place(&self, start: usize, body: usize, types: &[Serial]) -> Option<Place> {
        let mut rest = self.gap.get(body..)?;
        let mut known = false;
        for serial in types {
            let length = usize::try_from(serial.length()).ok()?;
            let (value, after) = rest.split_at_checked(length)?;
            rest = after;
            if let Serial::Text(length) = serial {
                known |= *length >= TEXT;
                if !self.is_text(value) {
                    return None;
                }
            }
        }
        let end = self.gap.len() - rest.len();
        known.then_some(Place { start, body, end })
    }

    fn is_text(&self, bytes: &[u8]) -> bool {
        let is_text = |text: &str| {
            let strange = |c: char| c.is_control() && !c.is_ascii_whitespace();
            !text.contains(strange) && !text.contains(char::REPLACEMENT_CHARACTER)
        };
        match order(self.encoding) {
            None => std::str::from_utf8(bytes).is_ok_and(is_text),
            Some(order) => {
                let mut turn = Turn::new(order);
                turn.bytes(bytes);
                turn.end();
                std::str::from_utf8(&turn.text).is_ok_and(is_text)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(names: &[&str], first_is_row: bool) -> Vec<Column> {
        let column = |(index, name): (usize, &&str)| Column {
            name: (*name).to_owned(),
            is_row: index == 0 && first_is_row,
        };
        names.iter().enumerate().map(column).collect()
    }

    /// The texts of the rows that are found in a gap.
    fn found(gap: &[u8], columns: &[Column]) -> Vec<String> {
        let shapes = [Shape::of(columns).unwrap()];
        let mut places = Places::new(gap, &shapes, true, Encoding::Utf8, 512);
        let mut types = Vec::new();
        let mut found = Vec::new();
        while let Some(place) = places.next(&mut types) {
            let mut rest = &gap[place.body..place.end];
            for serial in &types {
                let (value, after) = rest.split_at(usize::try_from(serial.length()).unwrap());
                if matches!(serial, Serial::Text(_)) {
                    found.push(String::from_utf8(value.to_vec()).unwrap());
                }
                rest = after;
            }
        }
        found
    }

    #[test]
    fn a_row_is_found_whatever_was_written_over() {
        let people = columns(&["id", "name", "ssn"], true);
        let row = b"\x17\x01\x04\x00\x1d\x23Jane Doe078-05-1120";
        let texts = ["Jane Doe", "078-05-1120"];
        let gap = |front: &[u8], lost: usize| [front, &row[lost..]].concat();
        // Nothing is lost; length, number, header and the first type are; or more bytes were there.
        assert_eq!(found(&gap(b"junk", 0), &people), texts);
        assert_eq!(found(&gap(&[0, 0, 0, 25], 4), &people), texts);
        assert_eq!(found(&gap(&[0, 0, 0, 26], 3), &people), texts);
        assert_eq!(found(&gap(&[0, 0, 0, 27], 2), &people), texts);
        assert_eq!(found(&gap(&[0, 0, 0, 28, 1], 2), &people), texts);
        // Neighbours, each without its front.
        let two = gap(&[0, 0, 0, 25], 4).repeat(2);
        assert_eq!(found(&two, &people), [texts, texts].concat());
        let plain = columns(&["name", "ssn"], false);
        let row = b"\x16\x01\x03\x1d\x23Jane Doe078-05-1120";
        let gap = [&[0, 0, 0, 24], &row[4..], b"more"].concat();
        assert_eq!(found(&gap, &plain), texts);
        assert!(found(b"Jane Doe078-05-1120", &people).is_empty());
        // Lengths beyond all numbers.
        let lengths = [&[0, 0, 0, 24][..], &[0xff; 18], &[0; 40]].concat();
        assert!(found(&lengths, &columns(&["a", "b", "c"], false)).is_empty());
    }
}
