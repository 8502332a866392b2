//! A fresh database for every test, a fixed clock, and people who can sign in.

use std::sync::Arc;

use aws_lc_rs::hmac;
use jiff::{SignedDuration, Timestamp};
use vouchsafe::access::RoleName;
use vouchsafe::ids::{PersonId, TenantId};
use vouchsafe::seal::{KeyVersion, Secret, Suite, SystemKey, SystemPurpose};
use vouchsafe::session::AccessTtl;
use vouchsafe_database::testing::{self, administer, variable};
use vouchsafe_database::{Create, DatabaseError, Location};
use vouchsafe_identity::{
    Actor, Approval, Credentials, Identity, Invitation, NetworkPrefix, NewPerson, OpenError,
    OsUser, Password, Prepared, RightSpec, Settings, SignInFailed, SignedIn,
};

pub(crate) const PASSWORD: &str = "seven otters under a bridge";

pub(crate) struct Fixture {
    pub(crate) location: Location,
    pub(crate) tenant: TenantId,
    seed: [u8; 32],
    _folder: tempfile::TempDir,
    /// The name of the database, to drop it again.
    postgres: Option<String>,
}

impl Fixture {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite {
            path: folder.path().join("identity.db"),
        };
        Self::on(location, folder, None)
    }

    /// `None`, and a printed line, if there is no PostgreSQL to test with.
    pub(crate) async fn postgres() -> Option<Self> {
        let (url, ca) = (
            variable("VOUCHSAFE_TEST_PG_IDENTITY")?,
            variable("VOUCHSAFE_TEST_PG_CA")?,
        );
        let (server, role) = url.rsplit_once('/').unwrap();
        let name = format!("identity_{}", uuid::Uuid::new_v4().simple());
        for statement in [
            format!("CREATE DATABASE {name} OWNER {role}"),
            format!("REVOKE ALL ON DATABASE {name} FROM PUBLIC"),
        ] {
            administer(statement).await.unwrap();
        }
        let location = Location::postgres(format!("{server}/{name}"), ca);
        Some(Self::on(location, tempfile::tempdir().unwrap(), Some(name)))
    }

    fn on(location: Location, folder: tempfile::TempDir, postgres: Option<String>) -> Self {
        let seed = *Secret::random().expose();
        Self {
            location,
            tenant: TenantId::random(),
            seed,
            _folder: folder,
            postgres,
        }
    }

    /// Drops the database.
    pub(crate) async fn remove(self) {
        if let Some(name) = self.postgres {
            let statement = format!("DROP DATABASE {name} WITH (FORCE)");
            administer(statement).await.unwrap();
        }
    }

    pub(crate) async fn try_open(&self, create: Create) -> Result<Identity, OpenError> {
        Identity::open(
            &self.location,
            create,
            system_key(&self.seed),
            settings(),
            now(),
        )
        .await
    }

    pub(crate) async fn identity(&self) -> Identity {
        self.try_open(Create::IfMissing).await.unwrap()
    }

    /// Runs a statement directly, past the service; returns the number of changed rows, or the error.
    pub(crate) async fn sql(&self, statement: &'static str) -> Result<u64, DatabaseError> {
        testing::run(&self.location, statement).await
    }

    /// An invitation of a new person.
    pub(crate) async fn invite(&self, identity: &Identity, login: &str) -> Invitation {
        let new = new_person(login, vec![]);
        let added = identity
            .add_person(self.tenant, &new, &console(), now())
            .await;
        added.unwrap().confirm().await.unwrap()
    }

    /// A person who has enrolled.
    pub(crate) async fn person(&self, identity: &Identity, login: &str) -> Member {
        let invitation = self.invite(identity, login).await;
        enrol(identity, &invitation, login).await
    }
}

/// Sets the usual password and reads the secret from the page.
pub(crate) async fn enrol(identity: &Identity, invitation: &Invitation, login: &str) -> Member {
    let page = identity.enrolment(&invitation.token, now()).await.unwrap();
    let member = Member::new(invitation.person, login, &page.secret);
    // A step back, so that the current code is still valid for the sign-in.
    let code = member.code(later(-30));
    let password = Password::new(PASSWORD);
    let enrolled = identity
        .enrol(&invitation.token, &password, &code, network(), now())
        .await;
    assert_eq!(enrolled.unwrap().confirm().await, Ok(invitation.person));
    member
}

/// A person who can sign in.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) id: PersonId,
    pub(crate) login: String,
    secret: String,
}

impl Member {
    pub(crate) fn new(id: PersonId, login: &str, secret: &str) -> Self {
        Self {
            id,
            login: login.to_owned(),
            secret: secret.to_owned(),
        }
    }

    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    /// The code of a moment, by a second implementation (RFC 4226, section 5.3).
    pub(crate) fn code(&self, at: Timestamp) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &base32(&self.secret));
        let step = u64::try_from(at.as_second()).unwrap() / 30;
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let offset = usize::from(tag[19] & 15);
        let bits = u32::from_be_bytes(tag[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", bits % 1_000_000)
    }

    pub(crate) fn credentials(&self, at: Timestamp) -> Credentials {
        Credentials::new(&self.login, Password::new(PASSWORD), &self.code(at))
    }

    pub(crate) async fn try_sign_in<'a>(
        &self,
        identity: &'a Identity,
        at: Timestamp,
    ) -> Result<Prepared<'a, SignedIn>, SignInFailed> {
        identity.sign_in(&self.credentials(at), network(), at).await
    }

    pub(crate) async fn sign_in(&self, identity: &Identity, at: Timestamp) -> SignedIn {
        self.try_sign_in(identity, at)
            .await
            .unwrap()
            .confirm()
            .await
            .unwrap()
    }
}

fn base32(text: &str) -> Vec<u8> {
    let (mut bits, mut held, mut out) = (0_u32, 0, Vec::new());
    for c in text.bytes() {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
            .iter()
            .position(|known| *known == c)
            .unwrap();
        bits = (bits << 5) | u32::try_from(value).unwrap();
        held += 5;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from((bits >> held) & 255).unwrap());
        }
    }
    out
}

pub(crate) fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

pub(crate) fn later(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

pub(crate) fn settings() -> Settings {
    Settings {
        issuer: "https://vouchsafe.example".to_owned(),
        audience: "https://vouchsafe.example/fhir/R4".to_owned(),
        ttl: AccessTtl::from_seconds(1800).unwrap(),
    }
}

pub(crate) fn system_key(seed: &[u8; 32]) -> Arc<SystemKey> {
    let tenant = TenantId::from_uuid(uuid::Uuid::from_u128(1));
    let branch = Secret::from_bytes(*seed);
    Arc::new(vouchsafe::trusted::system_key(
        Suite::Xaes256Gcm,
        &branch,
        tenant,
        SystemPurpose::Identity,
        KeyVersion::FIRST,
    ))
}

pub(crate) fn network() -> NetworkPrefix {
    NetworkPrefix::of("203.0.113.7".parse().unwrap())
}

pub(crate) fn os_user() -> OsUser {
    OsUser::new("operator").unwrap()
}

pub(crate) fn console() -> Approval {
    Approval::by(Actor::OsUser(os_user()))
}

pub(crate) fn role(name: &str) -> RoleName {
    name.parse().unwrap()
}

pub(crate) fn new_person(login: &str, rights: Vec<RightSpec>) -> NewPerson {
    NewPerson {
        name: "Ann Example".to_owned(),
        login: login.to_owned(),
        rights,
    }
}

pub(crate) fn right(name: &str, hours: i64) -> RightSpec {
    RightSpec {
        role: role(name),
        from: now(),
        until: now() + SignedDuration::from_hours(hours),
        reason: "works here".to_owned(),
    }
}

/// Runs tests on both databases.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(&crate::fixture::Fixture::sqlite()).await;
            }
        )*}
        mod postgres {$(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(fixture) = crate::fixture::Fixture::postgres().await {
                    super::$name(&fixture).await;
                    fixture.remove().await;
                }
            }
        )*}
    };
}
pub(crate) use on_both;
