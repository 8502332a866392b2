//! Street addresses, cities with a state, coordinates.

use crate::bytes::{at, before, digits_end, is_word, number, part, run_end};
use crate::class::Confidence;

/// Last words of a street's name.
const STREETS: [&[u8]; 58] = [
    b"street",
    b"st",
    b"avenue",
    b"ave",
    b"av",
    b"road",
    b"rd",
    b"drive",
    b"dr",
    b"lane",
    b"ln",
    b"boulevard",
    b"blvd",
    b"court",
    b"ct",
    b"circle",
    b"cir",
    b"place",
    b"pl",
    b"terrace",
    b"ter",
    b"way",
    b"parkway",
    b"pkwy",
    b"highway",
    b"hwy",
    b"trail",
    b"trl",
    b"square",
    b"sq",
    b"loop",
    b"alley",
    b"plaza",
    b"plz",
    b"crescent",
    b"cres",
    b"ridge",
    b"row",
    b"pike",
    b"turnpike",
    b"commons",
    b"crossing",
    b"xing",
    b"hollow",
    b"bend",
    b"cove",
    b"glen",
    b"grove",
    b"hill",
    b"knoll",
    b"landing",
    b"manor",
    b"meadow",
    b"park",
    b"path",
    b"point",
    b"run",
    b"walk",
];

/// Postal codes of states, districts and territories of the United States.
const STATES: [&[u8]; 56] = [
    b"AL", b"AK", b"AZ", b"AR", b"CA", b"CO", b"CT", b"DE", b"FL", b"GA", b"HI", b"ID", b"IL",
    b"IN", b"IA", b"KS", b"KY", b"LA", b"ME", b"MD", b"MA", b"MI", b"MN", b"MS", b"MO", b"MT",
    b"NE", b"NV", b"NH", b"NJ", b"NM", b"NY", b"NC", b"ND", b"OH", b"OK", b"OR", b"PA", b"RI",
    b"SC", b"SD", b"TN", b"TX", b"UT", b"VT", b"VA", b"WA", b"WV", b"WI", b"WY", b"DC", b"PR",
    b"GU", b"VI", b"AS", b"MP",
];

/// Names of states that stand in addresses as words.
const STATE_NAMES: [&[u8]; 26] = [
    b"Alabama",
    b"Alaska",
    b"Arizona",
    b"Arkansas",
    b"California",
    b"Colorado",
    b"Connecticut",
    b"Delaware",
    b"Florida",
    b"Georgia",
    b"Hawaii",
    b"Idaho",
    b"Illinois",
    b"Indiana",
    b"Iowa",
    b"Kansas",
    b"Kentucky",
    b"Louisiana",
    b"Maine",
    b"Maryland",
    b"Massachusetts",
    b"Michigan",
    b"Minnesota",
    b"Ohio",
    b"Oregon",
    b"Texas",
];

fn is_state(word: &[u8]) -> bool {
    STATES.contains(&word) || STATE_NAMES.contains(&word)
}

/// Where the address ends that begins with a house number or `PO Box` at a place, with city, state and ZIP code when
/// they follow.
pub(crate) fn address(text: &[u8], start: usize, limit: usize) -> Option<usize> {
    let end = street(text, start, limit).or_else(|| box_number(text, start, limit))?;
    let end = unit(text, end, limit);
    Some(city(text, end, limit).unwrap_or(end))
}

/// House number, one to four words, the first in capitals, and a word for streets.
fn street(text: &[u8], start: usize, limit: usize) -> Option<usize> {
    let mut place = digits_end(text, start);
    if !(1..=6).contains(&(place - start)) {
        return None;
    }
    if matches!(at(text, place), b'A'..=b'D' | b'a'..=b'd') && at(text, place + 1) == b' ' {
        place += 1;
    }
    let mut street_end = None;
    for count in 0..6 {
        if !matches!(at(text, place), b' ' | b'+') {
            break;
        }
        let run = run_end(text, place + 1, |byte| {
            is_word(byte) && byte != b'_' || matches!(byte, b'-' | b'\'')
        });
        // A quote at the end closes what is around the address.
        let end = run - usize::from(before(text, run) == b'\'');
        let word = part(text, place + 1, end);
        let first = word.first().copied().unwrap_or(0);
        let sound = first.is_ascii_uppercase()
            || first.is_ascii_digit() && count < 3
            || first >= 0x80
            || (count > 0 && matches!(word, b"de" | b"of" | b"la" | b"the"));
        if end > limit || !sound {
            break;
        }
        if count > 0 && is_street(word) {
            street_end = Some(end + usize::from(at(text, end) == b'.'));
        }
        place = end;
        if at(text, place) == b'.' && word.len() <= 2 {
            place += 1;
        }
    }
    street_end
}

fn is_street(word: &[u8]) -> bool {
    let lower = word.to_ascii_lowercase();
    STREETS.contains(&lower.as_slice())
}

fn box_number(text: &[u8], start: usize, limit: usize) -> Option<usize> {
    let end = [
        b"PO Box ".as_slice(),
        b"P.O. Box ",
        b"P.O Box ",
        b"Po Box ",
        b"PO BOX ",
        b"P.O. BOX ",
    ]
    .iter()
    .find(|lead| part(text, start, start + lead.len()) == **lead)
    .map(|lead| start + lead.len())?;
    let stop = digits_end(text, end);
    (stop > end && stop <= limit).then_some(stop)
}

/// `Apt 4B`, `#12`, `Suite 300` after a street.
fn unit(text: &[u8], end: usize, limit: usize) -> usize {
    let gap = run_end(text, end, |byte| matches!(byte, b',' | b' ' | b'.'));
    let word_end = run_end(text, gap, |byte| byte.is_ascii_alphabetic() || byte == b'.');
    let word = part(text, gap, word_end).to_ascii_lowercase();
    let place = match word.as_slice() {
        b"apt" | b"apt." | b"apartment" | b"suite" | b"ste" | b"ste." | b"unit" | b"floor"
        | b"fl" | b"rm" | b"room" | b"lot" | b"bldg" | b"trlr" | b"no" | b"no." => {
            run_end(text, word_end, |byte| matches!(byte, b' ' | b'#'))
        }
        b"" if at(text, gap) == b'#' => gap + 1,
        _ => return end,
    };
    let stop = run_end(text, place, |byte| {
        byte.is_ascii_alphanumeric() || byte == b'-'
    });
    if stop > place && stop - place <= 6 && stop <= limit {
        stop
    } else {
        end
    }
}

/// `, Springfield, IL 62704` after a street, or a part of it.
fn city(text: &[u8], end: usize, limit: usize) -> Option<usize> {
    let gap = run_end(text, end, |byte| matches!(byte, b',' | b' ' | b'+'));
    if gap == end || gap - end > 2 {
        return None;
    }
    let mut place = gap;
    for _ in 0..4 {
        let stop = run_end(text, place, |byte| {
            is_word(byte) && byte != b'_' || matches!(byte, b'-' | b'.' | b'\'')
        });
        let word = part(text, place, stop);
        if stop > limit
            || !word
                .first()
                .is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 0x80)
        {
            return None;
        }
        if is_state(word) && place > gap {
            return Some(zip_end(text, stop).unwrap_or(stop));
        }
        let next = run_end(text, stop, |byte| matches!(byte, b',' | b' ' | b'+'));
        let over = matches!(
            at(text, stop),
            0 | b'"' | b'\'' | b'.' | b';' | b')' | b'&' | b'<' | b'\\' | b'|'
        );
        if over && at(text, end) == b',' && !crate::lexicon::said(word).term {
            return Some(stop);
        }
        if next == stop {
            return None;
        }
        // A city and its code, without the state.
        if let Some(end) = zip(text, next).filter(|end| *end <= limit) {
            return Some(end);
        }
        place = next;
    }
    None
}

/// Where a ZIP code after a state ends.
fn zip_end(text: &[u8], place: usize) -> Option<usize> {
    let start = run_end(text, place, |byte| matches!(byte, b',' | b' ' | b'+'));
    (start > place && start - place <= 2)
        .then(|| zip(text, start))
        .flatten()
}

fn zip(text: &[u8], start: usize) -> Option<usize> {
    let end = digits_end(text, start);
    if end - start != 5 {
        return None;
    }
    let plus = digits_end(text, end + 1);
    let end = if at(text, end) == b'-' && plus - end == 5 {
        plus
    } else {
        end
    };
    (!is_word(at(text, end))).then_some(end)
}

/// The city, state and ZIP code whose ZIP code begins at a place.
pub(crate) fn city_before(text: &[u8], start: usize) -> Option<(usize, usize)> {
    let end = zip(text, start)?;
    let mut state_end = start;
    while matches!(before(text, state_end), b' ' | b',') && start - state_end < 2 {
        state_end -= 1;
    }
    let state_start = word_before(text, state_end);
    let state = part(text, state_start, state_end);
    if state_end == start || !is_state(state) {
        return None;
    }
    // OK, OR, IN, ME, HI are words: a comma says that they are states.
    let word = matches!(
        state,
        b"OK" | b"OR" | b"IN" | b"ME" | b"HI" | b"ID" | b"AS" | b"PA" | b"MS"
    );
    if word
        && before(
            text,
            state_start - usize::from(before(text, state_start) == b' '),
        ) != b','
    {
        return None;
    }
    let mut city_start = state_start;
    for _ in 0..3 {
        let mut gap = city_start;
        while matches!(before(text, gap), b',' | b' ') && city_start - gap < 2 {
            gap -= 1;
        }
        let word = word_before(text, gap);
        let first = at(text, word);
        let crossed = city_start != state_start && part(text, gap, city_start).contains(&b',');
        if gap == city_start
            || word == gap
            || crossed
            || !(first.is_ascii_uppercase() || first >= 0x80)
        {
            break;
        }
        city_start = word;
    }
    (city_start < state_start).then_some((city_start, end))
}

fn word_before(text: &[u8], end: usize) -> usize {
    let mut start = end;
    while end - start < 24 {
        let byte = before(text, start);
        if !(byte.is_ascii_alphabetic() || byte >= 0x80 || matches!(byte, b'-' | b'.' | b'\'')) {
            break;
        }
        start -= 1;
    }
    start
}

/// Latitude and longitude that begin at a place, both with at least four decimals.
pub(crate) fn pair(text: &[u8], start: usize, limit: usize) -> Option<(usize, usize, Confidence)> {
    let (first_end, latitude) = degrees(text, start)?;
    let gap = run_end(text, first_end, |byte| {
        matches!(byte, b',' | b' ' | b'\xc2' | b'\xb0' | b'N' | b'S' | b';')
    });
    let (end, longitude) = degrees(text, gap)?;
    let (latitude, longitude) = (number(latitude), number(longitude));
    (gap > first_end
        && latitude <= 90
        && longitude <= 180
        && (latitude > 1 || longitude > 1)
        && end <= limit)
        .then_some((start, end, Confidence::Medium))
}

/// Where degrees end, and the whole ones of them.
fn degrees(text: &[u8], start: usize) -> Option<(usize, &[u8])> {
    let whole = start + usize::from(matches!(at(text, start), b'-' | b'+'));
    let point = digits_end(text, whole);
    let end = digits_end(text, point + 1);
    let sound = (1..=3).contains(&(point - whole))
        && at(text, point) == b'.'
        && (4..=15).contains(&(end - point - 1));
    (sound && !is_word(at(text, end)) && at(text, end) != b'.')
        .then(|| (end, part(text, whole, point)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Option<&str> {
        address(text.as_bytes(), 0, text.len()).and_then(|end| text.get(..end))
    }

    #[test]
    fn addresses_reach_over_unit_city_and_code() {
        for text in [
            "123 Main St",
            "4521 N. Maple Grove Ave. Apt 4B, Springfield, IL 62704-1234",
            "7 Old Mill Road",
            "PO Box 1234",
            "88 5th Avenue, New York, NY 10011",
        ] {
            assert_eq!(whole(&format!("{text}', city='")), Some(text));
            assert_eq!(whole(&format!("{text} and more")), Some(text));
        }
        for text in [
            "123 Main Thread",
            "3 Retries Left",
            "12 main st",
            "500 Internal Server Error",
            "1234567 Main St",
        ] {
            assert_eq!(whole(text), None, "{text}");
        }
    }

    #[test]
    fn a_city_stands_before_its_state_and_code() {
        let text = "moved to Salt Lake City, UT 84101 today";
        let start = text.find("84101").unwrap();
        assert_eq!(
            city_before(text.as_bytes(), start).and_then(|(a, b)| text.get(a..b)),
            Some("Salt Lake City, UT 84101")
        );
        assert_eq!(city_before(b"port XY 84101", 8), None);
    }

    #[test]
    fn coordinates_are_pairs() {
        assert!(pair(b"40.712776, -74.005974", 0, 21).is_some());
        assert!(pair(b"0.1234, 0.5678", 0, 14).is_none());
        assert!(pair(b"40.7, -74.0", 0, 11).is_none());
    }
}
