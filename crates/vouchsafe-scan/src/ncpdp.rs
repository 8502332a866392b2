//! Claims of pharmacies: fields of NCPDP D.0 by their identifiers, parted by the mark of the standard (`\x1cC2…`), or as
//! `C2=…`.
//!
//! Two letters are the names of many things. A text is a claim when it has the last name of a patient, two other fields, a
//! number in one of them, and when its days are days.

use memchr::memmem::Finder;

use crate::bytes::{Needle, at, before, count_digits, is_alnum, part, run_end, run_within};
use crate::digits;
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
        let mut styles = [false; MARKS.len() + 1];
        for place in LAST_NAME.find_iter(text) {
            let front = part(text, place.saturating_sub(8), place);
            let mark = MARKS.iter().position(|mark| front.ends_with(mark));
            let equals =
                matches!(at(text, place + 2), b'=' | b':') && !is_alnum(before(text, place));
            let style = mark.or_else(|| equals.then_some(MARKS.len()));
            if let Some(style) = style.and_then(|style| styles.get_mut(style)) {
                *style = true;
            }
        }
        for (style, _) in styles.iter().enumerate().filter(|(_, is)| **is) {
            let fields = match MARKS.get(style) {
                Some(mark) => marked(text, mark),
                None => assigned(text),
            };
            if is_claim(text, &fields, MARKS.get(style).is_some()) {
                self.claim(fields);
            }
        }
    }

    fn claim(&mut self, fields: Fields<'_>) {
        let text = self.text;
        for (id, start, end) in fields {
            let value = Value {
                text,
                start,
                end,
                bounded: true,
            };
            if let Some(meaning) = name_of(id).and_then(meaning_of) {
                self.take(meaning, value);
            }
        }
    }
}

/// Identifiers of fields, and where what they hold stands.
type Fields<'t> = Vec<(&'t [u8], usize, usize)>;

/// What the field of an identifier holds.
fn name_of(id: &[u8]) -> Option<&'static [u8]> {
    digits::read_in(id);
    FIELDS
        .iter()
        .find(|(known, _)| known.as_slice() == id)
        .map(|(_, name)| *name)
}

/// Whether fields are those of a claim. Between the separators of the standard three of them are enough; `C2=…` in words
/// needs a number, and days that are no words.
fn is_claim(text: &[u8], fields: &Fields<'_>, separated: bool) -> bool {
    let mut ids: Vec<&[u8]> = fields.iter().map(|(id, _, _)| *id).collect();
    ids.sort_unstable();
    ids.dedup();
    // Also as a program prints it (`1997-01-08`), and as somebody has masked it already (`[DATE]`, `REDACTED`).
    let is_day = |bytes: &[u8]| !bytes.iter().any(u8::is_ascii_lowercase);
    let days = fields
        .iter()
        .filter(|(id, _, _)| matches!(*id, b"C4" | b"D1"))
        .all(|(_, start, end)| is_day(part(text, *start, *end)));
    // "CA: Fresno, CB: Brighton, CN: Lisbon" has names and nothing that counts.
    let numbered = fields.iter().any(|(id, start, end)| {
        matches!(*id, b"C2" | b"C4" | b"CY" | b"D2" | b"CQ" | b"DB")
            && count_digits(part(text, *start, *end)) >= 4
    });
    ids.len() >= FEWEST && ids.contains(&b"CB".as_slice()) && (separated || days && numbered)
}

/// The fields between marks.
fn marked<'t>(text: &'t [u8], mark: &[u8]) -> Fields<'t> {
    let mut places = memchr::memmem::find_iter(text, mark).peekable();
    let mut fields = Fields::new();
    while let Some(place) = places.next() {
        let start = place + mark.len();
        let limit = places.peek().copied().unwrap_or(text.len());
        let end = run_within(text, start, limit, |byte| {
            !matches!(byte, b'"' | b'\\' | b'<' | 0x1d | 0x1e | 0x03)
        });
        let id = part(text, start, start + 2);
        if end >= start + 2 && name_of(id).is_some() {
            fields.push((id, start + 2, end));
        }
    }
    fields
}

/// `C2=… CB=…`
fn assigned(text: &[u8]) -> Fields<'_> {
    let mut fields = Fields::new();
    for mark in memchr::memchr2_iter(b'=', b':', text).take(128) {
        let Some(start) = mark.checked_sub(2) else {
            continue;
        };
        let alone = !is_alnum(before(text, start)) && before(text, start) != b'_';
        let id = part(text, start, mark);
        if alone && name_of(id).is_some() {
            let open = run_within(text, mark + 1, mark + 3, |byte| matches!(byte, b' ' | b'"'));
            let end = run_end(text, open, |byte| {
                !matches!(byte, b' ' | b',' | b'|' | b';' | b'"' | b'\t' | 0x1c)
            });
            if at(text, open) != 0 {
                fields.push((id, open, end));
            }
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use crate::class::Class;
    use crate::detect::Detector;

    fn found(line: &str) -> Vec<(Class, &str)> {
        let mut found = Vec::new();
        Detector::new().scanner().line(line.as_bytes(), &mut found);
        found
            .into_iter()
            .map(|finding| (finding.class, line.get(finding.span).unwrap_or_default()))
            .collect()
    }

    #[test]
    fn a_claim_is_read_wherever_its_last_name_stands() {
        for line in [
            "CBC result; claim \u{1c}C2087779806\u{1c}CAALIZA\u{1c}CBQORVANTH\u{1c}C419970108",
            "CBC result; claim C2=087779806 CA=ALIZA CB=QORVANTH C4=19970108",
            "CB: none; claim <FS>C2087779806<FS>CAALIZA<FS>CBQORVANTH<FS>C419970108",
        ] {
            for value in ["087779806", "ALIZA", "QORVANTH", "19970108"] {
                let is_found = found(line).iter().any(|(_, found)| found.ends_with(value));
                assert!(is_found, "{line}: {value}");
            }
        }
    }

    #[test]
    fn letters_of_other_things_are_no_claim() {
        for line in [
            "CA: Sunnyvale CB: Brighton CN: Lisbon",
            "CB=alpha CB=beta CB=gamma",
            "CA=alpha CB=beta C4=gamma",
            "load CN=12 CB=busy CQ=7 DB=up",
        ] {
            assert_eq!(found(line), [], "{line}");
        }
    }
}
