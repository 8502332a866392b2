//! Dates in a text.

use crate::bytes::{
    LOWER, UPPER, at, before, digits_end, is_word, kind_end, number, part, run_end,
};
use crate::checks;

const MONTHS: [&[u8]; 12] = [
    b"january",
    b"february",
    b"march",
    b"april",
    b"may",
    b"june",
    b"july",
    b"august",
    b"september",
    b"october",
    b"november",
    b"december",
];

/// Where a day ends that is written as a list of numbers, with its bracket: `1961,4,12]`, `1961, 4, 12, 9, 30]`.
pub(crate) fn listed_end(text: &[u8], start: usize) -> Option<usize> {
    let mut numbers = [0; 3];
    let mut place = start;
    for count in 0..7 {
        place = run_end(text, place, |byte| byte == b' ');
        let end = digits_end(text, place);
        let digits = part(text, place, end);
        if digits.is_empty() || digits.len() > 9 {
            return None;
        }
        if let Some(slot) = numbers.get_mut(count) {
            *slot = number(digits);
        }
        match at(text, end) {
            b',' => place = end + 1,
            b']' if count >= 2 => {
                let [year, month, day] = numbers;
                let sound = (1880..=2100).contains(&year) && checks::date(year, month, day);
                return sound.then_some(end);
            }
            _ => return None,
        }
    }
    None
}

/// Where the date that begins at a place ends, with a time of day that follows it; a year alone is none.
pub(crate) fn date_end(text: &[u8], start: usize) -> Option<usize> {
    let end = numeric(text, start).or_else(|| worded(text, start))?;
    let end = time_end(text, end);
    (!is_word(at(text, end)) || at(text, end) == b'_').then_some(end)
}

/// `datetime.date(1980, 1, 31)`, `LocalDate.of(1980, 1, 31)`: where the last number ends.
pub(crate) fn called(text: &[u8], start: usize) -> Option<usize> {
    let open = run_end(text, start, |byte| {
        byte.is_ascii_alphabetic() || byte == b'.'
    });
    if at(text, open) != b'(' || open == start {
        return None;
    }
    let mut numbers = [0; 3];
    let mut place = open + 1;
    for (count, slot) in numbers.iter_mut().enumerate() {
        if count > 0 {
            place = run_end(text, place, |byte| matches!(byte, b',' | b' '));
        }
        let end = digits_end(text, place);
        if end == place {
            return None;
        }
        *slot = number(part(text, place, end));
        place = end;
    }
    let [year, month, day] = numbers;
    checks::date(year, month, day).then_some(place)
}

/// A date that begins at a place or within the first bytes after it.
pub(crate) fn find(text: &[u8], start: usize, end: usize) -> Option<(usize, usize)> {
    (start..end.min(start + 64)).find_map(|place| {
        let fresh = !is_word(before(text, place)) && !is_word(before(text, place));
        let ends = fresh.then(|| date_end(text, place)).flatten();
        ends.filter(|date_end| *date_end <= end)
            .map(|date_end| (place, date_end))
    })
}

/// 2026-11-29, 2026/11/29, 11/29/2026, 29.11.2026, 11-29-26, 20261129T.
fn numeric(text: &[u8], start: usize) -> Option<usize> {
    if let Some(date) = year_first(text, start) {
        return date.then_some(start + 10);
    }
    let first_end = digits_end(text, start);
    let first = part(text, start, first_end);
    let mark = at(text, first_end);
    if first.len() == 8
        && (mark == b'T' || mark == b' ')
        && at(text, first_end + 1).is_ascii_digit()
    {
        let (year, rest) = first.split_at(4);
        let (month, day) = rest.split_at(2);
        return checks::date(number(year), number(month), number(day)).then_some(first_end);
    }
    if !matches!(mark, b'-' | b'/' | b'.') {
        return None;
    }
    let second_end = digits_end(text, first_end + 1);
    let second = part(text, first_end + 1, second_end);
    if at(text, second_end) != mark {
        // 29-Nov-2026
        return (mark != b'.' && first.len() <= 2)
            .then(|| month_between(text, first_end))
            .flatten();
    }
    let third_end = digits_end(text, second_end + 1);
    let third = part(text, second_end + 1, third_end);
    let few = |digits: &[u8]| matches!(digits.len(), 1 | 2);
    let year_first = first.len() == 4;
    let form = if year_first {
        few(second) && few(third)
    } else {
        let year = third.len() == 4 || (third.len() == 2 && mark == b'/');
        few(first) && few(second) && year
    };
    if !form {
        return None;
    }
    let (a, b, c) = (number(first), number(second), number(third));
    let sound = if year_first {
        a >= 1850 && checks::date(a, b, c)
    } else {
        checks::date(c, a, b) || checks::date(c, b, a)
    };
    sound.then_some(third_end)
}

/// Whether 2026-11-29 is a date, as most logs write it; nothing when it is written in another way.
fn year_first(text: &[u8], start: usize) -> Option<bool> {
    let ten: &[u8; 10] = text.get(start..)?.first_chunk()?;
    let &[a, b, c, d, mark, e, f, second, g, h] = ten;
    let digits = [a, b, c, d, e, f, g, h];
    let form = mark == second
        && matches!(mark, b'-' | b'/' | b'.')
        && digits.iter().all(u8::is_ascii_digit)
        && !at(text, start + 10).is_ascii_digit();
    form.then(|| {
        let [year, month, day] = [&[a, b, c, d][..], &[e, f], &[g, h]].map(number);
        year >= 1850 && checks::date(year, month, day)
    })
}

/// `-Nov-2026` after a day.
fn month_between(text: &[u8], mark: usize) -> Option<usize> {
    let month_end = month(text, mark + 1)?;
    let year_start = month_end + 1;
    let year_end = digits_end(text, year_start);
    let same = at(text, month_end) == at(text, mark);
    (same && matches!(year_end - year_start, 2 | 4)).then_some(year_end)
}

/// Where the name of a month that begins at a place ends.
pub(crate) fn month(text: &[u8], start: usize) -> Option<usize> {
    let lead = text
        .get(start..)?
        .first_chunk::<3>()?
        .map(|byte| byte | 0x20);
    let name = MONTHS
        .iter()
        .find(|name| name.first_chunk() == Some(&lead))?;
    let end = kind_end(text, start, LOWER | UPPER);
    let word = part(text, start, end);
    let known = match word.len() {
        3 => true,
        4 if lead == *b"sep" => at(text, start + 3) | 0x20 == b't',
        _ => name.eq_ignore_ascii_case(word),
    };
    known.then_some(end)
}

/// "March 3rd, 1961", "Jan 5 1980", "5 January 1980", "January 5".
fn worded(text: &[u8], start: usize) -> Option<usize> {
    if at(text, start).is_ascii_digit() {
        let day_end = digits_end(text, start);
        let gap = ordinal_end(text, day_end);
        let gap = if part(text, gap, gap + 3) == b" of" {
            gap + 3
        } else {
            gap
        };
        let month_end = (at(text, gap) == b' ')
            .then(|| month(text, gap + 1))
            .flatten()?;
        if !(1..=31).contains(&number(part(text, start, day_end))) {
            return None;
        }
        return Some(year_end(text, month_end).unwrap_or(month_end));
    }
    let month_end = month(text, start)?;
    let gap = if at(text, month_end) == b'.' {
        month_end + 1
    } else {
        month_end
    };
    let day_start = if at(text, gap) == b' ' {
        gap + 1
    } else {
        return None;
    };
    let day_end = digits_end(text, day_start);
    let day = part(text, day_start, day_end);
    if day.is_empty() || day.len() > 2 || !(1..=31).contains(&number(day)) {
        return None;
    }
    let end = ordinal_end(text, day_end);
    Some(year_end(text, end).unwrap_or(end))
}

fn ordinal_end(text: &[u8], end: usize) -> usize {
    match part(text, end, end + 2) {
        b"st" | b"nd" | b"rd" | b"th" => end + 2,
        _ => end,
    }
}

/// `, 1961` or ` 1961` after a day and month.
fn year_end(text: &[u8], place: usize) -> Option<usize> {
    let gap = run_end(text, place, |byte| matches!(byte, b',' | b' ' | b'.'));
    let end = digits_end(text, gap);
    let four = gap > place && gap - place <= 2 && end - gap == 4;
    (four && (1850..=2120).contains(&number(part(text, gap, end)))).then_some(end)
}

/// The time of day and zone after a date.
pub(crate) fn time_end(text: &[u8], end: usize) -> usize {
    let gap = match at(text, end) {
        b'T' | b' ' => end + 1,
        _ => return end,
    };
    let hour_end = digits_end(text, gap);
    // 19800131T0900
    if at(text, end) == b'T' && matches!(hour_end - gap, 4 | 6) {
        return hour_end + usize::from(at(text, hour_end) == b'Z');
    }
    if !matches!(hour_end - gap, 1 | 2) || at(text, hour_end) != b':' {
        return end;
    }
    let stop = run_end(text, hour_end, |byte| {
        byte.is_ascii_digit() || matches!(byte, b':' | b'.')
    });
    let stop = stop - usize::from(matches!(before(text, stop), b'.' | b':'));
    // Go prints "+0000 UTC".
    if at(text, stop) == b' '
        && matches!(at(text, stop + 1), b'+' | b'-')
        && digits_end(text, stop + 2) == stop + 6
    {
        let zone = run_end(text, stop + 7, |byte| byte.is_ascii_uppercase());
        return if at(text, stop + 6) == b' ' {
            zone
        } else {
            stop + 6
        };
    }
    match at(text, stop) {
        b'Z' => stop + 1,
        b'+' | b'-' if at(text, stop + 1).is_ascii_digit() => {
            run_end(text, stop + 1, |byte| byte.is_ascii_digit() || byte == b':')
        }
        _ => stop,
    }
}

/// Whether a token is a point in time as a log writes it, of any day.
pub(crate) fn is_stamp(token: &[u8]) -> bool {
    date_end(token, 0) == Some(token.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_many_forms_are_read_to_their_end() {
        for text in [
            "1980-01-31",
            "1980/1/31",
            "01/31/1980",
            "31.01.1980",
            "1/5/80",
            "2026-11-29T21:43:52.123Z",
            "2026-11-29 21:43:52+02:00",
            "Jan 5, 1980",
            "January 5th, 1980",
            "5 January 1980",
            "3rd of March 1961",
            "Mar. 3 1961",
            "05-Jan-1980",
            "19800131T0900",
        ] {
            let end = date_end(text.as_bytes(), 0);
            assert!(
                end.is_some_and(|end| end >= text.len().min(8)),
                "{text}: {end:?}"
            );
        }
    }

    #[test]
    fn versions_ratios_and_years_are_no_dates() {
        for text in [
            "1.2.3",
            "1980",
            "3/4",
            "10.0.19041",
            "99-99-9999",
            "2026-13-01",
            "May",
            "May 99",
            "12:30:00",
        ] {
            assert_eq!(date_end(text.as_bytes(), 0), None, "{text}");
        }
    }
}
