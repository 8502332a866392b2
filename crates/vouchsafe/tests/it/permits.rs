//! A permit opens the record that it names, once, within a short time, and nothing else.

use vouchsafe::access::Verb;
use vouchsafe::class::ClassSet;
use vouchsafe::gate::{OpenRefused, Target};
use vouchsafe::ids::{SubjectId, TenantId, Version};
use vouchsafe::seal::{KeyVersion, Owner, SealError, Secret};
use vouchsafe::session::AccessTtl;

use crate::clinic::{Clinic, Stored, classes, document, later, now, only, patient, session, value};
use crate::layout::Members;
use crate::recorder::ready;

/// Opens `with` by a clinician's permit for `of`.
fn open(clinic: &Clinic, of: &Stored, with: &Stored) -> Option<OpenRefused> {
    let clinician = clinic.someone("clinician");
    let (permit, _) = clinic.admit_read(&clinician, of).unwrap();
    let opened = clinic.gate().open(permit, &with.record, &with.keys);
    opened.err()
}

#[test]
fn a_permit_opens_no_other_record() {
    let clinic = Clinic::new();
    let (one, other) = (clinic.patient(), clinic.patient());
    assert_eq!(open(&clinic, &one, &one), None);
    assert_eq!(open(&clinic, &one, &other), Some(OpenRefused::OtherRecord));
    // Nor a record that claims to be the named one.
    let mut disguised = clinic.patient();
    disguised.record.key = one.record.key.clone();
    assert_eq!(
        open(&clinic, &one, &disguised),
        Some(OpenRefused::OtherRecord)
    );
    disguised.record.owner = one.record.owner;
    let keys = Some(OpenRefused::Seal(SealError::Keys));
    assert_eq!(open(&clinic, &one, &disguised), keys);
}

#[test]
fn a_permit_opens_no_other_version() {
    let clinic = Clinic::new();
    let mut first = clinic.patient();
    let second = clinic.update(&first, &patient());
    let other = Some(OpenRefused::OtherRecord);
    assert_eq!(open(&clinic, &first, &second), other);
    assert_eq!(open(&clinic, &second, &first), other);
    // Nor an old version with a new number.
    first.record.version = second.record.version;
    let moved = Some(OpenRefused::Seal(SealError::ManifestMac));
    assert_eq!(open(&clinic, &second, &first), moved);
}

#[test]
fn a_permit_about_one_subject_opens_nothing_of_another() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let clinician = clinic.someone("clinician");
    let request = clinic.request(&clinician);
    let present = stored.record.manifest.classes();
    for subject in [Some(SubjectId::random()), None] {
        let target = Target {
            subject,
            ..stored.target()
        };
        // Facts about another record do not help here.
        let admitted = clinic
            .gate()
            .admit_read(&request, &target, present, &clinician.facts);
        if let Ok((permit, _)) = admitted {
            let opened = clinic.gate().open(permit, &stored.record, &stored.keys);
            assert_eq!(opened.err(), Some(OpenRefused::OtherRecord), "{subject:?}");
        }
    }
}

#[test]
fn a_permit_opens_its_classes_and_no_other() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let clinician = clinic.someone("clinician");
    let request = clinic.request(&clinician);
    for (wanted, names) in [
        ("clinical", "condition"),
        ("identifier", "identifier ssn"),
        ("operational contact", "resourceType address"),
        ("restricted demographic", "name birthDate"),
    ] {
        let gate = clinic.gate();
        let (permit, draft) = gate
            .admit_read(
                &request,
                &stored.target(),
                classes(wanted),
                &clinician.facts,
            )
            .unwrap();
        // All blobs and all keys are available.
        let phi = gate.open(permit, &stored.record, &stored.keys).unwrap();
        let document = phi.release(clinic.receipt(draft)).unwrap();
        assert_eq!(value(&document), only(&patient(), names));
    }
}

#[test]
fn a_permit_does_not_open_with_another_key() {
    let clinic = Clinic::new();
    let mut stored = clinic.patient();
    let owner = Owner::Subject(stored.subject);
    for (tenant, error) in [
        (clinic.tenant, SealError::ManifestMac),
        (TenantId::random(), SealError::Keys),
    ] {
        stored.keys =
            vouchsafe::trusted::record_keys(tenant, owner, KeyVersion::FIRST, Secret::random());
        let refused = open(&clinic, &stored, &stored);
        assert_eq!(refused, Some(OpenRefused::Seal(error)));
    }
}

/// Opens, this number of milliseconds later, with a permit of a session that lives `ttl` seconds.
fn open_after(clinic: &Clinic, ttl: u32, after: i64) -> Option<OpenRefused> {
    let stored = clinic.patient();
    let mut clinician = clinic.someone("clinician");
    clinician.session = session(clinic.tenant, AccessTtl::from_seconds(ttl).unwrap());
    let (permit, _) = clinic.admit_read(&clinician, &stored).unwrap();
    let at = now() + jiff::SignedDuration::from_millis(after);
    clinic.set_clock(at);
    let opened = clinic.gate().open(permit, &stored.record, &stored.keys);
    clinic.set_clock(now());
    opened.err()
}

#[test]
fn a_permit_ends_after_half_a_minute_and_with_its_session() {
    let clinic = Clinic::new();
    assert_eq!(open_after(&clinic, 900, 29_999), None);
    assert_eq!(open_after(&clinic, 900, 30_000), Some(OpenRefused::Late));
    assert_eq!(
        open_after(&clinic, 900, 86_400_000),
        Some(OpenRefused::Late)
    );
    // The session ends at a full second.
    assert_eq!(open_after(&clinic, 10, 9_749), None);
    assert_eq!(open_after(&clinic, 10, 9_750), Some(OpenRefused::Late));
}

#[test]
fn setting_the_clock_back_does_not_keep_a_permit_alive() {
    let clinic = Clinic::new();
    assert_eq!(open_after(&clinic, 900, -5_000), None);
    assert_eq!(open_after(&clinic, 900, -5_001), Some(OpenRefused::Late));
    assert_eq!(
        open_after(&clinic, 900, i64::from(i32::MIN) * 1000),
        Some(OpenRefused::Late)
    );
}

#[test]
fn write_permits_end_too() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let integration = clinic.someone("integration");
    let classes = (ClassSet::ALL, stored.record.manifest.classes());
    let layout = Members::of("Patient");
    let admit = |verb, target: Target<'_>| {
        clinic
            .admit_write(&integration, &target, verb, classes)
            .unwrap()
    };
    let (permit, _) = admit(Verb::Update, stored.next("update"));
    let previous = Some(&stored.record);
    let (gate, keys) = (clinic.gate(), &stored.keys);
    clinic.set_clock(later(30));
    let sealed = gate.seal(permit, document(&patient()), &layout, previous, keys);
    assert_eq!(sealed.err(), Some(OpenRefused::Late));
    clinic.set_clock(now());
    let (permit, _) = admit(Verb::Delete, stored.next("delete"));
    clinic.set_clock(later(30));
    let buried = gate.bury(permit, &stored.record, keys);
    assert_eq!(buried.err(), Some(OpenRefused::Late));
}

#[test]
fn times_at_the_ends_of_time_do_no_harm() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let clinician = clinic.someone("clinician");
    let present = stored.record.manifest.classes();
    let (gate, request) = (clinic.gate(), clinic.request(&clinician));
    for end in [jiff::Timestamp::MIN, jiff::Timestamp::MAX] {
        clinic.set_clock(end);
        // The rights are not valid then, so it is refused; its entry is still made.
        let refusal = gate
            .admit_read(&request, &stored.target(), present, &clinician.facts)
            .unwrap_err();
        assert!(ready(refusal.recorded()).is_ok());
        clinic.set_clock(now());
        let (permit, _) = clinic.admit_read(&clinician, &stored).unwrap();
        clinic.set_clock(end);
        let opened = gate.open(permit, &stored.record, &stored.keys);
        assert_eq!(opened.err(), Some(OpenRefused::Late));
    }
    assert_eq!(stored.record.version, Version::FIRST);
}
