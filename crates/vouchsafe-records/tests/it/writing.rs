//! Intents, idempotency and writes that rely on what a query finds.

use std::sync::Arc;
use std::time::Duration;

use vouchsafe::ids::{IntentId, RecordId, SubjectId};
use vouchsafe_records::store::{Guard, Idempotency, RowWrite, Rows, Settled, Store, StoreError};

use crate::bench::{Bench, entry, later, lookup, now, on_both, tag};

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
    let row = bench.new_record("Observation", RecordId::random(), Some(SubjectId::random()));
    assert_eq!(bench.store.outcome_of(intent).await.unwrap(), None);
    let staged = bench
        .store
        .stage(bench.tenant, intent, now(), vec![row], None)
        .await
        .unwrap();
    staged.commit().await.unwrap();
    assert_eq!(
        bench.store.outcome_of(intent).await.unwrap(),
        Some(Settled::Committed)
    );
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
    let row = bench.new_record("Observation", id, Some(SubjectId::random()));
    let staged = bench
        .store
        .stage(bench.tenant, intent, later(2), vec![row], None)
        .await;
    assert_eq!(staged.map(drop), Err(StoreError::Duplicate));
    assert!(
        bench
            .store
            .read(&bench.key("Observation", id), None)
            .await
            .unwrap()
            .is_none()
    );
}

async fn settling_waits_for_a_write_under_way(bench: &Bench) {
    let intent = IntentId::new_ordered(now());
    let row = bench.new_record("Observation", RecordId::random(), Some(SubjectId::random()));
    let staged = bench
        .store
        .stage(bench.tenant, intent, now(), vec![row], None)
        .await
        .unwrap();
    let store = bench.store.clone();
    let mut settling = tokio::spawn(async move { store.settle(intent, later(1)).await });
    let early = tokio::time::timeout(Duration::from_millis(200), &mut settling).await;
    assert!(early.is_err(), "settled while the write was under way");
    staged.commit().await.unwrap();
    assert_eq!(settling.await.unwrap(), Ok(Settled::Committed));
}

async fn a_write_that_was_dropped_is_aborted(bench: &Bench) {
    let intent = IntentId::new_ordered(now());
    let id = RecordId::random();
    let row = bench.new_record("Observation", id, Some(SubjectId::random()));
    let staged = bench
        .store
        .stage(bench.tenant, intent, now(), vec![row], None)
        .await
        .unwrap();
    drop(staged);
    assert_eq!(
        bench.store.settle(intent, now()).await.unwrap(),
        Settled::Aborted
    );
    assert!(
        bench
            .store
            .read(&bench.key("Observation", id), None)
            .await
            .unwrap()
            .is_none()
    );
    let row = bench.new_record("Observation", id, Some(SubjectId::random()));
    let next = bench.store.stage(
        bench.tenant,
        IntentId::new_ordered(now()),
        now(),
        vec![row],
        None,
    );
    next.await.unwrap().roll_back().await.unwrap();
    assert!(
        bench
            .store
            .read(&bench.key("Observation", id), None)
            .await
            .unwrap()
            .is_none()
    );
}

async fn an_intent_is_used_once(bench: &Bench) {
    let intent = IntentId::new_ordered(now());
    let row = || bench.new_record("Observation", RecordId::random(), Some(SubjectId::random()));
    let stage = async || {
        bench
            .store
            .stage(bench.tenant, intent, now(), vec![row()], None)
            .await
    };
    stage().await.unwrap().commit().await.unwrap();
    assert_eq!(stage().await.map(drop), Err(StoreError::Duplicate));
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
    let stage = async |rows: Vec<RowWrite>| {
        let intent = IntentId::new_ordered(now());
        store
            .stage(tenant, intent, now(), rows, Some(idempotency))
            .await
    };
    let rows = vec![
        bench.new_record("Observation", id, subject),
        bench.new_record("Practitioner", id, None),
    ];
    stage(rows).await.unwrap().commit().await.unwrap();
    let first = store.repeated(tenant, &idempotency).await.unwrap().unwrap();
    assert_eq!(first.request, tag(2));
    let names: Vec<&str> = first
        .results
        .iter()
        .map(|head| head.record_type.as_str())
        .collect();
    assert_eq!(names, ["Observation", "Practitioner"]);
    assert_eq!(
        (first.results[0].id, first.results[0].last_updated),
        (id, now())
    );
    let again = stage(vec![bench.tombstone("Observation", id, subject, 2)]).await;
    assert_eq!(again.map(drop), Err(StoreError::Duplicate));
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
    let mut row = bench.new_record("Patient", RecordId::random(), Some(SubjectId::random()));
    row.tags = vec![entry("identifier", byte)];
    row
}

fn guard(bench: &Bench, byte: u8, found: Vec<RecordId>) -> Guard {
    let mut query = bench.query("Patient");
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
    let intent = IntentId::new_ordered(now());
    let staged = store
        .stage_guarded(bench.tenant, intent, now(), vec![row], None, &[guard])
        .await?;
    // Long enough for the others to come as far, where there can be several.
    tokio::time::sleep(Duration::from_millis(20)).await;
    staged.commit().await
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
    let mut query = bench.query("Patient");
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
                let intent = IntentId::new_ordered(now());
                store
                    .stage(tenant, intent, now(), vec![row], None)
                    .await?
                    .commit()
                    .await
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

/// Stages and commits, when something else has been done.
async fn written(
    store: Store,
    intent: IntentId,
    row: RowWrite,
    before: impl Future<Output = Result<(), Refused>>,
) -> Result<Result<(), StoreError>, Refused> {
    let tenant = row.record.key.tenant;
    let rows = Rows {
        now: now(),
        rows: vec![row],
        idempotency: None,
    };
    let prepared = async { Ok((rows, ())) };
    let write = store.write_after(before, prepared, (tenant, intent), &[]);
    let (before, written) = write.await;
    before?;
    written.map(|((), committed)| committed)
}

#[derive(Debug, Eq, PartialEq)]
struct Refused;

async fn of_writes_at_once_each_is_done_or_refused(bench: &Bench) {
    let contested = RecordId::random();
    let mut tasks = Vec::new();
    for number in 0..60 {
        let id = match number % 3 {
            0 => contested,
            _ => RecordId::random(),
        };
        let intent = IntentId::new_ordered(now());
        let row = bench.new_record("Observation", id, Some(SubjectId::random()));
        let write = written(bench.store.clone(), intent, row, async { Ok(()) });
        tasks.push((id, intent, tokio::spawn(write)));
    }
    let mut won = 0;
    for (id, intent, task) in tasks {
        let outcome = task.await.unwrap().unwrap();
        let settled = bench.store.settle(intent, now()).await.unwrap();
        match outcome {
            Ok(()) => {
                won += usize::from(id == contested);
                assert_eq!(settled, Settled::Committed);
                let key = bench.key("Observation", id);
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
        let row = bench.new_record("Observation", id, Some(SubjectId::random()));
        let write = written(bench.store.clone(), intent, row, async { Ok(()) });
        let task = tokio::spawn(write);
        let other = bench.new_record("Observation", RecordId::random(), None);
        let beside = IntentId::new_ordered(now());
        let beside = written(bench.store.clone(), beside, other, async { Ok(()) });
        let beside = tokio::spawn(beside);
        // At another place each time.
        tokio::time::sleep(Duration::from_micros(round * 37)).await;
        task.abort();
        cut_off.push((id, intent));
        let done = tokio::time::timeout(Duration::from_secs(20), beside).await;
        assert_eq!(done.expect("held up").unwrap(), Ok(Ok(())));
    }
    for (id, intent) in cut_off {
        let committed = bench.store.settle(intent, now()).await.unwrap() == Settled::Committed;
        let key = bench.key("Observation", id);
        let there = bench.store.read(&key, None).await.unwrap().is_some();
        assert_eq!(committed, there);
    }
}

async fn nothing_is_written_when_what_comes_before_fails(bench: &Bench) {
    let (id, intent) = (RecordId::random(), IntentId::new_ordered(now()));
    let row = bench.new_record("Observation", id, Some(SubjectId::random()));
    let outcome = written(bench.store.clone(), intent, row, async { Err(Refused) }).await;
    assert_eq!(outcome, Err(Refused));
    let key = bench.key("Observation", id);
    assert!(bench.store.read(&key, None).await.unwrap().is_none());
    let settled = bench.store.settle(intent, now()).await;
    assert_eq!(settled.unwrap(), Settled::Aborted);
}
