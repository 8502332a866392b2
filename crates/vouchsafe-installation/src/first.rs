//! The first administrator.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use vouchsafe_identity::{AdminError, NewPerson, RightSpec};

/// The role of administrators of people, keys and policies.
pub(crate) const ADMINISTRATOR: &str = "security-administrator";

/// The first administrator: a named person with an e-mail address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Administrator {
    /// Their name.
    pub name: String,
    /// Their login.
    pub email: String,
}

/// A text that is not `Name <email>`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("write it as: Ada Example <ada@example.org>")]
pub struct InvalidAdministrator;

impl FromStr for Administrator {
    type Err = InvalidAdministrator;

    fn from_str(text: &str) -> Result<Self, InvalidAdministrator> {
        let (name, email) = text.trim().split_once('<').ok_or(InvalidAdministrator)?;
        let email = email.strip_suffix('>').ok_or(InvalidAdministrator)?;
        if name.trim().is_empty() || !email.contains('@') {
            return Err(InvalidAdministrator);
        }
        Ok(Self {
            name: name.trim().to_owned(),
            email: email.trim().to_owned(),
        })
    }
}

impl Administrator {
    /// The person to add, with the rights of a security administrator for a year.
    pub(crate) fn person(&self, now: Timestamp) -> Result<NewPerson, AdminError> {
        let role = ADMINISTRATOR.parse().map_err(|_| AdminError::Name)?;
        let until = now
            .saturating_add(SignedDuration::from_hours(365 * 24))
            .map_err(|_| AdminError::Period)?;
        Ok(NewPerson {
            name: self.name.clone(),
            login: self.email.clone(),
            rights: vec![RightSpec {
                role,
                from: now,
                until,
                reason: "first start".to_owned(),
            }],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_an_address_are_needed() {
        let ada: Administrator = "Ada Example <ada@example.org>".parse().expect("valid");
        assert_eq!(ada.name, "Ada Example");
        assert_eq!(ada.email, "ada@example.org");
        for text in [
            "ada@example.org",
            "<ada@example.org>",
            "Ada <ada>",
            "Ada <a@b",
        ] {
            assert!(text.parse::<Administrator>().is_err(), "{text}");
        }
    }
}
