//! Restores, recoveries and exercises that were tried.

use jiff::civil::Date;
use serde::Deserialize;

use super::given::{Staff, compare_document, days_over, deviation, optional, register, today};
use super::incidents::Incidents;
use super::reading::{Named as _, Reader, Register, Row};
use super::value::{Action, Day, Document, Moment, Text};
use crate::digest::Digest;
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement};
use crate::window::day_of;

/// `evidence/drills.toml`.
#[derive(Debug)]
pub(crate) struct Drills {
    pub(crate) drills: Vec<Row<Drill>>,
}

/// Something that was tried.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Drill {
    pub(crate) id: Text,
    pub(crate) kind: DrillKind,
    #[serde(rename = "scope")]
    _scope: Text,
    pub(crate) started: Moment,
    pub(crate) ended: Moment,
    pub(crate) lead: Text,
    pub(crate) passed: bool,
    /// What was restored, and how long it took.
    #[serde(default)]
    pub(crate) restore: Option<Restore>,
    #[serde(default)]
    pub(crate) document: Option<Document>,
    #[serde(default, rename = "action")]
    pub(crate) actions: Vec<Action>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DrillKind {
    /// A backup was restored.
    Restore,
    /// The whole service was set up again, elsewhere.
    DisasterRecovery,
    /// Critical work went on without the system (164.308(a)(7)(ii)(C)).
    EmergencyMode,
    /// Emergency access was used (164.312(a)(2)(ii)).
    BreakGlass,
    /// A zone was lost.
    AzLoss,
    /// An incident was played through.
    IncidentResponse,
}

impl DrillKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Restore => "restore",
            Self::DisasterRecovery => "disaster-recovery",
            Self::EmergencyMode => "emergency-mode",
            Self::BreakGlass => "break-glass",
            Self::AzLoss => "az-loss",
            Self::IncidentResponse => "incident-response",
        }
    }
}

/// The figures of a restore.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Restore {
    /// The asset that was restored.
    pub(crate) asset: Text,
    pub(crate) rpo_target_minutes: u32,
    pub(crate) rpo_minutes: u32,
    pub(crate) rto_target_minutes: u32,
    pub(crate) rto_minutes: u32,
    /// SHA-256 over the content before, and over what was restored.
    pub(crate) sha256_before: Digest,
    pub(crate) sha256_restored: Digest,
}

impl Register for Drills {
    fn read(reader: &mut Reader<'_>) -> Self {
        let drills: Vec<Row<Drill>> = reader.rows("drill");
        reader.unique("drill", &drills, |drill| &drill.id);
        for drill in &drills {
            reader.in_order(
                drill.line,
                "drill.ended",
                &drill.started,
                Some(&drill.ended),
            );
            if (drill.kind == DrillKind::Restore) != drill.restore.is_some() {
                let problem = "a restore has its figures in [drill.restore], and nothing else has";
                reader.fault(drill.line, "drill.restore", problem);
            }
        }
        Self { drills }
    }
}

impl Drills {
    /// The last drill of a kind up to a moment.
    fn last(&self, context: &Context<'_>, kind: DrillKind) -> Option<&Row<Drill>> {
        let done = self
            .drills
            .iter()
            .filter(|drill| drill.kind == kind && drill.ended.0 <= context.at);
        done.max_by_key(|drill| drill.ended)
    }
}

/// The kinds of drills that a check asks for were tried lately, and passed.
pub(crate) fn cadence(context: &Context<'_>) -> Result<Judgement, String> {
    let register = register::<Drills>(context)?;
    let kinds: Vec<DrillKind> = context.check.parameter("kinds")?;
    let age_days: i64 = context.check.parameter("age_days")?;
    if register.drills.is_empty() {
        return Err(format!("no evidence: {} has no drill", Drills::FILE));
    }
    let staff = Staff::of(context)?;
    let mut found = Vec::new();
    for kind in kinds {
        found.extend(of_kind(context, &register, kind, age_days, &staff)?);
    }
    Ok(Judgement::of(found, Vec::new()))
}

fn of_kind(
    context: &Context<'_>,
    register: &Drills,
    kind: DrillKind,
    age_days: i64,
    staff: &Staff,
) -> Result<Vec<Deviation>, String> {
    let Some(drill) = register.last(context, kind) else {
        let text = format!("{} has no drill of the kind {}", Drills::FILE, kind.name());
        return Ok(vec![deviation(context, "NEVER_TRIED", kind.name(), text)]);
    };
    let place = Drills::place(drill);
    let day = Day(day_of(drill.ended.0));
    let say = |code, text: String| deviation(context, code, kind.name(), text).at(place.clone());
    let mut found = Vec::new();
    let due = day.plus(age_days).unwrap_or(day);
    if let Some(over) = days_over(due, today(context)) {
        let text = format!(
            "the last drill, {}, is of {day}; the next is overdue by {over} days",
            drill.id
        );
        found.push(say("DRILL_OVERDUE", text).lasting(due.end(), None));
    }
    if !drill.passed {
        found.push(
            say(
                "DRILL_FAILED",
                format!("the last drill, {}, did not pass", drill.id),
            )
            .lasting(Some(drill.ended.0), None),
        );
    }
    if let Err(why) = staff.at_work(&drill.lead, day.0) {
        found.push(say("LEAD_UNKNOWN", why));
    }
    if let Some(document) = &drill.document {
        found.extend(compare_document(context, kind.name(), &place, document)?);
    }
    if let Some(restore) = &drill.restore {
        found.extend(
            figures(restore)
                .into_iter()
                .map(|(code, text)| say(code, format!("{}: {text}", restore.asset))),
        );
    }
    Ok(found)
}

/// What the figures of a restore say against it.
fn figures(restore: &Restore) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    if restore.sha256_before != restore.sha256_restored {
        found.push((
            "RESTORED_OTHERWISE",
            "what was restored is not what was there before".to_owned(),
        ));
    }
    if restore.rpo_minutes > restore.rpo_target_minutes {
        found.push((
            "RPO_MISSED",
            format!(
                "{} minutes of data were lost; {} are accepted",
                restore.rpo_minutes, restore.rpo_target_minutes
            ),
        ));
    }
    if restore.rto_minutes > restore.rto_target_minutes {
        found.push((
            "RTO_MISSED",
            format!(
                "it took {} minutes; {} are accepted",
                restore.rto_minutes, restore.rto_target_minutes
            ),
        ));
    }
    found
}

/// What incidents and drills left to do is done in time.
pub(crate) fn actions(context: &Context<'_>) -> Result<Judgement, String> {
    let drills = register::<Drills>(context)?;
    let incidents = optional::<Incidents>(context)?;
    let mut found = Vec::new();
    let mut count = 0_usize;
    for drill in &drills.drills {
        count += drill.actions.len();
        found.extend(late_actions(
            context,
            &drill.id,
            &Drills::place(drill),
            &drill.actions,
        ));
    }
    for incident in incidents.iter().flat_map(|register| &register.incidents) {
        count += incident.actions.len();
        found.extend(late_actions(
            context,
            &incident.id,
            &Incidents::place(incident),
            &incident.actions,
        ));
    }
    if count == 0 {
        return Ok(Judgement::not_applicable(
            "no incident and no drill left anything to do",
        ));
    }
    Ok(Judgement::of(found, Vec::new()).noting(format!("{count} actions")))
}

/// Actions that are late, or were closed late.
pub(crate) fn late_actions(
    context: &Context<'_>,
    of: &str,
    place: &str,
    actions: &[Action],
) -> Vec<Deviation> {
    let day: Date = today(context);
    let late = actions.iter().filter_map(|action| {
        let item = format!("{of}/{}", action.id);
        let closed = action.closed.filter(|closed| closed.0 <= day);
        let (code, over) = match closed {
            Some(closed) => ("ACTION_LATE", days_over(action.due, closed.0)?),
            None => ("ACTION_OVERDUE", days_over(action.due, day)?),
        };
        let text = format!(
            "\"{}\" ({}) was due on {}: {over} days late",
            action.what, action.owner, action.due
        );
        Some(
            deviation(context, code, item, text)
                .at(place)
                .lasting(action.due.end(), closed.and_then(Day::end)),
        )
    });
    late.collect()
}
