//! The files in `vectors/seal`.

use serde::Deserialize;

use super::*;
use crate::seal::entropy::Entropy;
use crate::seal::envelope::{Envelope, EnvelopeKey};
use crate::seal::framing::Frame;
use crate::seal::wrapping::derive;

const KNOWN: &str = include_str!("../../../../../vectors/seal/known.json");
const HOSTILE: &str = include_str!("../../../../../vectors/seal/hostile.json");

#[derive(Deserialize)]
struct Known {
    records: Vec<Record>,
    wrapped: Vec<Wrapped>,
    system: Vec<System>,
    index: Vec<Index>,
}

#[derive(Deserialize)]
struct Record {
    name: String,
    secret: String,
    key_version: u32,
    tenant: String,
    owner: Option<String>,
    record_type: String,
    id: String,
    version: u32,
    layout: Vec<(String, String)>,
    document: String,
    entropy: String,
    blobs: std::collections::BTreeMap<String, String>,
    manifest: String,
}

#[derive(Deserialize)]
struct Wrapped {
    secret: String,
    key_version: u32,
    context: String,
    key: String,
    wrapped: String,
}

#[derive(Deserialize)]
struct System {
    suite: u8,
    branch: String,
    tenant: String,
    purpose: String,
    key_version: u32,
    context: String,
    plain: String,
    sealed: String,
}

#[derive(Deserialize)]
struct Index {
    secret: String,
    tenant: String,
    version: u32,
    record_type: String,
    index: String,
    value: String,
    bits: u16,
    tag: String,
}

#[derive(Deserialize)]
struct Hostile {
    envelopes: Vec<Case>,
    manifests: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    bytes: String,
    error: String,
}

fn known() -> Known {
    serde_json::from_str(KNOWN).unwrap()
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |digit: &u8| char::from(*digit).to_digit(16).unwrap();
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::try_from(digit(&pair[0]) * 16 + digit(&pair[1])).unwrap())
        .collect()
}

fn array<const N: usize>(text: &str) -> [u8; N] {
    unhex(text).try_into().unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::from_bytes(array(text))
}

impl Record {
    fn chart(&self) -> Chart {
        let tenant = self.tenant.parse().unwrap();
        let subject = self.owner.as_ref().map(|owner| owner.parse().unwrap());
        let owner = subject.map_or(Owner::Tenant, Owner::Subject);
        let version = KeyVersion::new(self.key_version);
        Chart {
            keys: RecordKeys::new(tenant, owner, version, secret(&self.secret)),
            key: RecordKey {
                tenant,
                record_type: self.record_type.parse().unwrap(),
                id: self.id.parse().unwrap(),
            },
        }
    }

    fn sealed(&self, chart: &Chart) -> SealedRecord {
        let blob = |(slot, bytes): (&String, &String)| {
            let slot = slot.parse().unwrap();
            Blob::new(slot, version(self.version), unhex(bytes).into()).unwrap()
        };
        SealedRecord {
            key: chart.key.clone(),
            version: version(self.version),
            owner: chart.keys.owner(),
            manifest: Manifest::parse(&unhex(&self.manifest)).unwrap(),
            blobs: self.blobs.iter().map(blob).collect(),
        }
    }
}

#[test]
fn known_records_open() {
    for case in known().records {
        let chart = case.chart();
        let opened = chart.open(&case.sealed(&chart));
        let opened = opened.unwrap_or_else(|error| panic!("{}: {error}", case.name));
        assert_says(&opened, &case.document);
    }
}

#[test]
fn known_records_seal_to_the_known_bytes() {
    for case in known().records {
        let chart = case.chart();
        let lines: Vec<_> = case
            .layout
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        let layout = TestLayout::new(&case.record_type, &lines);
        let writing = Writing {
            key: &chart.key,
            version: version(case.version),
            write: ClassSet::ALL,
            compare: true,
            previous: None,
        };
        let mut entropy = Entropy::known(array(&case.entropy));
        let document = document(&case.document);
        let sealed = seal_with(&chart.keys, &writing, &layout, &document, &mut entropy).unwrap();
        assert_eq!(sealed.blobs.len(), case.blobs.len(), "{}", case.name);
        for blob in &sealed.blobs {
            assert_eq!(
                *blob.bytes,
                unhex(&case.blobs[blob.slot.name()]),
                "{}",
                case.name
            );
        }
        assert_eq!(
            sealed.manifest.to_bytes(),
            unhex(&case.manifest),
            "{}",
            case.name
        );
    }
}

#[test]
fn known_wrapped_keys_unwrap() {
    for case in known().wrapped {
        let key = WrappingKey::new(secret(&case.secret), KeyVersion::new(case.key_version));
        let unwrapped = key
            .unwrap(&unhex(&case.context), &unhex(&case.wrapped))
            .unwrap();
        assert_eq!(unwrapped.expose().as_slice(), unhex(&case.key));
    }
}

#[test]
fn known_system_envelopes_open() {
    for case in known().system {
        let key = SystemKey::named(
            Suite::from_number(case.suite).unwrap(),
            &secret(&case.branch),
            case.tenant.parse().unwrap(),
            // The purpose of all cases; purposes are part of the program.
            Some("vectors")
                .filter(|purpose| *purpose == case.purpose)
                .unwrap(),
            KeyVersion::new(case.key_version),
        );
        let opened = key
            .open(&unhex(&case.context), &unhex(&case.sealed))
            .unwrap();
        assert_eq!(opened.as_slice(), unhex(&case.plain));
    }
}

#[test]
fn known_tags_are_made() {
    for case in known().index {
        let key = IndexKey::new(
            secret(&case.secret),
            case.tenant.parse().unwrap(),
            case.version,
        );
        let record_type = case.record_type.parse().unwrap();
        let tag = key.tag(&record_type, &case.index, &unhex(&case.value), case.bits);
        assert_eq!(tag.0.as_slice(), unhex(&case.tag), "{} bits", case.bits);
    }
}

#[test]
fn hostile_envelopes_are_refused() {
    let hostile: Hostile = serde_json::from_str(HOSTILE).unwrap();
    let against = known().wrapped.remove(0);
    let version = KeyVersion::new(against.key_version);
    let key = WrappingKey::new(secret(&against.secret), version);
    assert!(hostile.envelopes.len() > 20);
    for case in hostile.envelopes {
        let refused = key
            .unwrap(&unhex(&against.context), &unhex(&case.bytes))
            .err();
        let refused = refused.map(|error| format!("{error:?}"));
        assert_eq!(refused, Some(case.error), "{}", case.name);
    }
}

#[test]
fn hostile_manifests_are_refused() {
    let hostile: Hostile = serde_json::from_str(HOSTILE).unwrap();
    assert!(hostile.manifests.len() > 10);
    for case in hostile.manifests {
        let refused = Manifest::parse(&unhex(&case.bytes)).err();
        let refused = refused.map(|error| format!("{error:?}"));
        assert_eq!(refused, Some(case.error), "{}", case.name);
    }
}

/// A foreign key whose envelope also opens under our key would allow an attack with two keys (Albertini et al. 2022):
/// the commitment stops it before the tag.
#[test]
fn the_commitment_is_checked_before_the_tag() {
    let place = Frame::new("test");
    let key = |secret| -> EnvelopeKey {
        derive(
            "test",
            &Secret::from_bytes(secret),
            Suite::Aes256Gcm,
            KeyVersion::FIRST,
            &place,
        )
    };
    let sealed = key([1; 32])
        .seal(&mut place.clone(), &[0; 12], b"x")
        .unwrap();
    let mut bad_tag = sealed.clone();
    *bad_tag.last_mut().unwrap() ^= 1;
    for bytes in [sealed, bad_tag] {
        let envelope = Envelope::parse(&bytes).unwrap();
        let refused = key([2; 32]).open(&mut place.clone(), &envelope).err();
        assert_eq!(refused, Some(SealError::Commitment));
    }
}
