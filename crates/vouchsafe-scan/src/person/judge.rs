//! Whether capitalised words are a name.

use crate::bytes::{at, before, part, run_end};
use crate::class::Confidence;
use crate::person::beside::{Left, Right, enclosed, right};
use crate::person::token::Token;
use crate::person::words::{CREDENTIALS, FIELD_WORDS, OF_THINGS};

/// Whether the words are a name, and how far it goes.
pub(super) fn judge(text: &[u8], tokens: &[Token], left: Left) -> Option<(usize, Confidence)> {
    let [first, rest @ ..] = tokens else {
        return None;
    };
    let second = rest.first().copied();
    let reach = reach(text, tokens);
    let last = tokens.get(reach.checked_sub(1)?)?;
    let right = right(text, last.end);
    let names = tokens
        .iter()
        .take(reach)
        .filter(|token| token.said.name_only())
        .count();
    let single = |token: &Token| {
        token.end - token.start >= 3
            && !token.capitals
            && (token.said.clearly_given
                || token.unknown()
                || token.said.given && token.said.name_only())
    };
    if reach == 1
        && single(first)
        && (right == Right::Owner || right == Right::Addressed && begins(text, first.start))
    {
        return Some((first.end, Confidence::Medium));
    }
    let place = PLACES_FIRST.contains(&part(text, first.start, first.end)) && left != Left::Title;
    if left != Left::Noun && (is_of_thing(text, last.end) || place) {
        return None;
    }
    match left {
        Left::Title => {
            let sound = first.could_be_surname()
                || first.said.surname && !first.said.term
                || (first.initial && reach > 1);
            sound.then_some((last.end, Confidence::High))
        }
        Left::Noun => {
            let alone = first.said.name_only()
                || (first.unknown() && first.end - first.start >= 3 && !first.capitals);
            let both = reach >= 2
                && (first.initial || first.could_be_surname() || first.said.given)
                && second.is_some_and(|second| second.could_be_surname() || second.initial);
            let confidence = if names > 0 {
                Confidence::High
            } else {
                Confidence::Medium
            };
            (alone || both).then_some((last.end, confidence))
        }
        Left::Weak | Left::Nothing => {
            let aged = right == Right::Aged && (names > 0 || first.unknown());
            let confidence = if aged {
                Some(Confidence::Medium)
            } else {
                let supported = left == Left::Weak || enclosed(text, first.start, last.end);
                alone(text, tokens.get(..reach)?, right, supported)
            };
            confidence.map(|confidence| (last.end, confidence))
        }
    }
}

/// Words with which names of places and of what is named after saints begin.
const PLACES_FIRST: [&[u8]; 12] = [
    b"Saint", b"St", b"San", b"Santa", b"West", b"East", b"North", b"South", b"New", b"Mount",
    b"Fort", b"Los",
];

/// Whether the word after a name says that it is the name of an organisation, a place or a thing; or an equals sign, that
/// it is the name of a figure.
fn is_of_thing(text: &[u8], end: usize) -> bool {
    if at(text, end) == b'=' && at(text, end + 1).is_ascii_digit() {
        return true;
    }
    // "Dr. Reddy's Laboratories", "Martin Luther King Jr. Day"
    let end = [b"'s".as_slice(), b" Jr.", b" Jr"]
        .iter()
        .find(|more| part(text, end, end + more.len()) == **more)
        .map_or(end, |more| end + more.len());
    let start = end + usize::from(at(text, end) == b' ');
    let stop = run_end(text, start, |byte| byte.is_ascii_alphabetic());
    start > end
        && (OF_THINGS.has(part(text, start, stop))
            || part(text, start, start + 11) == b"and Company")
}

/// Whether a sentence begins at a place: after a quote, or with the text itself.
fn begins(text: &[u8], start: usize) -> bool {
    start == 0
        || matches!(before(text, start), b'"' | b'\'' | b'>' | b'\n' | b'`')
        || matches!(
            part(text, start.saturating_sub(2), start),
            b": " | b"> " | b"- "
        )
}

/// How sure it is that words are a name when nothing before them says so. `supported` says that what stands around them
/// speaks for it.
fn alone(text: &[u8], tokens: &[Token], right: Right, supported: bool) -> Option<Confidence> {
    let &[first, second, ref rest @ ..] = tokens else {
        return None;
    };
    let last = rest.last().unwrap_or(&second);
    if first.capitals != second.capitals && !second.initial && !first.initial {
        return None;
    }
    // An address of their own, or an initial before it, says that a word is a surname: "John Q Public".
    let any = !second.said.term || second.said.given;
    let initialled = second.initial && first.said.clearly_given;
    if first.said.given && any && (right == Right::Credential || initialled) {
        return Some(Confidence::Medium);
    }
    if first.said.clearly_given {
        let surname = match rest.first() {
            Some(third) if second.initial => *third,
            _ => second,
        };
        let stranger = surname.unknown() && !surname.capitals && surname.end - surname.start >= 3;
        return if surname.said.name_only() {
            Some(Confidence::High)
        } else if surname.said.common_surname || stranger {
            Some(Confidence::Medium)
        } else {
            None
        };
    }
    let person = matches!(right, Right::Credential | Right::Deed | Right::Aged);
    // Not words that nobody knows and that are written in capitals: those are abbreviations.
    let stranger = |token: Token| {
        let plain = !token.capitals && token.end - token.start >= 3 && !token.initial;
        plain && (token.unknown() || token.said.name_only())
    };
    let given = first.said.given
        && !first.said.term
        && !first.capitals
        && second.said.surname
        && (second.said.name_only() || person);
    let accented = part(text, first.start, last.end)
        .iter()
        .any(|byte| *byte >= 0x80);
    let names = tokens.iter().filter(|token| token.said.name_only()).count();
    // "Eibhlín Ó Dubhthaigh"
    let other = rest.first().filter(|_| second.initial).unwrap_or(&second);
    let foreign = stranger(first)
        && stranger(*other)
        && (person || supported || accented || names >= 2 && first.said.given);
    (given || foreign).then_some(Confidence::Medium)
}

/// How many of the words belong to the name.
pub(super) fn reach(text: &[u8], tokens: &[Token]) -> usize {
    let mut reach = 0;
    for (place, token) in tokens.iter().enumerate() {
        let credential = CREDENTIALS.has(part(text, token.start, token.end));
        let after_given = place > 0
            && tokens.first().is_some_and(|first| first.said.clearly_given)
            && token.said.surname
            && !token.said.term;
        let goes_on = after_given
            || token.initial
                && (place == 0
                    || token.end - token.start == 2
                    || place + 1 < tokens.len()
                    || part(text, token.start, token.end) != b"I")
            || token.could_be_surname()
            || (place == 0 && (token.said.given || token.said.surname));
        let field = place > 0 && FIELD_WORDS.has_of_any_case(part(text, token.start, token.end));
        // "John Q Public": what follows an initial.
        let after_initial = place > 1
            && tokens.get(place - 1).is_some_and(|before| before.initial)
            && tokens.first().is_some_and(|first| first.said.clearly_given)
            && !token.said.term;
        if field || credential && place > 0 || !(goes_on || after_initial) {
            break;
        }
        reach = place + 1;
    }
    reach
}
