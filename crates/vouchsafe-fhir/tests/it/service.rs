//! A service without HTTP: requests as text, by the dialect's own table of routes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;
use vouchsafe::access::{Bundle, Purpose, Right};
use vouchsafe::audit::Context;
use vouchsafe::ids::{PersonId, RecordId, RightId, SessionId, TenantId};
use vouchsafe::session::{
    AccessTtl, Assurance, Issuer, NewSession, Principal, Session, VerifyingKeys,
};
use vouchsafe::trusted::{self, Clock};
use vouchsafe_database::testing::administer;
use vouchsafe_database::{Create, Location};
use vouchsafe_fhir::{Dialect, FhirRequest, Interaction, ROUTES, Subject};
use vouchsafe_records::engine::{Caller, Engine, Links};
use vouchsafe_records::pack::Reference;
use vouchsafe_records::store::Store;

use crate::keys::MemoryKeys;
use crate::log::MemoryLog;

const PG_ADMIN: &str = "VOUCHSAFE_TEST_PG_ADMIN";
const PG_CA: &str = "VOUCHSAFE_TEST_PG_CA";

/// Runs each case on a fresh SQLite file and in a fresh PostgreSQL database.
macro_rules! on_both {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let service = crate::service::Service::sqlite().await;
                super::$case(&service).await;
                service.end().await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let Some(service) = crate::service::Service::postgres().await else { return };
                super::$case(&service).await;
                service.end().await;
            })*
        }
    };
}
pub(crate) use on_both;

/// What must be in no error, no header and no entry of the log.
pub(crate) const CANARY: &str = "Zebrowski-Canary";
pub(crate) const BASE: &str = "https://host.example/fhir/R4";

pub(crate) fn now() -> Timestamp {
    "2026-11-24T09:00:00Z".parse().unwrap()
}

pub(crate) struct Service {
    pub(crate) engine: Arc<Engine>,
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) keys: Arc<MemoryKeys>,
    dialect: Dialect,
    tenant: TenantId,
    store: Store,
    /// Seconds that the clock is ahead of [`now`].
    ahead: Arc<AtomicI64>,
    database: Option<String>,
    _folder: Option<TempDir>,
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn id(&self) -> String {
        self.json()["id"].as_str().unwrap().to_owned()
    }

    /// Status and issue code of an error.
    pub(crate) fn error(&self) -> (u16, String) {
        let outcome = self.json();
        assert_eq!(outcome["resourceType"], "OperationOutcome");
        (
            self.status.as_u16(),
            outcome["issue"][0]["code"].as_str().unwrap().to_owned(),
        )
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }
}

impl Service {
    /// On a fresh SQLite file.
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite {
            path: folder.path().join("records.db"),
        };
        Self::at(location, Some(folder), None).await
    }

    /// On a fresh PostgreSQL database; says so if there is no server to test with.
    pub(crate) async fn postgres() -> Option<Self> {
        let variable = |name| {
            let value = std::env::var(name).ok();
            if value.is_none() {
                eprintln!("skipped: {name} is not set (see tools/pg)");
            }
            value
        };
        let (url, ca) = (variable(PG_ADMIN)?, variable(PG_CA)?);
        let database = format!("fhir_{}", RecordId::random().uuid().simple());
        administer(format!("CREATE DATABASE {database}"))
            .await
            .unwrap();
        let (server, _) = url.rsplit_once('/').unwrap();
        let location = Location::postgres(format!("{server}/{database}"), ca);
        Some(Self::at(location, None, Some(database)).await)
    }

    /// Sets the clock so many seconds after [`now`], or before.
    pub(crate) fn set_clock(&self, seconds: i64) {
        self.ahead.store(seconds, Ordering::SeqCst);
    }

    /// Closes the database, and removes one of PostgreSQL.
    pub(crate) async fn end(self) {
        self.store.close().await;
        if let Some(database) = self.database {
            administer(format!("DROP DATABASE {database} WITH (FORCE)"))
                .await
                .unwrap();
        }
    }

    async fn at(location: Location, folder: Option<TempDir>, database: Option<String>) -> Self {
        let pack = vouchsafe_fhir::pack().unwrap();
        let store = Store::open(&location, Create::IfMissing, &pack)
            .await
            .unwrap();
        let seed = [7; 32];
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        let files = Bundle::default_files();
        let signature = trusted::sign_bundle(&files, &seed).unwrap();
        let public_key = pair.public_key().as_ref().try_into().unwrap();
        let bundle = Arc::new(trusted::bundle(&files, &signature, &public_key).unwrap());
        let log = Arc::new(MemoryLog::new());
        let keys = Arc::new(MemoryKeys::default());
        let ahead = Arc::new(AtomicI64::new(0));
        let shown = Arc::clone(&ahead);
        let clock = move || now() + SignedDuration::from_secs(shown.load(Ordering::SeqCst));
        let gate = trusted::gate(bundle, Arc::<MemoryLog>::clone(&log), Clock::new(clock));
        let engine = Engine::new(store.clone(), Arc::<MemoryKeys>::clone(&keys), gate, pack);
        let engine = Arc::new(engine);
        Self {
            dialect: Dialect::new(Arc::clone(&engine), format!("{BASE}/")),
            engine,
            log,
            keys,
            tenant: TenantId::random(),
            store,
            ahead,
            database,
            _folder: folder,
        }
    }

    /// Somebody with a role and perhaps a record that stands for them.
    pub(crate) fn caller(&self, role: &str, purpose: Purpose, links: &[String]) -> Caller {
        let link = |text: &String| match vouchsafe_fhir::reference(text) {
            Reference::Local {
                record_type, id, ..
            } => (record_type, id),
            other => panic!("{other:?}"),
        };
        Caller {
            session: session(self.tenant),
            rights: [Right {
                id: RightId::random(),
                role: role.parse().unwrap(),
                from: now() - SignedDuration::from_hours(1),
                until: now() + SignedDuration::from_hours(1),
            }]
            .into(),
            links: Links::new(self.engine.pack(), links.iter().map(link)),
            purpose,
            context: Context::default(),
            now: now(),
        }
    }

    /// Who may do everything.
    pub(crate) fn integration(&self) -> Caller {
        self.caller("integration", Purpose::Treatment, &[])
    }

    pub(crate) async fn send(&self, caller: &Caller, line: &str, body: &Value) -> Answer {
        self.send_with(caller, line, &[], body).await
    }

    pub(crate) async fn get(&self, caller: &Caller, address: &str) -> Answer {
        self.send(caller, &format!("GET {address}"), &Value::Null)
            .await
    }

    pub(crate) async fn send_with(
        &self,
        caller: &Caller,
        line: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let mut map = HeaderMap::new();
        map.insert(
            "content-type",
            HeaderValue::from_static("application/fhir+json"),
        );
        for (name, value) in headers {
            let name = HeaderName::try_from(*name).unwrap();
            map.insert(name, HeaderValue::from_str(value).unwrap());
        }
        self.raw(caller, line, &map, body.into()).await
    }

    /// A request as it comes: `GET Patient?family=x`.
    pub(crate) async fn raw(
        &self,
        caller: &Caller,
        line: &str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Answer {
        let (method, address) = line.split_once(' ').unwrap();
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let (interaction, subject) = route(method, path);
        let request = FhirRequest {
            subject,
            query,
            headers,
            body,
        };
        let response = self.dialect.handle(interaction, request, caller).await;
        checked(response)
    }

    /// Asks the dialect with any parts at all.
    pub(crate) async fn handle(
        &self,
        interaction: Interaction,
        request: FhirRequest<'_>,
        caller: &Caller,
    ) -> Answer {
        checked(self.dialect.handle(interaction, request, caller).await)
    }

    /// A patient of that family name; its id.
    pub(crate) async fn patient(&self, family: &str) -> String {
        let answer = self
            .send(&self.integration(), "POST Patient", &patient(family))
            .await;
        answer.expect(201).id()
    }

    /// A practitioner who has care of these patients.
    pub(crate) async fn clinician(&self, patients: &[&str]) -> Caller {
        let integration = self.integration();
        let doctor = json!({"resourceType": "Practitioner", "active": true});
        let doctor = self
            .send(&integration, "POST Practitioner", &doctor)
            .await
            .expect(201)
            .id();
        for patient in patients {
            let team = json!({
                "resourceType": "CareTeam",
                "status": "active",
                "subject": {"reference": format!("Patient/{patient}")},
                "period": {"start": "2026-01-01", "end": "2027-01-01"},
                "participant": [{"member": {"reference": format!("Practitioner/{doctor}")}}],
            });
            self.send(&integration, "POST CareTeam", &team)
                .await
                .expect(201);
        }
        self.caller(
            "clinician",
            Purpose::Treatment,
            &[format!("Practitioner/{doctor}")],
        )
    }
}

/// The record of staff that stands for a caller.
pub(crate) fn record_of(caller: &Caller) -> String {
    match &caller.links.staff[0] {
        Reference::Local {
            record_type, id, ..
        } => format!("{record_type}/{id}"),
        other => panic!("{other:?}"),
    }
}

/// What holds of every answer.
fn checked(response: http::Response<Bytes>) -> Answer {
    let (parts, body) = response.into_parts();
    let text = String::from_utf8(body.to_vec()).unwrap();
    for (name, value) in &parts.headers {
        let value = value.to_str().unwrap();
        assert!(!value.contains(CANARY), "a canary in the header {name}");
    }
    if parts.status.is_client_error() || parts.status.is_server_error() {
        assert!(!text.contains(CANARY), "a canary in an error: {text}");
        let outcome: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(outcome["resourceType"], "OperationOutcome");
    }
    let media = parts
        .headers
        .get("content-type")
        .map(|value| value.to_str().unwrap());
    assert_eq!(media, (!text.is_empty()).then_some("application/fhir+json"));
    Answer {
        status: parts.status,
        headers: parts.headers,
        text,
    }
}

/// The interaction of an address, as a server finds it.
fn route<'a>(method: &str, path: &'a str) -> (Interaction, Subject<'a>) {
    let method: Method = method.parse().unwrap();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    for route in ROUTES {
        let template: Vec<&str> = route
            .path
            .split('/')
            .filter(|part| !part.is_empty())
            .collect();
        if route.method != method || template.len() != parts.len() {
            continue;
        }
        let mut subject = Subject::default();
        let fits = template.iter().zip(&parts).all(|(step, part)| {
            match *step {
                "{type}" => subject.record_type = Some(part),
                "{id}" => subject.id = Some(part),
                "{version}" => subject.version = Some(part),
                fixed => return fixed == *part,
            }
            true
        });
        if fits {
            return (route.interaction, subject);
        }
    }
    panic!("no route: {method} {path}");
}

fn session(tenant: TenantId) -> Session {
    let issuer = Issuer::new(
        &[9; 32],
        "https://issuer",
        "https://us",
        AccessTtl::default(),
    );
    let issuer = issuer.unwrap();
    let verifier = trusted::verifier(
        VerifyingKeys::new([issuer.public_key()]),
        "https://issuer",
        "https://us",
    );
    let new = NewSession {
        id: SessionId::random(),
        tenant,
        principal: Principal::Person(PersonId::random()),
        assurance: Assurance::TwoFactor,
    };
    trusted::session(&verifier, &issuer.issue(&new, now()), now()).unwrap()
}

pub(crate) fn patient(family: &str) -> Value {
    json!({
        "resourceType": "Patient",
        "identifier": [{"system": "urn:mrn", "value": format!("mrn-{family}")}],
        "name": [{"family": family, "given": ["Ada", "B."]}],
        "birthDate": "1970-02-03",
        "multipleBirthInteger": 2,
    })
}

pub(crate) fn observation(patient: &str) -> Value {
    let text = format!(
        r#"{{"resourceType":"Observation","status":"final",
            "code":{{"coding":[{{"system":"http://loinc.org","code":"8480-6"}}]}},
            "subject":{{"reference":"{patient}"}},
            "effectiveDateTime":"2026-11-20T10:00:00Z",
            "valueQuantity":{{"value":120.5,"unit":"mmHg"}}}}"#
    );
    serde_json::from_str(&text).unwrap()
}
