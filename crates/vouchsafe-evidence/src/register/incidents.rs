//! Incidents: what happened, what was made of it, and the clock of breach notices. No PHI: numbers of people, no people.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::drills::late_actions;
use super::given::{Staff, deviation, register, some};
use super::reading::{Named as _, Reader, Register, Row};
use super::value::{Action, Criticality, Day, Document, Moment, Phi, Text, hours_between};
use crate::inputs::Context;
use crate::judgement::{Deviation, Item, Judgement, Population};

/// `evidence/incidents.toml`.
#[derive(Debug)]
pub(crate) struct Incidents {
    /// Somebody's word, by a day, that the list is complete.
    pub(crate) complete: Option<Row<Complete>>,
    pub(crate) incidents: Vec<Row<Incident>>,
}

/// "There were no others": an empty list proves nothing by itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Complete {
    /// Up to the end of this day.
    pub(crate) until: Day,
    pub(crate) by: Text,
}

/// An incident.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Incident {
    pub(crate) id: Text,
    #[serde(rename = "title")]
    _title: Text,
    pub(crate) class: Class,
    pub(crate) severity: Criticality,
    pub(crate) phi: Phi,
    pub(crate) owner: Text,
    /// When it began, where that is known; when somebody knew, or should have (164.404(a)(2)).
    #[serde(default)]
    pub(crate) began: Option<Moment>,
    pub(crate) discovered: Moment,
    #[serde(default)]
    pub(crate) contained: Option<Moment>,
    #[serde(default)]
    pub(crate) resolved: Option<Moment>,
    #[serde(default)]
    pub(crate) disposition: Option<Disposition>,
    /// Number of people whose PHI it concerns.
    #[serde(default)]
    pub(crate) people: Option<u32>,
    /// The four factors of 164.402.
    #[serde(default)]
    pub(crate) assessment: Option<Assessment>,
    /// Notices that went out.
    #[serde(default, rename = "notice")]
    pub(crate) notices: Vec<Notice>,
    /// Law enforcement asked to wait until the end of this day (164.412).
    #[serde(default)]
    pub(crate) delayed_until: Option<Day>,
    #[serde(default, rename = "action")]
    pub(crate) actions: Vec<Action>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Class {
    Security,
    Privacy,
    Availability,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Disposition {
    FalseAlarm,
    Incident,
    Breach,
}

/// Whether PHI was probably compromised (164.402(2)).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Assessment {
    /// Nature and extent of the PHI.
    #[serde(rename = "nature")]
    _nature: Text,
    /// The unauthorised person.
    #[serde(rename = "recipient")]
    _recipient: Text,
    /// Whether it was acquired or viewed.
    #[serde(rename = "acquired")]
    _acquired: Text,
    /// How far the risk was mitigated.
    #[serde(rename = "mitigated")]
    _mitigated: Text,
    pub(crate) conclusion: Conclusion,
    pub(crate) by: Text,
    pub(crate) at: Moment,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Conclusion {
    LowProbability,
    Breach,
}

/// A notice that went out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Notice {
    pub(crate) to: NoticeTo,
    pub(crate) at: Moment,
    #[serde(default)]
    pub(crate) document: Option<Document>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NoticeTo {
    /// 164.404.
    Individuals,
    /// 164.406.
    Media,
    /// 164.408.
    Hhs,
    /// 164.410: a business associate tells the covered entity.
    CoveredEntity,
}

impl Register for Incidents {
    fn read(reader: &mut Reader<'_>) -> Self {
        let complete = reader.one("complete");
        let incidents: Vec<Row<Incident>> = reader.rows("incident");
        reader.unique("incident", &incidents, |incident| &incident.id);
        for incident in &incidents {
            let (line, discovered) = (incident.line, incident.discovered);
            if incident.began.is_some_and(|began| discovered < began) {
                reader.fault(
                    line,
                    "incident.discovered",
                    "it is earlier than the beginning",
                );
            }
            reader.in_order(
                line,
                "incident.contained",
                &discovered,
                incident.contained.as_ref(),
            );
            let before = incident.contained.unwrap_or(discovered);
            reader.in_order(
                line,
                "incident.resolved",
                &before,
                incident.resolved.as_ref(),
            );
            if incident.resolved.is_some() && incident.disposition.is_none() {
                reader.fault(
                    line,
                    "incident.disposition",
                    "it is resolved, and nobody says what it was",
                );
            }
        }
        Self {
            complete,
            incidents,
        }
    }
}

/// The incidents as a population.
pub(crate) fn population(register: &Incidents) -> Population {
    let items = register.incidents.iter().map(|incident| Item {
        id: incident.id.to_string(),
        at: Some(incident.discovered.0),
        until: incident.resolved.map(|resolved| resolved.0),
        columns: BTreeMap::from([
            (
                "class".to_owned(),
                format!("{:?}", incident.class).to_lowercase(),
            ),
            ("severity".to_owned(), incident.severity.name().to_owned()),
            ("phi".to_owned(), incident.phi.name().to_owned()),
            ("owner".to_owned(), incident.owner.to_string()),
        ]),
    });
    let completeness = match &register.complete {
        Some(complete) => format!(
            "{} says that there were no others up to {}",
            complete.by, complete.until
        ),
        None => "nobody says that there were no others".to_owned(),
    };
    Population {
        completeness,
        items: items.collect(),
    }
}

/// Each incident has an owner, a disposition in time and its times; what was decided afterwards is done in time.
pub(crate) fn records(context: &Context<'_>) -> Result<Judgement, String> {
    let register = register::<Incidents>(context)?;
    let staff = Staff::of(context)?;
    let complete_days: i64 = context.check.parameter("complete_days")?;
    let disposition_hours: i64 = context.check.parameter("disposition_hours")?;
    if register.incidents.is_empty() && register.complete.is_none() {
        some::<Incidents, _>(
            &register.incidents,
            "incident, and has no [complete] either",
        )?;
    }
    let mut found = Vec::new();
    found.extend(attested(
        context,
        register.complete.as_ref(),
        &staff,
        complete_days,
    ));
    for incident in &register.incidents {
        let place = Incidents::place(incident);
        if let Err(why) = staff.at_work(
            &incident.owner,
            crate::window::day_of(incident.discovered.0),
        ) {
            found.push(deviation(context, "OWNER_UNKNOWN", &*incident.id, why).at(place.clone()));
        }
        found.extend(undecided(context, incident, &place, disposition_hours));
        found.extend(late_actions(
            context,
            &incident.id,
            &place,
            &incident.actions,
        ));
    }
    Ok(Judgement::of(found, Vec::new()).over(population(&register)))
}

/// Somebody at work says that the list is complete, and not long ago.
fn attested(
    context: &Context<'_>,
    complete: Option<&Row<Complete>>,
    staff: &Staff,
    days: i64,
) -> Vec<Deviation> {
    let Some(complete) = complete else {
        let text = "nobody says, in [complete], that there were no other incidents";
        return vec![deviation(context, "NOT_ATTESTED", "complete", text)];
    };
    let day = super::given::today(context);
    let until = complete.until;
    let say = |code, text: String| {
        deviation(context, code, "complete", text).at(Incidents::place(complete))
    };
    let mut found = Vec::new();
    if until.until(day) > days {
        let text = format!("the list is said to be complete up to {until} only");
        found.push(say("ATTESTATION_STALE", text).lasting(until.end(), None));
    }
    if until.0 > day {
        let text = format!("the list is said to be complete up to {until}, which is to come");
        found.push(say("ATTESTED_IN_FUTURE", text));
    }
    if let Err(why) = staff.at_work(&complete.by, until.0) {
        found.push(say("ATTESTER_UNKNOWN", why));
    }
    found
}

fn undecided(
    context: &Context<'_>,
    incident: &Incident,
    place: &str,
    limit: i64,
) -> Option<Deviation> {
    let open_for = hours_between(incident.discovered.0, context.at);
    if incident.disposition.is_some() || open_for <= limit {
        return None;
    }
    let text = format!("it was discovered {open_for} h ago, and nobody has decided what it was");
    let since = incident
        .discovered
        .0
        .checked_add(jiff::SignedDuration::from_hours(limit))
        .ok();
    Some(
        deviation(context, "NO_DISPOSITION", &*incident.id, text)
            .at(place)
            .lasting(since, None),
    )
}

/// The last moment by which something is told, so many days after the discovery: the day of discovery is day 0, and the
/// last day counts whole.
pub(crate) fn deadline(discovered: Timestamp, days: i64) -> Option<Timestamp> {
    Day(crate::window::day_of(discovered)).plus(days)?.end()
}
