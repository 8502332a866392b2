//! Reading: decided, opened, recorded, released.

use serde_json::json;
use vouchsafe::access::Purpose;
use vouchsafe::audit::{AppendError, AuditLog as _};
use vouchsafe::class::ClassSet;
use vouchsafe::document::{Predicate, Test};
use vouchsafe::trusted;

use crate::canary;
use crate::clinic::{Clinic, Someone, appointment, classes, now, only, patient, right};
use crate::recorder::{ORIGIN, hash, ready};

const CARE: &str = "resourceType name birthDate identifier ssn address condition";

#[test]
fn a_clinician_reads_a_patient_in_care_without_what_is_restricted() {
    let clinic = Clinic::new();
    let read = clinic.read(&clinic.someone("clinician"), &clinic.patient());
    assert_eq!(read.unwrap(), only(&patient(), CARE));
}

#[test]
fn the_front_desk_sees_of_an_appointment_when_it_is_and_nothing_else() {
    let clinic = Clinic::new();
    let stored = clinic.appointment();
    let front_desk = clinic.someone("front-desk");
    let (permit, _) = clinic.admit_read(&front_desk, &stored).unwrap();
    assert_eq!(permit.classes(), classes("operational scheduling"));
    assert_eq!(
        clinic.read(&front_desk, &stored).unwrap(),
        only(&appointment(), "resourceType start status")
    );
    assert!(clinic.read(&front_desk, &clinic.patient()).is_err());
}

#[test]
fn the_patient_reads_their_own_record() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let mut someone = clinic.someone("patient");
    assert_eq!(
        clinic.read(&someone, &stored).unwrap(),
        only(&patient(), CARE)
    );
    someone.facts = trusted::facts([right("patient")].into(), false, false);
    assert!(clinic.read(&someone, &stored).is_err());
}

#[test]
fn a_receipt_says_where_in_the_log_the_access_stands() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let (_, draft) = clinic
        .admit_read(&clinic.someone("clinician"), &stored)
        .unwrap();
    let receipt = clinic.receipt(draft);
    let leaves = clinic.log.leaves();
    let index = usize::try_from(receipt.entry().index()).unwrap();
    assert_eq!(index, leaves.len() - 1);
    let entry = receipt.entry();
    assert_eq!(entry.leaf(), &hash(&leaves[index]));
    assert_eq!((entry.origin(), entry.recorded()), (ORIGIN, now()));
    assert_eq!(
        format!("{receipt:?}"),
        format!("Receipt {{ index: {index}, .. }}")
    );
}

#[test]
fn what_is_open_prints_as_phi_and_permits_say_no_more_than_classes() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let clinician = clinic.someone("clinician");
    let (permit, draft) = clinic.admit_read(&clinician, &stored).unwrap();
    canary::assert_none("a permit", format!("{permit:?} {draft:?}").as_bytes());
    let phi = clinic
        .gate()
        .open(permit, &stored.record, &stored.keys)
        .unwrap();
    assert_eq!(format!("{phi:?} {phi:#?}"), "[PHI] [PHI]");
    let found = phi.matches(&[]);
    assert_eq!(format!("{found:?}"), "[PHI]");
    assert_eq!(format!("{:?}", phi.filter(&[])), "[PHI]");
    let keys = format!("{:?} {:?}", stored.keys, clinic.keys);
    assert_eq!(keys, "[key] [key]");
    canary::assert_none("a sealed record", format!("{:?}", stored.record).as_bytes());
}

/// Whether a path of the document is this text.
fn is(path: &str, text: &str) -> Predicate {
    Predicate {
        paths: vec![path.split('.').map(Into::into).collect()],
        test: Test::Equals(text.into()),
        negate: false,
    }
}

#[test]
fn the_answer_of_a_predicate_takes_a_receipt_as_well() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let clinician = clinic.someone("clinician");
    let open = || {
        let (permit, draft) = clinic.admit_read(&clinician, &stored).unwrap();
        let gate = clinic.gate();
        let phi = gate.open(permit, &stored.record, &stored.keys);
        (phi.unwrap(), clinic.receipt(draft))
    };
    for (text, holds) in [(canary::BIRTH_DATE, true), ("1970-01-01", false)] {
        let (phi, receipt) = open();
        let answer = phi.matches(&[is("birthDate", text)]);
        assert_eq!(answer.release(receipt), Ok(holds));
        let (phi, receipt) = open();
        let filtered = phi.filter(&[is("birthDate", text)]).release(receipt);
        assert_eq!(filtered.unwrap().is_some(), holds);
    }
    // A caller cannot test elements that they may not see.
    let (phi, receipt) = open();
    let note = phi.matches(&[is("note", canary::NOTE)]);
    assert_eq!(note.release(receipt), Ok(false));
}

#[test]
fn without_the_log_nothing_leaves() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let before = clinic.log.leaves().len();
    for error in [
        AppendError::Unavailable,
        AppendError::Late,
        AppendError::Refused,
    ] {
        clinic.log.fail(error);
        let (permit, draft) = clinic
            .admit_read(&clinic.someone("clinician"), &stored)
            .unwrap();
        let phi = clinic
            .gate()
            .open(permit, &stored.record, &stored.keys)
            .unwrap();
        // There is no entry to make a receipt from, and without one nothing is released.
        let recorded = ready(clinic.log.append(vec![draft]));
        assert_eq!(recorded.err(), Some(error));
        drop(phi);
    }
    assert_eq!(clinic.log.leaves().len(), before);
}

/// A release never contains more than the entry names, whoever reads for whatever reason.
#[test]
fn an_entry_names_every_class_that_leaves() {
    let clinic = Clinic::new();
    let records = [clinic.patient(), clinic.appointment()];
    let roles = [
        "auditor",
        "clinician",
        "front-desk",
        "integration",
        "patient",
        "privacy-officer",
        "registration",
        "security-administrator",
    ];
    let mut opened = 0;
    for (role, purpose) in roles
        .iter()
        .flat_map(|role| Purpose::ALL.map(|purpose| (role, purpose)))
    {
        for ((care, own), stored) in [(false, false), (true, false), (false, true), (true, true)]
            .into_iter()
            .flat_map(|facts| records.iter().map(move |stored| (facts, stored)))
        {
            let someone = Someone {
                purpose,
                facts: trusted::facts([right(role)].into(), care, own),
                ..clinic.someone(role)
            };
            let Ok((permit, draft)) = clinic.admit_read(&someone, stored) else {
                continue;
            };
            opened += 1;
            let allowed = permit.classes();
            let gate = clinic.gate();
            let phi = gate.open(permit, &stored.record, &stored.keys);
            let document = phi.unwrap().release(clinic.receipt(draft)).unwrap();
            let layout = crate::layout::Members::of(stored.record.key.record_type.as_str());
            assert_eq!(document.classes(&layout), allowed);
            let entry = clinic.log.last_entry();
            let named: Vec<_> = allowed.iter().map(|class| class.name()).collect();
            assert_eq!(entry["classes"], json!(named));
            assert_eq!(entry["roles"], json!([role]));
            assert_eq!(entry["purpose"], purpose.code());
        }
    }
    assert!(opened > 20, "{opened} of the asks were allowed");
}

#[test]
fn a_record_without_its_blobs_opens_what_is_permitted_of_those_given() {
    let clinic = Clinic::new();
    let mut stored = clinic.appointment();
    let scheduling = classes("operational scheduling");
    let held = |class| ClassSet::of(class).intersection(scheduling) != ClassSet::NONE;
    stored.record.blobs.retain(|blob| held(blob.slot.class()));
    let front_desk = clinic.someone("front-desk");
    assert_eq!(
        clinic.read(&front_desk, &stored).unwrap(),
        only(&appointment(), "resourceType start status")
    );
    let (permit, _) = clinic
        .admit_read(&clinic.someone("clinician"), &stored)
        .unwrap();
    let gate = clinic.gate();
    assert!(gate.open(permit, &stored.record, &stored.keys).is_err());
}

#[test]
fn an_older_version_is_read_as_it_was() {
    let clinic = Clinic::new();
    let first = clinic.patient();
    let mut changed = patient();
    changed["condition"] = json!("recovered");
    let second = clinic.update(&first, &changed);
    let clinician = clinic.someone("clinician");
    for (stored, json, version) in [(&first, patient(), 1), (&second, changed, 2)] {
        assert_eq!(clinic.read(&clinician, stored).unwrap(), only(&json, CARE));
        assert_eq!(clinic.log.last_entry()["resource"]["version"], version);
    }
}
