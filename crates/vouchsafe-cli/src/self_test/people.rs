//! People, their factors, and the ages of keys.

use std::collections::BTreeMap;

use jiff::Timestamp;
use vouchsafe_evidence::selftest::{Factors, Identity, Key, Person};
use vouchsafe_identity::PersonFactors;
use vouchsafe_installation::Installation;

use crate::told;

/// Names of roles and machines.
const GENERIC: [&str; 22] = [
    "admin",
    "administrator",
    "root",
    "test",
    "tester",
    "user",
    "guest",
    "demo",
    "shared",
    "team",
    "service",
    "svc",
    "system",
    "operator",
    "reception",
    "frontdesk",
    "nurse",
    "doctor",
    "office",
    "info",
    "support",
    "everybody",
];

/// All people who are not disabled; `seen` has the time when the log last names each.
pub(super) async fn identity(
    installation: &Installation,
    seen: &BTreeMap<String, Timestamp>,
    at: Timestamp,
) -> anyhow::Result<Identity> {
    let people = installation
        .identity()
        .factors(installation.tenant(), at)
        .await;
    let people = people.map_err(|error| told(&error))?;
    let roles: Vec<String> = installation
        .bundle()
        .roles()
        .map(|role| letters(role.as_str()))
        .collect();
    let orphans = installation
        .identity()
        .services_without_owner(installation.tenant(), at)
        .await;
    Ok(Identity {
        same: same(&people),
        services_without_owner: orphans.map_err(|error| told(&error))?,
        people: people
            .iter()
            .map(|person| of(person, seen, &roles))
            .collect(),
    })
}

fn of(person: &PersonFactors, seen: &BTreeMap<String, Timestamp>, roles: &[String]) -> Person {
    let factors = Factors {
        password: person.password,
        totp: person.totp,
        // Such factors do not exist yet.
        phishing_resistant: false,
    };
    Person {
        id: person.id.to_string(),
        generic: is_generic(&person.name, roles) || is_generic(local(&person.login), roles),
        roles: person.roles.clone(),
        factors: person.enrolled.then_some(factors),
        last_active: seen.get(&format!("person/{}", person.id)).copied(),
        added: person.created_at,
    }
}

/// The local part of a mail address, without a suffix after a plus.
fn local(login: &str) -> &str {
    let local = login.split('@').next().unwrap_or_default();
    local.split('+').next().unwrap_or_default()
}

fn letters(text: &str) -> String {
    let letters = text.chars().filter(|letter| letter.is_alphabetic());
    letters.flat_map(char::to_lowercase).collect()
}

/// Whether a name is that of a machine, or of a role in the policies.
fn is_generic(name: &str, roles: &[String]) -> bool {
    let name = letters(name);
    GENERIC.contains(&name.as_str()) || roles.contains(&name)
}

/// Groups of people with the same name or the same mailbox.
fn same(people: &[PersonFactors]) -> Vec<Vec<String>> {
    let mut by_name: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for person in people {
        let host = person.login.split_once('@').map_or("", |(_, host)| host);
        let keys = [
            format!("name {}", letters(&person.name)),
            format!("login {}@{host}", local(&person.login).replace('.', "")),
        ];
        for key in keys {
            by_name.entry(key).or_default().push(person.id.to_string());
        }
    }
    let mut groups: Vec<_> = by_name
        .into_values()
        .filter(|group| group.len() > 1)
        .collect();
    groups.sort();
    groups.dedup();
    groups
}

/// All keys except those of subjects.
pub(super) async fn keys(installation: &Installation) -> anyhow::Result<Vec<Key>> {
    let ages = installation
        .keys()
        .ages(installation.tenant())
        .await
        .map_err(|error| told(&error))?;
    let signing = installation
        .identity()
        .signing_key_ages()
        .await
        .map_err(|error| told(&error))?;
    let wrapping = ages.into_iter().map(|key| Key {
        purpose: key.purpose.to_owned(),
        version: key.version,
        state: key.state,
        made: key.created_at,
    });
    let signing = signing.into_iter().map(|key| Key {
        purpose: "token-signing".to_owned(),
        version: key.number,
        state: if key.retired_at.is_some() {
            "retired"
        } else {
            "active"
        }
        .to_owned(),
        made: key.created_at,
    });
    Ok(wrapping.chain(signing).collect())
}

#[cfg(test)]
mod tests {
    use vouchsafe::ids::PersonId;

    use super::*;

    fn person(name: &str, login: &str) -> PersonFactors {
        PersonFactors {
            id: PersonId::random(),
            name: name.to_owned(),
            login: login.to_owned(),
            created_at: Timestamp::UNIX_EPOCH,
            enrolled: true,
            password: true,
            totp: false,
            roles: Vec::new(),
        }
    }

    #[test]
    fn accounts_of_nobody_and_of_two_are_found() {
        let people = [
            person("Ada Example", "ada@example.org"),
            person("ADA EXAMPLE", "a.d.a+2@example.org"),
            person("Front Desk", "ben@example.org"),
            person("Cyd Example", "test+1@example.org"),
            person("Dan Example", "privacy-officer@example.org"),
        ];
        let roles = ["privacyofficer".to_owned()];
        assert_eq!(same(&people).len(), 1);
        let generic = people
            .iter()
            .map(|one| of(one, &BTreeMap::new(), &roles).generic);
        assert_eq!(
            generic.collect::<Vec<_>>(),
            [false, false, true, true, true]
        );
    }
}
