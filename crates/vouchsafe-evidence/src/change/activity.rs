//! Pushes: which changes of a branch each of them brought.

use jiff::Timestamp;

use super::chain::Branch;
use super::history::{Change, History};

/// A push from one commit to another, as the forge lists it.
#[derive(Debug)]
pub(super) struct Push<'a, T> {
    pub(super) branch: &'a str,
    pub(super) before: &'a str,
    pub(super) after: &'a str,
    pub(super) at: Timestamp,
    pub(super) what: &'a T,
}

/// Pushes by place in the chain of a branch.
#[derive(Debug)]
pub(super) struct Pushes<'a, T> {
    branches: Vec<(&'a Branch, Vec<Vec<&'a T>>)>,
    /// Pushes whose last commit is on no chain.
    off: Vec<(&'a str, &'a T)>,
}

impl<'a, T> Pushes<'a, T> {
    pub(super) fn of(history: &'a History, pushes: &[Push<'a, T>]) -> Self {
        let mut branches: Vec<_> = history
            .branches
            .iter()
            .map(|branch| (branch, vec![Vec::new(); branch.chain.len()]))
            .collect();
        let mut off = Vec::new();
        for push in pushes {
            let name = history.names.today(push.branch, push.at);
            let Some((branch, places)) = branches.iter_mut().find(|(one, _)| one.name == name)
            else {
                continue;
            };
            let Some(range) = branch.brought(push.before, push.after, &history.commits) else {
                off.push((push.after, push.what));
                continue;
            };
            for place in places.get_mut(range).unwrap_or_default() {
                place.push(push.what);
            }
        }
        Self { branches, off }
    }

    /// The pushes that brought a change, by branch; none where the forge listed none for that branch.
    pub(super) fn of_change(&self, change: &Change) -> Vec<(&'a str, Vec<&'a T>)> {
        let id = &change.commit.id;
        let mut found = Vec::new();
        for (branch, places) in &self.branches {
            if !change.branches.contains(&branch.name) {
                continue;
            }
            let pushes = branch.places.get(id).and_then(|place| places.get(*place));
            let pushes = match pushes {
                Some(pushes) => pushes.clone(),
                None => self.off_chain(id),
            };
            found.push((branch.name.as_str(), pushes));
        }
        found
    }

    fn off_chain(&self, id: &str) -> Vec<&'a T> {
        let of_it = self.off.iter().filter(|(after, _)| *after == id);
        of_it.map(|(_, what)| *what).collect()
    }
}
