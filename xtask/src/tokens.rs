//! Rust source as words and signs, without comments, literals and code that only tests compile.

/// A word (identifier, keyword, number) or one sign.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Token {
    /// An identifier, keyword or number.
    Word(String),
    /// One character of punctuation.
    Sign(char),
}

impl Token {
    /// The word, if it is one.
    pub(crate) fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            Self::Sign(_) => None,
        }
    }

    /// Whether it is this sign.
    pub(crate) fn is(&self, sign: char) -> bool {
        *self == Self::Sign(sign)
    }
}

/// The tokens of `source` outside items marked `#[cfg(test)]`.
pub(crate) fn product_tokens(source: &str) -> Vec<Token> {
    without_test_items(&tokens(source))
}

fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(next) = rest.chars().next() {
        let length = skipped(rest);
        if length > 0 {
            rest = rest.get(length..).unwrap_or_default();
        } else if is_word(next) {
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            tokens.push(Token::Word(word.to_owned()));
            rest = after;
        } else {
            if !next.is_whitespace() {
                tokens.push(Token::Sign(next));
            }
            rest = rest.get(next.len_utf8()..).unwrap_or_default();
        }
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of the comment or literal that `text` begins with, 0 if it begins with neither.
fn skipped(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return block_comment(text);
    }
    for prefix in ["r", "br", "cr"] {
        if let Some(length) = text.strip_prefix(prefix).and_then(raw_string) {
            return prefix.len() + length;
        }
    }
    for prefix in ["\"", "b\"", "c\""] {
        if text.starts_with(prefix) {
            return prefix.len() + until_quote(text.get(prefix.len()..).unwrap_or_default());
        }
    }
    character(text)
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut position = 0;
    while let Some(rest) = text.get(position..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            depth += 1;
            position += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            position += 2;
            if depth == 0 {
                return position;
            }
        } else {
            position += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The length of `#"..."#` with any number of number signs, after the `r`.
fn raw_string(text: &str) -> Option<usize> {
    let hashes = text.len() - text.trim_start_matches('#').len();
    let inside = text.get(hashes..)?.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = inside.find(&end).map_or(inside.len(), |at| at + end.len());
    Some(hashes + 1 + length)
}

fn until_quote(inside: &str) -> usize {
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    inside.len()
}

/// The length of a character literal; a lifetime is none.
fn character(text: &str) -> usize {
    let Some(inside) = text.strip_prefix('\'') else {
        return 0;
    };
    let mut chars = inside.char_indices();
    match chars.next() {
        Some((_, '\\')) => inside
            .get(2..)
            .and_then(|rest| rest.find('\''))
            .map_or(0, |at| at + 4),
        Some(_) => match chars.next() {
            Some((at, '\'')) => at + 2,
            _ => 0,
        },
        None => 0,
    }
}

fn without_test_items(tokens: &[Token]) -> Vec<Token> {
    let marker: Vec<Token> = tokens_of_marker();
    let mut kept = Vec::new();
    let mut rest = tokens;
    while let Some((first, after)) = rest.split_first() {
        if let Some(item) = rest.strip_prefix(marker.as_slice()) {
            rest = after_item(item);
        } else {
            kept.push(first.clone());
            rest = after;
        }
    }
    kept
}

fn tokens_of_marker() -> Vec<Token> {
    tokens("#[cfg(test)]")
}

/// What follows the item that `tokens` begins with: after its `;`, or after the brace that closes its body.
fn after_item(tokens: &[Token]) -> &[Token] {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        let ends = match token {
            Token::Sign('{') => {
                depth += 1;
                false
            }
            Token::Sign('}') => {
                depth = depth.saturating_sub(1);
                depth == 0
            }
            Token::Sign(';') => depth == 0,
            _ => false,
        };
        if ends {
            return tokens.get(at + 1..).unwrap_or_default();
        }
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<String> {
        product_tokens(source)
            .iter()
            .filter_map(|token| token.word().map(str::to_owned))
            .collect()
    }

    #[test]
    fn comments_and_literals_are_no_words() {
        assert_eq!(
            words("a // b\n/* c /* d */ e */ f \"g \\\" h\" i r#\"j \" k\"# l b\"m\" 'n' '\\'' o"),
            ["a", "f", "i", "l", "o"]
        );
    }

    #[test]
    fn a_lifetime_is_no_character() {
        assert_eq!(
            words("fn f<'a>(x: &'a str) {} g"),
            ["fn", "f", "a", "x", "a", "str", "g"]
        );
    }

    #[test]
    fn a_quote_that_is_never_closed_ends_with_the_text() {
        assert_eq!(words("a \"b"), ["a"]);
        assert_eq!(words("a /* b"), ["a"]);
        assert_eq!(words("a r#\"b\""), ["a"]);
        assert_eq!(words("a '"), ["a"]);
    }

    #[test]
    fn test_items_are_left_out_and_what_follows_is_kept() {
        assert_eq!(
            words("a; #[cfg(test)] mod tests { use b; fn c() { d } } e"),
            ["a", "e"]
        );
        assert_eq!(words("#[cfg(test)] mod tests; f"), ["f"]);
        assert_eq!(words("#[cfg(test)] #[path(x)] use a::b; g"), ["g"]);
    }
}
