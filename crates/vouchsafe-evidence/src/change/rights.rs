//! Who had write access when: dated snapshots of the collaborators.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::forge::Forge;
use super::pages::Body;
use super::shapes::{Account, key_of_id};

/// A snapshot says nothing of a moment that is later than this.
const MAXIMUM_AGE: SignedDuration = SignedDuration::from_hours(31 * 24);

/// Snapshots of the collaborators, oldest first: whether each may push.
#[derive(Debug)]
pub(super) struct Rights(Vec<(Timestamp, HashMap<String, bool>)>);

impl Rights {
    pub(super) fn of(forge: &Forge) -> Self {
        let listings = forge.listings("/collaborators");
        Self(
            listings
                .into_iter()
                .map(|listing| {
                    let people = listing.pages.iter().filter_map(|body| match body {
                        Body::Collaborators(people) => Some(people),
                        _ => None,
                    });
                    let people = people.flatten().map(|one| {
                        let login = one.login.to_ascii_lowercase();
                        (one.id.map_or(login, key_of_id), one.permissions.push)
                    });
                    (listing.at, people.collect())
                })
                .collect(),
        )
    }

    /// Whether an account had write access.
    ///
    /// # Errors
    /// When no snapshot shows it, or the ones before and after differ.
    pub(super) fn may_write(&self, account: &Account, at: Timestamp) -> Result<bool, String> {
        let next = self.0.partition_point(|(taken, _)| *taken <= at);
        let before = next.checked_sub(1).and_then(|last| self.0.get(last));
        let Some((taken, people)) = before else {
            return Err(format!("no listing of collaborators is as old as {at}"));
        };
        if at.duration_since(*taken) > MAXIMUM_AGE {
            return Err(format!(
                "the last listing of collaborators before {at} is of {taken}, too old to say"
            ));
        }
        let then = is_in(people, account);
        if let Some((later, people)) = self.0.get(next)
            && is_in(people, account) != then
        {
            return Err(format!(
                "they changed between the listings of {taken} and {later}, at a time that is not shown"
            ));
        }
        Ok(then)
    }
}

fn is_in(people: &HashMap<String, bool>, account: &Account) -> bool {
    let keys = account.keys();
    let found = keys.iter().find_map(|key| people.get(key));
    found.copied().unwrap_or(false)
}
