//! Who had write access when: dated snapshots of the collaborators.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::forge::Forge;
use super::pages::Body;

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
                    let people = people
                        .flatten()
                        .map(|one| (one.login.to_ascii_lowercase(), one.permissions.push));
                    (listing.at, people.collect())
                })
                .collect(),
        )
    }

    /// Whether an account had write access.
    ///
    /// # Errors
    /// When no snapshot shows it.
    pub(super) fn may_write(&self, login: &str, at: Timestamp) -> Result<bool, String> {
        let before = self.0.iter().rev().find(|(taken, _)| *taken <= at);
        let Some((taken, people)) = before else {
            return Err(format!("no listing of collaborators is as old as {at}"));
        };
        if at.duration_since(*taken) > MAXIMUM_AGE {
            return Err(format!(
                "the last listing of collaborators before {at} is of {taken}, too old to say"
            ));
        }
        Ok(people.get(login).copied().unwrap_or(false))
    }
}
