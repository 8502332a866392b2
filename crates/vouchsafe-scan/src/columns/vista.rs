//! Globals of VistA that hold people: `^DPT(4711,0)="ROE,JANE^F^2610412^^^^^^666121234"`, by nodes and pieces.
//!
//! A piece means something only within its node: the third of node 0 is the date of birth, the third of node .11 a line of
//! the address. Indexes have the value itself as a subscript: `^DPT("SSN",666121234,4711)=""`.

use crate::bytes::{at, before, part, run_end, run_within};
use crate::class::{Class, Confidence};
use crate::columns::cell;
use crate::digits;
use crate::text::Text;
use crate::vocabulary::meaning_of;

/// Names of globals, and how many subscripts stand before the number of a record.
const GLOBALS: [(&[u8], usize); 2] = [(b"^DPT", 0), (b"^VA", 1)];

/// A file of people, and the names of its parts.
type Pieces = &'static [(usize, &'static [u8])];

/// The address and telephone of somebody beside the patient.
const CONTACT: Pieces = &[
    (1, b"full name"),
    (3, STREET),
    (4, STREET),
    (5, STREET),
    (6, b"city"),
    (8, b"zip code"),
    (9, b"phone"),
    (11, b"phone"),
];
const ADDRESS: Pieces = &[
    (1, STREET),
    (2, STREET),
    (3, STREET),
    (4, b"city"),
    (6, b"zip code"),
];
const STREET: &[u8] = b"street address";
/// A day as FileMan writes it, which no name of a field says.
const DAY: &[u8] = b"";

/// Nodes of the file of patients (2).
const PATIENT: [(&[u8], Pieces); 13] = [
    (
        b"0",
        &[(1, b"patient name"), (3, DAY), (9, b"ssn"), (11, b"city")],
    ),
    (b".01", &[(1, b"full name"), (2, b"ssn")]),
    (b".11", ADDRESS),
    (b".121", ADDRESS),
    (b".141", ADDRESS),
    (
        b".13",
        &[(1, b"phone"), (2, b"phone"), (3, b"email"), (4, b"phone")],
    ),
    (b".21", CONTACT),
    (b".211", CONTACT),
    (b".33", CONTACT),
    (b".331", CONTACT),
    (b".34", CONTACT),
    (
        b".24",
        &[(1, b"full name"), (2, b"full name"), (3, b"full name")],
    ),
    (b".35", &[(1, DAY)]),
];

/// Nodes of the file of staff (200).
const STAFF: [(&[u8], Pieces); 4] = [
    (b"0", &[(1, b"full name")]),
    (b"1", &[(3, DAY), (9, b"ssn")]),
    (b".11", ADDRESS),
    (b".13", &[(1, b"phone"), (2, b"phone")]),
];

/// Indexes, and what their second subscript is.
const INDEXES: [(&[u8], &[u8]); 3] = [(b"B", b"full name"), (b"SSN", b"ssn"), (b"ADOB", DAY)];

impl Text<'_, '_> {
    /// Adds what stands in the global whose subscripts begin at a bracket, if it is one of people.
    pub(super) fn vista(&mut self, open: usize) {
        let text = self.text;
        let front = part(text, open.saturating_sub(4), open);
        let Some((_, file)) = GLOBALS.iter().find(|(name, _)| front.ends_with(name)) else {
            return;
        };
        digits::read();
        let (subscripts, close) = subscripts(text, open + 1);
        let is_staff = *file == 1;
        if is_staff && subscripts.first().map(|span| part(text, span.0, span.1)) != Some(b"200") {
            return;
        }
        let of = |place: usize| subscripts.get(place + file).copied().unwrap_or_default();
        let bytes = |place| part(text, of(place).0, of(place).1);
        if let Some((_, name)) = INDEXES.iter().find(|(index, _)| *index == bytes(0)) {
            return self.piece(of(1), name);
        }
        let nodes = if is_staff { STAFF.as_slice() } else { &PATIENT };
        let Some((_, pieces)) = nodes.iter().find(|(node, _)| *node == bytes(1)) else {
            return;
        };
        let Some((start, end)) = data(text, close) else {
            return;
        };
        let mut place = start;
        for number in 1..=16 {
            let stop = run_within(text, place, end, |byte| byte != b'^');
            if let Some((_, name)) = pieces.iter().find(|(known, _)| *known == number) {
                self.piece((place, stop), name);
            }
            if stop >= end {
                break;
            }
            place = stop + 1;
        }
    }

    /// Adds a piece that holds what a name says.
    fn piece(&mut self, (start, end): (usize, usize), name: &[u8]) {
        let text = self.text;
        if name == DAY {
            let digits = run_within(text, start, end, |byte| byte.is_ascii_digit());
            let over = digits == end || at(text, digits) == b'.';
            if digits - start == 7 && over {
                self.add(
                    Class::Date,
                    Confidence::High,
                    (start, end),
                    Some("FileMan date"),
                );
            }
            return;
        }
        // A number of the file's own making has a letter behind it: 666121234P.
        let pseudo = name == b"ssn" && before(text, end) == b'P';
        let end = end - usize::from(pseudo);
        if let Some(meaning) = meaning_of(name) {
            cell(self, (start, end), meaning);
        }
    }
}

/// The subscripts that begin at a place, without their quotes, and where their bracket closes.
fn subscripts(text: &[u8], start: usize) -> (Vec<(usize, usize)>, usize) {
    let mut found = Vec::new();
    let mut place = start;
    for _ in 0..8 {
        let slashes = run_end(text, place, |byte| byte == b'\\');
        let (from, to, next) = if at(text, slashes) == b'"' {
            let end = run_within(text, slashes + 1, slashes + 128, |byte| byte != b'"');
            let back = usize::from(before(text, end) == b'\\');
            (slashes + 1, end - back, end + 1)
        } else {
            let end = run_within(text, place, place + 64, |byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')
            });
            (place, end, end)
        };
        found.push((from, to));
        if at(text, next) != b',' {
            return (found, next);
        }
        place = next + 1;
    }
    (found, place)
}

/// Where the data of a node stands whose bracket closes at a place: between quotes, or, in a listing, all that follows.
fn data(text: &[u8], close: usize) -> Option<(usize, usize)> {
    // `^DPT(1,0)="…"`, `$G(^DPT(1,0))="…"`, `^DPT(1,0): "…"`.
    let start = run_within(text, close + 1, close + 10, |byte| {
        matches!(byte, b')' | b' ' | b'=' | b':' | b'>' | b'\\')
    });
    let quoted = at(text, start) == b'"';
    let assigned = part(text, close, start).contains(&b'=');
    if at(text, close) != b')' || !(assigned || quoted && start > close + 1) {
        return None;
    }
    let start = start + usize::from(quoted);
    let limit = text.len().min(start + 512);
    let end = run_within(text, start, limit, |byte| {
        !matches!(byte, b'"' | b'\r' | b'\n')
    });
    let escaped = quoted && before(text, end) == b'\\';
    Some((start, end.saturating_sub(usize::from(escaped)).max(start)))
}

#[cfg(test)]
mod tests {
    use crate::class::Class;
    use crate::detect::Detector;

    /// What is found in a line, with the class of each.
    fn found(line: &str) -> Vec<(Class, &str)> {
        let mut found = Vec::new();
        Detector::new().scanner().line(line.as_bytes(), &mut found);
        found
            .into_iter()
            .map(|finding| (finding.class, line.get(finding.span).unwrap_or_default()))
            .collect()
    }

    #[test]
    fn pieces_mean_what_their_node_says() {
        for (line, expected) in [
            (
                r#"^DPT(4711,0)="QORVANTH,ILSE^F^2610412^^2^^^^666121234""#,
                &[
                    (Class::Name, "QORVANTH,ILSE"),
                    (Class::Date, "2610412"),
                    (Class::Ssn, "666121234"),
                ][..],
            ),
            (
                r#"SET ^DPT(4711,0)="QORVANTH,ILSE^F^2610412.0801^^^^^^666121234P""#,
                &[
                    (Class::Name, "QORVANTH,ILSE"),
                    (Class::Date, "2610412.0801"),
                    (Class::Ssn, "666121234"),
                ],
            ),
            (
                "^DPT(4711,0)=QORVANTH,ILSE^F^2610412^^2^^^^666121234",
                &[
                    (Class::Name, "QORVANTH,ILSE"),
                    (Class::Date, "2610412"),
                    (Class::Ssn, "666121234"),
                ],
            ),
            (
                r#"{"node":"^DPT(4711,.11)=\"123 ELM ST^^^DULUTH^27^55802^17\""}"#,
                &[
                    (Class::Geography, "123 ELM ST"),
                    (Class::Geography, "DULUTH"),
                    (Class::Geography, "55802"),
                ],
            ),
            (
                r#"^DPT(4711,.13)="7209532712^3125550142^^4155552671""#,
                &[
                    (Class::Phone, "7209532712"),
                    (Class::Phone, "3125550142"),
                    (Class::Phone, "4155552671"),
                ],
            ),
            (
                r#"^DPT(4711,.35)="3210412.14""#,
                &[(Class::Date, "3210412.14")],
            ),
            (
                r#"^DPT(4711,.01,1,0)="QORVANTH,ILSE^666121235""#,
                &[(Class::Name, "QORVANTH,ILSE"), (Class::Ssn, "666121235")],
            ),
            (
                r#"^VA(200,88,1)="^F^2610412^^^^^^666121234""#,
                &[(Class::Date, "2610412"), (Class::Ssn, "666121234")],
            ),
        ] {
            let found = found(line);
            for value in expected {
                assert!(found.contains(value), "{line}: {found:?}");
            }
        }
    }

    #[test]
    fn subscripts_of_indexes_are_values() {
        for (line, expected) in [
            (
                r#"^DPT("B","QORVANTH,ILSE",4711)="""#,
                (Class::Name, "QORVANTH,ILSE"),
            ),
            (
                r#"^DPT("SSN",666121234,4711)="""#,
                (Class::Ssn, "666121234"),
            ),
            (r#"^DPT("ADOB",2610412,4711)="""#, (Class::Date, "2610412")),
        ] {
            assert!(found(line).contains(&expected), "{line}: {:?}", found(line));
        }
    }

    #[test]
    fn other_nodes_and_globals_hold_nobody() {
        for line in [
            r#"^DPT(4711,"LR")=88213"#,
            r#"^DPT(4711,.36)="1^2""#,
            r#"^DD(2,0)="FIELD^^1^27""#,
            r#"^VA(4,88,1)="^F^2610412""#,
            "^DPT(",
            "^DPT(4711,0)=",
            "^DPT(4711,0)=\"\\",
        ] {
            assert_eq!(found(line), [], "{line}");
        }
    }
}
