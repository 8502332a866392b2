//! Intents, idempotency and writes that rely on what a query finds.

use std::sync::Arc;
use std::time::Duration;

use vouchsafe::ids::{IntentId, RecordId, SubjectId};
use vouchsafe_database::Location;
use vouchsafe_records::store::{Guard, Idempotency, RowWrite, Rows, Settled, Store, StoreError};

use crate::bench::{Bench, entry, later, lookup, now, on_both, only, tag, written};

on_both!(
    a_committed_write_is_settled_as_such,
    a_late_commit_of_an_aborted_intent_fails,
    settling_waits_for_a_write_under_way,
    a_write_that_was_dropped_is_aborted,
    an_intent_is_used_once,
    a_repeated_write_gets_the_first_result,
    of_two_conditional_creates_one_is_done,
    a_guard_holds_what_was_found,
    updates_are_no_victims_of_guards_elsewhere,
    of_writes_at_once_each_is_done_or_refused,
    who_is_cut_off_holds_up_nobody,
    nothing_is_written_when_what_comes_before_fails,
);

async fn a_committed_write_is_settled_as_such(bench: &Bench) {
    let intent = IntentId::new_ordered(now());
    let row = bench.new_record("Account", RecordId::random(), Some(SubjectId::random()));
    let write = (bench.tenant, intent);
    let committed = written(&bench.store, write, only(row), &[], async {}).await;
    assert_eq!(committed, Ok(()));
    assert_eq!(
        bench.store.settle(intent, now()).await.unwrap(),
        Settled::Committed
    );
}

async fn a_late_commit_of_an_aborted_intent_fails(bench: &Bench) {
    let intent = IntentId::new_ordered(now());
    assert_eq!(
        bench.store.settle(intent, now()).await.unwrap(),
        Settled::Aborted
    );
    assert_eq!(
        bench.store.settle(intent, later(1)).await.unwrap(),
        Settled::Aborted
    );
    let id = RecordId::random();
    let row = bench.new_record("Account", id, Some(SubjectId::random()));
    let write = (bench.tenant, intent);
    let late = written(&bench.store, write, only(row), &[], async {}).await;
    assert_eq!(late, Err(StoreError::Duplicate));
    assert!(
        bench
            .store
            .read(&bench.key("Account", id), None)
            .await
            .unwrap()
            .is_none()
    );
}

async fn settling_waits_for_a_write_under_way(bench: &Bench) {
    let intent = IntentId::new_ordered(now());
    let row = bench.new_record("Account", RecordId::random(), Some(SubjectId::random()));
    let store = bench.store.clone();
    let mut settled = None;
    let before = async {
        // Until the statements have run, where they run meanwhile.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let mut settling = tokio::spawn(async move { store.settle(intent, later(1)).await });
        let early = tokio::time::timeout(Duration::from_millis(200), &mut settling).await;
        let under_way = matches!(bench.location, Location::Postgres(_));
        assert_eq!(early.is_err(), under_way, "settled while it was under way");
        settled = Some((early, settling));
    };
    let write = (bench.tenant, intent);
    let committed = written(&bench.store, write, only(row), &[], before).await;
    match settled.unwrap() {
        (Err(_), settling) => {
            assert_eq!(committed, Ok(()));
            assert_eq!(settling.await.unwrap(), Ok(Settled::Committed));
        }
        // SQLite has one writer: nothing of the write was there yet, and now nothing ever is.
        (Ok(early), _) => {
            assert_eq!(early.unwrap(), Ok(Settled::Aborted));
            assert_eq!(committed, Err(StoreError::Duplicate));
        }
    }
}

async fn a_write_that_was_dropped_is_aborted(bench: &Bench) {
    let intent = IntentId::new_ordered(now());
    let id = RecordId::random();
    let row = bench.new_record("Account", id, Some(SubjectId::random()));
    let never = std::future::pending();
    let write = written(&bench.store, (bench.tenant, intent), only(row), &[], never);
    let dropped = tokio::time::timeout(Duration::from_millis(100), write).await;
    assert!(dropped.is_err());
    assert_eq!(
        bench.store.settle(intent, now()).await.unwrap(),
        Settled::Aborted
    );
    let key = bench.key("Account", id);
    assert!(bench.store.read(&key, None).await.unwrap().is_none());
}

async fn an_intent_is_used_once(bench: &Bench) {
    let intent = IntentId::new_ordered(now());
    let row = || bench.new_record("Account", RecordId::random(), Some(SubjectId::random()));
    let write = (bench.tenant, intent);
    let write = async || written(&bench.store, write, only(row()), &[], async {}).await;
    assert_eq!(write().await, Ok(()));
    assert_eq!(write().await, Err(StoreError::Duplicate));
}

async fn a_repeated_write_gets_the_first_result(bench: &Bench) {
    let (id, subject) = (RecordId::random(), Some(SubjectId::random()));
    let idempotency = Idempotency {
        key: tag(1),
        request: tag(2),
    };
    let (store, tenant) = (&bench.store, bench.tenant);
    assert!(
        store
            .repeated(tenant, &idempotency)
            .await
            .unwrap()
            .is_none()
    );
    let write = async |rows: Vec<RowWrite>| {
        let write = (tenant, IntentId::new_ordered(now()));
        let rows = Rows {
            now: now(),
            rows,
            idempotency: Some(idempotency),
        };
        written(store, write, rows, &[], async {}).await
    };
    let rows = vec![
        bench.new_record("Account", id, subject),
        bench.new_record("Adviser", id, None),
    ];
    write(rows).await.unwrap();
    let first = store.repeated(tenant, &idempotency).await.unwrap().unwrap();
    assert_eq!(first.request, tag(2));
    let names: Vec<&str> = first
        .results
        .iter()
        .map(|head| head.record_type.as_str())
        .collect();
    assert_eq!(names, ["Account", "Adviser"]);
    assert_eq!(
        (first.results[0].id, first.results[0].last_updated),
        (id, now())
    );
    let again = write(vec![bench.tombstone("Account", id, subject, 2)]).await;
    assert_eq!(again, Err(StoreError::Duplicate));
    let elsewhere = vouchsafe::ids::TenantId::random();
    assert!(
        store
            .repeated(elsewhere, &idempotency)
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(store.forget(now()).await.unwrap(), 0);
    assert_eq!(store.forget(later(1)).await.unwrap(), 1);
    assert!(
        store
            .repeated(tenant, &idempotency)
            .await
            .unwrap()
            .is_none()
    );
}

fn identified(bench: &Bench, byte: u8) -> RowWrite {
    let mut row = bench.new_record("Customer", RecordId::random(), Some(SubjectId::random()));
    row.tags = vec![entry("identifier", byte)];
    row
}

fn guard(bench: &Bench, byte: u8, found: Vec<RecordId>) -> Guard {
    let mut query = bench.query("Customer");
    query.lookups = vec![lookup("identifier", &[byte])];
    query.limit = found.len() + 1;
    Guard { query, found }
}

async fn guarded(
    store: &Store,
    bench: &Bench,
    row: RowWrite,
    guard: Guard,
) -> Result<(), StoreError> {
    let write = (bench.tenant, IntentId::new_ordered(now()));
    // Long enough for the others to come as far, where there can be several.
    let before = tokio::time::sleep(Duration::from_millis(20));
    written(store, write, only(row), &[guard], before).await
}

async fn of_two_conditional_creates_one_is_done(bench: &Bench) {
    let results = {
        let creates = (0..6).map(|_| {
            guarded(
                &bench.store,
                bench,
                identified(bench, 1),
                guard(bench, 1, Vec::new()),
            )
        });
        let mut results = Vec::new();
        let mut running: Vec<_> = creates.map(Box::pin).collect();
        // All at once, on one task.
        std::future::poll_fn(|context| {
            running.retain_mut(|create| match create.as_mut().poll(context) {
                std::task::Poll::Ready(result) => {
                    results.push(result);
                    false
                }
                std::task::Poll::Pending => true,
            });
            if running.is_empty() {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
        results
    };
    assert_eq!(
        results.iter().filter(|result| result.is_ok()).count(),
        1,
        "{results:?}"
    );
    for result in results {
        assert!(
            matches!(result, Ok(()) | Err(StoreError::Serialization)),
            "{result:?}"
        );
    }
    let mut query = bench.query("Customer");
    query.lookups = vec![lookup("identifier", &[1])];
    assert_eq!(bench.found(&query).await.len(), 1);
}

async fn a_guard_holds_what_was_found(bench: &Bench) {
    let first = identified(bench, 1);
    let id = first.record.key.id;
    guarded(&bench.store, bench, first, guard(bench, 1, Vec::new()))
        .await
        .unwrap();
    let none = guarded(
        &bench.store,
        bench,
        identified(bench, 1),
        guard(bench, 1, Vec::new()),
    )
    .await;
    assert_eq!(none, Err(StoreError::Serialization));
    let that = guarded(
        &bench.store,
        bench,
        identified(bench, 2),
        guard(bench, 1, vec![id]),
    )
    .await;
    assert_eq!(that, Ok(()));
    let other = guard(bench, 1, vec![RecordId::random()]);
    let other = guarded(&bench.store, bench, identified(bench, 3), other).await;
    assert_eq!(other, Err(StoreError::Serialization));
}

async fn updates_are_no_victims_of_guards_elsewhere(bench: &Bench) {
    let store = Arc::new(bench.store.clone());
    let rows: Vec<RowWrite> = (10..30).map(|byte| identified(bench, byte)).collect();
    let tenant = bench.tenant;
    let tasks: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let write = (tenant, IntentId::new_ordered(now()));
                written(&store, write, only(row), &[], async {}).await
            })
        })
        .collect();
    let row = identified(bench, 50);
    let create = guarded(&bench.store, bench, row, guard(bench, 50, Vec::new())).await;
    assert!(matches!(create, Ok(()) | Err(StoreError::Serialization)));
    for task in tasks {
        assert_eq!(task.await.unwrap(), Ok(()));
    }
}

/// Writes one record.
async fn put(store: Store, intent: IntentId, row: RowWrite) -> Result<(), StoreError> {
    let write = (row.record.key.tenant, intent);
    written(&store, write, only(row), &[], async {}).await
}

async fn of_writes_at_once_each_is_done_or_refused(bench: &Bench) {
    let contested = RecordId::random();
    let mut tasks = Vec::new();
    for number in 0..60 {
        let id = match number % 3 {
            0 => contested,
            _ => RecordId::random(),
        };
        let intent = IntentId::new_ordered(now());
        let row = bench.new_record("Account", id, Some(SubjectId::random()));
        let write = put(bench.store.clone(), intent, row);
        tasks.push((id, intent, tokio::spawn(write)));
    }
    let mut won = 0;
    for (id, intent, task) in tasks {
        let outcome = task.await.unwrap();
        let settled = bench.store.settle(intent, now()).await.unwrap();
        match outcome {
            Ok(()) => {
                won += usize::from(id == contested);
                assert_eq!(settled, Settled::Committed);
                let key = bench.key("Account", id);
                assert!(bench.store.read(&key, None).await.unwrap().is_some());
            }
            Err(error) => {
                assert_eq!((id, error), (contested, StoreError::Conflict));
                assert_eq!(settled, Settled::Aborted);
            }
        }
    }
    assert_eq!(won, 1);
}

async fn who_is_cut_off_holds_up_nobody(bench: &Bench) {
    let mut cut_off = Vec::new();
    for round in 0..40_u64 {
        let id = RecordId::random();
        let intent = IntentId::new_ordered(now());
        let row = bench.new_record("Account", id, Some(SubjectId::random()));
        let write = put(bench.store.clone(), intent, row);
        let task = tokio::spawn(write);
        let other = bench.new_record("Account", RecordId::random(), None);
        let beside = IntentId::new_ordered(now());
        let beside = put(bench.store.clone(), beside, other);
        let beside = tokio::spawn(beside);
        // At another place each time.
        tokio::time::sleep(Duration::from_micros(round * 37)).await;
        task.abort();
        cut_off.push((id, intent));
        let done = tokio::time::timeout(Duration::from_secs(20), beside).await;
        assert_eq!(done.expect("held up").unwrap(), Ok(()));
    }
    for (id, intent) in cut_off {
        let committed = bench.store.settle(intent, now()).await.unwrap() == Settled::Committed;
        let key = bench.key("Account", id);
        let there = bench.store.read(&key, None).await.unwrap().is_some();
        assert_eq!(committed, there);
    }
}

async fn nothing_is_written_when_what_comes_before_fails(bench: &Bench) {
    let (id, intent) = (RecordId::random(), IntentId::new_ordered(now()));
    let row = bench.new_record("Account", id, Some(SubjectId::random()));
    let prepared = async { Ok((only(row), ())) };
    let before = async { Err::<(), _>("no log") };
    let write = (bench.tenant, intent);
    let (before, written) = bench.store.write_after(before, prepared, write, &[]).await;
    assert_eq!(before, Err("no log"));
    assert_eq!(written, Ok(((), Err(StoreError::Unavailable))));
    let key = bench.key("Account", id);
    assert!(bench.store.read(&key, None).await.unwrap().is_none());
    let settled = bench.store.settle(intent, now()).await;
    assert_eq!(settled.unwrap(), Settled::Aborted);
}
