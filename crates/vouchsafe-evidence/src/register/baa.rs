//! Whether whoever gets PHI has a live agreement that covers the very service.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::egress::{Egress, Proof, Services};
use super::given::{compare_document, days_over, deviation, optional, register, today};
use super::reading::{Named as _, Row};
use super::value::{Day, Phi, Text, days_between, holds};
use super::vendors::{Agreement, Vendors};
use crate::inputs::Context;
use crate::judgement::{Deviation, Judgement};

/// The registers that answer it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Registers<'r> {
    pub(crate) vendors: &'r Vendors,
    pub(crate) egress: &'r Egress,
    pub(crate) services: Option<&'r Services>,
}

/// Days for which a proof of no PHI is good, and days of a vendor's notice of a breach.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) proof_days: i64,
    pub(crate) notice_days: u16,
}

/// A destination or service, and what covers it on a day.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct Coverage {
    /// `egress` or `service`.
    pub(crate) register: &'static str,
    pub(crate) id: String,
    pub(crate) vendor: String,
    pub(crate) service: String,
    pub(crate) hosts: Vec<String>,
    pub(crate) phi: &'static str,
    /// Where it stands.
    pub(crate) place: String,
    /// The agreement that covers it.
    pub(crate) agreement: Option<String>,
    /// The last day of that.
    pub(crate) until: Option<String>,
    /// What is wrong; nothing, when PHI may go there, or none does.
    pub(crate) problems: Vec<Problem>,
    /// What will be wrong soon.
    pub(crate) warnings: Vec<String>,
}

/// Why no PHI may go somewhere.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct Problem {
    pub(crate) code: &'static str,
    pub(crate) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<Timestamp>,
}

impl Problem {
    fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
            since: None,
        }
    }
}

/// What is asked of one destination or service.
struct Asked<'r> {
    vendor: &'r Text,
    service: &'r Text,
    phi: Phi,
    proof: Option<&'r Proof>,
}

/// All destinations and services on a day, in the order of the registers.
pub(crate) fn assess(registers: Registers<'_>, limits: Limits, day: Date) -> Vec<Coverage> {
    let destinations = registers.egress.entries.iter().map(|entry| {
        let asked = Asked {
            vendor: &entry.vendor,
            service: &entry.service,
            phi: entry.phi,
            proof: entry.proof.as_ref(),
        };
        let hosts = entry
            .hosts
            .iter()
            .map(|host| host.as_str().to_owned())
            .collect();
        let bare = bare("egress", &entry.id, Egress::place(entry), hosts, &asked);
        cover(registers.vendors, limits, day, &asked, bare)
    });
    let services = registers
        .services
        .map_or(&[][..], |services| &services.services);
    let services = services.iter().map(|entry| {
        let asked = Asked {
            vendor: &entry.vendor,
            service: &entry.service,
            phi: entry.phi,
            proof: entry.proof.as_ref(),
        };
        let bare = bare(
            "service",
            &entry.id,
            Services::place(entry),
            Vec::new(),
            &asked,
        );
        cover(registers.vendors, limits, day, &asked, bare)
    });
    destinations.chain(services).collect()
}

fn bare(
    register: &'static str,
    id: &str,
    place: String,
    hosts: Vec<String>,
    asked: &Asked<'_>,
) -> Coverage {
    Coverage {
        register,
        id: id.to_owned(),
        vendor: asked.vendor.to_string(),
        service: asked.service.to_string(),
        hosts,
        phi: asked.phi.name(),
        place,
        agreement: None,
        until: None,
        problems: Vec::new(),
        warnings: Vec::new(),
    }
}

fn cover(
    vendors: &Vendors,
    limits: Limits,
    day: Date,
    asked: &Asked<'_>,
    mut coverage: Coverage,
) -> Coverage {
    if !asked.phi.concerns() {
        coverage.problems.extend(unproved(asked.proof, limits, day));
        return coverage;
    }
    match live(vendors, asked, day) {
        Err(problem) => coverage.problems.push(problem),
        Ok(agreement) => {
            coverage.agreement = Some(agreement.id.to_string());
            coverage.until = agreement.ends.map(|ends| ends.to_string());
            coverage
                .problems
                .extend(weak(vendors, agreement, limits, day));
            coverage
                .warnings
                .extend(soon("the agreement ends", agreement.ends, day));
            coverage.warnings.extend(soon(
                "the agreement is to be read again",
                Some(agreement.review_by),
                day,
            ));
        }
    }
    coverage
}

/// Whether "no PHI" is more than a word.
fn unproved(proof: Option<&Proof>, limits: Limits, day: Date) -> Option<Problem> {
    let Some(proof) = proof else {
        return Some(Problem::new(
            "NO_PROOF",
            "phi = \"none\" without a proof that no PHI goes there",
        ));
    };
    if proof.on.until(day) < 0 {
        return Some(Problem::new(
            "PROOF_IN_FUTURE",
            format!("the proof is dated {}, which is to come", proof.on),
        ));
    }
    let due = proof.on.plus(limits.proof_days)?;
    let over = days_over(due, day)?;
    let text = format!(
        "the proof that no PHI goes there is of {}; the next is overdue by {over} days",
        proof.on
    );
    Some(Problem {
        code: "PROOF_STALE",
        text,
        since: due.end(),
    })
}

/// The live agreement that covers the service; of several, the one that lasts longest.
fn live<'v>(
    vendors: &'v Vendors,
    asked: &Asked<'_>,
    day: Date,
) -> Result<&'v Row<Agreement>, Problem> {
    let (vendor, service) = (asked.vendor, asked.service);
    if vendors.vendor(vendor).is_none() {
        let text = format!("there is no vendor {vendor} in {}", Vendors::FILE);
        return Err(Problem::new("VENDOR_UNKNOWN", text));
    }
    let of_vendor = || {
        vendors
            .agreements
            .iter()
            .filter(|agreement| agreement.vendor == *vendor)
    };
    let covers = |agreement: &Row<Agreement>| {
        agreement
            .covers
            .iter()
            .any(|known| known.eq_ignore_ascii_case(service))
    };
    let alive = |agreement: &Row<Agreement>| holds(agreement.effective, agreement.ends, day);
    let best = of_vendor()
        .filter(|agreement| covers(agreement) && alive(agreement))
        .max_by_key(|agreement| (agreement.ends.is_none(), agreement.ends));
    if let Some(agreement) = best {
        return Ok(agreement);
    }
    let named = of_vendor().filter(|agreement| covers(agreement));
    let ended = named
        .clone()
        .filter(|agreement| agreement.ends.is_some_and(|ends| ends.0 < day))
        .max_by_key(|agreement| agreement.ends);
    if let Some((id, ends)) = ended.and_then(|agreement| Some((&agreement.id, agreement.ends?))) {
        let text = format!("the agreement {id} covered {service}, and its last day was {ends}");
        return Err(Problem {
            code: "AGREEMENT_ENDED",
            text,
            since: ends.end(),
        });
    }
    if let Some(agreement) = named.min_by_key(|agreement| agreement.effective) {
        let text = format!(
            "the agreement {} covers {service} only from {} on",
            agreement.id, agreement.effective
        );
        return Err(Problem::new("AGREEMENT_NOT_YET", text));
    }
    let others: Vec<&str> = of_vendor()
        .flat_map(|agreement| &agreement.covers)
        .map(|service| &**service)
        .collect();
    if others.is_empty() {
        return Err(Problem::new(
            "NO_AGREEMENT",
            format!("there is no agreement with {vendor}"),
        ));
    }
    let text = format!(
        "the agreements with {vendor} do not cover {service}; they cover {}",
        others.join(", ")
    );
    Err(Problem::new("SERVICE_NOT_COVERED", text))
}

/// What a live agreement lacks.
fn weak(vendors: &Vendors, agreement: &Agreement, limits: Limits, day: Date) -> Vec<Problem> {
    let mut found = Vec::new();
    let id = &agreement.id;
    for condition in &agreement.conditions {
        if condition.met.is_none_or(|met| met.0 > day) {
            let text = format!(
                "the agreement {id} holds on a condition that nobody has seen met: {}",
                condition.what
            );
            found.push(Problem::new("CONDITION_NOT_MET", text));
        }
    }
    if !agreement.flow_down {
        let text = format!("the agreement {id} does not bind the vendor's subcontractors");
        found.push(Problem::new("NO_FLOW_DOWN", text));
    }
    let upstream = vendors
        .covered_entities
        .iter()
        .filter(|entity| holds(entity.effective, entity.ends, day));
    let least = upstream
        .map(|entity| entity.breach_notice_days)
        .chain([limits.notice_days])
        .min();
    if let Some(least) = least.filter(|least| agreement.breach_notice_days > *least) {
        let text = format!(
            "the agreement {id} gives the vendor {} days to report a breach, and this project has {least}",
            agreement.breach_notice_days
        );
        found.push(Problem::new("NOTICE_TOO_LATE", text));
    }
    if let Some(over) = days_over(agreement.review_by, day) {
        let text = format!(
            "the agreement {id} was to be read again by {}, {over} days ago",
            agreement.review_by
        );
        found.push(Problem {
            code: "REVIEW_OVERDUE",
            text,
            since: agreement.review_by.end(),
        });
    }
    found
}

/// A warning 60, 30 and 7 days ahead.
fn soon(what: &str, due: Option<Day>, day: Date) -> Option<String> {
    let due = due?;
    let left = days_between(day, due.0);
    let mark = match left {
        0..=7 => 7,
        8..=30 => 30,
        31..=60 => 60,
        _ => return None,
    };
    Some(format!(
        "{what} on {due}: {left} days are left (less than {mark})",
        mark = mark + 1
    ))
}

/// Each destination and service with PHI has a live agreement that covers it.
pub(crate) fn covers_service(context: &Context<'_>) -> Result<Judgement, String> {
    let vendors = register::<Vendors>(context)?;
    let egress = register::<Egress>(context)?;
    let services = optional::<Services>(context)?;
    let registers = Registers {
        vendors: &vendors,
        egress: &egress,
        services: services.as_deref(),
    };
    let limits = Limits {
        proof_days: context.check.parameter("proof_days")?,
        notice_days: context.check.parameter("notice_days")?,
    };
    let all = assess(registers, limits, today(context));
    if all.is_empty() {
        return Err(format!(
            "no evidence: {} and {} name nothing",
            Egress::FILE,
            Services::FILE
        ));
    }
    let mut found = Vec::new();
    let mut warnings = Vec::new();
    for coverage in &all {
        for problem in &coverage.problems {
            let one = deviation(context, problem.code, &*coverage.id, &*problem.text);
            found.push(one.at(&*coverage.place).lasting(problem.since, None));
        }
        warnings.extend(
            coverage
                .warnings
                .iter()
                .map(|warning| format!("{}: {warning}", coverage.id)),
        );
    }
    found.extend(papers(context, &vendors)?);
    let phi = all.iter().filter(|coverage| coverage.phi != "none").count();
    let mut judgement = Judgement::of(found, Vec::new()).noting(format!(
        "{} destinations and services, {phi} of them with PHI",
        all.len()
    ));
    judgement.notes.extend(warnings);
    Ok(judgement)
}

/// The documents of live agreements are those that were registered; agreements upstream were read again in time.
fn papers(context: &Context<'_>, vendors: &Vendors) -> Result<Vec<Deviation>, String> {
    let day = today(context);
    let mut found = Vec::new();
    let live = vendors
        .agreements
        .iter()
        .filter(|agreement| holds(agreement.effective, agreement.ends, day));
    for agreement in live {
        let place = Vendors::place(agreement);
        found.extend(compare_document(
            context,
            &agreement.id,
            &place,
            &agreement.document,
        )?);
    }
    let upstream = vendors
        .covered_entities
        .iter()
        .filter(|entity| holds(entity.effective, entity.ends, day));
    for entity in upstream {
        let place = Vendors::place(entity);
        found.extend(compare_document(
            context,
            &entity.id,
            &place,
            &entity.document,
        )?);
        if let Some(over) = days_over(entity.review_by, day) {
            let text = format!(
                "the agreement with {} was to be read again by {}, {over} days ago",
                entity.name, entity.review_by
            );
            let one = deviation(context, "REVIEW_OVERDUE", &*entity.id, text).at(place);
            found.push(one.lasting(entity.review_by.end(), None));
        }
    }
    Ok(found)
}
