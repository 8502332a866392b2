//! The rules for passwords: long enough and not guessable; no rules about kinds of characters.
//!
//! NIST SP 800-63B asks for a list of common passwords and of words from the context. Any suffix evades a list of whole
//! passwords. So the rule counts the characters of a password after known words, years, runs of neighbouring keys and
//! repetitions count as one character each.

/// The reason why a password was refused. The texts are for the person who chose it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PasswordRefused {
    /// Under 12 characters (it is used with a second factor; 800-63B would accept 8).
    #[error("a password has at least 12 characters")]
    TooShort,
    /// Over 256 characters.
    #[error("a password has at most 256 characters")]
    TooLong,
    /// It consists of common words, the person's name, years, runs or repetitions, and little else.
    #[error(
        "this password is easy to guess: it is made of common words, names, years, runs or repetitions"
    )]
    Guessable,
}

const MIN_CHARACTERS: usize = 12;
const MAX_CHARACTERS: usize = 256;
/// Minimum length, if each known part counts as one character.
const MIN_LEFT: usize = 6;

/// Words of common passwords, and of health care.
const COMMON: &str = include_str!("common.txt");
/// Neighbours on keyboards and in alphabets.
const ROWS: [&str; 6] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
];

pub(super) fn check(password: &str, context: &[&str]) -> Result<(), PasswordRefused> {
    let typed: Vec<char> = password.to_lowercase().chars().collect();
    let characters = password.chars().count();
    if characters < MIN_CHARACTERS {
        return Err(PasswordRefused::TooShort);
    }
    if characters > MAX_CHARACTERS {
        return Err(PasswordRefused::TooLong);
    }
    let unit = unrepeated(&typed);
    if left(unit, context) < MIN_LEFT {
        return Err(PasswordRefused::Guessable);
    }
    Ok(())
}

/// The shortest beginning that gives the whole when repeated.
fn unrepeated(typed: &[char]) -> &[char] {
    let whole = |period: usize| {
        typed
            .iter()
            .zip(typed.iter().skip(period))
            .all(|(a, b)| a == b)
    };
    let period = (1..=typed.len() / 2)
        .find(|period| whole(*period))
        .unwrap_or(typed.len());
    typed.get(..period).unwrap_or(typed)
}

/// Number of characters if every known word, year and run counts as one.
fn left(typed: &[char], context: &[&str]) -> usize {
    let folded: Vec<char> = typed.iter().copied().map(fold).collect();
    let mut known = vec![false; typed.len()];
    let mut words = 0;
    for word in known_words(context) {
        words += cover(&folded, &mut known, |window| window == word, word.len());
    }
    let year = |window: &[char]| {
        matches!(window, ['1', '9', ..] | ['2', '0', ..]) && window.iter().all(char::is_ascii_digit)
    };
    words += cover(typed, &mut known, year, 4);
    let mut previous: Option<char> = None;
    let mut others = 0;
    for (c, known) in typed.iter().zip(&known) {
        // Blanks between words are not secret.
        if !known
            && !c.is_whitespace()
            && !previous.is_some_and(|previous| neighbours(previous, *c))
        {
            others += 1;
        }
        previous = (!known).then_some(*c);
    }
    words + others
}

/// Common words and those of the context, folded, the longest first: "password" before "pass".
fn known_words<'a>(context: &[&'a str]) -> Vec<Vec<char>> {
    // The whole text too: a short login has parts that are too short for words.
    let parts = |text: &'a str| text.split(|c: char| !c.is_alphanumeric());
    let context = context.iter().flat_map(|text| parts(text).chain([*text]));
    let mut words: Vec<Vec<char>> = COMMON
        .lines()
        .chain(context)
        .map(|word| word.to_lowercase().chars().map(fold).collect())
        .filter(|word: &Vec<char>| word.len() >= 3)
        .collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words
}

/// Marks every position where an unmarked window fits; returns their number.
fn cover(
    text: &[char],
    known: &mut [bool],
    fits: impl Fn(&[char]) -> bool,
    length: usize,
) -> usize {
    let mut found = 0;
    for (at, window) in text.windows(length).enumerate() {
        let Some(place) = known.get_mut(at..at + length) else {
            continue;
        };
        if fits(window) && place.iter().all(|known| !known) {
            place.fill(true);
            found += 1;
        }
    }
    found
}

/// Treats letters that replace one another ("p@ssw0rd") as equal.
const fn fold(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' | '|' | 'l' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        other => other,
    }
}

/// The same character again, or the next one on a keyboard or in the alphabet, to either side.
fn neighbours(a: char, b: char) -> bool {
    let beside = |row: &str| {
        row.chars()
            .zip(row.chars().skip(1))
            .any(|(x, y)| (x, y) == (a, b) || (y, x) == (a, b))
    };
    a == b || ROWS.iter().any(|row| beside(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTEXT: [&str; 2] = [
        "Anna Maria Lindqvist",
        "anna.lindqvist@stmarys-clinic.example",
    ];

    #[test]
    fn what_is_hard_to_guess_is_accepted() {
        for good in [
            "correct horse battery staple",
            "tr0ubadour and seven otters",
            "x7#kQ9vR2mZp",
            "Wer reitet so spät durch Nacht",
            "мой дядя самых честных правил",
            "一二三四五六七八九十百千",
            &"a good one, long ".repeat(15),
        ] {
            assert_eq!(check(good, &CONTEXT), Ok(()), "{good}");
        }
    }

    #[test]
    fn length_counts_in_characters() {
        assert_eq!(
            check("x7#kQ9vR2mZ", &CONTEXT),
            Err(PasswordRefused::TooShort)
        );
        assert_eq!(
            check("ääööüüßßééè", &CONTEXT),
            Err(PasswordRefused::TooShort)
        );
        assert_eq!(check("", &CONTEXT), Err(PasswordRefused::TooShort));
        assert_eq!(
            check(&"xk3 ".repeat(65), &CONTEXT),
            Err(PasswordRefused::TooLong)
        );
    }

    #[test]
    fn what_is_easy_to_guess_is_refused() {
        for bad in [
            "aaaaaaaaaaaaaaaa",
            "123456789012",
            "qwertyuiop12",
            "qwertzuiop1234",
            "abcdefghijklm",
            "abcabcabcabcabc",
            "passwordpassword",
            "Password1234",
            "P@ssw0rd2026!",
            "Welcome123456",
            "Summer2026!!!!",
            "letmein1234567",
            "Vouchsafe2026",
            "annalindqvist1985",
            "Lindqvist!1234",
            "stmarys-clinic",
            "hospital-2026!",
            "iloveyou123456",
            "administrator1",
            "admin@stmarys1",
            "changeme12345!",
        ] {
            assert_eq!(
                check(bad, &CONTEXT),
                Err(PasswordRefused::Guessable),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_login_is_no_password() {
        for bad in [
            "jo@clinic.example",
            "Jo@Clinic.Example!",
            "jo@clinic.example2026",
        ] {
            let context = ["Jo Li", "jo@clinic.example"];
            assert_eq!(
                check(bad, &context),
                Err(PasswordRefused::Guessable),
                "{bad}"
            );
        }
    }

    #[test]
    fn every_listed_word_is_one_that_counts() {
        for word in COMMON.lines() {
            assert!(
                word.len() >= 3 && word.chars().all(|c| c.is_ascii_lowercase()),
                "{word}"
            );
        }
    }
}
