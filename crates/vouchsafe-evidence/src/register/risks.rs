//! The risk analysis.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::assets::Assets;
use super::egress::{Egress, Services};
use super::given::{
    Staff, compare_document, days_over, deviation, optional, register, some, today,
};
use super::reading::{Named as _, Reader, Register, Row};
use super::value::{Criticality, Day, Document, Text};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement};

/// `evidence/risks.toml`.
#[derive(Debug)]
pub(crate) struct Risks {
    pub(crate) analysis: Option<Row<Analysis>>,
    pub(crate) risks: Vec<Row<Risk>>,
}

/// When the analysis was last made as a whole.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Analysis {
    pub(crate) on: Day,
    pub(crate) by: Text,
    #[serde(rename = "method")]
    _method: Text,
    #[serde(default)]
    pub(crate) document: Option<Document>,
}

/// A risk.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Risk {
    pub(crate) id: Text,
    #[serde(rename = "threat")]
    _threat: Text,
    /// Ids of flows, assets, destinations and services that it concerns.
    pub(crate) concerns: Vec<Text>,
    pub(crate) likelihood: Criticality,
    pub(crate) impact: Criticality,
    pub(crate) treatment: Treatment,
    /// What is done about it.
    #[serde(rename = "measure")]
    _measure: Text,
    pub(crate) owner: Text,
    /// The day by which the measure is in place.
    #[serde(default)]
    pub(crate) due: Option<Day>,
    #[serde(default)]
    pub(crate) done: Option<Day>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Treatment {
    Mitigate,
    Accept,
    Transfer,
    Avoid,
}

impl Register for Risks {
    fn read(reader: &mut Reader<'_>) -> Self {
        let analysis = reader.one("analysis");
        let risks: Vec<Row<Risk>> = reader.rows("risk");
        reader.unique("risk", &risks, |risk| &risk.id);
        for risk in &risks {
            if risk.treatment == Treatment::Mitigate && risk.due.is_none() && risk.done.is_none() {
                reader.fault(
                    risk.line,
                    "risk.due",
                    "a risk that is mitigated has a day: `due`, or `done`",
                );
            }
        }
        Self { analysis, risks }
    }
}

/// Every place and flow with PHI appears in a risk analysis that is at most a year old.
pub(crate) fn analysed(context: &Context<'_>) -> Result<Judgement, String> {
    let risks = register::<Risks>(context)?;
    let staff = Staff::of(context)?;
    let age_days: i64 = context.check.parameter("age_days")?;
    let day = today(context);
    let analysis = risks
        .analysis
        .as_ref()
        .ok_or_else(|| format!("no evidence: {} has no [analysis]", Risks::FILE))?;
    some::<Risks, _>(&risks.risks, "risk")?;
    let mut found = Vec::new();
    let place = Risks::place(analysis);
    let due = analysis.on.plus(age_days).unwrap_or(analysis.on);
    if let Some(over) = days_over(due, day) {
        let text = format!(
            "the analysis is of {}; the next is overdue by {over} days",
            analysis.on
        );
        found.push(
            deviation(context, "ANALYSIS_OVERDUE", "analysis", text)
                .at(place.clone())
                .lasting(due.end(), None),
        );
    }
    if let Err(why) = staff.at_work(&analysis.by, analysis.on.0) {
        found.push(deviation(context, "AUTHOR_UNKNOWN", "analysis", why).at(place.clone()));
    }
    if let Some(document) = &analysis.document {
        found.extend(compare_document(context, "analysis", &place, document)?);
    }
    for risk in &risks.risks {
        let say =
            |code, text: String| deviation(context, code, &*risk.id, text).at(Risks::place(risk));
        if let Err(why) = staff.at_work(&risk.owner, day) {
            found.push(say("OWNER_UNKNOWN", why));
        }
        let open = risk.due.filter(|_| risk.done.is_none());
        if let Some((due, over)) = open.and_then(|due| Some((due, days_over(due, day)?))) {
            let text = format!("the measure was due on {due}, {over} days ago");
            found.push(say("MEASURE_OVERDUE", text).lasting(due.end(), None));
        }
        let grave = risk.likelihood >= Criticality::High && risk.impact >= Criticality::High;
        if grave && risk.treatment == Treatment::Accept {
            found.push(say(
                "GRAVE_RISK_ACCEPTED",
                "likely and grave, and accepted: mitigate it".to_owned(),
            ));
        }
    }
    found.extend(not_analysed(context, &risks)?);
    Ok(Judgement::of(found, Vec::new()).noting(format!("{} risks", risks.risks.len())))
}

/// Places and flows with PHI that no risk names, and names of nothing.
fn not_analysed(context: &Context<'_>, risks: &Risks) -> Result<Vec<Deviation>, String> {
    let assets = register::<Assets>(context)?;
    let egress = optional::<Egress>(context)?;
    let services = optional::<Services>(context)?;
    let mut found = Vec::new();
    let named: BTreeSet<&str> = risks
        .risks
        .iter()
        .flat_map(|risk| &risk.concerns)
        .map(|id| &**id)
        .collect();
    let mut known: BTreeSet<&str> = assets.ids();
    known.insert("outside");
    let mut asked: Vec<(&str, String)> = Vec::new();
    for asset in &assets.assets {
        if asset.phi.concerns() {
            asked.push((&asset.id, Assets::place(asset)));
        }
    }
    for entry in egress.iter().flat_map(|egress| &egress.entries) {
        known.insert(&entry.id);
        if entry.phi.concerns() {
            asked.push((&entry.id, Egress::place(entry)));
        }
    }
    for entry in services.iter().flat_map(|services| &services.services) {
        known.insert(&entry.id);
        if entry.phi.concerns() {
            asked.push((&entry.id, Services::place(entry)));
        }
    }
    for flow in &assets.flows {
        for end in [&flow.from, &flow.to]
            .into_iter()
            .filter(|end| !known.contains(&***end))
        {
            let text = format!("the flow leads from or to {end}, and no register has that");
            found.push(deviation(context, "END_UNKNOWN", &*flow.id, text).at(Assets::place(flow)));
        }
        if flow.phi.concerns() {
            asked.push((&flow.id, Assets::place(flow)));
        }
    }
    known.extend(assets.flows.iter().map(|flow| &*flow.id));
    for (id, place) in asked.into_iter().filter(|(id, _)| !named.contains(id)) {
        let text = "PHI goes or lies there, and no risk concerns it";
        found.push(deviation(context, "NOT_ANALYSED", id, text).at(place));
    }
    for risk in &risks.risks {
        for id in risk.concerns.iter().filter(|id| !known.contains(&***id)) {
            let text = format!("it concerns {id}, and no register has that");
            found.push(
                deviation(context, "CONCERN_UNKNOWN", &*risk.id, text).at(Risks::place(risk)),
            );
        }
    }
    Ok(found)
}
