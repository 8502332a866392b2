//! Names of those who wrote a program, and of brands: none of them is somebody whose record is in the log.

use crate::bytes::{before, is_word, part};

/// A credit and the names after it stand within so many bytes.
const REACH: usize = 96;

/// What stands right before the names of those who hold rights in a program, or of brands.
const SIGNS: [&[u8]; 6] = [
    b"copyright",
    b"(c)",
    b"\xc2\xa9",
    b"&copy;",
    b"@author",
    b"brands",
];

/// Whether nothing but years and other names stands between a credit and the name at a place: "Copyright 2024 Jane Roe".
///
/// One word more ("copyright notice sent to Jane Roe"), the end of a sentence, or a mark between fields: the name is
/// somebody's.
pub(super) fn is_credited(text: &[u8], start: usize) -> bool {
    let floor = start.saturating_sub(REACH);
    let front = part(text, floor, start).to_ascii_lowercase();
    let sign = SIGNS
        .iter()
        .filter_map(|sign| Some((memchr::memmem::rfind(&front, sign)?, *sign)))
        .max();
    let Some((place, sign)) = sign else {
        return false;
    };
    let from = floor + place + sign.len();
    // "copyrights", "rebrands": another word.
    let bound = sign.last().is_some_and(u8::is_ascii_alphabetic);
    if bound
        && (is_word(before(text, floor + place))
            || text.get(from).is_some_and(|next| is_word(*next)))
    {
        return false;
    }
    let between = part(text, from, start);
    // 45 CFR 164.514(c), a list of (a), (b), (c): without a year it is no credit.
    let dated = between
        .trim_ascii_start()
        .split(|byte| matches!(byte, b' ' | b','))
        .next()
        .is_some_and(is_years);
    let copyright = front
        .get(..place)
        .is_some_and(|front| front.trim_ascii_end().ends_with(b"copyright"));
    if sign == b"(c)" && !dated && !copyright {
        return false;
    }
    // "brands: Jane Miller" may be a field of somebody.
    !(sign.starts_with(b"brand") && between.starts_with(b":")) && is_of_holders(between)
}

/// Whether a word is a year, or years with a dash between.
fn is_years(word: &[u8]) -> bool {
    let mut pieces = word.split(|byte| matches!(byte, b'-' | 0x80..));
    let mut some = false;
    pieces.all(|piece| {
        some |= !piece.is_empty();
        piece.is_empty()
            || piece.len() == 4
                && (piece.starts_with(b"19") || piece.starts_with(b"20"))
                && piece.iter().all(u8::is_ascii_digit)
    }) && some
}

/// Whether a text is years and names of holders, each of the names with a comma or "and" behind it.
fn is_of_holders(between: &[u8]) -> bool {
    let mut named = false;
    for word in between.split(|byte| *byte == b' ') {
        let (word, ends) = match word {
            [word @ .., b',' | b':'] => (word, true),
            [] => continue,
            word => (word, false),
        };
        let joins = matches!(word, b"by" | b"and" | b"&" | b"-" | b"\xe2\x80\x93");
        let years = is_years(word);
        let name = word.first().is_some_and(u8::is_ascii_uppercase)
            && word.iter().all(|byte| {
                byte.is_ascii_alphabetic() || *byte >= 0x80 || matches!(byte, b'-' | b'\'')
            });
        match (joins || years, name) {
            (true, _) => named = false,
            (false, true) => named = !ends,
            _ => return false,
        }
    }
    // "Copyright 2024 Acme Jane Roe": the words before are no name of another holder.
    !named
}

#[cfg(test)]
mod tests {
    use super::is_credited;

    fn credited(text: &str) -> bool {
        is_credited(text.as_bytes(), text.find("Jane").unwrap())
    }

    #[test]
    fn holders_of_rights_and_brands_are_credited() {
        for text in [
            "Copyright 2024 Jane Roe",
            "Copyright (c) 2001-2024 Jane Roe",
            "Copyright (C) Jane Roe",
            "(c) 2024 Jane Roe",
            "\u{a9} 2024 Jane Roe",
            "Copyright 2024 John Smith, Mary Jones and Jane Roe",
            "@author Jane Miller",
            "brands Calvin Klein, Jane Norman",
        ] {
            assert!(credited(text), "{text}");
        }
    }

    #[test]
    fn whoever_else_is_named_after_such_a_word_is_not() {
        for text in [
            "copyright notice sent to Jane Roe",
            "Copyright 2024 Acme Health. Patient Jane Roe was seen",
            "Copyright 2024 Acme Health | patient Jane Roe",
            "45 CFR 164.514(c) Jane Roe",
            "(a) John Smith (b) Mary Jones (c) Jane Roe",
            "all rights explained to Jane Roe",
            "the designer Jane Roe was admitted",
            "rebrands Jane Roe",
            "brands: Jane Roe",
            "contact (c) 4155552671 Jane Roe",
            "@authorized Jane Roe",
        ] {
            assert!(!credited(text), "{text}");
        }
    }
}
