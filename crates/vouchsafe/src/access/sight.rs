//! All that the policies see of a request, and the Cedar request that is made from it.

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression,
    Schema,
};

use super::bundle::RoleSet;
use super::{Ask, Facts, Purpose, RoleName, Verb};
use crate::class::DataClass;
use crate::ids::{RecordType, TenantId};
use crate::session::{Assurance, Principal, Session};

/// All that the policies see of a request.
///
/// INVARIANT (sight-is-all): the request to Cedar is made from these values alone. So requests with the same sight have
/// the same answers, and caching answers by sight changes none.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Sight {
    kind: Kind,
    assurance: Assurance,
    roles: RoleSet,
    session_tenant: TenantId,
    resource_tenant: TenantId,
    verb: Verb,
    purpose: Purpose,
    /// None if the verb is not on a record.
    record: Option<RecordSight>,
}

/// The kind of principal: a person or a service, never its id.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Kind {
    Person,
    Service,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct RecordSight {
    record_type: RecordType,
    has_subject: bool,
    care: bool,
    own: bool,
}

impl Sight {
    /// The sight of a request by a principal who acts in these roles.
    pub(super) fn new(session: &Session, ask: &Ask<'_>, facts: &Facts, roles: RoleSet) -> Self {
        let record = ask.verb.is_on_record().then(|| RecordSight {
            record_type: ask.record_type.clone(),
            has_subject: ask.has_subject,
            care: ask.has_subject && facts.care,
            own: ask.has_subject && facts.own,
        });
        Self {
            kind: match session.principal() {
                Principal::Person(_) => Kind::Person,
                Principal::Service(_) => Kind::Service,
            },
            assurance: session.assurance(),
            roles,
            session_tenant: session.tenant(),
            resource_tenant: ask.tenant,
            verb: ask.verb,
            purpose: ask.purpose,
            record,
        }
    }

    /// Sights that together use every action, by a person and by a service: they test whether a schema fits the
    /// engine's requests.
    pub(super) fn probes(record_type: &RecordType) -> Vec<Self> {
        let kinds = [
            (Kind::Person, Assurance::TwoFactor),
            (Kind::Service, Assurance::ServiceKey),
        ];
        let tenant = TenantId::random();
        let probe = |verb: Verb, (kind, assurance): (Kind, Assurance)| Self {
            kind,
            assurance,
            roles: RoleSet::default(),
            session_tenant: tenant,
            resource_tenant: tenant,
            verb,
            purpose: Purpose::Treatment,
            record: verb.is_on_record().then(|| RecordSight {
                record_type: record_type.clone(),
                has_subject: true,
                care: true,
                own: false,
            }),
        };
        Verb::ALL
            .into_iter()
            .flat_map(|verb| kinds.into_iter().map(move |kind| probe(verb, kind)))
            .collect()
    }

    /// The roles in which the principal acts.
    pub(super) const fn roles(&self) -> RoleSet {
        self.roles
    }

    pub(super) const fn verb(&self) -> Verb {
        self.verb
    }

    pub(super) fn is_about_somebody(&self) -> bool {
        self.record
            .as_ref()
            .is_some_and(|record| record.has_subject)
    }

    /// The request to Cedar for one class; the class is ignored for verbs without classes.
    pub(super) fn request(
        &self,
        words: &Words,
        schema: &Schema,
        class: DataClass,
    ) -> Result<Request, NotAsked> {
        let action = match self.verb {
            Verb::Read => format!("read-{class}"),
            Verb::Search => format!("search-{class}"),
            Verb::Create | Verb::Update | Verb::Delete => format!("write-{class}"),
            verb => verb.name().to_owned(),
        };
        let action = uid(&words.action, &action);
        let mut pairs = vec![(
            "purpose".to_owned(),
            entity(&words.purpose, self.purpose.code()),
        )];
        if let Some(record) = &self.record {
            pairs.extend([
                (
                    "operation".to_owned(),
                    entity(&words.operation, self.verb.name()),
                ),
                (
                    "care".to_owned(),
                    RestrictedExpression::new_bool(record.care),
                ),
                ("own".to_owned(), RestrictedExpression::new_bool(record.own)),
            ]);
        }
        let context = Context::from_pairs(pairs).map_err(|_| NotAsked)?;
        Request::new(
            self.principal(words),
            action,
            self.resource(words),
            context,
            Some(schema),
        )
        .map_err(|_| NotAsked)
    }

    /// The entities of a request: principal, resource and the actions' groups.
    pub(super) fn entities(
        &self,
        words: &Words,
        schema: &Schema,
        actions: &Entities,
        roles: &[RoleName],
    ) -> Result<Entities, NotAsked> {
        let tenant = |tenant: TenantId| entity(&words.tenant, &tenant.to_string());
        let parents: HashSet<EntityUid> = roles
            .iter()
            .map(|role| uid(&words.role, role.as_str()))
            .collect();
        let attributes = HashMap::from([
            ("tenant".to_owned(), tenant(self.session_tenant)),
            (
                "assurance".to_owned(),
                entity(&words.assurance, self.assurance.name()),
            ),
        ]);
        let principal =
            Entity::new(self.principal(words), attributes, parents).map_err(|_| NotAsked)?;
        let mut attributes = HashMap::from([("tenant".to_owned(), tenant(self.resource_tenant))]);
        if let Some(record) = &self.record {
            let name = record.record_type.as_str().to_owned();
            attributes.extend([
                (
                    "record_type".to_owned(),
                    RestrictedExpression::new_string(name),
                ),
                (
                    "has_subject".to_owned(),
                    RestrictedExpression::new_bool(record.has_subject),
                ),
            ]);
        }
        let resource =
            Entity::new(self.resource(words), attributes, HashSet::new()).map_err(|_| NotAsked)?;
        actions
            .clone()
            .add_entities([principal, resource], Some(schema))
            .map_err(|_| NotAsked)
    }

    fn principal(&self, words: &Words) -> EntityUid {
        match self.kind {
            Kind::Person => uid(&words.person, NOBODY),
            Kind::Service => uid(&words.service, NOBODY),
        }
    }

    fn resource(&self, words: &Words) -> EntityUid {
        match self.record {
            Some(_) => uid(&words.record, NOBODY),
            None => uid(&words.system, NOBODY),
        }
    }
}

/// The id of every principal and resource: policies see attributes, never ids.
const NOBODY: &str = "-";

/// A request that does not fit the schema; loading a bundle rules it out.
#[derive(Clone, Copy, Debug)]
pub(super) struct NotAsked;

/// The names of the schema's entity types.
#[derive(Debug)]
pub(super) struct Words {
    action: EntityTypeName,
    assurance: EntityTypeName,
    operation: EntityTypeName,
    person: EntityTypeName,
    purpose: EntityTypeName,
    record: EntityTypeName,
    pub(super) role: EntityTypeName,
    service: EntityTypeName,
    system: EntityTypeName,
    tenant: EntityTypeName,
}

impl Words {
    pub(super) fn new() -> Result<Self, NotAsked> {
        let word = |name: &str| name.parse().map_err(|_| NotAsked);
        Ok(Self {
            action: word("Action")?,
            assurance: word("Assurance")?,
            operation: word("Operation")?,
            person: word("Person")?,
            purpose: word("Purpose")?,
            record: word("Record")?,
            role: word("Role")?,
            service: word("Service")?,
            system: word("System")?,
            tenant: word("Tenant")?,
        })
    }

    /// Whether all entities of this type have the same id, so that a policy must not name one.
    pub(super) fn is_nameless(&self, name: &EntityTypeName) -> bool {
        [&self.person, &self.record, &self.service, &self.system].contains(&name)
    }
}

fn uid(type_name: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(type_name.clone(), EntityId::new(id))
}

fn entity(type_name: &EntityTypeName, id: &str) -> RestrictedExpression {
    RestrictedExpression::new_entity_uid(uid(type_name, id))
}
