//! A receipt is made only from a durable entry, and releases only the access of that entry.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;
use vouchsafe::BoxFuture;
use vouchsafe::audit::{
    AckRefused, Acknowledgement, AppendError, AuditLog, Draft, Event, Outcome, Outgoing, Pending,
    RecorderKey, Source, Stored as Place, Stream, leaf,
};
use vouchsafe::document::Document;
use vouchsafe::gate::{Receipt, ReleaseRefused};
use vouchsafe::ids::IntentId;
use vouchsafe::phi::Phi;
use vouchsafe::trusted::{self, Port};

use crate::canary::hex;
use crate::clinic::{Clinic, Someone, Stored, audit_keys, classes, now, patient};
use crate::recorder::{MemoryLog, ORIGIN, hash, ready};

fn opened(clinic: &Clinic, who: &Someone, stored: &Stored) -> (Phi<Document>, Draft) {
    let (permit, draft) = clinic.admit_read(who, stored).unwrap();
    let gate = clinic.gate();
    let phi = gate.open(permit, &stored.record, &stored.keys);
    (phi.unwrap(), draft)
}

/// Checks that each receipt releases its own value and not the other's.
fn assert_apart(clinic: &Clinic, make: impl Fn(usize) -> (Phi<Document>, Draft)) {
    let swapped: Vec<(Phi<Document>, Receipt)> = [0, 1]
        .map(|which| {
            let (phi, draft) = make(which);
            (phi, clinic.receipt(draft))
        })
        .into();
    let (phis, receipts): (Vec<_>, Vec<_>) = swapped.into_iter().unzip();
    for (phi, receipt) in phis.into_iter().zip(receipts.into_iter().rev()) {
        assert_eq!(phi.release(receipt).err(), Some(ReleaseRefused));
    }
    for which in [0, 1] {
        let (phi, draft) = make(which);
        assert!(phi.release(clinic.receipt(draft)).is_ok());
    }
}

#[test]
fn a_receipt_for_one_record_releases_no_other() {
    let clinic = Clinic::new();
    let (clinician, records) = (
        clinic.someone("clinician"),
        [clinic.patient(), clinic.patient()],
    );
    assert_apart(&clinic, |which| {
        opened(&clinic, &clinician, &records[which])
    });
}

#[test]
fn a_receipt_for_one_version_releases_no_other() {
    let clinic = Clinic::new();
    let clinician = clinic.someone("clinician");
    let first = clinic.patient();
    let second = clinic.update(&first, &patient());
    let versions = [first, second];
    assert_apart(&clinic, |which| {
        opened(&clinic, &clinician, &versions[which])
    });
}

#[test]
fn a_receipt_for_some_classes_releases_no_others() {
    let clinic = Clinic::new();
    let (clinician, stored) = (clinic.someone("clinician"), clinic.patient());
    let request = clinic.request(&clinician);
    assert_apart(&clinic, |which| {
        let wanted = classes(["demographic", "demographic clinical"][which]);
        let gate = clinic.gate();
        let (permit, draft) = gate
            .admit_read(&request, &stored.target(), wanted, &clinician.facts)
            .unwrap();
        let phi = gate.open(permit, &stored.record, &stored.keys);
        (phi.unwrap(), draft)
    });
}

#[test]
fn a_receipt_for_one_session_releases_nothing_of_another() {
    let clinic = Clinic::new();
    let people = [clinic.someone("clinician"), clinic.someone("clinician")];
    let stored = clinic.patient();
    assert_apart(&clinic, |which| opened(&clinic, &people[which], &stored));
}

#[test]
fn a_receipt_for_one_read_releases_no_second_read_of_the_same() {
    let clinic = Clinic::new();
    let (clinician, stored) = (clinic.someone("clinician"), clinic.patient());
    assert_apart(&clinic, |_| opened(&clinic, &clinician, &stored));
}

#[test]
fn another_key_cannot_acknowledge() {
    let clinic = Clinic::new();
    let (clinician, stored) = (clinic.someone("clinician"), clinic.patient());
    let (_, draft) = opened(&clinic, &clinician, &stored);
    let forger = MemoryLog::of(ORIGIN, &[66; 32]);
    let leaves = vec![hash(b"any")];
    let ack = forger.sign(ORIGIN, 0, now(), leaves);
    let refused = clinic.log.recorder().verify(ack);
    assert_eq!(refused.err(), Some(AckRefused::Signature));
    // A forger's own key fails: the gate pins another.
    let forged = forger.acknowledge(std::slice::from_ref(&draft));
    assert_untrusted(&clinic, vec![draft], forged);
    // So does another genuine recorder: the gate pins another.
    let (_, draft) = opened(&clinic, &clinician, &stored);
    let refused = ready(forger.append(vec![draft]));
    assert_eq!(refused.err(), Some(AppendError::Untrusted));
}

#[test]
fn a_gate_with_another_recorder_releases_nothing_of_this_one() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let (phi, _draft) = opened(&clinic, &clinic.someone("clinician"), &stored);
    let own = MemoryLog::of("log.example/of-my-own", &[66; 32]);
    let mut elsewhere = Clinic::new();
    elsewhere.tenant = clinic.tenant;
    elsewhere.keys = audit_keys(clinic.tenant);
    elsewhere.log = Arc::new(own);
    let (_, draft) = elsewhere
        .admit_read(&clinic.someone("clinician"), &stored)
        .unwrap();
    let receipt = elsewhere.receipt(draft);
    assert_eq!(phi.release(receipt).err(), Some(ReleaseRefused));
}

#[test]
fn another_origin_cannot_acknowledge() {
    let clinic = Clinic::new();
    let leaves = vec![hash(b"any")];
    let ack = clinic.log.sign("log.example/other", 0, now(), leaves);
    let refused = clinic.log.recorder().verify(ack.clone());
    assert_eq!(refused.err(), Some(AckRefused::Origin));
    let renamed = Acknowledgement {
        origin: ORIGIN.to_owned(),
        ..ack
    };
    let refused = clinic.log.recorder().verify(renamed);
    assert_eq!(refused.err(), Some(AckRefused::Signature));

    // The same key in two logs: the gate trusts only one of them.
    let (clinician, stored) = (clinic.someone("clinician"), clinic.patient());
    let (_, draft) = opened(&clinic, &clinician, &stored);
    let twin = MemoryLog::of("log.example/other", &[21; 32]);
    assert_eq!(
        twin.recorder().public_key(),
        clinic.log.recorder().public_key()
    );
    let refused = ready(twin.append(vec![draft]));
    assert_eq!(refused.err(), Some(AppendError::Untrusted));
}

#[test]
fn an_acknowledgement_that_was_changed_does_not_hold() {
    let log = MemoryLog::new();
    let good = log.sign(ORIGIN, 7, now(), vec![[1; 32], [2; 32]]);
    assert!(log.recorder().verify(good.clone()).is_ok());
    let changes: [fn(&mut Acknowledgement); 7] = [
        |ack| ack.first_index = 8,
        |ack| ack.recorded += jiff::SignedDuration::from_micros(1),
        |ack| ack.leaves.swap(0, 1),
        |ack| ack.leaves[1] = [3; 32],
        |ack| ack.leaves.truncate(1),
        |ack| ack.leaves.push([2; 32]),
        |ack| ack.signature[63] ^= 1,
    ];
    for (which, change) in changes.into_iter().enumerate() {
        let mut changed = good.clone();
        change(&mut changed);
        let refused = log.recorder().verify(changed);
        assert_eq!(refused.err(), Some(AckRefused::Signature), "change {which}");
    }
}

#[test]
fn indices_beyond_the_last_are_refused() {
    let log = MemoryLog::new();
    let last = log.sign(ORIGIN, u64::MAX - 1, now(), vec![[1; 32]]);
    assert!(log.recorder().verify(last).is_ok());
    let beyond = log.sign(ORIGIN, u64::MAX, now(), vec![[1; 32]]);
    assert_eq!(log.recorder().verify(beyond).err(), Some(AckRefused::Range));
}

fn source(boot: u128) -> Source {
    Source {
        replica: Uuid::from_u128(1),
        boot: Uuid::from_u128(boot),
    }
}

/// A log that returns prepared answers, with the clinic's key.
struct Answers {
    clinics: RecorderKey,
    answer: Vec<Place>,
}

impl Port for Answers {}

impl AuditLog for Answers {
    fn recorder(&self) -> &RecorderKey {
        &self.clinics
    }

    fn begin(&self, _: Vec<Outgoing>) -> Pending {
        let answer = self.answer.clone();
        Box::pin(async { Ok(answer) })
    }

    fn unsettled(&self) -> BoxFuture<'_, Result<Vec<IntentId>, AppendError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// Checks that the answer is accepted for no entry.
fn assert_untrusted(clinic: &Clinic, drafts: Vec<Draft>, answer: Vec<Place>) {
    let clinics = clinic.log.recorder().clone();
    let refused = ready(Answers { clinics, answer }.append(drafts));
    assert_eq!(refused.err(), Some(AppendError::Untrusted));
}

#[test]
fn an_acknowledgement_of_other_leaves_makes_no_receipt() {
    let clinic = Clinic::new();
    let (clinician, stored) = (clinic.someone("clinician"), clinic.patient());
    let drafts = || {
        vec![
            opened(&clinic, &clinician, &stored).1,
            opened(&clinic, &clinician, &stored).1,
        ]
    };
    let signed = |drafts: &[Draft]| clinic.log.acknowledge(drafts);

    // For entries of others.
    assert_untrusted(&clinic, drafts(), signed(&drafts()));
    // For these, with the positions swapped.
    let batch = drafts();
    let mut swapped = signed(&batch);
    swapped.swap(0, 1);
    assert_untrusted(&clinic, batch, swapped);
    // For one of these, twice.
    let batch = drafts();
    let mut doubled = signed(&batch);
    doubled[1] = doubled[0].clone();
    assert_untrusted(&clinic, batch, doubled);
    // For not all, or for more.
    let batch = drafts();
    let places = signed(&batch);
    assert_untrusted(&clinic, batch, places[..1].to_vec());
    assert_untrusted(&clinic, vec![], places);
    // For another place, counter or source than was signed.
    let changes: [fn(&mut Place); 4] = [
        |place| place.position = 1,
        |place| place.position = usize::MAX,
        |place| place.counter += 1,
        |place| place.source = source(3),
    ];
    for change in changes {
        let batch = vec![opened(&clinic, &clinician, &stored).1];
        let mut places = signed(&batch);
        change(&mut places[0]);
        assert_untrusted(&clinic, batch, places);
    }
}

#[test]
fn entries_that_release_nothing_make_no_receipt() {
    let clinic = Clinic::new();
    let stored = clinic.patient();
    let clinician = clinic.someone("clinician");
    let request = clinic.request(&clinician);
    let committed = (IntentId::new_ordered(now()), Outcome::Committed);
    let drafts = vec![
        clinic.gate().absent(&request, &stored.target()),
        Event::new(Stream::Phi, "read", Outcome::Permitted, &clinic.context).draft(now()),
        clinic
            .gate()
            .settled(&request, "update", committed.0, committed.1, 1),
    ];
    let recorded = clinic.log.record(drafts);
    assert_eq!(recorded.entries().len(), 3);
    assert!(recorded.into_receipts().is_empty());
}

/// The bytes that recorders sign and store, written out by hand, independent of the code.
#[test]
fn statements_and_leaves_have_the_form_that_others_verify() {
    let recorded: Timestamp = "2026-11-24T09:00:00.25Z".parse().unwrap();
    let statement = Acknowledgement::statement("log.example/x", 41, recorded, &[[0xAB; 32]]);
    let expected = [
        &b"vouchsafe-ack/v1\nlog.example/x\n41\n2026-11-24T09:00:00.250000Z\n1\n"[..],
        &[0xAB; 32],
    ]
    .concat();
    assert_eq!(statement, expected);
    let bytes = leaf(b"{\"v\":1}", &source(2), 9, recorded);
    let expected = concat!(
        r#"{"counter":9,"entry":{"v":1},"recorded":"2026-11-24T09:00:00.250000Z","#,
        r#""source":"00000000-0000-0000-0000-000000000001/00000000-0000-0000-0000-000000000002"}"#
    );
    assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    // RFC 6962, section 2.1: SHA-256(0x00 || leaf).
    assert_eq!(
        hex(&hash(b"")),
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    );
    let key = trusted::recorder("log.example/x", [1; 32]);
    assert_eq!(
        (key.origin(), key.public_key()),
        ("log.example/x", &[1; 32])
    );
}
