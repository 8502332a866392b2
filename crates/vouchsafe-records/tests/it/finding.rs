//! Queries, and the indexes that they are served from.

use vouchsafe::ids::{RecordId, SubjectId};
use vouchsafe_records::search::{Order, Window};
use vouchsafe_records::store::After;

use crate::bench::{Bench, entry, later, lookup, on_both, tag};

on_both!(
    records_are_found_by_subject_and_id,
    records_are_found_by_all_of_any_tags,
    only_replaced_indexes_lose_their_entries,
    versions_of_the_index_key_stand_side_by_side,
    pages_follow_one_another_in_every_order,
    records_are_found_by_when_they_were_written,
    lists_may_be_long,
);

async fn records_are_found_by_subject_and_id(bench: &Bench) {
    let (ann, bob) = (SubjectId::random(), SubjectId::random());
    let ids: Vec<RecordId> = (0..4).map(|_| RecordId::random()).collect();
    let rows = vec![
        bench.new_record("Account", ids[0], Some(ann)),
        bench.new_record("Account", ids[1], Some(bob)),
        bench.new_record("Card", ids[2], Some(ann)),
        bench.new_record("Account", ids[3], Some(SubjectId::random())),
    ];
    bench.write(rows).await.unwrap();
    let mut query = bench.query("Account");
    query.subjects = Some(vec![ann]);
    assert_eq!(bench.found(&query).await, [ids[0]]);
    query.subjects = Some(vec![ann, bob]);
    assert_eq!(bench.found(&query).await.len(), 2);
    query.ids = Some(vec![ids[1], ids[2], ids[3]]);
    assert_eq!(bench.found(&query).await, [ids[1]]);
    query.ids = Some(Vec::new());
    assert_eq!(bench.found(&query).await, []);
}

async fn records_are_found_by_all_of_any_tags(bench: &Bench) {
    let ids: Vec<RecordId> = (0..3).map(|_| RecordId::random()).collect();
    let with = |id, tags: &[(&str, u8)]| {
        let mut row = bench.new_record("Customer", id, Some(SubjectId::random()));
        row.tags = tags
            .iter()
            .map(|(index, byte)| entry(index, *byte))
            .collect();
        row
    };
    let rows = vec![
        // One tag twice: two values of one record may have the same.
        with(ids[0], &[("family", 1), ("family", 1), ("given", 1)]),
        with(ids[1], &[("family", 1), ("given", 2)]),
        with(ids[2], &[("family", 3), ("given", 1)]),
    ];
    bench.write(rows).await.unwrap();
    let found = async |lookups: Vec<_>| {
        let mut query = bench.query("Customer");
        query.lookups = lookups;
        let mut found = bench.found(&query).await;
        found.sort_unstable();
        found
    };
    let sorted = |mut ids: Vec<RecordId>| {
        ids.sort_unstable();
        ids
    };
    assert_eq!(
        found(vec![lookup("family", &[1])]).await,
        sorted(vec![ids[0], ids[1]])
    );
    assert_eq!(
        found(vec![lookup("family", &[1, 3])]).await,
        sorted(ids.clone())
    );
    assert_eq!(
        found(vec![lookup("family", &[1]), lookup("given", &[1])]).await,
        [ids[0]]
    );
    // An index's tags are its own, and a tag of zero bytes is one too.
    assert_eq!(found(vec![lookup("birthdate", &[1])]).await, []);
    assert_eq!(found(vec![lookup("family", &[0])]).await, []);
    assert_eq!(found(vec![lookup("unheard", &[1])]).await, []);
    assert_eq!(found(vec![lookup("family", &[])]).await, []);
}

async fn only_replaced_indexes_lose_their_entries(bench: &Bench) {
    let (id, subject) = (RecordId::random(), Some(SubjectId::random()));
    let mut row = bench.new_record("Customer", id, subject);
    row.tags = vec![entry("family", 1), entry("identifier", 1)];
    bench.write(vec![row]).await.unwrap();
    let mut row = bench.version("Customer", id, subject, 2, &[("financial", 1, None)]);
    row.tags = vec![entry("family", 2)];
    row.replaced_indexes = vec!["family".into(), "given".into()];
    bench.write(vec![row]).await.unwrap();
    let found = async |index, byte| {
        let mut query = bench.query("Customer");
        query.lookups = vec![lookup(index, &[byte])];
        bench.found(&query).await
    };
    assert_eq!(found("family", 1).await, []);
    assert_eq!(found("family", 2).await, [id]);
    assert_eq!(found("identifier", 1).await, [id]);
}

async fn versions_of_the_index_key_stand_side_by_side(bench: &Bench) {
    let id = RecordId::random();
    let mut row = bench.new_record("Customer", id, Some(SubjectId::random()));
    let mut newer = entry("family", 9);
    newer.version = 2;
    row.tags = vec![entry("family", 1), newer];
    bench.write(vec![row]).await.unwrap();
    let mut query = bench.query("Customer");
    query.lookups = vec![lookup("family", &[9])];
    assert_eq!(bench.found(&query).await, []);
    query.lookups[0].version = 2;
    assert_eq!(bench.found(&query).await, [id]);
    query.lookups[0].any = vec![tag(1)];
    assert_eq!(bench.found(&query).await, []);
}

async fn pages_follow_one_another_in_every_order(bench: &Bench) {
    let subject = SubjectId::random();
    let mut written = Vec::new();
    for number in 0..25_i64 {
        let id = RecordId::random();
        // Five each at the same time.
        let at = later(number / 5);
        bench
            .write_at(vec![bench.new_record("Account", id, Some(subject))], at)
            .await
            .unwrap();
        written.push((at, id));
    }
    for order in [Order::Id, Order::LastUpdated, Order::LastUpdatedDescending] {
        let mut expected = written.clone();
        match order {
            Order::Id => expected.sort_by_key(|(_, id)| *id),
            Order::LastUpdated => expected.sort(),
            Order::LastUpdatedDescending => {
                expected.sort();
                expected.reverse();
            }
        }
        let mut query = bench.query("Account");
        query.subjects = Some(vec![subject]);
        query.order = order;
        query.limit = 4;
        let mut found = Vec::new();
        loop {
            let page = bench.store.candidates(bench.tenant, &query).await.unwrap();
            let Some(last) = page.last() else { break };
            query.after = Some(After::of(order, last));
            found.extend(
                page.iter()
                    .map(|stored| (stored.last_updated, stored.record.key.id)),
            );
        }
        assert_eq!(found, expected, "{order:?}");
    }
}

async fn records_are_found_by_when_they_were_written(bench: &Bench) {
    let ids: Vec<RecordId> = (0..3).map(|_| RecordId::random()).collect();
    for (seconds, id) in (0..).zip(&ids) {
        let row = bench.new_record("Account", *id, Some(SubjectId::random()));
        bench.write_at(vec![row], later(seconds)).await.unwrap();
    }
    let mut query = bench.query("Account");
    query.updated = Window {
        from: Some(later(1).as_duration()),
        until: Some(later(2).as_duration()),
    };
    assert_eq!(bench.found(&query).await, [ids[1]]);
    query.updated = Window {
        from: Some(later(1).as_duration()),
        until: None,
    };
    assert_eq!(bench.found(&query).await.len(), 2);
}

async fn lists_may_be_long(bench: &Bench) {
    let (id, subject) = (RecordId::random(), SubjectId::random());
    bench
        .write(vec![bench.new_record("Account", id, Some(subject))])
        .await
        .unwrap();
    let mut query = bench.query("Account");
    let strangers = std::iter::repeat_with(SubjectId::random).take(40_000);
    query.subjects = Some(strangers.chain([subject]).collect());
    assert_eq!(bench.found(&query).await, [id]);
    query.ids = Some(
        std::iter::repeat_with(RecordId::random)
            .take(40_000)
            .chain([id])
            .collect(),
    );
    assert_eq!(bench.found(&query).await, [id]);
}
