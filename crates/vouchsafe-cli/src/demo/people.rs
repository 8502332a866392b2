//! One person for each role, added, enrolled and signed in the ordinary ways.

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;
use vouchsafe::access::RoleName;
use vouchsafe::ids::{PersonId, RecordId, ServiceId};
use vouchsafe::session::Principal;
use vouchsafe_identity::{
    Approval, Invitation, MAX_INTEGRATION_RIGHT, NewPerson, NewService, RecordLink, RightSpec,
    ServiceOwner,
};
use vouchsafe_installation::import::local_session;
use vouchsafe_installation::{Administrator, Installation, Opened, enrol, now};
use zeroize::Zeroizing;

use super::authenticator::Authenticator;
use super::clinic::Scene;
use super::stand::Stand;
use crate::person::change;
use crate::principal::{actor, os_user};
use crate::{door, token_file, told};

/// All signed-in people.
pub(super) struct Cast {
    people: Vec<Member>,
    service: ServiceId,
    service_token: Zeroizing<String>,
}

/// A person with their factors.
pub(super) struct Member {
    pub(super) role: &'static str,
    pub(super) name: String,
    login: String,
    password: Zeroizing<String>,
    phone: Authenticator,
    token: Zeroizing<String>,
}

/// The role of services that import and migrate.
pub(super) const INTEGRATION: &str = "integration";

/// The demo's first administrator.
pub(super) fn administrator() -> Administrator {
    Administrator {
        name: "Sascha Secure".to_owned(),
        email: "security-administrator@demo.example".to_owned(),
    }
}

/// Uses the first administrator's link: no PHI route opens before.
pub(super) async fn enrol_administrator(opened: &Opened) -> anyhow::Result<Member> {
    let invitation = opened
        .invitation
        .as_ref()
        .context("the first start was not the first")?;
    let Administrator { name, email } = administrator();
    Member::enrol(
        &opened.installation,
        "security-administrator",
        (name, email),
        invitation,
    )
    .await
}

impl Cast {
    /// Adds and enrols a person for each role.
    pub(super) async fn enrol(
        installation: &Installation,
        administrator: Member,
        scene: &Scene,
    ) -> anyhow::Result<Self> {
        let roles = [
            ("clinician", scene.practitioner.name.as_str()),
            ("front-desk", "Frida Front"),
            ("registration", "Remy Registrar"),
            ("auditor", "Otto Auditor"),
            ("privacy-officer", "Petra Private"),
            ("patient", &scene.in_care.name),
        ];
        let mut people = Vec::with_capacity(roles.len() + 1);
        for (role, name) in roles {
            let login = format!("{role}@demo.example");
            let invitation = add(installation, role, name, &login).await?;
            let record = match role {
                "clinician" => Some(("Practitioner", scene.practitioner.id)),
                "patient" => Some(("Patient", scene.in_care.id)),
                _ => None,
            };
            if let Some((record_type, id)) = record {
                connect(installation, invitation.person, record_type, id).await?;
            }
            people.push(
                Member::enrol(installation, role, (name.to_owned(), login), &invitation).await?,
            );
        }
        people.push(administrator);
        Ok(Self {
            people,
            service: add_service(installation).await?,
            service_token: Zeroizing::default(),
        })
    }

    /// Signs all people in again, and writes their tokens into the demo's folder.
    pub(super) async fn sign_in(
        &mut self,
        installation: &Installation,
        stand: &Stand,
    ) -> anyhow::Result<()> {
        for member in &mut self.people {
            let code = member.phone.code(now());
            let done = door::sign_in(installation, &member.login, &member.password, &code).await?;
            member.token = done.access_token;
        }
        let session = local_session(installation, self.service, &os_user())
            .await
            .map_err(|error| told(&error))?;
        self.service_token = Zeroizing::new(session.token.expose().to_owned());
        for (role, token) in self.tokens() {
            token_file::write(&stand.folder().join(Stand::token_file(role)), token)?;
        }
        Ok(())
    }

    /// The people, those of the demo's roles first.
    pub(super) fn people(&self) -> &[Member] {
        &self.people
    }

    /// Tokens by role.
    pub(super) fn tokens(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let people = self
            .people
            .iter()
            .map(|member| (member.role, member.token.as_str()));
        people.chain([(INTEGRATION, self.service_token.as_str())])
    }

    /// The token of a role.
    pub(super) fn token(&self, role: &str) -> anyhow::Result<&str> {
        let found = self.tokens().find(|(other, _)| *other == role);
        found
            .map(|(_, token)| token)
            .with_context(|| format!("nobody is {role}"))
    }
}

impl Member {
    async fn enrol(
        installation: &Installation,
        role: &'static str,
        (name, login): (String, String),
        invitation: &Invitation,
    ) -> anyhow::Result<Self> {
        let shown = enrol::enrolment(installation, &invitation.token).await;
        let shown = shown.map_err(|error| told(&error))?;
        let mut phone =
            Authenticator::new(&shown.secret).context("the one-time-code key is malformed")?;
        // 244 random bits.
        let password = Zeroizing::new(format!("{}{}", Uuid::new_v4(), Uuid::new_v4()));
        let code = phone.code(now());
        door::enrol(installation, invitation.token.expose(), &password, &code).await?;
        Ok(Self {
            role,
            name,
            login,
            password,
            phone,
            token: Zeroizing::default(),
        })
    }
}

async fn add(
    installation: &Installation,
    role: &str,
    name: &str,
    login: &str,
) -> anyhow::Result<Invitation> {
    let now = now();
    let new = NewPerson {
        name: name.to_owned(),
        login: login.to_owned(),
        rights: vec![right(role, now, SignedDuration::from_hours(24))?],
    };
    let approval = Approval::by(actor());
    let prepared = installation
        .identity()
        .add_person(installation.tenant(), &new, &approval, now)
        .await;
    change(installation, prepared).await
}

async fn connect(
    installation: &Installation,
    person: PersonId,
    record_type: &str,
    id: RecordId,
) -> anyhow::Result<()> {
    let record_type = record_type.parse().map_err(|error| told(&error))?;
    let record = RecordLink { record_type, id };
    let (tenant, identity) = (installation.tenant(), installation.identity());
    let prepared = identity.link(tenant, person, &record, actor(), now()).await;
    change(installation, prepared).await
}

async fn add_service(installation: &Installation) -> anyhow::Result<ServiceId> {
    let (tenant, now, approval) = (installation.tenant(), now(), Approval::by(actor()));
    let new = NewService {
        name: "demo".to_owned(),
        owner: ServiceOwner::OsUser(os_user()),
        purpose: "shows what an integration sees".to_owned(),
        expires_at: after(now, MAX_INTEGRATION_RIGHT),
    };
    let identity = installation.identity();
    let prepared = identity.add_service(tenant, &new, &approval, now).await;
    let id = change(installation, prepared).await?;
    let spec = right(INTEGRATION, now, MAX_INTEGRATION_RIGHT)?;
    let holder = Principal::Service(id);
    let prepared = identity
        .give_right(tenant, holder, &spec, &approval, now)
        .await;
    change(installation, prepared).await?;
    Ok(id)
}

fn right(role: &str, now: Timestamp, time: SignedDuration) -> anyhow::Result<RightSpec> {
    let role: RoleName = role.parse().map_err(|error| told(&error))?;
    Ok(RightSpec {
        role,
        from: now,
        until: after(now, time),
        reason: "demo".to_owned(),
    })
}

fn after(now: Timestamp, time: SignedDuration) -> Timestamp {
    now.saturating_add(time).unwrap_or(Timestamp::MAX)
}
