//! People who are invited, enrol and sign in, and a service that imports.

use axum::http::StatusCode;
use data_encoding::BASE32_NOPAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};
use vouchsafe::audit::Context;
use vouchsafe::session::Principal;
use vouchsafe_identity::{
    Actor, Approval, NewPerson, NewService, OsUser, RecordLink, RightSpec, ServiceOwner,
};
use vouchsafe_installation::import::local_session;

use super::house::{Answer, House};

pub(super) const PASSWORD: &str = "correct horse battery staple 7";

fn user() -> OsUser {
    OsUser::new("tester").unwrap()
}

fn in_hours(hours: i64) -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(hours)
}

fn right(role: &str, hours: i64) -> RightSpec {
    RightSpec {
        role: role.parse().unwrap(),
        from: Timestamp::now(),
        until: in_hours(hours),
        reason: "a test".to_owned(),
    }
}

impl House {
    /// The token of a service that may do everything, as an import has it.
    pub(super) async fn integration(&self) -> String {
        let installation = &self.shared.installation;
        let (identity, tenant) = (installation.identity(), installation.tenant());
        let (now, context) = (Timestamp::now(), Context::default());
        let approval = Approval::by(Actor::OsUser(user()));
        let new = NewService {
            name: "test import".to_owned(),
            owner: ServiceOwner::OsUser(user()),
            purpose: "a test".to_owned(),
            expires_at: in_hours(2),
        };
        let prepared = identity.add_service(tenant, &new, &approval, now).await;
        let id = installation.change(prepared.unwrap(), &context).await;
        let id = id.unwrap();
        let (holder, role) = (Principal::Service(id), right("integration", 1));
        let given = identity.give_right(tenant, holder, &role, &approval, now);
        let given = given.await.unwrap();
        installation.change(given, &context).await.unwrap();
        let session = local_session(installation, id, &user()).await.unwrap();
        session.token.expose().to_owned()
    }

    /// Invites a person with a role, whom a record stands for. The token of their link.
    pub(super) async fn invite(&self, login: &str, role: &str, record: Option<&str>) -> String {
        let installation = &self.shared.installation;
        let (identity, tenant) = (installation.identity(), installation.tenant());
        let (now, context) = (Timestamp::now(), Context::default());
        let new = NewPerson {
            name: format!("Person {login}"),
            login: login.to_owned(),
            rights: vec![right(role, 8)],
        };
        let approval = Approval::by(Actor::OsUser(user()));
        let prepared = identity.add_person(tenant, &new, &approval, now).await;
        let invitation = installation.change(prepared.unwrap(), &context).await;
        let invitation = invitation.unwrap();
        if let Some(record) = record {
            let (record_type, id) = record.split_once('/').unwrap();
            let link = RecordLink {
                record_type: record_type.parse().unwrap(),
                id: id.parse().unwrap(),
            };
            let (person, actor) = (invitation.person, Actor::OsUser(user()));
            let linked = identity.link(tenant, person, &link, actor, now).await;
            installation
                .change(linked.unwrap(), &context)
                .await
                .unwrap();
        }
        invitation.token.expose().to_owned()
    }

    /// Enrols by a link. The secret of the one-time codes.
    pub(super) async fn enrol(&self, link: &str) -> String {
        let body = json!({ "token": link }).to_string();
        let shown = self.post("/auth/enrolment", body).await.json();
        let secret = shown["secret"].as_str().unwrap().to_owned();
        // The code of the step before, so that the one of now is there for the sign-in.
        let body = json!({"token": link, "password": PASSWORD, "code": code(&secret, -30)});
        let answer = self.post("/auth/enrol", body.to_string()).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text);
        secret
    }

    pub(super) async fn sign_in(&self, login: &str, password: &str, code: &str) -> Answer {
        let body = json!({"login": login, "password": password, "code": code});
        self.post("/auth/sign-in", body.to_string()).await
    }

    /// Invites a person, enrols and signs them in. Their token.
    pub(super) async fn person(&self, login: &str, role: &str, record: Option<&str>) -> String {
        let link = self.invite(login, role, record).await;
        let secret = self.enrol(&link).await;
        let answer = self.sign_in(login, PASSWORD, &code(&secret, 0)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let token = answer.json()["access_token"].take();
        token.as_str().unwrap().to_owned()
    }

    /// Creates a record as a service that may do everything. Its id.
    pub(super) async fn created(&self, token: &str, document: &Value) -> String {
        let path = format!("/{}", document["resourceType"].as_str().unwrap());
        let body = document.to_string().into_bytes();
        let answer = self
            .fhir(token, axum::http::Method::POST, &path, Some(body))
            .await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        assert!(answer.headers.contains_key("vouchsafe-receipt"));
        answer.json()["id"].as_str().unwrap().to_owned()
    }
}

/// The code of an authenticator, this many seconds from now.
pub(super) fn code(secret: &str, offset: i64) -> String {
    let secret = BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let secret = Secret::from(<[u8; 20]>::try_from(secret).unwrap());
    let totp = Builder::new().with_secret(secret).build().unwrap();
    let at = Timestamp::now().as_second() + offset;
    totp.generate(u64::try_from(at).unwrap()).to_string()
}
