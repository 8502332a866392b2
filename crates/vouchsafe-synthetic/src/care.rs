//! The care of a patient: the care team, visits, findings, medications and notes.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::civil::{Date, DateTime};
use uuid::Uuid;

use crate::{
    codes::{self, Code, Complaint, hl7},
    document::{
        Bundle, at, coding, concept, days_after, minutes_after, named_reference, period, quantity,
        reference,
    },
    json::{Json, list, number, object, text},
    patient::Patient,
    random::{Places, Random},
    staff::{Practitioner, Staff},
};

/// The references that a visit's records share.
struct Visit<'a> {
    patient: &'a Patient,
    practitioner: &'a Practitioner,
    urn: Uuid,
    start: DateTime,
    complaint: Complaint,
}

/// Adds the care team and the visits of the past.
pub(crate) fn record(
    random: &mut Random,
    patient: &Patient,
    team: &[&Practitioner],
    staff: &Staff,
    today: Date,
    bundle: &mut Bundle,
) {
    care_team(random, patient, team, staff, today, bundle);
    let Some(practitioner) = team.first() else {
        return;
    };
    let complaint = random.pick(&codes::COMPLAINTS);
    let visits = random.within(1..=3);
    for number in 0..visits {
        let day = days_after(
            today,
            -30 - 120 * (visits - number) + random.within(-20..=20),
        );
        let visit = Visit {
            patient,
            practitioner,
            urn: random.uuid(),
            start: at(day, 8 + random.within(0..=7), 15 * random.within(0..=3)),
            complaint,
        };
        encounter(&visit, staff, bundle);
        vital_signs(random, &visit, bundle);
        if number == 0 {
            let condition = condition(random, &visit, bundle);
            medication(random, &visit, condition, bundle);
        }
        note(random, &visit, staff, bundle);
    }
}

/// The team that treats the patient now. It ends, as every relation that gives care must.
fn care_team(
    random: &mut Random,
    patient: &Patient,
    team: &[&Practitioner],
    staff: &Staff,
    today: Date,
    bundle: &mut Bundle,
) {
    let start = days_after(today, -random.within(400..=900));
    let end = days_after(today, random.within(180..=365));
    let participants = team.iter().map(|practitioner| {
        object([
            ("role", list([concept(codes::PHYSICIAN)])),
            ("member", practitioner.reference()),
            ("onBehalfOf", staff.organization()),
            ("period", period(start, end)),
        ])
    });
    let members = [
        ("status", text("active")),
        ("name", text("Primary care")),
        ("subject", named_reference(patient.urn, &patient.name)),
        ("period", period(start, end)),
        ("participant", list(participants)),
        ("managingOrganization", list([staff.organization()])),
    ];
    bundle.create("CareTeam", random.uuid(), members);
}

fn encounter(visit: &Visit<'_>, staff: &Staff, bundle: &mut Bundle) {
    let when = period(visit.start, minutes_after(visit.start, 20));
    let participant = object([
        ("type", list([concept(codes::PRIMARY_PERFORMER)])),
        ("period", when.clone()),
        ("individual", visit.practitioner.reference()),
    ]);
    let members = [
        ("status", text("finished")),
        ("class", coding(codes::AMBULATORY)),
        ("type", list([concept(codes::FOR_PROBLEM)])),
        (
            "subject",
            named_reference(visit.patient.urn, &visit.patient.name),
        ),
        ("participant", list([participant])),
        ("period", when),
        ("reasonCode", list([concept(visit.complaint.condition)])),
        ("location", list([object([("location", staff.location())])])),
        ("serviceProvider", staff.organization()),
    ];
    bundle.create("Encounter", visit.urn, members);
}

fn vital_signs(random: &mut Random, visit: &Visit<'_>, bundle: &mut Bundle) {
    let child = visit.patient.age_years < 15;
    let (kilograms, centimetres) = if child {
        (
            8 + 4 * visit.patient.age_years,
            70 + 7 * visit.patient.age_years,
        )
    } else {
        (72, 171)
    };
    let around = |middle: i32| (middle * 95)..=(middle * 105);
    let single = [
        (
            codes::BODY_TEMPERATURE,
            random.decimal(3600..=3790, Places::Two),
            "Cel",
        ),
        (
            codes::HEART_RATE,
            random.decimal(5500..=9900, Places::None),
            "/min",
        ),
        (
            codes::RESPIRATORY_RATE,
            random.decimal(1200..=1900, Places::None),
            "/min",
        ),
        (
            codes::BODY_WEIGHT,
            random.decimal(around(kilograms), Places::Two),
            "kg",
        ),
        (
            codes::BODY_HEIGHT,
            random.decimal(around(centimetres), Places::One),
            "cm",
        ),
    ];
    for (code, value, unit) in single {
        let value = [("valueQuantity", quantity(&value, unit))];
        observation(random, visit, code, value, bundle);
    }
    let parts = [
        (codes::SYSTOLIC, 10500..=14900),
        (codes::DIASTOLIC, 6000..=9400),
    ];
    let components = parts.map(|(code, range)| {
        object([
            ("code", concept(code)),
            (
                "valueQuantity",
                quantity(&random.decimal(range, Places::None), "mm[Hg]"),
            ),
        ])
    });
    let components = [("component", list(components))];
    observation(random, visit, codes::BLOOD_PRESSURE, components, bundle);
}

fn observation(
    random: &mut Random,
    visit: &Visit<'_>,
    code: Code,
    result: [(&'static str, Json); 1],
    bundle: &mut Bundle,
) {
    let members = [
        ("status", text("final")),
        ("category", list([concept(codes::VITAL_SIGNS)])),
        ("code", concept(code)),
        ("subject", reference(visit.patient.urn)),
        ("encounter", reference(visit.urn)),
        ("effectiveDateTime", visit.start.into()),
        ("issued", minutes_after(visit.start, 5).into()),
        ("performer", list([visit.practitioner.reference()])),
    ];
    bundle.create(
        "Observation",
        random.uuid(),
        members.into_iter().chain(result),
    );
}

fn condition(random: &mut Random, visit: &Visit<'_>, bundle: &mut Bundle) -> Uuid {
    const CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/condition-clinical";
    const VERIFIED: &str = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
    const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/condition-category";
    let urn = random.uuid();
    let members = [
        ("clinicalStatus", concept(hl7(CLINICAL, "active", "Active"))),
        (
            "verificationStatus",
            concept(hl7(VERIFIED, "confirmed", "Confirmed")),
        ),
        (
            "category",
            list([concept(hl7(
                CATEGORY,
                "encounter-diagnosis",
                "Encounter Diagnosis",
            ))]),
        ),
        ("code", concept(visit.complaint.condition)),
        (
            "subject",
            named_reference(visit.patient.urn, &visit.patient.name),
        ),
        ("encounter", reference(visit.urn)),
        (
            "onsetDateTime",
            days_after(visit.start.date(), -random.within(1..=60)).into(),
        ),
        ("recordedDate", visit.start.into()),
    ];
    bundle.create("Condition", urn, members);
    urn
}

fn medication(random: &mut Random, visit: &Visit<'_>, condition: Uuid, bundle: &mut Bundle) {
    let dosage = object([
        ("sequence", number(1)),
        ("text", text(visit.complaint.dosage)),
    ]);
    let members = [
        ("status", text("active")),
        ("intent", text("order")),
        (
            "medicationCodeableConcept",
            concept(visit.complaint.medication),
        ),
        ("subject", reference(visit.patient.urn)),
        ("encounter", reference(visit.urn)),
        ("authoredOn", minutes_after(visit.start, 15).into()),
        ("requester", visit.practitioner.reference()),
        ("reasonReference", list([reference(condition)])),
        ("dosageInstruction", list([dosage])),
    ];
    bundle.create("MedicationRequest", random.uuid(), members);
}

/// A note as free text that contains the patient's name, as real notes do.
fn note(random: &mut Random, visit: &Visit<'_>, staff: &Staff, bundle: &mut Bundle) {
    let Visit {
        patient,
        practitioner,
        urn: _,
        start,
        complaint,
    } = visit;
    let words = format!(
        "{}\n\n{}, {} years, comes with {}.\nAssessment: {}.\nPlan: {}. {}.\n\n{}\n",
        start.date(),
        patient.name,
        patient.age_years,
        complaint.words,
        complaint.condition.display,
        complaint.medication.display,
        complaint.dosage,
        practitioner.name,
    );
    let attachment = object([
        ("contentType", text("text/plain; charset=utf-8")),
        ("data", text(STANDARD.encode(words))),
    ]);
    let context = object([
        ("encounter", list([reference(visit.urn)])),
        ("period", period(*start, minutes_after(*start, 20))),
    ]);
    let members = [
        ("status", text("current")),
        ("type", concept(codes::PROGRESS_NOTE)),
        ("subject", reference(patient.urn)),
        ("date", minutes_after(*start, 20).into()),
        ("author", list([practitioner.reference()])),
        ("custodian", staff.organization()),
        ("content", list([object([("attachment", attachment)])])),
        ("context", context),
    ];
    bundle.create("DocumentReference", random.uuid(), members);
}
