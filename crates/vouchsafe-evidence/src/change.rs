//! CC8: every change of the protected branches, and whether somebody else approved it.

use serde::Deserialize;

use crate::area::Area;

pub(crate) const AREA: Area = Area {
    types: &[],
    collectors: &[],
    checks: &[],
    evaluators: &[],
};

/// `[change]` of `evidence.toml`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The protected branches.
    pub(crate) branches: Vec<String>,
}
