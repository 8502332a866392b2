//! The check `tools.findings`: what other tools found, of reports that are fresh and whole.

use super::result::{self, Finding};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity};

/// Judges.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let least: Severity = context.check.parameter("at_least")?;
    let reports = result::all(context)?;
    let mut deviations = Vec::new();
    let (mut below, mut unknown) = (0_u64, 0_u64);
    for finding in reports.iter().flat_map(|(_, report)| &report.findings) {
        // Of unknown severity is as if it were high.
        let severity = finding.severity.unwrap_or(Severity::High);
        if finding.severity.is_none() {
            unknown = unknown.saturating_add(1);
        }
        if severity < least {
            below = below.saturating_add(1);
            continue;
        }
        deviations.push(deviation(finding, severity));
    }
    let count = reports.len();
    Ok(Judgement::of(deviations, Vec::new()).noting(format!(
        "{count} reports; {below} findings below the threshold, {unknown} without a severity"
    )))
}

fn deviation(finding: &Finding, severity: Severity) -> Deviation {
    let Finding { tool, rule, .. } = finding;
    let (code, text) = if finding.suppressed {
        (
            "FINDING_SUPPRESSED",
            format!(
                "{tool} was told to pass {rule} over; an exception in evidence/exceptions.toml has an owner and an end"
            ),
        )
    } else {
        ("TOOL_FINDING", format!("{tool} reports {rule}"))
    };
    let found = Deviation::new(code, item(finding), text).severity(severity);
    match &finding.place {
        Some(place) => found.at(place),
        None => found,
    }
}

/// How findings are named: tool, rule, and what it is about.
pub(super) fn item(finding: &Finding) -> String {
    let about = if finding.subject.is_empty() {
        finding.place.as_deref().unwrap_or_default()
    } else {
        &finding.subject
    };
    format!("{} {} {about}", finding.tool, finding.rule)
        .trim_end()
        .to_owned()
}
