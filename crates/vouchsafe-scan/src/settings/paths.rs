//! Patterns of paths.

use regex::bytes::{RegexSet, RegexSetBuilder};

/// A set of patterns of paths: `*` is any text without `/`, `**` any text, `?` one character.
///
/// One that begins with `/` is matched from the root, any other from any folder on.
#[derive(Clone, Debug, Default)]
pub struct Paths {
    set: RegexSet,
}

impl Paths {
    /// The set of these patterns; `None` when they are too large.
    pub(super) fn new(patterns: &[&str]) -> Option<Self> {
        let set = RegexSetBuilder::new(patterns.iter().map(|pattern| expression(pattern)))
            .unicode(false)
            .dot_matches_new_line(true)
            .size_limit(1 << 20)
            .dfa_size_limit(1 << 20)
            .build()
            .ok()?;
        Some(Self { set })
    }

    /// Whether a path matches one of them.
    #[must_use]
    pub fn holds(&self, path: &[u8]) -> bool {
        self.set.is_match(path)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.set.len()
    }
}

/// Whether a pattern says nothing: it matches every path.
pub(super) fn matches_all(pattern: &str) -> bool {
    pattern.contains('*') && pattern.chars().all(|c| matches!(c, '*' | '/' | '?'))
}

fn expression(pattern: &str) -> String {
    let (start, mut rest) = pattern
        .strip_prefix('/')
        .map_or(("(?:^|/)", pattern), |rest| ("^/", rest));
    let mut expression = String::from(start);
    while let Some(character) = rest.chars().next() {
        let (token, length) = if rest.starts_with("**/") {
            ("(?:.*/)?", 3)
        } else if rest.starts_with("**") {
            (".*", 2)
        } else if character == '*' {
            ("[^/]*", 1)
        } else if character == '?' {
            ("(?:[^/\\x80-\\xFF]|[\\xC0-\\xFF][\\x80-\\xBF]+)", 1)
        } else {
            ("", character.len_utf8())
        };
        let (own, after) = rest.split_at(length);
        if token.is_empty() {
            for byte in own.bytes() {
                expression.push_str(&format!("\\x{byte:02X}"));
            }
        } else {
            expression.push_str(token);
        }
        rest = after;
    }
    expression.push('$');
    expression
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(pattern: &str, path: &str) -> bool {
        Paths::new(&[pattern]).unwrap().holds(path.as_bytes())
    }

    #[test]
    fn a_path_is_matched_from_any_folder_on_or_from_the_root() {
        assert!(holds("target/**", "target/a/b.log"));
        assert!(holds("target/**", "/home/x/target/b"));
        assert!(!holds("target/**", "mytarget/b"));
        assert!(holds("*.log", "a/b/c.log"));
        assert!(!holds("*.log", "a/b/c.log.gz"));
        assert!(holds("a/*/c", "x/a/b/c"));
        assert!(!holds("a/*/c", "a/b/b/c"));
        assert!(holds("a/**/c", "a/c"));
        assert!(holds("a/**/c", "a/b/b/c"));
        assert!(holds("/var/*.log", "/var/a.log"));
        assert!(!holds("/var/*.log", "/home/var/a.log"));
        assert!(holds("?.txt", "ä.txt"));
        assert!(!holds("?.txt", "ab.txt"));
        assert!(holds("a.b", "a.b"));
        assert!(!holds("a.b", "axb"));
        assert!(holds("(x[1]+)", "(x[1]+)"));
    }

    #[test]
    fn a_pattern_of_everything_is_told_apart() {
        assert!(matches_all("**"));
        assert!(matches_all("**/*"));
        assert!(!matches_all("*.log"));
        assert!(!matches_all(""));
    }
}
