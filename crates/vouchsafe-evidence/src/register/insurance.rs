//! Insurance.

use serde::Deserialize;

use super::given::{compare_document, deviation, register, some, today};
use super::reading::{Named as _, Reader, Register, Row};
use super::value::{Day, Document, Text, days_between, holds};
use crate::inputs::Context;
use crate::judgement::Judgement;

/// `evidence/insurance.toml`.
#[derive(Debug)]
pub(crate) struct Insurance {
    pub(crate) policies: Vec<Row<InsurancePolicy>>,
}

/// A policy of an insurer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InsurancePolicy {
    pub(crate) id: Text,
    pub(crate) kind: Cover,
    #[serde(rename = "insurer")]
    _insurer: Text,
    pub(crate) from: Day,
    pub(crate) until: Day,
    pub(crate) document: Document,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Cover {
    Cyber,
    ProfessionalLiability,
    BusinessInterruption,
    Other,
}

impl Cover {
    const fn name(self) -> &'static str {
        match self {
            Self::Cyber => "cyber",
            Self::ProfessionalLiability => "professional-liability",
            Self::BusinessInterruption => "business-interruption",
            Self::Other => "other",
        }
    }
}

impl Register for Insurance {
    fn read(reader: &mut Reader<'_>) -> Self {
        let policies: Vec<Row<InsurancePolicy>> = reader.rows("insurance");
        reader.unique("insurance", &policies, |policy| &policy.id);
        for policy in &policies {
            reader.in_order(
                policy.line,
                "insurance.until",
                &policy.from,
                Some(&policy.until),
            );
        }
        Self { policies }
    }
}

/// The kinds of insurance that the check asks for are in force.
pub(crate) fn in_force(context: &Context<'_>) -> Result<Judgement, String> {
    let register = register::<Insurance>(context)?;
    let kinds: Vec<Cover> = context.check.parameter("kinds")?;
    let day = today(context);
    let all = some::<Insurance, _>(&register.policies, "insurance")?;
    let mut found = Vec::new();
    let mut soon = Vec::new();
    for kind in kinds {
        let of_kind = || all.iter().filter(|policy| policy.kind == kind);
        let live = of_kind()
            .filter(|policy| holds(policy.from, Some(policy.until), day))
            .max_by_key(|policy| policy.until);
        let Some(live) = live else {
            let last = of_kind()
                .map(|policy| policy.until)
                .filter(|until| until.0 < day)
                .max();
            let text = format!("no insurance of the kind {} is in force", kind.name());
            found.push(
                deviation(context, "NOT_INSURED", kind.name(), text)
                    .lasting(last.and_then(Day::end), None),
            );
            continue;
        };
        found.extend(compare_document(
            context,
            &live.id,
            &Insurance::place(live),
            &live.document,
        )?);
        if days_between(day, live.until.0) <= 60 {
            soon.push(format!("{} ends on {}", live.id, live.until));
        }
    }
    let mut judgement = Judgement::of(found, Vec::new());
    judgement.notes.extend(soon);
    Ok(judgement)
}
