//! The check `code.tls-verification`: no code turns the check of certificates off.

use super::findings::item;
use super::result;
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement, Severity, Unobservable};

/// Judges.
pub(super) fn judge(context: &Context<'_>) -> Result<Judgement, String> {
    let tools: Vec<String> = context.check.parameter("tools")?;
    let lists_all: Vec<String> = context.check.parameter("tools_that_list_all_rules")?;
    let rules: Vec<String> = context.check.parameter("rules")?;
    let of = |names: &[String], tool: &str| {
        let tool = tool.to_ascii_lowercase();
        names.iter().any(|name| tool.starts_with(name.as_str()))
    };
    let is_rule = |id: &str| {
        let last = id.rsplit('.').next().unwrap_or(id);
        rules.iter().any(|rule| rule == id || rule == last)
    };
    let (mut deviations, mut unobservable, mut looked) = (Vec::new(), Vec::new(), 0_u64);
    for (path, report) in result::all(context)? {
        for (tool, listed) in report.runs.iter().filter(|(tool, _)| of(&tools, tool)) {
            looked = looked.saturating_add(1);
            if of(&lists_all, tool) && !listed.iter().any(|id| is_rule(id)) {
                unobservable.push(Unobservable {
                    item: format!("{path} {tool}"),
                    what:
                        "no rule of this run looks for checks of certificates that are turned off"
                            .to_owned(),
                });
            }
        }
        for finding in report
            .findings
            .iter()
            .filter(|finding| is_rule(&finding.rule))
        {
            // A comment in the code that silences the tool has no owner and no end.
            let text = if finding.suppressed {
                "the check of certificates is turned off, and the tool is silenced there"
            } else {
                "the check of certificates is turned off"
            };
            let found = Deviation::new("TLS_VERIFICATION_OFF", item(finding), text)
                .severity(Severity::High);
            deviations.push(match &finding.place {
                Some(place) => found.at(place),
                None => found,
            });
        }
    }
    if looked == 0 && deviations.is_empty() {
        return Err(format!(
            "no report is of a tool that looks for it ({}): import its SARIF",
            tools.join(", ")
        ));
    }
    Ok(Judgement::of(deviations, unobservable).noting(format!("{looked} runs of such tools")))
}
