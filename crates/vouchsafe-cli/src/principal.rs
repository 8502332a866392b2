//! The principal of a command: the user of the operating system who runs it.

use vouchsafe_identity::{Actor, OsUser};
use vouchsafe_installation::Administrator;

/// The user who runs this command, as the system knows them, not by `$USER`.
pub(crate) fn os_user() -> OsUser {
    let name = whoami::username().ok();
    name.as_deref()
        .and_then(OsUser::new)
        .or_else(|| OsUser::new("unnamed"))
        .unwrap_or_else(nobody)
}

#[expect(
    clippy::expect_used,
    reason = "the name is a constant of the letters that are allowed"
)]
fn nobody() -> OsUser {
    OsUser::new("nobody").expect("a plain name")
}

/// The actor of this command's changes.
pub(crate) fn actor() -> Actor {
    Actor::OsUser(os_user())
}

/// The first administrator if none is named: the user who runs the first start.
pub(crate) fn default_administrator() -> Administrator {
    let user = os_user();
    let real = whoami::realname().unwrap_or_default();
    let real = real.trim();
    Administrator {
        name: if real.is_empty() { user.name() } else { real }.to_owned(),
        email: format!("{}@localhost", user.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_administrator_has_a_name_and_an_address() {
        let administrator = default_administrator();
        assert!(!administrator.name.is_empty());
        assert!(administrator.email.ends_with("@localhost"));
    }
}
