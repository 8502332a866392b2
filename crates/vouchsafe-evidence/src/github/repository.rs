//! Which repository is asked about.

use std::fmt;

use crate::forge::ApiError;

/// The address below which GitHub's own interface answers.
pub(crate) const GITHUB: &str = "https://api.github.com";

/// A repository of the forge.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Repository {
    /// Whose it is.
    pub(crate) owner: String,
    /// Its name.
    pub(crate) name: String,
}

impl Repository {
    /// Reads `OWNER/NAME`.
    ///
    /// # Errors
    /// When it is not that.
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        let (owner, name) = text.split_once('/').ok_or(ApiError::NoRepository)?;
        let named = |part: &str| {
            let letters =
                |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            !part.is_empty()
                && part.len() <= 100
                && part.bytes().all(letters)
                && part != "."
                && part != ".."
        };
        if !named(owner) || !named(name) {
            return Err(ApiError::NoRepository);
        }
        Ok(Self {
            owner: owner.to_owned(),
            name: name.to_owned(),
        })
    }

    /// What the names of its files of pages begin with.
    pub(super) fn stem(&self) -> String {
        format!("github-{}-{}", self.owner, self.name)
    }

    /// `/repos/OWNER/NAME` and what follows.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/repos/{}/{}{rest}", self.owner, self.name)
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_cannot_leave_its_path() {
        for text in [
            "o", "o/", "/r", "o/r/x", "../r", "o/..", "o/r?x", "o/r#x", "o/%2e%2e", "o r/x",
        ] {
            assert_eq!(
                Repository::parse(text),
                Err(ApiError::NoRepository),
                "{text}"
            );
        }
        assert_eq!(
            Repository::parse("o-1/r.x_y").unwrap().path("/keys"),
            "/repos/o-1/r.x_y/keys"
        );
    }
}
