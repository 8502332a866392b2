//! Names that no dictionary knows, in a text that tells of a person.

use crate::bytes::{at, before, is_word, part, run_end, word_start};
use crate::digits;
use crate::person::token::{Token, token, tokens};
use crate::person::words::{CREDENTIALS, FIELD_WORDS, NOUNS, OF_THINGS};
use crate::person::{is_key, is_title};

/// Where `Roe^Jane` ends, as DICOM and HL7 write a name within a text. `beside` says that the text tells of a person.
pub(crate) fn joined(text: &[u8], start: usize, end: usize, beside: bool) -> Option<usize> {
    let first = token(text, start).filter(|first| first.end == end)?;
    let second = token(text, end + 1)?;
    let could_be = |token: &Token| {
        (token.unknown()
            || token.said.name_only()
            || token.said.common_surname
            || token.said.clearly_given)
            && !token.said.term
            && token.end - token.start >= 3
    };
    let known = first.said.name_only() || second.said.clearly_given || beside;
    (could_be(&first) && could_be(&second) && known && first.capitals == second.capitals)
        .then_some(second.end)
}

/// Whether a word stands for who gave an identifier out, the fourth component of it: `4711^^^LSMC^HAR`, `4711^5^M10^LSMC`.
///
/// Two marks alone are an empty component between others, and a name may follow them: `4711^^Roe^Jane`.
pub(crate) fn is_issuer(text: &[u8], start: usize) -> bool {
    if before(text, start) != b'^' {
        return false;
    }
    let floor = start.saturating_sub(48);
    let mut parts = part(text, floor, start - 1)
        .rsplit(|byte| matches!(byte, b'|' | b'~' | b' ' | b'"' | b'=' | b',' | b'>' | b'\r'))
        .next()
        .unwrap_or_default()
        .split(|byte| *byte == b'^');
    let (id, check, scheme) = (parts.next(), parts.next(), parts.next());
    let is_id = id.is_some_and(|id| id.iter().any(u8::is_ascii_digit));
    let is_check =
        check.is_some_and(|check| check.len() <= 2 && check.iter().all(u8::is_ascii_digit));
    digits::read_in(scheme.unwrap_or_default());
    let checked = check.is_some_and(|check| !check.is_empty());
    let is_scheme = match scheme {
        Some(b"") => true,
        Some(b"M10" | b"M11" | b"ISO" | b"NPI") => checked,
        _ => false,
    };
    is_id && is_check && is_scheme && parts.next().is_none()
}

/// Where a name ends that goes on after a mark of HL7: `Roe^Jane`; the same place where it does not.
pub(crate) fn caret_end(text: &[u8], end: usize) -> usize {
    let mut place = end;
    for _ in 0..2 {
        let stop = run_end(text, place + 1, |byte| {
            byte.is_ascii_alphabetic() || byte >= 0x80 || matches!(byte, b'-' | b'\'')
        });
        let word = part(text, place + 1, stop);
        if at(text, place) != b'^' || word.len() < 2 || is_word(at(text, stop)) {
            break;
        }
        place = stop;
    }
    place
}

/// Where strangers end that are named in a text that tells of a person: two words or more that no dictionary of words
/// knows, one in a cell of its own, or one in a note on a patient.
pub(crate) fn stranger(text: &[u8], start: usize, limit: usize, clinical: bool) -> Option<usize> {
    let (tokens, count) = tokens(text, start, limit);
    let tokens = tokens.get(..count).unwrap_or_default();
    let first = tokens
        .first()
        .filter(|first| could_be(text, first) || first.initial)?;
    let rest = tokens.get(1..).unwrap_or_default();
    let reach = rest
        .iter()
        .take_while(|token| {
            token.initial || could_be(text, token) && token.capitals == first.capitals
        })
        .count();
    let kept = tokens.get(..=reach)?;
    let last = kept.last()?;
    let code =
        first.capitals && text.contains(&b'|') && !kept.iter().any(|token| token.said.name_only());
    // Capitals between bars are codes and names of drugs as well.
    if code || ends_otherwise(text, last.end) || is_of_things(text, kept) {
        return None;
    }
    let names = kept.iter().filter(|token| could_be(text, token)).count();
    let initialled = names == 1 && first.initial && reach == 1 && before(text, first.end) == b'.';
    if names >= 2 || initialled {
        return Some(last.end);
    }
    if first.capitals || first.initial || reach > 0 {
        return None;
    }
    alone(text, first, limit, clinical)
}

/// Where the name ends that begins with one word: "Roe, Jane", a cell of its own, a word in a note on a patient.
fn alone(text: &[u8], first: &Token, limit: usize, clinical: bool) -> Option<usize> {
    let (start, end) = (first.start, first.end);
    let gap = end + 1 + usize::from(at(text, end + 1) == b' ');
    let second = token(text, gap).filter(|_| at(text, end) == b',');
    if is_in_list(text, start, second.map_or(end, |second| second.end)) {
        return None;
    }
    if let Some(second) = second
        && could_be(text, &second)
        && !second.capitals
        && second.end <= limit
        && !is_key(text, second.end)
    {
        return Some(further(text, second.end, limit).unwrap_or(second.end));
    }
    let cell = matches!(
        (before(text, start), at(text, end)),
        (b',', b',') | (b'|', b'|') | (b';', b';') | (b'\t', b'\t')
    ) || part(text, start.saturating_sub(3), start) == b" / "
        && part(text, end, end + 3) == b" / ";
    (cell || clinical && (is_within(text, start) || is_subject(text, start, end))).then_some(end)
}

/// Whether a word stands within a sentence: the first one has a capital whatever it is.
fn is_within(text: &[u8], start: usize) -> bool {
    before(text, start) == b' '
        && matches!(before(text, start - 1), b'a'..=b'z' | b',' | b'0'..=b'9' | b'-' | b'/')
}

/// "Demelza shared", "Jeffrey came": whether the first word of a sentence is who did something.
fn is_subject(text: &[u8], start: usize, end: usize) -> bool {
    let sentence = matches!(
        part(text, start.saturating_sub(2), start),
        b". " | b"; " | b": " | b"- " | b"? "
    );
    (start == 0 || sentence || before(text, start) == b'"')
        && at(text, end) == b' '
        && at(text, end + 1).is_ascii_lowercase()
        && end - start >= 4
}

/// Whether capitalised words parted by commas go on before or after two of them: a list of things.
pub(super) fn is_in_list(text: &[u8], start: usize, end: usize) -> bool {
    let goes_on = part(text, end, end + 2) == b", "
        && token(text, end + 2).is_some_and(|next| {
            let word = part(text, next.start, next.end);
            // "Roe, Jane, Smith": one more comma says that it is a list.
            let more = at(text, next.end) == b',' || part(text, next.end, next.end + 5) == b" and ";
            !next.capitals && !is_of_people(word) && more
        });
    let front = start.saturating_sub(2);
    let word = word_start(text, front, 24);
    let began = part(text, front, start) == b", "
        && at(text, word).is_ascii_uppercase()
        && word + 3 < start
        && matches!(part(text, word.saturating_sub(2), word), b", " | b": ");
    goes_on || began
}

/// Where a further given name or an initial ends that follows a name.
fn further(text: &[u8], end: usize, limit: usize) -> Option<usize> {
    let next = (at(text, end) == b' ').then(|| token(text, end + 1))??;
    let sound = next.initial || could_be(text, &next) && !next.capitals;
    (sound && next.end <= limit && !is_key(text, next.end)).then_some(next.end)
}

/// Whether what follows says that words are the name of a field, a function, a path.
fn ends_otherwise(text: &[u8], end: usize) -> bool {
    is_key(text, end) || matches!(at(text, end), b'(' | b'/' | b'_')
}

/// Whether words, or the one after them, are those of organisations, places and things.
fn is_of_things(text: &[u8], kept: &[Token]) -> bool {
    let of_thing = |token: &Token| OF_THINGS.has(part(text, token.start, token.end));
    let end = kept.last().map_or(0, |last| last.end);
    let next = (at(text, end) == b' ')
        .then(|| token(text, end + 1))
        .flatten();
    next.as_ref().is_some_and(of_thing) || kept.iter().any(of_thing)
}

/// Whether a word is in no dictionary of words, and long enough to be a name.
fn could_be(text: &[u8], token: &Token) -> bool {
    let long = token.end - token.start >= if token.capitals { 4 } else { 3 };
    long && (token.unknown() || token.said.name_only())
        && !token.said.term
        && !token.initial
        && !is_of_people(part(text, token.start, token.end))
}

/// Whether a word says what somebody is: Dtr, MD, Mrs.
fn is_of_people(word: &[u8]) -> bool {
    is_title(word)
        || CREDENTIALS.has(word)
        || NOUNS.has_of_any_case(word)
        || FIELD_WORDS.has_of_any_case(word)
}

/// Where one word ends that can be the other half of a name; `capitals` says how that is written.
pub(crate) fn half(text: &[u8], start: usize, limit: usize, capitals: bool) -> Option<usize> {
    let token = token(text, start).filter(|token| token.end <= limit)?;
    let sound = could_be(text, &token)
        && token.capitals == capitals
        && !ends_otherwise(text, token.end)
        && at(text, token.end) != b'^';
    sound.then_some(token.end)
}
