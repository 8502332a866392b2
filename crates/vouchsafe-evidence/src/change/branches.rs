//! Names of protected branches, through the time in which they had others.

use jiff::Timestamp;

use super::{Renamed, Settings, short_ref};
use crate::window::day_of;

/// The names of the protected branches.
#[derive(Clone, Debug)]
pub(super) struct Names {
    renamed: Vec<Renamed>,
}

impl Names {
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            renamed: settings.renamed.clone(),
        }
    }

    /// The name that a branch has today, if it had another at some moment.
    pub(super) fn today(&self, name: &str, at: Timestamp) -> String {
        let mut name = short_ref(name).to_owned();
        // As many steps as there are rows: two that point at one another do not go on for ever.
        for _ in &self.renamed {
            let row = self
                .renamed
                .iter()
                .find(|row| short_ref(&row.from) == name && day_of(at) <= row.on);
            match row {
                Some(row) => short_ref(&row.to).clone_into(&mut name),
                None => break,
            }
        }
        name
    }
}
