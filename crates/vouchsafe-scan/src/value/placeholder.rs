//! Values that stand for one that is not there.

/// Whether a text stands for a value that is not there, or was masked.
pub(crate) fn is_placeholder(text: &[u8]) -> bool {
    const WORDS: [&[u8]; 44] = [
        b"null",
        b"nil",
        b"none",
        b"undefined",
        b"true",
        b"false",
        b"unknown",
        b"n/a",
        b"na",
        b"nan",
        b"string",
        b"text",
        b"redacted",
        b"masked",
        b"hidden",
        b"filtered",
        b"omitted",
        b"removed",
        b"anonymous",
        b"missing",
        b"empty",
        b"required",
        b"invalid",
        b"optional",
        b"yes",
        b"no",
        b"error",
        b"ok",
        b"default",
        b"varchar",
        b"integer",
        b"int",
        b"number",
        b"object",
        b"boolean",
        b"bool",
        b"any",
        b"<nil>",
        b"deleted",
        b"unset",
        b"not set",
        b"tbd",
        b"xxx",
        b"sanitized",
    ];
    let empty = !text
        .iter()
        .any(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80);
    empty
        || WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
        || is_slot(text)
        || is_masked(text)
}

/// A place that a program fills: `<name>`, `{name}`, `$1`, `:name`; or one that was filled with what a value was.
fn is_slot(text: &[u8]) -> bool {
    let (Some(&first), Some(&last)) = (text.first(), text.last()) else {
        return false;
    };
    match first {
        b'[' => {
            last == b']'
                && text
                    .iter()
                    .all(|byte| byte.is_ascii_alphabetic() || b" []-_.:*".contains(byte))
        }
        b'<' => last == b'>' && !text.contains(&b' '),
        b'{' => last == b'}' && text.len() < 40 && !text.contains(&b':'),
        b'$' => text.len() < 40,
        b'%' => text.len() <= 3,
        b'#' => text.get(1) == Some(&b'{'),
        b':' => text
            .iter()
            .skip(1)
            .all(|byte| byte.is_ascii_lowercase() || *byte == b'_'),
        _ => false,
    }
}

/// What is left of a masked value: `***`, `xxxx-1234`.
fn is_masked(text: &[u8]) -> bool {
    let is_star = |byte: &u8| matches!(byte, b'*' | b'X' | b'x');
    let stars = text
        .iter()
        .filter(|byte| is_star(byte) || **byte == 0xe2)
        .count();
    stars * 2 > text.len()
        && text.len() > 3
        && text.iter().any(is_star)
        && text
            .iter()
            .all(|byte| !byte.is_ascii_alphabetic() || is_star(byte))
}
