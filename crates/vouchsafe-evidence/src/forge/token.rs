//! The token that the forge is asked with. It is never printed, stored, or sent anywhere but to the forge.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Tokens are far shorter.
const LONGEST: u64 = 4096;

/// A token.
#[derive(Clone)]
pub(crate) struct Token(String);

/// Why there is no token. No part of it is named.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("{path}: {error}")]
    Unreadable {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("{0} holds no token: one line of printable characters is expected")]
    NoToken(String),
    #[error(
        "{0} can be read by others: `chmod 600` it, and replace the token if others use this machine"
    )]
    Open(PathBuf),
}

impl Token {
    /// A token, without the white space around it.
    ///
    /// # Errors
    /// When it is empty or has characters that no token has.
    pub(crate) fn new(text: &str, from: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.is_empty() || !printable || text.len() as u64 > LONGEST {
            return Err(TokenError::NoToken(from.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }

    /// Reads a file that only its owner may read.
    ///
    /// # Errors
    /// When it cannot be read, others can read it, or it holds no token.
    pub(crate) fn read(path: &Path) -> Result<Self, TokenError> {
        Self::new(&text_of(path)?, &path.display().to_string())
    }

    /// As [`Self::read`], from a file with a token or with the header that sends it, as `curl -H @FILE` reads it.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn read_bearer(path: &Path) -> Result<Self, TokenError> {
        let text = text_of(path)?;
        let text = text.trim();
        let text = without(text, "Authorization:").trim();
        Self::new(without(text, "Bearer "), &path.display().to_string())
    }

    /// The token, for the header that it is sent in.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

/// The text of a file that only its owner may read.
fn text_of(path: &Path) -> Result<String, TokenError> {
    let unreadable = |error| TokenError::Unreadable {
        path: path.to_path_buf(),
        error,
    };
    let file = File::open(path).map_err(unreadable)?;
    if is_open(&file).map_err(unreadable)? {
        return Err(TokenError::Open(path.to_path_buf()));
    }
    let mut text = String::new();
    file.take(LONGEST + 1)
        .read_to_string(&mut text)
        .map_err(|_| TokenError::NoToken(path.display().to_string()))?;
    Ok(text)
}

/// A text without what it begins with, in whatever case.
fn without<'t>(text: &'t str, start: &str) -> &'t str {
    match text.split_at_checked(start.len()) {
        Some((begin, rest)) if begin.eq_ignore_ascii_case(start) => rest,
        _ => text,
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Whether others than its owner may read a regular file. Pipes belong to the caller.
#[cfg(unix)]
fn is_open(file: &File) -> std::io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = file.metadata()?;
    Ok(metadata.is_file() && metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open(_: &File) -> std::io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_does_not_show_itself() {
        let token = Token::new(" canary-token\n", "test").unwrap();
        assert_eq!(token.expose(), "canary-token");
        assert!(!format!("{token:?}").contains("canary"));
        let error = Token::new("canary token", "GITHUB_TOKEN").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "canary-token\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let error = Token::read(&path).unwrap_err();
        assert!(matches!(error, TokenError::Open(_)));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(Token::read(&path).unwrap().expose(), "canary-token");
        std::fs::write(&path, "authorization: Bearer canary-token\n").unwrap();
        assert_eq!(Token::read_bearer(&path).unwrap().expose(), "canary-token");
        Token::read(&path).unwrap_err();
    }
}
