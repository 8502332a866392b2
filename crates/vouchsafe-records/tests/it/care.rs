//! Relations: who has care of whom, and when.

use jiff::Timestamp;
use vouchsafe::ids::{IntentId, RecordId, SubjectId, TenantId};
use vouchsafe_records::pack::Reference;
use vouchsafe_records::store::{Assignment, Store, StoreError};

use crate::bench::{Bench, later, now, on_both, practitioner, relation};

on_both!(
    care_is_from_until,
    relations_follow_their_record,
    care_is_of_one_tenant,
    subjects_in_care_are_listed_once,
    assignments_begin_and_end,
    the_longer_of_two_relations_holds,
);

async fn is_in_care(
    store: &Store,
    tenant: TenantId,
    who: &[Reference],
    subject: SubjectId,
    at: Timestamp,
) -> bool {
    let asked = store.in_care_many(tenant, who, &[subject], at).await;
    asked.unwrap() == [true]
}

async fn care_is_from_until(bench: &Bench) {
    let subject = SubjectId::random();
    let doctor = practitioner(RecordId::random());
    let mut row = bench.new_record("CareTeam", RecordId::random(), Some(subject));
    row.relations = Some(vec![relation(&doctor, later(10), later(20))]);
    bench.write(vec![row]).await.unwrap();
    let in_care = async |who: &[Reference], seconds| {
        is_in_care(&bench.store, bench.tenant, who, subject, later(seconds)).await
    };
    let who = [practitioner(RecordId::random()), doctor];
    for (seconds, expected) in [(9, false), (10, true), (19, true), (20, false)] {
        assert_eq!(in_care(&who, seconds).await, expected, "{seconds}");
    }
    assert!(!in_care(&who[..1], 15).await);
    assert!(!in_care(&[], 15).await);
    assert!(!in_care(&[Reference::Foreign], 15).await);
}

async fn relations_follow_their_record(bench: &Bench) {
    let (id, subject) = (RecordId::random(), Some(SubjectId::random()));
    let (ann, bob) = (
        practitioner(RecordId::random()),
        practitioner(RecordId::random()),
    );
    let mut row = bench.new_record("CareTeam", id, subject);
    row.relations = Some(vec![relation(&ann, now(), later(100))]);
    bench.write(vec![row]).await.unwrap();
    let carers = async || {
        let rows = bench
            .store
            .relations_by(&bench.key("CareTeam", id))
            .await
            .unwrap();
        rows.into_iter()
            .map(|row| row.beneficiary)
            .collect::<Vec<_>>()
    };
    assert_eq!(carers().await, std::slice::from_ref(&ann));
    // Nothing said: that stays.
    let row = bench.version("CareTeam", id, subject, 2, &[("clinical", 1, None)]);
    bench.write(vec![row]).await.unwrap();
    assert_eq!(carers().await, std::slice::from_ref(&ann));
    let mut row = bench.version("CareTeam", id, subject, 3, &[("clinical", 1, None)]);
    row.relations = Some(vec![
        relation(&bob, now(), later(100)),
        relation(&Reference::Foreign, now(), later(9)),
    ]);
    bench.write(vec![row]).await.unwrap();
    assert_eq!(carers().await, std::slice::from_ref(&bob));
    let mut row = bench.tombstone("CareTeam", id, subject, 4);
    row.relations = Some(Vec::new());
    bench.write(vec![row]).await.unwrap();
    assert_eq!(carers().await, []);
    assert!(!is_in_care(&bench.store, bench.tenant, &[bob], subject.unwrap(), now()).await);
}

async fn care_is_of_one_tenant(bench: &Bench) {
    let subject = SubjectId::random();
    let doctor = practitioner(RecordId::random());
    let mut row = bench.new_record("CareTeam", RecordId::random(), Some(subject));
    row.relations = Some(vec![relation(&doctor, now(), later(100))]);
    bench.write(vec![row]).await.unwrap();
    let other = TenantId::random();
    assert!(!is_in_care(&bench.store, other, &[doctor], subject, now()).await);
}

async fn subjects_in_care_are_listed_once(bench: &Bench) {
    let doctor = practitioner(RecordId::random());
    let mut subjects: Vec<SubjectId> = (0..5).map(|_| SubjectId::random()).collect();
    let rows = subjects.iter().chain(&subjects).map(|subject| {
        let mut row = bench.new_record("CareTeam", RecordId::random(), Some(*subject));
        row.relations = Some(vec![relation(&doctor, now(), later(100))]);
        row
    });
    bench.write(rows.collect()).await.unwrap();
    subjects.sort_unstable();
    let who = [doctor];
    let found = bench
        .store
        .subjects_in_care(bench.tenant, &who, now())
        .await
        .unwrap();
    assert_eq!(found, subjects);
    let asked = [subjects[3], SubjectId::random(), subjects[0]];
    let many = bench
        .store
        .in_care_many(bench.tenant, &who, &asked, now())
        .await
        .unwrap();
    assert_eq!(many, [true, false, true]);
}

async fn assignments_begin_and_end(bench: &Bench) {
    let assignment = Assignment {
        id: RecordId::random(),
        subject: SubjectId::random(),
        beneficiary: practitioner(RecordId::random()),
        from: now(),
        until: later(1_000),
    };
    let (store, tenant) = (&bench.store, bench.tenant);
    let who = [assignment.beneficiary.clone()];
    let in_care =
        async |seconds| is_in_care(store, tenant, &who, assignment.subject, later(seconds)).await;
    let intent = IntentId::new_ordered(now());
    let staged = store
        .stage_assignment(tenant, intent, now(), &assignment)
        .await
        .unwrap();
    staged.commit().await.unwrap();
    assert!(in_care(500).await);
    let end = async || {
        let intent = IntentId::new_ordered(now());
        let staged = store.stage_end_of_assignment(tenant, intent, later(100), assignment.id);
        staged.await?.commit().await
    };
    end().await.unwrap();
    assert!(in_care(99).await && !in_care(100).await);
    assert_eq!(end().await, Err(StoreError::NotFound));
}

async fn the_longer_of_two_relations_holds(bench: &Bench) {
    let (id, subject) = (RecordId::random(), Some(SubjectId::random()));
    let doctor = practitioner(RecordId::random());
    let mut row = bench.new_record("CareTeam", id, subject);
    row.relations = Some(vec![
        relation(&doctor, now(), later(10)),
        relation(&doctor, now(), later(30)),
        relation(&doctor, now(), later(20)),
    ]);
    bench.write(vec![row]).await.unwrap();
    let rows = bench
        .store
        .relations_by(&bench.key("CareTeam", id))
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].until, later(30));
}
