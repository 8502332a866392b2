//! The matrix of decisions under the policies in force.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{Context as Hasher, SHA256};
use data_encoding::HEXLOWER;
use jiff::{SignedDuration, Timestamp};
use vouchsafe::access::{Ask, Purpose, Right, Verb, decide};
use vouchsafe::class::{ClassSet, DataClass};
use vouchsafe::ids::{RecordType, TenantId};
use vouchsafe::session::Session;
use vouchsafe::trusted;
use vouchsafe_evidence::selftest::Access;
use vouchsafe_installation::{Installation, now};

use super::somebody::{self, Kind};

/// Types that policies name, and some that represent all others.
const TYPES: [&str; 6] = [
    "Patient",
    "Appointment",
    "Observation",
    "Practitioner",
    "Claim",
    "Location",
];
/// The relations of a record to the caller: it has a subject, the subject is in the caller's care, it is the caller's
/// own.
const SITUATIONS: [(bool, bool, bool); 5] = [
    (true, false, false),
    (true, true, false),
    (true, false, true),
    (true, true, true),
    (false, false, false),
];
/// A role that no policy knows.
const UNKNOWN: &str = "no-such-role";
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Asks for every access, as every kind of principal.
pub(super) fn matrix(installation: &Installation) -> anyhow::Result<Access> {
    let at = now();
    let mut types = Vec::new();
    for name in TYPES {
        if let Some(declared) = installation.engine().pack().record_type(name) {
            types.push(declared.record_type().clone());
        }
    }
    let sessions = [
        somebody::session(installation.tenant(), Kind::Person, at)?,
        somebody::session(installation.tenant(), Kind::Program, at)?,
    ];
    let mut matrix = Matrix {
        installation,
        types,
        sessions,
        at,
        asks: 0,
        hasher: Hasher::new(&SHA256),
    };
    let roles: Vec<String> = installation
        .bundle()
        .roles()
        .map(ToString::to_string)
        .collect();
    let mut allowed = BTreeMap::new();
    let tenant = installation.tenant();
    let (mut elsewhere, mut out_of_time) = (0, 0);
    for role in &roles {
        let right = somebody::right(role, at, HOUR)?;
        allowed.insert(
            role.clone(),
            matrix.ask(std::slice::from_ref(&right), tenant, at),
        );
        elsewhere += matrix.ask(std::slice::from_ref(&right), TenantId::random(), at);
        // The session ends with its token; the right ended a second ago.
        let later = at.saturating_add(HOUR)?;
        let lasting = somebody::right(role, at, HOUR.saturating_mul(24))?;
        out_of_time += matrix.ask(&[lasting], tenant, later);
        let over = somebody::right(role, at, SignedDuration::from_secs(-1))?;
        out_of_time += matrix.ask(&[over], tenant, at);
    }
    let unknown = somebody::right(UNKNOWN, at, HOUR)?;
    let without = matrix.ask(&[], tenant, at) + matrix.ask(&[unknown], tenant, at);
    Ok(Access {
        bundle: installation.bundle().hash().to_string(),
        asks: matrix.asks,
        allowed,
        matrix: HEXLOWER.encode(matrix.hasher.finish().as_ref()),
        allowed_without_role: without,
        allowed_elsewhere: elsewhere,
        allowed_out_of_time: out_of_time,
        routes: vouchsafe_fhir::ROUTES.len() as u64,
    })
}

struct Matrix<'s> {
    installation: &'s Installation,
    types: Vec<RecordType>,
    sessions: [Session; 2],
    at: Timestamp,
    asks: u64,
    hasher: Hasher,
}

impl Matrix<'_> {
    /// The accesses that a principal with these rights has in a tenant at a time.
    fn ask(&mut self, rights: &[Right], tenant: TenantId, at: Timestamp) -> u64 {
        debug_assert!(at >= self.at);
        let mut allowed = 0;
        let mut answers = Vec::new();
        for session in &self.sessions {
            for purpose in Purpose::ALL {
                for record_type in &self.types {
                    for (has_subject, care, own) in SITUATIONS {
                        let facts = trusted::facts(rights.into(), care, own);
                        for (verb, classes) in asks() {
                            let ask = Ask {
                                verb,
                                record_type,
                                tenant,
                                has_subject,
                                classes,
                                purpose,
                            };
                            let decision =
                                decide(self.installation.bundle(), session, &ask, &facts, at);
                            let may = decision.outcome.is_ok();
                            allowed += u64::from(may);
                            answers.push(u8::from(may));
                        }
                    }
                }
            }
        }
        self.asks += answers.len() as u64;
        self.hasher.update(&answers);
        allowed
    }
}

/// Each verb, with each class if the verb is decided by class.
fn asks() -> impl Iterator<Item = (Verb, ClassSet)> {
    Verb::ALL.into_iter().flat_map(|verb| {
        let classes: Vec<ClassSet> = if verb.is_per_class() {
            // `operational` of a record with a subject is granted only beside another class.
            DataClass::ALL.into_iter().map(ClassSet::of).collect()
        } else {
            vec![ClassSet::NONE]
        };
        classes.into_iter().map(move |classes| (verb, classes))
    })
}
