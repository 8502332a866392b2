//! Appointments and their slots.

use jiff::civil::{Date, DateTime};

use crate::{
    codes::{CHECK_UP, COMPLAINTS, GENERAL_PRACTICE, PRIMARY_PERFORMER},
    document::{Bundle, at, concept, days_after, minutes_after, named_reference, reference},
    json::{Json, list, number, object, text},
    patient::Patient,
    random::Random,
    staff::{self, Practitioner},
};

/// Number of appointments in a morning.
const MORNING: u32 = 8;

/// The time of a patient's next appointment.
#[derive(Clone, Copy)]
pub(crate) struct When {
    pub(crate) today: Date,
    pub(crate) is_today: bool,
}

/// Adds a past appointment and a future one.
pub(crate) fn record(
    random: &mut Random,
    patient: &Patient,
    team: &[&Practitioner],
    when: When,
    bundle: &mut Bundle,
) {
    let Some(practitioner) = team.first() else {
        return;
    };
    let When { today, is_today } = when;
    let past = at(
        days_after(today, -random.within(20..=200)),
        8 + random.within(0..=3),
        0,
    );
    appointment(random, patient, practitioner, ("fulfilled", past), bundle);
    // No two patients have the same number, so no two have the same half hour.
    let day = if is_today {
        0
    } else {
        1 + patient.number / MORNING
    };
    let half_hour = patient.number % MORNING;
    let minutes = |number: u32| i32::try_from(number).unwrap_or_default();
    let start = at(
        days_after(today, minutes(day)),
        8,
        staff::SLOT * minutes(half_hour),
    );
    appointment(random, patient, practitioner, ("booked", start), bundle);
}

fn appointment(
    random: &mut Random,
    patient: &Patient,
    practitioner: &Practitioner,
    (status, start): (&'static str, DateTime),
    bundle: &mut Bundle,
) {
    let slot = random.uuid();
    staff::slot(bundle, slot, practitioner.schedule(), "busy", start);
    let reason = if random.percent(60) {
        random.pick(&COMPLAINTS).condition
    } else {
        CHECK_UP
    };
    let members = [
        ("status", text(status)),
        ("serviceType", list([concept(GENERAL_PRACTICE)])),
        ("reasonCode", list([concept(reason)])),
        (
            "description",
            text(format!("{}, half an hour", reason.display)),
        ),
        ("start", start.into()),
        ("end", minutes_after(start, staff::SLOT).into()),
        ("minutesDuration", number(staff::SLOT)),
        ("slot", list([reference(slot)])),
        (
            "created",
            days_after(start.date(), -random.within(3..=30)).into(),
        ),
        (
            "participant",
            list([
                participant(named_reference(patient.urn, &patient.name), []),
                participant(
                    practitioner.reference(),
                    [("type", list([concept(PRIMARY_PERFORMER)]))],
                ),
            ]),
        ),
    ];
    bundle.create("Appointment", random.uuid(), members);
}

fn participant<const N: usize>(actor: Json, kind: [(&'static str, Json); N]) -> Json {
    let rest = [
        ("actor", actor),
        ("required", text("required")),
        ("status", text("accepted")),
    ];
    object(kind.into_iter().chain(rest))
}
