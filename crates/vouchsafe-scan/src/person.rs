//! Names of people in sentences.
//!
//! A name is a run of capitalised words. Alone it is none: dictionaries, or what stands before and after it, must say
//! that it is a person's.

mod beside;
mod judge;
mod token;
mod words;

use crate::bytes::{at, before, part};
use crate::class::Confidence;
use crate::lexicon::{Said, said};
use crate::person::beside::{Left, Right, enclosed, left, right};
use crate::person::judge::{judge, reach};
use crate::person::token::{Token, token, tokens};
use crate::person::words::{CREDENTIALS, FIELD_WORDS, NOUNS, OF_THINGS, TITLES};

/// The name that begins with the capitalised word at a place: where it stands, and how sure that is.
pub(crate) fn scan(text: &[u8], start: usize, limit: usize) -> Option<(usize, usize, Confidence)> {
    let first = token(text, start)?;
    let word = part(text, first.start, first.end);
    if is_title(word) || NOUNS.iter().any(|noun| noun.eq_ignore_ascii_case(word)) {
        return None;
    }
    let left = left(text, start);
    if left == Left::Nothing
        && !first.said.given
        && !first.said.surname
        && !first.unknown()
        && !first.initial
    {
        return None;
    }
    if let Some(found) = surname_first(text, first, left, limit) {
        return Some(found);
    }
    let (tokens, count) = tokens(text, start, limit);
    let tokens = tokens.get(..count).unwrap_or_default();
    judge(text, tokens, left).map(|(end, confidence)| (start, end, confidence))
}

/// "Garcia, Maria L." and "GARCIA, MARIA".
fn surname_first(
    text: &[u8],
    first: Token,
    left: Left,
    limit: usize,
) -> Option<(usize, usize, Confidence)> {
    if at(text, first.end) != b',' {
        return None;
    }
    let gap = first.end + 1 + usize::from(at(text, first.end + 1) == b' ');
    let second = token(text, gap).filter(|second| second.end <= limit)?;
    if second.capitals != first.capitals && !second.initial && first.end - first.start > 2 {
        return None;
    }
    if is_in_list(text, first.start, second.end) {
        return None;
    }
    // "Pink, Hazel": a word is a surname where something says so.
    let plain = first.said.word && !first.said.common_surname && !first.capitals;
    if plain && left == Left::Nothing && !enclosed(text, first.start, second.end) {
        return None;
    }
    let surname = (first.said.surname || first.unknown()) && !first.said.term;
    let sure = first.said.name_only()
        || first.said.common_surname
        || matches!(left, Left::Noun | Left::Title);
    let stranger = |token: Token| {
        (token.unknown() || token.said.name_only())
            && (!token.capitals || matches!(left, Left::Noun | Left::Title))
            && token.end - token.start >= if token.capitals { 4 } else { 3 }
    };
    let third = (at(text, second.end) == b' ')
        .then(|| token(text, second.end + 1))
        .flatten();
    let quoted = enclosed(text, first.start, second.end);
    let said_so = left != Left::Nothing
        || quoted
        || third.is_some_and(|third| third.initial)
        || right(text, second.end) == Right::Credential;
    let apart = at(text, first.end + 1) == b' ';
    let strangers = stranger(first) && stranger(second) && said_so && apart;
    let known = surname && sure && second.said.clearly_given && !second.initial;
    if !(known || strangers) {
        return None;
    }
    let mut end = second.end;
    if let Some(third) = (at(text, end) == b' ')
        .then(|| token(text, end + 1))
        .flatten()
    {
        let goes_on = third.initial || third.said.clearly_given;
        if goes_on && third.end <= limit {
            end = third.end;
        }
    }
    Some((first.start, end, Confidence::Medium))
}

/// Where the capitalised words that could be a name end; the start when there is none.
pub(crate) fn sequence_end(text: &[u8], start: usize, limit: usize) -> usize {
    let (tokens, count) = tokens(text, start, limit);
    let tokens = tokens.get(..count).unwrap_or_default();
    let Some(first) = tokens.first() else {
        return start;
    };
    // "Roe, Jane" after a field that says that it is a name.
    if tokens.len() <= 2 && at(text, tokens.last().map_or(start, |last| last.end)) == b',' {
        let end = tokens.last().map_or(start, |last| last.end);
        let gap = end + 1 + usize::from(at(text, end + 1) == b' ');
        let (more, count) = self::tokens(text, gap, limit);
        let more = more.get(..count.min(2)).unwrap_or_default();
        if more.first().is_some_and(|next| {
            next.said.given
                || (next.unknown() && !first.said.given && before(text, end).is_ascii_alphabetic())
        }) && !is_key(text, more.last().map_or(gap, |last| last.end))
        {
            return more.last().map_or(end, |last| last.end);
        }
    }
    let mut end = start;
    for (place, token) in tokens.iter().enumerate() {
        let word = part(text, token.start, token.end);
        let title = is_title(word);
        let stops = token.said.term && !token.said.given
            || (place > 0 && token.said.word && !token.said.given && !token.said.surname)
            || (place > 1 && token.said.word && !token.said.common_surname && !token.said.given)
            || (place == 0
                && token.said.word
                && !token.said.given
                && !token.said.surname
                && !title)
            || (place > 0
                && FIELD_WORDS
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(word)))
            || is_key(text, token.end);
        if stops {
            break;
        }
        end = token.end;
    }
    end
}

/// Whether the word that ends here is the name of the next field.
fn is_key(text: &[u8], end: usize) -> bool {
    matches!(at(text, end), b':' | b'=')
}

/// Where capitalised words end, whatever they are.
pub(crate) fn capitalised_end(text: &[u8], start: usize, limit: usize) -> usize {
    let (tokens, count) = tokens(text, start, limit);
    let tokens = tokens.get(..count).unwrap_or_default();
    let mut end = start;
    for token in tokens {
        if is_key(text, token.end) || token.said.term {
            break;
        }
        end = token.end;
    }
    end
}

/// Where `Roe^Jane` ends, as DICOM and HL7 write a name within a text.
/// `beside` says that the text tells of a person.
pub(crate) fn joined(text: &[u8], start: usize, end: usize, beside: bool) -> Option<usize> {
    let first = token(text, start).filter(|first| first.end == end)?;
    let second = token(text, end + 1)?;
    let could_be = |token: &Token| {
        (token.unknown() || token.said.name_only() || token.said.common_surname)
            && !token.said.term
            && token.end - token.start >= 3
    };
    let known = first.said.name_only() || second.said.clearly_given || beside;
    (could_be(&first) && could_be(&second) && known && first.capitals == second.capitals)
        .then_some(second.end)
}

/// Where strangers end that are named in a line that tells of a person: two words or more that no dictionary of words
/// knows, one in a cell of its own, or one in a note on a patient.
pub(crate) fn stranger(text: &[u8], start: usize, limit: usize, clinical: bool) -> Option<usize> {
    let (tokens, count) = tokens(text, start, limit);
    let tokens = tokens.get(..count).unwrap_or_default();
    let first = tokens
        .first()
        .filter(|first| could_be_stranger(text, first) || first.initial)?;
    let rest = tokens.get(1..).unwrap_or_default();
    let reach = rest
        .iter()
        .take_while(|token| {
            token.initial || could_be_stranger(text, token) && token.capitals == first.capitals
        })
        .count();
    let last = rest.get(..reach).and_then(<[Token]>::last).unwrap_or(first);
    if is_key(text, last.end) || matches!(at(text, last.end), b'(' | b'/' | b'_') {
        return None;
    }
    let kept = tokens.get(..=reach)?;
    let names = kept
        .iter()
        .filter(|token| could_be_stranger(text, token))
        .count();
    let next = (at(text, last.end) == b' ')
        .then(|| token(text, last.end + 1))
        .flatten();
    let of_thing = |token: &Token| OF_THINGS.contains(&part(text, token.start, token.end));
    if next.as_ref().is_some_and(of_thing) || kept.iter().any(of_thing) {
        return None;
    }
    // Capitals between bars are codes and names of drugs as well.
    let known = kept.iter().any(|token| token.said.name_only());
    if first.capitals && !known && text.contains(&b'|') {
        return None;
    }
    let initialled = names == 1 && first.initial && reach == 1 && before(text, first.end) == b'.';
    if names >= 2 || initialled {
        return Some(last.end);
    }
    if first.capitals || first.initial || reach > 0 {
        return None;
    }
    // "Roe, Jane"
    let gap = first.end + 1 + usize::from(at(text, first.end + 1) == b' ');
    if is_in_list(
        text,
        start,
        token(text, gap).map_or(first.end, |second| second.end),
    ) {
        return None;
    }
    if at(text, first.end) == b','
        && let Some(second) = token(text, gap)
        && could_be_stranger(text, &second)
        && !second.capitals
        && second.end <= limit
        && !is_key(text, second.end)
    {
        let more = stranger_after(text, second.end, limit);
        return Some(more.unwrap_or(second.end));
    }
    let cell = matches!(
        (before(text, start), at(text, first.end)),
        (b',', b',') | (b'|', b'|') | (b';', b';') | (b'\t', b'\t')
    ) || part(text, start.saturating_sub(3), start) == b" / "
        && part(text, first.end, first.end + 3) == b" / ";
    // The first word of a sentence has a capital whatever it is.
    let within = before(text, start) == b' '
        && matches!(before(text, start - 1), b'a'..=b'z' | b',' | b'0'..=b'9' | b'-' | b'/');
    // "Demelza shared", "Jeffrey came": the first word of a sentence about somebody.
    let sentence = matches!(
        part(text, start.saturating_sub(2), start),
        b". " | b"; " | b": " | b"- " | b"? "
    );
    let begins = clinical
        && (start == 0 || sentence || before(text, start) == b'"')
        && at(text, first.end) == b' '
        && at(text, first.end + 1).is_ascii_lowercase()
        && first.end - first.start >= 4;
    (cell || begins || clinical && within).then_some(first.end)
}

/// Whether capitalised words parted by commas go on before or after two of them: a list of things.
fn is_in_list(text: &[u8], start: usize, end: usize) -> bool {
    let after = part(text, end, end + 2) == b", "
        && token(text, end + 2).is_some_and(|next| {
            let word = part(text, next.start, next.end);
            !next.capitals
                && !is_of_people(word)
                && matches!(at(text, next.end), b',' | b'.' | b' ')
                && {
                    // "Roe, Jane, Smith, Ann": people, too, can stand in a list; one more comma says that it is one.
                    at(text, next.end) == b',' || part(text, next.end, next.end + 5) == b" and "
                }
        });
    let front = part(text, start.saturating_sub(2), start) == b", ";
    let before_start = crate::bytes::word_start(text, start.saturating_sub(2), 24);
    let word_in_front =
        front && at(text, before_start).is_ascii_uppercase() && before_start + 3 < start;
    after
        || word_in_front
            && matches!(
                part(text, before_start.saturating_sub(2), before_start),
                b", " | b": "
            )
}

/// Where a further given name or an initial ends that follows a name.
fn stranger_after(text: &[u8], end: usize, limit: usize) -> Option<usize> {
    let next = (at(text, end) == b' ').then(|| token(text, end + 1))??;
    let sound = next.initial || could_be_stranger(text, &next) && !next.capitals;
    (sound && next.end <= limit && !is_key(text, next.end)).then_some(next.end)
}

/// Whether a word is in no dictionary of words, and long enough to be a name.
fn could_be_stranger(text: &[u8], token: &Token) -> bool {
    let long = token.end - token.start >= if token.capitals { 4 } else { 3 };
    long && (token.unknown() || token.said.name_only())
        && !token.said.term
        && !token.initial
        && !is_of_people(part(text, token.start, token.end))
}

/// Whether a word says what somebody is: Dtr, MD, Mrs.
fn is_of_people(word: &[u8]) -> bool {
    is_title(word)
        || CREDENTIALS.contains(&word)
        || NOUNS.iter().any(|noun| noun.eq_ignore_ascii_case(word))
        || FIELD_WORDS
            .iter()
            .any(|field| field.eq_ignore_ascii_case(word))
}

/// Where one word ends that can be the other half of a name; `capitals` says how that is written.
pub(crate) fn half(text: &[u8], start: usize, limit: usize, capitals: bool) -> Option<usize> {
    let token = token(text, start).filter(|token| token.end <= limit)?;
    let sound = could_be_stranger(text, &token)
        && token.capitals == capitals
        && !matches!(at(text, token.end), b'=' | b':' | b'(' | b'/' | b'^');
    sound.then_some(token.end)
}

/// Fits a value to a field that holds names of people, or of other things.
pub(crate) fn shape(
    text: &[u8],
    start: usize,
    end: usize,
    bounded: bool,
) -> Option<(usize, usize, Confidence)> {
    let (tokens, count) = tokens(text, start, end);
    let tokens = tokens.get(..count).unwrap_or_default();
    let Some(first) = tokens.first() else {
        return login(text, start, end);
    };
    let last = tokens.last()?;
    let mut stop = last.end;
    // All of a bounded value is looked at; "Roe, Jane" goes on after its comma.
    let mut all: Vec<Token> = tokens.to_vec();
    if at(text, stop) == b',' {
        let gap = stop + 1 + usize::from(matches!(at(text, stop + 1), b' ' | b'+'));
        let (more, count) = self::tokens(text, gap, end);
        let more = more.get(..count).unwrap_or_default();
        if let Some(next) = more.last() {
            stop = next.end;
            all.extend_from_slice(more);
        }
    }
    let rest = part(text, stop, end);
    let credential = rest.len() <= 8 && right(text, stop) == Right::Credential;
    if bounded
        && !rest.is_empty()
        && !credential
        && !rest.iter().all(|byte| matches!(byte, b'.' | b' '))
    {
        return None;
    }
    let reach = if bounded {
        all.len()
    } else {
        reach(text, &all)
    };
    let kept = all.get(..reach).unwrap_or_default();
    let titled = is_title(part(text, first.start, first.end));
    let confidence = whole(kept, titled, bounded)?;
    let stop = if bounded { stop } else { kept.last()?.end };
    Some((start, stop, confidence))
}

/// How sure it is that words that are the whole of a value are a name.
fn whole(tokens: &[Token], titled: bool, bounded: bool) -> Option<Confidence> {
    let count = |is: &dyn Fn(&Token) -> bool| tokens.iter().filter(|token| is(token)).count();
    let names = count(&|token| token.said.name_only());
    let strangers = count(&|token| token.unknown() && !token.capitals);
    let initials = count(&|token| token.initial);
    let dull = tokens.iter().skip(usize::from(titled)).any(|token| {
        token.said.term || (token.said.word && !token.said.given && !token.said.surname)
    });
    let could_be = |token: &Token| token.could_be_surname() || token.said.given || token.initial;
    let sound = names > 0
        || (strangers >= 2 && bounded)
        || (titled && tokens.len() > 1)
        || (tokens.len() >= 2 && tokens.iter().all(could_be) && initials < tokens.len());
    let confidence = if names > 0 {
        Confidence::High
    } else {
        Confidence::Medium
    };
    (!dull && sound).then_some(confidence)
}

fn is_title(word: &[u8]) -> bool {
    TITLES.iter().any(|title| title.eq_ignore_ascii_case(word))
}

/// Whether a text is one capitalised word that no dictionary of words knows.
pub(crate) fn is_one(word: &[u8]) -> bool {
    token(word, 0).is_some_and(|token| {
        token.end == word.len() && token.unknown() && !token.capitals && word.len() >= 3
    })
}

/// Whether a single word can be a given name or a surname: by a dictionary, or by its capital and no dictionary of
/// words.
pub(crate) fn could_be_one(word: &[u8]) -> bool {
    let known = said(word);
    let capital = word
        .first()
        .is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 0x80);
    known.name_only()
        || (capital
            && !known.term
            && (known.given || known.surname || known.common_surname || !known.word))
}

/// `jane.roe` and "jane roe": two names in lower case.
fn login(text: &[u8], start: usize, end: usize) -> Option<(usize, usize, Confidence)> {
    let value = part(text, start, end);
    let plain = value
        .iter()
        .all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'.' | b' ' | b'_' | b'-'));
    let words: Vec<Said> = value
        .split(|byte| !byte.is_ascii_lowercase())
        .map(said)
        .collect();
    let [first, .., last] = words.as_slice() else {
        return None;
    };
    let sound = plain
        && words.len() <= 3
        && first.clearly_given
        && (last.name_only() || last.common_surname);
    sound.then_some((start, end, Confidence::Medium))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::{is_word, run_end};

    /// The names in a text.
    fn names(text: &str) -> Vec<&str> {
        let bytes = text.as_bytes();
        let mut found = Vec::new();
        let mut place = 0;
        while place < bytes.len() {
            let first = bytes[place];
            if (first.is_ascii_uppercase() || first >= 0xc3) && !is_word(before(bytes, place)) {
                let end = match scan(bytes, place, bytes.len()) {
                    Some((start, end, confidence)) if confidence > Confidence::Low => {
                        found.push(text.get(start..end).unwrap_or_default());
                        end
                    }
                    _ => run_end(bytes, place, is_word),
                };
                place = end.max(place + 1);
            } else {
                place += 1;
            }
        }
        found
    }

    #[test]
    fn names_are_found_by_dictionary_or_by_what_stands_beside_them() {
        for (text, name) in [
            (
                "Seen today: Jennifer Alvarez for follow-up",
                "Jennifer Alvarez",
            ),
            (
                "patient Oluwaseun Adebayo-Ogunleye arrived",
                "Oluwaseun Adebayo-Ogunleye",
            ),
            ("Dr. Kowalczyk ordered labs", "Kowalczyk"),
            ("spoke with Mrs. Young", "Young"),
            ("ALVAREZ, JENNIFER M", "ALVAREZ, JENNIFER M"),
            ("Alvarez, Jennifer", "Alvarez, Jennifer"),
            ("Jennifer L. McDonald called", "Jennifer L. McDonald"),
            ("seen by Tevita Fifita", "Tevita Fifita"),
            ("Maria de la Cruz presented", "Maria de la Cruz"),
            ("Xochiquetzal Tlapanco, MD", "Xochiquetzal Tlapanco"),
        ] {
            assert_eq!(names(text), [name], "{text}");
        }
    }

    #[test]
    fn words_of_the_trade_are_no_names() {
        for text in [
            "Patient Portal started",
            "Connection to Jenkins Master lost",
            "User Service started",
            "Grant Access to Spring Boot",
            "Java Heap Space",
            "Patient Record Not Found",
            "Internal Server Error",
            "Amazon Linux on Apache Tomcat",
            "GET /index HTTP",
            "by Kubernetes Scheduler",
            "May Contain Errors, Check Logs",
        ] {
            assert_eq!(names(text), Vec::<&str>::new(), "{text}");
        }
    }
}
