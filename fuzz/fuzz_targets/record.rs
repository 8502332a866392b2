//! Records through the gate: what is sealed opens the same, each reader sees their classes of it and no more, what
//! was changed on the way does not open.
#![no_main]

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use uuid::Uuid;
use vouchsafe::BoxFuture;
use vouchsafe::access::{Bundle, Facts, Purpose, Right, Verb};
use vouchsafe::audit::{
    Acknowledgement, AppendError, AuditKeys, AuditLog, Context, Draft, Outgoing, Pending,
    RecorderKey, Source, Stored, leaf,
};
use vouchsafe::class::{ClassSet, DataClass};
use vouchsafe::document::{Document, Layout, Node, Object, Place};
use vouchsafe::gate::{Gate, Receipt, Request, Target, WriteClasses, Writes};
use vouchsafe::ids::{
    IntentId, PersonId, RecordId, RecordKey, RightId, SessionId, SubjectId, TenantId, Version,
};
use vouchsafe::seal::{Blob, KeyVersion, Manifest, Owner, RecordKeys, SealedRecord, Secret};
use vouchsafe::session::{
    AccessTtl, Assurance, Issuer, NewSession, Principal, Session, VerifyingKeys,
};
use vouchsafe::trusted::{self, Clock, Port};
use vouchsafe_fuzz::{byte, edited, until};
use vouchsafe_records::pack::{Pack, RecordTypeDecl};
use vouchsafe_records::search::{Parameter, plan};
use vouchsafe_tlog::hash_leaf;

const SEED: [u8; 32] = [7; 32];

struct Clinic {
    pack: Arc<Pack>,
    gate: Gate,
    audit: AuditKeys,
    session: Session,
    context: Context,
    keys: RecordKeys,
}

static CLINIC: LazyLock<Clinic> = LazyLock::new(|| {
    let pair = Ed25519KeyPair::from_seed_unchecked(&SEED).unwrap();
    let public: [u8; 32] = pair.public_key().as_ref().try_into().unwrap();
    let files = Bundle::default_files();
    let signature = trusted::sign_bundle(&files, &SEED).unwrap();
    let bundle = trusted::bundle(&files, &signature, &public).unwrap();
    let log = Log {
        key: trusted::recorder("log.example/fuzz", public),
        pair,
    };
    Clinic {
        pack: vouchsafe_fhir::pack().unwrap(),
        gate: trusted::gate(Arc::new(bundle), Arc::new(log), Clock::new(now)),
        audit: trusted::audit_keys(&[33; 32], tenant(), 1).unwrap(),
        session: session(),
        context: Context::default(),
        keys: trusted::record_keys(
            tenant(),
            Owner::Subject(subject()),
            KeyVersion::FIRST,
            Secret::from_bytes([9; 32]),
        ),
    }
});

fn tenant() -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(1))
}

fn subject() -> SubjectId {
    SubjectId::from_uuid(Uuid::from_u128(2))
}

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn session() -> Session {
    let (by, to) = ("https://issuer.example", "https://api.example");
    let issuer = Issuer::new(&SEED, by, to, AccessTtl::default()).unwrap();
    let new = NewSession {
        id: SessionId::from_uuid(Uuid::from_u128(3)),
        tenant: tenant(),
        principal: Principal::Person(PersonId::from_uuid(Uuid::from_u128(4))),
        assurance: Assurance::TwoFactor,
    };
    let verifier = trusted::verifier(VerifyingKeys::new([issuer.public_key()]), by, to);
    trusted::session(&verifier, &issuer.issue(&new, now()), now()).unwrap()
}

/// A log that acknowledges and keeps nothing.
struct Log {
    key: RecorderKey,
    pair: Ed25519KeyPair,
}

impl Port for Log {}

impl AuditLog for Log {
    fn recorder(&self) -> &RecorderKey {
        &self.key
    }

    fn begin(&self, entries: Vec<Outgoing>) -> Pending {
        let source = Source {
            replica: Uuid::from_u128(7),
            boot: Uuid::from_u128(8),
        };
        let leaves: Vec<_> = (1..)
            .zip(&entries)
            .map(|(counter, entry)| {
                *hash_leaf(&leaf(entry.bytes(), &source, counter, now())).as_bytes()
            })
            .collect();
        let origin = self.key.origin();
        let statement = Acknowledgement::statement(origin, 0, now(), &leaves);
        let acknowledgement = Acknowledgement {
            origin: origin.to_owned(),
            first_index: 0,
            recorded: now(),
            leaves,
            signature: self.pair.sign(&statement).as_ref().try_into().unwrap(),
        };
        let batch = self.key.verify(acknowledgement).unwrap();
        let stored = (1..)
            .zip(0..entries.len())
            .map(|(counter, position)| Stored {
                batch: Arc::clone(&batch),
                position,
                source,
                counter,
            });
        let stored = stored.collect();
        Box::pin(async { Ok(stored) })
    }

    fn unsettled(&self) -> BoxFuture<'_, Result<Vec<IntentId>, AppendError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

// A document, its next version, a search parameter, each on a line; then what is done to a blob or the manifest.
fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    let first = Document::parse(until(&mut rest, b'\n'));
    let second = Document::parse(until(&mut rest, b'\n'));
    let query = String::from_utf8_lossy(until(&mut rest, b'\n'));
    let Some(decl) = first.as_ref().ok().and_then(decl) else {
        return;
    };
    let stored = CLINIC.write(
        "integration",
        Verb::Create,
        decl,
        first.as_ref().unwrap(),
        None,
    );
    let Some(stored) = stored.filter(|record| !record.blobs.is_empty()) else {
        return;
    };
    seen_by_all(&stored, decl, first.as_ref().unwrap(), &query);
    changed(&stored, rest);
    if let Ok(second) = second
        && let Some(next) = CLINIC.write("clinician", Verb::Update, decl, &second, Some(&stored))
    {
        let next = followed(&stored, next);
        match CLINIC.read("clinician", &next) {
            Some((_, shown)) => assert!(
                shown.root().same_as(second.root()),
                "a version is not as it was written"
            ),
            // Nothing but that alone is not shown.
            None => assert_eq!(
                second.classes(decl),
                ClassSet::of(DataClass::Operational),
                "who writes does not see it"
            ),
        }
        CLINIC
            .read("integration", &next)
            .expect("with what was carried over, it opens");
    }
});

fn decl(document: &Document) -> Option<&'static RecordTypeDecl> {
    let name = document.root().get("resourceType").and_then(Node::as_str)?;
    CLINIC.pack.record_type(name).map(Arc::as_ref)
}

fn seen_by_all(stored: &SealedRecord, decl: &RecordTypeDecl, document: &Document, query: &str) {
    let (name, value) = query.split_once('=').unwrap_or((query, ""));
    let parameter = Parameter {
        name,
        modifier: None,
        value,
    };
    for role in ["integration", "clinician", "front-desk", "registration"] {
        let Some((classes, shown)) = CLINIC.read(role, stored) else {
            continue;
        };
        let expected = seen(document.root(), decl.root(document.root()), decl, classes);
        let expected = expected.unwrap_or(Node::Object(Object::new()));
        assert!(
            shown.root().same_as(&expected),
            "{role} sees more or less than {classes:?}"
        );
        if role == "integration" {
            assert!(shown.root().same_as(document.root()));
        }
    }
    if let Ok(plan) = plan(decl, &[parameter]) {
        let (phi, _) = CLINIC.open("integration", stored).expect("it opens again");
        let _ = phi.matches(&plan.predicates);
    }
}

/// The slow way to a part of a document: what has something of these classes.
fn seen(node: &Node, at: Place, layout: &RecordTypeDecl, classes: ClassSet) -> Option<Node> {
    match node {
        Node::Object(object) if !object.is_empty() && !layout.uniform(at) => {
            let members: Object = object
                .iter()
                .filter_map(|(name, value)| {
                    let place = layout.member(at, object, name);
                    Some((name, seen(value, place, layout, classes)?))
                })
                .collect();
            (!members.is_empty()).then_some(Node::Object(members))
        }
        Node::Array(items) if !items.is_empty() && !layout.uniform(at) => {
            let part = |item| seen(item, layout.item(at, item), layout, classes);
            let items: Vec<Node> = items.iter().filter_map(part).collect();
            (!items.is_empty()).then_some(Node::Array(items))
        }
        _ => classes
            .contains(layout.slot(at).class())
            .then(|| copy(node)),
    }
}

fn copy(node: &Node) -> Node {
    match node {
        Node::Null => Node::Null,
        Node::Bool(value) => Node::Bool(*value),
        Node::Number(text) => Node::Number(text.clone()),
        Node::String(text) => Node::String(text.clone()),
        Node::Array(items) => Node::Array(items.iter().map(copy).collect()),
        Node::Object(object) => Node::Object(
            object
                .iter()
                .map(|(name, value)| (name, copy(value)))
                .collect(),
        ),
    }
}

/// A store that hands out other bytes than it was given.
fn changed(stored: &SealedRecord, mut script: &[u8]) {
    let mut record = stored.clone();
    let which = usize::from(byte(&mut script)) % (record.blobs.len() + 1);
    match record.blobs.get_mut(which) {
        Some(blob) => {
            let bytes = edited(&blob.bytes, script);
            if bytes == blob.bytes {
                return;
            }
            let sealed = (blob.slot.clone(), blob.sealed_version);
            match Blob::new(sealed.0, sealed.1, bytes.into()) {
                Ok(other) => *blob = other,
                Err(_) => return,
            }
        }
        None => {
            let bytes = record.manifest.to_bytes();
            let bytes = edited(&bytes, script);
            match Manifest::parse(&bytes) {
                Ok(other) if other != record.manifest => record.manifest = other,
                Ok(_) | Err(_) => return,
            }
        }
    }
    assert!(
        CLINIC.open("integration", &record).is_none(),
        "a changed record opened"
    );
}

/// What a store has after an update: new blobs, and those that the manifest still names.
fn followed(before: &SealedRecord, mut record: SealedRecord) -> SealedRecord {
    let mut blobs: BTreeMap<(String, Version), Blob> = BTreeMap::new();
    for blob in before.blobs.iter().chain(&record.blobs) {
        blobs.insert((blob.slot.to_string(), blob.sealed_version), blob.clone());
    }
    let entries = record.manifest.entries().iter();
    record.blobs = entries
        .filter_map(|entry| blobs.remove(&(entry.slot.to_string(), entry.sealed_version)))
        .collect();
    record
}

impl Clinic {
    /// The receipt of an entry, from a log that never waits.
    fn receipt(&self, draft: Draft) -> Receipt {
        let mut recorded = self.gate.record(vec![draft]);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match recorded.as_mut().poll(&mut context) {
            std::task::Poll::Ready(recorded) => recorded.unwrap().into_receipts().pop().unwrap(),
            std::task::Poll::Pending => panic!("the log waits"),
        }
    }

    fn request(&self) -> Request<'_> {
        Request {
            session: &self.session,
            purpose: Purpose::Treatment,
            context: &self.context,
            keys: &self.audit,
        }
    }

    /// Seals a version; none when the role may not write it.
    fn write(
        &self,
        role: &str,
        verb: Verb,
        decl: &RecordTypeDecl,
        document: &Document,
        previous: Option<&SealedRecord>,
    ) -> Option<SealedRecord> {
        let record = RecordKey {
            tenant: tenant(),
            record_type: decl.record_type().clone(),
            id: RecordId::from_uuid(Uuid::from_u128(5)),
        };
        let version = previous.map_or(Some(Version::FIRST), |before| before.version.next())?;
        let target = target(&record, version, verb.name());
        let before = previous.map_or(ClassSet::NONE, |before| before.manifest.classes());
        let classes = WriteClasses {
            supplied: document.classes(decl),
            before,
        };
        let intent = Writes::Alone(IntentId::from_uuid(Uuid::from_u128(6)));
        let admitted = self.gate.admit_write(
            &self.request(),
            &target,
            verb,
            classes,
            &facts(role),
            intent,
        );
        let (permit, draft) = admitted.ok()?;
        let copy = Document::parse(document.to_json().as_bytes()).unwrap();
        let sealed = self.gate.seal(permit, copy, decl, previous, &self.keys);
        let sealed = sealed.expect("what is admitted is sealed");
        Some(sealed.recorded(self.receipt(draft)).unwrap().0)
    }

    fn open(
        &self,
        role: &str,
        stored: &SealedRecord,
    ) -> Option<(vouchsafe::phi::Phi<Document>, (ClassSet, Draft))> {
        let target = target(&stored.key, stored.version, "read");
        let present = stored.manifest.classes();
        let admitted = self
            .gate
            .admit_read(&self.request(), &target, present, &facts(role));
        let (permit, draft) = admitted.ok()?;
        let classes = permit.classes();
        let phi = self.gate.open(permit, stored, &self.keys).ok()?;
        Some((phi, (classes, draft)))
    }

    /// Reads all the way: decided, opened, recorded, released. None when the role may see nothing of it.
    fn read(&self, role: &str, stored: &SealedRecord) -> Option<(ClassSet, Document)> {
        let (phi, (classes, draft)) = self.open(role, stored)?;
        let receipt = self.receipt(draft);
        Some((classes, phi.release(receipt).unwrap()))
    }
}

fn target<'a>(record: &'a RecordKey, version: Version, operation: &'static str) -> Target<'a> {
    Target {
        record,
        version,
        subject: Some(subject()),
        operation,
    }
}

fn facts(role: &str) -> Facts {
    let hour = jiff::SignedDuration::from_hours(1);
    let right = Right {
        id: RightId::from_uuid(Uuid::from_u128(9)),
        role: role.parse().unwrap(),
        from: now() - hour,
        until: now() + hour,
    };
    trusted::facts([right].into(), true, false)
}
