//! Patterns of paths.

use regex::bytes::{Regex, RegexBuilder};

/// A pattern of paths, as in `.gitignore`: `*` and `?` stand for anything but `/`, `**` for anything, `[a-z]` and
/// `[!a-z]` for one character.
///
/// A pattern without `/` is compared with each part of the path, any other with the whole path or with its end after
/// a `/`. What lies beneath a folder that matches matches too.
#[derive(Clone, Debug)]
pub struct Glob(Regex);

/// Why a pattern of paths was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum GlobError {
    /// Nothing, or slashes only.
    #[error("a pattern of paths is empty")]
    Empty,
    /// `[` without `]`, an empty set, or a range that runs backwards.
    #[error("a pattern of paths has a set in brackets that is not complete")]
    Set,
    /// Longer than 4096 bytes.
    #[error("a pattern of paths is too long")]
    Long,
}

impl Glob {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// If the pattern is empty, too long, or has an incomplete set.
    pub fn new(pattern: &str) -> Result<Self, GlobError> {
        let pattern = pattern.trim_end_matches('/');
        let (start, pattern) = match pattern.strip_prefix('/') {
            Some(rest) => ("^/", rest),
            None => ("(?:^|/)", pattern),
        };
        if pattern.is_empty() {
            return Err(GlobError::Empty);
        }
        if pattern.len() > 4096 {
            return Err(GlobError::Long);
        }
        let mut regex = String::from(start);
        let mut rest = pattern;
        while let Some(c) = rest.chars().next() {
            rest = step(c, rest, &mut regex)?;
        }
        regex.push_str("(?:/|$)");
        let built = RegexBuilder::new(&regex)
            .unicode(false)
            .dot_matches_new_line(true)
            .build();
        built.map(Self).map_err(|_| GlobError::Set)
    }

    /// Whether the path, or a folder above it, matches.
    #[must_use]
    pub fn matches(&self, path: &[u8]) -> bool {
        self.0.is_match(path)
    }
}

/// Adds the next piece of a pattern to the regular expression, and returns what follows it.
fn step<'p>(c: char, pattern: &'p str, regex: &mut String) -> Result<&'p str, GlobError> {
    for (glob, expression) in [
        ("**/", "(?:.*/)?"),
        ("**", ".*"),
        ("*", "[^/]*"),
        ("?", "[^/]"),
    ] {
        if let Some(rest) = pattern.strip_prefix(glob) {
            regex.push_str(expression);
            return Ok(rest);
        }
    }
    let Some(set) = pattern.strip_prefix('[') else {
        let rest = pattern.strip_prefix(c).unwrap_or_default();
        bytes(c, regex);
        return Ok(rest);
    };
    let (set, except) = match set.strip_prefix(['!', '^']) {
        Some(set) => (set, "^/"),
        None => (set, ""),
    };
    let (inside, rest) = set.split_once(']').ok_or(GlobError::Set)?;
    if inside.is_empty() || !inside.is_ascii() {
        return Err(GlobError::Set);
    }
    regex.push('[');
    regex.push_str(except);
    for c in inside.chars() {
        match c {
            '-' => regex.push('-'),
            c => bytes(c, regex),
        }
    }
    regex.push(']');
    Ok(rest)
}

/// Adds a character by its bytes: paths need not be UTF-8.
fn bytes(c: char, regex: &mut String) {
    let mut buffer = [0; 4];
    for byte in c.encode_utf8(&mut buffer).bytes() {
        if byte.is_ascii_alphanumeric() {
            regex.push(char::from(byte));
        } else {
            regex.push_str(&format!("\\x{byte:02x}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        Glob::new(pattern).unwrap().matches(path.as_bytes())
    }

    #[test]
    fn a_name_matches_each_part_of_a_path() {
        assert!(matches(".git", "a/.git/objects/00"));
        assert!(matches("*.gz", "logs/a.log.gz"));
        assert!(!matches("*.gz", "logs/a.gz.log"));
        assert!(!matches(".git", "a/.github/x"));
        assert!(matches("node_modules/", "web/node_modules/a/b.js"));
        assert!(matches("J\u{fc}rg*", "logs/J\u{fc}rgen"));
    }

    #[test]
    fn a_path_matches_whole_or_at_its_end() {
        assert!(matches("logs/*.log", "var/logs/a.log"));
        assert!(!matches("logs/*.log", "var/logs/b/a.log"));
        assert!(matches("logs/**/*.log", "logs/b/c/a.log"));
        assert!(matches("logs/**/*.log", "logs/a.log"));
        assert!(matches("/var/**", "/var/log/a"));
        assert!(!matches("/var", "srv/var/a"));
    }

    #[test]
    fn sets_hold_characters_and_never_a_slash_by_exception() {
        assert!(matches("a[0-9]?.log", "a7x.log"));
        assert!(matches("a[!0-9].log", "ax.log"));
        assert!(!matches("a[!0-9].log", "a/.log"));
        assert!(matches("a[.].log", "a..log") && !matches("a[.].log", "ab.log"));
    }

    #[test]
    fn incomplete_patterns_are_refused() {
        for pattern in ["", "/", "a[", "a[]", "a[z-a]"] {
            assert!(Glob::new(pattern).is_err(), "{pattern}");
        }
    }
}
