//! Vendors, the agreements with them, and the covered entities for whom the work is done.

use serde::Deserialize;

use super::given::{Staff, compare_document, days_over, deviation, register, some, today};
use super::reading::{Named as _, Reader, Register, Row};
use super::value::{Criticality, Day, Document, Phi, Text, days_between, holds};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement};

/// `evidence/vendors.toml`.
#[derive(Debug)]
pub(crate) struct Vendors {
    pub(crate) vendors: Vec<Row<Vendor>>,
    pub(crate) agreements: Vec<Row<Agreement>>,
    pub(crate) covered_entities: Vec<Row<CoveredEntity>>,
}

/// A vendor.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vendor {
    pub(crate) id: Text,
    pub(crate) name: Text,
    pub(crate) criticality: Criticality,
    /// Whether PHI gets to it.
    pub(crate) phi: Phi,
    /// Whether it runs the buildings and machines that the system stands in.
    #[serde(default)]
    pub(crate) premises: bool,
    /// The day of the last assessment, and the person who made it.
    #[serde(default)]
    pub(crate) assessed: Option<Day>,
    #[serde(default)]
    pub(crate) assessor: Option<Text>,
    #[serde(default)]
    pub(crate) assessment: Option<Document>,
    /// Reports by its auditors.
    #[serde(default, rename = "report")]
    pub(crate) reports: Vec<Report>,
}

/// A report on a vendor by its own auditor.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Report {
    pub(crate) kind: ReportKind,
    /// The period that it speaks of; for certificates, their term.
    pub(crate) from: Day,
    pub(crate) until: Day,
    pub(crate) document: Document,
    /// The vendor's word that nothing changed since, until this day.
    #[serde(default)]
    pub(crate) bridge: Option<Bridge>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
pub(crate) enum ReportKind {
    #[serde(rename = "soc2-type1")]
    Soc2Type1,
    #[serde(rename = "soc2-type2")]
    Soc2Type2,
    #[serde(rename = "hitrust")]
    Hitrust,
    #[serde(rename = "iso27001")]
    Iso27001,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bridge {
    pub(crate) until: Day,
    pub(crate) document: Document,
}

/// A business associate agreement with a vendor.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Agreement {
    pub(crate) id: Text,
    pub(crate) vendor: Text,
    /// Its first day.
    pub(crate) effective: Day,
    /// Its last day; it goes on without one.
    #[serde(default)]
    pub(crate) ends: Option<Day>,
    /// The day by which somebody reads it again.
    pub(crate) review_by: Day,
    /// The very services, as `egress.toml` and `services.toml` name them.
    pub(crate) covers: Vec<Text>,
    /// What must be so for it to hold: a plan, a setting, a region.
    #[serde(default)]
    pub(crate) conditions: Vec<Condition>,
    pub(crate) document: Document,
    /// Whether it binds the vendor's subcontractors (164.308(b)(2), 164.314(a)(2)(iii)).
    pub(crate) flow_down: bool,
    /// Days within which the vendor reports a breach.
    pub(crate) breach_notice_days: u16,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Condition {
    pub(crate) what: Text,
    /// The day on which somebody saw that it is so; none yet, without one.
    #[serde(default)]
    pub(crate) met: Option<Day>,
}

/// A covered entity upstream, whose business associate this project is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CoveredEntity {
    pub(crate) id: Text,
    pub(crate) name: Text,
    pub(crate) effective: Day,
    #[serde(default)]
    pub(crate) ends: Option<Day>,
    pub(crate) review_by: Day,
    pub(crate) document: Document,
    /// Days within which a breach is reported to it.
    pub(crate) breach_notice_days: u16,
}

impl Register for Vendors {
    fn read(reader: &mut Reader<'_>) -> Self {
        let vendors: Vec<Row<Vendor>> = reader.rows("vendor");
        let agreements: Vec<Row<Agreement>> = reader.rows("agreement");
        let covered_entities: Vec<Row<CoveredEntity>> = reader.rows("covered_entity");
        reader.unique("vendor", &vendors, |vendor| &vendor.id);
        reader.unique("agreement", &agreements, |agreement| &agreement.id);
        reader.unique("covered_entity", &covered_entities, |entity| &entity.id);
        for vendor in &vendors {
            for report in &vendor.reports {
                reader.in_order(
                    vendor.line,
                    "vendor.report.until",
                    &report.from,
                    Some(&report.until),
                );
            }
        }
        for agreement in &agreements {
            let (line, ends) = (agreement.line, agreement.ends.as_ref());
            reader.in_order(line, "agreement.ends", &agreement.effective, ends);
            if let Some(problem) = too_wide(agreement, &vendors) {
                reader.fault(line, "agreement.covers", problem);
            }
        }
        for entity in &covered_entities {
            let ends = entity.ends.as_ref();
            reader.in_order(entity.line, "covered_entity.ends", &entity.effective, ends);
        }
        Self {
            vendors,
            agreements,
            covered_entities,
        }
    }
}

/// An agreement covers services that it names. "Everything" is what contracts seldom say.
fn too_wide(agreement: &Agreement, vendors: &[Row<Vendor>]) -> Option<String> {
    let Some(vendor) = vendors.iter().find(|vendor| vendor.id == agreement.vendor) else {
        return Some(format!(
            "there is no vendor {} in this file",
            agreement.vendor
        ));
    };
    if agreement.covers.is_empty() {
        return Some("it names no service".to_owned());
    }
    let wide = agreement.covers.iter().find(|service| {
        let everything = ["all", "any", "everything", "all services"];
        service.contains('*')
            || everything
                .iter()
                .any(|word| service.eq_ignore_ascii_case(word))
            || service.eq_ignore_ascii_case(&vendor.id)
            || service.eq_ignore_ascii_case(&vendor.name)
    });
    wide.map(|service| {
        format!("\"{service}\" is no service: name each service that the contract names")
    })
}

impl Vendors {
    pub(crate) fn vendor(&self, id: &str) -> Option<&Row<Vendor>> {
        self.vendors.iter().find(|vendor| *vendor.id == *id)
    }
}

/// What a check of vendors goes by.
struct Limits {
    assessment_days: i64,
    gap_days: i64,
}

impl Limits {
    fn of(context: &Context<'_>) -> Result<Self, String> {
        Ok(Self {
            assessment_days: context.check.parameter("assessment_days")?,
            gap_days: context.check.parameter("gap_days")?,
        })
    }
}

/// Each vendor that matters was assessed within a year; each critical one has a report that reaches to now.
pub(crate) fn assessment(context: &Context<'_>) -> Result<Judgement, String> {
    let vendors = register::<Vendors>(context)?;
    let limits = Limits::of(context)?;
    let staff = Staff::of(context)?;
    let mut found = Vec::new();
    let mut looked_at = 0_usize;
    for vendor in some::<Vendors, _>(&vendors.vendors, "vendor")? {
        if vendor.criticality < Criticality::High && !vendor.phi.concerns() {
            continue;
        }
        looked_at += 1;
        found.extend(assessed(context, vendor, &limits, &staff)?);
        if vendor.criticality >= Criticality::High {
            found.extend(reported(context, vendor, &limits)?);
        }
    }
    let note = format!(
        "{looked_at} of {} vendors are critical, highly critical or get PHI",
        vendors.vendors.len()
    );
    if looked_at == 0 {
        return Ok(Judgement::not_applicable(note));
    }
    Ok(Judgement::of(found, Vec::new()).noting(note))
}

fn assessed(
    context: &Context<'_>,
    vendor: &Row<Vendor>,
    limits: &Limits,
    staff: &Staff,
) -> Result<Vec<Deviation>, String> {
    let place = Vendors::place(vendor);
    let say = |code, text: String| deviation(context, code, &*vendor.id, text).at(place.clone());
    let mut found = Vec::new();
    let Some(day) = vendor.assessed else {
        return Ok(vec![say(
            "NOT_ASSESSED",
            "no assessment is on record".to_owned(),
        )]);
    };
    if day.until(today(context)) < 0 {
        found.push(say(
            "ASSESSED_IN_FUTURE",
            format!("the assessment is dated {day}, which is to come"),
        ));
    }
    let due = day.plus(limits.assessment_days).unwrap_or(day);
    if let Some(over) = days_over(due, today(context)) {
        let text = format!("the last assessment is of {day}; the next is overdue by {over} days");
        found.push(say("ASSESSMENT_OVERDUE", text).lasting(due.end(), None));
    }
    match &vendor.assessor {
        None => found.push(say(
            "NO_ASSESSOR",
            "nobody is named who made the assessment".to_owned(),
        )),
        Some(assessor) => {
            if let Err(why) = staff.at_work(assessor, day.0) {
                found.push(say("ASSESSOR_UNKNOWN", why));
            }
        }
    }
    if let Some(document) = &vendor.assessment {
        found.extend(compare_document(context, &vendor.id, &place, document)?);
    }
    Ok(found)
}

/// A report whose period reaches to now, but for some days, or that a bridge letter carries on.
fn reported(
    context: &Context<'_>,
    vendor: &Row<Vendor>,
    limits: &Limits,
) -> Result<Vec<Deviation>, String> {
    let place = Vendors::place(vendor);
    let say = |code, text: String| deviation(context, code, &*vendor.id, text).at(place.clone());
    let mut found = Vec::new();
    let periods = vendor
        .reports
        .iter()
        .filter(|report| report.kind != ReportKind::Soc2Type1);
    let last = periods
        .filter(|report| report.from.0 <= today(context))
        .max_by_key(|report| report.until);
    let Some(last) = last else {
        let text = "no SOC 2 Type II, HITRUST or ISO 27001 report is on record".to_owned();
        return Ok(vec![say("NO_REPORT", text)]);
    };
    for document in
        std::iter::once(&last.document).chain(last.bridge.as_ref().map(|bridge| &bridge.document))
    {
        found.extend(compare_document(context, &vendor.id, &place, document)?);
    }
    let gap = days_between(last.until.0, today(context));
    let bridged = last
        .bridge
        .as_ref()
        .is_some_and(|bridge| holds(last.until, Some(bridge.until), today(context)));
    if gap > limits.gap_days && !bridged {
        let text = format!(
            "the last report ends on {}, {gap} days ago, and no bridge letter reaches to this day",
            last.until
        );
        found.push(say("REPORT_GAP", text).lasting(last.until.end(), None));
    }
    Ok(found)
}

/// Whoever runs the buildings has a report that reaches to now: physical safeguards are inherited from there.
pub(crate) fn premises(context: &Context<'_>) -> Result<Judgement, String> {
    let vendors = register::<Vendors>(context)?;
    let limits = Limits {
        assessment_days: 0,
        gap_days: context.check.parameter("gap_days")?,
    };
    let mut found = Vec::new();
    let mut names = Vec::new();
    for vendor in vendors.vendors.iter().filter(|vendor| vendor.premises) {
        names.push(vendor.name.to_string());
        found.extend(reported(context, vendor, &limits)?);
    }
    if names.is_empty() {
        return Err(format!(
            "no evidence: no vendor in {} has `premises = true`; whoever runs the buildings is named there",
            Vendors::FILE
        ));
    }
    Ok(Judgement::of(found, Vec::new()).noting(format!(
        "buildings and machines are run by {}",
        names.join(", ")
    )))
}
