//! Versions of records: what is written is what is read.

use std::sync::Arc;

use vouchsafe::ids::{RecordId, SubjectId, TenantId, Version};
use vouchsafe_records::store::{StoreError, StoredRecord};

use crate::bench::{Bench, later, now, on_both, only, text, written};

on_both!(
    more_readers_than_connections,
    a_record_is_read_as_it_was_written,
    blobs_are_carried_from_version_to_version,
    a_version_that_is_not_expected_is_a_conflict,
    of_concurrent_updates_one_wins,
    a_deletion_is_a_version,
    a_subject_never_changes,
    tenants_do_not_see_one_another,
    heads_come_in_the_order_asked_for,
    a_conflict_undoes_the_whole_transaction,
    many_records_at_once,
);

fn blobs(stored: &StoredRecord) -> Vec<(String, u32, String)> {
    let mut blobs: Vec<_> = stored
        .record
        .blobs
        .iter()
        .map(|b| {
            (
                b.slot.to_string(),
                b.sealed_version.number(),
                text(b).to_owned(),
            )
        })
        .collect();
    blobs.sort();
    blobs
}

async fn a_record_is_read_as_it_was_written(bench: &Bench) {
    let (id, subject) = (RecordId::random(), SubjectId::random());
    let slots = [
        ("financial", 1, Some("one")),
        ("identifier+tax", 1, Some("two")),
    ];
    let row = bench.version("Customer", id, Some(subject), 1, &slots);
    bench.write(vec![row.clone()]).await.unwrap();
    let key = bench.key("Customer", id);
    let stored = bench.store.read(&key, None).await.unwrap().unwrap();
    assert_eq!(stored.record.key, key);
    assert_eq!(stored.record.version, Version::FIRST);
    assert_eq!(stored.record.owner, row.record.owner);
    assert_eq!(stored.record.manifest, row.record.manifest);
    assert_eq!(stored.subject, Some(subject));
    assert_eq!((stored.deleted, stored.last_updated), (false, now()));
    let one = ("financial".to_owned(), 1, "one".to_owned());
    let two = ("identifier+tax".to_owned(), 1, "two".to_owned());
    assert_eq!(blobs(&stored), [one, two]);
    let absent = bench.key("Customer", RecordId::random());
    assert!(bench.store.read(&absent, None).await.unwrap().is_none());
    let second = Version::new(2);
    assert!(bench.store.read(&key, second).await.unwrap().is_none());
    assert!(
        bench
            .store
            .read(&bench.key("Unheard", id), None)
            .await
            .unwrap()
            .is_none()
    );
}

async fn blobs_are_carried_from_version_to_version(bench: &Bench) {
    let (id, subject) = (RecordId::random(), Some(SubjectId::random()));
    let versions = [
        vec![
            ("financial", 1, Some("c1")),
            ("contact", 1, Some("t1")),
            ("identifier", 1, Some("i1")),
        ],
        vec![
            ("financial", 2, Some("c2")),
            ("contact", 1, None),
            ("identifier", 1, None),
        ],
        vec![("financial", 2, None), ("identifier", 3, Some("i3"))],
        vec![
            ("financial", 2, None),
            ("contact", 4, Some("t4")),
            ("identifier", 3, None),
        ],
    ];
    for (number, slots) in (1..).zip(&versions) {
        let row = bench.version("Customer", id, subject, number, slots);
        bench
            .write_at(vec![row], later(number.into()))
            .await
            .unwrap();
    }
    let key = bench.key("Customer", id);
    let texts = async |version| {
        let stored = bench.store.read(&key, version).await.unwrap().unwrap();
        let texts: Vec<String> = blobs(&stored).into_iter().map(|(.., text)| text).collect();
        texts.join(" ")
    };
    assert_eq!(texts(Version::new(1)).await, "t1 c1 i1");
    assert_eq!(texts(Version::new(2)).await, "t1 c2 i1");
    assert_eq!(texts(Version::new(3)).await, "c2 i3");
    assert_eq!(texts(Version::new(4)).await, "t4 c2 i3");
    assert_eq!(texts(None).await, "t4 c2 i3");
    for number in 1..=4 {
        let stored = bench.store.read(&key, Version::new(number)).await.unwrap();
        assert_eq!(stored.unwrap().last_updated, later(number.into()));
    }
}

async fn a_version_that_is_not_expected_is_a_conflict(bench: &Bench) {
    let (id, subject) = (RecordId::random(), Some(SubjectId::random()));
    let first = bench.new_record("Account", id, subject);
    bench.write(vec![first.clone()]).await.unwrap();
    assert_eq!(bench.write(vec![first]).await, Err(StoreError::Conflict));
    let third = bench.version("Account", id, subject, 3, &[("financial", 3, Some("x"))]);
    assert_eq!(bench.write(vec![third]).await, Err(StoreError::Conflict));
    let absent = bench.version("Account", RecordId::random(), subject, 2, &[]);
    assert_eq!(bench.write(vec![absent]).await, Err(StoreError::Conflict));
}

async fn of_concurrent_updates_one_wins(bench: &Bench) {
    let (id, subject) = (RecordId::random(), Some(SubjectId::random()));
    bench
        .write(vec![bench.new_record("Account", id, subject)])
        .await
        .unwrap();
    let store = Arc::new(bench.store.clone());
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let value = format!("by {number}");
            let row = bench.version("Account", id, subject, 2, &[("financial", 2, Some(&value))]);
            let (store, tenant) = (Arc::clone(&store), bench.tenant);
            tokio::spawn(async move {
                let intent = vouchsafe::ids::IntentId::new_ordered(now());
                written(&store, (tenant, intent), only(row), &[], async {}).await
            })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => won += 1,
            Err(error) => assert_eq!(error, StoreError::Conflict),
        }
    }
    assert_eq!(won, 1);
    let stored = bench
        .store
        .read(&bench.key("Account", id), None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(stored.record.version.number(), 2);
}

async fn a_deletion_is_a_version(bench: &Bench) {
    let (id, subject) = (RecordId::random(), Some(SubjectId::random()));
    bench
        .write(vec![bench.new_record("Account", id, subject)])
        .await
        .unwrap();
    bench
        .write(vec![bench.tombstone("Account", id, subject, 2)])
        .await
        .unwrap();
    let key = bench.key("Account", id);
    let stored = bench.store.read(&key, None).await.unwrap().unwrap();
    assert!(stored.deleted && stored.record.manifest.is_deleted());
    assert_eq!(stored.record.blobs.len(), 0);
    let before = bench
        .store
        .read(&key, Some(Version::FIRST))
        .await
        .unwrap()
        .unwrap();
    assert!(!before.deleted && before.record.blobs.len() == 1);
    assert_eq!(bench.found(&bench.query("Account")).await, []);
    let again = bench.version("Account", id, subject, 3, &[("financial", 3, Some("y"))]);
    bench.write(vec![again]).await.unwrap();
    assert_eq!(bench.found(&bench.query("Account")).await, [id]);
}

async fn a_subject_never_changes(bench: &Bench) {
    let (id, subject) = (RecordId::random(), Some(SubjectId::random()));
    bench
        .write(vec![bench.new_record("Account", id, subject)])
        .await
        .unwrap();
    for other in [Some(SubjectId::random()), None] {
        let moved = bench.version("Account", id, other, 2, &[("financial", 2, Some("x"))]);
        assert_eq!(bench.write(vec![moved]).await, Err(StoreError::Conflict));
    }
}

async fn tenants_do_not_see_one_another(bench: &Bench) {
    let (id, subject) = (RecordId::random(), Some(SubjectId::random()));
    bench
        .write(vec![bench.new_record("Account", id, subject)])
        .await
        .unwrap();
    let mut key = bench.key("Account", id);
    key.tenant = TenantId::random();
    assert!(bench.store.read(&key, None).await.unwrap().is_none());
    let query = bench.query("Account");
    assert!(
        bench
            .store
            .candidates(key.tenant, &query)
            .await
            .unwrap()
            .is_empty()
    );
    // A record of one tenant in a transaction of another is refused.
    let mut row = bench.new_record("Account", RecordId::random(), subject);
    row.record.key.tenant = key.tenant;
    assert_eq!(bench.write(vec![row]).await, Err(StoreError::Damaged));
}

async fn heads_come_in_the_order_asked_for(bench: &Bench) {
    let subject = Some(SubjectId::random());
    let (one, two) = (RecordId::random(), RecordId::random());
    let rows = vec![
        bench.new_record("Account", one, subject),
        bench.new_record("Adviser", two, None),
    ];
    bench.write(rows).await.unwrap();
    let wanted = [
        (crate::bench::record_type("Adviser"), two),
        (crate::bench::record_type("Account"), RecordId::random()),
        (crate::bench::record_type("Account"), one),
        (crate::bench::record_type("Unheard"), one),
    ];
    let heads = bench.store.heads(bench.tenant, &wanted).await.unwrap();
    assert_eq!(
        heads[0].as_ref().map(|head| (head.id, head.subject)),
        Some((two, None))
    );
    assert_eq!(
        heads[2].as_ref().map(|head| (head.id, head.subject)),
        Some((one, subject))
    );
    assert!(heads[1].is_none() && heads[3].is_none() && heads.len() == 4);
    assert!(
        bench
            .store
            .heads(bench.tenant, &[])
            .await
            .unwrap()
            .is_empty()
    );
}

async fn a_conflict_undoes_the_whole_transaction(bench: &Bench) {
    let subject = Some(SubjectId::random());
    let (there, new) = (RecordId::random(), RecordId::random());
    bench
        .write(vec![bench.new_record("Account", there, subject)])
        .await
        .unwrap();
    let rows = vec![
        bench.new_record("Account", new, subject),
        bench.new_record("Account", there, subject),
    ];
    assert_eq!(bench.write(rows).await, Err(StoreError::Conflict));
    assert!(
        bench
            .store
            .read(&bench.key("Account", new), None)
            .await
            .unwrap()
            .is_none()
    );
}

async fn many_records_at_once(bench: &Bench) {
    let subject = Some(SubjectId::random());
    let note = "n".repeat(400);
    let ids: Vec<RecordId> = (0..3_419).map(|_| RecordId::random()).collect();
    let rows = ids
        .iter()
        .map(|id| {
            let slots = [
                ("financial", 1, Some(note.as_str())),
                ("operational", 1, Some("s")),
                ("financial+note", 1, Some("t")),
            ];
            let mut row = bench.version("Account", *id, subject, 1, &slots);
            row.tags = vec![crate::bench::entry("identifier", 1)];
            row
        })
        .collect();
    let started = std::time::Instant::now();
    bench.write(rows).await.unwrap();
    let each = started.elapsed() / 3_419;
    eprintln!("{each:?} for each of 3,419 records");
    let mut query = bench.query("Account");
    query.limit = 10_000;
    let found = bench.store.candidates(bench.tenant, &query).await.unwrap();
    eprintln!("{:?} to read them", started.elapsed());
    assert_eq!(found.len(), 3_419);
    assert!(found.iter().all(|stored| stored.record.blobs.len() == 3));
    // In the order of ids, each once.
    assert!(
        found
            .windows(2)
            .all(|pair| pair[0].record.key.id < pair[1].record.key.id)
    );
}

/// Who waits for a connection gets the one that another has done with.
async fn more_readers_than_connections(bench: &Bench) {
    let id = RecordId::random();
    let row = bench.new_record("Account", id, Some(SubjectId::random()));
    bench.write(vec![row]).await.unwrap();
    let key = bench.key("Account", id);
    let readers = (0..64).map(|_| {
        let (store, key) = (bench.store.clone(), key.clone());
        tokio::spawn(async move {
            for _ in 0..20 {
                assert!(store.read(&key, None).await.unwrap().is_some());
            }
        })
    });
    for reader in readers.collect::<Vec<_>>() {
        reader.await.unwrap();
    }
    // One that is given up midway leaves a connection that works.
    for _ in 0..64 {
        let read = bench.store.read(&key, None);
        drop(tokio::time::timeout(std::time::Duration::ZERO, read).await);
    }
    assert!(bench.store.read(&key, None).await.unwrap().is_some());
}
