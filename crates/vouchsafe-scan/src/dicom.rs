//! DICOM: attributes of patients and studies by their tags (PS3.6), in dumps and in JSON (PS3.18, annex F).

use crate::bytes::{BRACE, OPEN, at, before, part, run_within, trimmed};
use crate::class::{Class, Confidence};
use crate::digits;
use crate::text::Text;
use crate::value::is_placeholder;

/// Tags, and what their values are.
const TAGS: [(&[u8; 8], Class); 39] = [
    (b"00080012", Class::Date),
    (b"00080020", Class::Date),
    (b"00080021", Class::Date),
    (b"00080022", Class::Date),
    (b"00080023", Class::Date),
    (b"0008002A", Class::Date),
    (b"00080050", Class::UniqueId),
    (b"00080090", Class::Name),
    (b"00080092", Class::Geography),
    (b"00080094", Class::Phone),
    (b"00081048", Class::Name),
    (b"00081050", Class::Name),
    (b"00081060", Class::Name),
    (b"00081062", Class::Name),
    (b"00081070", Class::Name),
    (b"00100010", Class::Name),
    (b"00100020", Class::Mrn),
    (b"00100030", Class::Date),
    (b"00101000", Class::UniqueId),
    (b"00101001", Class::Name),
    (b"00101005", Class::Name),
    (b"00101040", Class::Geography),
    (b"00101060", Class::Name),
    (b"00101090", Class::Mrn),
    (b"00102154", Class::Phone),
    (b"00102297", Class::Name),
    (b"00181000", Class::Device),
    (b"00181002", Class::Device),
    (b"00181200", Class::Date),
    (b"00200010", Class::UniqueId),
    (b"00321032", Class::Name),
    (b"00321033", Class::Name),
    (b"00380010", Class::UniqueId),
    (b"00380020", Class::Date),
    (b"00400006", Class::Name),
    (b"00400244", Class::Date),
    (b"00402016", Class::UniqueId),
    (b"0040A123", Class::Name),
    (b"0040A075", Class::Name),
];

fn class_of(tag: &[u8]) -> Option<Class> {
    TAGS.iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(tag))
        .map(|(_, class)| *class)
}

impl Text<'_, '_> {
    /// Adds the values of attributes: `(0010,0010) PN [Roe^Jane]`, `"00100010":{"vr":"PN","Value":[…]}`.
    pub(crate) fn dicom(&mut self) {
        let text = self.text;
        if self.marks & OPEN != 0 {
            for open in memchr::memchr_iter(b'(', text) {
                if at(text, open + 5) == b',' && at(text, open + 10) == b')' {
                    digits::read_in(part(text, open, open + 10));
                    self.dumped(open);
                }
            }
        }
        if self.marks & BRACE == 0 {
            return;
        }
        for brace in memchr::memchr_iter(b'{', text) {
            let end = brace - usize::from(before(text, brace) == b' ');
            let mark = end.saturating_sub(2);
            if part(text, mark, end) == b"\":"
                && let Some(start) = mark.checked_sub(8)
                && before(text, start) == b'"'
            {
                digits::read_in(part(text, start, mark));
                self.in_json(start);
            }
        }
    }

    /// A line of a dump: the tag in brackets, the value in others, or after an equals sign.
    fn dumped(&mut self, open: usize) {
        let text = self.text;
        let mut tag = [0; 8];
        let digits = part(text, open + 1, open + 5)
            .iter()
            .chain(part(text, open + 6, open + 10));
        for (slot, digit) in tag.iter_mut().zip(digits) {
            *slot = *digit;
        }
        let Some(class) = class_of(&tag) else {
            return;
        };
        let limit = text.len().min(open + 80);
        // pydicom: Patient's Name   PN: 'Roe^Jane'
        let front = part(text, open + 11, limit);
        let named = memchr::memmem::find(front, b": '").filter(|colon| {
            let kind = part(front, colon.saturating_sub(2), *colon);
            kind.len() == 2 && kind.iter().all(u8::is_ascii_uppercase)
        });
        let mark = named.map(|colon| open + 11 + colon + 2);
        let mark = mark.unwrap_or_else(|| {
            run_within(text, open + 11, limit, |byte| !matches!(byte, b'[' | b'='))
        });
        if mark >= limit {
            return;
        }
        let closing = match at(text, mark) {
            b'[' => b']',
            b'"' => b'"',
            b'\'' => b'\'',
            _ => b'\n',
        };
        let end = run_within(text, mark + 1, mark + 160, |byte| {
            byte != closing && byte != b'#'
        });
        self.attribute(class, mark + 1, end);
    }

    /// An attribute in JSON: all texts of its value.
    fn in_json(&mut self, start: usize) {
        let text = self.text;
        let Some(class) = class_of(part(text, start, start + 8)) else {
            return;
        };
        let limit = text.len().min(start + 600);
        let Some(open) = memchr::memchr(b'[', part(text, start, limit)).map(|place| start + place)
        else {
            return;
        };
        let close = run_within(text, open, limit, |byte| byte != b']');
        let mut place = open;
        while let Some(quote) =
            memchr::memchr(b'"', part(text, place, close)).map(|found| place + found + 1)
        {
            let end = run_within(text, quote, close, |byte| byte != b'"');
            if at(text, end + 1) != b':' {
                self.attribute(class, quote, end);
            }
            place = end + 1;
        }
    }

    fn attribute(&mut self, class: Class, start: usize, end: usize) {
        let (start, end) = trimmed(self.text, start, end.min(self.text.len()));
        let value = part(self.text, start, end);
        if (2..=128).contains(&value.len()) && !is_placeholder(value) {
            self.add(
                class,
                Confidence::High,
                (start, end),
                Some("DICOM attribute"),
            );
        }
    }
}
