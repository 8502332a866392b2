//! Attacks on sealing: a made-up record is sealed and opened through the gate under keys made for it. Nothing is
//! stored, and opened records are dropped unseen.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use jiff::SignedDuration;
use serde_json::json;
use vouchsafe::BoxFuture;
use vouchsafe::access::{Facts, Purpose, Verb};
use vouchsafe::audit::{AppendError, AuditKeys, AuditLog, Context, Outgoing, Pending, RecorderKey};
use vouchsafe::class::ClassSet;
use vouchsafe::document::Document;
use vouchsafe::gate::{Gate, Request, Target, WriteClasses, Writes};
use vouchsafe::ids::{IntentId, RecordId, RecordKey, RecordType, SubjectId, Version};
use vouchsafe::seal::{Blob, KeyVersion, Manifest, Owner, RecordKeys, SealedRecord, Secret};
use vouchsafe::session::Session;
use vouchsafe::trusted::{self, Clock, Port};
use vouchsafe_evidence::selftest::{Attacked, Seal};
use vouchsafe_installation::{Installation, now};

use super::attacked::Count;
use super::somebody::{self, Kind};
use crate::told;

/// Number of bits flipped in each envelope, spread evenly.
const FLIPS: usize = 64;

/// A made-up record.
struct Made<'s> {
    installation: &'s Installation,
    session: Session,
    keys: Arc<AuditKeys>,
    gate: Gate,
    facts: Facts,
    subject: SubjectId,
    record_keys: RecordKeys,
}

/// A log that accepts no entries: the attacked records belong to nobody, and a gate with this log releases nothing.
#[derive(Debug)]
struct NoLog(RecorderKey);

impl Port for NoLog {}

impl AuditLog for NoLog {
    fn recorder(&self) -> &RecorderKey {
        &self.0
    }

    fn begin(&self, _: Vec<Outgoing>) -> Pending {
        Box::pin(async { Err(AppendError::Unavailable) })
    }

    fn unsettled(&self) -> BoxFuture<'_, Result<Vec<IntentId>, AppendError>> {
        Box::pin(async { Err(AppendError::Unavailable) })
    }
}

pub(super) async fn attack(installation: &Installation) -> anyhow::Result<Seal> {
    let at = now();
    let subject = SubjectId::random();
    let made = Made {
        installation,
        session: somebody::session(installation.tenant(), Kind::Program, at)?,
        keys: installation
            .audit_keys()
            .await
            .map_err(|error| told(&error))?,
        gate: trusted::gate(
            Arc::clone(installation.bundle()),
            Arc::new(NoLog(installation.log().recorder().clone())),
            Clock::new(now),
        ),
        facts: trusted::facts(
            [somebody::right(
                "integration",
                at,
                SignedDuration::from_hours(1),
            )?]
            .into(),
            false,
            false,
        ),
        subject,
        record_keys: trusted::record_keys(
            installation.tenant(),
            Owner::Subject(subject),
            KeyVersion::FIRST,
            Secret::random(),
        ),
    };
    let (first, second) = (made.seal("a")?, made.seal("b")?);
    let opens = made.opens(&first, &first.key) && made.opens(&second, &second.key);
    let attacks = vec![
        made.flipped(&first),
        made.swapped(&first, &second),
        made.moved(&first, &second),
        made.missing(&first),
    ];
    Ok(Seal { opens, attacks })
}

impl Made<'_> {
    fn request<'r>(&'r self, context: &'r Context) -> Request<'r> {
        Request {
            session: &self.session,
            purpose: Purpose::Treatment,
            context,
            keys: &self.keys,
        }
    }

    /// Seals a made-up patient with elements of several classes.
    fn seal(&self, name: &str) -> anyhow::Result<SealedRecord> {
        let pack = self.installation.engine().pack();
        let declared = pack
            .record_type("Patient")
            .ok_or_else(|| anyhow::anyhow!("the pack has no type Patient"))?;
        let document = json!({
            "resourceType": "Patient", "name": [{"family": format!("Nobody {name}")}], "birthDate": "1900-01-01",
            "telecom": [{"system": "email", "value": "nobody@example.invalid"}],
            "identifier": [{"system": "urn:example", "value": name}],
        });
        let document =
            Document::parse(document.to_string().as_bytes()).map_err(|error| told(&error))?;
        let key = RecordKey {
            tenant: self.installation.tenant(),
            record_type: record_type(declared.record_type())?,
            id: RecordId::random(),
        };
        let target = Target {
            record: &key,
            version: Version::FIRST,
            subject: Some(self.subject),
            operation: "self-test",
        };
        let context = Context::default();
        let classes = WriteClasses {
            supplied: document.classes(declared.as_ref()),
            before: ClassSet::NONE,
        };
        let intent = Writes::Alone(IntentId::new_ordered(now()));
        let admitted = self.gate.admit_write(
            &self.request(&context),
            &target,
            Verb::Create,
            classes,
            &self.facts,
            intent,
        );
        // Nothing is written, so the log needs no entry.
        let (permit, _unwritten) =
            admitted.map_err(|_| anyhow::anyhow!("policies let no integration write a patient"))?;
        let layout = declared.as_ref();
        let written = self
            .gate
            .seal(permit, document, layout, None, &self.record_keys);
        let written = written.map_err(|error| told(&error))?;
        Ok(trusted::ahead_of_its_intent(written).0)
    }

    /// Whether a record opens at the place that a key names.
    fn opens(&self, record: &SealedRecord, key: &RecordKey) -> bool {
        let target = Target {
            record: key,
            version: record.version,
            subject: Some(self.subject),
            operation: "self-test",
        };
        let context = Context::default();
        let present = record.manifest.classes();
        let admitted = self
            .gate
            .admit_read(&self.request(&context), &target, present, &self.facts);
        // Nothing is released, so the log needs no entry.
        let Ok((permit, _unreleased)) = admitted else {
            return false;
        };
        self.gate.open(permit, record, &self.record_keys).is_ok()
    }

    /// Flips one bit of an envelope, alone and with a manifest that names the altered envelope; and one bit of the
    /// manifest.
    fn flipped(&self, record: &SealedRecord) -> Attacked {
        let mut attacked = Count::of("flipped-bit");
        for place in 0..record.blobs.len() {
            let length = record.blobs.get(place).map_or(0, |blob| blob.bytes.len());
            for at in spread(length) {
                let mut other = record.clone();
                if flip_blob(&mut other, place, at) {
                    attacked.add(!self.opens(&other, &record.key));
                }
                if rename_blob(&mut other, record, place) {
                    attacked.add(!self.opens(&other, &record.key));
                }
            }
        }
        let manifest = record.manifest.to_bytes();
        for at in spread(manifest.len()) {
            let mut bytes = manifest.clone();
            flip(&mut bytes, at);
            // A manifest that does not parse is refused as well.
            let seen = Manifest::parse(&bytes).map_or(true, |manifest| {
                let mut other = record.clone();
                other.manifest = manifest;
                !self.opens(&other, &record.key)
            });
            attacked.add(seen);
        }
        attacked.finish()
    }

    /// Swaps envelopes of two records, and of two slots of one record.
    fn swapped(&self, first: &SealedRecord, second: &SealedRecord) -> Attacked {
        let mut attacked = Count::of("swapped");
        for (place, blob) in second.blobs.iter().enumerate() {
            let mut other = first.clone();
            if let Some(mine) = other.blobs.get_mut(place) {
                mine.bytes = blob.bytes.clone();
                attacked.add(!self.opens(&other, &first.key));
            }
        }
        for place in 1..first.blobs.len() {
            let mut other = first.clone();
            let earlier = first.blobs.get(place - 1).map(|blob| blob.bytes.clone());
            let later = first.blobs.get(place).map(|blob| blob.bytes.clone());
            if let (Some(earlier), Some(later)) = (earlier, later) {
                set(&mut other, place - 1, later);
                set(&mut other, place, earlier);
                attacked.add(!self.opens(&other, &first.key));
            }
        }
        attacked.finish()
    }

    /// Moves a whole record to the place of another, and also its manifest.
    fn moved(&self, first: &SealedRecord, second: &SealedRecord) -> Attacked {
        let mut attacked = Count::of("moved");
        let mut other = first.clone();
        other.key = second.key.clone();
        attacked.add(!self.opens(&other, &second.key));
        let mut other = first.clone();
        other.manifest = second.manifest.clone();
        attacked.add(!self.opens(&other, &first.key));
        let mut older = first.clone();
        if let Some(next) = older.version.next() {
            older.version = next;
            attacked.add(!self.opens(&older, &first.key));
        }
        attacked.finish()
    }

    fn missing(&self, record: &SealedRecord) -> Attacked {
        let mut attacked = Count::of("missing");
        for place in 0..record.blobs.len() {
            let mut other = record.clone();
            other.blobs.remove(place);
            attacked.add(!self.opens(&other, &record.key));
        }
        attacked.finish()
    }
}

fn record_type(known: &RecordType) -> anyhow::Result<RecordType> {
    known
        .as_str()
        .parse()
        .map_err(|_| anyhow::anyhow!("a type without a name"))
}

/// Positions of bits, spread evenly over this number of bytes.
fn spread(bytes: usize) -> impl Iterator<Item = usize> {
    let bits = bytes * 8;
    let step = (bits / FLIPS).max(1) | 1;
    (0..bits).step_by(step)
}

fn flip(bytes: &mut [u8], bit: usize) {
    if let Some(byte) = bytes.get_mut(bit / 8) {
        *byte ^= 1 << (bit % 8);
    }
}

fn set(record: &mut SealedRecord, place: usize, bytes: Bytes) {
    if let Some(blob) = record.blobs.get_mut(place) {
        blob.bytes = bytes;
    }
}

/// Flips a bit of an envelope; returns whether there is such a blob.
fn flip_blob(record: &mut SealedRecord, place: usize, bit: usize) -> bool {
    let Some(blob) = record.blobs.get_mut(place) else {
        return false;
    };
    let mut bytes = blob.bytes.to_vec();
    flip(&mut bytes, bit);
    blob.bytes = bytes.into();
    true
}

/// Replaces the digest of the good envelope by that of the altered one, as an attacker with write access to the
/// database would.
fn rename_blob(altered: &mut SealedRecord, good: &SealedRecord, place: usize) -> bool {
    let digest_of = |blob: &Blob| digest(&SHA256, &blob.bytes);
    let (Some(bad), Some(good)) = (altered.blobs.get(place), good.blobs.get(place)) else {
        return false;
    };
    let (bad, good) = (digest_of(bad), digest_of(good));
    let mut bytes = altered.manifest.to_bytes();
    let found = bytes.windows(32).position(|window| window == good.as_ref());
    let Some(place) = found.and_then(|at| bytes.get_mut(at..at + 32)) else {
        return false;
    };
    place.copy_from_slice(bad.as_ref());
    let Ok(manifest) = Manifest::parse(&bytes) else {
        return false;
    };
    altered.manifest = manifest;
    true
}
