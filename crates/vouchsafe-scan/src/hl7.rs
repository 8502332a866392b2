//! HL7 version 2: fields of segments by their number.

use memchr::memmem::Finder;

mod segments;

use crate::bytes::{
    BAR, Needle, at, before, count_digits, number, part, run_end, run_within, trimmed,
};
use crate::checks;
use crate::class::{Class, Confidence};
use crate::digits;
use crate::hl7::segments::{ASTM_ORDER, ASTM_PATIENT, Kind, OTHERS, SEGMENTS};
use crate::text::Text;
use crate::value::{self, Value, is_placeholder};
use crate::vocabulary::Strength;

impl Text<'_, '_> {
    /// Adds what stands in the fields of HL7 v2 segments.
    pub(crate) fn hl7(&mut self) {
        let text = self.text;
        static PATIENT: Needle = Needle::new(|| Finder::new(b"PID"));
        for place in PATIENT.find_iter(text) {
            self.hl7_path(place + 3);
        }
        if self.marks & BAR == 0 {
            return;
        }
        for bar in memchr::memchr_iter(b'|', text) {
            // ASTM E1394: 2P|1|4711|||Roe^Jane||19800131
            if matches!(before(text, bar), b'P' | b'O')
                && begins_record(text, bar - 1)
                && at(text, bar + 1).is_ascii_digit()
                && at(text, bar + 2) == b'|'
            {
                let patient = before(text, bar) == b'P';
                let fields = if patient { ASTM_PATIENT } else { ASTM_ORDER };
                // The test of an order stands in its fifth field: ^^^GLU
                if patient || is_order(text, bar) {
                    self.segment_fields(bar, fields, false);
                }
                continue;
            }
            let Some(start) = bar.checked_sub(3) else {
                continue;
            };
            let segment = part(text, start, bar);
            // "\rPID|" of a message that was written as one line: the letter before belongs to the escape.
            let previous = before(text, start);
            let escaped = matches!(previous, b'r' | b'n') && before(text, start - 1) == b'\\';
            if previous.is_ascii_alphanumeric() && !escaped {
                continue;
            }
            // All of their names begin with a letter, some have digits.
            if segment.first().is_some_and(u8::is_ascii_uppercase) {
                digits::read_in(segment);
            }
            if segment == b"QPD" {
                self.hl7_query(bar);
            }
            let known = SEGMENTS.iter().find(|(name, _)| *name == segment);
            let other =
                || OTHERS.contains(&segment) || segment.first() == Some(&b'Z') && is_own(segment);
            if let Some(fields) = known
                .map(|(_, fields)| *fields)
                .or_else(|| other().then_some(&[]))
            {
                self.segment_fields(bar, fields, segment == b"IN1");
                if segment == b"OBX" {
                    self.hl7_observed(bar);
                }
            }
        }
    }

    /// `@PID.5.1^Roe`: what a query asks for.
    fn hl7_query(&mut self, bar: usize) {
        let text = self.text;
        let limit = text.len().min(bar + 2048);
        for place in memchr::memmem::find_iter(part(text, bar, limit), b"@PID.") {
            let digits = bar + place + 5;
            let end = crate::bytes::digits_end(text, digits);
            let caret = run_within(text, end, end + 8, |byte| {
                byte.is_ascii_digit() || byte == b'.'
            });
            if at(text, caret) == b'^'
                && let Some(kind) = patient_field(number(part(text, digits, end)))
            {
                let stop = run_within(text, caret + 1, limit, |byte| {
                    !matches!(byte, b'~' | b'|' | b'\r' | b'\n')
                });
                let kind = if kind == Kind::Address {
                    self.add(
                        Class::Geography,
                        Confidence::High,
                        (caret + 1, stop),
                        Some("HL7 field"),
                    );
                    continue;
                } else {
                    kind
                };
                self.hl7_field(kind, caret + 1, stop);
            }
        }
    }

    /// `PID.5.1=Roe`, `PID-3: 0045512`: a field by its number.
    fn hl7_path(&mut self, place: usize) {
        let text = self.text;
        if !matches!(at(text, place), b'.' | b'-' | b'_')
            || before(text, place - 3).is_ascii_alphanumeric()
        {
            return;
        }
        let end = crate::bytes::digits_end(text, place + 1);
        let mut stop = end;
        while matches!(at(text, stop), b'.' | b'-' | b'_') && at(text, stop + 1).is_ascii_digit() {
            stop = crate::bytes::digits_end(text, stop + 1);
        }
        let kind = patient_field(number(part(text, place + 1, end)));
        let mark = run_within(text, stop, stop + 4, |byte| {
            matches!(byte, b'"' | b'\'' | b' ' | b']' | b'\\')
        });
        // "for PID-3 91166508"
        let plain = at(text, stop) == b' ' && at(text, stop + 1).is_ascii_digit();
        let mark = if plain { stop } else { mark };
        let Some(kind) = kind.filter(|_| plain || matches!(at(text, mark), b'=' | b':' | b'|'))
        else {
            return;
        };
        let start = run_within(text, mark + 1, mark + 5, |byte| {
            matches!(byte, b'"' | b'\'' | b' ' | b'>' | b'\\')
        });
        let value_end = run_within(text, start, start + 256, |byte| {
            !matches!(
                byte,
                b' ' | b',' | b';' | b'"' | b'\'' | b'|' | b'\\' | b'\n'
            )
        });
        self.hl7_field(kind, start, value_end);
    }

    fn segment_fields(&mut self, bar: usize, fields: &[(usize, Kind)], insurance: bool) {
        digits::read();
        let text = self.text;
        let mut start = bar + 1;
        for number in 1..70 {
            let end = run_end(text, start, |byte| {
                !matches!(byte, b'|' | b'\n' | b'\r' | b'"')
            });
            let stop = escaped_break(text, start, end);
            // "…|F PV1|1|I|": the next segment, with a blank for the break between.
            let next = stop.saturating_sub(4);
            let name = part(text, next + 1, stop);
            let is_over = next > start
                && at(text, next) == b' '
                && SEGMENTS.iter().any(|(known, _)| *known == name);
            let (stop, end) = if is_over { (next, end) } else { (stop, end) };
            if let Some((_, kind)) = fields.iter().find(|(known, _)| *known == number) {
                self.hl7_field(*kind, start, stop);
            } else if insurance {
                self.hl7_shifted(start, stop);
            } else {
                self.hl7_formed(start, stop);
            }
            if stop < end || at(text, end) != b'|' {
                break;
            }
            start = end + 1;
        }
    }

    /// `OBX|2|ST|720898^MDC_IDC_DEV_SERIAL_NUMBER^MDC||PWC388668H`: the third field says what the fifth holds.
    fn hl7_observed(&mut self, bar: usize) {
        let text = self.text;
        let mut fields = [(0, 0); 5];
        let mut start = bar + 1;
        for field in &mut fields {
            let end = run_within(text, start, bar + 512, |byte| {
                !matches!(byte, b'|' | b'\n' | b'\r' | b'"')
            });
            *field = (start, end);
            start = end + 1;
        }
        let [_, _, said, _, (start, end)] = fields;
        let value = Value {
            text,
            start,
            end: escaped_break(text, start, end),
            bounded: true,
        };
        let plain = part(text, start, value.end)
            .iter()
            .all(|byte| !matches!(byte, b' ' | b'^' | b'.'));
        for (from, to) in components(text, said.0, said.1).into_iter().take(2) {
            let name = part(text, from, to);
            let meaning = self.desk.memory.known(b"", name, false).meaning;
            if let Some(meaning) = meaning.filter(|meaning| plain && !meaning.is_nothing()) {
                self.take(meaning, value);
                return;
            }
        }
    }

    /// A field of the insurance segment, whose numbers differ between senders: what it looks like.
    fn hl7_shifted(&mut self, start: usize, end: usize) {
        let parts = components(self.text, start, end);
        let bytes = |place: usize| {
            parts
                .get(place)
                .map(|span| part(self.text, span.0, span.1))
                .unwrap_or_default()
        };
        let word = |bytes: &[u8]| {
            bytes.len() >= 2
                && bytes
                    .iter()
                    .all(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80)
                && bytes.iter().any(u8::is_ascii_lowercase)
        };
        if word(bytes(0)) && word(bytes(1)) {
            self.hl7_names(parts.get(..2).unwrap_or_default());
            return;
        }
        let first = bytes(0);
        let digits = count_digits(first);
        let Some(&span) = parts.first() else {
            return;
        };
        if first.len() == 8 && digits == 8 && matches!(first.get(..2), Some(b"19" | b"20")) {
            self.add(Class::Date, Confidence::Medium, span, Some("HL7 field"));
        } else if digits >= 5 && first.len() >= 8 && first.iter().all(u8::is_ascii_alphanumeric) {
            self.add(
                Class::HealthPlan,
                Confidence::Medium,
                span,
                Some("HL7 field"),
            );
        }
    }

    /// A field that holds something else, or nothing that the standard names: dates and people, by their form.
    fn hl7_formed(&mut self, start: usize, end: usize) {
        // A field of that length is a text.
        if end - start < 7 || end - start > 256 {
            return;
        }
        let parts = components(self.text, start, end);
        let bytes = |place: usize| {
            parts
                .get(place)
                .map(|span| part(self.text, span.0, span.1))
                .unwrap_or_default()
        };
        for span in parts.iter().take(6) {
            if is_date(part(self.text, span.0, span.1)) {
                self.add(Class::Date, Confidence::Medium, *span, Some("HL7 field"));
            }
        }
        let numbered = count_digits(bytes(0)) >= 3 && bytes(0).len() <= 24;
        let from = usize::from(numbered || bytes(0).is_empty());
        let (family, given) = (bytes(from), bytes(from + 1));
        let fax = parts
            .iter()
            .any(|span| part(self.text, span.0, span.1) == b"FX");
        if fax {
            self.hl7_field(Kind::Phone, start, end);
            return;
        }
        // Street, other, city, state, code.
        let state = bytes(3);
        if at(bytes(0), 0).is_ascii_digit()
            && bytes(0).contains(&b' ')
            && state.len() == 2
            && state.iter().all(u8::is_ascii_uppercase)
            && count_digits(bytes(4)) >= 5
        {
            self.hl7_repetition(Kind::Address, start, end);
            return;
        }
        let upper = |name: &[u8]| !name.iter().any(u8::is_ascii_lowercase);
        if !(is_of_name(family) && is_of_name(given)) || upper(family) != upper(given) {
            return;
        }
        let said = || {
            let names = [family, given].into_iter();
            names
                .flat_map(|name| name.split(|byte| *byte == b' '))
                .map(crate::lexicon::said)
        };
        let dull = said().any(|said| said.term || said.word && !said.given && !said.surname);
        let short = family.len() <= 3 || given.len() <= 2;
        let people = said().any(|said| said.name_only() || said.unknown() && !short);
        // Codes have the name of their system third: 140^Influenza^CVX.
        if people
            && !dull
            && !(numbered && given.iter().all(u8::is_ascii_uppercase) && given.len() <= 4)
        {
            let kind = if numbered { Kind::Staff } else { Kind::Name };
            self.hl7_repetition(kind, start, end);
        }
    }

    fn hl7_field(&mut self, kind: Kind, start: usize, end: usize) {
        let text = self.text;
        let mut place = start;
        while place < end {
            let stop = run_within(text, place, end, |byte| byte != b'~');
            self.hl7_repetition(kind, place, stop);
            place = stop + 1;
        }
    }

    fn hl7_repetition(&mut self, kind: Kind, start: usize, end: usize) {
        let parts = components(self.text, start, end);
        let first = parts.first().copied().unwrap_or((start, start));
        let bytes = |span: (usize, usize)| part(self.text, span.0, span.1);
        match kind {
            Kind::Name => self.hl7_names(parts.get(..3.min(parts.len())).unwrap_or_default()),
            Kind::Staff => {
                let number = bytes(first);
                if count_digits(number) >= 4 {
                    let class = if checks::npi(number) || checks::dea(number) {
                        Class::License
                    } else {
                        Class::UniqueId
                    };
                    self.add(class, Confidence::Medium, first, Some("HL7 field"));
                }
                for span in parts
                    .iter()
                    .filter(|span| is_date(part(self.text, span.0, span.1)))
                {
                    self.add(Class::Date, Confidence::Medium, *span, Some("HL7 field"));
                }
                let from = usize::from(count_digits(number) > 0 || number.is_empty());
                self.hl7_names(
                    parts
                        .get(from..(from + 3).min(parts.len()))
                        .unwrap_or_default(),
                );
            }
            Kind::Address if parts.len() == 1 && is_date(bytes(first)) => {
                self.add(Class::Date, Confidence::Medium, first, Some("HL7 field"));
            }
            Kind::Address => self.hl7_address((start, end), &parts),
            Kind::Own => {}
            Kind::Id(class) => self.hl7_id(class, &parts),
            Kind::Phone => self.hl7_phone(&parts),
            // The time stands first, or behind quantity and duration (TQ).
            Kind::Date => {
                for span in parts.iter().take(6) {
                    let date = bytes(*span);
                    if date.len() >= 8 && count_digits(date) >= 8 {
                        self.add(Class::Date, Confidence::High, *span, Some("HL7 field"));
                    }
                }
            }
        }
    }

    fn hl7_address(&mut self, (start, end): (usize, usize), parts: &[(usize, usize)]) {
        let first = parts.first().copied().unwrap_or((start, end));
        let bytes = |span: (usize, usize)| part(self.text, span.0, span.1);
        let last = parts.get(4).or(parts.last()).copied().unwrap_or(first);
        let state_only = count_digits(bytes((start, last.1))) == 0
            && bytes((start, last.1))
                .iter()
                .filter(|byte| byte.is_ascii_alphabetic())
                .count()
                <= 2;
        let (from, to) = trimmed_marks(self.text, start, last.1);
        let masked = bytes((from, to))
            .iter()
            .filter(|byte| byte.is_ascii_alphanumeric())
            .filter(|byte| **byte != b'X')
            .count()
            <= 2;
        if !masked && !state_only && from < to {
            self.add(
                Class::Geography,
                Confidence::High,
                (from, to),
                Some("HL7 field"),
            );
        }
        // XAD.9: the county.
        let county = parts.get(8).copied().unwrap_or_default();
        let named = bytes(county).len() >= 4 && count_digits(bytes(county)) == 0;
        if named && !is_placeholder(bytes(county)) {
            self.add(
                Class::Geography,
                Confidence::High,
                county,
                Some("HL7 field"),
            );
        }
    }

    /// One finding from the first to the last of the names.
    fn hl7_names(&mut self, parts: &[(usize, usize)]) {
        let is_name = |span: &&(usize, usize)| {
            let bytes = part(self.text, span.0, span.1);
            bytes
                .iter()
                .any(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80)
                && count_digits(bytes) == 0
                && !is_placeholder(bytes)
        };
        let from = parts.iter().find(is_name).map(|span| span.0);
        let to = parts.iter().rfind(is_name).map(|span| span.1);
        if let (Some(from), Some(to)) = (from, to) {
            self.add(Class::Name, Confidence::High, (from, to), Some("HL7 field"));
        }
    }

    fn hl7_id(&mut self, class: Class, parts: &[(usize, usize)]) {
        let Some(&first) = parts.first() else {
            return;
        };
        let kind = parts
            .get(4)
            .map(|span| part(self.text, span.0, span.1))
            .unwrap_or_default();
        let class = match kind {
            b"SS" => Class::Ssn,
            b"DL" | b"PPN" => Class::License,
            b"MR" | b"PI" => Class::Mrn,
            b"AN" => Class::Account,
            b"MC" | b"MB" | b"MA" => Class::HealthPlan,
            _ => class,
        };
        let value = Value {
            text: self.text,
            start: first.0,
            end: first.1,
            bounded: true,
        };
        let fit = |class| {
            let fitted = value::fit(class, Strength::Field, "HL7 field", value)?;
            Some((class, fitted))
        };
        // What a sender writes where a social security number belongs is a number of the patient all the same.
        let other = || (class == Class::Ssn).then(|| fit(Class::UniqueId))?;
        if let Some((class, (start, end, confidence))) = fit(class).or_else(other) {
            self.add(class, confidence, (start, end), Some("HL7 field"));
        }
    }

    fn hl7_phone(&mut self, parts: &[(usize, usize)]) {
        let fax = parts
            .iter()
            .any(|span| part(self.text, span.0, span.1) == b"FX");
        let class = if fax { Class::Fax } else { Class::Phone };
        for (place, &span) in parts.iter().enumerate() {
            let bytes = part(self.text, span.0, span.1);
            // XTN.6 and 7: the code of the area, then the number.
            let next = parts.get(place + 1).copied().unwrap_or_default();
            let local = part(self.text, next.0, next.1);
            let digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
            if bytes.len() == 3 && digits(bytes) && local.len() == 7 && digits(local) {
                self.add(class, Confidence::High, (span.0, next.1), Some("HL7 field"));
            }
            let plain = bytes
                .iter()
                .all(|byte| byte.is_ascii_digit() || b" ()+-.xX".contains(byte));
            if plain && count_digits(bytes) >= 7 {
                self.add(class, Confidence::High, span, Some("HL7 field"));
            }
        }
    }
}

/// Whether a record of ASTM begins at a place, or at the number of its frame before it.
fn begins_record(text: &[u8], place: usize) -> bool {
    let start = place - usize::from(before(text, place).is_ascii_digit());
    matches!(before(text, start), 0 | 2 | b'>' | b' ' | b'\n' | b'\r')
}

/// Whether the record whose name ends at a bar is an order: `O|1|S1||^^^GLU`.
fn is_order(text: &[u8], bar: usize) -> bool {
    let limit = text.len().min(bar + 128);
    part(text, bar, limit)
        .split(|byte| *byte == b'|')
        .nth(4)
        .is_some_and(|test| test.starts_with(b"^^^"))
}

/// What a field of the segment of the patient holds.
fn patient_field(wanted: u64) -> Option<Kind> {
    let (_, fields) = SEGMENTS.iter().find(|(name, _)| *name == b"PID")?;
    fields
        .iter()
        .find(|(known, _)| *known as u64 == wanted)
        .map(|(_, kind)| *kind)
}

/// Whether the name of a segment is one of a site's own.
fn is_own(segment: &[u8]) -> bool {
    segment
        .iter()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Whether a component can be a part of a name.
fn is_of_name(bytes: &[u8]) -> bool {
    (2..=32).contains(&bytes.len())
        && bytes.iter().all(|byte| {
            byte.is_ascii_alphabetic() || *byte >= 0x80 || matches!(byte, b'-' | b'\'' | b' ')
        })
        && bytes
            .first()
            .is_some_and(|first| first.is_ascii_uppercase() || *first >= 0x80)
}

/// A day, with or without a time, as HL7 writes it.
fn is_date(bytes: &[u8]) -> bool {
    let digits = crate::bytes::digits_end(bytes, 0);
    let year = number(part(bytes, 0, 4));
    matches!(digits, 8 | 12 | 14)
        && matches!(at(bytes, digits), 0 | b'.' | b'+' | b'-')
        && (1880..=2100).contains(&year)
        && checks::date(year, number(part(bytes, 4, 6)), number(part(bytes, 6, 8)))
}

/// Where a break that was written as an escape ends a segment.
fn escaped_break(text: &[u8], start: usize, end: usize) -> usize {
    part(text, start, end)
        .windows(2)
        .position(|two| two == b"\\r" || two == b"\\n")
        .map_or(end, |place| start + place)
}

fn components(text: &[u8], start: usize, end: usize) -> Vec<(usize, usize)> {
    let mut parts = Vec::new();
    let mut place = start;
    while place <= end && parts.len() < 24 {
        let stop = run_within(text, place, end, |byte| !matches!(byte, b'^' | b'&'));
        parts.push(trimmed(text, place, stop));
        place = stop + 1;
    }
    parts
}

/// Without the marks of empty components at both ends.
fn trimmed_marks(text: &[u8], mut start: usize, mut end: usize) -> (usize, usize) {
    while start < end && matches!(at(text, start), b'^' | b' ' | b'&') {
        start += 1;
    }
    while start < end && matches!(before(text, end), b'^' | b' ' | b'&') {
        end -= 1;
    }
    (start, end)
}

#[cfg(test)]
mod tests {
    use crate::class::Class;
    use crate::detect::Detector;

    #[test]
    fn licences_of_staff_are_found_in_their_segments() {
        for (line, value) in [
            ("CER|1|RN1234567|||||RN^REGISTERED NURSE", "RN1234567"),
            ("PRA|EMP123456|^CARDIOLOGY|PP|||MD123456^SL^WA", "MD123456"),
            (
                "STF|W123456||Qorvanth^Ilse|||||||||||||||||||WDL1234567AB^WA",
                "WDL1234567AB",
            ),
        ] {
            let mut found = Vec::new();
            Detector::new().scanner().line(line.as_bytes(), &mut found);
            let is_found = found.iter().any(|finding| {
                finding.class == Class::License && line.get(finding.span.clone()) == Some(value)
            });
            assert!(is_found, "{line}: {found:?}");
        }
    }

    #[test]
    fn numbers_of_specimens_studies_and_queries_are_somebodys() {
        for (line, value) in [
            ("SPM|1|0A12345678&BARCODE||SERPLAS^^99ROC", "0A12345678"),
            (
                "CSR|EA1181^X||001^CCC|EA1181-01234|||20240301",
                "EA1181-01234",
            ),
            (
                "QRD|20240301|R|D|Q1|||40^LI|7788123^ROE^JANE|RES",
                "7788123",
            ),
            (
                "PID|1||7788123||ROE^JANE||19800131|F|||||||||||88123456",
                "88123456",
            ),
        ] {
            let mut found = Vec::new();
            Detector::new().scanner().line(line.as_bytes(), &mut found);
            let is_found = found
                .iter()
                .any(|finding| line.get(finding.span.clone()) == Some(value));
            assert!(is_found, "{line}: {found:?}");
        }
    }
}
