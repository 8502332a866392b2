//! Normalisation of text for searches.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The version of [`normalise`]'s rules: raised with every change, since blind indexes depend on them.
pub const NORMALISER: &str = "text-1";

/// The text for comparisons that ignore case, accents of Latin letters, and spacing.
///
/// Compatibility decomposition (Unicode NFKD), lower case with `ß` as `ss` and final sigma as sigma, combining marks
/// after Latin letters removed, composed again (NFC); runs of white space become one space, with none at either end.
/// Equal for equal input, and idempotent.
#[must_use]
pub fn normalise(text: &str) -> String {
    if text.is_ascii() {
        return collapse(text.chars().map(|c| c.to_ascii_lowercase()));
    }
    let lower = |c: char| c.to_lowercase();
    let folded = text
        .chars()
        .flat_map(lower)
        .nfkd()
        .flat_map(lower)
        .flat_map(fold);
    let mut latin = false;
    let stripped = folded.filter(|c| {
        if is_combining_mark(*c) {
            return !latin;
        }
        latin = is_latin(*c);
        true
    });
    collapse(stripped.nfc())
}

/// The words of a text, each normalised. Words end at white space, hyphens and dashes, apostrophes, full stops and commas.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    // Before normalising, which replaces a lone accent by a space and a mark; and after, which replaces an ellipsis by full
    // stops.
    let parted: String = text
        .chars()
        .map(|c| if is_break(c) { ' ' } else { c })
        .collect();
    normalise(&parted)
        .split(|c: char| c == ' ' || is_break(c))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Whether a character ends a word as white space does: hyphens and apostrophes in each form that keyboards and word
/// processors make.
const fn is_break(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{2010}'
            ..='\u{2015}'
                | '\u{2212}'
                | '\u{fe58}'
                | '\u{fe63}'
                | '\u{ff0d}'
                | '\''
                | '`'
                | '\u{b4}'
                | '\u{2b9}'
                | '\u{2bb}'
                | '\u{2bc}'
                | '\u{2018}'
                | '\u{2019}'
                | '\u{201b}'
                | '\u{2032}'
                | '\u{2035}'
                | '\u{ff07}'
                | '.'
                | ','
    )
}

/// The rest of full case folding after lower case (Unicode CaseFolding.txt, status F).
fn fold(c: char) -> impl Iterator<Item = char> {
    let (first, second) = match c {
        'ß' => ('s', Some('s')),
        'ς' => ('σ', None),
        _ => (c, None),
    };
    std::iter::once(first).chain(second)
}

const fn is_latin(c: char) -> bool {
    matches!(c, 'a'..='z' | '\u{df}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

fn collapse(text: impl Iterator<Item = char>) -> String {
    let mut out = String::new();
    let mut space = false;
    for c in text {
        if c.is_whitespace() {
            space = true;
            continue;
        }
        if space && !out.is_empty() {
            out.push(' ');
        }
        space = false;
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_accents_and_spacing_do_not_count() {
        for (text, same) in [
            ("  Müller \t SCHMIDT ", "muller schmidt"),
            ("Mu\u{308}ller", "muller"),
            ("STRASSE", "strasse"),
            ("Straße", "strasse"),
            ("ẞ", "ss"),
            ("Nuñez", "nunez"),
            ("İstanbul", "istanbul"),
            ("ﬁn", "fin"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευσ"),
            ("Οδυσσευς", "οδυσσευσ"),
            ("ＡＢ１", "ab1"),
            ("a\u{a0}b", "a b"),
        ] {
            assert_eq!(normalise(text), same, "{text}");
        }
    }

    #[test]
    fn words_end_at_white_space_hyphens_and_apostrophes() {
        for (text, expected) in [
            ("Smith-Jones", vec!["smith", "jones"]),
            ("Smith \u{2013} Jones", vec!["smith", "jones"]),
            ("van der  BÉRG", vec!["van", "der", "berg"]),
            ("O'Neil", vec!["o", "neil"]),
            ("O\u{2019}Neil", vec!["o", "neil"]),
            ("O\u{b4}Neil", vec!["o", "neil"]),
            ("O`Neil", vec!["o", "neil"]),
            ("St. John, Jr.", vec!["st", "john", "jr"]),
            ("++", vec!["++"]),
            ("王 小明", vec!["王", "小明"]),
            (" -\u{2019} \u{2026}", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn marks_that_make_another_letter_elsewhere_stay() {
        assert_ne!(normalise("й"), normalise("и"));
        assert_ne!(normalise("が"), normalise("か"));
        assert_eq!(normalise("한"), "한");
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing(text in "\\PC{0,40}") {
            let once = normalise(&text);
            prop_assert_eq!(normalise(&once), once);
        }

        #[test]
        fn the_words_of_words_are_the_same(text in "\\PC{0,40}") {
            let once = words(&text);
            prop_assert_eq!(words(&once.join(" ")), once);
        }
    }
}
