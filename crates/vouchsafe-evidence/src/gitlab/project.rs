//! Which project is asked about.

use std::fmt;

use crate::forge::ApiError;
use crate::forge::origin::encoded;

/// The address below which GitLab.com answers.
pub(super) const GITLAB: &str = "https://gitlab.com/api/v4";

/// A project: its groups and its name, `group/subgroup/name`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Project(String);

impl Project {
    /// Reads `GROUP/NAME`, with subgroups between them.
    ///
    /// # Errors
    /// When it is not that.
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        let named = |part: &str| {
            let letters =
                |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            !matches!(part, "" | "." | "..") && part.len() <= 255 && part.bytes().all(letters)
        };
        let parts: Vec<&str> = text.split('/').collect();
        if parts.len() < 2 || parts.len() > 21 || !parts.into_iter().all(named) {
            return Err(ApiError::NoRepository);
        }
        Ok(Self(text.to_owned()))
    }

    /// What the names of its files of pages begin with.
    pub(super) fn stem(&self) -> String {
        format!("gitlab-{}", self.0.replace('/', "-"))
    }

    /// `/projects/GROUP%2FNAME` and what follows.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/projects/{}{rest}", encoded(&self.0))
    }
}

impl fmt::Display for Project {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_cannot_leave_its_path() {
        for text in [
            "g", "g/", "/p", "../p", "g/..", "g/p?x", "g/p#x", "g/%2e%2e", "g p/x", "g//p",
        ] {
            assert_eq!(Project::parse(text), Err(ApiError::NoRepository), "{text}");
        }
        let project = Project::parse("g/sub/p.x").unwrap();
        assert_eq!(project.path("/events"), "/projects/g%2Fsub%2Fp.x/events");
    }
}
