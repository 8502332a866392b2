//! A clinic with a few people, keys and records, all in memory.

use std::sync::{Arc, LazyLock, Mutex};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use vouchsafe::access::{Bundle, BundleFiles, Facts, Purpose, Right, Verb};
use vouchsafe::audit::{AuditKeys, Context, Draft};
use vouchsafe::class::ClassSet;
use vouchsafe::document::Document;
use vouchsafe::gate::{
    Gate, Permit, Receipt, Refusal, Request, Target, WriteClasses, WritePermit, Writes,
};
use vouchsafe::ids::{
    IntentId, PersonId, RecordId, RecordKey, RequestId, RightId, SessionId, SubjectId, TenantId,
    Version,
};
use vouchsafe::seal::{KeyVersion, Owner, RecordKeys, SealedRecord, Secret};
use vouchsafe::session::{
    AccessTtl, Assurance, Issuer, NewSession, Principal, Session, VerifyingKeys,
};
use vouchsafe::trusted::{self, Clock};

use crate::canary;
use crate::layout::Members;
use crate::recorder::MemoryLog;

/// The default policies, signed by a key of the tests.
static BUNDLE: LazyLock<Arc<Bundle>> = LazyLock::new(|| signed(&Bundle::default_files()));

/// Registration may write contact data of a patient, but not read them.
const BLIND: &str = r#"
@id("tests-blind-writer")
@control("164.502(b)")
@owner("tests")
forbid (principal in Role::"registration", action == Action::"read-contact", resource);
"#;

fn signed(files: &BundleFiles) -> Arc<Bundle> {
    let seed = [7; 32];
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
    let public_key = pair.public_key().as_ref().try_into().unwrap();
    let signature = trusted::sign_bundle(files, &seed).unwrap();
    Arc::new(trusted::bundle(files, &signature, &public_key).unwrap())
}

pub(crate) fn now() -> Timestamp {
    "2026-11-24T09:00:00.25Z".parse().unwrap()
}

pub(crate) fn later(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

pub(crate) struct Clinic {
    pub(crate) tenant: TenantId,
    pub(crate) log: Arc<MemoryLog>,
    /// The time of the gate.
    time: Arc<Mutex<Timestamp>>,
    pub(crate) keys: AuditKeys,
    bundle: Arc<Bundle>,
    pub(crate) context: Context,
}

/// A person at work: a session, facts, a purpose.
pub(crate) struct Someone {
    pub(crate) session: Session,
    pub(crate) facts: Facts,
    pub(crate) purpose: Purpose,
}

/// A patient's record, sealed.
pub(crate) struct Stored {
    pub(crate) record: SealedRecord,
    pub(crate) subject: SubjectId,
    pub(crate) keys: RecordKeys,
}

impl Clinic {
    pub(crate) fn new() -> Self {
        let tenant = TenantId::random();
        Self {
            tenant,
            log: Arc::new(MemoryLog::new()),
            time: Arc::new(Mutex::new(now())),
            keys: audit_keys(tenant),
            bundle: Arc::clone(&BUNDLE),
            context: Context {
                request: Some(RequestId::random()),
                network: Some("bmV0d29yaw".to_owned()),
            },
        }
    }

    /// From now on registration may write contact data of a patient, but not read them.
    pub(crate) fn with_a_blind_writer(&mut self) {
        let mut files = Bundle::default_files();
        files.insert("tests.cedar", BLIND);
        self.bundle = signed(&files);
    }

    pub(crate) fn gate(&self) -> Gate {
        let time = Arc::clone(&self.time);
        let clock = Clock::new(move || *time.lock().unwrap());
        trusted::gate(Arc::clone(&self.bundle), self.log.clone(), clock)
    }

    /// Sets the gate's clock.
    pub(crate) fn set_clock(&self, time: Timestamp) {
        *self.time.lock().unwrap() = time;
    }

    /// A person in this role, for treatment or the role's purpose, with the patient in their care if the role can have
    /// care.
    pub(crate) fn someone(&self, role: &str) -> Someone {
        let purpose = match role {
            "patient" => Purpose::PatientRequest,
            "auditor" | "privacy-officer" => Purpose::Operations,
            "security-administrator" => Purpose::System,
            _ => Purpose::Treatment,
        };
        Someone {
            session: session(self.tenant, AccessTtl::default()),
            facts: trusted::facts([right(role)].into(), role == "clinician", role == "patient"),
            purpose,
        }
    }

    pub(crate) fn request<'a>(&'a self, who: &'a Someone) -> Request<'a> {
        Request {
            session: &who.session,
            purpose: who.purpose,
            context: &self.context,
            keys: &self.keys,
        }
    }

    /// Registers a patient with elements of every class, all of them canaries.
    pub(crate) fn patient(&self) -> Stored {
        self.create("Patient", &patient())
    }

    pub(crate) fn appointment(&self) -> Stored {
        self.create("Appointment", &appointment())
    }

    /// Imports a record of a new subject.
    pub(crate) fn create(&self, record_type: &str, json: &serde_json::Value) -> Stored {
        let subject = SubjectId::random();
        let keys = record_keys(self.tenant, subject);
        let key = RecordKey {
            tenant: self.tenant,
            record_type: record_type.parse().unwrap(),
            id: RecordId::random(),
        };
        let record = self.import(Verb::Create, &key, subject, &keys, json, None);
        Stored {
            record,
            subject,
            keys,
        }
    }

    /// The next version of a record, of all classes.
    pub(crate) fn update(&self, stored: &Stored, json: &serde_json::Value) -> Stored {
        let Stored {
            record,
            subject,
            keys,
        } = stored;
        let (key, previous) = (&record.key, Some(record));
        stored.followed_by(self.import(Verb::Update, key, *subject, keys, json, previous))
    }

    fn import(
        &self,
        verb: Verb,
        key: &RecordKey,
        subject: SubjectId,
        keys: &RecordKeys,
        json: &serde_json::Value,
        previous: Option<&SealedRecord>,
    ) -> SealedRecord {
        let integration = self.someone("integration");
        let layout = Members::of(key.record_type.as_str());
        let document = document(json);
        let target = Target {
            record: key,
            version: previous.map_or(Version::FIRST, |record| record.version.next().unwrap()),
            subject: Some(subject),
            operation: verb.name(),
        };
        let before = previous.map_or(ClassSet::NONE, |record| record.manifest.classes());
        let classes = (document.classes(&layout), before);
        let (permit, draft) = self
            .admit_write(&integration, &target, verb, classes)
            .unwrap();
        let written = self
            .gate()
            .seal(permit, document, &layout, previous, keys)
            .unwrap();
        written.recorded(self.receipt(draft)).unwrap().0
    }

    pub(crate) fn admit_write(
        &self,
        who: &Someone,
        target: &Target<'_>,
        verb: Verb,
        (supplied, before): (ClassSet, ClassSet),
    ) -> Result<(WritePermit, Draft), Box<Refusal>> {
        let classes = WriteClasses { supplied, before };
        let intent = Writes::Alone(IntentId::new_ordered(now()));
        let request = self.request(who);
        self.gate()
            .admit_write(&request, target, verb, classes, &who.facts, intent)
    }

    pub(crate) fn admit_read(
        &self,
        who: &Someone,
        stored: &Stored,
    ) -> Result<(Permit, Draft), Box<Refusal>> {
        let present = stored.record.manifest.classes();
        let (request, target) = (self.request(who), stored.target());
        self.gate()
            .admit_read(&request, &target, present, &who.facts)
    }

    /// Reads a record completely: decided, opened, recorded, released.
    pub(crate) fn read(
        &self,
        who: &Someone,
        stored: &Stored,
    ) -> Result<serde_json::Value, Box<Refusal>> {
        let (permit, draft) = self.admit_read(who, stored)?;
        let phi = self
            .gate()
            .open(permit, &stored.record, &stored.keys)
            .unwrap();
        Ok(value(&phi.release(self.receipt(draft)).unwrap()))
    }

    /// The receipt of one draft.
    pub(crate) fn receipt(&self, draft: Draft) -> Receipt {
        let mut receipts = self.log.record(vec![draft]).into_receipts();
        assert_eq!(receipts.len(), 1);
        receipts.pop().unwrap()
    }
}

impl Stored {
    /// The stored state after a version was written: the blobs in its manifest, new and carried ones.
    pub(crate) fn followed_by(&self, mut record: SealedRecord) -> Self {
        let carried = self.record.blobs.iter().filter(|blob| {
            let mut entries = record.manifest.entries().iter();
            entries.any(|entry| {
                (&entry.slot, entry.sealed_version) == (&blob.slot, blob.sealed_version)
            })
        });
        let carried: Vec<_> = carried.cloned().collect();
        record.blobs.extend(carried);
        Self {
            keys: record_keys(record.key.tenant, self.subject),
            subject: self.subject,
            record,
        }
    }

    pub(crate) fn target(&self) -> Target<'_> {
        Target {
            record: &self.record.key,
            version: self.record.version,
            subject: Some(self.subject),
            operation: "read",
        }
    }

    pub(crate) fn next(&self, operation: &'static str) -> Target<'_> {
        Target {
            version: self.record.version.next().unwrap(),
            operation,
            ..self.target()
        }
    }
}

pub(crate) fn audit_keys(tenant: TenantId) -> AuditKeys {
    trusted::audit_keys(&[33; 32], tenant, 4).unwrap()
}

/// The keys of a subject, the same every time.
pub(crate) fn record_keys(tenant: TenantId, subject: SubjectId) -> RecordKeys {
    let secret = digest(&SHA256, subject.uuid().as_bytes());
    let secret = Secret::from_bytes(secret.as_ref().try_into().unwrap());
    let owner = Owner::Subject(subject);
    trusted::record_keys(tenant, owner, KeyVersion::FIRST, secret)
}

/// A session from a token, made by the verifier as every session is.
pub(crate) fn session(tenant: TenantId, ttl: AccessTtl) -> Session {
    let (issuer_url, audience) = ("https://issuer.example", "https://api.example");
    let issuer = Issuer::new(&[9; 32], issuer_url, audience, ttl).unwrap();
    let new = NewSession {
        id: SessionId::random(),
        tenant,
        principal: Principal::Person(PersonId::random()),
        assurance: Assurance::TwoFactor,
    };
    let keys = VerifyingKeys::new([issuer.public_key()]);
    let verifier = trusted::verifier(keys, issuer_url, audience);
    trusted::session(&verifier, &issuer.issue(&new, now()), now()).unwrap()
}

pub(crate) fn right(role: &str) -> Right {
    Right {
        id: RightId::random(),
        role: role.parse().unwrap(),
        from: later(-3600),
        until: later(3600),
    }
}

pub(crate) fn classes(names: &str) -> ClassSet {
    names
        .split_whitespace()
        .map(|name| name.parse::<vouchsafe::class::DataClass>().unwrap())
        .collect()
}

pub(crate) fn document(json: &serde_json::Value) -> Document {
    Document::parse(json.to_string().as_bytes()).unwrap()
}

pub(crate) fn value(document: &Document) -> serde_json::Value {
    serde_json::from_str(&document.to_json()).unwrap()
}

pub(crate) fn patient() -> serde_json::Value {
    json!({
        "resourceType": "Patient",
        "name": [{ "family": canary::FAMILY }],
        "birthDate": canary::BIRTH_DATE,
        "identifier": [{ "value": canary::MRN }],
        "ssn": canary::SSN,
        "address": [{ "line": [canary::STREET] }],
        "condition": canary::DIAGNOSIS,
        "note": canary::NOTE,
    })
}

pub(crate) fn appointment() -> serde_json::Value {
    json!({
        "resourceType": "Appointment",
        "start": "2026-12-01T08:30:00Z",
        "status": "booked",
        "patientName": canary::FAMILY,
        "reason": canary::DIAGNOSIS,
    })
}

/// Some members of a document.
pub(crate) fn only(json: &serde_json::Value, names: &str) -> serde_json::Value {
    let all = json.as_object().unwrap();
    let some = names
        .split_whitespace()
        .filter_map(|name| Some((name.to_owned(), all.get(name)?.clone())));
    serde_json::Value::Object(some.collect())
}
