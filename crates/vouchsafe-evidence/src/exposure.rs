//! The exposure ledger: which advisory concerned the merged tree, from when to when.

use serde::Deserialize;

use crate::area::Area;

pub(crate) const AREA: Area = Area {
    types: &[],
    collectors: &[],
    checks: &[],
    evaluators: &[],
};

/// `[vulnerabilities]` of `evidence.toml`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {}
