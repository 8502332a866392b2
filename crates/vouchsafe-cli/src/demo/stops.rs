//! The requests that show the safeguards, and the expected result of each.

use super::clinic::Scene;

/// A request and its expected result.
#[derive(Debug, Default)]
pub(super) struct Stop {
    /// The safeguard that it shows.
    pub(super) title: &'static str,
    pub(super) role: &'static str,
    /// The path below the FHIR base.
    pub(super) path: String,
    pub(super) status: u16,
    /// A text that the answer must hold.
    pub(super) shows: Option<String>,
    /// A text that it must not hold.
    pub(super) hides: Option<String>,
    /// Members that it must have.
    pub(super) has: &'static [&'static str],
    /// Members that it must not have.
    pub(super) lacks: &'static [&'static str],
}

/// The stops, in order.
pub(super) fn stops(scene: &Scene) -> Vec<Stop> {
    let mut stops = Vec::from(treating(scene));
    stops.extend(at_the_desks(scene));
    stops.extend(elsewhere(scene));
    stops
}

fn own(scene: &Scene) -> String {
    format!("Patient/{}", scene.in_care.id)
}

fn others(scene: &Scene) -> String {
    format!("Patient/{}", scene.out_of_care.id)
}

fn condition(scene: &Scene) -> String {
    format!("Condition/{}", scene.condition)
}

fn family(name: &str) -> Option<String> {
    name.split_whitespace().last().map(str::to_owned)
}

fn treating(scene: &Scene) -> [Stop; 3] {
    [
        Stop {
            title: "The clinician reads a patient in their care",
            role: "clinician",
            path: own(scene),
            status: 200,
            shows: family(&scene.in_care.name),
            has: &["name", "birthDate", "identifier"],
            ..Stop::default()
        },
        Stop {
            title: "... and that patient's diagnosis",
            role: "clinician",
            path: condition(scene),
            status: 200,
            has: &["code", "clinicalStatus"],
            ..Stop::default()
        },
        Stop {
            title: "The clinician is refused somebody else's patient",
            role: "clinician",
            path: others(scene),
            status: 404,
            hides: family(&scene.out_of_care.name),
            ..Stop::default()
        },
    ]
}

fn at_the_desks(scene: &Scene) -> [Stop; 4] {
    [
        Stop {
            title: "The front desk sees an appointment: no name, no diagnosis",
            role: "front-desk",
            path: format!("Appointment/{}", scene.appointment),
            status: 200,
            has: &["start", "status"],
            hides: family(&scene.in_care.name),
            lacks: &["reasonCode", "description", "serviceType"],
            ..Stop::default()
        },
        Stop {
            title: "The front desk sees no patient",
            role: "front-desk",
            path: own(scene),
            status: 404,
            hides: family(&scene.in_care.name),
            ..Stop::default()
        },
        Stop {
            title: "Registration sees who the patient is",
            role: "registration",
            path: own(scene),
            status: 200,
            shows: family(&scene.in_care.name),
            has: &["name", "birthDate", "address", "identifier"],
            ..Stop::default()
        },
        Stop {
            title: "... and of a diagnosis only whose it is",
            role: "registration",
            path: condition(scene),
            status: 200,
            lacks: &[
                "code",
                "clinicalStatus",
                "category",
                "onsetDateTime",
                "recordedDate",
            ],
            ..Stop::default()
        },
    ]
}

fn elsewhere(scene: &Scene) -> [Stop; 4] {
    let refused = |title, role, path| Stop {
        title,
        role,
        path,
        status: 404,
        ..Stop::default()
    };
    [
        Stop {
            title: "The patient sees their own record",
            role: "patient",
            path: own(scene),
            status: 200,
            shows: family(&scene.in_care.name),
            ..Stop::default()
        },
        refused("... and nobody else's", "patient", others(scene)),
        refused("The auditor sees no record", "auditor", own(scene)),
        refused(
            "The security administrator sees none either",
            "security-administrator",
            own(scene),
        ),
    ]
}
