//! OSCAL 1.2.1 in JSON, for programs that read it: an export, and never what anything here is computed from.
//!
//! OSCAL knows two states of an objective, satisfied and not. Ours stand beside them as a property and in the remarks;
//! whatever is not held (or examined, where a machine cannot test) is not satisfied, and a control that is not
//! applicable has no finding. Empty arrays are invalid OSCAL: they are left out. Ids are UUIDs made from stable names,
//! so that the same findings give the same bytes.

mod assessment;
mod milestones;
mod parts;
mod requirements;

use serde_json::Value;

use super::view::View;
use super::{Report, ReportError};
use crate::catalogue::Control;

/// The documents, each with its name.
///
/// # Errors
/// When an entry that is to be proven cannot be read.
pub(super) fn oscal(
    report: &Report<'_>,
    catalogue: &[Control],
) -> Result<Vec<(String, Vec<u8>)>, ReportError> {
    let view = View::of(report)?;
    let mut documents = vec![
        ("catalog.json", requirements::catalog(report, catalogue)),
        ("profile.json", requirements::profile(report, catalogue)),
        (
            "component-definition.json",
            requirements::component(report, catalogue),
        ),
        ("assessment-plan.json", assessment::plan(report)),
        ("assessment-results.json", assessment::results(&view)),
    ];
    // A plan without items is invalid: where nothing is open, there is none.
    if let Some(milestones) = milestones::plan(&view) {
        documents.push(("poam.json", milestones));
    }
    documents.into_iter().map(written).collect()
}

fn written((name, document): (&str, Value)) -> Result<(String, Vec<u8>), ReportError> {
    let mut bytes = serde_json::to_vec_pretty(&document)?;
    bytes.push(b'\n');
    Ok((format!("oscal/{name}"), bytes))
}
