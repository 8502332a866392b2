//! Claims of pharmacies: fields of NCPDP D.0 by their identifiers, parted by the mark of the standard (`\x1cC2…`), or as
//! `C2=…`.

use memchr::memmem::Finder;

use crate::bytes::{Needle, at, before, part, run_end, run_within};
use crate::text::Text;
use crate::value::Value;
use crate::vocabulary::meaning_of;

/// Identifiers of fields, and what they hold.
const FIELDS: [(&[u8; 2], &[u8]); 18] = [
    (b"C2", b"member id"),
    (b"CY", b"patient id"),
    (b"C4", b"dob"),
    (b"CA", b"first name"),
    (b"CB", b"last name"),
    (b"CC", b"first name"),
    (b"CD", b"last name"),
    (b"CM", b"street address"),
    (b"CN", b"city"),
    (b"CP", b"zip code"),
    (b"CQ", b"phone number"),
    (b"HN", b"email"),
    (b"D1", b"date of service"),
    (b"D2", b"prescription number"),
    (b"DB", b"prescriber id"),
    (b"DR", b"last name"),
    (b"2J", b"first name"),
    (b"PM", b"phone number"),
];

/// How the mark between fields is written.
const MARKS: [&[u8]; 6] = [b"\x1c", b"\\u001c", b"\\u001C", b"\\x1c", b"<FS>", b"<1C>"];

/// So many fields make a claim.
const FEWEST: usize = 3;

impl Text<'_, '_> {
    /// Adds what stands in the fields of a claim.
    pub(crate) fn ncpdp(&mut self) {
        // Every claim has the last name of its patient.
        static LAST_NAME: Needle = Needle::new(|| Finder::new(b"CB"));
        let text = self.text;
        let Some(place) = LAST_NAME.find(text) else {
            return;
        };
        let front = part(text, 0, place);
        let fields = match MARKS.iter().find(|mark| front.ends_with(mark)) {
            Some(mark) => marked(text, mark),
            None => assigned(text),
        };
        if fields.len() < FEWEST {
            return;
        }
        for (name, start, end) in fields {
            let value = Value {
                text,
                start,
                end,
                bounded: true,
            };
            if let Some(meaning) = meaning_of(name) {
                self.take(meaning, value);
            }
        }
    }
}

/// What fields hold, and where.
type Fields = Vec<(&'static [u8], usize, usize)>;

fn name_of(id: &[u8]) -> Option<&'static [u8]> {
    FIELDS
        .iter()
        .find(|(known, _)| known.as_slice() == id)
        .map(|(_, name)| *name)
}

/// The fields between marks.
fn marked(text: &[u8], mark: &[u8]) -> Fields {
    let mut places = memchr::memmem::find_iter(text, mark).peekable();
    let mut fields = Fields::new();
    while let Some(place) = places.next() {
        let start = place + mark.len();
        let limit = places.peek().copied().unwrap_or(text.len());
        let end = run_within(text, start, limit, |byte| {
            !matches!(byte, b'"' | b'\\' | b'<' | 0x1d | 0x1e | 0x03)
        });
        if let Some(name) = name_of(part(text, start, start + 2)) {
            fields.push((name, start + 2, end));
        }
    }
    fields
}

/// `C2=… CB=…`
fn assigned(text: &[u8]) -> Fields {
    let mut fields = Fields::new();
    for mark in memchr::memchr2_iter(b'=', b':', text).take(128) {
        let Some(start) = mark.checked_sub(2) else {
            continue;
        };
        let alone = !before(text, start).is_ascii_alphanumeric();
        if let Some(name) = name_of(part(text, start, mark)).filter(|_| alone) {
            let open = run_within(text, mark + 1, mark + 3, |byte| matches!(byte, b' ' | b'"'));
            let end = run_end(text, open, |byte| {
                !matches!(byte, b' ' | b',' | b'|' | b';' | b'"' | b'\t' | 0x1c)
            });
            if at(text, open) != 0 {
                fields.push((name, open, end));
            }
        }
    }
    fields
}
