//! The cost of a decision: cached (every row of a list), evaluated (the first of its kind), and of loading the default
//! bundle.

use std::hint::black_box;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use criterion::{BatchSize, Criterion};
use jiff::{SignedDuration, Timestamp};
use vouchsafe::access::{Ask, Bundle, Facts, Purpose, Right, Verb, decide};
use vouchsafe::class::ClassSet;
use vouchsafe::ids::{PersonId, RecordType, RightId, SessionId, TenantId};
use vouchsafe::session::{
    AccessTtl, Assurance, Issuer, NewSession, Principal, Session, VerifyingKeys,
};
use vouchsafe::trusted;

type Failed = Box<dyn std::error::Error>;

const SEED: [u8; 32] = [7; 32];

fn bundle() -> Result<Bundle, Failed> {
    let files = Bundle::default_files();
    let key = Ed25519KeyPair::from_seed_unchecked(&SEED)?;
    let public_key = key.public_key().as_ref().try_into()?;
    let signature = trusted::sign_bundle(&files, &SEED)?;
    Ok(trusted::bundle(&files, &signature, &public_key)?)
}

fn session(now: Timestamp) -> Result<Session, Failed> {
    let issuer = Issuer::new(&SEED, "issuer", "audience", AccessTtl::default())?;
    let keys = VerifyingKeys::new([issuer.public_key()]);
    let new = NewSession {
        id: SessionId::random(),
        tenant: TenantId::random(),
        principal: Principal::Person(PersonId::random()),
        assurance: Assurance::TwoFactor,
    };
    let token = issuer.issue(&new, now);
    let verifier = trusted::verifier(keys, "issuer", "audience");
    Ok(trusted::session(&verifier, &token, now)?)
}

fn facts(roles: &[&str], now: Timestamp) -> Result<Facts, Failed> {
    let hour = SignedDuration::from_hours(1);
    let right = |role: &&str| {
        Ok(Right {
            id: RightId::random(),
            role: role.parse()?,
            from: now.checked_sub(hour)?,
            until: now.checked_add(hour)?,
        })
    };
    let rights = roles.iter().map(right).collect::<Result<_, Failed>>()?;
    Ok(trusted::facts(rights, true, false))
}

fn ask<'a>(session: &Session, record_type: &'a RecordType) -> Ask<'a> {
    Ask {
        verb: Verb::Read,
        record_type,
        tenant: session.tenant(),
        has_subject: true,
        classes: ClassSet::ALL,
        purpose: Purpose::Treatment,
    }
}

fn decisions(criterion: &mut Criterion) -> Result<(), Failed> {
    let now: Timestamp = "2026-11-24T09:00:00Z".parse()?;
    let session = session(now)?;
    let bundle = bundle()?;
    let observation: RecordType = "Observation".parse()?;
    let one = facts(&["clinician"], now)?;
    let many = facts(
        &[
            "clinician",
            "front-desk",
            "registration",
            "auditor",
            "unknown",
        ],
        now,
    )?;

    let mut group = criterion.benchmark_group("decide");
    for (name, facts) in [
        ("remembered, 1 right", &one),
        ("remembered, 5 rights", &many),
    ] {
        group.bench_function(name, |bencher| {
            let ask = ask(&session, &observation);
            bencher.iter(|| decide(&bundle, &session, black_box(&ask), black_box(facts), now));
        });
    }
    let mut count = 0_u64;
    group.bench_function("evaluated, 8 classes", |bencher| {
        // A type that was not asked about before; more of them than the bundle caches.
        let fresh = || {
            count += 1;
            format!("T{count}").parse::<RecordType>()
        };
        bencher.iter_batched(
            fresh,
            |record_type| {
                record_type.map(|record_type| {
                    decide(&bundle, &session, &ask(&session, &record_type), &one, now)
                })
            },
            BatchSize::SmallInput,
        );
    });
    group.bench_function("open the default bundle", |bencher| {
        bencher.iter(self::bundle);
    });
    group.finish();
    Ok(())
}

fn main() -> Result<(), Failed> {
    let mut criterion = Criterion::default().configure_from_args();
    decisions(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}
