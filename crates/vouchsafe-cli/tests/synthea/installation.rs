//! A complete installation: real recorder process, real databases.

use std::path::PathBuf;
use std::process::Command;

use jiff::{SignedDuration, Timestamp};
use vouchsafe::access::{Purpose, Right};
use vouchsafe::audit::Context;
use vouchsafe::ids::{PersonId, RightId, SessionId};
use vouchsafe::session::{
    AccessTtl, Assurance, Issuer, NewSession, Principal, Verifier, VerifyingKeys,
};
use vouchsafe_installation::Opening;
use vouchsafe_installation::settings::Settings;
use vouchsafe_ledger::Gap;
use vouchsafe_records::engine::{Caller, Links};
use vouchsafe_records::pack::Reference;

/// The kind of databases.
pub(crate) enum Place {
    Sqlite,
    Postgres(Vec<(&'static str, String)>),
}

impl Place {
    /// Three fresh databases on the test's PostgreSQL.
    pub(crate) async fn postgres() -> Option<Self> {
        let admin = std::env::var("VOUCHSAFE_TEST_PG_ADMIN").ok()?;
        let ca = std::env::var("VOUCHSAFE_TEST_PG_CA").ok()?;
        let mut settings = vec![("ca", ca.clone())];
        for name in ["records", "identity", "keys"] {
            let database = format!("synthea_{name}_{}", uuid::Uuid::new_v4().simple());
            psql(&admin, &ca, &format!("CREATE DATABASE {database}"));
            let (server, _) = admin.rsplit_once('/')?;
            settings.push((name, format!("{server}/{database}")));
        }
        Some(Self::Postgres(settings))
    }

    /// The variables that configure it, for a program.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let Self::Postgres(settings) = self else {
            return Vec::new();
        };
        let variable = |(name, value): &(&str, String)| {
            let name = name.to_uppercase();
            (format!("VOUCHSAFE_DATABASE__{name}"), value.clone())
        };
        settings.iter().map(variable).collect()
    }

    /// `pg_dump` of each database.
    pub(crate) fn dumps(&self) -> Vec<Vec<u8>> {
        let Self::Postgres(settings) = self else {
            return Vec::new();
        };
        let (ca, urls) = settings.split_first().expect("the authority is first");
        let dump = |(_, url): &(&str, String)| {
            let ca = &ca.1;
            let dump = Command::new("pg_dump")
                .arg(format!("{url}?sslmode=verify-full&sslrootcert={ca}"))
                .output()
                .expect("pg_dump");
            assert!(dump.status.success() && !dump.stdout.is_empty());
            dump.stdout
        };
        urls.iter().map(dump).collect()
    }
}

fn psql(url: &str, ca: &str, sql: &str) {
    let done = Command::new("psql")
        .args(["-qX", "-v", "ON_ERROR_STOP=1", "-c", sql])
        .arg(format!("{url}?sslmode=verify-full&sslrootcert={ca}"))
        .status()
        .expect("psql");
    assert!(done.success());
}

/// The rests of a stopped installation.
pub(crate) struct Remains {
    pub(crate) folder: tempfile::TempDir,
    /// `pg_dump` of each database.
    pub(crate) dumps: Vec<Vec<u8>>,
    /// The texts of refusals.
    pub(crate) errors: Vec<String>,
}

pub(crate) struct Installation {
    pub(crate) service: vouchsafe_installation::Installation,
    folder: tempfile::TempDir,
    place: Place,
    issuer: Issuer,
    verifier: Verifier,
    /// Bodies of refusals, for the leak scan.
    pub(crate) errors: std::sync::Mutex<Vec<String>>,
}

impl Installation {
    pub(crate) async fn start(place: Place) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut settings = Settings::default();
        if let Place::Postgres(urls) = &place {
            for (name, value) in urls.clone() {
                match name {
                    "ca" => settings.database.ca = Some(PathBuf::from(value)),
                    "records" => settings.database.records = Some(value),
                    "identity" => settings.database.identity = Some(value),
                    _ => settings.database.keys = Some(value),
                }
            }
        }
        let opened = vouchsafe_installation::Installation::open(Opening {
            gap: Gap::Refused,
            folder: folder.path().to_owned(),
            program: PathBuf::from(env!("CARGO_BIN_EXE_vouchsafe")),
            administrator: "Ada Example <ada@example.org>".parse().expect("valid"),
            create: true,
            settings,
        })
        .await
        .expect("a first start");
        let issuer = Issuer::new(&[7; 32], "test", "test", AccessTtl::default()).expect("a seed");
        let verifier =
            vouchsafe::trusted::verifier(VerifyingKeys::new([issuer.public_key()]), "test", "test");
        Self {
            service: opened.installation,
            folder,
            place,
            issuer,
            verifier,
            errors: std::sync::Mutex::default(),
        }
    }

    /// A caller with one role, and the records that represent them.
    pub(crate) fn caller(&self, role: &str, links: &[String]) -> Caller {
        let now = Timestamp::now();
        let assurance = match role {
            "integration" => Assurance::Local,
            _ => Assurance::TwoFactor,
        };
        let principal = match role {
            "integration" => Principal::Service(vouchsafe::ids::ServiceId::random()),
            _ => Principal::Person(PersonId::random()),
        };
        let token = self.issuer.issue(
            &NewSession {
                id: SessionId::random(),
                tenant: self.service.tenant(),
                principal,
                assurance,
            },
            now,
        );
        let session =
            vouchsafe::trusted::session(&self.verifier, &token, now).expect("just signed");
        let purpose = match role {
            "clinician" | "integration" => Purpose::Treatment,
            "patient" => Purpose::PatientRequest,
            _ => Purpose::Operations,
        };
        let link = |text: &String| match vouchsafe_fhir::reference(text) {
            Reference::Local {
                record_type, id, ..
            } => (record_type, id),
            other => panic!("{other:?}"),
        };
        Caller {
            session,
            rights: [Right {
                id: RightId::random(),
                role: role.parse().expect("a role"),
                from: now
                    .saturating_sub(SignedDuration::from_secs(1))
                    .expect("in range"),
                until: now
                    .saturating_add(SignedDuration::from_hours(1))
                    .expect("in range"),
            }]
            .into(),
            links: Links::new(self.service.engine().pack(), links.iter().map(link)),
            purpose,
            context: Context::default(),
            now,
        }
    }

    pub(crate) async fn stop(self) -> Remains {
        self.service.close().await;
        Remains {
            dumps: self.place.dumps(),
            folder: self.folder,
            errors: self.errors.into_inner().expect("no panic held it"),
        }
    }
}
