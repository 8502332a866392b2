//! The words that phrases end with: a quick look before the thorough one.

use crate::bytes::{ALNUM, DIGIT, Kind, PARTS, UPPER, at, before, is_alnum, kind, part};
use crate::vocabulary::words::is_filler;
use crate::vocabulary::{VOCABULARY, in_lower_case, numbered};

/// Words between what is said and the value: "MRN of this patient is".
pub(super) const GAPS: &[&[u8]] = &[
    b"is",
    b"was",
    b"are",
    b"of",
    b"to",
    b"at",
    b"on",
    b"for",
    b"the",
    b"a",
    b"no",
    b"number",
    b"num",
    b"nr",
    b"nbr",
    b"id",
    b"value",
    b"with",
    b"equals",
    b"as",
    b"from",
    b"has",
    b"had",
    b"new",
    b"old",
    b"be",
    b"been",
    b"by",
    b"in",
    b"code",
    b"my",
    b"your",
    b"his",
    b"her",
    b"their",
    b"via",
    b"patient",
    b"using",
    b"line",
    b"against",
    b"not",
    b"found",
    b"invalid",
    b"duplicate",
    b"failed",
    b"check",
    b"lookup",
    b"mismatch",
    b"verification",
    b"exists",
    b"already",
    b"search",
    b"ending",
    b"ends",
    b"file",
    b"independently",
    b"changed",
    b"updated",
    b"merge",
    b"merged",
    b"alone",
];

pub(super) fn is_gap(word: &[u8]) -> bool {
    VOCABULARY.is_gap_of_any_case(word, VOCABULARY.sketch(word))
}

/// Whether the words before a place can end with a phrase, maybe with little words after it: a quick look before the
/// thorough one.
pub(crate) fn may_end(text: &[u8], place: usize) -> bool {
    let vocabulary = &*VOCABULARY;
    let mut front = part(text, 0, place);
    for _ in 0..4 {
        let mut idle = 0;
        while let Some((&last, rest)) = front.split_last() {
            let kind = kind(last);
            if kind & ALNUM != 0 {
                break;
            }
            if idle == 6 || kind & PARTS != 0 {
                return false;
            }
            idle += 1;
            front = rest;
        }
        let end = front.len();
        let (start, kinds) = last_word(front);
        let Some(word) = front.get(start..).filter(|word| !word.is_empty()) else {
            return false;
        };
        if kinds & DIGIT != 0 {
            numbered::read_last(front, word);
        }
        let bits = vocabulary.sketch(word);
        if vocabulary.may_end_phrase(word, bits) {
            // The last letters of an id say nothing: 0HMC6AWB43MR.
            return !(is_alnum(before(text, start)) && ends_id(text, end));
        }
        if !vocabulary.is_gap_of_any_case(word, bits) {
            return false;
        }
        front = part(front, 0, start);
    }
    false
}

/// Whether letters and digits that end before a place are an id.
fn ends_id(text: &[u8], end: usize) -> bool {
    let front = part(text, end.saturating_sub(24), end);
    let run = front.iter().rev().take_while(|byte| is_alnum(**byte));
    run.clone().count() >= 8 && run.filter(|byte| byte.is_ascii_digit()).count() >= 1
}

/// Whether the name of a field can mean something: a quick look before the thorough one.
pub(crate) fn may_mean(name: &[u8]) -> bool {
    let mut end = name.len();
    while end > 0 && !is_alnum(before(name, end)) {
        end -= 1;
    }
    let front = part(name, 0, end);
    let (start, kinds) = last_word(front);
    let last = part(front, start, end);
    if kinds & DIGIT != 0 {
        numbered::read_last(front, last);
        numbered::read_number(last);
    }
    crate::roots::begins(name)
        || last.len() > LONGEST_WITHOUT_JOINTS
        || VOCABULARY.may_end_phrase(last, VOCABULARY.sketch(last))
        || in_lower_case(last, is_filler)
}

/// No word of fewer bytes ends with a phrase of several words that is written as one.
const LONGEST_WITHOUT_JOINTS: usize = 7;

/// Where the last of the words begins that are written as one at the end of a text: "Name" of "lastName"; and the kinds
/// of their bytes together.
pub(super) fn last_word(text: &[u8]) -> (usize, Kind) {
    let end = text.len();
    let front = part(text, end.saturating_sub(24), end);
    let mut kinds = 0;
    let mut rest = front;
    while let Some((&last, before)) = rest.split_last() {
        let kind = kind(last) & ALNUM;
        if kind == 0 {
            break;
        }
        kinds |= kind;
        rest = before;
    }
    let start = end - (front.len() - rest.len());
    if kinds & UPPER == 0 {
        return (start, kinds);
    }
    // The last place at which the case turns.
    let turn = (start + 1..end).rev().find(|&place| {
        let previous = before(text, place);
        at(text, place).is_ascii_uppercase()
            && (!previous.is_ascii_uppercase()
                || (place + 1 < end && at(text, place + 1).is_ascii_lowercase()))
    });
    (turn.unwrap_or(start), kinds)
}

/// Whether words before this byte say nothing of what stands after it.
pub(crate) fn ends_context(byte: u8) -> bool {
    kind(byte) & PARTS != 0
}
