//! Decisions on addressable specifications, 164.306(d)(3).

use std::collections::BTreeSet;

use serde::Deserialize;

use super::given::{Staff, days_over, deviation, optional, register, today};
use super::reading::{Named as _, Reader, Register, Row};
use super::risks::Risks;
use super::value::{Day, Text};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement};

/// `evidence/decisions.toml`.
#[derive(Debug)]
pub(crate) struct Decisions {
    pub(crate) decisions: Vec<Row<Decision>>,
}

/// A decision.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decision {
    /// As the catalogue names it: `164.312(a)(2)(iii)`.
    pub(crate) specification: Text,
    pub(crate) decision: Choice,
    #[serde(rename = "rationale")]
    _rationale: Text,
    /// The id of the risk in `risks.toml` that it rests on.
    pub(crate) risk_reference: Text,
    /// What is done instead, for `equivalent`.
    #[serde(default)]
    pub(crate) equivalent: Option<Text>,
    pub(crate) owner: Text,
    pub(crate) decided: Day,
    pub(crate) review_by: Day,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Choice {
    Implemented,
    Equivalent,
    NotReasonable,
}

impl Register for Decisions {
    fn read(reader: &mut Reader<'_>) -> Self {
        let decisions: Vec<Row<Decision>> = reader.rows("decision");
        reader.unique("decision", &decisions, |decision| &decision.specification);
        for decision in &decisions {
            reader.in_order(
                decision.line,
                "decision.review_by",
                &decision.decided,
                Some(&decision.review_by),
            );
            let problem = match (decision.decision, &decision.equivalent) {
                (Choice::Equivalent, None) => "say what is done instead",
                (Choice::Implemented | Choice::NotReasonable, Some(_)) => {
                    "only the decision \"equivalent\" has it"
                }
                _ => continue,
            };
            reader.fault(decision.line, "decision.equivalent", problem);
        }
        Self { decisions }
    }
}

/// Each addressable specification is decided, for a year at most.
pub(crate) fn addressable(context: &Context<'_>) -> Result<Judgement, String> {
    let register = register::<Decisions>(context)?;
    let risks = optional::<Risks>(context)?;
    let staff = Staff::of(context)?;
    let specifications: Vec<String> = context.check.parameter("specifications")?;
    let always: Vec<String> = context.check.parameter("always")?;
    let age_days: i64 = context.check.parameter("age_days")?;
    if register.decisions.is_empty() {
        return Err(format!("no evidence: {} has no decision", Decisions::FILE));
    }
    let decided: BTreeSet<&str> = register
        .decisions
        .iter()
        .map(|one| &*one.specification)
        .collect();
    let mut found: Vec<Deviation> = specifications
        .iter()
        .filter(|id| !decided.contains(id.as_str()))
        .map(|id| {
            deviation(
                context,
                "NOT_DECIDED",
                id.as_str(),
                "nobody has decided on this addressable specification",
            )
        })
        .collect();
    let rules = Rules {
        specifications: &specifications,
        always: &always,
        age_days,
        risks: risks.as_deref(),
        staff: &staff,
    };
    for one in &register.decisions {
        found.extend(of(context, one, &rules));
    }
    Ok(Judgement::of(found, Vec::new()).noting(format!(
        "{} addressable specifications",
        specifications.len()
    )))
}

/// What decisions are compared with.
struct Rules<'r> {
    specifications: &'r [String],
    /// Specifications that are never unreasonable.
    always: &'r [String],
    age_days: i64,
    risks: Option<&'r Risks>,
    staff: &'r Staff,
}

fn of(context: &Context<'_>, one: &Row<Decision>, rules: &Rules<'_>) -> Vec<Deviation> {
    let day = today(context);
    let mut found = Vec::new();
    let say = |code, text: String| {
        deviation(context, code, &*one.specification, text).at(Decisions::place(one))
    };
    if !rules
        .specifications
        .iter()
        .any(|id| *id == *one.specification)
    {
        found.push(say(
            "NOT_ADDRESSABLE",
            "there is no such addressable specification; a required one has no choice".to_owned(),
        ));
    }
    if one.decision == Choice::NotReasonable
        && rules.always.iter().any(|id| *id == *one.specification)
    {
        found.push(say(
            "NEVER_UNREASONABLE",
            "PHI in transit over public networks is encrypted".to_owned(),
        ));
    }
    let due = one
        .decided
        .plus(rules.age_days)
        .map_or(one.review_by, |due| due.min(one.review_by));
    if let Some(over) = days_over(due, day) {
        let text = format!(
            "it was decided on {}; the review is overdue by {over} days",
            one.decided
        );
        found.push(say("REVIEW_OVERDUE", text).lasting(due.end(), None));
    }
    if one.decided.until(day) < 0 {
        found.push(say(
            "DECIDED_IN_FUTURE",
            format!("it is dated {}, which is to come", one.decided),
        ));
    }
    if let Err(why) = rules.staff.at_work(&one.owner, day) {
        found.push(say("OWNER_UNKNOWN", why));
    }
    let known = rules
        .risks
        .is_some_and(|risks| risks.risks.iter().any(|risk| risk.id == one.risk_reference));
    if !known {
        found.push(say(
            "RISK_UNKNOWN",
            format!("{} has no risk {}", Risks::FILE, one.risk_reference),
        ));
    }
    found
}
