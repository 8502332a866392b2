//! Relations: who has care of whom, and when.

use jiff::Timestamp;
use vouchsafe::ids::{RecordId, SubjectId, TenantId};
use vouchsafe_records::pack::Reference;
use vouchsafe_records::store::Store;

use crate::bench::{Bench, adviser, later, now, on_both, relation};

on_both!(
    care_is_from_until,
    relations_follow_their_record,
    care_is_of_one_tenant,
    subjects_in_care_are_listed_once,
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
    let doctor = adviser(RecordId::random());
    let mut row = bench.new_record("Mandate", RecordId::random(), Some(subject));
    row.relations = Some(vec![relation(&doctor, later(10), later(20))]);
    bench.write(vec![row]).await.unwrap();
    let in_care = async |who: &[Reference], seconds| {
        is_in_care(&bench.store, bench.tenant, who, subject, later(seconds)).await
    };
    let who = [adviser(RecordId::random()), doctor];
    for (seconds, expected) in [(9, false), (10, true), (19, true), (20, false)] {
        assert_eq!(in_care(&who, seconds).await, expected, "{seconds}");
    }
    assert!(!in_care(&who[..1], 15).await);
    assert!(!in_care(&[], 15).await);
    assert!(!in_care(&[Reference::Foreign], 15).await);
}

async fn relations_follow_their_record(bench: &Bench) {
    let (id, subject) = (RecordId::random(), Some(SubjectId::random()));
    let (ann, bob) = (adviser(RecordId::random()), adviser(RecordId::random()));
    let mut row = bench.new_record("Mandate", id, subject);
    row.relations = Some(vec![relation(&ann, now(), later(100))]);
    bench.write(vec![row]).await.unwrap();
    let carers = async || {
        let rows = bench
            .store
            .relations_by(&bench.key("Mandate", id))
            .await
            .unwrap();
        rows.into_iter()
            .map(|row| row.beneficiary)
            .collect::<Vec<_>>()
    };
    assert_eq!(carers().await, std::slice::from_ref(&ann));
    // Nothing said: that stays.
    let row = bench.version("Mandate", id, subject, 2, &[("financial", 1, None)]);
    bench.write(vec![row]).await.unwrap();
    assert_eq!(carers().await, std::slice::from_ref(&ann));
    let mut row = bench.version("Mandate", id, subject, 3, &[("financial", 1, None)]);
    row.relations = Some(vec![
        relation(&bob, now(), later(100)),
        relation(&Reference::Foreign, now(), later(9)),
    ]);
    bench.write(vec![row]).await.unwrap();
    assert_eq!(carers().await, std::slice::from_ref(&bob));
    let mut row = bench.tombstone("Mandate", id, subject, 4);
    row.relations = Some(Vec::new());
    bench.write(vec![row]).await.unwrap();
    assert_eq!(carers().await, []);
    assert!(!is_in_care(&bench.store, bench.tenant, &[bob], subject.unwrap(), now()).await);
}

async fn care_is_of_one_tenant(bench: &Bench) {
    let subject = SubjectId::random();
    let doctor = adviser(RecordId::random());
    let mut row = bench.new_record("Mandate", RecordId::random(), Some(subject));
    row.relations = Some(vec![relation(&doctor, now(), later(100))]);
    bench.write(vec![row]).await.unwrap();
    let other = TenantId::random();
    assert!(!is_in_care(&bench.store, other, &[doctor], subject, now()).await);
}

async fn subjects_in_care_are_listed_once(bench: &Bench) {
    let doctor = adviser(RecordId::random());
    let mut subjects: Vec<SubjectId> = (0..5).map(|_| SubjectId::random()).collect();
    let rows = subjects.iter().chain(&subjects).map(|subject| {
        let mut row = bench.new_record("Mandate", RecordId::random(), Some(*subject));
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

async fn the_longer_of_two_relations_holds(bench: &Bench) {
    let (id, subject) = (RecordId::random(), Some(SubjectId::random()));
    let doctor = adviser(RecordId::random());
    let mut row = bench.new_record("Mandate", id, subject);
    row.relations = Some(vec![
        relation(&doctor, now(), later(10)),
        relation(&doctor, now(), later(30)),
        relation(&doctor, now(), later(20)),
    ]);
    bench.write(vec![row]).await.unwrap();
    let rows = bench
        .store
        .relations_by(&bench.key("Mandate", id))
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].until, later(30));
}
