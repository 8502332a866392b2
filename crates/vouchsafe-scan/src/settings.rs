//! Settings: `vouchsafe-scan.toml`.
//!
//! [`REFERENCE`] is a commented example of all there is. Unknown keys are refused. An error names line and key and
//! never quotes a value: a pattern or a path can hold PHI.

mod allow;
mod fault;
mod patterns;
mod reading;
mod section;

use std::path::PathBuf;

use jiff::civil::Date;

use crate::class::{Class, Confidence};
use crate::finding::Finding;
use crate::source::Glob;
pub use allow::{Allowance, Allowances, Standing, value_hash};
pub use fault::{Fault, SettingsError};
pub use patterns::Patterns;

/// The name of the file in the working folder.
pub const FILE: &str = "vouchsafe-scan.toml";

/// A commented example of all settings, with their defaults where there are any.
pub const REFERENCE: &str = include_str!("settings/reference.toml");

/// The bytes of a settings file, at most.
pub const LARGEST_FILE: usize = 1 << 20;

/// What a team decided on scans of its own.
#[derive(Debug)]
pub struct Settings {
    /// Findings below it are not reported.
    pub minimum_confidence: Confidence,
    /// Classes that are not looked for.
    pub without: Vec<Class>,
    /// The team's own patterns.
    pub patterns: Patterns,
    /// What may stand where it was found: for a reason, until a day.
    pub allowances: Allowances,
    /// Paths that are not read.
    pub exclude: Vec<Glob>,
    /// The team's own known values.
    pub known: Option<Known>,
}

/// Where the keyed hashes of known values are.
#[derive(Debug)]
pub struct Known {
    /// The file of hashes. It is PHI. Without one, the key serves allowances for values by their hashes.
    pub file: Option<PathBuf>,
    /// The file that holds the key. It belongs outside the repository.
    pub key: PathBuf,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            minimum_confidence: Confidence::Medium,
            without: Vec::new(),
            patterns: Patterns::default(),
            allowances: Allowances::default(),
            exclude: Vec::new(),
            known: None,
        }
    }
}

impl Settings {
    /// The settings in a text; `today` decides which allowances have ended.
    ///
    /// # Errors
    /// When the text is not TOML, or a key is unknown, missing, or has a value that cannot be heeded.
    pub fn parse(text: &str, today: Date) -> Result<Self, SettingsError> {
        reading::settings(text, today)
    }

    /// Whether findings like this one are reported, allowances aside.
    #[must_use]
    pub fn reports(&self, finding: &Finding) -> bool {
        finding.confidence >= self.minimum_confidence && !self.without.contains(&finding.class)
    }

    /// The classes that are looked for.
    #[must_use]
    pub fn classes(&self) -> Vec<Class> {
        Class::ALL
            .into_iter()
            .filter(|class| !self.without.contains(class))
            .collect()
    }
}

#[cfg(test)]
mod tests;
