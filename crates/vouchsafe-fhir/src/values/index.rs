//! What blind indexes have of values.

use jiff::Span as Days;
use jiff::tz::Offset;
use vouchsafe::document::{Node, normalise};
use vouchsafe_records::search::Window;
use vouchsafe_records::values::IndexOf;

use super::date::Date;

/// More days than this are not looked up one by one.
const MAX_DAYS: usize = 62;

/// What `pack.toml` calls so.
///
/// About 10^5 family names and 4*10^4 dates of birth are told apart; the days of a clinic's calendar are few (about 4,000 in
/// ten years). Identifiers are matched to decide whether a record exists, so their tags are whole.
pub(super) fn named(of: &str) -> Option<IndexOf> {
    Some(match of {
        "token" => IndexOf {
            bits: 128,
            entries: identifier,
            within: |_| None,
        },
        "word" => IndexOf {
            bits: 14,
            entries: |value, entry| words(value.as_str().unwrap_or_default()).for_each(entry),
            within: |_| None,
        },
        "date" => IndexOf {
            bits: 13,
            entries: |value, entry| day(value, |date| !date.has_time(), entry),
            within: |window| days(window, 0),
        },
        // Days of instants are indexed as they were written, in whatever offset; a query's day is one of UTC. So the days
        // before and after are looked up too, and the test after opening decides.
        "day" => IndexOf {
            bits: 10,
            entries: |value, entry| day(value, |_| true, entry),
            within: |window| days(window, 1),
        },
        _ => return None,
    })
}

/// An Identifier: with its system, and without for queries that name none.
fn identifier(value: &Node, entry: &mut dyn FnMut(Vec<u8>)) {
    let text = |name| value.get(name).and_then(Node::as_str);
    if let Some(code) = text("value") {
        if let Some(system) = text("system") {
            entry(token(Some(system), code));
        }
        entry(token(None, code));
    }
}

/// The day that was written, in the offset that was written; a month or a year gives none.
fn day(value: &Node, wanted: fn(Date) -> bool, entry: &mut dyn FnMut(Vec<u8>)) {
    let date = value.as_str().and_then(Date::parse);
    if let Some(day) = date.filter(|date| wanted(*date)).and_then(Date::day) {
        entry(day.to_string().into_bytes());
    }
}

/// The entries of the days of a window, and of so many before and after; none when there are too many, or no end.
fn days(window: Window, margin: i64) -> Option<Vec<Vec<u8>>> {
    let day = |at| Offset::UTC.to_datetime(at).date();
    let margin = Days::new().days(margin);
    let mut at = day(window.from?).checked_sub(margin).ok()?;
    let last = window.until?.checked_sub(Days::new().nanoseconds(1)).ok()?;
    let last = day(last).checked_add(margin).ok()?;
    let mut entries = Vec::new();
    while at <= last {
        if entries.len() == MAX_DAYS {
            return None;
        }
        entries.push(at.to_string().into_bytes());
        at = at.tomorrow().ok()?;
    }
    Some(entries)
}

/// The entry of an identifier. The system's length comes first, so that no two pairs are alike.
pub(super) fn token(system: Option<&str>, value: &str) -> Vec<u8> {
    match system {
        Some(system) => format!("{}|{system}|{value}", system.len()).into_bytes(),
        None => format!("|{value}").into_bytes(),
    }
}

/// The words of a string, normalised.
pub(super) fn words(text: &str) -> impl Iterator<Item = Vec<u8>> {
    let normalised = normalise(text);
    let words: Vec<Vec<u8>> = normalised
        .split_whitespace()
        .map(|word| word.as_bytes().to_vec())
        .collect();
    words.into_iter()
}
