//! Emergency changes: approved afterwards.

use super::history::Change;
use super::registers::{Emergency, EmergencyFile, register};
use super::shapes::Pull;
use super::{EMERGENCIES, Settings};
use crate::inputs::Context;

/// What is an emergency change.
#[derive(Debug)]
pub(super) struct Emergencies {
    label: Option<String>,
    pub(super) rows: Vec<Emergency>,
}

/// Whether an emergency excuses a deviation: want of an approval beforehand, and nothing else.
pub(super) fn is_excused(code: &str) -> bool {
    matches!(
        code,
        "NO_PR"
            | "NO_APPROVAL"
            | "APPROVED_AFTER_MERGE"
            | "SELF_APPROVAL"
            | "COAUTHOR_APPROVAL"
            | "STALE_APPROVAL"
            | "BOT_APPROVAL"
            | "REVIEWER_NO_RIGHT"
            | "UNKNOWN_IDENTITY"
    )
}

impl Emergencies {
    pub(super) fn of(context: &Context<'_>, settings: &Settings) -> Result<Self, String> {
        let file = register::<EmergencyFile>(context, EMERGENCIES)?;
        let rows = file.unwrap_or_default().emergency;
        for row in &rows {
            if row.commit.is_some() == row.pull.is_some() {
                return Err(format!(
                    "evidence/emergencies.toml: {} names a commit or a pull request, one of them",
                    row.id
                ));
            }
        }
        Ok(Self {
            label: settings.emergency_label.clone(),
            rows,
        })
    }

    /// Why a change is an emergency change, if it is.
    pub(super) fn reason(&self, change: &Change, pull: Option<&Pull>) -> Option<String> {
        if let Some(row) = self.row(change, pull.map(|pull| pull.number)) {
            return Some(format!("register: {}", row.id));
        }
        let label = self.label.as_ref()?;
        let labels = pull.map_or(&[][..], |pull| &pull.labels);
        labels
            .iter()
            .any(|one| one.name == *label)
            .then(|| format!("label: {label}"))
    }

    /// The row of the register for a change.
    pub(super) fn row(&self, change: &Change, pull: Option<u64>) -> Option<&Emergency> {
        self.rows.iter().find(|row| {
            row.commit.as_deref() == Some(&change.commit.id)
                || (row.pull.is_some() && row.pull == pull)
        })
    }
}
