//! Names of people in sentences.
//!
//! A name is a run of capitalised words. Alone it is none: dictionaries, or what stands before and after it, must say
//! that it is a person's.

mod beside;
mod judge;
mod stranger;
mod token;
mod words;

use crate::bytes::{at, before, part};
use crate::class::Confidence;
use crate::lexicon::{Said, said};
use crate::person::beside::{Left, Right, enclosed, left, right, says_aged};
use crate::person::judge::{judge, reach};
use crate::person::stranger::is_in_list;
pub(crate) use crate::person::stranger::{caret_end, half, is_issuer, joined, stranger};
use crate::person::token::{Token, form, is_particle, token, token_of, tokens};
use crate::person::words::{FIELD_WORDS, NOUNS, TITLES};

/// The name that begins with the capitalised word at a place: where it stands, and how sure that is.
pub(crate) fn scan(text: &[u8], start: usize, limit: usize) -> Option<(usize, usize, Confidence)> {
    let form = form(text, start)?;
    let word = part(text, start, form.end);
    if is_title(word) || NOUNS.has_of_any_case(word) {
        return None;
    }
    let left = left(text, start);
    // Most capitals of a log begin a sentence or a level: one word with nothing beside it needs no dictionary.
    if matches!(left, Left::Nothing | Left::Weak) && stands_alone(text, form.end) {
        return None;
    }
    let first = token_of(text, start, form);
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
    // Acme.Contracts.StockChanged: the name of a module.
    let module = tokens.first().is_some_and(|first| {
        !first.initial
            && at(text, first.end) == b'.'
            && at(text, first.end + 1).is_ascii_alphabetic()
    });
    if module {
        return None;
    }
    judge(text, tokens, left).map(|(end, confidence)| (start, end, confidence))
}

/// Whether no further word of a name follows the one that ends here, and nothing that says what people are.
fn stands_alone(text: &[u8], end: usize) -> bool {
    let next = at(text, end + 1);
    match at(text, end) {
        b',' => false,
        b'\'' => next != b's',
        b' ' | b'+' if next.is_ascii_uppercase() || next >= 0xc3 => false,
        b' ' | b'+' if next.is_ascii_lowercase() && is_particle(text, end + 1) => false,
        b' ' | b'(' => !says_aged(text, end),
        _ => true,
    }
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
    let apart = at(text, first.end + 1) == b' ' || quoted && left == Left::Noun;
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
            || (place > 0 && FIELD_WORDS.has_of_any_case(word))
            || is_key(text, token.end);
        if stops {
            break;
        }
        end = token.end;
    }
    end
}

/// Whether the word that ends here is the name of the next field.
pub(super) fn is_key(text: &[u8], end: usize) -> bool {
    matches!(at(text, end), b':' | b'=')
        || at(text, end) == b' ' && at(text, end + 1) == b'=' && at(text, end + 2) == b' '
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
    TITLES.has_of_any_case(word)
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
    let short = value
        .iter()
        .take_while(|byte| byte.is_ascii_lowercase())
        .count()
        < 3;
    let sound = plain
        && !short
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
