//! Refusals, each with its entry.

use vouchsafe::access::{Denied, Purpose, Verb};
use vouchsafe::gate::{OpenRefused, Refusal, Request, Searched, Target};
use vouchsafe::ids::{RecordId, RecordKey, TenantId, Version};
use vouchsafe::seal::SealError;
use vouchsafe::session::AccessTtl;
use vouchsafe::trusted;

use crate::clinic::{Clinic, Someone, Stored, audit_keys, classes, later, right, session};
use crate::recorder::ready;

/// Asks to read; the refusal's entry is appended and returned with the reason.
fn refused(clinic: &Clinic, who: &Someone, stored: &Stored) -> (Denied, serde_json::Value) {
    let refusal = clinic.admit_read(who, stored).unwrap_err();
    let denied = ready(refusal.recorded()).unwrap();
    (denied, clinic.log.last_entry())
}

#[test]
fn a_refused_read_says_who_was_refused_what_and_why() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let mut clinician = clinic.someone("clinician");
    clinician.facts = trusted::facts([right("clinician")].into(), false, false);
    let (denied, entry) = refused(&clinic, &clinician, &stored);
    assert_eq!(denied, Denied::NoPermit);
    assert_eq!(entry["outcome"], "refused");
    assert_eq!(entry["reason"], "no-permit");
    assert_eq!(entry["operation"], "read");
    assert_eq!(entry["roles"], serde_json::json!(["clinician"]));
    assert_eq!(entry["actor"], clinician.session.principal().label());
    assert_eq!(entry["session"], clinician.session.id().to_string());
    let subject = clinic
        .keys
        .token("subject", stored.subject.uuid().as_bytes());
    assert_eq!(entry["subject"], subject);
    assert_eq!(entry["classes"].as_array().unwrap().len(), 6);
}

#[test]
fn a_purpose_that_the_role_has_not_is_refused() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let clinician = Someone {
        purpose: Purpose::Operations,
        ..clinic.someone("clinician")
    };
    let (denied, entry) = refused(&clinic, &clinician, &stored);
    assert_eq!(
        (denied, &entry["purpose"]),
        (Denied::NoPermit, &"HOPERAT".into())
    );
}

#[test]
fn a_session_that_is_over_is_refused() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let mut clinician = clinic.someone("clinician");
    clinician.session = session(clinic.tenant, AccessTtl::from_seconds(60).unwrap());
    let request = clinic.request(&clinician);
    clinic.set_clock(later(60));
    let present = stored.record.manifest.classes();
    let admitted = clinic
        .gate()
        .admit_read(&request, &stored.target(), present, &clinician.facts);
    let denied = ready(admitted.unwrap_err().recorded());
    assert_eq!(denied, Ok(Denied::SessionOver));
    assert_eq!(clinic.log.last_entry()["reason"], "session-over");
}

#[test]
fn nobody_reaches_over_the_wall_between_tenants() {
    let (clinic, other) = (Clinic::new(), Clinic::new());
    let stored = other.patient();
    for role in ["clinician", "integration", "registration", "patient"] {
        let who = clinic.someone(role);
        let (denied, entry) = refused(&clinic, &who, &stored);
        assert_eq!(denied, Denied::Forbidden, "{role}");
        let policies = entry["policies"].as_array().unwrap();
        assert!(policies.contains(&"guard-tenant-wall".into()));
        assert_eq!(entry["tenant"], clinic.tenant.to_string());
        for verb in [Verb::Create, Verb::Update, Verb::Delete] {
            let all = (classes("operational demographic"), classes("clinical"));
            let admitted = clinic.admit_write(&who, &stored.next("update"), verb, all);
            let denied = ready(admitted.unwrap_err().recorded());
            assert_eq!(denied, Ok(Denied::Forbidden), "{role} {verb}");
        }
    }
}

#[test]
fn a_permit_of_one_tenant_opens_nothing_of_another() {
    let (clinic, other) = (Clinic::new(), Clinic::new());
    let (own, mut stored) = (clinic.patient(), other.patient());
    let (permit, _) = clinic
        .admit_read(&clinic.someone("clinician"), &own)
        .unwrap();
    let opened = clinic.gate().open(permit, &stored.record, &stored.keys);
    assert_eq!(opened.err(), Some(OpenRefused::OtherRecord));
    // A row that was moved to another tenant, with all its other ids.
    stored.record.key.tenant = clinic.tenant;
    let (permit, _) = clinic
        .admit_read(&clinic.someone("clinician"), &stored)
        .unwrap();
    let opened = clinic.gate().open(permit, &stored.record, &stored.keys);
    assert_eq!(opened.err(), Some(OpenRefused::Seal(SealError::Keys)));
}

#[test]
fn the_log_keys_of_another_tenant_admit_nothing() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let clinician = clinic.someone("clinician");
    let keys = audit_keys(TenantId::random());
    let request = Request {
        keys: &keys,
        ..clinic.request(&clinician)
    };
    let present = stored.record.manifest.classes();
    let (gate, target) = (clinic.gate(), stored.target());
    let read = gate.admit_read(&request, &target, present, &clinician.facts);
    let denied = |refusal: Box<Refusal>| ready(refusal.recorded());
    let other_tenant = Ok(Denied::OtherTenant);
    assert_eq!(denied(read.unwrap_err()), other_tenant);
    let of_type = &stored.record.key.record_type;
    let asked = Searched {
        record_type: of_type,
        has_subject: true,
        classes: present,
        query: b"q",
    };
    let search = gate.admit_search(&request, asked, &clinician.facts);
    assert_eq!(denied(search.unwrap_err()), other_tenant);
    let subject = Some(stored.subject);
    let relate = gate.admit(&request, Verb::Relate, of_type, subject, &clinician.facts);
    assert_eq!(denied(relate.unwrap_err()), other_tenant);
}

#[test]
fn what_is_not_there_is_recorded_as_what_is_hidden() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let mut clinician = clinic.someone("clinician");
    clinician.facts = trusted::facts([right("clinician")].into(), false, false);
    let (_, hidden) = refused(&clinic, &clinician, &stored);
    let key = RecordKey {
        id: RecordId::random(),
        tenant: clinic.tenant,
        record_type: "Patient".parse().unwrap(),
    };
    let target = Target {
        record: &key,
        version: Version::FIRST,
        subject: None,
        operation: "read",
    };
    let draft = clinic.gate().absent(&clinic.request(&clinician), &target);
    clinic.log.record(vec![draft]);
    let absent = clinic.log.last_entry();
    for member in [
        "actor",
        "operation",
        "outcome",
        "purpose",
        "session",
        "tenant",
    ] {
        assert_eq!(absent[member], hidden[member], "{member}");
    }
    assert_eq!(absent["reason"], "absent");
    let name = format!("Patient/{}", key.id);
    let token = clinic.keys.token("record", name.as_bytes());
    assert_eq!(absent["resource"]["id"], token);
}

#[test]
fn what_is_decided_as_a_whole_has_its_entry_too() {
    let clinic = Clinic::new();
    let stored = clinic.appointment();
    let of_type = &stored.record.key.record_type;
    let subject = Some(stored.subject);
    for (role, outcome) in [("front-desk", "permitted"), ("registration", "refused")] {
        let who = clinic.someone(role);
        let request = clinic.request(&who);
        let admitted = clinic
            .gate()
            .admit(&request, Verb::Relate, of_type, subject, &who.facts);
        match admitted {
            Ok(draft) => drop(clinic.log.record(vec![draft])),
            Err(refusal) => assert!(ready(refusal.recorded()).is_ok()),
        }
        let entry = clinic.log.last_entry();
        assert_eq!(
            (&entry["outcome"], &entry["operation"]),
            (&outcome.into(), &"relate".into())
        );
        assert_eq!(
            entry["resource"],
            serde_json::json!({ "type": "Appointment" })
        );
        assert!(entry["subject"].is_string());
    }
}
