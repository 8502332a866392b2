//! A reference evaluator: the rights of the roles, written again in plain, slow Rust, and compared with `decide`.

use proptest::prelude::*;
use proptest::sample::subsequence;

use super::*;

/// One question, as a reader of the truth table would ask it.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) roles: Vec<&'static str>,
    pub(super) service: bool,
    pub(super) assurance: Assurance,
    pub(super) purpose: Purpose,
    pub(super) verb: Verb,
    pub(super) record_type: &'static str,
    pub(super) has_subject: bool,
    pub(super) care: bool,
    pub(super) own: bool,
    pub(super) same_tenant: bool,
    pub(super) asked: ClassSet,
}

/// Purposes of a role, as in the design.
fn may_act(role: &str, purpose: Purpose) -> bool {
    use Purpose::{Operations, PatientRequest, Payment, System, Treatment};
    match role {
        "clinician" => purpose == Treatment,
        "front-desk" => [Treatment, Operations].contains(&purpose),
        "registration" => [Treatment, Payment, Operations].contains(&purpose),
        "privacy-officer" | "auditor" => purpose == Operations,
        "security-administrator" => purpose == System,
        "patient" => purpose == PatientRequest,
        "integration" => purpose != PatientRequest,
        _ => false,
    }
}

/// Whether a role may do this with this class of this record, without the guards.
fn role_allows(role: &str, case: &Case, class: DataClass) -> bool {
    use DataClass::{
        Clinical, Contact, Demographic, Financial, Identifier, Operational, Restricted, Scheduling,
    };
    let looks = matches!(case.verb, Verb::Read | Verb::Search);
    match (role, class) {
        ("integration", _) => true,
        (_, Restricted) => false,
        ("patient", _) => looks && case.has_subject && case.own,
        (_, Financial) => false,
        ("clinician", Operational | Scheduling) if !case.has_subject => looks,
        ("clinician", _) => case.has_subject && case.care,
        ("front-desk", Scheduling) => true,
        ("front-desk" | "registration", Operational) => looks || case.has_subject,
        ("registration", Demographic | Identifier | Contact) => true,
        (_, Clinical | Contact | Demographic | Identifier | Operational | Scheduling) => false,
    }
}

/// Whether a role may use a verb that has no classes.
fn role_may(role: &str, case: &Case) -> bool {
    match case.verb {
        Verb::Relate if role == "front-desk" => {
            case.has_subject && case.record_type == "Appointment"
        }
        Verb::MatchIdentifier if role == "registration" => case.has_subject,
        Verb::Relate | Verb::MatchIdentifier | Verb::Import => role == "integration",
        Verb::ResolveAudit => role == "auditor" || role == "privacy-officer",
        Verb::Read | Verb::Search | Verb::Create | Verb::Update | Verb::Delete => false,
    }
}

/// The classes that a person or service in these roles may have here, whatever they requested.
fn allowed(case: &Case) -> Option<ClassSet> {
    let acting: Vec<&str> = case
        .roles
        .iter()
        .copied()
        .filter(|role| may_act(role, case.purpose))
        .collect();
    let integrates = acting.contains(&"integration");
    let authenticated = match case.assurance {
        Assurance::Local => integrates,
        Assurance::ServiceKey => case.service,
        Assurance::TwoFactor => !case.service,
    };
    let registers = integrates || acting.contains(&"registration");
    let new_patient = case.verb == Verb::Create && case.record_type == "Patient";
    if !case.same_tenant || !authenticated || (new_patient && !registers) {
        return None;
    }
    if !case.verb.is_per_class() {
        let may = acting.iter().any(|role| role_may(role, case));
        return may.then_some(ClassSet::NONE);
    }
    let mut classes = ClassSet::NONE;
    for class in DataClass::ALL {
        let closed = class == DataClass::Restricted && !integrates;
        if !closed && acting.iter().any(|role| role_allows(role, case, class)) {
            classes = classes.with(class);
        }
    }
    let lone = classes == ClassSet::of(DataClass::Operational) && case.has_subject;
    (!lone && !classes.is_empty()).then_some(classes)
}

fn expected(case: &Case) -> Option<ClassSet> {
    let allowed = allowed(case)?;
    let granted = allowed.intersection(case.asked);
    match case.verb {
        Verb::Read => {
            let hides = granted != case.asked;
            let lone = granted == ClassSet::of(DataClass::Operational) && case.has_subject;
            if granted.is_empty() || (lone && hides) {
                None
            } else {
                Some(granted)
            }
        }
        Verb::Search | Verb::Create | Verb::Update | Verb::Delete => {
            (granted == case.asked && !granted.is_empty()).then_some(granted)
        }
        Verb::Relate | Verb::MatchIdentifier | Verb::ResolveAudit | Verb::Import => {
            Some(ClassSet::NONE)
        }
    }
}

/// The sessions of the cases: made once, since each costs a signature.
pub(super) struct Sessions(Vec<((bool, Assurance), Session)>);

static SESSIONS: LazyLock<Sessions> = LazyLock::new(|| {
    let tenant = TenantId::random();
    let mut all = Vec::new();
    for service in [false, true] {
        for assurance in [
            Assurance::Local,
            Assurance::ServiceKey,
            Assurance::TwoFactor,
        ] {
            let principal = if service {
                Principal::Service(ServiceId::random())
            } else {
                Principal::Person(PersonId::random())
            };
            all.push(((service, assurance), session(tenant, principal, assurance)));
        }
    }
    Sessions(all)
});

static OTHER_TENANT: LazyLock<TenantId> = LazyLock::new(TenantId::random);

impl Case {
    /// A person with two factors requests all classes of a record with a subject, outside care.
    pub(super) fn new(role: &'static str, purpose: Purpose, verb: Verb) -> Self {
        Self {
            roles: vec![role],
            service: false,
            assurance: Assurance::TwoFactor,
            purpose,
            verb,
            record_type: "Observation",
            has_subject: true,
            care: false,
            own: false,
            same_tenant: true,
            asked: ClassSet::ALL,
        }
    }

    /// The decision of `decide`.
    pub(super) fn decide(&self) -> Decision {
        let (_, session) = SESSIONS
            .0
            .iter()
            .find(|(key, _)| *key == (self.service, self.assurance))
            .unwrap();
        let record_type = record_type(self.record_type);
        let ask = Ask {
            verb: self.verb,
            record_type: &record_type,
            tenant: if self.same_tenant {
                session.tenant()
            } else {
                *OTHER_TENANT
            },
            has_subject: self.has_subject,
            classes: self.asked,
            purpose: self.purpose,
        };
        let facts = Facts {
            care: self.care,
            own: self.own,
            ..facts(&self.roles)
        };
        decide(&DEFAULT, session, &ask, &facts, now())
    }

    fn check(&self) {
        assert_eq!(self.decide().outcome.ok(), expected(self), "{self:?}");
    }

    /// Checks the case with sets of classes around the allowed set, which matters for a verb that takes all or none.
    fn check_around(&self) {
        let mut case = self.clone();
        let allowed = allowed(self).unwrap_or(ClassSet::NONE);
        for asked in [ClassSet::ALL, allowed] {
            case.asked = asked;
            if !asked.is_empty() {
                case.check();
            }
        }
        for class in DataClass::ALL {
            case.asked = allowed.with(class);
            case.check();
            case.asked = ClassSet::of(class);
            case.check();
        }
    }
}

/// Whether the record has a subject, in care, own: every situation of a record.
pub(super) const SITUATIONS: [(bool, bool, bool); 5] = [
    (true, false, false),
    (true, true, false),
    (true, false, true),
    (true, true, true),
    (false, false, false),
];

pub(super) const TYPES: [&str; 3] = ["Patient", "Appointment", "Observation"];

#[test]
fn each_role_may_exactly_what_the_reference_says() {
    for role in ROLES.into_iter().chain(["nobody-knows"]) {
        for purpose in Purpose::ALL {
            for verb in Verb::ALL {
                for record_type in TYPES {
                    for (has_subject, care, own) in SITUATIONS {
                        let case = Case::new(role, purpose, verb);
                        Case {
                            record_type,
                            has_subject,
                            care,
                            own,
                            ..case
                        }
                        .check_around();
                    }
                }
            }
        }
    }
}

#[test]
fn each_kind_of_principal_may_exactly_what_the_reference_says() {
    let roles = [
        "clinician",
        "front-desk",
        "integration",
        "auditor",
        "security-administrator",
    ];
    for role in roles {
        for purpose in [Purpose::Treatment, Purpose::System] {
            for verb in [Verb::Read, Verb::Create, Verb::ResolveAudit, Verb::Import] {
                for ((service, assurance), _) in &SESSIONS.0 {
                    for same_tenant in [true, false] {
                        let case = Case::new(role, purpose, verb);
                        let (service, assurance) = (*service, *assurance);
                        Case {
                            service,
                            assurance,
                            same_tenant,
                            care: true,
                            ..case
                        }
                        .check_around();
                    }
                }
            }
        }
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let principal = (
        any::<bool>(),
        0..3_usize,
        0..Purpose::ALL.len(),
        0..Verb::ALL.len(),
    );
    let record = (
        0..TYPES.len(),
        any::<[bool; 3]>(),
        prop::bool::weighted(0.8),
    );
    let asked = subsequence(DataClass::ALL.to_vec(), 1..=8);
    (subsequence(ROLES.to_vec(), 0..=4), principal, record, asked).prop_map(
        |(
            roles,
            (service, assurance, purpose, verb),
            (kind, [subject, care, own], same),
            asked,
        )| {
            Case {
                roles,
                service,
                assurance: [
                    Assurance::TwoFactor,
                    Assurance::ServiceKey,
                    Assurance::Local,
                ][assurance],
                purpose: Purpose::ALL[purpose],
                verb: Verb::ALL[verb],
                record_type: TYPES[kind],
                has_subject: subject,
                care,
                own,
                same_tenant: same,
                asked: asked.into_iter().collect(),
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn several_roles_may_exactly_what_the_reference_says(case in cases()) {
        case.check();
    }

    #[test]
    fn rights_out_of_their_time_change_nothing(
        case in cases(),
        late in subsequence(ROLES.to_vec(), 0..=8),
        before in any::<bool>(),
    ) {
        let (_, session) = &SESSIONS.0[2];
        let record_type = record_type(case.record_type);
        let ask = Ask {
            verb: case.verb,
            record_type: &record_type,
            tenant: session.tenant(),
            has_subject: case.has_subject,
            classes: case.asked,
            purpose: case.purpose,
        };
        let mut facts = Facts { care: case.care, own: case.own, ..facts(&case.roles) };
        let plain = decide(&DEFAULT, session, &ask, &facts, now());
        let late = late.iter().map(|role| {
            let (from, until) = if before { (hours(-3), now()) } else { (hours(1), hours(3)) };
            Right { from, until, ..right(role) }
        });
        facts.rights = facts.rights.iter().cloned().chain(late).collect();
        prop_assert_eq!(plain, decide(&DEFAULT, session, &ask, &facts, now()));
    }
}
