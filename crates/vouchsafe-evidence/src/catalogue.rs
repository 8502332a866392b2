//! The catalogue of controls: HIPAA and SOC 2, as data.

use serde::{Deserialize, Serialize};

/// The catalogue that this program brings.
pub(crate) const TEXT: &str = include_str!("../data/controls.toml");

/// A control.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Control {
    /// Its id in its framework: `164.312(a)(1)`, `CC8.1`.
    pub(crate) id: String,
    /// Its framework.
    pub(crate) framework: Framework,
    /// What it asks, in our words.
    pub(crate) title: String,
    /// Whether it is required or addressable (HIPAA specifications).
    #[serde(default)]
    pub(crate) rule: Rule,
    /// The checks that are for it.
    pub(crate) checks: Vec<String>,
    /// Whether records are all that can be looked at: "examined, not tested".
    #[serde(default)]
    pub(crate) examined: bool,
}

/// Where a control comes from.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Framework {
    /// 45 CFR 164.
    Hipaa,
    /// The Trust Services Criteria of 2017, points of focus of 2022.
    Soc2,
}

/// Required or addressable, 45 CFR 164.306(d).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Rule {
    /// A standard or criterion.
    #[default]
    Standard,
    /// A required implementation specification.
    Required,
    /// An addressable implementation specification: implemented, or a decision record says why not.
    Addressable,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    control: Vec<Control>,
}

/// Reads the catalogue.
///
/// # Errors
/// When it is not one, with line and field.
pub(crate) fn controls() -> Result<Vec<Control>, toml::de::Error> {
    parse(TEXT)
}

/// Reads a catalogue.
///
/// # Errors
/// When it is not one, with line and field.
pub(crate) fn parse(text: &str) -> Result<Vec<Control>, toml::de::Error> {
    toml::from_str::<File>(text).map(|file| file.control)
}
