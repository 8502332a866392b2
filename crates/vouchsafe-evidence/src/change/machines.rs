//! Programs that stand in commits as authors and co-authors. They are no people: nobody of that name could approve.
//!
//! A line that names a co-author can only take an approver away. So a program that is named there hides nobody who
//! would be known without that line. It is shown all the same, with each change.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Settings;
use super::commit::Person;
use super::shapes::Account;

/// A dated list of addresses.
const KNOWN: &str = include_str!("../../data/machine-addresses.toml");

/// Accounts and mail addresses of programs.
#[derive(Debug)]
pub(super) struct Machines {
    /// By mail address: what it is called.
    addresses: BTreeMap<String, String>,
    /// Accounts and addresses that the settings name.
    own: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    #[serde(rename = "as_of")]
    _as_of: String,
    addresses: BTreeMap<String, String>,
}

impl Machines {
    pub(super) fn of(settings: &Settings) -> Self {
        let known = toml::from_str::<Known>(KNOWN);
        let own = settings.machines.iter();
        Self {
            addresses: known.map(|known| known.addresses).unwrap_or_default(),
            own: own.map(|one| one.to_ascii_lowercase()).collect(),
        }
    }

    /// The program behind a name and address of git, if it is one.
    pub(super) fn program(&self, person: &Person) -> Option<String> {
        let address = person.email.to_ascii_lowercase();
        let known = self.addresses.get(&address).cloned();
        // The form that the forge gives to apps; another host's is for the settings to name.
        let is_app = address.ends_with("[bot]@users.noreply.github.com");
        let is_own = self.own.contains(&address);
        known.or_else(|| (is_app || is_own).then(|| person.name.clone()))
    }

    /// Whether an account is a program: by the forge, or by the settings.
    pub(super) fn is_account(&self, account: &Account) -> bool {
        account.is_bot() || self.own.contains(&account.key_of_login())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(email: &str, own: &[&str]) -> Option<String> {
        let settings = Settings {
            machines: own.iter().map(|one| (*one).to_owned()).collect(),
            ..Settings::default()
        };
        Machines::of(&settings).program(&Person {
            name: "Helper".to_owned(),
            email: email.to_owned(),
        })
    }

    #[test]
    fn programs_are_known_by_their_whole_address_and_by_nothing_less() {
        assert_eq!(program("NoReply@anthropic.com", &[]).unwrap(), "Claude");
        assert!(program("1+x[bot]@users.noreply.github.com", &[]).is_some());
        assert!(program("ci@acme.example", &["CI@acme.example"]).is_some());
        for person in [
            "ann@anthropic.com",
            "xnoreply@anthropic.com",
            "noreply@anthropic.com.example",
            "ci@acme.example",
            "x[bot]@acme.example",
            "x[bot]@users.noreply.github.com.example",
            "",
        ] {
            assert_eq!(program(person, &[]), None, "{person}");
        }
    }
}
