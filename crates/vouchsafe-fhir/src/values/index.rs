//! What blind indexes have of values.

use jiff::SignedDuration;
use jiff::civil;
use vouchsafe::document::{Node, words};
use vouchsafe_records::search::{Why, Window};
use vouchsafe_records::values::{Entry, IndexOf};

use super::date::{self, Date};

/// More days than this are not looked up one by one.
const MAX_DAYS: usize = 62;

/// What the names of the tags of a word's steps end with.
const STEPS: [&str; 3] = ["/2", "/4", "/6"];
/// So many letters from the beginning of a word are in each step.
const LETTERS: [usize; 3] = [2, 4, 6];

/// What `pack.toml` calls so.
///
/// About 10^5 family names and 4*10^4 dates of birth are told apart; the days of a clinic's calendar are few (about 4,000 in
/// ten years). Identifiers are matched to decide whether a record exists, so their tags are whole. A word has 15 bits in all:
/// its first two letters five of them, its first four ten.
pub(super) fn named(of: &str) -> Option<IndexOf> {
    Some(match of {
        "token" => IndexOf {
            bits: 128,
            steps: &[""],
            entries: identifier,
            within: |_| Err(Why::Comparison),
        },
        "word" => IndexOf {
            bits: 5,
            steps: &STEPS,
            entries: |value, entry| {
                let words = words(value.as_str().unwrap_or_default());
                words.iter().for_each(|word| entry(whole_word(word)));
            },
            within: |_| Err(Why::Comparison),
        },
        "date" => IndexOf {
            bits: 13,
            steps: &[""],
            entries: written,
            within: calendar,
        },
        "day" => IndexOf {
            bits: 10,
            steps: &[""],
            entries: written,
            within: calendar,
        },
        _ => return None,
    })
}

/// An Identifier: with its system, and without for queries that name none.
fn identifier(value: &Node, entry: &mut dyn FnMut(Entry)) {
    let text = |name| value.get(name).and_then(Node::as_str);
    if let Some(code) = text("value") {
        if let Some(system) = text("system") {
            entry(token(Some(system), code));
        }
        entry(token(None, code));
    }
}

/// The day, month or year that was written, in the offset that was written.
fn written(value: &Node, entry: &mut dyn FnMut(Entry)) {
    if let Some(date) = value.as_str().and_then(Date::parse) {
        entry(vec![date.calendar().into_bytes()]);
    }
}

/// The days, months and years that reach into a window, by the clock on the wall.
fn calendar(window: Window) -> Result<Vec<Entry>, Why> {
    let (Some(from), Some(until)) = (window.from, window.until) else {
        return Err(Why::Wide);
    };
    let last = until.saturating_sub(SignedDuration::from_nanos(1));
    let (first, last) = (date::day_of(from), date::day_of(last));
    let mut entries: Vec<String> = Vec::new();
    let mut days = 0;
    let mut at = Some(first);
    while let Some(day) = at.filter(|day| *day <= last) {
        days += 1;
        if days > MAX_DAYS {
            return Err(Why::Wide);
        }
        entries.extend(around(day));
        at = day.tomorrow().ok();
    }
    entries.sort_unstable();
    entries.dedup();
    let entry = |text: String| vec![text.into_bytes()];
    Ok(entries.into_iter().map(entry).collect())
}

/// A day, its month and its year.
fn around(day: civil::Date) -> [String; 3] {
    let (year, month) = (day.year(), day.month());
    [
        date::text(day),
        format!("{year:04}-{month:02}"),
        format!("{year:04}"),
    ]
}

/// The entry of an identifier. The system's length comes first, so that no two pairs are alike.
pub(super) fn token(system: Option<&str>, value: &str) -> Entry {
    vec![match system {
        Some(system) => format!("{}|{system}|{value}", system.len()).into_bytes(),
        None => format!("|{value}").into_bytes(),
    }]
}

/// The entry of a word, normalised.
pub(super) fn whole_word(word: &str) -> Entry {
    let steps = LETTERS.into_iter();
    steps.map(|letters| step(word, letters)).collect()
}

/// The steps to all words that begin so; none where there are too few letters.
pub(super) fn beginning(word: &str) -> Entry {
    let known = word.chars().count();
    let steps = LETTERS.into_iter().filter(|letters| *letters <= known);
    steps.map(|letters| step(word, letters)).collect()
}

/// So many letters, which say that so many were asked for; of a word that has fewer, a space after its last one.
fn step(word: &str, letters: usize) -> Vec<u8> {
    let beginning = word.chars().chain([' ']).take(letters);
    let text: String = beginning.collect();
    format!("{letters} {text}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(entry: &Entry) -> Vec<&str> {
        let text = |step| std::str::from_utf8(step).unwrap();
        entry.iter().map(|step| text(step)).collect()
    }

    #[test]
    fn a_word_has_three_steps_and_its_beginning_as_many_as_it_has_letters_for() {
        assert_eq!(
            texts(&whole_word("smithson")),
            ["2 sm", "4 smit", "6 smiths"]
        );
        assert_eq!(texts(&whole_word("li")), ["2 li", "4 li ", "6 li "]);
        assert_eq!(texts(&whole_word("王")), ["2 王 ", "4 王 ", "6 王 "]);
        assert_eq!(texts(&beginning("smith")), ["2 sm", "4 smit"]);
        assert_eq!(texts(&beginning("li")), ["2 li"]);
        assert!(beginning("l").is_empty());
    }

    #[test]
    fn a_window_is_its_days_and_what_they_are_part_of() {
        let days = |from: &str, until: &str| {
            let wall = |text: &str| Date::parse(text).unwrap().span();
            let window = Window {
                from: Some(wall(from).0.wall),
                until: Some(wall(until).1.wall),
            };
            calendar(window).map(|entries| {
                let entries = entries.iter().map(|entry| texts(entry).concat());
                entries.collect::<Vec<_>>()
            })
        };
        let found = days("1980-12-31", "1981-01-01").unwrap();
        let expected = [
            "1980",
            "1980-12",
            "1980-12-31",
            "1981",
            "1981-01",
            "1981-01-01",
        ];
        assert_eq!(found, expected);
        assert_eq!(days("9999-12-31", "9999-12-31").unwrap().len(), 3);
        assert_eq!(days("1980-05", "1980-05").unwrap().len(), 33);
        assert_eq!(days("1980-05", "1980-07"), Err(Why::Wide));
        assert_eq!(days("0001-01-01", "0001-01-01").unwrap()[0], "0001");
        assert_eq!(calendar(Window::default()), Err(Why::Wide));
    }
}
