//! The clock of breach notices, 164.404 to 164.414.

use jiff::Timestamp;
use jiff::civil::{Date, date};

use super::given::{Staff, compare_document, deviation, optional, register};
use super::incidents::{
    Conclusion, Disposition, Incident, Incidents, NoticeTo, deadline, population,
};
use super::reading::{Named as _, Row};
use super::value::{Day, holds};
use super::vendors::Vendors;
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement};
use crate::window::day_of;

/// Who must be told, and in how many days.
struct Clock {
    /// The most that the rule gives: 60.
    days: i64,
    /// Days for the assessment of the four factors.
    assessment_days: i64,
    /// From how many people on HHS and media are told at once: 500.
    large: u32,
    /// For whom the work is done: they are told, and they tell the people.
    upstream: Option<Vec<(Day, Option<Day>, u16)>>,
    staff: Staff,
}

/// A notice that is due.
struct Due {
    to: NoticeTo,
    name: &'static str,
    by: Option<Timestamp>,
}

/// Each incident with PHI is assessed; each breach is told in time to those who must know.
pub(crate) fn clock(context: &Context<'_>) -> Result<Judgement, String> {
    let register = register::<Incidents>(context)?;
    let vendors = optional::<Vendors>(context)?;
    let upstream = vendors.map(|vendors| {
        let all = vendors.covered_entities.iter();
        all.map(|entity| (entity.effective, entity.ends, entity.breach_notice_days))
            .collect()
    });
    let clock = Clock {
        days: context.check.parameter("days")?,
        assessment_days: context.check.parameter("assessment_days")?,
        large: context.check.parameter("large")?,
        upstream,
        staff: Staff::of(context)?,
    };
    let mut found = Vec::new();
    let mut with_phi = 0_usize;
    for incident in &register.incidents {
        let false_alarm = incident.disposition == Some(Disposition::FalseAlarm);
        if !incident.phi.concerns() || false_alarm {
            continue;
        }
        with_phi += 1;
        found.extend(one(context, incident, &clock)?);
    }
    if with_phi == 0 && register.complete.is_none() {
        return Err(format!(
            "no evidence: {} has no incident with PHI, and nobody says in [complete] that there was none",
            Incidents::FILE
        ));
    }
    if with_phi == 0 {
        return Ok(Judgement::not_applicable(
            "no incident with PHI is on record",
        ));
    }
    Ok(Judgement::of(found, Vec::new()).over(population(&register)))
}

fn one(
    context: &Context<'_>,
    incident: &Row<Incident>,
    clock: &Clock,
) -> Result<Vec<Deviation>, String> {
    let place = Incidents::place(incident);
    let say = |code, text: String| deviation(context, code, &*incident.id, text).at(place.clone());
    let mut found = Vec::new();
    for document in incident
        .notices
        .iter()
        .filter_map(|notice| notice.document.as_ref())
    {
        found.extend(compare_document(context, &incident.id, &place, document)?);
    }
    let Some(assessment) = &incident.assessment else {
        let by = deadline(incident.discovered.0, clock.assessment_days);
        if by.is_some_and(|by| context.at >= by) {
            let text = format!(
                "the four factors are not assessed {} days after the discovery: presumed a breach (164.402(2))",
                clock.assessment_days
            );
            found.push(say("NOT_ASSESSED", text).lasting(by, None));
        }
        // Without an assessment it is presumed to be a breach.
        found.extend(notices(context, incident, clock, &place));
        return Ok(found);
    };
    if let Err(why) = clock.staff.at_work(&assessment.by, day_of(assessment.at.0)) {
        found.push(say("ASSESSOR_UNKNOWN", why));
    }
    let by = deadline(incident.discovered.0, clock.assessment_days);
    if by.is_some_and(|by| assessment.at.0 >= by) {
        let text = format!(
            "the four factors were assessed later than {} days after the discovery",
            clock.assessment_days
        );
        found.push(say("ASSESSED_LATE", text).lasting(by, Some(assessment.at.0)));
    }
    let breach = assessment.conclusion == Conclusion::Breach;
    if breach != (incident.disposition == Some(Disposition::Breach))
        && incident.disposition.is_some()
    {
        found.push(say(
            "CONTRADICTION",
            "disposition and assessment do not say the same".to_owned(),
        ));
    }
    if breach || incident.disposition == Some(Disposition::Breach) {
        found.extend(notices(context, incident, clock, &place));
    }
    Ok(found)
}

fn notices(
    context: &Context<'_>,
    incident: &Row<Incident>,
    clock: &Clock,
    place: &str,
) -> Vec<Deviation> {
    let mut found = Vec::new();
    for due in due(incident, clock) {
        let waits = incident.delayed_until.and_then(Day::end);
        let Some(by) = due.by.max(waits) else {
            continue;
        };
        let given = incident
            .notices
            .iter()
            .filter(|notice| notice.to == due.to)
            .map(|notice| notice.at.0)
            .min();
        let last = by
            .checked_sub(jiff::SignedDuration::from_secs(1))
            .unwrap_or(by);
        let (code, text, until) = match given {
            Some(at) if at < by => continue,
            Some(at) => (
                "NOTICE_LATE",
                format!(
                    "the notice to {} was due by {} and went out on {}",
                    due.name,
                    day_of(last),
                    day_of(at)
                ),
                Some(at),
            ),
            None if context.at < by => continue,
            None => (
                "NOTICE_OVERDUE",
                format!("the notice to {} was due by {}", due.name, day_of(last)),
                None,
            ),
        };
        found.push(
            deviation(context, code, &*incident.id, text)
                .at(place)
                .lasting(Some(by), until),
        );
    }
    found
}

/// The notices that a breach asks for. A business associate tells its covered entities, and these the rest.
fn due(incident: &Incident, clock: &Clock) -> Vec<Due> {
    let discovered = incident.discovered.0;
    let day = day_of(discovered);
    let upstream = clock
        .upstream
        .iter()
        .flatten()
        .filter(|(from, until, _)| holds(*from, *until, day));
    let shortest = upstream.map(|(_, _, days)| i64::from(*days)).min();
    if let Some(days) = shortest {
        let by = deadline(discovered, days.min(clock.days));
        return vec![Due {
            to: NoticeTo::CoveredEntity,
            name: "the covered entities",
            by,
        }];
    }
    let by = deadline(discovered, clock.days);
    let large = incident.people.is_none_or(|people| people >= clock.large);
    let mut all = vec![Due {
        to: NoticeTo::Individuals,
        name: "the people concerned",
        by,
    }];
    if large {
        all.push(Due {
            to: NoticeTo::Hhs,
            name: "HHS",
            by,
        });
        all.push(Due {
            to: NoticeTo::Media,
            name: "the media",
            by,
        });
    } else {
        // 164.408(c): within 60 days after the end of the year of discovery.
        let by = last_of_year(day).and_then(|last| last.plus(clock.days)?.end());
        all.push(Due {
            to: NoticeTo::Hhs,
            name: "HHS",
            by,
        });
    }
    all
}

fn last_of_year(day: Date) -> Option<Day> {
    (1..=9999)
        .contains(&day.year())
        .then(|| Day(date(day.year(), 12, 31)))
}
