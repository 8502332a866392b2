//! Policies: written, approved by another person than their owner, and read again in time.

use serde::Deserialize;

use super::given::{Staff, compare_document, days_over, deviation, register, some, today};
use super::reading::{Named as _, Reader, Register, Row};
use super::value::{Day, Document, Text};
use crate::inputs::Context;
use crate::judgement::Judgement;

/// `evidence/policies.toml`.
#[derive(Debug)]
pub(crate) struct Policies {
    pub(crate) policies: Vec<Row<Policy>>,
}

/// A policy or procedure.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Policy {
    pub(crate) id: Text,
    #[serde(rename = "title")]
    _title: Text,
    /// What it is about. One document may be about several.
    pub(crate) topics: Vec<Topic>,
    pub(crate) document: Document,
    pub(crate) owner: Text,
    pub(crate) approver: Text,
    pub(crate) approved: Day,
    pub(crate) review_by: Day,
}

/// What the rules ask a document about.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Topic {
    Security,
    Sanctions,
    Access,
    Incidents,
    Contingency,
    Breach,
    Change,
    Vendors,
    Retention,
    Privacy,
    Workstations,
    Other,
}

impl Topic {
    const fn name(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Sanctions => "sanctions",
            Self::Access => "access",
            Self::Incidents => "incidents",
            Self::Contingency => "contingency",
            Self::Breach => "breach",
            Self::Change => "change",
            Self::Vendors => "vendors",
            Self::Retention => "retention",
            Self::Privacy => "privacy",
            Self::Workstations => "workstations",
            Self::Other => "other",
        }
    }
}

impl Register for Policies {
    fn read(reader: &mut Reader<'_>) -> Self {
        let policies: Vec<Row<Policy>> = reader.rows("policy");
        reader.unique("policy", &policies, |policy| &policy.id);
        for policy in &policies {
            reader.in_order(
                policy.line,
                "policy.review_by",
                &policy.approved,
                Some(&policy.review_by),
            );
            if policy.topics.is_empty() {
                reader.fault(policy.line, "policy.topics", "say what it is about");
            }
        }
        Self { policies }
    }
}

/// Each topic has a document, and the document in the repository is the one that was approved.
pub(crate) fn present(context: &Context<'_>) -> Result<Judgement, String> {
    let register = register::<Policies>(context)?;
    let topics: Vec<Topic> = context.check.parameter("topics")?;
    let mut found = Vec::new();
    for policy in some::<Policies, _>(&register.policies, "policy")? {
        found.extend(compare_document(
            context,
            &policy.id,
            &Policies::place(policy),
            &policy.document,
        )?);
    }
    for topic in topics {
        if !register
            .policies
            .iter()
            .any(|policy| policy.topics.contains(&topic))
        {
            let text = format!("no policy is about {}", topic.name());
            found.push(deviation(context, "NO_POLICY", topic.name(), text));
        }
    }
    let elsewhere = register
        .policies
        .iter()
        .filter(|policy| policy.document.path.is_none())
        .count();
    let mut judgement =
        Judgement::of(found, Vec::new()).noting(format!("{} policies", register.policies.len()));
    if elsewhere > 0 {
        judgement = judgement.noting(format!(
            "{elsewhere} of them are kept elsewhere: nobody compared them with their digest"
        ));
    }
    Ok(judgement)
}

/// Each policy was approved by somebody else than its owner, and read again in time.
pub(crate) fn reviewed(context: &Context<'_>) -> Result<Judgement, String> {
    let register = register::<Policies>(context)?;
    let staff = Staff::of(context)?;
    let age_days: i64 = context.check.parameter("age_days")?;
    let day = today(context);
    let mut found = Vec::new();
    for policy in some::<Policies, _>(&register.policies, "policy")? {
        let say = |code, text: String| {
            deviation(context, code, &*policy.id, text).at(Policies::place(policy))
        };
        if policy.owner == policy.approver {
            found.push(say(
                "SELF_APPROVED",
                format!("{} owns and approves it", policy.owner),
            ));
        }
        if let Err(why) = staff.at_work(&policy.owner, day) {
            found.push(say("OWNER_UNKNOWN", why));
        }
        if let Err(why) = staff.at_work(&policy.approver, policy.approved.0) {
            found.push(say("APPROVER_UNKNOWN", why));
        }
        if policy.approved.until(day) < 0 {
            found.push(say(
                "APPROVED_IN_FUTURE",
                format!(
                    "it is said to be approved on {}, which is to come",
                    policy.approved
                ),
            ));
        }
        let due = policy
            .approved
            .plus(age_days)
            .map_or(policy.review_by, |due| due.min(policy.review_by));
        if let Some(over) = days_over(due, day) {
            let text = format!(
                "it was approved on {}; the review is overdue by {over} days",
                policy.approved
            );
            found.push(say("REVIEW_OVERDUE", text).lasting(due.end(), None));
        }
    }
    Ok(Judgement::of(found, Vec::new()))
}
