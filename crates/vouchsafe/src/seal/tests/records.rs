//! Records sealed, changed and opened.

use super::*;
use crate::class::DataClass;
use crate::document::Slot;

#[test]
fn what_was_sealed_opens_the_same() {
    let chart = Chart::new();
    let record = chart.patient();
    assert_says(&chart.open(&record).unwrap(), PATIENT);
    assert_eq!(record.blobs.len(), record.manifest.entries().len());
    let stored = Manifest::parse(&record.manifest.to_bytes()).unwrap();
    assert_eq!(stored, record.manifest);
}

#[test]
fn only_the_classes_asked_for_are_opened() {
    let chart = Chart::new();
    let mut record = chart.patient();
    let contact = ClassSet::of(DataClass::Contact);
    record
        .blobs
        .retain(|blob| blob.slot.class() == DataClass::Contact);
    let opened = open_document(&chart.keys, &record, contact).unwrap();
    assert_says(
        &opened,
        r#"{"phone":"555-1","contact":[{"phone":"555-2"},{"phone":"555-3"}]}"#,
    );
    let none = open_document(&chart.keys, &record, ClassSet::NONE).unwrap();
    assert_says(&none, "{}");
    let more = contact.with(DataClass::Clinical);
    let refused = open_document(&chart.keys, &record, more).err();
    assert_eq!(refused, Some(SealError::MissingBlob));
}

#[test]
fn nothing_sealed_shows_what_is_in_it() {
    let record = Chart::new().patient();
    let stored: Vec<u8> = record
        .blobs
        .iter()
        .flat_map(|blob| blob.bytes.to_vec())
        .chain(record.manifest.to_bytes())
        .collect();
    let shown = format!("{record:?}");
    for value in ["Ann", "555", "999-12", "note\":", "deep", "1.50"] {
        let bytes = value.as_bytes();
        assert!(
            !stored.windows(bytes.len()).any(|window| window == bytes),
            "{value}"
        );
        assert!(!shown.contains(value), "{value}");
    }
}

/// A writer without the right to read guesses values. The parts of an array's items are the hard case: an unchanged
/// item keeps its id, and so its parts of every class keep their text.
#[test]
fn what_is_sealed_does_not_tell_whether_a_guess_was_right() {
    let chart = Chart::new();
    let first = chart.patient();
    let write = [
        DataClass::Operational,
        DataClass::Demographic,
        DataClass::Contact,
    ];
    let write: ClassSet = write.into_iter().collect();
    let guess = |name: &str| {
        let json = r#"{"phone":"555-1","contact":[{"name":"NAME","phone":"555-2"}]}"#;
        let json = json.replace("NAME", name);
        let sealed = chart.seal_by(2, &json, (write, false), Some(&first));
        let sealed = sealed.unwrap();
        let entries = sealed.manifest.entries().iter();
        let told: Vec<_> = entries
            .map(|entry| {
                let blob = sealed.blobs.iter().find(|blob| blob.fills(entry));
                let length = blob.map(|blob| blob.bytes.len());
                (entry.slot.name().to_owned(), entry.sealed_version, length)
            })
            .collect();
        told
    };
    let contacts = document(PATIENT);
    assert!(
        contacts.to_json().contains(r#""name":"Bo""#),
        "the right guess"
    );
    let (right, wrong) = (guess("Bo"), guess("Al"));
    assert_eq!(right, wrong);
    // Everything that may be written was sealed anew.
    let sealed = |(slot, _, _): &&(String, Version, Option<usize>)| {
        slot.parse::<Slot>()
            .is_ok_and(|slot| write.contains(slot.class()))
    };
    assert!(right.iter().filter(sealed).count() >= 2);
    for (slot, version, length) in right.iter().filter(sealed) {
        assert_eq!(*version, self::version(2), "{slot}");
        assert!(length.is_some(), "{slot}");
    }
}

#[test]
fn a_change_seals_what_changed_and_carries_the_rest() {
    let chart = Chart::new();
    let first = chart.patient();
    let changed = PATIENT.replace("555-1", "555-9");
    let second = chart
        .seal(2, &changed, ClassSet::ALL, Some(&first))
        .unwrap();
    let made: Vec<_> = second.blobs.iter().map(|blob| blob.slot.name()).collect();
    assert_eq!(made, ["contact"]);
    let mut stored = second.clone();
    stored.blobs.extend(
        first
            .blobs
            .iter()
            .filter(|blob| blob.slot.name() != "contact")
            .cloned(),
    );
    assert_says(&chart.open(&stored).unwrap(), &changed);
}

#[test]
fn classes_that_may_not_be_written_are_carried_unopened() {
    let chart = Chart::new();
    let first = chart.patient();
    // The writer's previous version has only their blobs, and their keys open no others.
    let mut seen = first.clone();
    seen.blobs
        .retain(|blob| blob.slot.class() == DataClass::Contact);
    let contact = ClassSet::of(DataClass::Contact);
    let sent = r#"{"phone":"555-1","contact":[{"phone":"555-3"},{"phone":"555-2"}]}"#;
    let second = chart.seal(2, sent, contact, Some(&seen)).unwrap();
    let mut stored = second.clone();
    stored.blobs.extend(
        first
            .blobs
            .iter()
            .filter(|blob| blob.slot.name() != "contact")
            .cloned(),
    );
    let swapped = PATIENT.replace(
        r#"{"name":"Bo","phone":"555-2"},{"phone":"555-3"}"#,
        r#"{"phone":"555-3"},{"name":"Bo","phone":"555-2"}"#,
    );
    assert_says(&chart.open(&stored).unwrap(), &swapped);
    assert_eq!(second.manifest.classes(), first.manifest.classes());
}

#[test]
fn more_than_may_be_written_is_refused() {
    let chart = Chart::new();
    let contact = ClassSet::of(DataClass::Contact);
    let refused = chart
        .seal(1, r#"{"phone":"1","name":"Ann"}"#, contact, None)
        .err();
    assert_eq!(
        refused,
        Some(SealError::NotWritable(DataClass::Demographic))
    );
    let unknown = chart
        .seal(1, r#"{"phone":"1","what":1}"#, contact, None)
        .err();
    assert_eq!(unknown, Some(SealError::NotWritable(DataClass::Restricted)));
}

#[test]
fn what_is_left_out_is_gone_from_the_manifest() {
    let chart = Chart::new();
    let first = chart.patient();
    let second = chart
        .seal(2, r#"{"name":"Ann"}"#, ClassSet::ALL, Some(&first))
        .unwrap();
    let slots: Vec<_> = second
        .manifest
        .slots()
        .map(|(slot, _)| slot.name())
        .collect();
    assert_eq!(slots, ["demographic"]);
    let third = chart.seal(3, "{}", ClassSet::ALL, Some(&second)).unwrap();
    assert_eq!(third.manifest.classes(), ClassSet::NONE);
    assert_says(&chart.open(&third).unwrap(), "{}");
}

#[test]
fn a_deletion_opens_no_more_and_carries_nothing() {
    let chart = Chart::new();
    let first = chart.patient();
    let writing = |number, previous| Writing {
        key: &chart.key,
        version: version(number),
        write: ClassSet::NONE,
        compare: true,
        previous,
    };
    let gone = seal_tombstone(&chart.keys, &writing(2, Some(&first))).unwrap();
    assert!(gone.manifest.is_deleted() && gone.manifest.entries().is_empty());
    assert_eq!(chart.open(&gone).err(), Some(SealError::Deleted));
    let again = chart
        .seal(3, r#"{"name":"Ann"}"#, ClassSet::ALL, Some(&gone))
        .unwrap();
    assert_says(&chart.open(&again).unwrap(), r#"{"name":"Ann"}"#);
}

#[test]
fn an_older_key_version_opens_and_the_newest_seals() {
    let old = [7; 32];
    let new = [8; 32];
    let mut chart = Chart::new();
    let keys = |version, secret| {
        let owner = chart.keys.owner();
        RecordKeys::new(
            chart.key.tenant,
            owner,
            KeyVersion::new(version),
            Secret::from_bytes(secret),
        )
    };
    let (first_keys, second_keys) = (keys(1, old), keys(2, new));
    let only_new = keys(2, new);
    chart.keys = first_keys;
    let first = chart.patient();
    chart.keys = second_keys.with_older(KeyVersion::new(1), Secret::from_bytes(old));
    assert_says(&chart.open(&first).unwrap(), PATIENT);
    // A write seals all writable classes under the newest key, also unchanged ones.
    let second = chart.seal(2, PATIENT, ClassSet::ALL, Some(&first)).unwrap();
    assert_eq!(second.blobs.len(), first.blobs.len());
    chart.keys = only_new;
    assert_says(&chart.open(&second).unwrap(), PATIENT);
    assert_eq!(chart.open(&first).err(), Some(SealError::KeyVersion));
}

#[test]
fn the_cache_of_derived_keys_is_bounded() {
    let chart = Chart::new();
    for number in 0..300 {
        let slot = Slot::own(DataClass::Clinical, &format!("s{number}")).unwrap();
        let first = chart.keys.sealing(&chart.key.record_type, &slot);
        let again = chart.keys.sealing(&chart.key.record_type, &slot);
        assert!(std::sync::Arc::ptr_eq(&first, &again));
    }
    assert!(chart.keys.derived_count() <= RecordKeys::MAX_DERIVED);
}

#[test]
fn nonces_are_never_repeated() {
    let chart = Chart::new();
    let mut nonces = std::collections::HashSet::new();
    for _ in 0..200 {
        for blob in chart.patient().blobs {
            assert!(nonces.insert(blob.bytes.slice(41..53)));
        }
    }
}

#[test]
fn no_key_can_be_printed() {
    let secret = Secret::from_bytes([0xab; 32]);
    let wrapping = WrappingKey::new(Secret::random(), KeyVersion::FIRST);
    let system = SystemKey::derive(
        Suite::Xaes256Gcm,
        &secret,
        TenantId::random(),
        SystemPurpose::Identity,
        KeyVersion::FIRST,
    );
    let index = IndexKey::new(Secret::random(), TenantId::random(), 1);
    let keys = Chart::new().keys;
    let shown = format!("{secret:?}{wrapping:?}{system:?}{index:?}{keys:?}");
    assert_eq!(shown, "[key]".repeat(5));
}
