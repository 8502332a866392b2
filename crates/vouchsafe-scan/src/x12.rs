//! ASC X12: elements of segments of claims and eligibility (837, 270, 271, 835).

use crate::bytes::{STAR, count_digits, part, run_end};
use crate::checks;
use crate::class::{Class, Confidence};
use crate::digits;
use crate::text::Text;

/// Where the elements of a segment stand.
type Elements = [(usize, usize); 16];

impl Text<'_, '_> {
    /// Adds what stands in X12 segments: `NM1*IL*1*ROE*JANE****MI*W123~`.
    pub(crate) fn x12(&mut self) {
        if self.marks & STAR == 0 {
            return;
        }
        let text = self.text;
        let mut last = usize::MAX;
        for star in memchr::memchr_iter(b'*', text) {
            let start = crate::bytes::word_start(text, star, 4);
            if start == last || start == star {
                continue;
            }
            last = start;
            let name = part(text, start, star);
            digits::read_in(name);
            if matches!(
                name,
                b"NM1"
                    | b"N3"
                    | b"N4"
                    | b"DMG"
                    | b"REF"
                    | b"CLM"
                    | b"PER"
                    | b"DTP"
                    | b"TRN"
                    | b"SBR"
                    | b"CLP"
                    | b"DTM"
                    | b"RMR"
                    | b"INS"
                    | b"ENT"
            ) {
                digits::read();
                let elements = elements(text, start);
                self.x12_segment(name, &elements);
            }
        }
    }

    fn x12_segment(&mut self, name: &[u8], elements: &Elements) {
        let get = |place: usize| elements.get(place).copied().unwrap_or_default();
        let bytes = |place: usize| part(self.text, get(place).0, get(place).1);
        match name {
            b"NM1" => self.x12_name(elements),
            b"N3" if count_digits(bytes(1)) > 0 || bytes(1).starts_with(b"PO BOX") => {
                self.x12_add(Class::Geography, get(1));
                self.x12_add(Class::Geography, get(2));
            }
            b"N4" if bytes(2).len() == 2 => {
                self.x12_add(Class::Geography, get(1));
                if count_digits(bytes(3)) >= 5 {
                    self.x12_add(Class::Geography, get(3));
                }
            }
            b"DMG" if bytes(1) == b"D8" => self.x12_add(Class::Date, get(2)),
            b"DTP" if matches!(bytes(2), b"D8" | b"RD8" | b"DT") => {
                self.x12_add(Class::Date, get(3))
            }
            b"DTM" if bytes(2).len() == 8 => self.x12_add(Class::Date, get(2)),
            b"DTM" if matches!(bytes(5), b"D8" | b"RD8") => self.x12_add(Class::Date, get(6)),
            // What a payment is for: a policy, an account.
            b"RMR" if count_digits(bytes(2)) >= 4 => match bytes(1) {
                b"AZ" | b"IG" | b"1L" => self.x12_add(Class::HealthPlan, get(2)),
                b"11" => self.x12_add(Class::Account, get(2)),
                _ => {}
            },
            b"ENT" if bytes(3) == b"34" => self.x12_add(Class::Ssn, get(4)),
            b"INS" if bytes(11) == b"D8" => self.x12_add(Class::Date, get(12)),
            // The number of the patient's account, as whoever claims has it.
            b"CLM" | b"CLP" if count_digits(bytes(1)) >= 3 => {
                self.x12_add(Class::Account, get(1));
                if name == b"CLP" && count_digits(bytes(7)) >= 4 {
                    self.x12_add(Class::UniqueId, get(7));
                }
            }
            // The number of a trace is somebody's where somebody is named.
            b"TRN" if count_digits(bytes(2)) >= 4 && self.names_person() => {
                self.x12_add(Class::UniqueId, get(2));
            }
            b"REF" if count_digits(bytes(2)) >= 3 => {
                let class = match bytes(1) {
                    b"SY" => Class::Ssn,
                    b"EA" => Class::Mrn,
                    b"EJ" => Class::Account,
                    b"0B" | b"1G" => Class::License,
                    b"1L" | b"IG" | b"6P" | b"1W" | b"0F" => Class::HealthPlan,
                    _ => Class::UniqueId,
                };
                self.x12_add(class, get(2));
            }
            b"SBR" if count_digits(bytes(3)) >= 4 => self.x12_add(Class::HealthPlan, get(3)),
            b"PER" => self.x12_contact(elements),
            _ => {}
        }
    }

    /// Whether a person is named before.
    fn names_person(&self) -> bool {
        self.found
            .iter()
            .rev()
            .take(32)
            .any(|finding| finding.class == Class::Name)
    }

    fn x12_name(&mut self, elements: &Elements) {
        let get = |place: usize| elements.get(place).copied().unwrap_or_default();
        let bytes = |place: usize| part(self.text, get(place).0, get(place).1);
        // 1 is a person, 2 an organisation.
        if bytes(2) == b"1" {
            let names = [get(3), get(4), get(5)];
            let filled = names.iter().filter(|(start, end)| start < end);
            let span = filled
                .clone()
                .map(|span| span.0)
                .min()
                .zip(filled.map(|span| span.1).max());
            if let Some(span) = span {
                self.x12_add(Class::Name, span);
            }
        }
        // Some leave out the prefix or the suffix, and all after it moves.
        let place = [8, 7, 6]
            .into_iter()
            .find(|place| {
                matches!(
                    bytes(*place),
                    b"MI" | b"MR" | b"II" | b"HN" | b"XX" | b"34" | b"FI" | b"24" | b"EI" | b"ZZ"
                )
            })
            .unwrap_or(8);
        let class = match bytes(place) {
            b"MI" | b"MR" | b"II" | b"HN" | b"EI" => Class::HealthPlan,
            b"XX" => Class::License,
            b"34" => Class::Ssn,
            b"FI" | b"24" if bytes(2) == b"1" => Class::UniqueId,
            _ => return,
        };
        // The number of an organisation says nothing of a person.
        if bytes(2) == b"1" || class == Class::License && checks::npi(bytes(place + 1)) {
            self.x12_add(class, get(place + 1));
        }
    }

    fn x12_contact(&mut self, elements: &Elements) {
        let get = |place: usize| elements.get(place).copied().unwrap_or_default();
        self.x12_add(Class::Name, get(2));
        for place in [3, 5, 7] {
            let (start, end) = get(place);
            let class = match part(self.text, start, end) {
                b"TE" | b"CP" | b"HP" | b"WP" => Class::Phone,
                b"FX" => Class::Fax,
                b"EM" => Class::Email,
                _ => continue,
            };
            self.x12_add(class, get(place + 1));
        }
    }

    fn x12_add(&mut self, class: Class, span: (usize, usize)) {
        self.add(class, Confidence::High, span, Some("X12 element"));
    }
}

/// The elements of the segment that begins at a place; its name is the first.
fn elements(text: &[u8], start: usize) -> Elements {
    let mut elements = Elements::default();
    let mut place = start;
    for slot in &mut elements {
        let end = run_end(text, place, |byte| {
            !matches!(byte, b'*' | b'~' | b'\n' | b'\r' | b'"' | b'\\')
        });
        *slot = (place, end);
        if text.get(end) != Some(&b'*') {
            break;
        }
        place = end + 1;
    }
    elements
}

#[cfg(test)]
mod tests {
    use crate::class::Class;
    use crate::detect::Detector;

    #[test]
    fn elements_of_persons_are_found_and_those_of_payers_are_not() {
        let line = b"NM1*IL*1*QORVATH*ZENIA*K***MI*W12345678~N3*12 ELM ST~N4*DAYTON*OH*45402~DMG*D8*19790412*F~\
            REF*SY*219099999~NM1*PR*2*ACME HEALTH*****PI*87726~";
        let mut found = Vec::new();
        Detector::new().scanner().line(line, &mut found);
        let classes: Vec<Class> = found.iter().map(|finding| finding.class).collect();
        assert_eq!(
            classes,
            [
                Class::Name,
                Class::HealthPlan,
                Class::Geography,
                Class::Geography,
                Class::Geography,
                Class::Date,
                Class::Ssn
            ]
        );
    }

    #[test]
    fn what_a_premium_is_paid_for_is_found() {
        let line = b"NM1*IL*1*QORVATH*ZENIA****EI*H12345678~RMR*AZ*H12345679**12.00~RMR*11*88123456**1.00~DTM*582****RD8*20240301-20240331~";
        let mut found = Vec::new();
        Detector::new().scanner().line(line, &mut found);
        let classes: Vec<Class> = found.iter().map(|finding| finding.class).collect();
        assert_eq!(
            classes,
            [
                Class::Name,
                Class::HealthPlan,
                Class::HealthPlan,
                Class::Account,
                Class::Date
            ]
        );
    }
}
