use serde::Deserialize;

use crate::area::Area;

pub(crate) const AREA: Area = Area {
    types: &[],
    collectors: &[],
    checks: &[],
    evaluators: &[],
};

#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {}
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Import {}
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct TerraformSettings {}
