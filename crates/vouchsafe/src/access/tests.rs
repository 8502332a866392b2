mod attacks;
mod bundles;
mod reference;
mod table;

use std::sync::LazyLock;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::class::DataClass;
use crate::ids::{PersonId, ServiceId, SessionId};
use crate::session::{
    AccessTtl, Assurance, Issuer, NewSession, Principal, Verifier, VerifyingKeys,
};

const SEED: [u8; 32] = [7; 32];
const ROLES: [&str; 8] = [
    "auditor",
    "clinician",
    "front-desk",
    "integration",
    "patient",
    "privacy-officer",
    "registration",
    "security-administrator",
];

static DEFAULT: LazyLock<Bundle> = LazyLock::new(|| open(&Bundle::default_files()).unwrap());

fn public_key(seed: &[u8; 32]) -> [u8; 32] {
    let key = Ed25519KeyPair::from_seed_unchecked(seed).unwrap();
    key.public_key().as_ref().try_into().unwrap()
}

fn open(files: &BundleFiles) -> Result<Bundle, BundleRefused> {
    Bundle::open(files, &Bundle::sign(files, &SEED)?, &public_key(&SEED))
}

fn now() -> Timestamp {
    "2026-11-24T09:00:00Z".parse().unwrap()
}

fn hours(hours: i64) -> Timestamp {
    now() + SignedDuration::from_hours(hours)
}

/// A session, made by the verifier as every session is.
fn session(tenant: TenantId, principal: Principal, assurance: Assurance) -> Session {
    let new = NewSession {
        id: SessionId::random(),
        tenant,
        principal,
        assurance,
    };
    let issuer = Issuer::new(
        &[9; 32],
        "https://issuer",
        "https://audience",
        AccessTtl::default(),
    );
    let issuer = issuer.unwrap();
    let keys = VerifyingKeys::new([issuer.public_key()]);
    let verifier = Verifier::new(keys, "https://issuer", "https://audience");
    verifier.verify(&issuer.issue(&new, now()), now()).unwrap()
}

fn person(tenant: TenantId) -> Session {
    session(
        tenant,
        Principal::Person(PersonId::random()),
        Assurance::TwoFactor,
    )
}

fn service(tenant: TenantId) -> Session {
    session(
        tenant,
        Principal::Service(ServiceId::random()),
        Assurance::ServiceKey,
    )
}

fn right(role: &str) -> Right {
    Right {
        id: RightId::random(),
        role: role.parse().unwrap(),
        from: hours(-1),
        until: hours(1),
    }
}

fn facts(roles: &[&str]) -> Facts {
    Facts {
        rights: roles.iter().map(|role| right(role)).collect(),
        care: false,
        own: false,
    }
}

/// The first right, to change it.
fn first(facts: &mut Facts) -> &mut Right {
    &mut Arc::get_mut(&mut facts.rights).unwrap()[0]
}

fn in_care(roles: &[&str]) -> Facts {
    Facts {
        care: true,
        ..facts(roles)
    }
}

fn record_type(name: &str) -> RecordType {
    name.parse().unwrap()
}

fn classes(names: &str) -> ClassSet {
    names
        .split_whitespace()
        .map(|name| name.parse::<DataClass>().unwrap())
        .collect()
}

/// A request for treatment about a record with a subject.
fn ask(verb: Verb, record_type: &RecordType, tenant: TenantId, classes: ClassSet) -> Ask<'_> {
    Ask {
        verb,
        record_type,
        tenant,
        has_subject: true,
        classes,
        purpose: Purpose::Treatment,
    }
}

#[test]
fn a_clinician_reads_of_a_patient_in_care_all_but_financial_and_restricted() {
    let session = person(TenantId::random());
    let observation = record_type("Observation");
    let ask = ask(Verb::Read, &observation, session.tenant(), ClassSet::ALL);
    let decision = decide(&DEFAULT, &session, &ask, &in_care(&["clinician"]), now());
    let seen = classes("operational scheduling demographic contact identifier clinical");
    assert_eq!(decision.outcome, Ok(seen));
    assert_eq!(decision.policies, ["clinician-in-care"]);
    assert_eq!(decision.roles, ["clinician".parse().unwrap()]);
    assert_eq!(decision.bundle, DEFAULT.hash());
}

#[test]
fn a_read_answers_what_is_held_and_allowed_and_no_more() {
    let session = person(TenantId::random());
    let appointment = record_type("Appointment");
    let held = classes("scheduling clinical restricted");
    let ask = ask(Verb::Read, &appointment, session.tenant(), held);
    let decision = decide(&DEFAULT, &session, &ask, &facts(&["front-desk"]), now());
    assert_eq!(decision.outcome, Ok(classes("scheduling")));
}

#[test]
fn a_write_or_search_gets_all_that_it_names_or_nothing() {
    let session = person(TenantId::random());
    let appointment = record_type("Appointment");
    for verb in [Verb::Search, Verb::Create, Verb::Update, Verb::Delete] {
        let decide = |names: &str| {
            let ask = ask(verb, &appointment, session.tenant(), classes(names));
            decide(&DEFAULT, &session, &ask, &facts(&["front-desk"]), now()).outcome
        };
        assert_eq!(
            decide("operational scheduling"),
            Ok(classes("operational scheduling"))
        );
        assert_eq!(
            decide("operational scheduling clinical"),
            Err(Denied::NoPermit)
        );
        assert_eq!(decide("scheduling restricted"), Err(Denied::Forbidden));
    }
}

#[test]
fn the_operational_part_alone_of_somebodys_record_is_not_shown() {
    let session = person(TenantId::random());
    let observation = record_type("Observation");
    let facts = facts(&["clinician"]);
    // A bundle that permits operational without care: the engine still refuses.
    let mut files = Bundle::default_files();
    files.insert(
        "wide.cedar",
        r#"@id("wide") @control("x") @owner("x")
           permit (principal in Role::"clinician", action == Action::"read-operational", resource);"#,
    );
    let bundle = open(&files).unwrap();
    let mut ask = ask(Verb::Read, &observation, session.tenant(), ClassSet::ALL);
    assert_eq!(
        decide(&bundle, &session, &ask, &facts, now()).outcome,
        Err(Denied::NoPermit)
    );
    ask.has_subject = false;
    let seen = decide(&bundle, &session, &ask, &facts, now()).outcome;
    assert_eq!(seen, Ok(classes("operational scheduling")));
}

#[test]
fn a_record_of_which_only_the_operational_part_may_be_seen_is_hidden() {
    // The front desk sees scheduling, a class that a patient's record does not have.
    let session = person(TenantId::random());
    let patient = record_type("Patient");
    let outcome = |held: &str| {
        let ask = ask(Verb::Read, &patient, session.tenant(), classes(held));
        decide(&DEFAULT, &session, &ask, &facts(&["front-desk"]), now()).outcome
    };
    assert_eq!(
        outcome("operational demographic contact"),
        Err(Denied::NoPermit)
    );
    assert_eq!(
        outcome("operational scheduling clinical"),
        Ok(classes("operational scheduling"))
    );
}

#[test]
fn operational_alone_is_shown_to_whoever_could_see_more() {
    let session = person(TenantId::random());
    let observation = record_type("Observation");
    let ask = ask(
        Verb::Read,
        &observation,
        session.tenant(),
        classes("operational"),
    );
    let outcome = |facts: &Facts| decide(&DEFAULT, &session, &ask, facts, now()).outcome;
    assert_eq!(
        outcome(&in_care(&["clinician"])),
        Ok(classes("operational"))
    );
    assert_eq!(outcome(&facts(&["clinician"])), Err(Denied::NoPermit));
}

#[test]
fn a_new_patient_comes_from_registration_or_an_import() {
    let session = person(TenantId::random());
    let patient = record_type("Patient");
    let create = |role: &str, names: &str| {
        let ask = ask(Verb::Create, &patient, session.tenant(), classes(names));
        decide(&DEFAULT, &session, &ask, &in_care(&[role]), now())
    };
    let supplied = "operational demographic identifier contact";
    assert!(create("registration", supplied).outcome.is_ok());
    assert!(create("integration", supplied).outcome.is_ok());
    let refused = create("clinician", supplied);
    assert_eq!(refused.outcome, Err(Denied::Forbidden));
    assert_eq!(refused.policies, ["guard-new-subject"]);
}

#[test]
fn several_roles_add_up() {
    let session = person(TenantId::random());
    let patient = record_type("Patient");
    let ask = ask(Verb::Read, &patient, session.tenant(), ClassSet::ALL);
    let decision = decide(
        &DEFAULT,
        &session,
        &ask,
        &facts(&["registration", "front-desk"]),
        now(),
    );
    let seen = classes("operational scheduling demographic contact identifier");
    assert_eq!(decision.outcome, Ok(seen));
    assert_eq!(
        decision.policies,
        ["front-desk-scheduling", "registration-identity"]
    );
}

#[test]
fn an_answer_is_the_same_when_it_is_remembered() {
    let session = person(TenantId::random());
    let observation = record_type("Observation");
    let facts = in_care(&["clinician"]);
    for wanted in [ClassSet::ALL, classes("clinical"), classes("financial")] {
        let ask = ask(Verb::Read, &observation, session.tenant(), wanted);
        let fresh = open(&Bundle::default_files()).unwrap();
        let first = decide(&fresh, &session, &ask, &facts, now());
        assert_eq!(first, decide(&fresh, &session, &ask, &facts, now()));
        assert_eq!(first, decide(&DEFAULT, &session, &ask, &facts, now()));
    }
}

#[test]
fn names_of_verbs_purposes_and_refusals_are_distinct() {
    let verbs: std::collections::BTreeSet<_> = Verb::ALL.iter().map(|verb| verb.name()).collect();
    assert_eq!(verbs.len(), Verb::ALL.len());
    for purpose in Purpose::ALL {
        assert_eq!(purpose.code().parse(), Ok(purpose));
    }
    assert!("treat".parse::<Purpose>().is_err());
    for name in ["", "Clinician", "1st", "a b", "a\"", &"a".repeat(65)] {
        assert!(name.parse::<RoleName>().is_err(), "{name}");
    }
}
