//! Changed, moved, missing, restored or swapped parts do not open.

use super::*;
use crate::class::DataClass;
use crate::document::Slot;
use crate::seal::envelope::Envelope;
use crate::seal::manifest::Entry;

/// The blob of a slot.
fn blob<'r>(record: &'r mut SealedRecord, slot: &str) -> &'r mut Blob {
    record
        .blobs
        .iter_mut()
        .find(|blob| blob.slot.name() == slot)
        .unwrap()
}

/// A manifest that a program with the keys would make of these blobs, so that only the envelopes themselves show that
/// they do not belong here.
fn sealed_again(chart: &Chart, record: &mut SealedRecord) {
    let entry = |blob: &Blob| Entry::of(blob.slot.clone(), blob.sealed_version, &blob.bytes);
    let entries = record.blobs.iter().map(entry).collect();
    record.manifest =
        Manifest::seal(&chart.keys, &record.key, record.version, entries, false).unwrap();
}

#[test]
fn every_flipped_bit_of_a_blob_is_refused() {
    let chart = Chart::new();
    let record = chart
        .seal(1, r#"{"name":"Ann"}"#, ClassSet::ALL, None)
        .unwrap();
    let good = record.blobs[0].bytes.to_vec();
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let mut changed = record.clone();
        changed.blobs[0].bytes = bad.into();
        assert_eq!(
            chart.open(&changed).err(),
            Some(SealError::BlobHash),
            "bit {bit}"
        );
        sealed_again(&chart, &mut changed);
        let refused = chart.open(&changed).err().unwrap();
        let why = match bit / 8 {
            0..2 | 4 => SealError::Envelope,
            // Suite 1 with another bit is an unknown suite, or has another nonce and key.
            2..4 => SealError::UnknownFormat,
            5..9 => SealError::KeyVersion,
            9..41 => SealError::Commitment,
            _ => SealError::Tag,
        };
        assert_eq!(refused, why, "bit {bit}");
    }
}

#[test]
fn every_flipped_bit_of_a_manifest_is_refused() {
    let chart = Chart::new();
    let record = chart.patient();
    let good = record.manifest.to_bytes();
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        if let Ok(manifest) = Manifest::parse(&bad) {
            let changed = SealedRecord {
                manifest,
                ..record.clone()
            };
            let refused = chart.open(&changed).err();
            let known = [Some(SealError::ManifestMac), Some(SealError::KeyVersion)];
            assert!(known.contains(&refused), "bit {bit}: {refused:?}");
        }
    }
}

#[test]
fn everything_cut_short_or_made_longer_is_refused() {
    let chart = Chart::new();
    let record = chart
        .seal(1, r#"{"name":"Ann"}"#, ClassSet::ALL, None)
        .unwrap();
    let good = record.blobs[0].bytes.to_vec();
    for len in (0..good.len()).chain([good.len() + 1]) {
        let mut bad = good.clone();
        bad.resize(len, 0);
        let mut changed = record.clone();
        changed.blobs[0].bytes = bad.into();
        sealed_again(&chart, &mut changed);
        assert!(chart.open(&changed).is_err(), "{len}");
    }
    let good = record.manifest.to_bytes();
    for len in (0..good.len()).chain([good.len() + 1]) {
        let mut bad = good.clone();
        bad.resize(len, 0);
        assert!(Manifest::parse(&bad).is_err(), "{len}");
    }
}

#[test]
fn a_blob_in_another_slot_is_refused() {
    let chart = Chart::new();
    let mut record = chart.patient();
    let name = blob(&mut record, "demographic").bytes.clone();
    let phone = std::mem::replace(&mut blob(&mut record, "contact").bytes, name);
    blob(&mut record, "demographic").bytes = phone;
    assert_eq!(chart.open(&record).err(), Some(SealError::BlobHash));
    sealed_again(&chart, &mut record);
    assert_eq!(chart.open(&record).err(), Some(SealError::Commitment));
}

#[test]
fn a_blob_of_another_record_version_or_type_is_refused() {
    let chart = Chart::new();
    let record = chart.patient();
    let moved = |change: &dyn Fn(&mut SealedRecord)| {
        let mut moved = record.clone();
        change(&mut moved);
        let before = chart.open(&moved).err();
        sealed_again(&chart, &mut moved);
        (before, chart.open(&moved).err())
    };
    let mac = Some(SealError::ManifestMac);
    assert_eq!(
        moved(&|to| to.key.id = RecordId::random()),
        (mac, Some(SealError::Tag))
    );
    assert_eq!(
        moved(&|to| to.key.record_type = "Person".parse().unwrap()),
        (mac, Some(SealError::Commitment))
    );
    // A new manifest would make it version 2, with its blobs carried over.
    assert_eq!(moved(&|to| to.version = version(2)), (mac, None));
    let later = |to: &mut SealedRecord| {
        to.blobs
            .iter_mut()
            .for_each(|blob| blob.sealed_version = version(2));
    };
    assert_eq!(
        moved(&later),
        (Some(SealError::UnlistedBlob), Some(SealError::Tag))
    );
}

#[test]
fn keys_of_another_tenant_or_subject_open_nothing() {
    let chart = Chart::new();
    let record = chart.patient();
    let other = |tenant, owner| {
        let keys = RecordKeys::new(
            tenant,
            owner,
            KeyVersion::FIRST,
            Secret::from_bytes([9; 32]),
        );
        open_document(&keys, &record, ClassSet::ALL).err()
    };
    let subject = chart.keys.owner();
    assert_eq!(other(TenantId::random(), subject), Some(SealError::Keys));
    let stranger = Owner::Subject(SubjectId::random());
    assert_eq!(other(chart.key.tenant, stranger), Some(SealError::Keys));
    assert_eq!(
        other(chart.key.tenant, Owner::Tenant),
        Some(SealError::Keys)
    );
    assert_eq!(
        other(chart.key.tenant, subject),
        Some(SealError::ManifestMac)
    );
}

/// The same secret given to two owners or tenants by mistake: derivation and AAD still distinguish them.
#[test]
fn the_same_secret_elsewhere_opens_nothing() {
    let tenant = TenantId::random();
    let owner = Owner::Subject(SubjectId::random());
    let keys = |tenant, owner| {
        RecordKeys::new(
            tenant,
            owner,
            KeyVersion::FIRST,
            Secret::from_bytes([9; 32]),
        )
    };
    let mut chart = Chart::new();
    chart.key.tenant = tenant;
    chart.keys = keys(tenant, owner);
    let record = chart.patient();
    assert!(chart.open(&record).is_ok());
    let elsewhere = [
        (TenantId::random(), owner),
        (tenant, Owner::Subject(SubjectId::random())),
        (tenant, Owner::Tenant),
    ];
    for (tenant, owner) in elsewhere {
        chart.keys = keys(tenant, owner);
        let mut moved = record.clone();
        (moved.key.tenant, moved.owner) = (tenant, owner);
        assert_eq!(chart.open(&moved).err(), Some(SealError::ManifestMac));
        sealed_again(&chart, &mut moved);
        assert_eq!(chart.open(&moved).err(), Some(SealError::Commitment));
    }
}

#[test]
fn a_dropped_or_added_blob_is_seen() {
    let chart = Chart::new();
    let first = chart.patient();
    let mut dropped = first.clone();
    dropped
        .blobs
        .retain(|blob| blob.slot.class() != DataClass::Clinical);
    assert_eq!(chart.open(&dropped).err(), Some(SealError::MissingBlob));
    let second = chart
        .seal(2, r#"{"name":"Ann"}"#, ClassSet::ALL, Some(&first))
        .unwrap();
    let mut added = second;
    added.blobs = first.blobs;
    assert_eq!(chart.open(&added).err(), Some(SealError::UnlistedBlob));
}

#[test]
fn a_blob_put_back_to_an_older_version_is_seen() {
    let chart = Chart::new();
    let first = chart
        .seal(1, r#"{"name":"Ann"}"#, ClassSet::ALL, None)
        .unwrap();
    let second = chart
        .seal(2, r#"{"name":"Eve"}"#, ClassSet::ALL, Some(&first))
        .unwrap();
    let mut back = second.clone();
    back.blobs[0].bytes = first.blobs[0].bytes.clone();
    assert_eq!(chart.open(&back).err(), Some(SealError::BlobHash));
    let mut back = second;
    back.blobs = first.blobs.clone();
    assert_eq!(chart.open(&back).err(), Some(SealError::UnlistedBlob));
    let back = SealedRecord {
        version: version(2),
        ..first
    };
    assert_eq!(chart.open(&back).err(), Some(SealError::ManifestMac));
}

#[test]
fn a_deletion_cannot_be_made_of_a_manifest_nor_taken_back() {
    let chart = Chart::new();
    let record = chart.patient();
    let mut bytes = record.manifest.to_bytes();
    bytes[3] ^= 1;
    let changed = SealedRecord {
        manifest: Manifest::parse(&bytes).unwrap(),
        ..record
    };
    assert_eq!(chart.open(&changed).err(), Some(SealError::ManifestMac));
}

#[test]
fn a_write_checks_the_version_before() {
    let chart = Chart::new();
    let first = chart.patient();
    let json = r#"{"name":"Eve"}"#;
    let write = |number, previous: &SealedRecord| {
        chart
            .seal(number, json, ClassSet::ALL, Some(previous))
            .err()
    };
    assert_eq!(write(2, &first), None);
    assert_eq!(write(1, &first), Some(SealError::Previous));
    let mut other = first.clone();
    other.key.id = RecordId::random();
    assert_eq!(write(2, &other), Some(SealError::Previous));
    let mut changed = first.clone();
    blob(&mut changed, "contact").bytes = blob(&mut changed, "demographic").bytes.clone();
    assert_eq!(write(2, &changed), Some(SealError::BlobHash));
    let mut dropped = first;
    dropped.blobs.pop();
    assert_eq!(write(2, &dropped), Some(SealError::MissingBlob));
    let writing = Writing {
        key: &chart.key,
        version: version(2),
        write: ClassSet::ALL,
        compare: true,
        previous: None,
    };
    let person = TestLayout::new("Person", &[]);
    let refused = seal_document(&chart.keys, &writing, &person, &document("{}")).err();
    assert_eq!(refused, Some(SealError::RecordType));
    let foreign = RecordKey {
        tenant: TenantId::random(),
        ..chart.key.clone()
    };
    let writing = Writing {
        key: &foreign,
        ..writing
    };
    let refused = seal_document(&chart.keys, &writing, &layout(), &document("{}")).err();
    assert_eq!(refused, Some(SealError::Keys));
}

#[test]
fn a_wrapped_key_opens_only_where_it_belongs() {
    let root = WrappingKey::new(Secret::from_bytes([1; 32]), KeyVersion::FIRST);
    let branch = Secret::random();
    let wrapped = root.wrap(b"tenant 1", &branch);
    assert_eq!(
        root.unwrap(b"tenant 1", &wrapped).unwrap().expose(),
        branch.expose()
    );
    assert_eq!(WrappingKey::version_of(&wrapped), Ok(KeyVersion::FIRST));
    assert_eq!(
        root.unwrap(b"tenant 2", &wrapped).err(),
        Some(SealError::Tag)
    );
    let other = WrappingKey::new(Secret::from_bytes([2; 32]), KeyVersion::FIRST);
    assert_eq!(
        other.unwrap(b"tenant 1", &wrapped).err(),
        Some(SealError::Commitment)
    );
    let later = WrappingKey::new(Secret::from_bytes([1; 32]), KeyVersion::new(2));
    assert_eq!(
        later.unwrap(b"tenant 1", &wrapped).err(),
        Some(SealError::KeyVersion)
    );
    for bit in 0..wrapped.len() * 8 {
        let mut bad = wrapped.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(root.unwrap(b"tenant 1", &bad).is_err(), "bit {bit}");
    }
}

#[test]
fn a_system_key_opens_only_its_own() {
    let secret = [3; 32];
    let tenant = TenantId::random();
    let key = |tenant, purpose| {
        SystemKey::derive(
            Suite::Xaes256Gcm,
            &Secret::from_bytes(secret),
            tenant,
            purpose,
            KeyVersion::FIRST,
        )
    };
    let totp = key(tenant, SystemPurpose::Identity);
    let sealed = totp.seal(b"person 1", b"seed");
    assert_eq!(*totp.open(b"person 1", &sealed).unwrap(), *b"seed");
    assert_eq!(totp.open(b"person 2", &sealed).err(), Some(SealError::Tag));
    let commitment = Some(SealError::Commitment);
    assert_eq!(
        key(tenant, SystemPurpose::SearchCursor)
            .open(b"person 1", &sealed)
            .err(),
        commitment
    );
    assert_eq!(
        key(TenantId::random(), SystemPurpose::Identity)
            .open(b"person 1", &sealed)
            .err(),
        commitment
    );
    // A key made from the same secret for wrapping or for records does not open it either.
    let wrapping = WrappingKey::new(Secret::from_bytes(secret), KeyVersion::FIRST);
    assert_eq!(wrapping.unwrap(b"person 1", &sealed).err(), commitment);
    let mut chart = Chart::new();
    chart.keys = RecordKeys::new(
        chart.key.tenant,
        Owner::Tenant,
        KeyVersion::FIRST,
        Secret::from_bytes(secret),
    );
    let record = chart.patient();
    let own = key(chart.key.tenant, SystemPurpose::Identity);
    for blob in &record.blobs {
        assert_eq!(blob.suite, Suite::Xaes256Gcm);
        assert_eq!(own.open(b"", &blob.bytes).err(), commitment);
    }
}

#[test]
fn tags_tell_values_places_and_lengths_apart() {
    let tenant = TenantId::random();
    let key = |version| IndexKey::new(Secret::from_bytes([5; 32]), tenant, version);
    let patient = "Patient".parse().unwrap();
    let tag = |index: &str, value: &[u8]| key(1).tag(&patient, index, value, 128);
    let base = tag("family", b"smith");
    assert_eq!(base, tag("family", b"smith"));
    for other in [
        tag("family", b"smit"),
        tag("given", b"smith"),
        tag("familys", b"mith"),
        key(2).tag(&patient, "family", b"smith", 128),
        key(1).tag(&"Person".parse().unwrap(), "family", b"smith", 128),
        IndexKey::new(Secret::from_bytes([5; 32]), TenantId::random(), 1)
            .tag(&patient, "family", b"smith", 128),
        IndexKey::new(Secret::from_bytes([6; 32]), tenant, 1)
            .tag(&patient, "family", b"smith", 128),
    ] {
        assert_ne!(base, other);
    }
    let whole = u128::from_be_bytes(base.0);
    for bits in 0..=128_u16 {
        let cut = u128::from_be_bytes(key(1).tag(&patient, "family", b"smith", bits).0);
        let mask = u128::MAX.checked_shl(u32::from(128 - bits)).unwrap_or(0);
        assert_eq!(cut, whole & mask, "{bits}");
    }
}

#[test]
fn the_tag_of_steps_begins_with_the_tag_of_fewer() {
    let key = IndexKey::new(Secret::from_bytes([5; 32]), TenantId::random(), 1);
    let patient = "Patient".parse().unwrap();
    let steps: Vec<Vec<u8>> = ["2 sm", "4 smit", "6 smiths"].map(Into::into).into();
    let whole = |tag: IndexTag| u128::from_be_bytes(tag.0);
    for bits in [1, 5, 16, 42, 43, 128, 200] {
        let of = |steps: &[Vec<u8>]| whole(key.tag_of_steps(&patient, "family", steps, bits));
        let mut used = 0;
        for (place, step) in steps.iter().enumerate() {
            let own = u32::from(bits).min(128 - used);
            let alone = whole(key.tag(&patient, "family", step, u16::try_from(own).unwrap()));
            let moved = alone.checked_shr(used).unwrap_or(0);
            assert_eq!(
                of(&steps[..=place]),
                of(&steps[..place]) | moved,
                "{bits} {place}"
            );
            used += own;
        }
        assert_eq!(of(&[]), 0);
    }
    let one = key.tag_of_steps(&patient, "family", &steps[..1], 14);
    assert_eq!(one, key.tag(&patient, "family", b"2 sm", 14));
}

#[test]
fn parsing_any_bytes_does_not_panic() {
    use proptest::prelude::*;
    let start = prop_oneof![
        Just(b"VS\x01".to_vec()),
        Just(b"VM\x01".to_vec()),
        Just(Vec::new())
    ];
    proptest!(|(start in start, rest: Vec<u8>)| {
        let bytes = [start, rest].concat();
        let _ = Envelope::parse(&bytes);
        if let Ok(manifest) = Manifest::parse(&bytes) {
            prop_assert_eq!(manifest.to_bytes(), bytes);
        }
    });
}

#[test]
fn slots_are_ordered_by_name_in_the_manifest() {
    let mut record = Chart::new().patient();
    let names: Vec<_> = record
        .manifest
        .slots()
        .map(|(slot, _)| slot.name().to_owned())
        .collect();
    assert!(names.is_sorted());
    let known: Slot = "identifier+ssn".parse().unwrap();
    assert_eq!(blob(&mut record, "identifier+ssn").slot, known);
    assert!(record.manifest.has(DataClass::Identifier));
}
