//! Writing: writable classes are replaced, hidden ones stay, and intent and outcome are in the log.

use serde_json::{Value, json};
use vouchsafe::access::{Denied, Verb};
use vouchsafe::audit::{AuditLog as _, EntryKind, Outcome};
use vouchsafe::class::ClassSet;
use vouchsafe::gate::{OpenRefused, Target, WriteClasses, WritePermit, Writes};
use vouchsafe::ids::{IntentId, Version};
use vouchsafe::seal::{SealError, SealedRecord};
use vouchsafe::trusted;

use crate::clinic::{Clinic, Someone, Stored, classes, document, now, only, patient, value};
use crate::layout::Members;
use crate::recorder::ready;

const IDENTITY: &str = "resourceType name birthDate identifier ssn address";

/// Updates a record; the supplied document replaces everything that the writer may write.
fn update(clinic: &Clinic, who: &Someone, stored: &Stored, json: &Value) -> Stored {
    let permit = admit_update(clinic, who, stored, json);
    let previous = Some(&stored.record);
    let written = seal(clinic, stored, permit, json, previous).unwrap();
    stored.followed_by(written)
}

fn admit_update(clinic: &Clinic, who: &Someone, stored: &Stored, json: &Value) -> WritePermit {
    let supplied = document(json).classes(&Members::of("Patient"));
    let before = stored.record.manifest.classes();
    let target = stored.next("update");
    let (permit, draft) = clinic
        .admit_write(who, &target, Verb::Update, (supplied, before))
        .unwrap();
    clinic.log.record(vec![draft]);
    permit
}

/// Seals, and returns the record as for a store that commits after the intent.
fn seal(
    clinic: &Clinic,
    stored: &Stored,
    permit: WritePermit,
    json: &Value,
    previous: Option<&SealedRecord>,
) -> Result<SealedRecord, OpenRefused> {
    let layout = Members::of("Patient");
    let (gate, keys) = (clinic.gate(), &stored.keys);
    let written = gate.seal(permit, document(json), &layout, previous, keys);
    written.map(|written| trusted::ahead_of_its_intent(written).0)
}

/// The whole content of a record.
fn whole(clinic: &Clinic, stored: &Stored) -> Value {
    clinic.read(&clinic.someone("integration"), stored).unwrap()
}

#[test]
fn what_was_written_is_read_and_was_released_by_the_entry_of_the_write() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    assert_eq!(whole(&clinic, &stored), patient());

    let json = only(&patient(), IDENTITY);
    let registration = clinic.someone("registration");
    let layout = Members::of("Patient");
    let (supplied, before) = (
        document(&json).classes(&layout),
        stored.record.manifest.classes(),
    );
    let (permit, draft) = clinic
        .admit_write(
            &registration,
            &stored.next("update"),
            Verb::Update,
            (supplied, before),
        )
        .unwrap();
    let (gate, previous) = (clinic.gate(), Some(&stored.record));
    let written = gate
        .seal(permit, document(&json), &layout, previous, &stored.keys)
        .unwrap();
    assert_eq!(format!("{written:?}"), "Written");
    let (record, supplied) = written.recorded(clinic.receipt(draft)).unwrap();
    assert_eq!(value(&supplied.unwrap()), json);
    assert_eq!(record.version, stored.next("update").version);
}

#[test]
fn what_the_writer_may_not_see_stays_as_it_was() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let mut supplied = only(&patient(), IDENTITY);
    supplied["name"] = json!([{ "family": "Newname" }]);
    let stored = update(&clinic, &clinic.someone("registration"), &stored, &supplied);
    let mut expected = patient();
    expected["name"] = supplied["name"].clone();
    assert_eq!(whole(&clinic, &stored), expected);
}

#[test]
fn what_the_writer_may_see_and_leaves_out_is_gone() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let supplied = only(&patient(), "resourceType name birthDate identifier");
    let stored = update(&clinic, &clinic.someone("registration"), &stored, &supplied);
    let left = "resourceType name birthDate identifier condition note";
    assert_eq!(whole(&clinic, &stored), only(&patient(), left));
    // The entry named the class that went with it.
    let entries = clinic.log.entries();
    let written = entries
        .iter()
        .rev()
        .find(|entry| entry["operation"] == "update");
    let named = ["operational", "demographic", "contact", "identifier"];
    assert_eq!(written.unwrap()["classes"], json!(named));
}

#[test]
fn a_class_that_may_not_be_written_refuses_the_write() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let before = stored.record.manifest.classes();
    for (role, supplied) in [
        ("registration", "operational demographic clinical"),
        ("front-desk", "operational demographic"),
        ("clinician", "operational clinical restricted"),
        ("patient", "operational contact"),
        ("auditor", "operational"),
        ("clinician", "financial"),
    ] {
        let who = clinic.someone(role);
        for (verb, target) in [
            (Verb::Update, stored.next("update")),
            (Verb::Create, stored.target()),
            (Verb::Delete, stored.next("delete")),
        ] {
            let refusal = clinic
                .admit_write(&who, &target, verb, (classes(supplied), before))
                .unwrap_err();
            let denied = ready(refusal.recorded()).unwrap();
            let entry = clinic.log.last_entry();
            assert_eq!(entry["outcome"], "refused", "{role} {verb}");
            assert_eq!(entry["reason"], denied.code());
        }
    }
    assert!(ready(clinic.log.unsettled()).unwrap().len() < clinic.log.leaves().len());
}

#[test]
fn a_document_with_more_than_was_decided_about_is_not_sealed() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let registration = clinic.someone("registration");
    let claimed = only(&patient(), "resourceType name");
    for (member, class) in [("condition", "clinical"), ("note", "restricted")] {
        let permit = admit_update(&clinic, &registration, &stored, &claimed);
        let more = only(&patient(), &format!("resourceType name {member}"));
        let refused = seal(&clinic, &stored, permit, &more, Some(&stored.record));
        let class = SealError::NotWritable(class.parse().unwrap());
        assert_eq!(refused.err(), Some(OpenRefused::Seal(class)));
    }
}

#[test]
fn only_writes_make_write_permits() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let integration = clinic.someone("integration");
    for verb in Verb::ALL {
        let all = (classes("operational clinical"), ClassSet::NONE);
        let admitted = clinic.admit_write(&integration, &stored.next("update"), verb, all);
        match verb {
            Verb::Create | Verb::Update | Verb::Delete => assert!(admitted.is_ok()),
            _ => {
                let denied = ready(admitted.unwrap_err().recorded());
                assert_eq!(denied, Ok(Denied::NothingAsked), "{verb}");
            }
        }
    }
    let nothing = (ClassSet::NONE, ClassSet::ALL);
    let admitted = clinic.admit_write(&integration, &stored.next("update"), Verb::Update, nothing);
    let denied = ready(admitted.unwrap_err().recorded());
    assert_eq!(denied, Ok(Denied::NothingAsked));
}

#[test]
fn a_version_follows_upon_the_one_before() {
    let clinic = Clinic::new();
    let first = clinic.patient();
    let second = clinic.update(&first, &patient());
    let registration = clinic.someone("registration");
    let json = only(&patient(), IDENTITY);
    let refused = Some(OpenRefused::OtherRecord);
    let try_on = |previous: Option<&SealedRecord>| {
        let permit = admit_update(&clinic, &registration, &second, &json);
        seal(&clinic, &second, permit, &json, previous).err()
    };
    // Without the previous version, or with an older one, hidden parts would be lost.
    assert_eq!(try_on(None), refused);
    assert_eq!(try_on(Some(&first.record)), refused);
    assert_eq!(try_on(Some(&second.record)), None);
    // With another record, whatever its number.
    let other = clinic.patient();
    let other = clinic.update(&other, &patient());
    let wrong = Some(OpenRefused::Seal(SealError::Keys));
    assert_eq!(try_on(Some(&other.record)), wrong);
}

fn admit(clinic: &Clinic, stored: &Stored, verb: Verb, version: Version) -> WritePermit {
    let target = Target {
        version,
        operation: verb.name(),
        ..stored.target()
    };
    let all = stored
        .record
        .manifest
        .classes()
        .union(classes("operational demographic"));
    let (permit, draft) = clinic
        .admit_write(&clinic.someone("integration"), &target, verb, (all, all))
        .unwrap();
    clinic.log.record(vec![draft]);
    permit
}

#[test]
fn what_was_decided_as_one_change_is_not_another() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let (json, next) = (patient(), stored.record.version.next().unwrap());
    let (gate, refused) = (clinic.gate(), Some(OpenRefused::OtherRecord));
    let previous = Some(&stored.record);

    let permit = admit(&clinic, &stored, Verb::Create, next);
    assert_eq!(
        seal(&clinic, &stored, permit, &json, previous).err(),
        refused
    );
    let permit = admit(&clinic, &stored, Verb::Update, Version::FIRST);
    assert_eq!(seal(&clinic, &stored, permit, &json, None).err(), refused);
    let permit = admit(&clinic, &stored, Verb::Delete, next);
    assert_eq!(
        seal(&clinic, &stored, permit, &json, previous).err(),
        refused
    );
    let permit = admit(&clinic, &stored, Verb::Update, next);
    let buried = gate.bury(permit, &stored.record, &stored.keys);
    assert_eq!(buried.err(), refused);
}

#[test]
fn a_deleted_record_opens_no_more_and_can_begin_again() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let next = stored.record.version.next().unwrap();
    let permit = admit(&clinic, &stored, Verb::Delete, next);
    let gate = clinic.gate();
    let tombstone = gate.bury(permit, &stored.record, &stored.keys).unwrap();
    let (tombstone, _) = trusted::ahead_of_its_intent(tombstone);
    assert!(tombstone.manifest.is_deleted() && tombstone.blobs.is_empty());
    let gone = stored.followed_by(tombstone);

    let clinician = clinic.someone("clinician");
    let request = clinic.request(&clinician);
    let (permit, _) = gate
        .admit_read(&request, &gone.target(), ClassSet::ALL, &clinician.facts)
        .unwrap();
    let opened = gate.open(permit, &gone.record, &gone.keys);
    assert_eq!(opened.err(), Some(OpenRefused::Seal(SealError::Deleted)));
    // The previous version is unchanged.
    assert_eq!(whole(&clinic, &stored), patient());

    let after = gone.record.version.next().unwrap();
    let permit = admit(&clinic, &gone, Verb::Update, after);
    let json = only(&patient(), "resourceType name");
    let refused = seal(&clinic, &gone, permit, &json, Some(&gone.record));
    assert_eq!(refused.err(), Some(OpenRefused::OtherRecord));
    let permit = admit(&clinic, &gone, Verb::Create, after);
    let again = seal(&clinic, &gone, permit, &json, Some(&gone.record)).unwrap();
    let again = gone.followed_by(again);
    assert_eq!(whole(&clinic, &again), json);
}

#[test]
fn nobody_deletes_more_than_was_decided_about() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let target = stored.next("delete");
    // Registration may write these; the call does not say that the record has more.
    let claimed = classes("operational demographic");
    let (permit, draft) = clinic
        .admit_write(
            &clinic.someone("registration"),
            &target,
            Verb::Delete,
            (claimed, claimed),
        )
        .unwrap();
    clinic.log.record(vec![draft]);
    let buried = clinic.gate().bury(permit, &stored.record, &stored.keys);
    assert_eq!(buried.err(), Some(OpenRefused::OtherRecord));
}

#[test]
fn a_write_of_one_record_is_an_intent_until_it_is_settled() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let who = clinic.someone("registration");
    let request = clinic.request(&who);
    let before = ready(clinic.log.unsettled()).unwrap();
    let intent = IntentId::new_ordered(now());
    let classes = WriteClasses {
        supplied: classes("operational demographic"),
        before: ClassSet::NONE,
    };
    let (_, draft) = clinic
        .gate()
        .admit_write(
            &request,
            &stored.next("update"),
            Verb::Update,
            classes,
            &who.facts,
            Writes::Alone(intent),
        )
        .unwrap();
    assert_eq!(draft.kind(), EntryKind::Intent(intent));
    clinic.log.record(vec![draft]);
    let entry = clinic.log.last_entry();
    assert_eq!(entry["outcome"], "intent");
    assert_eq!(entry["intent"], intent.to_string());
    assert_eq!(entry["resource"]["version"], 2);
    let open = [&before[..], &[intent]].concat();
    assert_eq!(ready(clinic.log.unsettled()).unwrap(), open);

    for (outcome, word) in [
        (Outcome::Aborted, "aborted"),
        (Outcome::Committed, "committed"),
    ] {
        let draft = clinic
            .gate()
            .settled(&request, "update", intent, outcome, 1);
        assert_eq!(draft.kind(), EntryKind::Outcome(intent));
        clinic.log.record(vec![draft]);
        let entry = clinic.log.last_entry();
        assert_eq!(
            (&entry["outcome"], &entry["count"]),
            (&json!(word), &json!(1))
        );
        assert_eq!(ready(clinic.log.unsettled()).unwrap(), before);
    }
}

#[test]
fn a_write_of_several_records_is_one_intent_with_an_entry_for_each() {
    let clinic = Clinic::new();
    let records = [clinic.patient(), clinic.patient()];
    let who = clinic.someone("registration");
    let request = clinic.request(&who);
    let before = ready(clinic.log.unsettled()).unwrap();
    let intent = IntentId::new_ordered(now());
    let mut drafts = vec![clinic.gate().intended(&request, "transaction", intent, 2)];
    for stored in &records {
        let (_, draft) = clinic
            .gate()
            .admit_write(
                &request,
                &stored.next("update"),
                Verb::Update,
                WriteClasses {
                    supplied: classes("operational demographic"),
                    before: ClassSet::NONE,
                },
                &who.facts,
                Writes::Among(intent),
            )
            .unwrap();
        drafts.push(draft);
    }
    let kinds: Vec<_> = drafts.iter().map(vouchsafe::audit::Draft::kind).collect();
    let expected = [
        EntryKind::Intent(intent),
        EntryKind::Event,
        EntryKind::Event,
    ];
    assert_eq!(kinds, expected);
    let recorded = clinic.log.record(drafts);
    assert_eq!(
        ready(clinic.log.unsettled()).unwrap(),
        [&before[..], &[intent]].concat()
    );
    let entries = clinic.log.entries();
    let [.., head, first, second] = &entries[..] else {
        panic!("three entries");
    };
    assert_eq!(
        (&head["intent"], &head["count"]),
        (&json!(intent), &json!(2))
    );
    for part in [first, second] {
        assert_eq!(
            (&part["within"], part.get("intent")),
            (&json!(intent), None)
        );
    }
    assert_eq!(recorded.entries().len(), 3);
    assert_eq!(recorded.into_receipts().len(), 2);
}

/// A writer without the right to read a class must not learn from the sealed blobs whether a guess was right.
#[test]
fn what_the_writer_may_not_read_is_sealed_anew_also_when_it_is_the_same() {
    let mut clinic = Clinic::new();
    let stored = clinic.patient();
    let registration = clinic.someone("registration");
    let json = only(&patient(), IDENTITY);
    let sealed = |clinic: &Clinic| {
        let permit = admit_update(clinic, &registration, &stored, &json);
        let written = seal(clinic, &stored, permit, &json, Some(&stored.record)).unwrap();
        let classes = written.blobs.iter().map(|blob| blob.slot.class());
        classes.collect::<ClassSet>()
    };
    // If the writer may read all that they write and changes nothing, nothing is sealed.
    assert!(sealed(&clinic).is_empty());
    clinic.with_a_blind_writer();
    assert!(
        clinic
            .admit_read(&registration, &stored)
            .is_ok_and(|(permit, _)| !permit.classes().includes(classes("contact")))
    );
    // All of it is sealed anew, including readable classes: parts of one array keep or lose their ids together.
    let written = classes("operational demographic identifier contact");
    assert_eq!(sealed(&clinic), written);
}

#[test]
fn what_was_sealed_comes_out_against_the_receipt_of_this_very_write() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let registration = clinic.someone("registration");
    let json = only(&patient(), IDENTITY);
    let layout = Members::of("Patient");
    let supplied = document(&json).classes(&layout);
    let write = || {
        let before = stored.record.manifest.classes();
        let admitted = clinic.admit_write(
            &registration,
            &stored.next("update"),
            Verb::Update,
            (supplied, before),
        );
        let (permit, draft) = admitted.unwrap();
        let written = clinic
            .gate()
            .seal(
                permit,
                document(&json),
                &layout,
                Some(&stored.record),
                &stored.keys,
            )
            .unwrap();
        (written, clinic.receipt(draft))
    };
    let ((one, its), (other, others)) = (write(), write());
    assert!(one.recorded(others).is_err());
    assert!(other.recorded(its).is_err());
    let (written, receipt) = write();
    assert!(written.recorded(receipt).is_ok());
    // Nor does a read of the same record.
    let (written, _) = write();
    let read = clinic.admit_read(&clinic.someone("clinician"), &stored);
    let receipt = clinic.receipt(read.unwrap().1);
    assert!(written.recorded(receipt).is_err());
}

#[test]
fn only_a_create_makes_keys_for_its_subject() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let integration = clinic.someone("integration");
    let all = (classes("operational demographic"), ClassSet::NONE);
    for (verb, begins) in [
        (Verb::Create, true),
        (Verb::Update, false),
        (Verb::Delete, false),
    ] {
        let admitted = clinic.admit_write(&integration, &stored.next("write"), verb, all);
        let (permit, draft) = admitted.unwrap();
        clinic.log.record(vec![draft]);
        let new = permit.new_subject();
        assert_eq!(new.is_some(), begins, "{verb}");
        if let Some(new) = new {
            assert_eq!(
                (new.tenant(), new.subject()),
                (clinic.tenant, stored.subject)
            );
        }
    }
}
