//! What stands before and after a name.

use crate::bytes::{at, before, part, run_end};
use crate::person::words::{
    AFTER, BESIDE, CREDENTIALS, DEEDS, GREETINGS, LITTLE, NOUNS, TITLES, WEAK_NOUNS,
};

/// What stands before a name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Left {
    /// Nothing that says anything.
    Nothing,
    /// A word for people that stands before names of things, too: member, owner.
    Weak,
    /// A word for people, or what is done by or with people: patient, seen by.
    Noun,
    /// Mr., Dr.
    Title,
}

/// The word before a place, in lower case, and where it begins.
fn word_before(text: &[u8], place: usize) -> (usize, [u8; 16], usize) {
    let mut end = place;
    while place - end < 3
        && matches!(
            before(text, end),
            b' ' | b'.' | b':' | b'"' | b'(' | b'+' | b',' | b'\''
        )
    {
        end -= 1;
    }
    let mut start = end;
    while end - start < 16 && before(text, start).is_ascii_alphabetic() {
        start -= 1;
    }
    // The letters at the end of an id are no word: 8a1bae89dad.
    if before(text, start).is_ascii_digit() {
        start = end;
    }
    let mut lower = [0; 16];
    for (slot, byte) in lower.iter_mut().zip(part(text, start, end)) {
        *slot = byte.to_ascii_lowercase();
    }
    (start, lower, end - start)
}

pub(super) fn left(text: &[u8], start: usize) -> Left {
    let (place, lower, length) = word_before(text, start);
    let word = part(&lower, 0, length);
    // "id,Garcia": a mark other than a blank parts what belongs to others.
    if part(text, start.saturating_sub(4), start) == b" w/ " {
        return Left::Noun;
    }
    if length == 0 || matches!(before(text, start), b',' | b'\'') {
        return Left::Nothing;
    }
    // "my name's Jane", "hi it's Jane", "hi its Jane"
    let says = [
        b"name's ".as_slice(),
        b" i'm ",
        b"hi its ",
        b"hi it's ",
        b"this is ",
    ];
    let front = part(text, start.saturating_sub(7), start);
    let is_said = |said: &&[u8]| {
        let from = front.len().checked_sub(said.len());
        from.is_some_and(|from| part(front, from, front.len()).eq_ignore_ascii_case(said))
    };
    if before(text, start) == b' ' && says.iter().any(is_said) {
        return Left::Noun;
    }
    // "Welcome back, Jane", "her mother, Jane Roe, …"
    let apart = part(text, start.saturating_sub(2), start) == b", ";
    if apart && !GREETINGS.has(word) && !(NOUNS.has(word) && word != b"name") && word != b"kin" {
        return Left::Nothing;
    }
    if GREETINGS.has(word) {
        return Left::Noun;
    }
    let close = matches!(before(text, start), b' ' | b'.');
    if TITLES.has(word) {
        let whole = close && !matches!(before(text, place), b'-' | b'0'..=b'9' | b'_' | b'/');
        // "in 12 ms. Found": a unit.
        let unit = matches!(word, b"ms" | b"mx" | b"sr")
            && before(text, place) == b' '
            && before(text, place - 1).is_ascii_digit();
        let whole = whole && !unit;
        return if whole { Left::Title } else { Left::Nothing };
    }
    if NOUNS.has(word) {
        return Left::Noun;
    }
    if matches!(
        word,
        b"called" | b"calling" | b"call" | b"phoned" | b"phone" | b"rang" | b"paged" | b"texted"
    ) && is_answered(text, start)
    {
        return Left::Noun;
    }
    if LITTLE.has(word) {
        let (_, deed, deed_length) = word_before(text, place);
        let deed = part(&deed, 0, deed_length);
        if DEEDS.has(deed) || NOUNS.has(deed) {
            return Left::Noun;
        }
    }
    if WEAK_NOUNS.has(word) {
        return Left::Weak;
    }
    Left::Nothing
}

/// "called Qorvanth back", "texted Ann Roe again": whether people do so after the one or two words at a place.
fn is_answered(text: &[u8], start: usize) -> bool {
    let mut end = start;
    for _ in 0..2 {
        end = run_end(text, end, |byte| {
            byte.is_ascii_alphabetic() || byte >= 0x80 || matches!(byte, b'-' | b'\'')
        });
        let rest = part(text, end, text.len().min(end + 7));
        let back = [b" back".as_slice(), b" again"]
            .iter()
            .any(|word| rest.starts_with(word));
        let number = rest.starts_with(b" at ")
            && rest
                .get(4)
                .is_some_and(|next| next.is_ascii_digit() || matches!(next, b'(' | b'+'));
        if back || number {
            return true;
        }
        end += usize::from(at(text, end) == b' ' && at(text, end + 1).is_ascii_uppercase());
    }
    false
}

/// Whether quotes or brackets stand right around a text, and nothing else is between them.
pub(super) fn enclosed(text: &[u8], start: usize, end: usize) -> bool {
    matches!(
        (before(text, start), at(text, end)),
        // A cell of a table.
        (b'\t', b'\t')
            | (b',', b',')
            | (b';', b';')
            | (b'|', b'|')
            | (b'>', b'<')
            | (b'"', b'"')
            | (b'\'', b'\'')
            | (b'[', b']')
            | (b'(', b')')
            | (b'\\' | b'"', b'\\')
    )
}

/// What stands after a name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Right {
    Nothing,
    /// What people do.
    Deed,
    /// "is a 42-year-old": whatever stands before it is a person.
    Aged,
    /// MD, RN, Jr, or an address of their own.
    Credential,
    /// A thing of theirs: "Jane's iPhone".
    Owner,
    /// Words to them: "Jane, your results are in".
    Addressed,
}

/// Things that carry the name of their owner.
const THINGS: [&[u8]; 9] = [
    b"iPhone",
    b"iPad",
    b"MacBook",
    b"Mac",
    b"Apple Watch",
    b"AirPods",
    b"Galaxy",
    b"Fitbit",
    b"Pixel",
];

/// Words that follow somebody's name in what is said to them.
const ADDRESSED: [&[u8]; 16] = [
    b"your",
    b"you",
    b"you're",
    b"you've",
    b"please",
    b"take",
    b"see",
    b"we",
    b"we've",
    b"thank",
    b"thanks",
    b"don't",
    b"remember",
    b"it's",
    b"this",
    b"here",
];

/// "Jane's iPhone", "Jane, your results are in".
fn owned(text: &[u8], end: usize) -> Option<Right> {
    if part(text, end, end + 3) == b"'s " {
        let rest = part(text, end + 3, (end + 20).min(text.len()));
        return THINGS
            .iter()
            .any(|thing| rest.starts_with(thing))
            .then_some(Right::Owner);
    }
    let words = end + 2;
    let stop = run_end(text, words, |byte| {
        byte.is_ascii_lowercase() || byte == b'\''
    });
    let addressed = part(text, end, words) == b", " && ADDRESSED.contains(&part(text, words, stop));
    addressed.then_some(Right::Addressed)
}

/// Whether a place has "is a 42-year-old".
fn is_aged(text: &[u8], gap: usize) -> bool {
    if !matches!(part(text, gap, gap + 5), b"is a " | b"is an" | b"was a") {
        return false;
    }
    let rest = part(text, gap, text.len().min(gap + 48));
    [b"year-old".as_slice(), b"year old", b"yo ", b"y/o", b"y.o."]
        .iter()
        .any(|sign| rest.windows(sign.len()).any(|window| window == *sign))
}

/// Whether what stands after a word says that it is a person's name, whatever the word.
pub(super) fn says_aged(text: &[u8], end: usize) -> bool {
    let gap = run_end(text, end, |byte| matches!(byte, b',' | b' ' | b'('));
    (1..=2).contains(&(gap - end)) && is_aged(text, gap)
}

pub(super) fn right(text: &[u8], end: usize) -> Right {
    // `Jane Roe <jane@…>`, `Jane Roe (jane@…)`
    let mark = run_end(text, end, |byte| matches!(byte, b'"' | b' ' | b'\\'));
    if mark - end <= 3 && matches!(at(text, mark), b'<' | b'(') {
        let rest = part(text, mark + 1, text.len().min(mark + 64));
        let address = rest
            .iter()
            .position(|byte| matches!(byte, b'@' | b'>' | b')' | b' '));
        if address.is_some_and(|place| place > 0 && at(rest, place) == b'@') {
            return Right::Credential;
        }
        // `JANE ROE <3125550142>`: who calls.
        let digits = run_end(rest, usize::from(at(rest, 0) == b'+'), |byte| {
            byte.is_ascii_digit()
        });
        if at(text, mark) == b'<' && digits >= 10 && at(rest, digits) == b'>' {
            return Right::Credential;
        }
    }
    if let Some(said) = owned(text, end) {
        return said;
    }
    // "Jane Roe's records"
    if at(text, end) == b'\'' && at(text, end + 1) == b's' && at(text, end + 2) == b' ' {
        return Right::Deed;
    }
    let gap = run_end(text, end, |byte| matches!(byte, b',' | b' ' | b'('));
    if gap == end || gap - end > 2 {
        return Right::Nothing;
    }
    if is_aged(text, gap) {
        return Right::Aged;
    }
    let stop = run_end(text, gap, |byte| {
        byte.is_ascii_alphabetic() || matches!(byte, b'.' | b'-')
    });
    let word = part(text, gap, stop);
    let word = word.strip_suffix(b".").unwrap_or(word);
    if CREDENTIALS.has(word) {
        return Right::Credential;
    }
    let beside = BESIDE.has_of_any_case(word);
    let after = at(text, gap - 1) != b'('
        && AFTER.has(word)
        && !matches!(
            word,
            b"is" | b"was" | b"has" | b"will" | b"called" | b"requested" | b"checked"
        );
    if beside || after {
        Right::Deed
    } else {
        Right::Nothing
    }
}
