//! Names of keys.

use super::KeyError;

/// A key's name: not empty, without white space, control characters and plus signs.
///
/// It should be a URL without scheme, like `example.com/log42`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct KeyName(String);

impl KeyName {
    /// A name.
    ///
    /// # Errors
    /// [`KeyError::Name`] if the name is not allowed.
    pub fn new(name: impl Into<String>) -> Result<Self, KeyError> {
        let name = name.into();
        let barred = |letter: char| letter.is_whitespace() || letter < ' ' || letter == '+';
        if name.is_empty() || name.chars().any(barred) {
            return Err(KeyError::Name);
        }
        Ok(Self(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for KeyName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
