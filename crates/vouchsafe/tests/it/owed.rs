//! The entry of an access or of a refusal is in the log whatever happens to its draft: the mistakes of a colleague in a
//! hurry, as code.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;
use vouchsafe::access::{Denied, Verb};
use vouchsafe::audit::{AppendError, AuditLog as _, EntryKind, SealedDetail};
use vouchsafe::gate::{OpenRefused, Searched, Target, WriteClasses, Writes};
use vouchsafe::ids::{IntentId, RecordId, RecordKey, Version};

use crate::clinic::{Clinic, Stored, classes, later, now};
use crate::recorder::{MemoryLog, ready};

/// The outcome and operation of the entries that were appended while this ran.
fn entered(clinic: &Clinic, run: impl FnOnce()) -> Vec<String> {
    let before = clinic.log.entries().len();
    run();
    let entries = clinic.log.entries();
    let new = entries.iter().skip(before);
    new.map(|entry| {
        let word = |member: &str| entry[member].as_str().unwrap().to_owned();
        format!("{} {}", word("operation"), word("outcome"))
    })
    .collect()
}

#[test]
fn an_underscore_loses_no_entry() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let (clinician, front_desk) = (clinic.someone("clinician"), clinic.someone("front-desk"));
    let permitted = entered(&clinic, || {
        let (permit, _draft) = clinic.admit_read(&clinician, &stored).unwrap();
        let _ = clinic
            .gate()
            .open(permit, &stored.record, &stored.keys)
            .unwrap();
    });
    assert_eq!(permitted, ["read permitted"]);
    let ignored = entered(&clinic, || {
        let _ = clinic.admit_read(&clinician, &stored);
    });
    assert_eq!(ignored, ["read permitted"]);
    let refused = entered(&clinic, || {
        if let Err(_refusal) = clinic.admit_read(&front_desk, &stored) {
            // "404"
        }
    });
    assert_eq!(refused, ["read refused"]);
    let refused = entered(&clinic, || {
        let all = (classes("operational clinical"), classes("clinical"));
        let _ = clinic.admit_write(&front_desk, &stored.next("update"), Verb::Update, all);
    });
    assert_eq!(refused, ["update refused"]);
}

#[test]
fn an_absent_record_and_other_refusals_are_entered_too() {
    let clinic = Clinic::new();
    let clinician = clinic.someone("clinician");
    let (gate, request) = (clinic.gate(), clinic.request(&clinician));
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
    let of_type = Some(&key.record_type);
    let entries = entered(&clinic, || {
        let _ = gate.absent(&request, &target);
        let _ = gate.refused(&request, of_type, None, "create", "invalid");
        let _ = gate.admit(
            &request,
            Verb::Import,
            &key.record_type,
            None,
            &clinician.facts,
        );
    });
    assert_eq!(
        entries,
        ["read refused", "create refused", "import refused"]
    );
}

#[test]
fn a_question_mark_loses_no_entry() {
    fn read(clinic: &Clinic, stored: &Stored, other: &Stored) -> Result<(), OpenRefused> {
        let clinician = clinic.someone("clinician");
        let Ok((permit, draft)) = clinic.admit_read(&clinician, stored) else {
            panic!("a clinician reads");
        };
        // It does not open, and the draft is dropped.
        let phi = clinic.gate().open(permit, &other.record, &other.keys)?;
        drop(phi.release(clinic.receipt(draft)));
        Ok(())
    }
    let clinic = Clinic::new();
    let (stored, other) = (clinic.patient(), clinic.patient());
    let entries = entered(&clinic, || {
        assert_eq!(
            read(&clinic, &stored, &other),
            Err(OpenRefused::OtherRecord)
        );
    });
    assert_eq!(entries, ["read permitted"]);
}

#[test]
fn a_panic_loses_no_entry() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let clinician = clinic.someone("clinician");
    let entries = entered(&clinic, || {
        let caught = catch_unwind(AssertUnwindSafe(|| {
            let _admitted = clinic.admit_read(&clinician, &stored);
            std::panic::resume_unwind(Box::new("a fault elsewhere"));
        }));
        assert!(caught.is_err());
    });
    assert_eq!(entries, ["read permitted"]);
}

#[test]
fn a_batch_that_is_dropped_loses_none_of_its_entries() {
    let clinic = Clinic::new();
    let clinician = clinic.someone("clinician");
    let records = [clinic.patient(), clinic.patient(), clinic.patient()];
    let entries = entered(&clinic, || {
        let admit = |stored| clinic.admit_read(&clinician, stored).unwrap().1;
        let drafts: Vec<_> = records.iter().map(admit).collect();
        drop(drafts);
    });
    assert_eq!(entries, ["read permitted"; 3]);
}

/// A begun append is on its way: no caller has to wait for it.
#[test]
fn an_append_that_nobody_waits_for_is_made() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let entries = entered(&clinic, || {
        let (_permit, draft) = clinic
            .admit_read(&clinic.someone("clinician"), &stored)
            .unwrap();
        drop(clinic.gate().record(vec![draft]));
        let refusal = clinic.admit_read(&clinic.someone("front-desk"), &stored);
        drop(refusal.unwrap_err().recorded());
    });
    assert_eq!(entries, ["read permitted", "read refused"]);
}

/// The recorder refuses an entry whose time is far from its clock. A draft that was held for long carries the time of
/// sending; the entry has the time of the decision.
#[test]
fn an_old_draft_leaves_with_the_time_of_leaving() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let (_permit, draft) = clinic
        .admit_read(&clinic.someone("clinician"), &stored)
        .unwrap();
    clinic.set_clock(later(20));
    drop(draft);
    assert_eq!(clinic.log.last_time(), later(20));
    assert_eq!(
        clinic.log.last_entry()["time"],
        "2026-11-24T09:00:00.250000Z"
    );
}

/// Another log is not the one that the draft is owed to.
#[test]
fn a_draft_that_is_given_to_another_log_goes_to_its_own() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let another = MemoryLog::of("log.example/another", &[66; 32]);
    let entries = entered(&clinic, || {
        let admitted = clinic.admit_read(&clinic.someone("clinician"), &stored);
        let given = another.append(vec![admitted.unwrap().1]);
        assert_eq!(ready(given).err(), Some(AppendError::Untrusted));
    });
    assert_eq!(entries, ["read permitted"]);
    assert_eq!(another.begun(), 0);
}

/// An entry within a write has no intent of its own: alone it would release a record whose write nothing settles.
#[test]
fn an_entry_within_a_write_leaves_with_its_intent() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let who = clinic.someone("registration");
    let request = clinic.request(&who);
    let intent = IntentId::new_ordered(now());
    let (gate, target) = (clinic.gate(), stored.next("update"));
    let within = || {
        let classes = WriteClasses {
            supplied: classes("operational demographic"),
            before: classes("demographic"),
        };
        let writes = Writes::Among(intent);
        let admitted =
            gate.admit_write(&request, &target, Verb::Update, classes, &who.facts, writes);
        admitted.unwrap().1
    };
    let other = gate.intended(&request, "transaction", IntentId::new_ordered(now()), 1);
    for drafts in [vec![within()], vec![other, within()]] {
        let refused = ready(gate.record(drafts)).err();
        assert_eq!(refused, Some(AppendError::Refused));
    }
    let own = gate.intended(&request, "transaction", intent, 1);
    let recorded = ready(gate.record(vec![own, within()])).unwrap();
    assert_eq!(recorded.into_receipts().len(), 1);
}

#[test]
fn each_entry_is_made_once() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let (clinician, auditor) = (clinic.someone("clinician"), clinic.someone("auditor"));
    let entries = entered(&clinic, || {
        assert!(clinic.read(&clinician, &stored).is_ok());
        let refusal = clinic.admit_read(&clinic.someone("front-desk"), &stored);
        let denied = ready(refusal.unwrap_err().recorded());
        assert_eq!(denied, Ok(Denied::NoPermit));
    });
    assert_eq!(entries, ["read permitted", "read refused"]);
    // A log that fails is asked once: what it did with the entries is unknown.
    let (_permit, draft) = clinic.admit_read(&clinician, &stored).unwrap();
    let refusal = clinic.admit_read(&auditor, &stored).unwrap_err();
    clinic.log.fail(AppendError::Late);
    let before = clinic.log.begun();
    assert!(ready(clinic.gate().record(vec![draft])).is_err());
    assert_eq!(ready(refusal.recorded()), Err(AppendError::Late));
    assert_eq!(clinic.log.begun(), before + 2);
}

/// An abandoned intent needs no settlement: without its receipt no sealed record is returned.
#[test]
fn a_write_that_is_given_up_before_its_intent_leaves_nothing() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let entries = entered(&clinic, || {
        let all = (classes("operational demographic"), classes("demographic"));
        let (_permit, draft) = clinic
            .admit_write(
                &clinic.someone("registration"),
                &stored.next("update"),
                Verb::Update,
                all,
            )
            .unwrap();
        assert!(matches!(draft.kind(), EntryKind::Intent(_)));
    });
    assert_eq!(entries, [""; 0]);
}

#[test]
fn the_sealed_detail_of_a_search_is_not_looked_at_without_an_entry() {
    let clinic = Clinic::new();
    let (clinician, auditor) = (clinic.someone("clinician"), clinic.someone("auditor"));
    let gate = clinic.gate();
    let of_type = "Patient".parse().unwrap();
    let asked = Searched {
        record_type: &of_type,
        has_subject: true,
        classes: classes("demographic"),
        query: b"family=x",
    };
    drop(gate.admit_search(&clinic.request(&clinician), asked, &clinician.facts));
    let entry = clinic.log.entry_bytes().pop().unwrap();
    let detail = SealedDetail::of_entry(&entry).unwrap();
    let entries = entered(&clinic, || {
        let admitted = gate.admit_detail(&clinic.request(&auditor), &detail, &auditor.facts);
        let (permit, draft) = admitted.unwrap();
        let _ = gate.open_detail(permit, &detail, &clinic.keys);
        drop(draft);
        let _ = gate.admit_detail(&clinic.request(&clinician), &detail, &clinician.facts);
    });
    assert_eq!(
        entries,
        ["resolve-audit permitted", "resolve-audit refused"]
    );
    assert_eq!(
        clinic.log.last_entry()["resource"]["type"],
        json!("AuditEntry")
    );
}
