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
    }
}
